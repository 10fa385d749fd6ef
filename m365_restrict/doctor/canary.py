"""`doctor --canary`: an enforced rule on a message of ICT's own, and what became of that message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.doctor.acting_rule import ActingRules
from m365_restrict.doctor.canary_judge import (
    CanaryCheck,
    Evidence,
    is_good,
    redirect_shown,
    settle,
    wanted_checks,
)
from m365_restrict.doctor.canary_rules import (
    Parts,
    canary_end,
    canary_rules,
    parts_of,
    require_pilots,
    rule_names,
)
from m365_restrict.doctor.codes import DoctorRefusal
from m365_restrict.doctor.document import CanaryLine, CanaryState, DoctorDocument, Doing, MessageLine
from m365_restrict.errors import ExitCode, RequestRefused, RunStopped, ServiceError, first_of
from m365_restrict.ledger.tenant_profile import Canary
from m365_restrict.outcome import Unknown
from m365_restrict.plan.leaks import RedirectTrace
from m365_restrict.report.documents import Head
from m365_restrict.rules.patterns import PatternAnchors
from m365_restrict.rules.tenant_profile import NO, YES, Question, TenantAnswer, canary_form
from m365_restrict.rules.transport_rule import SenderMatch
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.session import TenantWriters
from m365_restrict.tenant.trace import TraceLine

_CODES = {
    CanaryState.PASSED: ExitCode.IN_STEP,
    CanaryState.WAITING: ExitCode.DIFFERENCES,
    CanaryState.FAILED: ExitCode.REFUSED,
}


@dataclass(frozen=True)
class CanaryRun:
    """One call of the verb: the run, its writing where it has any, and the parts."""

    run: Run
    parts: Parts
    finished: Callable[[], datetime]

    async def start(self, writing: Writing) -> DoctorDocument:
        """Make the rules, in place of those of a canary that still stands."""
        run = self.run
        await require_pilots(run.readers, run.options, self.parts)
        token = run.run_id[-6:]
        canary = Canary(
            tenant_id=run.options.tenant_id,
            token=token,
            form=canary_form(run.options.compile),
            about=self.parts.digest,
            started_at=run.now,
            expires_at=canary_end(run.now, run.options.settle),
            run_id=run.run_id,
        )
        async with writing.open_writers() as writers:
            earlier = run.ledger.canaries.standing(run.options.tenant_id)
            if earlier is not None:
                await self._end(earlier, writers, passed=False)
            canary = run.ledger.canaries.begin(canary)
            canary = await self._made(canary, writing, writers)
        return self._document(Doing.CANARY_START, canary, code=ExitCode.IN_STEP)

    async def confirm(self, writing: Writing, given: Mapping[CanaryCheck, str]) -> DoctorDocument:
        """Take in what the operator has seen and what the trace tells; end the canary once all is known."""
        run, canary = self.run, self._standing()
        evidence = await self._evidence(canary)
        ended = run.now >= canary.expires_at
        settled = {check.value: value for check, value in settle(given, evidence, ended=ended)}
        canary = replace(canary, answers={**canary.answers, **settled})
        run.ledger.canaries.update(canary)
        state = self._state(canary)
        if state is not CanaryState.WAITING:
            async with writing.open_writers() as writers:
                canary = await self._end(canary, writers, passed=state is CanaryState.PASSED)
            self._learn(canary, shown=redirect_shown(evidence, self.parts.captured))
        return self._document(Doing.CANARY_CONFIRM, canary)

    def status(self) -> DoctorDocument:
        """The canary that stands, or the last one."""
        every = self.run.ledger.canaries.all(self.run.options.tenant_id)
        if not every:
            raise RequestRefused(
                "No canary was ever started for this tenant.", code=DoctorRefusal.CANARY_NOT_STANDING
            )
        return self._document(Doing.CANARY_STATUS, every[-1])

    def _standing(self) -> Canary:
        canary = self.run.ledger.canaries.standing(self.run.options.tenant_id)
        if canary is None:
            raise RequestRefused("No canary stands.", code=DoctorRefusal.CANARY_NOT_STANDING)
        if canary.about != self.parts.digest:
            raise RequestRefused(
                "CANARY__ADDRESS or CANARY__MAILBOXES was changed since this canary began: start another.",
                code=DoctorRefusal.CANARY_NOT_SET,
            )
        return canary

    async def _made(self, canary: Canary, writing: Writing, writers: TenantWriters) -> Canary:
        """The canary with its rules, each kept in the ledger at once; none is left where one fails."""
        run = self.run
        acting = ActingRules(run.readers.transport_rules, writers.transport_rules)
        wanted = canary_rules(self.parts, run.options, token=canary.token, expires_at=canary.expires_at)
        for target in wanted:
            writing.lease.check()
            if asked := writing.stopping():
                await self._end(canary, writers, passed=False)
                raise RunStopped(f"{asked} stopped the canary before all its rules stood; none is left.")
            try:
                guid = await acting.make(target)
            except ServiceError as error:
                await self._end(canary, writers, passed=False)
                raise RequestRefused(error.message, code=DoctorRefusal.CANARY_NOT_BEGUN) from error
            canary = replace(canary, rules=(*canary.rules, guid))
            run.ledger.canaries.update(canary)
        return canary

    async def _end(self, canary: Canary, writers: TenantWriters, *, passed: bool) -> Canary:
        """Take the rules away and close the canary; ServiceError where one cannot be taken away."""
        acting = ActingRules(self.run.readers.transport_rules, writers.transport_rules)
        await acting.remove(rule_names(canary.token), guids=frozenset(canary.rules))
        ended = replace(canary, ended_at=self.run.now, passed=passed)
        self.run.ledger.canaries.update(ended)
        return ended

    async def _evidence(self, canary: Canary) -> Evidence:
        run = self.run
        lines = await run.readers.traces.lines(self.parts.sender, since=canary.started_at, until=run.now)
        if isinstance(lines, Unknown):
            return Evidence(first=lines, second=lines, refused=self.parts.refuses)
        first, second = (
            tuple(line for line in lines if _subject(canary, number) in line.subject) for number in (1, 2)
        )
        return Evidence(
            first=first, second=second, named=await self._named(canary, first), refused=self.parts.refuses
        )

    async def _named(self, canary: Canary, first: tuple[TraceLine, ...]) -> bool | None:
        """Whether the trace itself says that the rule acted on the first mailbox's copy."""
        line = next((one for one in first if one.recipient == self.parts.captured), None)
        if line is None:
            return None
        found = await self.run.readers.traces.tells_of(line, f"m365-restrict canary {canary.token}")
        return None if isinstance(found, Unknown) else found or None

    def _state(self, canary: Canary) -> CanaryState:
        if canary.ended_at is not None:
            return CanaryState.PASSED if canary.passed else CanaryState.FAILED
        if any(not is_good(CanaryCheck(name), value) for name, value in canary.answers.items()):
            return CanaryState.FAILED
        return CanaryState.WAITING if self._open(canary) else CanaryState.PASSED

    def _open(self, canary: Canary) -> tuple[str, ...]:
        wanted = wanted_checks(refuses=bool(self.parts.refuses))
        return tuple(check.value for check in wanted if check.value not in canary.answers)

    def _learn(self, canary: Canary, *, shown: RedirectTrace | None) -> None:
        """Keep what the canary has shown about this tenant, for the compiler and for people."""
        found: dict[Question, str] = {}
        copies = canary.answers.get(CanaryCheck.COPIES.value, "")
        if copies.isdigit():
            found[Question.COPIES] = copies
        options, matched = self.run.options.compile, canary.answers.get(CanaryCheck.MATCH.value)
        if matched and options.sender_match is SenderMatch.PATTERNS:
            anchors = options.pattern_anchors
            other = next(one for one in PatternAnchors if one is not anchors)
            found[Question.PATTERN_ANCHORS] = (other if matched == NO else anchors).value
        elif matched == NO:
            # From took the address and did not match it: patterns are the other way to name a sender.
            found[Question.FROM_EXTERNAL] = NO
        if shown is not None and matched == YES:
            found[Question.REDIRECT_TRACE] = shown.value
        answers = [
            TenantAnswer(question=question, value=value, source="canary", at=self.run.now)
            for question, value in found.items()
        ]
        self.run.ledger.tenant_answers.record(canary.tenant_id, answers, run_id=self.run.run_id)

    def _document(self, doing: Doing, canary: Canary, *, code: ExitCode | None = None) -> DoctorDocument:
        state = self._state(canary)
        waiting = state is CanaryState.WAITING
        return DoctorDocument(
            head=Head(
                run_id=self.run.run_id,
                started_at=self.run.now,
                finished_at=self.finished(),
                exit_code=first_of(code if code is not None else _CODES[state]),
            ),
            doing=doing,
            canary=CanaryLine(
                token=canary.token,
                form=canary.form,
                state=state,
                started_at=canary.started_at,
                expires_at=canary.expires_at,
                answers=canary.answers,
                open=self._open(canary) if waiting else (),
                messages=self._messages(canary) if waiting else (),
            ),
        )

    def _messages(self, canary: Canary) -> tuple[MessageLine, ...]:
        lag = self.run.options.settle
        return tuple(
            MessageLine(
                sender=self.parts.sender,
                recipients=self.parts.recipients,
                subject=_subject(canary, number),
                from_=begins + lag,
            )
            for number, begins in ((1, canary.started_at), (2, canary.expires_at - lag))
        )


def canary_run(run: Run, finished: Callable[[], datetime]) -> CanaryRun:
    """The verb for the parts that the settings name; RequestRefused where they name none."""
    return CanaryRun(run, parts_of(run.options.canary), finished)


def _subject(canary: Canary, number: int) -> str:
    return f"m365-restrict canary {canary.token} {number}"
