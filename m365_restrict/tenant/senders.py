"""Register senders that the council's own directory knows: guests, contacts and mail users.

Exchange turns such an address in a rule into the main address of the directory's entry (exchange.md 2.3;
7.1 row 16), so a run must know of it before it compares. Most senders are in no directory: they are asked
about many at a time, and only Exchange is asked, because Graph shows contacts to fewer applications.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from m365_restrict.errors import ServiceError
from m365_restrict.register.address import normalise
from m365_restrict.register.recipient import Resolved, Unresolved
from m365_restrict.tenant.exchange import ExchangeReader, JsonObject, ReadCmdlet
from m365_restrict.tenant.recipient_filter import filtered, matched, parts_of
from m365_restrict.tenant.recipients import is_not_found, recipient_of
from m365_restrict.tenant.together import all_of

_BAD_REQUEST = 400
_SEVERAL = "several recipients answer to this address"


class SenderReader:
    """Looks up senders by every address that an entry of the directory has."""

    def __init__(self, exchange: ExchangeReader) -> None:
        """`exchange` is the reader application's."""
        self._exchange = exchange

    async def find(self, addresses: Iterable[str]) -> Mapping[str, Resolved]:
        """What the directory knows of these addresses; an address that it does not know is not in the answer.

        A failed question is an `Unresolved` with `absent` false. Without an Exchange role nobody is asked:
        there are no transport rules then, which alone compare main addresses.
        """
        if not self._exchange.enabled:
            return {}
        wanted = list(dict.fromkeys(address for address in map(normalise, addresses) if address))
        found = await all_of(self._part(part) for part in parts_of(wanted))
        return {address: answer for answers in found for address, answer in answers.items()}

    async def _part(self, addresses: Sequence[str]) -> Mapping[str, Resolved]:
        try:
            entries = await filtered(self._exchange, addresses)
        except ServiceError as error:
            if error.status == _BAD_REQUEST:
                return await self._one_by_one(addresses)
            return {address: _unread(address, error.message) for address in addresses}
        if entries is None:
            return await self._one_by_one(addresses)
        return dict(_matched(addresses, entries))

    async def _one_by_one(self, addresses: Sequence[str]) -> Mapping[str, Resolved]:
        """A tenant that takes no filter is asked about each: slower, and as sure."""
        answers = await all_of(self._one(address) for address in addresses)
        return {address: answer for address, answer in zip(addresses, answers, strict=True) if answer}

    async def _one(self, address: str) -> Resolved | None:
        try:
            result = await self._exchange.invoke(ReadCmdlet.RECIPIENT, {"Identity": address})
        except ServiceError as error:
            return None if is_not_found(error) else _unread(address, error.message)
        return dict(_matched([address], result.values)).get(address)


def _matched(addresses: Sequence[str], entries: Sequence[JsonObject]) -> Iterator[tuple[str, Resolved]]:
    for address, having in matched(addresses, entries):
        one = len(having) == 1
        yield address, recipient_of(address, having[0]) if one else _unread(address, _SEVERAL)


def _unread(address: str, reason: str) -> Unresolved:
    return Unresolved(address, reason.rstrip("."), absent=False)
