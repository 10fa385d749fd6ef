"""Whether a form of a rule sends mail outside."""

from typing import Any

import pytest

from m365_restrict.plan.outward import sends_outside
from m365_restrict.register.recipient import RecipientKind

OURS = frozenset({"ash.example"})


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ({"RedirectMessageTo": ("x@elsewhere.example",)}, ("RedirectMessageTo",)),
        (
            {"BlindCopyTo": ("a@ash.example", "x@elsewhere.example"), "CopyTo": ("x@b.example",)},
            ("BlindCopyTo", "CopyTo"),
        ),
        ({"actions.forwardTo": ("x@elsewhere.example",)}, ("actions.forwardTo",)),
        ({"RedirectMessageTo": ("any@ash.example",)}, ()),
        ({"RedirectMessageTo": ("Contact, The",)}, ()),
        ({"From": ("x@elsewhere.example",), "ExceptIfFrom": ("x@elsewhere.example",)}, ()),
        ({"conditions.fromAddresses": ("x@elsewhere.example",)}, ()),
        ({"RejectMessageReasonText": "Write to x@elsewhere.example"}, ()),
    ],
)
def test_actions_alone_count(council: Any, form: Any, names: tuple[str, ...]) -> None:
    assert sends_outside(form, council.directory, OURS) == names


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (RecipientKind.SHARED_MAILBOX, ()),
        (RecipientKind.GUEST, ("RedirectMessageTo",)),
        (RecipientKind.CONTACT, ("RedirectMessageTo",)),
    ],
)
def test_a_mailbox_of_ours_is_inside_under_any_domain(
    council: Any, kind: RecipientKind, names: tuple[str, ...]
) -> None:
    council.know(council.recipient("box@partner.example", kind))
    form = {"RedirectMessageTo": ("box@partner.example",)}
    assert sends_outside(form, council.directory, OURS) == names


def test_nothing_is_said_where_nobody_knows_the_domains(council: Any) -> None:
    assert sends_outside({"CopyTo": ("x@elsewhere.example",)}, council.directory, frozenset()) == ()
