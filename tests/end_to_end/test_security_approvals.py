"""Approvals held against the audit log: what is forged or cannot be read is said, and nothing waits."""

from typing import Any

import pytest

READS_LOG = ["AuditLogsQuery-SharePoint.Read.All"]
DIRECTOR, OFFICER = "director@ash.example", "officer@ash.example"
CODES = ("approval-contradicted", "approval-rewritten", "approval-unchecked")
PAT = "pat@post.example"


class Log:
    """A council whose reader may read the audit log, as the days go by."""

    def __init__(self, council: Any) -> None:
        self.council = council

    def plant(self, *, roles: list[str] = READS_LOG, settings: Any = None, **tenant: Any) -> None:
        """One case that is proposed; nobody has approved it yet."""
        case = self.council.case("RC-1", Addresses=PAT)
        proposed = {**case, "versions": case["versions"][:1]}
        self.council.plant(
            proposed,
            settings=settings,
            tenant={
                "accepted_domains": ["ash.example"],
                "behaviour": {"audit_delay_minutes": 0},
                "applications": {"reader": {"add_roles": roles}},
                **tenant,
            },
        )

    def save(self, *, by: str = DIRECTOR, **how: Any) -> None:
        """Somebody saves the case; `actor` is who really does, where that is not `by`."""
        fields = how.pop("fields", {"Status": "Approved"})
        body = {"by": by, "fields": fields, **how}
        answer = self.council.sandbox.control("POST", "list/Restricted contacts/1", body)
        assert answer.is_success, answer.text

    def drift(self, now: str, **settings: str) -> list[tuple[str, str, str | None]]:
        """What `drift` says of approvals at that time: code, severity, and who."""
        self.council.clock(now)
        told = self.council.drift(settings=settings)
        assert told.document["error"] is None
        found = [one for one in told.findings() if one["code"] in CODES]
        assert all(one["class"] == "register" for one in found)
        return [(one["code"], one["severity"], one["changed_by"]) for one in found]

    def questions(self) -> int:
        """How often the log was asked since the last look."""
        return sum(one["path"].endswith("queries") for one in self.council.writes())


@pytest.fixture
def log(council: Any) -> Log:
    return Log(council)


def answered(log: Log) -> list[tuple[str, str, str | None]]:
    """Ask, wait, and read: the service takes until the third look."""
    log.drift("2026-11-23T10:00:00Z")
    log.drift("2026-11-23T11:00:00Z")
    return log.drift("2026-11-23T12:00:00Z")


def test_an_approval_that_the_log_confirms_is_no_finding(log: Log) -> None:
    log.plant()
    log.save()
    assert answered(log) == []


def test_an_approval_that_an_application_made_in_the_approvers_name_is_critical(log: Log) -> None:
    log.plant()
    log.save(actor="app:Mail flow helper")
    assert answered(log) == [("approval-contradicted", "critical", "mail flow helper")]


def test_an_approval_that_another_person_made_in_the_approvers_name_is_critical(log: Log) -> None:
    log.plant()
    log.save(actor=OFFICER)
    assert answered(log) == [("approval-contradicted", "critical", OFFICER)]


def test_an_approver_whose_mail_address_is_not_the_sign_in_name_is_the_same_person(log: Log) -> None:
    log.plant()
    store = log.council.sandbox.tenant.store
    (key,) = [key for key, one in store.all("users") if one["upn"] == DIRECTOR]
    store.put("users", key, {**store.get("users", key), "mail": "b.director@ash.example"})
    log.save()
    assert answered(log) == []


def test_a_change_that_left_no_version_is_high(log: Log) -> None:
    log.plant()
    log.save()
    log.council.clock("2026-11-23T09:30:00Z")
    log.save(by=OFFICER, new_version=False, fields={"WarningGivenOn": "2026-07-02"})
    assert answered(log) == [("approval-rewritten", "high", OFFICER)]


