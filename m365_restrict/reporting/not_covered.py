"""What could not be checked, or is not reached: a report that leaves this out says too much."""

from collections.abc import Iterator

from m365_restrict.outcome import Unknown
from m365_restrict.plan.beside import NotCovered
from m365_restrict.report.documents import Head
from m365_restrict.rules.transport_rule import RuleMode
from m365_restrict.steps.options import RunOptions

_AGAIN = "Run it again. If it stays so, `m365-restrict doctor` says what is missing."
_BLOCK_LISTS = NotCovered(
    scope="Block lists",
    reason=(
        "This report compares rules. The Tenant Allow/Block List, anti-spam policies and the blocked senders "
        "of shared mailboxes were not read."
    ),
    next_step="Run `m365-restrict assess`, or read the weekly report, which looks into them.",
)
_AUDIT_MODE = NotCovered(
    scope="Enforcement",
    reason="RULES__MODE is audit: Exchange logs what the rules would do and changes no mail.",
    next_step="Set RULES__MODE=enforce once ICT has seen that the rules are right.",
)
_NO_EXCHANGE = NotCovered(
    scope="Transport rules",
    reason="ENFORCE_WITH is inbox_rules: there is no Exchange role, so nobody's transport rules were read.",
    next_step="Give the reader application an Exchange role to have them read (docs/enforce-with.md).",
)
_NOTHING_FIXED = NotCovered(
    scope="What was put right",
    reason="Not everything could be read, so a finding that is absent here may still stand.",
    next_step=_AGAIN,
)


def not_covered(
    head: Head,
    options: RunOptions,
    *,
    further: tuple[NotCovered, ...],
    blocks_unread: tuple[Unknown, ...] | None,
) -> tuple[NotCovered, ...]:
    """All of it. `blocks_unread` is what of the block lists could not be read, None where nobody looked."""
    return tuple(dict.fromkeys((*_of_run(head, options, blocks_unread), *further)))


def _of_run(
    head: Head, options: RunOptions, blocks_unread: tuple[Unknown, ...] | None
) -> Iterator[NotCovered]:
    yield from (_unread(one) for one in head.unknown)
    if head.unknown:
        yield _NOTHING_FIXED
    if options.compile.mode is RuleMode.AUDIT:
        yield _AUDIT_MODE
    if not options.sees_transport_rules:
        yield _NO_EXCHANGE
    elif blocks_unread is None:
        yield _BLOCK_LISTS
    yield from (_unread(one) for one in blocks_unread or ())


def _unread(one: Unknown) -> NotCovered:
    return NotCovered(scope=one.scope, reason=one.reason, next_step=_AGAIN)
