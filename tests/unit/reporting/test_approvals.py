"""Who approved what, and when, from the pinned evidence."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.reporting.approvals import NOBODY, Approvals

LONDON = ZoneInfo("Europe/London")


def save(
    version: str,
    saver: str,
    day: int,
    *,
    values: str = "h1",
    verdict: EvidenceVerdict = EvidenceVerdict.ELIGIBLE,
) -> ApprovalEvidence:
    at = datetime(2026, 9, day, 23, 30, tzinfo=UTC)
    return ApprovalEvidence(
        item_id="1", version=version, saver_object_id=saver, saver_address="", saved_at=at,
        fields_hash=values, values_json="{}", seen_on=at.date(), verdict=verdict,
    )  # fmt: skip


def at(day: int) -> datetime:
    return datetime(2026, 9, day, 23, 59, tzinfo=UTC)


EVIDENCE = [
    save("1.0", "clerk", 1, verdict=EvidenceVerdict.NOT_ELIGIBLE),
    save("2.0", "director", 3),
    save("3.0", "deputy", 4),
    save("4.0", "director", 8, values="h2"),
]
APPROVALS = Approvals(EVIDENCE, LONDON)


def test_a_quorum_is_all_who_saved_the_same_values_and_the_day_is_local() -> None:
    found = APPROVALS.of("1", at=at(5))
    assert (found.by, found.on) == (("director", "deputy"), date(2026, 9, 5))


def test_what_counts_is_the_latest_before_the_moment() -> None:
    assert APPROVALS.of("1", at=at(3)).by == ("director",)
    assert APPROVALS.of("1", at=at(9)).by == ("director",)
    assert APPROVALS.of("1", at=at(9)).on == date(2026, 9, 9)


def test_nobody_has_approved_what_nobody_eligible_saved() -> None:
    assert APPROVALS.of("1", at=at(2)) is NOBODY
    assert APPROVALS.of("2", at=at(9)) is NOBODY
