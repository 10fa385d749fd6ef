"""`test`: the council's rule tests, put to what a plan would leave or to the tenant as it is."""

from collections.abc import Callable
from datetime import datetime

from m365_restrict.errors import ExitCode, ServiceError, first_of
from m365_restrict.outcome import Unknown
from m365_restrict.reconcile import reconcile
from m365_restrict.report.rule_test_document import RuleTestDocument, rule_test_line
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import head_of, unknown_of


async def carry_out_rule_tests(run: Run, finished: Callable[[], datetime]) -> RuleTestDocument:
    """Run the tests of `run.options` and say what became of each. Nothing is written.

    Raises as `reconcile` does, and ServiceError where the transport rules could not be read.
    """
    found = await reconcile(run)
    planned = found.planned
    if planned is None or isinstance(planned.observed.transport, Unknown):
        raise ServiceError("The rule tests cannot be run: the transport rules could not be read.")
    results = planned.rule_tests
    unknown = tuple(dict.fromkeys((*unknown_of(run, found, planned), *results.unread)))
    code = first_of(
        ExitCode.REFUSED if results.failing else ExitCode.IN_STEP,
        ExitCode.PARTIAL if unknown else ExitCode.IN_STEP,
    )
    return RuleTestDocument(
        head=head_of(run, found, finished(), exit_code=code, unknown=unknown),
        tests=tuple(rule_test_line(result) for result in results.results),
    )
