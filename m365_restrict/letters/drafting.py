"""Letters drafted to the council's library when a case is approved, reviewed or lifted.

The officer finds the link in the case's note, checks the draft, signs it and sends it. A letter that
cannot be drafted is told there too, with what is missing. Nothing here stops a run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from m365_restrict.errors import ConfigurationError, RestrictError
from m365_restrict.ledger.drafts import DraftedLetter
from m365_restrict.letters.source import LetterCase, LetterDesk, merged_evidence
from m365_restrict.policy.profile import Profile
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.item import ListItem
from m365_restrict.register.values import as_text
from m365_restrict.report.letters.draft import Letter, draft_letter
from m365_restrict.report.letters.facts import LetterRefused
from m365_restrict.report.letters.gather import letter_facts
from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage, Tongue
from m365_restrict.report.letters.language import language_for
from m365_restrict.report.letters.templates_folder import LetterTemplates, load_templates
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.session import TenantReaders, TenantWriters

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HTML = "text/html; charset=utf-8"
_NAMES = {
    LetterKind.DECISION: "decision letter",
    LetterKind.REVIEW: "letter about the review",
    LetterKind.LIFT: "letter about the end of the restriction",
    LetterKind.REMINDER: "reminder",
}
_THEN = {
    LetterKind.DECISION: "Then fill in Notice sent on, How notice was sent and Notice document.",
    LetterKind.REVIEW: "Then fill in Person told on in the review.",
    LetterKind.LIFT: "Then keep it with the case's documents.",
    LetterKind.REMINDER: "",
}


@dataclass(frozen=True, kw_only=True)
class LetterDrafts:
    """What came of one run. `notes` holds lines for the cases' notes by item id: links and what is missing.

    `refused` holds (case reference, refusal). Neither holds a person's name.
    """

    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drafted: tuple[DraftedLetter, ...] = ()
    refused: tuple[tuple[str, LetterRefused], ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """One letter that is due. `key` changes when what it must say changes."""

    key: str
    kind: LetterKind
    case: LetterCase
    review: ListItem | None = None


async def draft_letters(run: Run, found: Found, writers: TenantWriters) -> LetterDrafts:
    """Draft every letter that is due and not drafted yet; NOTIFY__LIBRARY names the folder, "" drafts none.

    Call it after the changes of a run are recorded. Never raises for a letter, the library or a template.
    """
    if not run.options.notify.library:
        return LetterDrafts()
    note_due_letters(run, found)
    desk = desk_of(run, found)
    known = run.ledger.drafts.all()
    notes: dict[str, list[str]] = {}
    drafted: list[DraftedLetter] = []
    refused: list[tuple[str, LetterRefused]] = []
    for one in _due(desk, found, known):
        before = known[one.key]
        made = before if before.is_filed else await _draft(run, desk, one, writers)
        if isinstance(made, DraftedLetter):
            drafted += [] if before.is_filed else [made]
            line = _link(one.kind, made)
        else:
            refused += [(one.case.case.reference, made)] if isinstance(made, LetterRefused) else []
            line = f"The {_NAMES[one.kind]} is not drafted. {_reason(made)}"
        notes.setdefault(one.case.item.item_id, []).append(line)
    return LetterDrafts(
        notes={item_id: tuple(lines) for item_id, lines in notes.items()},
        drafted=tuple(drafted),
        refused=tuple(refused),
    )


def note_due_letters(run: Run, found: Found) -> None:
    """Remember every letter that is due, so that a later run drafts it whatever becomes of it in this one.

    That a case is live no more is seen by one run alone: call it before that run forgets that it was. A case
    that stopped without having ended, as one that is suspended, has its letter once it has.
    """
    if not run.options.notify.library:
        return
    drafts, desk = run.ledger.drafts, desk_of(run, found)
    known = drafts.all()
    for one in _due(desk, found, known):
        if one.key not in known:
            drafts.record(_letter(run, one, document="", page=""), run_id=run.run_id)
        mark = _stopped(one.case.item.item_id)
        if one.kind is LetterKind.LIFT and mark in known:
            drafts.forget(mark)
    for item_id, reference in _stopping(desk, found):
        drafts.record(_mark(run, item_id, reference), run_id=run.run_id)


def desk_of(run: Run, found: Found) -> LetterDesk:
    """The desk of one run."""
    evidence = merged_evidence(run.ledger.register.evidence(), found)
    return LetterDesk(found=found, evidence=evidence, today=run.today, zone=run.options.zone)


async def personal_fields(readers: TenantReaders, run: Run, item_id: str) -> dict[str, str]:
    """The name and address of one case, read for a letter alone."""
    places = run.options.lists
    place = await readers.lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
    return await readers.lists.read_personal_fields(place, RESTRICTED_CONTACTS, item_id)


def preferred_language(case: LetterCase, profile: Profile) -> LetterLanguage:
    """The language of letters about a case by its LanguagePreference and the languages of the policy."""
    offered = [Tongue(language.value) for language in profile.languages]
    return language_for(case.case.other.language, offered)


def _due(desk: LetterDesk, found: Found, known: Mapping[str, DraftedLetter]) -> Iterator[_Wanted]:
    """Letters that wait to be sent. Of an end, where the case was live until then or until it stopped."""
    live_before = {one.item_id for one in found.planned.cases.before} if found.planned else set[str]()
    for case in desk.cases():
        item_id, other = case.item.item_id, case.case.other
        told = other.notice_doc_id or (other.decision_doc_id and other.notice_sent_on)
        if case.is_decided and case.evidence is not None and not told:
            key = f"{item_id}:decision:{case.evidence.fields_hash[:32]}"
            yield _Wanted(key=key, kind=LetterKind.DECISION, case=case)
        for review in desk.reviews(case):
            if not review.fields.get("OutcomeToldOn"):
                outcome, new_end = (as_text(review.fields.get(name, "")) for name in ("Outcome", "NewEndsOn"))
                key = f"{item_id}:review:{review.item_id}:{outcome}:{new_end}"
                yield _Wanted(key=key, kind=LetterKind.REVIEW, case=case, review=review)
        lift = f"{item_id}:lift:{desk.ended_on(case)}"
        was_live = item_id in live_before or _stopped(item_id) in known
        if case.has_ended and (was_live or lift in known):
            yield _Wanted(key=lift, kind=LetterKind.LIFT, case=case)


def _stopping(desk: LetterDesk, found: Found) -> Iterator[tuple[str, str]]:
    """The item ids and references of cases in the list that this run sees live no more, and not ended."""
    if found.planned is None:
        return
    ended = {one.item.item_id for one in desk.cases() if one.has_ended}
    there = {item.item_id for item in found.register.cases.items} - ended
    still = {one.item_id for one in found.planned.cases.live}
    for case in found.planned.cases.before:
        if case.item_id in there - still:
            yield case.item_id, case.case_reference


def _stopped(item_id: str) -> str:
    """The key under which it is remembered that a case was live and has stopped without having ended."""
    return f"{item_id}:stopped"


def _mark(run: Run, item_id: str, reference: str) -> DraftedLetter:
    return DraftedLetter(
        key=_stopped(item_id),
        item_id=item_id,
        case_reference=reference,
        kind=LetterKind.LIFT.value,
        language="",
        drafted_on=run.today,
        document_url="",
        page_url="",
    )


async def _draft(
    run: Run, desk: LetterDesk, wanted: _Wanted, writers: TenantWriters
) -> DraftedLetter | LetterRefused | RestrictError:
    try:
        return await _drafted(run, desk, wanted, writers)
    except RestrictError as error:
        return error


async def _drafted(
    run: Run, desk: LetterDesk, wanted: _Wanted, writers: TenantWriters
) -> DraftedLetter | LetterRefused:
    language = preferred_language(wanted.case, run.options.profile)
    source = desk.source(wanted.kind, wanted.case, wanted.review)
    if isinstance(source, LetterRefused):
        return source
    person = await personal_fields(run.readers, run, wanted.case.item.item_id)
    letters = run.options.letters
    facts = letter_facts(wanted.kind, replace(source, person=person), run.options.profile, letters.council)
    if isinstance(facts, LetterRefused):
        return facts
    letter = draft_letter(facts, language=language, templates=_templates(run))
    if isinstance(letter, LetterRefused):
        return letter
    document, page = await _upload(run, writers, facts.case_reference, letter)
    made = _letter(run, wanted, document=document, page=page)
    run.ledger.drafts.record(made, run_id=run.run_id)
    return made


def _letter(run: Run, wanted: _Wanted, *, document: str, page: str) -> DraftedLetter:
    return DraftedLetter(
        key=wanted.key,
        item_id=wanted.case.item.item_id,
        case_reference=wanted.case.case.reference,
        kind=wanted.kind.value,
        language=preferred_language(wanted.case, run.options.profile).value,
        drafted_on=run.today,
        document_url=document,
        page_url=page,
    )


def _templates(run: Run) -> LetterTemplates:
    return load_templates(run.options.letters.templates)


async def _upload(run: Run, writers: TenantWriters, reference: str, letter: Letter) -> tuple[str, str]:
    site, library = run.options.lists.register_site, run.options.notify.library
    folder = reference.replace("/", "-")
    urls = []
    for ending, content, kind in ((".docx", letter.docx, _DOCX), (".html", letter.html.encode(), _HTML)):
        path = f"{folder}/{letter.file_name}{ending}"
        uploaded = await writers.library.upload(site, library, path, content, content_type=kind)
        urls.append(uploaded.web_url)
    return urls[0], urls[1]


def _link(kind: LetterKind, made: DraftedLetter) -> str:
    then = f" {_THEN[kind]}" if _THEN[kind] else ""
    return (
        f"A draft of the {_NAMES[kind]} waits to be checked, signed and sent: {made.document_url} (Word), "
        f"{made.page_url} (web page).{then}"
    )


def _reason(failure: LetterRefused | RestrictError) -> str:
    if isinstance(failure, LetterRefused):
        return failure.message
    if isinstance(failure, ConfigurationError):
        return f"{failure.message} {failure.advice}"
    return f"The library could not be reached: {failure.message} The next run tries again."
