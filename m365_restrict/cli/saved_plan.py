"""A plan in a file, for somebody to read and approve: what `plan --save` writes and `apply --plan` takes.

The file is sealed as a whole, so that one byte more or less is noticed. The seal is no signature: what
counts is that the plan is made anew and is the same (docs/saved-plans.md).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from m365_restrict.cli.streams import tell
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ErrorCode, PlanRefused
from m365_restrict.plan.basis import Basis, Piece
from m365_restrict.report.documents import PlanDocument
from m365_restrict.report.json_text import to_mapping

JsonObject: TypeAlias = dict[str, Any]

SCHEMA = "m365-restrict/saved-plan/1"
_NOTICE = "This file holds e-mail addresses of people under restriction. Keep it as you keep the register."


@dataclass(frozen=True, kw_only=True)
class SavedPlan:
    """A plan as it was saved."""

    plan_id: str
    basis: Basis


def save_plan(document: PlanDocument, file: Path) -> None:
    """Write the plan, whole or not at all, readable by its owner alone. Raises OSError.

    A run that ended before it had a plan leaves the file as it was, and says so.
    """
    if document.basis is None:
        tell(f"Nothing was saved to {file}: this run made no plan. A plan that is there is an older one.")
        return
    write_whole(file, saved_text(document))
    tell(f"Plan {document.plan_id} saved to {file}, readable by you alone. {_NOTICE}")


def saved_text(document: PlanDocument) -> str:
    """The file's text: always the same for the same document."""
    return _sealed({"schema": SCHEMA, "notice": _NOTICE, "plan": to_mapping(document)})


def read_saved_plan(file: Path, *, made_by: Callable[[str], str]) -> SavedPlan:
    """The plan in a file. PlanRefused where it is none, or is not byte for byte as it was saved.

    `made_by` gives the document of a run by its id, or "": a file that is sealed anew and is not what the
    run made is refused too.
    """
    content = _content(file)
    plan = content.get("plan")
    basis = basis_in(plan)
    if not isinstance(plan, dict) or basis is None:
        raise _unusable(file, "it holds no plan")
    run_id = str(plan.get("run_id"))
    remembered = made_by(run_id)
    if remembered and json.loads(remembered) != plan:
        raise _unusable(file, f"it is not the plan that run {run_id} made")
    return SavedPlan(plan_id=str(plan.get("plan_id")), basis=basis)


def basis_in(document: object) -> Basis | None:
    """What a plan's document says that it rests on; None where it says nothing that can be used."""
    basis = document.get("basis") if isinstance(document, dict) else None
    if not isinstance(basis, dict):
        return None
    try:
        return Basis(
            register_version=str(basis["register_version"]),
            tool_version=str(basis["tool_version"]),
            settings={str(name): str(value) for name, value in basis["settings"].items()},
            rules=tuple(Piece(**one) for one in basis["rules"]),
            unread=tuple(basis["unread"]),
            changes=tuple(Piece(**one) for one in basis["changes"]),
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _content(file: Path) -> JsonObject:
    try:
        raw = file.read_bytes()
        content = json.loads(raw)
    except OSError as error:
        raise _unusable(file, f"it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise _unusable(file, "it is not JSON") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise _unusable(file, f"its schema is not {SCHEMA}")
    if _sealed(content).encode("utf-8", "surrogatepass") != raw:
        raise _unusable(file, "it is not as it was saved")
    return content


def _sealed(content: Mapping[str, Any]) -> str:
    """The text with its seal, the SHA-256 of the text with an empty one."""
    text = _text({**content, "seal": ""})
    return _text({**content, "seal": hashlib.sha256(text.encode()).hexdigest()})


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _unusable(file: Path, reason: str) -> PlanRefused:
    return PlanRefused(f"The saved plan {file} is not used: {reason}.", code=ErrorCode.SAVED_PLAN_UNUSABLE)
