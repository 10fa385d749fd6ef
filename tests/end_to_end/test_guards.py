"""Guards against the sandbox: what they hold, what an override lets pass and for how long, what opens."""

import json
from typing import Any

import jsonschema
import pytest

from m365_restrict.cli.override import Begin, End, OverrideRequest, ShowAll, run_override

TEN = range(1, 11)
OLD, NEW = "contact@ash.example", "housing@ash.example"
TAKES_FROM = pytest.mark.behaviour(from_external=True, reason="it is about rules that name senders by From")


def sender(number: int) -> str:
    return f"p{number}@post.example"


def cases(council: Any, numbers: Any = TEN, **fields: Any) -> list[dict[str, Any]]:
    return [council.case(f"RC-{number}", Addresses=sender(number), **fields) for number in numbers]


def codes(answer: Any) -> list[str]:
    return [one["code"] for one in answer.document["guards"]]


def where(council: Any, number: int, recipient: str = "officer@ash.example") -> str:
    (copy,) = council.mail(sender(number), [recipient])
    return copy["mailbox"]


@pytest.fixture
def override(council: Any, capsys: Any) -> Any:
    """Carry out an order as the verb does; its exit code and its document, which follows its schema."""

    def _run(order: Any) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = run_override(OverrideRequest(order=order, output="json"), council.sandbox.env)
        document = json.loads(capsys.readouterr().out)
        schema = json.loads((council.schemas / "override.json").read_text())
        jsonschema.validate(document, schema)
        return code, document

    return _run


@pytest.fixture
def rerouted(council: Any) -> Any:
    """Ten cases in force, of which six get another single contact, each approved."""
    council.in_force(*cases(council))
    for item in range(1, 7):
        council.edit(item, by="officer@ash.example", SpocMailbox=NEW)
        council.edit(item, by="director@ash.example", Status="Approved")
    return council


def test_too_many_reroutings_wait_in_dry_runs_too(rerouted: Any) -> None:
    planned, applied = rerouted.plan(), rerouted.apply()
    assert [(one.exit_code, codes(one)) for one in (planned, applied)] == [(3, ["too-many-reroutings"])] * 2
    assert {change["outcome"] for change in applied.changes} == {"skipped"}
    assert [where(rerouted, number) for number in (1, 6, 7)] == [OLD] * 3


def test_an_override_lets_them_pass_and_every_run_says_so(rerouted: Any, override: Any) -> None:
    order = Begin(code="too-many-reroutings", reason="CHG-1042", hours=4, limit=6)
    assert override(order)[0] == 0
    applied = rerouted.apply()
    assert (applied.exit_code, codes(applied)) == (0, [])
    expected = {"code": "too-many-reroutings", "reason": "CHG-1042", "until": "2026-11-23T13:00:00Z"}
    assert applied.document["overrides"] == [expected | {"limit": 6, "used": True}]
    assert [where(rerouted, number) for number in (1, 6, 7)] == [NEW, NEW, OLD]
    text = rerouted.run("plan", output="text").stdout
    assert "override of too-many-reroutings until 2026-11-23T13:00:00Z, up to 6 cases: CHG-1042" in text


def test_an_override_of_fewer_cases_lets_nothing_pass(rerouted: Any, override: Any) -> None:
    override(Begin(code="too-many-reroutings", reason="CHG-1042", hours=4, limit=5))
    applied = rerouted.apply()
    assert (applied.exit_code, codes(applied)) == (3, ["too-many-reroutings"])


def test_an_override_of_another_guard_lets_nothing_pass(rerouted: Any, override: Any) -> None:
    override(Begin(code="source-shrunken", reason="CHG-1042", hours=4))
    assert codes(rerouted.apply()) == ["too-many-reroutings"]


def test_an_override_expires_and_stays_in_the_journal(rerouted: Any, override: Any) -> None:
    override(Begin(code="too-many-reroutings", reason="CHG-1042", hours=4))
    rerouted.clock("2026-11-23T13:00:00Z")
    applied = rerouted.apply()
    assert (codes(applied), applied.document["overrides"]) == (["too-many-reroutings"], [])
    _, journal = override(ShowAll())
    (row,) = journal["overrides"]
    assert (row["stands"], row["ended_at"], row["reason"]) == (False, None, "CHG-1042")
    assert row["set_by"]


def test_an_override_that_is_ended_lets_nothing_pass_and_stays_in_the_journal(
    rerouted: Any, override: Any
) -> None:
    override(Begin(code="too-many-reroutings", reason="CHG-1042", hours=4))
    override(End("too-many-reroutings"))
    assert codes(rerouted.apply()) == ["too-many-reroutings"]
    _, journal = override(ShowAll())
    assert [row["ended_at"] for row in journal["overrides"]] == ["2026-11-23T09:00:00Z"]


