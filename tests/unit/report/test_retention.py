from datetime import UTC, datetime

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import Failure, Head
from m365_restrict.report.retention import RetentionDocument, retention_lines
from m365_restrict.report.text import plain

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
FAILURE = Failure(code="settings-invalid", message="It is not set.", advice="Set it.")


@pytest.mark.parametrize(
    ("code", "error", "begins"),
    [
        (ExitCode.IN_STEP, None, "no closed cases."),
        (ExitCode.CONFIGURATION, FAILURE, "! error settings-invalid: It is not set."),
    ],
)
def test_none_is_said_only_by_a_run_that_could_look(code, error, begins):
    head = Head(run_id="r1", started_at=NOW, finished_at=NOW, exit_code=code, error=error)
    assert plain(retention_lines(RetentionDocument(head=head))).startswith(begins)
