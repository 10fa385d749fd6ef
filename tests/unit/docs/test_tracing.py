"""One address is followed from list item to rule; the table of docs/tracing.md must be what is seen."""

import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.policy.checks import judge_register
from m365_restrict.policy.context import CheckContext
from m365_restrict.register.case import Stage
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.parameters import new_parameters
from m365_restrict.rules.properties import transport_properties
from settings.profiles import load_profile

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "tracing.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^\| `([\w/]+\.py)` \| `(\w+)` \|", PAGE, re.MULTILINE)
LAYERS = ["register", "policy", "rules"]
ADDRESS = "pat.traced@post.example"


def item():
    fields = {
        "Title": "RC-1",
        "ItemType": "Person",
        "Addresses": f"Pat <{ADDRESS.upper()}>",
        "Measure": "Redirect to single contact",
        "Scope": "Whole council",
        "SpocMailbox": "contact@ash.example",
        "EffectiveFrom": date(2026, 9, 7),
        "EndsOn": date(2027, 3, 7),
        "ChannelsOpen": ("Post",),
        "CouncillorRoute": "Not affected",
        "Grounds": ("Volume",),
        "WarningGivenOn": date(2026, 7, 1),
        "EqualityConsideredOn": date(2026, 8, 20),
        "AdjustmentNeedsEmail": "No",
        "NoticeSentOn": date(2026, 9, 4),
        "Status": "Proposed",
    }
    officer, director = (Identity(SaverKind.USER, name, f"{name}@ash.example") for name in ("o", "d"))
    approved = {**fields, "Status": "Approved"}
    versions = (
        ItemVersion("1.0", datetime(2026, 9, 1, tzinfo=UTC), officer, fields),
        ItemVersion("2.0", datetime(2026, 9, 3, tzinfo=UTC), director, approved),
    )
    return ListItem("1", "", officer, approved, versions)


@pytest.fixture
def seen(council):
    """The functions of the table in the order in which they first gave the address back."""
    wanted = {(ROOT / "m365_restrict" / file, name): (file, name) for file, name in STEPS}
    order = []

    def watch(frame, event, given):
        if event == "return" and given is not None:
            step = wanted.get((Path(frame.f_code.co_filename), frame.f_code.co_name))
            if step and step not in order and ADDRESS in repr(given):
                order.append(step)

    context = CheckContext(
        today=date(2026, 11, 23),
        zone=ZoneInfo("Europe/London"),
        approvers=dict.fromkeys(Stage, frozenset({"d"})),
        council_domains=frozenset({"ash.example"}),
        councillor_addresses=frozenset(),
        protected_mailboxes=frozenset(),
        flow_identities=frozenset(),
    )
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        judged = judge_register((item(),), (), profile=load_profile("default"), context=context, pinned={})
        cases = [one.case for one in judged.in_force]
        desired = compile_rules(cases, (), council.directory, council.options)
        sent = [new_parameters(transport_properties(rule)) for rule in desired.transport]
    finally:
        sys.setprofile(before)
    assert [one["From"] for one in sent] == [[ADDRESS]]
    return order


def test_at_most_eight_files_each_named_once():
    files = [file for file, _ in STEPS]
    assert 0 < len(files) == len(set(files)) <= 8


def test_they_stand_in_the_order_of_the_layers():
    layers = [LAYERS.index(file.partition("/")[0]) for file, _ in STEPS]
    assert layers == sorted(layers)


def test_the_address_goes_through_them_in_this_order(seen):
    assert seen == STEPS
