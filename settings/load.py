"""Reading settings: environment over file, every problem in one message, in plain sentences."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from m365_restrict.errors import ConfigurationError
from settings.model import DELIMITER, PREFIX, Settings
from settings.names import known_names

ENV_FILE = f"{PREFIX}ENV_FILE"
"""Names the file itself, for the command line; it is no setting."""
TENANTS_FOLDER = f"{PREFIX}TENANTS"
"""Names the folder of councils, for the command line; it is no setting either."""
SHARED_FILE = "_shared.env"
"""In the folder of a settings file: what it takes where neither it nor the environment says otherwise."""
_NAME_HERE = "{tenant}"
"""In the shared file: the name of the file that takes from it, without .env."""

_ENVIRONMENT = "environment"


def load_settings(environ: Mapping[str, str], env_file: Path | None) -> Settings:
    """Settings from `environ` and a KEY=VALUE file; the environment wins.

    What neither says is taken from `_shared.env` beside the file, where there is one (docs/many-councils.md).
    Variables without our prefix are left alone. ConfigurationError names every variable that is unknown
    (with the nearest known one), missing or unusable.
    """
    given: dict[str, str] = {}
    origins: dict[str, str] = {}
    for origin, source in (*_files(env_file), (_ENVIRONMENT, environ)):
        for key, value in source.items():
            name = key.upper()
            if name.startswith(PREFIX) and name not in {ENV_FILE, TENANTS_FOLDER}:
                given[name] = value
                origins[name] = origin
    given = {name: value for name, value in given.items() if value.strip()}
    problems = _unknown(given, origins)
    known = {name: value for name, value in given.items() if _is_known(name)}
    try:
        settings = Settings(**_nested(known))
    except ValidationError as error:
        problems += [_sentence(detail, given) for detail in error.errors()]
        raise _refusal(problems) from error
    if problems:
        raise _refusal(problems)
    return settings.with_origins({name: origins[name] for name in given})


def _files(env_file: Path | None) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The files with their names, the stronger one last."""
    if env_file is None:
        return
    shared = env_file.parent / SHARED_FILE
    if env_file.name != SHARED_FILE and shared.is_file():
        found = read_file(shared)
        yield str(shared), {key: value.replace(_NAME_HERE, env_file.stem) for key, value in found.items()}
    yield str(env_file), read_file(env_file)


def read_file(path: Path) -> dict[str, str]:
    """KEY=VALUE lines; blank lines and lines that begin with # are left out."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The settings file {path} cannot be read: {error}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"Line {number} of the settings file {path} is not KEY=VALUE.")
        found[key.strip()] = value.strip()
    return found


def _is_known(name: str) -> bool:
    names = known_names()
    return name in names or any(entry.endswith("__") and name.startswith(entry) for entry in names)


def _unknown(given: Mapping[str, str], origins: Mapping[str, str]) -> list[str]:
    sentences = []
    for name in sorted(given):
        if not _is_known(name):
            # Without the prefix, which all names share and which would make any two of them alike.
            short = {entry.removeprefix(PREFIX): entry for entry in known_names()}
            near = get_close_matches(name.removeprefix(PREFIX), short, n=1)
            hint = f" Did you mean {short[near[0]]}?" if near else ""
            sentences.append(f"{name} ({origins[name]}) is not a setting.{hint}")
    return sentences


def _nested(given: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in given.items():
        *path, last = name.removeprefix(PREFIX).split(DELIMITER)
        branch = tree
        for part in path:
            branch = branch.setdefault(part.lower(), {})
        branch[last.lower()] = value.strip()
    return tree


def _sentence(detail: ErrorDetails, given: Mapping[str, str]) -> str:
    name = PREFIX + DELIMITER.join(str(part).upper() for part in detail["loc"])
    if detail["type"] == "missing":
        missing = _missing_below(name, given)
        return f"{missing} not set."
    reason = _reason(detail)
    if not detail["loc"]:
        return f"{reason}."
    value = given.get(name)
    known = known_names().get(name)
    if value is None or (known is not None and known.annotation is SecretStr):
        return f"{name}: {reason}."
    return f"{name} is '{value}': {reason}."


def _reason(detail: ErrorDetails) -> str:
    """What is wrong, in words that do not speak of Python."""
    if detail["type"] in {"too_short", "string_too_short"}:
        return "it must not be empty"
    if detail["type"] in {"bool_parsing", "bool_type"}:
        return "it must be true or false"
    if detail["type"].startswith("date"):
        return "it must be a day such as 2027-05-06"
    reason = str(detail["msg"])
    for said, meant in (
        ("Value error, ", ""),
        ("Input should be", "it must be"),
        (" valid integer", " whole number"),
    ):
        reason = reason.replace(said, meant)
    return reason.partition(", unable to parse")[0]


def _missing_below(name: str, given: Mapping[str, str]) -> str:
    """The variable that is missing; for a whole section, all that it cannot do without."""
    required = [
        entry
        for entry, field in known_names().items()
        if field.is_required()
        and (entry == name or entry.startswith(name + DELIMITER))
        and entry not in given
    ]
    return " and ".join(required or [name]) + (" are" if len(required) > 1 else " is")


def _refusal(problems: list[str]) -> ConfigurationError:
    return ConfigurationError(" ".join(problems))
