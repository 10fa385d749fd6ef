"""Our values as JSON and back without loss: what JSON cannot say is tagged with what it was.

Only frozen dataclasses and enums of this program are ever made from evidence, whatever it says.
"""

import importlib
from collections.abc import Callable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from m365_restrict.codes import CatalogueCode
from m365_restrict.errors import RestrictError, ServiceError
from m365_restrict.ledger.evidence_bodies import Json, canonical
from m365_restrict.register.item import Identity, Person
from m365_restrict.register.recipient import Recipient

_PACKAGE = "m365_restrict"
_CLASS, _FIELDS, _ENUM, _NAME = "$class", "$fields", "$enum", "$name"
_TUPLE, _SET, _MAP = "$tuple", "$set", "$map"
_AS_IS = frozenset({str, int, float, bool, type(None)})
_NAMES = frozenset({"display_name"})
_DATE, _INSTANT, _TIME, _SPAN, _PATH, _ZONE = "$date", "$instant", "$time", "$seconds", "$path", "$zone"


class Unreadable(Exception):
    """Evidence that this version of the program cannot make a value of."""


def encode(value: object) -> Json:
    """The JSON form of a value. TypeError for what is no value of ours.

    Display names of people are left out: no document says them, and nothing is judged by them.
    """
    told: Json
    if type(value) is list:  # Rules as services tell them are full of lists, most of them empty.
        return [one if type(one) in _AS_IS else encode(one) for one in value]
    match value:
        case Enum():
            told = {_ENUM: _named(type(value)), _NAME: value.name}
        case None | bool() | int() | float() | str():
            told = value
        case date() | time() | timedelta() | Path() | ZoneInfo():
            told = _encode_plain(value)
        case Mapping():
            told = _encode_mapping(value)
        case tuple():
            told = {_TUPLE: [encode(one) for one in value]}
        case Set():
            told = {_SET: sorted((encode(one) for one in value), key=canonical)}
        case _:
            told = _encode_object(value)
    return told


def _encode_object(value: object) -> Json:
    if value is UTC:
        return {_ZONE: ""}
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} is no value that evidence can hold")
    left_out = _NAMES if isinstance(value, Identity | Person | Recipient) else frozenset()
    told = {
        one.name: encode(getattr(value, one.name))
        for one in fields(value)
        if one.init and one.name not in left_out
    }
    return {_CLASS: _named(type(value)), _FIELDS: told}


def _encode_plain(value: date | time | timedelta | Path | ZoneInfo) -> Json:
    match value:
        case datetime():
            return {_INSTANT: value.isoformat()}
        case date():
            return {_DATE: value.isoformat()}
        case time():
            return {_TIME: value.isoformat()}
        case timedelta():
            return {_SPAN: value.total_seconds()}
        case Path():
            return {_PATH: str(value)}
        case ZoneInfo():
            return {_ZONE: value.key}


def _encode_mapping(value: Mapping[Any, Any]) -> Json:
    """An object where all keys are plain text, else pairs. The order is kept: some answers depend on it."""
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: one if type(one) in _AS_IS else encode(one) for key, one in value.items()}
    return {_MAP: [[encode(key), encode(one)] for key, one in value.items()]}


def _named(kind: type) -> str:
    return f"{kind.__module__.removeprefix(f'{_PACKAGE}.')}:{kind.__qualname__}"


def decode(value: Json) -> Any:  # noqa: ANN401 - of whatever type was encoded
    """The value that `encode` was given. Raises `Unreadable`."""
    try:
        return _decode(value)
    except (KeyError, ValueError, TypeError, AttributeError, ImportError) as error:
        raise Unreadable(str(error)) from error


def _decode(value: Json) -> Any:  # noqa: ANN401 - as above
    made: Any
    match value:
        case {"$class": str(name), "$fields": dict(told)}:
            made = _dataclass(name)(**{key: _decode(one) for key, one in told.items()})
        case {"$enum": str(name), "$name": str(member)}:
            made = _enum(name)[member]
        case {"$tuple": list(items)}:
            made = tuple(_decode(one) for one in items)
        case {"$set": list(items)}:
            made = frozenset(_decode(one) for one in items)
        case {"$map": list(pairs)}:
            made = dict(_decode(pair) for pair in pairs)
        case dict() if len(value) == 1 and next(iter(value)) in _PLAIN:
            ((tag, text),) = value.items()
            made = _PLAIN[tag](text)
        case dict():
            made = {key: _decode(one) for key, one in value.items()}
        case list():
            made = [_decode(one) for one in value]
        case _:
            made = value
    return made


_PLAIN: dict[str, Callable[[Any], object]] = {
    _DATE: date.fromisoformat,
    _INSTANT: datetime.fromisoformat,
    _TIME: time.fromisoformat,
    _SPAN: lambda seconds: timedelta(seconds=seconds),
    _PATH: Path,
    _ZONE: lambda key: ZoneInfo(key) if key else UTC,
}


def _kind(name: str) -> type:
    module, _, qualified = name.partition(":")
    found: Any = importlib.import_module(f"{_PACKAGE}.{module}")
    for part in qualified.split("."):
        found = getattr(found, part)
    if not isinstance(found, type) or found.__module__ != f"{_PACKAGE}.{module}":
        raise ValueError(f"{name} is no class of this program")
    return found


def _dataclass(name: str) -> type:
    kind = _kind(name)
    if not is_dataclass(kind):
        raise ValueError(f"{name} is no dataclass")
    return kind


def _enum(name: str) -> type[Enum]:
    kind = _kind(name)
    if not issubclass(kind, Enum):
        raise ValueError(f"{name} is no enum")
    return kind


def encode_error(error: RestrictError) -> Json:
    """An error as an answer: its class, and everything that a caller can see of it."""
    told: dict[str, Json] = {
        "class": type(error).__name__,
        "message": error.message,
        "code": encode(error.code),
        "advice": error.advice,
    }
    if isinstance(error, ServiceError):
        told |= {"status": error.status, "service_code": error.service_code}
    return told


def decode_error(told: Json) -> RestrictError:
    """The error that `encode_error` was given. Raises `Unreadable`."""
    if not isinstance(told, dict):
        raise Unreadable("an error that is no object")
    kinds = {kind.__name__: kind for kind in _errors(RestrictError)}
    kind, code = kinds.get(str(told.get("class"))), decode(told.get("code"))
    if kind is None or not isinstance(code, CatalogueCode):
        raise Unreadable(f"an error of class {told.get('class')}")
    given: dict[str, Any] = {"code": code, "advice": told.get("advice")}
    if issubclass(kind, ServiceError):
        given |= {"status": told.get("status"), "service_code": told.get("service_code") or ""}
    return kind(str(told.get("message")), **given)


def _errors(kind: type[RestrictError]) -> list[type[RestrictError]]:
    return [kind, *(below for one in kind.__subclasses__() for below in _errors(one))]
