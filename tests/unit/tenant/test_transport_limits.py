import pytest

from m365_restrict.plan.limits import ServiceLimits
from m365_restrict.tenant.transport_limits import read_limits

WHOLE = [
    "TransportRuleLimit:301",
    "TransportRuleSizeLimit:4 KB (4,096 bytes)",
    "TransportRuleCollectionRegexCharsLimit:10 KB (10,240 bytes)",
]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, ServiceLimits()),
        ({"TransportRuleLimit": 500}, ServiceLimits(rules=500)),
        ({"TransportRuleSizeLimit": "16 KB (16,384 bytes)"}, ServiceLimits(rule_size=16384)),
        (
            {"TransportRuleConfig": WHOLE},
            ServiceLimits(rules=301, rule_size=4096, pattern_characters=10_240, reported=True),
        ),
        ({"TransportRuleLimit": "plenty"}, ServiceLimits()),
    ],
)
def test_limits(raw, expected):
    assert read_limits(raw) == expected
