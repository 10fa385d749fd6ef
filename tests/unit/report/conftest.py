"""One full document of every kind, as a run would make them."""

import importlib.util
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import FieldChange
from m365_restrict.plan.limits import Headroom, LargestRule, Use
from m365_restrict.report.documents import (
    CaseLine,
    CaseStatus,
    ChangeLine,
    CheckLine,
    ChoiceCounts,
    ChoiceLine,
    CopyLine,
    DriftDocument,
    ExplainDocument,
    FindingLine,
    GuardLine,
    Head,
    LiveLine,
    LiveState,
    Outcome,
    OverrideLine,
    PlanDocument,
    RefusedLine,
    RuleLine,
    RuleTestCounts,
    Source,
    ValidateDocument,
)
from m365_restrict.report.verb import Verb

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
HEAD = Head(
    run_id="r1",
    started_at=NOON,
    finished_at=NOON,
    exit_code=ExitCode.DIFFERENCES,
    source=Source(items=12, complete=True, version="abc"),
    unknown=(Unknown("inbox rules of mailbox 412", "throttled"),),
)
FIELDS = (
    FieldChange("ExpiryDate", datetime(2027, 3, 7, tzinfo=UTC), datetime(2027, 3, 28, 23, tzinfo=UTC)),
    FieldChange("Enabled", False, True),
    FieldChange("From", None, tuple(f"person{n}@outside.example" for n in range(9))),
    FieldChange("Name", "RC-2026-014 Redirect", "RC-2026-014 Redirect to single contact"),
    FieldChange("SetSCL", 9, None),
)
COUNCIL = ChangeLine(
    action="update",
    kind="transport_rule",
    mailbox="",
    name="RC-2026-014 Redirect to single contact",
    case_ref="RC-2026-014",
    class_="drifted",
    fields=FIELDS,
    effect="Mail goes to contact-team@ashbourne.example.",
    outcome=Outcome.PLANNED,
    reason="",
)
CHOICE = ChangeLine(
    action="create",
    kind="inbox_rule",
    mailbox=412,
    name="Council mail choice: to Junk Email until 7 March 2027 [k3v9q2mx]",
    case_ref=None,
    class_="pending",
    fields=(),
    effect="A councillor's own choice takes effect in that councillor's mailbox alone.",
    outcome=Outcome.SKIPPED,
    reason="held back by the guard source-shrunken",
)
CHECK = CheckLine(code="notice-missing", message="NoticeSentOn is empty.", policy_refs=("Y1-9",))


@pytest.fixture
def plan_document():
    return PlanDocument(
        verb=Verb.PLAN,
        head=HEAD,
        plan_id="p1",
        changes=(COUNCIL, CHOICE),
        refused=(
            RefusedLine(
                case_ref="RC-2026-019", code="notice-missing", message="No notice.", policy_refs=("Y1-9",)
            ),
        ),
        choices=ChoiceCounts(live=3, refused=1),
        guards=(GuardLine(code="source-shrunken", message="6 cases vanished.", override=""),),
        tests=RuleTestCounts(passed=4, failed=0),
        overrides=(
            OverrideLine(code="source-shrunken", reason="CHG-1042", until=NOON, limit=4, used=True),
            OverrideLine(code="approver-unknown", reason="CHG-1043", until=NOON, limit=None, used=False),
        ),
        headroom=Headroom(
            rules=Use(used=12, planned=13, limit=300),
            pattern_characters=Use(used=1200, planned=1200, limit=20_480),
            largest_rule=LargestRule(used=812, limit=8_192),
            reported=True,
        ),
    )


@pytest.fixture
def drift_document():
    found = FindingLine(
        code="rule-drifted",
        class_="drifted",
        severity="critical",
        case_ref="RC-2026-014",
        mailbox="",
        rule="RC-2026-014 Redirect to single contact",
        fields=FIELDS,
        since=NOON,
        changed_by="Admin",
        changed_at=NOON,
        message="Someone disabled the rule.",
        action="Ask who changed it.",
        id="3fa9c01b7e",
    )
    states = [*LiveState, LiveState.IN_STEP]
    live = tuple(
        LiveLine(
            case_ref=f"RC-2026-{number}",
            measure="Refuse with notice",
            ends_on=date(2027, 3, 7),
            next_review_on=None,
            state=state,
        )
        for number, state in enumerate(states)
    )
    return DriftDocument(head=HEAD, findings=(found,), live=live)


@pytest.fixture
def explain_document():
    return ExplainDocument(
        head=HEAD,
        address="person@outside.example",
        case_refs=("RC-2026-014",),
        rules=(
            RuleLine(
                name="RC-2026-014 Redirect to single contact",
                kind="transport_rule",
                case_ref="RC-2026-014",
                mailbox="",
                enabled=True,
                mode="enforce",
            ),
        ),
        copies=(
            CopyLine(
                recipient="a.officer@ashbourne.example",
                outcome="redirected",
                mailbox="contact-team@ashbourne.example",
                folder="Inbox",
                rules=("RC-2026-014 Redirect to single contact",),
                ndr=None,
                added_by=None,
            ),
            CopyLine(
                recipient="b.officer@ashbourne.example",
                outcome="rejected",
                mailbox=None,
                folder=None,
                rules=(),
                ndr="550 5.7.1 Please use the post.",
                added_by=None,
            ),
        ),
        because=("The case covers the whole council.",),
    )


@pytest.fixture
def validate_document():
    return ValidateDocument(
        head=HEAD,
        cases=(
            CaseLine(
                case_ref="RC-2026-014",
                item_id="14",
                status=CaseStatus.ACCEPTED,
                state="in_force",
                waiting=("EndsOn",),
                warnings=(CHECK,),
            ),
            CaseLine(
                case_ref="RC-2026-019",
                item_id="19",
                status=CaseStatus.REFUSED,
                state="refused",
                refusals=(CHECK,),
            ),
        ),
        choices=ChoiceCounts(live=3, refused=1),
        refused_choices=(ChoiceLine(item_id="7", code="folder-not-found", message="No such folder."),),
    )


@pytest.fixture(params=["plan", "drift", "explain", "validate"])
def document(request):
    return request.getfixturevalue(f"{request.param}_document")


@pytest.fixture(scope="session")
def samples():
    """The module tools/sample_report.py."""
    path = Path(__file__).parents[3] / "tools" / "sample_report.py"
    spec = importlib.util.spec_from_file_location("sample_report_for_tables", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
