"""Somebody else's rules, and what they are judged by."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.assess.judge import Ground
from m365_restrict.rules.normalise import observe_transport_rule

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def _rule(**raw):
    basis = {
        "Guid": "g-1",
        "Name": "Block J",
        "State": "Enabled",
        "Mode": "Enforce",
        "CreatedBy": "E Admin",
        "LastModifiedBy": "F Admin",
        "WhenChanged": "2022-04-01T09:00:00.0000000+00:00",
        "From": ["pat@post.example"],
        "RedirectMessageTo": ["contact@ash.example"],
    }
    return observe_transport_rule({name: value for name, value in (basis | raw).items() if value is not None})


def _ground(**more):
    fields = {
        "now": NOW,
        "zone": ZoneInfo("Europe/London"),
        "council_domains": frozenset({"ash.example"}),
        "providers": frozenset({"gmail.com"}),
        "instance_id": "ash-1",
    }
    return Ground(**(fields | more))


@pytest.fixture
def rule():
    """Make an observed rule; a keyword is a property of Get-TransportRule, None leaves one out."""
    return _rule


@pytest.fixture
def ground():
    """Make what blocks are judged by."""
    return _ground


@pytest.fixture
def now():
    """The moment of the assessment."""
    return NOW
