"""Reports that did not reach those who are to have them, for the reports that follow."""

from collections.abc import Mapping

from m365_restrict.ledger.deliveries import Channel, Delivery
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.plan.beside import NotCovered
from m365_restrict.report.said import Said
from m365_restrict.telling.delivery_options import ReportRole

_AGAIN = Said("`m365-restrict report --deliver` tries again. docs/delivery.md says what each way needs.")
_SCOPES: Mapping[Channel, str] = {
    Channel.MAIL: "Reports by mail to %(title)s",
    Channel.TEAMS: "Reports in the Teams channel of %(title)s",
}
_LIBRARY = Said("Reports filed in the library")


def undelivered(ledger: Ledger) -> tuple[NotCovered, ...]:
    """What failed and still waits, each way and reason once, without an address."""
    found = (
        NotCovered(scope=_scope(one), reason=one.reason, next_step=_AGAIN)
        for one in ledger.deliveries.failed()
    )
    return tuple(dict.fromkeys(found))


def _scope(one: Delivery) -> str:
    if one.to.channel is Channel.LIBRARY:
        return _LIBRARY
    return Said(_SCOPES[one.to.channel], title=ReportRole(one.to.role).in_words)
