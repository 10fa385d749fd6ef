"""Puts fuzzed messages through what the sandbox and `explain --message` do with a message, and judges it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz_council import FuzzCouncil, found_council
from fuzz_messages import RESTRICTED, FuzzedMessage

from m365_restrict.errors import ConfigurationError
from m365_restrict.explaining.headers import header_remarks
from m365_restrict.explaining.mail import MessageHeaders, copy_line, question_about_message
from m365_restrict.mailflow.delivery import Copy, Outcome, Trace, trace
from m365_restrict.mailflow.message import Message, read_message
from m365_restrict.rules.transport_rule import SenderLocation, SenderMatch

LONGEST_SECONDS = 20.0
"""A message of a megabyte is read in one or two; what takes longer than this grows faster than its size."""
ASKED = "clerk@ash.example"
_LISTED = {address: f"RC-{number}" for number, address in enumerate(RESTRICTED)}
_STORED_EVERY = 40


@dataclass(frozen=True)
class Tried:
    """What became of one message or item: the classes that are counted, and what is wrong."""

    classes: tuple[str, ...]
    failures: tuple[str, ...] = ()


class DeliveryBench:
    """The two councils, whose rules name senders plainly and by patterns."""

    def __init__(self, folder: Path) -> None:
        """Plant them below the folder."""
        self.councils = {match: found_council(folder, match) for match in SenderMatch}

    def close(self) -> None:
        """Close their stores."""
        for council in self.councils.values():
            council.tenant.store.close()

    def try_message(self, fuzzed: FuzzedMessage) -> Tried:
        """Deliver and explain one message."""
        begun = time.process_time()
        classes: dict[str, None] = {}
        failures: list[str] = []
        for match, council in self.councils.items():
            message = read_message(fuzzed.raw, fuzzed.envelope_from)
            outcome = trace(message, fuzzed.recipients, council.flow)
            classes |= dict.fromkeys(f"message {copy.outcome.value}" for copy in outcome.copies)
            failures += [f"{match.value}: {one}" for one in _failures(fuzzed, outcome, council)]
        if fuzzed.number % _STORED_EVERY == 0:
            failures += _stored(fuzzed, self.councils[SenderMatch.FROM])
        told, wrong = _explained(fuzzed, self.councils[SenderMatch.FROM])
        failures += wrong
        if time.process_time() - begun > LONGEST_SECONDS:
            failures.append(f"it took {time.process_time() - begun:.0f} seconds")
        return Tried((*classes, told), tuple(failures))


def _failures(fuzzed: FuzzedMessage, outcome: Trace, council: FuzzCouncil) -> Iterator[str]:
    """A copy for every recipient, in order, each with an end; and rules for nobody but their senders."""
    direct = [copy for copy in outcome.copies if copy.added_by is None]
    if tuple(copy.recipient for copy in direct) != fuzzed.recipients:
        yield "the copies are not those of the recipients"
    yield from (f"a copy ends nowhere: {copy}" for copy in outcome.copies if not _ends(copy, council))
    kept = {(stored.mailbox, stored.folder) for stored in outcome.stored}
    yield from (
        f"a mailbox did not keep what it was given: {copy}"
        for copy in outcome.copies
        if copy.mailbox and (copy.mailbox, copy.folder) not in kept
    )
    acted = {name for copy in outcome.copies for name in copy.rules}
    yield from _wrong_rules(fuzzed, direct, acted, council.senders_of)


def _ends(copy: Copy, council: FuzzCouncil) -> bool:
    if copy.outcome is Outcome.REJECTED:
        return bool(copy.ndr)
    if copy.outcome in {Outcome.DROPPED, Outcome.QUARANTINED}:
        return False
    directory = council.tenant.directory
    lands = directory.has_mailbox(directory.primary(copy.recipient)) or copy.outcome is Outcome.REDIRECTED
    return not lands or bool(copy.mailbox and copy.folder)


def _wrong_rules(
    fuzzed: FuzzedMessage, direct: Sequence[Copy], acted: set[str], meant: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    """Rules that acted on others' mail, and those that let their sender's to an ordinary mailbox pass."""
    if fuzzed.senders is None:
        text = fuzzed.raw.lower().replace(b"\\", b"")
        for name in acted:
            if not any(_occurs(address, text) for address in meant[name]):
                yield f"{name} acted, and no address of its case stands in the message"
        return
    due = {name for name, addresses in meant.items() if addresses & fuzzed.senders}
    yield from (f"{name} acted on the mail of {sorted(fuzzed.senders)}" for name in acted - due)
    whole = {name for name in due if "planning.only@post.example" not in meant[name]}
    if whole and any(copy.recipient == ASKED and not copy.rules for copy in direct):
        yield f"none of {sorted(whole)} acted on the mail of {sorted(fuzzed.senders)}"


def _occurs(address: str, text: bytes) -> bool:
    return all(part.encode() in text for part in address.replace("@", ".").split("."))


def _stored(fuzzed: FuzzedMessage, council: FuzzCouncil) -> Iterator[str]:
    """The same message as the control call and the SMTP front hand it to the sandbox."""
    before = len(council.tenant.delivery.traces())
    answer = council.tenant.delivery.deliver(fuzzed.raw, fuzzed.envelope_from, fuzzed.recipients)
    direct = [one for one in answer["copies"] if one["added_by"] is None]
    if len(direct) != len(fuzzed.recipients):
        yield "the sandbox answered for other recipients than were asked for"
    if len(council.tenant.delivery.traces()) != before + 1:
        yield "the sandbox did not note the message"
    for upn in sorted({one["mailbox"] for one in direct if one["mailbox"]}):
        if not any(folder["messages"] for folder in council.tenant.delivery.mailbox(upn)["folders"]):  # type: ignore[index]  # it was delivered to, so it is there
            yield f"{upn} holds nothing"


def _explained(fuzzed: FuzzedMessage, council: FuzzCouncil) -> tuple[str, list[str]]:
    """What `explain --message` makes of it: an answer, or a refusal that says what to do."""
    headers = MessageHeaders(raw=fuzzed.raw, size=len(fuzzed.raw), envelope_from=None)
    try:
        question = question_about_message(headers, ())
    except ConfigurationError as error:
        wrong = [] if is_sentence(str(error)) and is_sentence(error.advice) else [f"no sentence: {error}"]
        return "explanation refused", wrong
    asked = question.recipients or (ASKED,)
    message = question.message_to(asked)
    copies = trace(message, asked, council.flow).copies
    lines = [copy_line(copy) for copy in copies if copy.added_by is None]
    failures = [] if len(lines) >= len(asked) else ["explaining dropped a recipient"]
    failures += [f"a remark is no sentence: {one!r}" for one in _remarks(message) if not is_sentence(one)]
    return "explained", failures


def _remarks(message: Message) -> Iterator[str]:
    for location in SenderLocation:
        yield from header_remarks(message, _LISTED, location)


def is_sentence(text: str) -> bool:
    """Whether a text begins with a capital, ends with a full stop and stays on its line."""
    begins = text[:1].isupper() or text[:1] in "'\"" or text[:1].isdigit()
    return begins and text.endswith(".") and text.isprintable()
