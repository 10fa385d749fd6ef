"""What became of the council's rule tests, and what follows for a run and for a report."""

from dataclasses import dataclass
from enum import StrEnum

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import ChangeClass, Finding, GuardVerdict, Severity
from m365_restrict.plan.codes import FindingCode, GuardCode
from m365_restrict.plan.rule_test_file import RuleTest, RuleTestState


class RuleTestVerdict(StrEnum):
    """What a test came to. `UNDECIDED` holds one way and not the other; `SKIPPED` has no mail to test."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class RuleTestResult:
    """What became of one test. `rules` are the names of those that acted, ours and others'.

    `by_others` says that it fails because of somebody else's rule, and did so before the plan: such a
    failure is a finding, and any other of the planned state holds the run back.
    """

    test: RuleTest
    verdict: RuleTestVerdict
    message: str = ""
    rules: tuple[str, ...] = ()
    by_others: bool = False

    @property
    def fails(self) -> bool:
        """Whether the expectation is not met for certain."""
        return self.verdict in {RuleTestVerdict.FAILED, RuleTestVerdict.UNDECIDED}

    @property
    def stops(self) -> bool:
        """Whether the run may only open because of it."""
        return self.fails and not self.by_others and self.test.state is RuleTestState.PLANNED


@dataclass(frozen=True)
class RuleTestResults:
    """All results, in the order of the files. `unread` are groups that could not be looked into.

    `problem` says why there are none although the settings name files of tests.
    """

    results: tuple[RuleTestResult, ...] = ()
    unread: tuple[Unknown, ...] = ()
    problem: str = ""

    def count(self, *verdicts: RuleTestVerdict) -> int:
        """How many tests came to one of these."""
        return sum(result.verdict in verdicts for result in self.results)

    @property
    def failing(self) -> tuple[RuleTestResult, ...]:
        """The tests whose expectation is not met for certain."""
        return tuple(result for result in self.results if result.fails)

    @property
    def guards(self) -> tuple[GuardVerdict, ...]:
        """One verdict for each test that holds the run back, or one for files that cannot be used."""
        if self.problem:
            return (_guard(GuardCode.RULE_TESTS_UNUSABLE, self.problem),)
        return tuple(
            _guard(GuardCode.RULE_TEST_FAILED, _said(result)) for result in self.failing if result.stops
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every test that fails, for a report on how things stand."""
        return tuple(_finding(result) for result in self.failing)


def _said(result: RuleTestResult) -> str:
    return f"Rule test '{result.test.name}' ({result.test.place}): {result.message}"


def _guard(code: GuardCode, message: str) -> GuardVerdict:
    return GuardVerdict(code=code, message=message, override="TESTS__FILES")


def _finding(result: RuleTestResult) -> Finding:
    others = result.by_others
    return Finding(
        code=FindingCode.RULE_TEST_UNMET,
        change_class=ChangeClass.FOREIGN_EFFECT if others else ChangeClass.REGISTER,
        severity=Severity.MEDIUM if others else Severity.HIGH,
        message=_said(result),
        case_reference=result.test.case_reference,
        rule=result.rules[-1] if result.rules else "",
        key=f"rule-test:{result.test.name}",
    )
