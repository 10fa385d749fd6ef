"""Limits on transport rules as the tenant reports them, else the documented ones (exchange.md 3, 9)."""

import re
from collections.abc import Mapping

from m365_restrict.plan.limits import ServiceLimits

_BRACKETED = re.compile(r"\(([\d,]+) bytes\)")
_RULES, _SIZE = "TransportRuleLimit", "TransportRuleSizeLimit"
_CHARACTERS = "TransportRuleCollectionRegexCharsLimit"


def read_limits(raw: Mapping[str, object]) -> ServiceLimits:
    """Read Get-TransportConfig. A value that is missing or not understood stays at the documented one."""
    told = {name: _number(raw, name) for name in (_RULES, _SIZE, _CHARACTERS)}
    documented = ServiceLimits()
    return ServiceLimits(
        rules=told[_RULES] or documented.rules,
        rule_size=told[_SIZE] or documented.rule_size,
        pattern_characters=told[_CHARACTERS] or documented.pattern_characters,
        reported=all(told.values()),
    )


def _number(raw: Mapping[str, object], name: str) -> int | None:
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
    return int(digits) if digits.isdigit() else None
