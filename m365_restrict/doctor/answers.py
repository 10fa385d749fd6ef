"""What the tenant has answered, in words, and what follows where it answered badly."""

from collections.abc import Iterator, Mapping

from m365_restrict.doctor.check import Check, bad, warning
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.doctor.document import AnswerLine
from m365_restrict.rules.compilation import Carrier, CompileOptions
from m365_restrict.rules.tenant_profile import NO, Question, TenantProfile, canary_form
from m365_restrict.rules.transport_rule import RuleMode, SenderMatch

_ASKED: Mapping[Question, str] = {
    Question.FROM_EXTERNAL: "Does From take an outside address?",
    Question.FROM_READ_BACK: "Does an outside address in From come back as it was sent?",
    Question.EXPIRY_KEPT: "Does an end come back as the instant that was sent?",
    Question.LISTS_CLEAR: "Does an empty list take an exception away?",
    Question.VALUES_CLEAR: "Does null take an end away?",
    Question.DUPLICATE_NAME: "Is a second rule with the same name refused?",
    Question.CARET_STORED: "Is a pattern with ^ and $ stored as it was sent?",
    Question.ABSOLUTE_STORED: "Is a pattern with \\A and \\Z stored as it was sent?",
    Question.TEXT_AND_CODE: "Are a refusal's text and code both kept?",
    Question.SIZE_TOLD: "Does the service tell a rule's size?",
    Question.CHANGED_BY: "Does a rule say which application changed it?",
    Question.PATTERN_ANCHORS: "Which anchors does a pattern need?",
    Question.REDIRECT_TRACE: "Where does the message trace show a redirect?",
    Question.COPIES: "How many copies does the single contact get of a message that it is a recipient of?",
}
# What this program cannot do without; the other answers are for people, or are obeyed.
_NEEDED: Mapping[Question, str] = {
    Question.EXPIRY_KEPT: "A rule's end does not come back as it was sent, so no rule will be enabled.",
    Question.LISTS_CLEAR: "An exception cannot be taken away again, so a change of one will fail.",
}


def answer_lines(profile: TenantProfile) -> tuple[AnswerLine, ...]:
    """Every answer that there is, in the order of the questions."""
    return tuple(
        AnswerLine(
            question=question.value,
            asked=_ASKED[question],
            value=answer.value,
            source=answer.source,
            at=answer.at,
        )
        for question in Question
        if (answer := profile.answers.get(question)) is not None
    )


def answer_checks(profile: TenantProfile, options: CompileOptions) -> Iterator[Check]:
    """Answers that stand in the way, and settings that go against an answer."""
    code, about = CheckCode.TENANT_ANSWER, "this tenant's Exchange"
    if options.carrier is not Carrier.TRANSPORT_RULES:
        return
    if not profile.answers:
        yield warning(code, about, "It has not been probed yet.")
        return
    for question, consequence in _NEEDED.items():
        if profile.value(question) == NO:
            yield bad(code, about, consequence, "Ask the makers of this program before anything is enforced.")
    if options.sender_match is SenderMatch.FROM and profile.sender_match is SenderMatch.PATTERNS:
        yield bad(
            code,
            about,
            "RULES__SENDER_MATCH says from, and From does not serve here.",
            "Take the setting out, or set RULES__SENDER_MATCH=patterns.",
        )
    anchors = profile.pattern_anchors
    if options.sender_match is SenderMatch.PATTERNS and anchors not in {None, options.pattern_anchors}:
        yield bad(
            code,
            about,
            f"RULES__PATTERN_ANCHORS says {options.pattern_anchors}, and this tenant needs {anchors}.",
            "Take the setting out.",
        )


def canary_check(options: CompileOptions, passed: frozenset[str]) -> Iterator[Check]:
    """Whether a canary has passed in the form in which rules are written now."""
    if options.carrier is not Carrier.TRANSPORT_RULES:
        return
    code, form = CheckCode.CANARY, canary_form(options)
    if form in passed:
        return
    acts = options.mode is RuleMode.ENFORCE
    said = "Rules act on mail, and no canary has passed" if acts else "No canary has passed yet"
    yield warning(code, form, f"{said} in this form.")
