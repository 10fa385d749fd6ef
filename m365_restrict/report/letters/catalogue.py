"""Catalogues of wordings: gettext .po files, compiled in memory when they are used."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO

from babel.messages.pofile import PoFileError, read_po

from m365_restrict.errors import ConfigurationError
from m365_restrict.report.letters.kinds import Tongue


@dataclass(frozen=True)
class Catalogue:
    """The wordings of one language by their key, which is the English of the templates.

    What is marked fuzzy counts as not translated: nobody has said that it is right.
    """

    tongue: Tongue
    wordings: dict[str, str] = field(default_factory=dict)

    def find(self, key: str) -> str | None:
        """The wording, or None where the language has none. English falls back on the key."""
        found = self.wordings.get(key)
        if found is None and self.tongue is Tongue.ENGLISH:
            return key
        return found


def read_catalogue(tongue: Tongue, sources: Iterable[tuple[str, bytes]]) -> Catalogue:
    """One language from .po files (name, content); a later file wins. ConfigurationError names a bad one."""
    wordings: dict[str, str] = {}
    for name, content in sources:
        try:
            catalog = read_po(BytesIO(content), locale=tongue.value, charset="utf-8", abort_invalid=True)
        except (PoFileError, ValueError) as error:
            raise ConfigurationError(
                f"The catalogue {name} cannot be read: {error}",
                advice="Correct the .po file in the folder that M365_RESTRICT_LETTERS__TEMPLATES names.",
            ) from error
        for message in catalog:
            key, text = message.id, message.string
            if isinstance(key, str) and isinstance(text, str) and key and text and not message.fuzzy:
                wordings[key] = text
    return Catalogue(tongue, wordings)
