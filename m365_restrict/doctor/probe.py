"""`doctor --probe`: what disabled rules can settle of exchange.md 8. Every rule is taken away again."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from m365_restrict.doctor.answers import answer_lines
from m365_restrict.doctor.bench import Bench
from m365_restrict.doctor.check import Check, bad, good, unread
from m365_restrict.doctor.codes import CheckCode, DoctorRefusal
from m365_restrict.doctor.document import DoctorDocument, Doing
from m365_restrict.errors import ErrorCode, ExitCode, RequestRefused, ServiceError, first_of
from m365_restrict.outcome import Unknown
from m365_restrict.report.documents import Head
from m365_restrict.rules.end_date import END, end_to_send_again
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue
from m365_restrict.rules.patterns import PatternAnchors, exact_pattern
from m365_restrict.rules.properties import FROM, PATTERNS
from m365_restrict.rules.tenant_profile import NO, YES, Question, TenantAnswer
from m365_restrict.steps.run_context import Run, Writing

NOBODY = "nobody@probe.example"
"""An address that nobody can have: the domain is reserved for examples."""
_REFUSED = frozenset({400, 404, 409})
_FAILED = 500
_HARMLESS: Properties = {"SetHeaderName": "X-M365-Restrict-Probe", "SetHeaderValue": "1"}
_CODE = "5.7.900"
_ABOUT = "this tenant's Exchange"


async def probe(run: Run, writing: Writing, finished: Callable[[], datetime]) -> DoctorDocument:
    """Ask every question that disabled rules can settle and keep the answers for this tenant."""
    run.progress("Making disabled trial rules, one after another")
    await _require_rules(run)
    checks: list[Check] = []
    answers: list[TenantAnswer] = []
    async with writing.open_writers() as writers:
        bench = Bench(
            run.readers.transport_rules,
            writers.transport_rules,
            instance_id=run.options.instance_id,
            token=run.run_id[-6:],
            still_ours=writing.lease.check,
        )
        await bench.clear()
        try:
            async for question, value in Questions(bench, run).all():
                answers.append(TenantAnswer(question=question, value=value, source="probe", at=run.now))
                if run.is_stopping:
                    break
        except ServiceError as error:
            checks.append(unread(CheckCode.TENANT_ANSWER, _ABOUT, error.message, error.advice))
        finally:
            checks.append(await _cleared(bench))
    run.ledger.tenant_answers.record(run.options.tenant_id, answers, run_id=run.run_id)
    return DoctorDocument(
        head=Head(
            run_id=run.run_id,
            started_at=run.now,
            finished_at=finished(),
            exit_code=first_of(*(ExitCode.PARTIAL for one in checks if one.next_step)),
        ),
        doing=Doing.PROBE,
        checks=tuple(checks),
        answers=answer_lines(run.ledger.tenant_answers.profile(run.options.tenant_id)),
    )


async def _require_rules(run: Run) -> None:
    found = await run.readers.transport_rules.list_rules()
    if isinstance(found, Unknown):
        raise RequestRefused(found.reason, code=DoctorRefusal.RULES_UNREAD)


async def _cleared(bench: Bench) -> Check:
    try:
        left = await bench.clear()
    except ServiceError as error:
        step = "Look for rules named “m365-restrict probe” in the Exchange admin center and remove them."
        return unread(CheckCode.TENANT_ANSWER, "trial rules", error.message, step)
    if left:
        return bad(
            CheckCode.TENANT_ANSWER,
            "trial rules",
            f"They could not be taken away: {', '.join(left)}. They are disabled.",
            "Remove them in the Exchange admin center; the next `apply` removes them too.",
        )
    return good(CheckCode.TENANT_ANSWER, "trial rules", "All of them are gone again.")


class Questions:
    """The questions in an order in which each can use what the ones before have found."""

    def __init__(self, bench: Bench, run: Run) -> None:
        """`run` gives the moment and the councillors' group, which is there in every tenant."""
        self._bench = bench
        self._exception = (run.options.people.councillors_group,)
        self._end = run.now.replace(microsecond=0) + timedelta(days=1)
        self._senders: dict[str, PropertyValue] = {FROM: (NOBODY,)}

    async def all(self) -> AsyncIterator[tuple[Question, str]]:
        """Each question with its answer; ServiceError where the service could not be asked."""
        async for one in self._senders_and_end():
            yield one
        for question, anchors in (
            (Question.CARET_STORED, PatternAnchors.CARET),
            (Question.ABSOLUTE_STORED, PatternAnchors.ABSOLUTE),
        ):
            pattern = (exact_pattern(NOBODY, anchors),)
            rule = await self._tried({PATTERNS: pattern, **_HARMLESS})
            yield question, _yes(rule is not None and rule.properties.get(PATTERNS) == pattern)
        refusal = {"RejectMessageReasonText": "A trial.", "RejectMessageEnhancedStatusCode": _CODE}
        rule = await self._tried({**self._senders, **refusal})
        kept = rule is not None and all(rule.properties.get(name) == text for name, text in refusal.items())
        yield Question.TEXT_AND_CODE, _yes(kept)

    async def _senders_and_end(self) -> AsyncIterator[tuple[Question, str]]:
        rule = await self._tried(self._whole())
        yield Question.FROM_EXTERNAL, _yes(rule is not None)
        if rule is None:
            self._senders = {PATTERNS: (exact_pattern(NOBODY, PatternAnchors.CARET),)}
            rule = await self._bench.make(self._whole())
        else:
            yield Question.FROM_READ_BACK, _yes(rule.properties.get(FROM) == (NOBODY,))
        rule = await self._with_its_end(rule)
        yield Question.EXPIRY_KEPT, _yes(rule.properties.get(END) == self._end)
        yield Question.SIZE_TOLD, _yes(isinstance(rule.raw.get("Size"), int))
        yield Question.CHANGED_BY, _yes(bool(rule.changed_by.strip()))
        twin = await self._tried(self._whole(), name=rule.name)
        yield Question.DUPLICATE_NAME, _yes(twin is None)
        target = {name: value for name, value in rule.properties.items() if name != "ExceptIfSentToMemberOf"}
        rule = await self._bench.change(rule, target)
        yield Question.LISTS_CLEAR, _yes("ExceptIfSentToMemberOf" not in rule.properties)
        target = {name: value for name, value in rule.properties.items() if name != END}
        rule = await self._bench.change(rule, target)
        yield Question.VALUES_CLEAR, _yes(END not in rule.properties)

    async def _with_its_end(self, rule: ObservedTransportRule) -> ObservedTransportRule:
        """The rule once its end was sent again, as `apply` does where the service has a clock of its own."""
        end = end_to_send_again({END: self._end}, rule.properties)
        return rule if end is None else await self._bench.change(rule, {**rule.properties, END: end})

    def _whole(self) -> Properties:
        return {
            **self._senders,
            **_HARMLESS,
            "ExceptIfSentToMemberOf": self._exception,
            END: self._end,
        }

    async def _tried(self, properties: Properties, *, name: str = "") -> ObservedTransportRule | None:
        """The rule, or None where the service refuses what it says. A missing right is no refusal."""
        try:
            return await self._bench.make(properties, name=name)
        except ServiceError as error:
            if not _refuses(error):
                raise
            return None


def _refuses(error: ServiceError) -> bool:
    """Whether the service judged the value (exchange.md 1.7): a 500 does only where it names a reason."""
    if error.code is ErrorCode.PERMISSION_MISSING:
        return False
    return error.status in _REFUSED or (error.status == _FAILED and bool(error.service_code))


def _yes(answer: object) -> str:
    return YES if answer else NO
