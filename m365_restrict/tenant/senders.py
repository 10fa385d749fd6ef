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
from m365_restrict.tenant.recipients import is_not_found, recipient_of
from m365_restrict.tenant.together import all_of

_AT_ONCE = 20
"""Addresses in one filter. No limit is published; Graph's comparable filters end at 15 terms."""
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
        parts = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
        found = await all_of(self._part(part) for part in parts)
        return {address: answer for answers in found for address, answer in answers.items()}

    async def _part(self, addresses: Sequence[str]) -> Mapping[str, Resolved]:
        try:
            result = await self._exchange.invoke(ReadCmdlet.RECIPIENT, {"Filter": _filter(addresses)})
        except ServiceError as error:
            if error.status == _BAD_REQUEST:
                return await self._one_by_one(addresses)
            return {address: _unread(address, error.message) for address in addresses}
        if result.truncated:
            # So many recipients can only mean that the filter was ignored.
            return await self._one_by_one(addresses)
        return dict(_matched(addresses, result.values))

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
    """An entry counts for an address that it has, whatever the service took the question to mean."""
    for address in addresses:
        having = [entry for entry in entries if address in _addresses_of(entry)]
        if len(having) == 1:
            yield address, recipient_of(address, having[0])
        elif having:
            yield address, _unread(address, _SEVERAL)


def _addresses_of(entry: JsonObject) -> frozenset[str]:
    listed = entry.get("EmailAddresses") or ()
    texts = [listed] if isinstance(listed, str) else [str(one) for one in listed]
    texts += [str(entry.get(name) or "") for name in ("PrimarySmtpAddress", "ExternalEmailAddress")]
    return frozenset(text.rpartition(":")[2].strip().lower() for text in texts) - {""}


def _filter(addresses: Sequence[str]) -> str:
    escaped = (address.replace("'", "''") for address in addresses)
    return " -or ".join(f"EmailAddresses -eq 'smtp:{address}'" for address in escaped)


def _unread(address: str, reason: str) -> Unresolved:
    return Unresolved(address, reason.rstrip("."), absent=False)
