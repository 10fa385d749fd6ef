"""A directory that asks once: the same names stand in many rules."""

from m365_restrict.mailflow.directory import MailDirectory


class RememberedDirectory:
    """A `MailDirectory` that keeps answers; make a new one when the directory may have changed."""

    def __init__(self, directory: MailDirectory) -> None:
        """Ask `directory` for what is not known yet."""
        self._directory = directory
        self._primary: dict[str, str] = {}
        self._primaries: dict[tuple[str, ...], frozenset[str]] = {}
        self._members: dict[str, frozenset[str]] = {}

    def primary(self, address: str) -> str:
        """The primary SMTP address, lower case."""
        found = self._primary.get(address)
        if found is None:
            found = self._primary[address] = self._directory.primary(address.strip().lower())
        return found

    def primaries(self, addresses: tuple[str, ...]) -> frozenset[str]:
        """The primary addresses behind a rule's list of recipients."""
        found = self._primaries.get(addresses)
        if found is None:
            found = self._primaries[addresses] = frozenset(self.primary(each) for each in addresses)
        return found

    def members(self, group: str) -> frozenset[str]:
        """Primary addresses of all transitive members."""
        found = self._members.get(group)
        if found is None:
            found = self._members[group] = self._directory.members(group.strip().lower())
        return found

    def is_group(self, address: str) -> bool:
        """Whether mail to this address is expanded to members."""
        return self._directory.is_group(address)

    def has_mailbox(self, address: str) -> bool:
        """Whether mail to this address lands in a mailbox here."""
        return self._directory.has_mailbox(address)

    def is_accepted_domain(self, domain: str) -> bool:
        """Whether the organisation receives mail for this domain."""
        return self._directory.is_accepted_domain(domain)
