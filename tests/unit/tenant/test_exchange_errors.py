import json

import pytest

from m365_restrict.tenant.exchange_errors import error_text


def _body(**error):
    return json.dumps({"error": {"code": "BadRequest", "message": "Invalid Operation", **error}}).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\x00\x00\x00", ("", "")),
        (b"", ("", "")),
        (b"Service busy", ("", "Service busy")),
        (_body(), ("BadRequest", "Invalid Operation")),
        (
            _body(details=[{"message": "|System.ArgumentException|No action."}]),
            ("ArgumentException", "No action."),
        ),
        (
            _body(
                details=[{"message": "a|b.C|outer"}],
                innererror={"internalException": {"message": "inner words", "type": "M.E.RuleTooBig"}},
            ),
            ("RuleTooBig", "inner words"),
        ),
        (_body(InnerError={"internalexception": {"Message": "Ex1|X.Y|split"}}), ("Y", "split")),
    ],
)
def test_error_text(body, expected):
    assert error_text(body) == expected
