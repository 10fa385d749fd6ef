"""The names of all environment variables, from the model."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.model import DELIMITER, PREFIX, Settings


@cache
def known_names() -> Mapping[str, FieldInfo]:
    """Every variable with its field, in the model's order. One that takes any name below it ends in `__`."""
    return dict(_walk(Settings, PREFIX))


def value_of(settings: Settings, name: str) -> object:
    """The value behind a variable's name."""
    value: object = settings
    for part in name.removeprefix(PREFIX).rstrip("_").split(DELIMITER):
        attribute = next(key for key, field in _fields(value).items() if _spelt(key, field) == part)
        value = getattr(value, attribute)
    return value


def _walk(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    for key, field in model.model_fields.items():
        name = path + _spelt(key, field)
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _walk(kind, name + DELIMITER)
        elif get_origin(kind) is dict:
            yield name + DELIMITER, field
        else:
            yield name, field


def _fields(value: object) -> Mapping[str, FieldInfo]:
    return type(value).model_fields if isinstance(value, BaseModel) else {}


def _spelt(key: str, field: FieldInfo) -> str:
    return (field.alias or key).upper()
