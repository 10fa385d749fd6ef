"""One letter on request: reads and judges the register as `validate` does, and writes nothing to a tenant."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from m365_restrict.errors import ExitCode
from m365_restrict.letters.drafting import desk_of, personal_fields, preferred_language
from m365_restrict.letters.source import LetterCase, LetterDesk
from m365_restrict.register.item import ListItem
from m365_restrict.report.documents import Head, Source
from m365_restrict.report.letter_document import LetterDocument, MissingLine, RefusedLetter
from m365_restrict.report.letters.codes import LetterCode
from m365_restrict.report.letters.draft import Letter, draft_letter
from m365_restrict.report.letters.facts import LetterRefused, refused
from m365_restrict.report.letters.gather import letter_facts
from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage
from m365_restrict.report.letters.templates_folder import load_templates
from m365_restrict.steps.checking import check
from m365_restrict.steps.found import Found
from m365_restrict.steps.reading import read_people, read_register, remembered
from m365_restrict.steps.run_context import Run


@dataclass(frozen=True, kw_only=True)
class LetterOrder:
    """Which letter. `language` is None for the one that the case and the policy ask for."""

    reference: str
    kind: LetterKind
    language: LetterLanguage | None = None


@dataclass(frozen=True)
class Written:
    """A letter and the language that it is in."""

    letter: Letter
    language: LetterLanguage


async def write_letter(
    run: Run, order: LetterOrder, save: Callable[[Letter], tuple[Path, ...]], clock: Callable[[], datetime]
) -> LetterDocument:
    """Draft the letter and hand it to `save`. Raises what reading the register raises."""
    register = await read_register(run.readers, run.options, remembered(run.ledger))
    people = await read_people(run.readers.directory, run.options.people)
    judgement, choices = await check(run, register, people)
    run.ledger.register.pin(judgement.new_evidence)
    found = Found(register=register, people=people, judgement=judgement, choices=choices)
    made = await _draft(run, desk_of(run, found), order)
    head = Head(
        run_id=run.run_id,
        started_at=run.now,
        finished_at=clock(),
        exit_code=ExitCode.REFUSED if isinstance(made, LetterRefused) else ExitCode.IN_STEP,
        source=Source(items=len(register.cases.items), complete=True, version=register.version),
    )
    document = LetterDocument(head=head, case_ref=order.reference, kind=order.kind.value)
    if isinstance(made, LetterRefused):
        language = order.language.value if order.language else ""
        return replace(document, language=language, refused=(_refusal(made),))
    files = tuple(str(path) for path in save(made.letter))
    return replace(document, language=made.language.value, files=files)


async def _draft(run: Run, desk: LetterDesk, order: LetterOrder) -> Written | LetterRefused:
    case = desk.case(order.reference)
    if case is None:
        known = desk.is_known(order.reference)
        return refused(LetterCode.CASE_NOT_APPROVED if known else LetterCode.CASE_NOT_FOUND)
    source = desk.source(order.kind, case, _latest_review(desk, case))
    if isinstance(source, LetterRefused):
        return source
    person = await personal_fields(run.readers, run, case.item.item_id)
    letters = run.options.letters
    facts = letter_facts(order.kind, replace(source, person=person), run.options.profile, letters.council)
    if isinstance(facts, LetterRefused):
        return facts
    language = order.language or preferred_language(case, run.options.profile)
    letter = draft_letter(facts, language=language, templates=load_templates(letters.templates))
    return letter if isinstance(letter, LetterRefused) else Written(letter, language)


def _latest_review(desk: LetterDesk, case: LetterCase) -> ListItem | None:
    return next(reversed(desk.reviews(case)), None)


def _refusal(one: LetterRefused) -> RefusedLetter:
    missing = tuple(MissingLine(entry.what, entry.where) for entry in one.missing)
    return RefusedLetter(code=one.code.value, message=one.message, missing=missing)
