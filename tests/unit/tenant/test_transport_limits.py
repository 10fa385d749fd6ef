import pytest

from m365_restrict.tenant.transport_limits import TransportLimits, read_limits


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, TransportLimits()),
        ({"TransportRuleLimit": 500}, TransportLimits(rules=500)),
        ({"TransportRuleSizeLimit": "16 KB (16,384 bytes)"}, TransportLimits(rule_size=16384)),
        (
            {"TransportRuleConfig": ["TransportRuleLimit:301", "TransportRuleSizeLimit:4 KB (4,096 bytes)"]},
            TransportLimits(rules=301, rule_size=4096),
        ),
        ({"TransportRuleLimit": "plenty"}, TransportLimits()),
    ],
)
def test_limits(raw, expected):
    assert read_limits(raw) == expected