@pytest.mark.parametrize("code", ["source-empty", "protected-unresolved", "too-many-rules", "frozen", "none"])
def test_what_nobody_may_override_is_refused_with_what_to_do(council: Any, override: Any, code: str) -> None:
    council.plant()
    exit_code, document = override(Begin(code=code, reason="CHG-1042", hours=4))
    assert (exit_code, document["error"]["code"]) == (3, "override-refused")
    assert override(ShowAll())[1]["overrides"] == []


def test_the_command_itself(council: Any) -> None:
    council.plant()
    arguments = ("source-shrunken", "--reason", "CHG-1042", "--limit", "4", "--hours", "72")
    assert council.shell("override", *arguments).exit_code == 0
    assert "up to 4 cases: CHG-1042" in council.shell("override", "--list").stdout
    assert council.shell("override", "--end", "source-shrunken").exit_code == 0
    assert council.shell("override", "source-shrunken", "--reason", "x", "--hours", "73").exit_code == 64
    assert council.shell("override", "source-shrunken").exit_code == 64
    assert council.shell("override").exit_code == 64


def test_another_councillors_group_waits_for_an_override(council: Any, override: Any) -> None:
    """A setting that would let mail through in every case is no decision of the register."""
    groups = [*council.groups, {"address": "everyone@ash.example", "members": ["officer@ash.example"]}]
    council.in_force(*cases(council, range(1, 4)), groups=groups)
    settings = {"POLICY__COUNCILLORS_GROUP": "everyone@ash.example"}
    held = council.apply(settings=settings)
    assert (held.exit_code, codes(held)) == (3, ["too-many-weakenings"])
    assert where(council, 1) == OLD
    override(Begin(code="too-many-weakenings", reason="CHG-1042", hours=1))
    assert council.apply(settings=settings).exit_code == 0
    assert where(council, 1) == "officer@ash.example"


def test_audit_mode_waits_for_an_override_and_what_is_lifted_does_not(council: Any, override: Any) -> None:
    council.in_force(*cases(council, range(1, 5)))
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    council.edit(2, by="clerk@ash.example", AllowedRecipients="parks@ash.example")
    audit = {"RULES__MODE": "audit"}
    held = council.apply(settings=audit)
    assert (held.exit_code, codes(held)) == (3, ["too-many-weakenings"])
    assert [where(council, number) for number in (1, 2, 3)] == ["officer@ash.example", OLD, OLD]
    assert where(council, 2, "parks@ash.example") == "parks@ash.example"
    override(Begin(code="too-many-weakenings", reason="CHG-1042", hours=1))
    assert council.apply(settings=audit).exit_code == 0
    assert where(council, 3) == "officer@ash.example"


def test_the_first_switch_to_enforce_is_held_by_nothing(council: Any) -> None:
    council.in_force(*cases(council, range(1, 5)), settings={"RULES__MODE": "audit"})
    assert where(council, 1) == "officer@ash.example"
    assert council.apply(settings={"RULES__MODE": "enforce"}).exit_code == 0
    assert where(council, 1) == OLD


def test_a_protected_mailbox_more_is_open_at_once(council: Any) -> None:
    council.in_force(*cases(council, range(1, 5)))
    protected = "monitoring@ash.example,safeguarding@ash.example,parks@ash.example"
    assert council.apply(settings={"POLICY__PROTECTED_MAILBOXES": protected}).exit_code == 0
    assert where(council, 1, "parks@ash.example") == "parks@ash.example"


WINDOWS = {"SAFETY__CHANGE_WINDOWS": "Tue-Thu 22:00-02:00, Sat 09:00-12:00"}


def test_outside_its_windows_a_run_restricts_nothing_and_opens_all_the_same(council: Any) -> None:
    council.in_force(*cases(council, [1, 2]))
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    item = council.add(by="officer@ash.example", **cases(council, [3])[0]["versions"][0]["fields"])
    council.edit(int(item), by="director@ash.example", Status="Approved")
    held = council.apply(settings=WINDOWS)
    (guard,) = held.document["guards"]
    assert (held.exit_code, guard["code"]) == (3, "outside-change-window")
    assert "Tuesday 24 November 2026 at 22:00" in guard["message"]
    assert "SAFETY__CHANGE_WINDOWS" in guard["override"]
    assert "m365-restrict override outside-change-window" in guard["override"]
    assert [where(council, number) for number in (1, 2, 3)] == [
        "officer@ash.example",
        OLD,
        "officer@ash.example",
    ]
    council.clock("2026-11-25T01:59:00Z")
    assert council.apply(settings=WINDOWS).exit_code == 0
    assert where(council, 3) == OLD


