"""What a run makes of each fault at each step: what docs/faults.md tells and `make faults` checks."""

from dataclasses import dataclass
from enum import StrEnum

from fault_steps import LASTING, STEPS, Kind, Nature, Step, can_meet


class End(StrEnum):
    """How the run that met the fault ends, as a cell of docs/faults.md says it."""

    AGAIN = "again"
    LOOKED = "looked up"
    NOTHING = "no effect"
    ITEM = "this item, 4"
    UNKNOWN = "unknown, 4"
    GUARDED = "openings only, 3"
    LATER = "next run"
    TWICE = "twice"
    STOPS_REFUSED = "stops, 5"
    STOPS_INCOMPLETE = "stops, 7"
    STOPS_SERVICE = "stops, 1"


MEANINGS: dict[End, str] = {
    End.AGAIN: ("The request is made again, and the same run does everything. Exit 0."),
    End.LOOKED: (
        "The request is not made again: what stands is read and judged, and the same run does everything. "
        "Exit 0."
    ),
    End.NOTHING: ("The run does without the answer. Exit 0."),
    End.ITEM: (
        "This one change is `failed` with the reason; all others are made; the next run makes it. Exit 4."
    ),
    End.UNKNOWN: (
        "What could not be read is `unknown`, never absent: no change is made that rests on it, all "
        "others are; the next run goes on. Exit 4."
    ),
    End.GUARDED: (
        "As `unknown, 4`, and a guard holds back every change but those that only let mail through, "
        "because a rule might catch mail to somebody whom it must spare. Exit 3."
    ),
    End.LATER: (
        "The rules are all made. What is left is a note in a list, a letter or a mail, or an item that "
        "was saved at that very moment; it is said while the run works, and the next run does it. Exit 0."
    ),
    End.TWICE: (
        "As `next run`, but the mail had gone out and its answer was lost: it goes out once more. Twice "
        "is better than never; nothing else is ever done twice."
    ),
    End.STOPS_REFUSED: (
        "The run stops before it writes anything, and says which application or right is missing."
    ),
    End.STOPS_INCOMPLETE: ("The run stops before it writes anything, because the list was not read whole."),
    End.STOPS_SERVICE: (
        "The run stops before it writes anything, because who may approve or what the council's own "
        "domains are is not known."
    ),
}

_CODES = {
    End.ITEM: 4,
    End.UNKNOWN: 4,
    End.GUARDED: 3,
    End.STOPS_REFUSED: 5,
    End.STOPS_INCOMPLETE: 7,
    End.STOPS_SERVICE: 1,
}
_ONE_RUN = frozenset({End.AGAIN, End.LOOKED, End.NOTHING})
_STOPS = frozenset({End.STOPS_REFUSED, End.STOPS_INCOMPLETE, End.STOPS_SERVICE})

_NOT_BEGUN = frozenset({Kind.BUSY, Kind.PLAIN, Kind.REVOKED})
_LOST = frozenset({Kind.RESET_AFTER, Kind.CUT, Kind.LATE})
_SILENT = _LOST | {Kind.RESET_BEFORE}

_READS = frozenset(
    {
        Nature.SIGN_IN, Nature.SOURCE, Nature.PERSON, Nature.POLICY, Nature.EXEMPT, Nature.DIRECTORY,
        Nature.LIMITS, Nature.RULES, Nature.MAILBOX, Nature.READ_BACK, Nature.PERSONAL,
    }
)  # fmt: skip

_WITHOUT_AN_ANSWER: dict[Nature, End] = {
    Nature.SIGN_IN: End.STOPS_REFUSED,
    Nature.SOURCE: End.STOPS_INCOMPLETE,
    Nature.PERSON: End.STOPS_INCOMPLETE,
    Nature.POLICY: End.STOPS_SERVICE,
    Nature.EXEMPT: End.GUARDED,
    Nature.DIRECTORY: End.UNKNOWN,
    Nature.LIMITS: End.NOTHING,
    Nature.RULES: End.UNKNOWN,
    Nature.MAILBOX: End.UNKNOWN,
    Nature.READ_BACK: End.ITEM,
    Nature.PERSONAL: End.LATER,
    Nature.CREATION: End.ITEM,
    Nature.CHANGE: End.ITEM,
    Nature.INBOX_CHANGE: End.ITEM,
    Nature.UPLOAD: End.LATER,
    Nature.NOTE: End.LATER,
    Nature.MAIL: End.LATER,
}
"""What becomes of a step that nothing can be done about in this run."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One fault at one step, met once or as long as the run lasts."""

    step: Step
    kind: Kind
    lasting: bool = False

    def __str__(self) -> str:
        return f"{self.kind.value}{', lasting' if self.lasting else ''} at {self.step.name}"


def all_trials() -> tuple[Trial, ...]:
    """Every fault at every step that can meet it."""
    return tuple(
        Trial(step=step, kind=kind, lasting=lasting)
        for step in STEPS
        for kind in Kind
        if can_meet(step, kind)
        for lasting in ((False, True) if kind in LASTING else (False,))
    )


def end_of(trial: Trial) -> End:
    """How the run that meets the fault must end."""
    step, kind = trial.step, trial.kind
    unanswered = _WITHOUT_AN_ANSWER[step.nature]
    if trial.lasting:
        # Approvers are found in groups too, and without them nothing can be judged.
        approvers = step.nature is Nature.EXEMPT and "cmdlet" not in step.match
        return End.STOPS_SERVICE if approvers else unanswered
    if kind is Kind.NUL and step.nature in (Nature.SOURCE, Nature.PERSON):
        return End.STOPS_REFUSED
    if kind is Kind.STALE:
        return End.LATER if step.nature is Nature.SOURCE else End.AGAIN
    if kind in _NOT_BEGUN:
        return End.AGAIN
    if step.nature in _READS:
        return _end_of_read(step, kind)
    return _end_of_write(step, kind)


def _end_of_read(step: Step, kind: Kind) -> End:
    """A read is made again wherever that may help; Exchange's 500 is no passing fault (exchange.md 1.9)."""
    unanswered = _WITHOUT_AN_ANSWER[step.nature]
    if kind is Kind.NUL or (kind is Kind.BROKEN and "cmdlet" in step.match):
        return unanswered
    return End.AGAIN


def _end_of_write(step: Step, kind: Kind) -> End:
    """A creation is looked for and never made again; a change is, where twice is as good as once."""
    unanswered = _WITHOUT_AN_ANSWER[step.nature]
    match step.nature:
        case Nature.CREATION | Nature.INBOX_CHANGE if kind in _LOST:
            return End.LOOKED
        case Nature.CHANGE if kind in _SILENT:
            return End.AGAIN
        case Nature.NOTE if kind in _LOST:
            return End.LOOKED
        case Nature.MAIL if kind in _LOST:
            return End.TWICE
    again = kind is Kind.DOWN and step.nature not in (Nature.CREATION, Nature.MAIL)
    return End.AGAIN if again else unanswered


def code_of(end: End) -> int:
    """The exit code that goes with it."""
    return _CODES.get(end, 0)


def needs_one_run(end: End) -> bool:
    """Whether the run that met the fault is the last that is needed."""
    return end in _ONE_RUN


def stops(end: End) -> bool:
    """Whether nothing was written by the run that met the fault."""
    return end in _STOPS
