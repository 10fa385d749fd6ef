"""Each kind of task in words: what is so, and what to do. `%(…)s` is a fact of the task."""

from collections.abc import Mapping

from m365_restrict.policy.life import TaskKind

CHOICES = frozenset({"outcome", "review_kind"})
"""Facts that are the words of a column."""

TASK_WORDS: Mapping[TaskKind, tuple[str, str]] = {
    TaskKind.ENDING: (
        "It ends at the end of %(ends_on)s.",
        "Review it now: extend it in Restriction reviews, or let it end.",
    ),
    TaskKind.ENDED_WITHOUT_REVIEW: (
        "It ended on %(ends_on)s and nobody had reviewed it; mail reaches everyone again.",
        "Record the review, or set Status to Closed. To restrict again, have it approved again.",
    ),
    TaskKind.REVIEW_DUE: ("A review is due by %(due_on)s.", "Record it in Restriction reviews."),
    TaskKind.REVIEW_OVERDUE: ("The review was due on %(due_on)s.", "Record it in Restriction reviews today."),
    TaskKind.LETTER_DUE: (
        "A review decided %(outcome)s on %(decided_on)s; the person must be told by %(due_on)s.",
        "Send the letter and fill in Person told on.",
    ),
    TaskKind.LETTER_OVERDUE: (
        "A review decided %(outcome)s on %(decided_on)s; the person should have been told by %(due_on)s.",
        "Send the letter today and fill in Person told on.",
    ),
    TaskKind.ANSWER_DUE: (
        "%(review_kind)s of %(opened_on)s waits for a decision.",
        "Decide it and record the outcome in Restriction reviews.",
    ),
    TaskKind.ANSWER_OVERDUE: (
        "%(review_kind)s of %(opened_on)s has waited too long; a decision was due on %(due_on)s.",
        "Decide it and record the outcome in Restriction reviews.",
    ),
    TaskKind.NOTICE_WAITING: (
        "It is approved, and no written notice is recorded, so it is not in force.",
        "Send the notice and fill in Notice sent on.",
    ),
    TaskKind.STILL_IN_RULES: (
        "It has ended and is still there: %(places)s.",
        "Run apply, which removes what is this tool's.",
    ),
    TaskKind.BLOCKED_ELSEWHERE: (
        "Something that this decision does not stand behind names one of its addresses: %(places)s.",
        "Ask ICT to remove the entry.",
    ),
    TaskKind.DELETION_DUE: (
        "It has been closed long enough: it may be deleted since %(due_on)s.",
        "Run retention --approve, or set Legal hold and say why.",
    ),
    TaskKind.ANNUAL_LOG_REVIEW: (
        "The yearly look at the whole log is due by %(due_on)s.",
        "Record it in Restriction reviews.",
    ),
}