def test_the_plan_that_was_read_by_day_is_made_at_night(council: Any) -> None:
    council.plant(*cases(council, [1]))
    plan_id = council.plan(settings=WINDOWS).document["plan_id"]
    council.clock("2026-11-24T22:00:00Z")
    applied = council.apply(settings=WINDOWS, approve=False, plan_id=plan_id)
    assert (applied.exit_code, where(council, 1)) == (0, OLD)


def test_two_of_four_that_lose_their_evidence_wait_for_an_override(council: Any, override: Any) -> None:
    council.in_force(*cases(council, range(1, 5)))
    for item in (1, 2):
        council.edit(item, by="clerk@ash.example", Grounds=[])
    held = council.apply()
    assert (held.exit_code, codes(held)) == (3, ["source-shrunken"])
    assert [where(council, number) for number in (1, 2)] == [OLD, OLD]
    override(Begin(code="source-shrunken", reason="CHG-1042", hours=1, limit=2))
    assert council.apply().exit_code == 0
    assert [where(council, number) for number in (1, 3)] == ["officer@ash.example", OLD]
    assert override(End("source-shrunken"))[0] == 0
    assert council.apply().exit_code == 0


def test_outside_its_windows_a_run_without_changes_is_in_step(council: Any) -> None:
    council.in_force(*cases(council, [1]))
    assert council.apply(settings=WINDOWS).exit_code == 0
    assert council.drift(settings=WINDOWS).findings() == []


def test_an_override_lets_a_run_work_outside_its_windows(council: Any, override: Any) -> None:
    council.plant(*cases(council, [1]))
    override(Begin(code="outside-change-window", reason="CHG-1042", hours=1))
    assert council.apply(settings=WINDOWS).exit_code == 0
    assert where(council, 1) == OLD


def test_a_misspelt_window_stops_every_run_and_is_named(council: Any) -> None:
    council.plant()
    answer = council.plan(settings={"SAFETY__CHANGE_WINDOWS": "Mon-Fri 09:00-17:00,Sta 10:00-11:00"})
    assert answer.exit_code == 5
    message = answer.document["error"]["message"]
    assert "SAFETY__CHANGE_WINDOWS" in message
    assert "'Sta 10:00-11:00' is not a change window" in message


@pytest.mark.behaviour(
    from_external=True, reason="the rules move from From to patterns, which take more room"
)
def test_headroom_is_in_every_plan(council: Any) -> None:
    council.in_force(*cases(council, [1, 2]))
    room = council.plan(settings={"RULES__SENDER_MATCH": "patterns"}).document["headroom"]
    standing = len(council.rules())
    assert standing > len(council.ours())
    assert room["rules"] == {"used": standing, "planned": standing, "limit": 300}
    assert room["pattern_characters"]["planned"] > room["pattern_characters"]["used"]
    sizes = [rule["Size"] for rule in council.ours().values()]
    assert room["largest_rule"] == {"used": max(sizes), "limit": 8192}
    assert room["reported"]
    text = council.run("plan", output="text").stdout
    assert f"Head-room: {standing} of 300 transport rules" in text


def test_headroom_rests_on_the_documented_limits_where_the_tenant_tells_none(council: Any) -> None:
    council.in_force(*cases(council, [1]))
    council.fault("status", status=403, cmdlet="Get-TransportConfig")
    planned = council.plan()
    assert planned.exit_code == 0
    assert (planned.document["headroom"]["reported"], planned.document["headroom"]["rules"]["limit"]) == (
        False,
        300,
    )


@pytest.mark.parametrize("match", [pytest.param("from", marks=TAKES_FROM), "patterns"])
def test_a_case_of_many_addresses_stays_under_the_size_of_a_rule(council: Any, match: str) -> None:
    """The longest addresses, exceptions and refusal in the characters that take most bytes."""
    addresses = [f"{'x' * 40}.{number}@{'y' * 40}.example" for number in range(180)]
    refusal = {"Measure": "Refuse with notice", "RouteText": "ŵ" * 700}
    case = council.case("RC-1", Addresses="\n".join(addresses), **refusal)
    council.in_force(case, settings={"RULES__SENDER_MATCH": match})
    sizes = [rule["Size"] for rule in council.ours().values()]
    assert len(sizes) > 1
    assert max(sizes) <= 8192
    (copy,) = council.mail(addresses[-1], ["officer@ash.example"])
    assert copy["outcome"] == "rejected"
