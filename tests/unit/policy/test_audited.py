"""What the records of a list item say about one approving save."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.policy.audited import (
    AuditOpinion,
    AuditRecord,
    AuditVerdict,
    judge_save,
    unfamiliar_actors,
)
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind

AT = datetime(2026, 7, 3, 15, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
DIRECTOR, OFFICER, LEFT = "director@ash.example", "officer@ash.example", "left@ash.example"
ACCOUNTS = {OFFICER: "id-officer", "b.director@ash.example": "id-director"}
CONFIRMED = AuditOpinion(verdict=AuditVerdict.CONFIRMED)
UNRECORDED = AuditOpinion(verdict=AuditVerdict.UNRECORDED)

SAVE = ApprovalEvidence(
    item_id="7",
    version="2.0",
    saver_object_id="ID-Director",
    saver_address="Director@ash.example",
    saved_at=AT,
    fields_hash="",
    values_json="{}",
    seen_on=date(2026, 7, 3),
    verdict=EvidenceVerdict.ELIGIBLE,
)


def version(number, at, who=DIRECTOR):
    return ItemVersion(number, at, Identity(SaverKind.USER, address=who), {})


def item(*versions):
    first = version("1.0", AT - timedelta(days=1), OFFICER)
    return ListItem("7", "", first.saver, {}, (first, version("2.0", AT), *versions))


def record(actor=DIRECTOR, *, after=timedelta(seconds=1), item_id="7", app=False, object_id=""):
    return AuditRecord(item_id=item_id, at=AT + after, actor=actor, object_id=object_id, by_application=app)


def against(actor, verdict=AuditVerdict.CONTRADICTED):
    return AuditOpinion(verdict=verdict, actor=actor)


HOUR, SOON = timedelta(hours=1), timedelta(minutes=30)


@pytest.mark.parametrize(
    ("records", "opinion"),
    [
        ([], UNRECORDED),
        ([record()], CONFIRMED),
        ([record("b.director@ash.example")], CONFIRMED),
        ([record("someone@ash.example", object_id="id-director")], CONFIRMED),
        ([record(OFFICER)], against(OFFICER)),
        ([record("a flow", app=True)], against("a flow")),
        ([record(DIRECTOR, app=True)], against(DIRECTOR)),
        ([record(LEFT)], UNRECORDED),
        ([record(OFFICER, item_id="8")], UNRECORDED),
        ([record(OFFICER, after=SOON)], UNRECORDED),
        ([record(OFFICER, after=-timedelta(minutes=1)), record()], CONFIRMED),
        ([record(after=-timedelta(minutes=1)), record(OFFICER)], against(OFFICER)),
        ([record(OFFICER), record("a flow", app=True)], against("a flow")),
        ([record(OFFICER), record()], CONFIRMED),
        ([record(after=HOUR)], CONFIRMED),
        ([record(), record(OFFICER, after=SOON)], against(OFFICER, AuditVerdict.REWRITTEN)),
        ([record(), record(after=SOON)], CONFIRMED),
        ([record(), record(OFFICER, after=-SOON)], CONFIRMED),
    ],
)
def test_what_the_log_says(records, opinion):
    assert judge_save(SAVE, item(), records, accounts=ACCOUNTS, zone=ZONE) == opinion


def test_another_save_an_hour_later_is_not_taken_for_this_one():
    later = version("3.0", AT + HOUR, OFFICER)
    assert (
        judge_save(SAVE, item(later), [record(OFFICER, after=HOUR)], accounts=ACCOUNTS, zone=ZONE)
        == UNRECORDED
    )


def test_a_change_after_an_approval_whose_version_is_gone_is_not_told():
    gone = ListItem("7", "", version("9.0", AT).saver, {}, (version("9.0", AT + timedelta(days=9)),))
    records = [record(), record(OFFICER, after=SOON)]
    assert judge_save(SAVE, gone, records, accounts=ACCOUNTS, zone=ZONE) == CONFIRMED


def test_people_whom_the_versions_do_not_name_are_looked_up():
    records = [record(), record(OFFICER), record("a flow", app=True)]
    assert unfamiliar_actors([SAVE], records) == {OFFICER}
