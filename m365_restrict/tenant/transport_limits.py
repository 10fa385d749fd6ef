"""Limits on transport rules as the tenant reports them, else the documented ones (exchange.md 3, 9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_BRACKETED = re.compile(r"\(([\d,]+) bytes\)")


@dataclass(frozen=True, kw_only=True)
class TransportLimits:
    """`rules` counts every rule of the tenant; sizes are characters; `added_recipients` is per message."""

    rules: int = 300
    rule_size: int = 8192
    pattern_characters: int = 20480
    added_recipients: int = 100


def read_limits(raw: Mapping[str, object]) -> TransportLimits:
    """Read Get-TransportConfig. A value that is missing or not understood stays at the documented one."""
    documented = TransportLimits()
    return TransportLimits(
        rules=_number(raw, "TransportRuleLimit", documented.rules),
        rule_size=_number(raw, "TransportRuleSizeLimit", documented.rule_size),
        pattern_characters=_number(
            raw, "TransportRuleCollectionRegexCharsLimit", documented.pattern_characters
        ),
        added_recipients=_number(
            raw, "TransportRuleCollectionAddedRecipientsLimit", documented.added_recipients
        ),
    )


def _number(raw: Mapping[str, object], name: str, documented: int) -> int:
    """A number, or text such as "8 KB (8,192 bytes)", alone or as a line of TransportRuleConfig."""
    value = raw.get(name)
    if value is None:
        lines = raw.get("TransportRuleConfig")
        entries = [str(line) for line in lines] if isinstance(lines, list) else []
        value = next((line.partition(":")[2] for line in entries if line.startswith(f"{name}:")), None)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value or "")
    bracketed = _BRACKETED.search(text)
    digits = bracketed.group(1).replace(",", "") if bracketed else text.strip()
    return int(digits) if digits.isdigit() else documented
