"""The stages of the main path before its plan: what each one hands on to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from m365_restrict.findings.left_behind import within_sight
from m365_restrict.ledger.folders import FolderPlace
from m365_restrict.ledger.register_memory import LiveCase
from m365_restrict.plan.change import Applied, Difference, Observed
from m365_restrict.plan.difference import difference
from m365_restrict.plan.healing import healing
from m365_restrict.plan.inherit import followed
from m365_restrict.plan.renamed import Renamed, known_again
from m365_restrict.plan.settling import keep_until_settled
from m365_restrict.plan.waivers import without_waived
from m365_restrict.plan.wanted import mailboxes_to_read
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.case import Case
from m365_restrict.register.read_choice import ChoiceReading
from m365_restrict.report.verb import Verb
from m365_restrict.rules.compilation import Desired, Directory
from m365_restrict.rules.compile import compile_rules
from m365_restrict.steps.checking import (
    LiveCases,
    check,
    choices_with_folders,
    evidence_to_pin,
    live_cases,
    stated_cases,
)
from m365_restrict.steps.exempt_groups import members_where_rules_go, with_exempt_groups
from m365_restrict.steps.found import Found
from m365_restrict.steps.hand_over import reachable_choices, reachable_rules
from m365_restrict.steps.observing import (
    MailboxRules,
    TransportRules,
    observed_in,
    read_transport_rules,
)
from m365_restrict.steps.openings import end_followed
from m365_restrict.steps.reading import (
    People,
    Register,
    cases_by_main_address,
    find_vanished,
    read_directory,
    read_people,
    read_register,
    remembered,
)
from m365_restrict.steps.reading_ahead import InboxRulesAhead
from m365_restrict.steps.recording import unfinished_mailboxes
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.waiving import waiver_ground
from m365_restrict.tenant.together import beside, both
from m365_restrict.writes.mailbox_folders import (
    Folders,
    asked_anew,
    folders_wanted,
    read_folders,
    rules_with_folders,
    unconfirmed,
)

_REMEMBERING = frozenset({Verb.PLAN, Verb.APPLY})
"""The verbs that take ids of folders from the ledger. `drift` proves, `heal` writes, and both ask anew."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Stage 1: the register, and what of the tenant does not depend on it; what the last run left behind.

    `vanished` are item ids of live cases that the list no longer holds.
    """

    register: Register
    people: People
    transport: TransportRules
    before: tuple[LiveCase, ...]
    vanished: frozenset[str]
    applied: tuple[Applied, ...]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Stage 2: what counts, and what cases and rules are called now. `before` is under today's references."""

    judgement: Judgement
    choices: ChoiceReading
    before: tuple[LiveCase, ...]
    names: Renamed

    @property
    def in_force(self) -> tuple[Case, ...]:
        """The cases that count today."""
        return tuple(one.case for one in self.judgement.in_force)


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """Stage 3: the rules that are wanted, and what is known of mailboxes, folders and applied rules.

    `group_members` are the primary addresses in those groups that were read.
    """

    directory: Directory
    folders: Folders
    choices: ChoiceReading
    desired: Desired
    applied: tuple[Applied, ...]
    names: Renamed
    group_members: Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Stage 5: where the cases stand, and the three-way difference without what waits or is waived."""

    cases: LiveCases
    difference: Difference


async def read_sources(run: Run) -> Sources:
    """Read the lists whole, or not at all, and beside them who is who and the transport rules.

    A run that writes notes which items are there.
    """
    readers, ledger = run.readers, run.ledger
    register, (people, transport) = await beside(
        read_register(readers, run.options, remembered(ledger)),
        both(read_people(readers.directory, run.options.people), _transport_rules(run)),
    )
    before = ledger.register.live()
    vanished = await find_vanished(
        readers, run.options, known=(case.item_id for case in before), read=register.cases
    )
    if run.writing is not None:
        ledger.register.note_present(item.item_id for item in register.cases.items)
    return Sources(
        register=register,
        people=people,
        transport=transport,
        before=tuple(before),
        vanished=vanished,
        applied=within_sight(run, ledger.rules.all()),
    )


async def _transport_rules(run: Run) -> TransportRules:
    """Those of the tenant, for a run that looks at it."""
    if run.verb is Verb.VALIDATE:
        return TransportRules()
    return await read_transport_rules(run.readers, run.options)


async def judge(run: Run, sources: Sources) -> Judged:
    """Judge cases and choices, pin the evidence of approvals, and find renamed cases again."""
    judgement, choices = await check(run, sources.register, sources.people)
    run.ledger.register.pin(evidence_to_pin(judgement, sources.people))
    end_followed(run, judgement)
    known = {one.item_id: one.case_reference for one in sources.before}
    names = known_again(sources.applied, known, judgement)
    before = tuple(replace(one, case_reference=names.references[one.item_id]) for one in sources.before)
    return Judged(judgement=judgement, choices=choices, before=before, names=names)


async def compile_wanted(run: Run, sources: Sources, judged: Judged) -> Compiled:
    """Ask the directory about everybody concerned, and compile cases and choices to rules."""
    options, readers = run.options, run.readers
    applied: Sequence[Applied] = tuple(judged.names.rules.values())
    counting = judged.in_force
    named = [*counting, *stated_cases(judged.judgement, judged.before)]
    directory = await read_directory(
        readers.directory,
        sources.people,
        named,
        judged.choices.choices,
        senders=cases_by_main_address(named, options),
        applied=applied,
    )
    directory = await with_exempt_groups(readers.directory, directory, named, options)
    members = await members_where_rules_go(readers.directory, directory, named, applied)
    wanted = folders_wanted(
        counting, judged.choices.choices, directory, applied, carrier=options.compile.carrier
    )
    folders = await read_folders(readers.inbox_rules, wanted, _remembered_folders(run, wanted))
    return _compiled(run, judged, directory, members, folders)


def _remembered_folders(run: Run, wanted: Sequence[FolderPlace]) -> Mapping[FolderPlace, str]:
    """The ids of those of these folders that were asked for lately enough."""
    lately = run.options.folders_remembered
    if run.verb not in _REMEMBERING or not lately:
        return {}
    return run.ledger.folders.recall(wanted, since=run.now - lately, now=run.now)


def _compiled(
    run: Run, judged: Judged, directory: Directory, members: Mapping[str, frozenset[str]], folders: Folders
) -> Compiled:
    """Cases and choices as rules, once it is known who everybody is and where the folders are."""
    options, judgement = run.options, judged.judgement
    counting, stated = judged.in_force, stated_cases(judgement, judged.before)
    applied: Sequence[Applied] = folders.as_named_now(tuple(judged.names.rules.values()))
    choices = choices_with_folders(judged.choices, folders, directory, options)
    choices = reachable_choices(run, choices, judgement, applied)
    desired = compile_rules(counting, choices.choices, directory, options.compile, stated=stated)
    desired = rules_with_folders(reachable_rules(run, desired, applied), folders)
    applied, names = followed(applied, judged.names, desired)
    return Compiled(
        directory=directory,
        folders=folders,
        choices=choices,
        desired=desired,
        applied=tuple(applied),
        names=names,
        group_members=members,
    )


async def observe_rules(
    run: Run, sources: Sources, judged: Judged, compiled: Compiled, ahead: InboxRulesAhead
) -> tuple[Compiled, Observed]:
    """Read the inbox rules of every mailbox that is concerned, beside the transport rules of the first stage.

    A mailbox whose folders could not be read counts as unread.
    Where a rule does not show its folder as it is remembered, the folder is asked for and the rules are
    compiled anew: what is written rests on no id that neither this run nor the rule itself was told.
    """
    wanted = {*mailboxes_to_read(compiled.desired, compiled.applied), *unfinished_mailboxes(run.ledger)}
    unreadable = compiled.folders.unreadable.keys() & wanted
    read: Mapping[str, MailboxRules] = {
        **dict.fromkeys(unreadable, ()),
        **await ahead.of(wanted - unreadable),
    }
    observed = _observed(run, sources, compiled, read)
    doubtful = unconfirmed(compiled.folders, compiled.desired, compiled.applied, observed)
    if doubtful:
        folders = await asked_anew(run.readers.inbox_rules, compiled.folders, doubtful)
        compiled = _compiled(run, judged, compiled.directory, compiled.group_members, folders)
        observed = _observed(run, sources, compiled, read)
    known = compiled.folders
    run.ledger.folders.keep(known.asked, unchanged=known.remembered, now=run.now)
    return compiled, observed


def _observed(run: Run, sources: Sources, compiled: Compiled, read: Mapping[str, MailboxRules]) -> Observed:
    inbox = observed_in(
        read, applied=compiled.applied, folders=compiled.folders, instance_id=run.options.instance_id
    )
    return Observed(transport=sources.transport.rules, inbox=inbox)


def compare_rules(
    run: Run, sources: Sources, judged: Judged, compiled: Compiled, observed: Observed
) -> Compared:
    """The three-way difference. Replaced rules wait until their successors have settled."""
    cases = live_cases(
        run,
        judged.judgement,
        sources.people,
        before=judged.before,
        references=judged.names.references,
        vanished=sources.vanished,
    )
    given = cases.difference_input(
        compiled.desired, observed, compiled.applied, run.options, claims=run.ledger.claims.standing()
    )
    given = replace(
        given,
        begun=frozenset(one.key for one in run.ledger.written.unfinished()),
        group_members=compiled.group_members,
    )
    wait = run.options.settle
    if run.verb is Verb.HEAL:
        settled = healing(given, now=run.now, wait=wait)
    else:
        settled = keep_until_settled(difference(given), given, now=run.now, wait=wait)
    return Compared(cases=cases, difference=without_waived(settled, waiver_ground(run, compiled.applied)))


def found_so_far(sources: Sources, judged: Judged, compiled: Compiled) -> Found:
    """What is known before the tenant's rules are looked at."""
    return Found(
        register=sources.register,
        people=sources.people,
        judgement=judged.judgement,
        choices=compiled.choices,
        desired=compiled.desired,
    )
