"""The templates and catalogues that letters are made of: those that ship, or the council's own."""

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from m365_restrict.errors import ConfigurationError
from m365_restrict.report.letters.catalogue import Catalogue, read_catalogue
from m365_restrict.report.letters.kinds import Tongue

_DOCUMENT = "letter.docx"


@dataclass(frozen=True)
class LetterTemplates:
    """Template texts by name, catalogues by language, and the .docx that letters are written into.

    `base_document` is None where the council has none of its own (`letter.docx` in its folder).
    """

    texts: dict[str, str]
    catalogues: dict[Tongue, Catalogue]
    base_document: bytes | None = None


def load_templates(folder: Path | None = None) -> LetterTemplates:
    """What ships, each file replaced by the one of the same name in `folder`.

    Wordings of `en.po` and `cy.po` in the folder are added to those that ship and win over them.
    Raises ConfigurationError where the folder or a file in it cannot be read.
    """
    shipped = files(__package__)
    texts = dict(_texts(shipped / "templates"))
    own = {} if folder is None else _own_files(folder)
    texts |= {name: _decoded(name, content) for name, content in own.items() if _is_template(name)}
    catalogues = {}
    for tongue in Tongue:
        name = f"{tongue.value}.po"
        sources = [(name, (shipped / "locale" / tongue.value / "letters.po").read_bytes())]
        sources += [(name, own[name])] if name in own else []
        catalogues[tongue] = read_catalogue(tongue, sources)
    return LetterTemplates(texts=texts, catalogues=catalogues, base_document=own.get(_DOCUMENT))


def _texts(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _texts(entry, f"{name}/")
        elif _is_template(name):
            found.append((name, entry.read_text(encoding="utf-8")))
    return found


def _is_template(name: str) -> bool:
    return name.endswith((".txt", ".html", ".css"))


def _own_files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise _unreadable(f"There is no folder {folder}.")
    try:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    except OSError as error:
        raise _unreadable(f"The letter templates cannot be read: {error}") from error


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _unreadable(f"The letter template {name} is not UTF-8 text.") from error


def _unreadable(message: str) -> ConfigurationError:
    return ConfigurationError(
        message, advice="Correct M365_RESTRICT_LETTERS__TEMPLATES, or leave it empty for our own templates."
    )
