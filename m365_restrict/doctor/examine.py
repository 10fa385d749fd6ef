"""`doctor`: every check, each on its own, so that what one cannot read hides nothing of the others."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime

from m365_restrict.doctor.access_checks import Access, access_checks
from m365_restrict.doctor.answers import answer_checks, answer_lines, canary_check
from m365_restrict.doctor.check import Check, CheckState, bad, unread
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.doctor.document import DoctorDocument
from m365_restrict.doctor.list_checks import ListChecks
from m365_restrict.doctor.people_checks import contact_checks, people_checks
from m365_restrict.doctor.reach_checks import reach_checks
from m365_restrict.doctor.service_checks import audit_check, coverage_checks, limit_checks
from m365_restrict.errors import ExitCode, RestrictError, SignInError, first_of
from m365_restrict.outcome import Unknown
from m365_restrict.report.documents import Head
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.steps.run_context import Run

_CODES = {CheckState.FAILED: ExitCode.DIFFERENCES, CheckState.UNKNOWN: ExitCode.PARTIAL}


async def examine(run: Run, access: Access, finished: Callable[[], datetime]) -> DoctorDocument:
    """Look into everything and write nothing."""
    checks = [check async for check in _all(run, access)]
    return DoctorDocument(
        head=Head(
            run_id=run.run_id,
            started_at=run.now,
            finished_at=finished(),
            exit_code=first_of(*(_CODES[one.state] for one in checks if one.state in _CODES)),
        ),
        checks=tuple(checks),
        answers=answer_lines(run.ledger.tenant_answers.profile(run.options.tenant_id)),
    )


async def _all(run: Run, access: Access) -> AsyncIterator[Check]:
    options, readers = run.options, run.readers
    run.progress("Asking whether the services answer, and what the applications may do")
    async for check in _alone(access_checks(access), CheckCode.ENDPOINT, "the services"):
        yield check
    run.progress("Reading the lists")
    lists = ListChecks(readers.lists, options.lists, access.histories)
    async for check in _alone(lists.run(), CheckCode.LIST, "the lists"):
        yield check
    run.progress("Asking the directory")
    async for check in _alone(people_checks(readers, options.people), CheckCode.GROUP, "the directory"):
        yield check
    reached = reach_checks(readers, options.people, lists.register, access)
    async for check in _alone(reached, CheckCode.MAILBOX_REACH, "mailboxes"):
        yield check
    if options.sees_transport_rules:
        async for check in _alone(_of_exchange(run, lists), CheckCode.LIMITS, "Exchange"):
            yield check
        run.progress("Asking where mail for the council's domains enters")
        covered = coverage_checks(readers, access.resolver)
        async for check in _alone(covered, CheckCode.COVERAGE, "accepted domains"):
            yield check
    for check in _of_ledger(run):
        yield check


async def _of_exchange(run: Run, lists: ListChecks) -> AsyncIterator[Check]:
    raw = await run.readers.transport_rules.list_rules()
    rules: tuple[ObservedTransportRule, ...] | Unknown = (
        raw if isinstance(raw, Unknown) else tuple(observe_transport_rule(one) for one in raw)
    )
    if lists.register is not None:
        async for check in contact_checks(run.readers, lists.register, rules):
            yield check
    for check in limit_checks(rules, await run.readers.directory.limits()):
        yield check
    yield audit_check(is_on=await run.readers.examination.is_audited())


def _of_ledger(run: Run) -> Iterable[Check]:
    tenant = run.options.tenant_id
    yield from answer_checks(run.ledger.tenant_answers.profile(tenant), run.options.compile)
    yield from canary_check(run.options.compile, run.ledger.canaries.passed_forms(tenant))


async def _alone(checks: AsyncIterator[Check], code: CheckCode, about: str) -> AsyncIterator[Check]:
    """The checks of one part; what breaks it off is a check too."""
    try:
        async for check in checks:
            yield check
    except SignInError as error:
        yield bad(code, about, error.message, error.advice)
    except RestrictError as error:
        yield unread(code, about, error.message, error.advice)