def test_an_address_that_is_put_into_the_approved_version_approves_nothing(log: Log) -> None:
    log.plant()
    log.save()
    log.save(by=OFFICER, new_version=False, fields={"Addresses": f"{PAT}\nmore@post.example"})
    assert log.council.plan().refused == {"RC-1": ["approver-is-proposer"]}


def test_an_address_that_is_put_into_a_version_that_was_seen_waits_for_approval(log: Log) -> None:
    log.plant()
    log.save()
    assert log.council.apply().exit_code == 0
    log.save(by=OFFICER, new_version=False, fields={"Addresses": f"{PAT}\nmore@post.example"})
    assert log.council.plan().changes == []


def test_what_is_contradicted_stays_said(log: Log) -> None:
    log.plant()
    log.save(actor=OFFICER)
    answered(log)
    assert log.drift("2027-02-01T09:00:00Z") == [("approval-contradicted", "critical", OFFICER)]


def test_an_approval_from_before_the_log_could_not_be_checked(log: Log) -> None:
    log.plant()
    log.save()
    for key, _ in log.council.sandbox.tenant.store.all("audit"):
        log.council.sandbox.tenant.store.delete("audit", key)
    assert answered(log) == [("approval-unchecked", "low", None)]


def test_until_the_answer_is_there_it_is_said_that_it_is_not(log: Log) -> None:
    log.plant()
    log.save()
    assert log.drift("2026-11-23T10:00:00Z") == [("approval-unchecked", "low", None)]


def test_the_log_is_asked_once_a_day_and_no_longer_than_it_can_say_anything(log: Log) -> None:
    log.plant()
    log.save()
    log.council.requests()
    days = [f"2026-11-{day}T{hour}:30:00Z" for day in (23, 24, 25, 26, 27) for hour in ("10", "12", "14")]
    asked = []
    for now in days:
        log.drift(now)
        asked.append(log.questions())
    assert [now[8:10] for now, often in zip(days, asked, strict=True) for _ in range(often)] == ["23", "24"]


def test_apply_asks_nothing_and_waits_for_nothing(log: Log) -> None:
    log.plant()
    log.save(actor=OFFICER)
    assert log.council.apply().exit_code == 0
    assert not [one for one in log.council.requests() if "auditlog" in one["path"].lower()]


def test_without_the_permission_nothing_is_asked_unless_a_setting_says_so(log: Log) -> None:
    log.plant(roles=[])
    log.save()
    log.council.requests()
    assert log.drift("2026-11-23T10:00:00Z") == []
    assert log.questions() == 0
    assert log.drift("2026-11-23T10:00:00Z", AUDIT__APPROVALS="on") == [("approval-unchecked", "low", None)]
    found = log.council.drift(settings={"AUDIT__APPROVALS": "on"}).findings()
    (told,) = [one for one in found if one["code"] == "approval-unchecked"]
    assert "AuditLogsQuery-SharePoint.Read.All" in told["message"]


def test_a_setting_leaves_the_log_alone(log: Log) -> None:
    log.plant()
    log.save(actor=OFFICER)
    log.council.requests()
    assert log.drift("2026-11-23T10:00:00Z", AUDIT__APPROVALS="off") == []
    assert log.questions() == 0


def test_a_question_that_fails_ends_no_run(log: Log) -> None:
    log.plant()
    log.save()
    log.council.fault("status", status=400, path_regex="auditLog")
    assert log.drift("2026-11-23T10:00:00Z") == [("approval-unchecked", "low", None)]
    assert log.drift("2026-11-24T11:00:00Z") == [("approval-unchecked", "low", None)]
    log.drift("2026-11-24T12:00:00Z")
    assert log.drift("2026-11-24T13:00:00Z") == []


def test_times_of_versions_that_were_converted_twice_are_understood(log: Log) -> None:
    log.plant(behaviour={"audit_delay_minutes": 0, "version_times": "shifted"}, time_zone="Europe/Berlin")
    log.save()
    settings = {"REGISTER__TIME_ZONE": "Europe/Berlin"}
    for now in ("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"):
        log.drift(now, **settings)
    assert log.drift("2026-11-23T12:00:00Z", **settings) == []
