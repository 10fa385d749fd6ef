"""What earlier runs found, from the documents that the ledger keeps."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from m365_restrict.plan.change import Severity
from m365_restrict.register.dates import local_day
from m365_restrict.report.edition import Edition
from m365_restrict.report.model import NumberOf

_WITH_FINDINGS = frozenset({Edition.COMPLIANCE, Edition.ICT})


@dataclass(frozen=True, kw_only=True)
class EarlierFinding:
    """A finding as an earlier document told it."""

    id: str
    code: str
    severity: str
    case_ref: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """What one earlier `drift` or `report` said.

    `findings` is None where its edition leaves them out. `first_day` and `numbers` are those of a pack.
    """

    started_at: datetime
    findings: tuple[EarlierFinding, ...] | None
    first_day: date | None = None
    numbers: Mapping[NumberOf, int] = field(default_factory=dict)

    def count(self, severity: Severity) -> int:
        """How many findings of a severity it told."""
        return Counter(one.severity for one in self.findings or ())[severity.value]

    def day(self, zone: ZoneInfo) -> date:
        """The local day on which it began."""
        return local_day(self.started_at, zone)


def read_earlier(document: str, started_at: datetime) -> EarlierRun | None:
    """What a document says; None for one that an error ended, or that is none of these."""
    try:
        found = json.loads(document)
        if not isinstance(found, dict) or found["error"] is not None:
            return None
        period = found.get("period")
        return EarlierRun(
            started_at=started_at,
            findings=_findings(found),
            first_day=date.fromisoformat(period["first"]) if period else None,
            numbers={NumberOf(one["of"]): int(one["now"]) for one in found.get("numbers", ())},
        )
    except (ValueError, KeyError, TypeError):
        return None


def _findings(found: Mapping[str, Any]) -> tuple[EarlierFinding, ...] | None:
    if found.get("edition", Edition.COMPLIANCE) not in _WITH_FINDINGS:
        return None
    return tuple(
        EarlierFinding(
            id=one["id"],
            code=one["code"],
            severity=one["severity"],
            case_ref=one["case_ref"] or "",
            rule=one["rule"],
        )
        for one in found["findings"]
    )
