"""What the verb `test` found, as one value, and its lines for people (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from m365_restrict.errors import ExitCode
from m365_restrict.plan.rule_test_results import RuleTestResult, RuleTestVerdict
from m365_restrict.report.documents import Head
from m365_restrict.report.text import Line, counted, sentence

_MARKS = {
    RuleTestVerdict.PASSED: "+ passed",
    RuleTestVerdict.FAILED: "! fails",
    RuleTestVerdict.UNDECIDED: "! cannot be decided",
    RuleTestVerdict.SKIPPED: "- left out",
}
_STYLES = {RuleTestVerdict.PASSED: "green", RuleTestVerdict.SKIPPED: "yellow"}
_MEANINGS = {
    ExitCode.IN_STEP: "mail goes where the tests expect it",
    ExitCode.REFUSED: "mail does not go where a test expects it",
    ExitCode.PARTIAL: "something could not be read; see above",
}


class RuleTestVerb(StrEnum):
    """The one verb of this document."""

    TEST = "test"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class RuleTestLine:
    """One test and what became of it. The sender's address is not repeated: it stands in the file.

    `stops` says that plan and apply would hold everything back but openings.
    """

    name: str
    file: str
    line: int
    case_ref: str | None
    to: str
    expect: str
    mailbox: str
    on: date | datetime | None
    state: str
    result: str
    message: str
    rules: tuple[str, ...]
    stops: bool


@dataclass(frozen=True, kw_only=True)
class RuleTestSummary:
    """The numbers of a test document."""

    passed: int
    failed: int
    undecided: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class RuleTestDocument:
    """What became of every rule test."""

    head: Head
    tests: tuple[RuleTestLine, ...] = ()
    verb: RuleTestVerb = field(default=RuleTestVerb.TEST, init=False)

    @property
    def summary(self) -> RuleTestSummary:
        """Counted from the lines, so that it cannot disagree with them."""
        results = [line.result for line in self.tests]
        return RuleTestSummary(**{one.value: results.count(one.value) for one in RuleTestVerdict})


def rule_test_line(result: RuleTestResult) -> RuleTestLine:
    """One result as documents tell it."""
    test = result.test
    return RuleTestLine(
        name=test.name,
        file=test.file,
        line=test.line,
        case_ref=test.case_reference or None,
        to=test.recipient,
        expect=test.expected.value,
        mailbox=test.mailbox,
        on=test.on,
        state=test.state.value,
        result=result.verdict.value,
        message=result.message,
        rules=result.rules,
        stops=result.stops,
    )


def rule_test_lines(document: RuleTestDocument) -> Iterator[Line]:
    """The lines for a person: numbers, every test that is not met and why, then the others."""
    head, numbers = document.head, document.summary
    if document.tests:
        yield Line(
            sentence(
                [
                    f"{counted(numbers.passed, 'rule test')} passed",
                    f"{numbers.failed or 'none'} failed",
                    f"{numbers.undecided or 'none'} undecided",
                    f"{numbers.skipped or 'none'} left out",
                ]
            ),
            "bold",
        )
    order = [
        RuleTestVerdict.FAILED,
        RuleTestVerdict.UNDECIDED,
        RuleTestVerdict.SKIPPED,
        RuleTestVerdict.PASSED,
    ]
    for verdict in order:
        for line in document.tests:
            if line.result == verdict.value:
                yield from _test_lines(line, verdict)
    for one in head.unknown:
        yield Line(f"! unknown: {one.scope}: {one.reason}", "yellow")
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    code = head.exit_code
    meaning = _MEANINGS.get(code, "the tests could not be run")
    yield Line(f"Status: {code.status} (exit code {int(code)}): {meaning}.", "bold")


def _test_lines(line: RuleTestLine, verdict: RuleTestVerdict) -> Iterator[Line]:
    place = f"{line.file} line {line.line}" if line.line else line.file
    now = ", in the tenant as it is" if line.state == "now" else ""
    yield Line(f"{_MARKS[verdict]}: {line.name} ({place}{now})", _STYLES.get(verdict, "red"))
    if line.message:
        yield Line(line.message, indent=1)
