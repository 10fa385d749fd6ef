"""Which letters are due or drafted, and where they lie: none is forgotten and none is drafted twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import drafted_letters


@dataclass(frozen=True, kw_only=True)
class DraftedLetter:
    """One letter in the library. It holds no word of the letter and nobody's name.

    `key` tells apart what the letter is about: the item, the kind and the approved values or the review.
    `document_url` opens the .docx, `page_url` the HTML page; both are "" while it is not filed, and
    `drafted_on` is then the day on which it became due or, where its end is still to come, the case stopped.
    """

    key: str
    item_id: str
    case_reference: str
    kind: str
    language: str
    drafted_on: date
    document_url: str
    page_url: str

    @property
    def is_filed(self) -> bool:
        """Whether it lies in the library; else it is still to be drafted."""
        return bool(self.document_url)


class DraftedLetters:
    """The table of drafts."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> Mapping[str, DraftedLetter]:
        """Every letter by its key, filed or due, in the order of keys."""
        columns = [one for one in drafted_letters.c if one.name != "run_id"]
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).order_by(drafted_letters.c.key)).mappings().all()
        return {row["key"]: DraftedLetter(**row) for row in rows}

    def record(self, letter: DraftedLetter, *, run_id: str) -> None:
        """Remember a letter in place of what was known of that key."""
        with self._database.writing() as connection:
            connection.execute(delete(drafted_letters).where(drafted_letters.c.key == letter.key))
            connection.execute(
                insert(drafted_letters).values(
                    key=letter.key,
                    item_id=letter.item_id,
                    case_reference=letter.case_reference,
                    kind=letter.kind,
                    language=letter.language,
                    drafted_on=letter.drafted_on,
                    document_url=letter.document_url,
                    page_url=letter.page_url,
                    run_id=run_id,
                )
            )

    def forget(self, key: str) -> None:
        """Drop one letter. An unknown key is no error."""
        with self._database.writing() as connection:
            connection.execute(delete(drafted_letters).where(drafted_letters.c.key == key))

    def forget_item(self, item_id: str) -> None:
        """Drop the drafts of an item that has been deleted."""
        with self._database.writing() as connection:
            connection.execute(delete(drafted_letters).where(drafted_letters.c.item_id == item_id))
