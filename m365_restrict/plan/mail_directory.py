"""The directory's answers as the delivery model asks for them, for simulating what is planned or seen."""

from collections.abc import Mapping

from m365_restrict.outcome import Unknown
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.rules.compilation import Directory

_ORDINARY = "any.other.mailbox"
_MEMBER = "any.member.of."


class PlannedDirectory:
    """Knows the councillors, the recipients that the register names, and stand-ins for everybody else.

    Where a group's members are not given, one stand-in represents them.
    """

    def __init__(self, directory: Directory, members: Mapping[str, frozenset[str]] | None = None) -> None:
        """`members` are the primary addresses of groups that were read, by the group's address."""
        known = [entry for entry in directory.recipients.values() if isinstance(entry, Recipient)]
        known += directory.protected_recipients
        group = directory.councillors_group
        if isinstance(group, Recipient):
            known.append(group)
        self._primary = {entry.asked.lower(): entry.address for entry in known}
        self._groups = {entry.address for entry in known if entry.kind is RecipientKind.GROUP}
        self._members = dict(members or {})
        councillors = directory.councillor_members
        if isinstance(group, Recipient) and not isinstance(councillors, Unknown):
            self._members[group.address] = councillors
        self._domains = {address.rpartition("@")[2] for address in self._primary.values()}

    def primary(self, address: str) -> str:
        """The primary SMTP address, or the address itself where nobody asked about it."""
        return self._primary.get(address, address)

    def members(self, group: str) -> frozenset[str]:
        """Members where known, else the one stand-in."""
        address = self.primary(group)
        return self._members.get(address, frozenset({_MEMBER + address}))

    def is_group(self, address: str) -> bool:
        """Whether mail to this address is expanded to members."""
        return self.primary(address) in self._groups

    def has_mailbox(self, address: str) -> bool:
        """Every address of the council that is not a group."""
        return self.is_accepted_domain(address.rpartition("@")[2]) and not self.is_group(address)

    def is_accepted_domain(self, domain: str) -> bool:
        """The domains of the recipients that were resolved."""
        return domain in self._domains

    @staticmethod
    def stand_in(entry: Recipient) -> str:
        """The address to send to for a recipient: itself, or its stand-in member where it is a group."""
        return _MEMBER + entry.address if entry.kind is RecipientKind.GROUP else entry.address


def ordinary_address(directory: Directory) -> str:
    """An address that stands for any mailbox of the council that no case and no setting names."""
    group = directory.councillors_group
    address = group.address if isinstance(group, Recipient) else group.asked
    return f"{_ORDINARY}@{address.rpartition('@')[2]}"
