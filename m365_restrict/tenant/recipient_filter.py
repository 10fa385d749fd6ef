"""Many addresses in one Get-Recipient: a filter, and which of the answers has which address."""

from collections.abc import Iterator, Sequence

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.exchange import ExchangeReader, JsonObject, ReadCmdlet

_AT_ONCE = 20
"""Addresses in one filter. No limit is published; Graph's comparable filters end at 15 terms."""


def parts_of(addresses: Sequence[str]) -> list[Sequence[str]]:
    """The addresses in so many as one filter takes."""
    return [addresses[start : start + _AT_ONCE] for start in range(0, len(addresses), _AT_ONCE)]


async def filtered(exchange: ExchangeReader, addresses: Sequence[str]) -> tuple[JsonObject, ...] | None:
    """What the tenant has for these addresses, by every address that an entry has; raises ServiceError.

    None where a warning says that there is more: that can only mean that the filter was ignored.
    """
    result = await exchange.invoke(ReadCmdlet.RECIPIENT, {"Filter": _filter(addresses)})
    return None if result.truncated else result.values


async def filtered_or_nothing(exchange: ExchangeReader, addresses: Sequence[str]) -> tuple[JsonObject, ...]:
    """As `filtered`, and nothing where the service does not answer or takes no filter."""
    try:
        return await filtered(exchange, addresses) or ()
    except ServiceError:
        return ()


def matched(
    addresses: Sequence[str], entries: Sequence[JsonObject]
) -> Iterator[tuple[str, Sequence[JsonObject]]]:
    """The entries that have each address, whatever the service took the question to mean."""
    having: dict[str, list[JsonObject]] = {}
    for entry in entries:
        for address in _addresses_of(entry):
            having.setdefault(address, []).append(entry)
    return ((address, having[address]) for address in addresses if address in having)


def _addresses_of(entry: JsonObject) -> frozenset[str]:
    listed = entry.get("EmailAddresses") or ()
    texts = [listed] if isinstance(listed, str) else [str(one) for one in listed]
    texts += [str(entry.get(name) or "") for name in ("PrimarySmtpAddress", "ExternalEmailAddress")]
    return frozenset(text.rpartition(":")[2].strip().lower() for text in texts) - {""}


def _filter(addresses: Sequence[str]) -> str:
    escaped = (address.replace("'", "''") for address in addresses)
    return " -or ".join(f"EmailAddresses -eq 'smtp:{address}'" for address in escaped)
