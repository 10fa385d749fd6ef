"""One letter from its facts: rendered per language, then written as .docx and as HTML."""

import re
from dataclasses import dataclass

from m365_restrict.report.letters.blocks import Part
from m365_restrict.report.letters.codes import LetterCode
from m365_restrict.report.letters.document import to_docx
from m365_restrict.report.letters.facts import LetterFacts, LetterRefused, MissingFact, refused
from m365_restrict.report.letters.kinds import LetterLanguage, Tongue
from m365_restrict.report.letters.page import to_page
from m365_restrict.report.letters.render import Wordings, render_part
from m365_restrict.report.letters.templates_folder import LetterTemplates
from m365_restrict.report.letters.view import LetterView

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Letter:
    """A letter. `file_name` has no ending and names nobody: the case, the kind, the day, the language."""

    docx: bytes
    html: str
    file_name: str


def draft_letter(
    facts: LetterFacts, *, language: LetterLanguage, templates: LetterTemplates
) -> Letter | LetterRefused:
    """Write a letter, or refuse it: Welsh that nobody has checked, or that is not there, is never issued.

    Equal facts give equal letters. Raises ConfigurationError where a template cannot be used.
    """
    if Tongue.WELSH in language.tongues and not facts.council.welsh_is_checked(facts.dated_on):
        return refused(LetterCode.WELSH_NOT_CHECKED)
    parts: list[Part] = []
    for tongue in language.tongues:
        part = _part(facts, tongue, templates)
        if isinstance(part, LetterRefused):
            return part
        parts.append(part)
    names = [facts.council.name.text(tongue) for tongue in language.tongues]
    return Letter(
        docx=to_docx(
            parts,
            base=templates.base_document,
            author=" / ".join(dict.fromkeys(names)),
            reference=facts.case_reference,
            dated_on=facts.dated_on,
        ),
        html=to_page(parts, templates, reference=facts.case_reference),
        file_name=_file_name(facts, language),
    )


def _part(facts: LetterFacts, tongue: Tongue, templates: LetterTemplates) -> Part | LetterRefused:
    catalogue = templates.catalogues[tongue]
    view = LetterView(facts, catalogue)
    values = view.values()
    wordings = Wordings(catalogue)
    part = render_part(facts.kind.value, values, templates, wordings, tongue)
    lacking = [MissingFact(f"wording for '{key}'", f"{tongue.value}.po") for key in wordings.missing]
    missing = (*view.missing.values(), *lacking)
    if not missing:
        return part
    return refused(LetterCode.WELSH_MISSING if tongue is Tongue.WELSH else LetterCode.FACTS_MISSING, missing)


def _file_name(facts: LetterFacts, language: LetterLanguage) -> str:
    tongues = "-".join(tongue.value for tongue in language.tongues)
    parts = (facts.case_reference, facts.kind.value, facts.dated_on.isoformat(), tongues)
    return "_".join(_UNSAFE.sub("-", part) for part in parts)
