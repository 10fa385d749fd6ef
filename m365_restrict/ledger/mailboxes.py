"""Numbers that stand for councillors' mailboxes in every output, so that nobody learns who chose what."""

import secrets
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import opaque_mailboxes

_SMALLEST = 100
_FEWEST = 900


class OpaqueMailboxes:
    """The table of mailboxes and their numbers. A number never changes and is never given twice."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def numbers(
        self, mailboxes: Iterable[str], *, draw: Callable[[int], int] = secrets.randbelow
    ) -> Mapping[str, int]:
        """A number for every mailbox, new ones drawn at random: numbers in order would tell names apart.

        `draw(n)` gives an integer from 0 to n - 1.
        """
        wanted = {mailbox.lower() for mailbox in mailboxes}
        known = self._known()
        if wanted <= known.keys():
            return {mailbox: known[mailbox] for mailbox in wanted}
        if self._database.read_only:
            return {
                mailbox: number
                for mailbox, number in self._with_new(known, wanted, draw).items()
                if mailbox in wanted
            }
        with self._database.writing() as connection:
            known = {row.mailbox: row.number for row in connection.execute(select(opaque_mailboxes))}
            given = self._with_new(known, wanted, draw)
            for mailbox in sorted(wanted - known.keys()):
                connection.execute(insert(opaque_mailboxes).values(mailbox=mailbox, number=given[mailbox]))
        return {mailbox: given[mailbox] for mailbox in wanted}

    def _known(self) -> dict[str, int]:
        with self._database.reading() as connection:
            return {row.mailbox: row.number for row in connection.execute(select(opaque_mailboxes))}

    @staticmethod
    def _with_new(
        known: Mapping[str, int], wanted: Iterable[str], draw: Callable[[int], int]
    ) -> dict[str, int]:
        given = dict(known)
        for mailbox in sorted(set(wanted) - known.keys()):
            span = max(_FEWEST, 4 * (len(given) + 1))
            used = set(given.values())
            free = [number for number in range(_SMALLEST, _SMALLEST + span) if number not in used]
            given[mailbox] = free[draw(len(free))]
        return given
