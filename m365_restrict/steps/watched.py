"""What a run of `drift` read beside the rules; `watch` fills it, findings and reports are told from it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from m365_restrict.plan.beside import Actor, ContactMailbox, MailCounts, NotCovered, Point, Unseen, is_unseen
from m365_restrict.plan.change import Finding, code_and_case


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Everything that was read beside the comparison; empty where nobody asked or nothing is granted.

    `actors` are by the finding's id (`report.lines.finding_id`), `mail` by case reference, `mail_by_week` as
    `Trends` has it. `findings` are those that follow from what was read here alone. `not_covered` says what
    could not be read, and the next step; `unseen` which findings could not be looked for on that account, or
    are no longer looked for: what is among them and is not found is not put right.
    """

    actors: Mapping[str, tuple[Actor, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    mail: Mapping[str, MailCounts] = field(default_factory=dict)
    mail_by_week: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    contacts: tuple[ContactMailbox, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    unseen: frozenset[Unseen] = frozenset()

    def left_standing(self, keys: Iterable[str]) -> Iterator[str]:
        """Of findings, by what they are known by, those that may still stand because nobody looked."""
        unseen = [one for one in self.unseen if not one.is_aged]
        return (one for one in keys if is_unseen(unseen, *code_and_case(one)))
