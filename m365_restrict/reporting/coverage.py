"""What the tenant itself keeps from being looked at: asked once for a report, which never fails by it."""

from collections.abc import AsyncIterator, Iterator

from m365_restrict.doctor.check import Check, CheckState
from m365_restrict.doctor.permissions import Need, Permission, permission_table
from m365_restrict.doctor.service_checks import coverage_checks
from m365_restrict.errors import RestrictError
from m365_restrict.plan.beside import NotCovered
from m365_restrict.report.privacy import without_addresses
from m365_restrict.report.said import Said
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.mail_exchangers import Resolver

_MX = "Where mail for the council's domains enters"
_NOT_HELD = "The reader application does not hold it. What it is for: %(why)s"
_DOCTOR = "Run `m365-restrict doctor`, which looks into it."


async def read_coverage(run: Run, resolver: Resolver | None) -> tuple[NotCovered, ...]:
    """Permissions that are not granted, and mailboxes and domains whose mail may meet no rule.

    Without a resolver nobody asks where the world delivers mail.
    """
    found = [one async for one in _permissions(run)]
    if not run.options.sees_transport_rules:
        return tuple(found)
    if resolver is None:
        found.append(NotCovered(scope=_MX, reason="It was not asked in this run.", next_step=_DOCTOR))
        return tuple(found)
    try:
        checks = [one async for one in coverage_checks(run.readers, resolver)]
    except RestrictError as error:
        return (
            *found,
            NotCovered(scope=_MX, reason=without_addresses(error.message), next_step=error.advice),
        )
    return (*found, *_from_checks(checks))


async def _permissions(run: Run) -> AsyncIterator[NotCovered]:
    held = await run.readers.examination.roles()
    for row in permission_table():
        wanted = row.application == "reader" and row.resource == "graph" and row.needed is Need.OPTIONAL
        if wanted and not row.in_exchange and held.isdisjoint({row.name, *row.instead}):
            yield _not_granted(row)


def _not_granted(row: Permission) -> NotCovered:
    return NotCovered(
        scope=Said("The permission %(name)s", name=row.name),
        reason=Said(_NOT_HELD, why=Said(row.why)),
        next_step=Said("Grant %(name)s with admin consent, or leave it out knowingly.", name=row.name),
    )


def _from_checks(checks: list[Check]) -> Iterator[NotCovered]:
    for one in checks:
        if one.state is not CheckState.OK:
            yield NotCovered(scope=one.about, reason=one.message, next_step=one.next_step)
