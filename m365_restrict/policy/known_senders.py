"""Senders that are known beforehand: those that must always reach the council, and large mail providers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from m365_restrict.register.address import domain_of

_TELLING = 9
"""Letters from which on a domain one edit away is a likely mistake: shorter ones have honest neighbours."""


@dataclass(frozen=True, kw_only=True)
class KnownSenders:
    """Addresses and domains in lower case.

    `never_restrict` holds domains, which stand for their subdomains too, and full addresses
    (policy.md 6). `providers` are domains whose mailboxes belong to the public. `dot_blind` are those
    of them that ignore dots before the @; `same_provider` maps a provider's other domains to its first.
    """

    never_restrict: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    dot_blind: frozenset[str] = frozenset()
    same_provider: dict[str, str] = field(default_factory=dict)

    def must_reach(self, address: str) -> bool:
        """Whether the address, its domain or a domain above it is never restricted."""
        return address in self.never_restrict or any(
            domain in self.never_restrict for domain in _with_parents(domain_of(address))
        )

    def looks_misspelt(self, address: str) -> bool:
        """Whether the domain is one edit away from a provider's and is none itself."""
        return _is_misspelt(domain_of(address), self.providers)

    def has_variants(self, address: str) -> bool:
        """Whether other spellings reach the same mailbox: a plus sign, or dots that the provider ignores."""
        local = address.rpartition("@")[0]
        return "+" in local or domain_of(address) in self.dot_blind

    def mailbox_of(self, address: str) -> str:
        """What all spellings of one mailbox share. It is for finding near-misses, never for matching mail."""
        local, _, domain = address.rpartition("@")
        local = local.partition("+")[0]
        domain = self.same_provider.get(domain, domain)
        return f"{local.replace('.', '') if domain in self.dot_blind else local}@{domain}"


@lru_cache(maxsize=1024)
def _is_misspelt(domain: str, providers: frozenset[str]) -> bool:
    """Senders are many, and most of them are at few providers."""
    return domain not in providers and any(
        len(known) >= _TELLING and one_edit_apart(domain, known) for known in providers
    )


def one_edit_apart(one: str, other: str) -> bool:
    """Whether one letter added, left out, changed or swapped with its neighbour makes one of the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    differing = (
        place for place, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs
    )
    same = next(differing, min(len(one), len(other)))
    rest, others = one[same:], other[same:]
    if len(rest) == len(others):
        swapped = rest[:2] == others[:2][::-1] and rest[2:] == others[2:]
        return rest[1:] == others[1:] or swapped
    return rest[1:] == others or rest == others[1:]


def _with_parents(domain: str) -> Iterator[str]:
    """The domain and every domain above it, without the last label alone."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])
