from datetime import timedelta

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.health.gather import gather
from m365_restrict.health.sign_in import Application
from m365_restrict.health.state import StatusDocument
from m365_restrict.health.status_text import status_lines
from m365_restrict.report.documents import Failure, Head
from m365_restrict.report.text import plain
from m365_restrict.schedule.jobs import Job
from m365_restrict.tenant.sign_in_way import SignInWay


def head(watched, **more):
    fields = {
        "run_id": "r",
        "started_at": watched.now,
        "finished_at": watched.now,
        "exit_code": ExitCode.IN_STEP,
    }
    return Head(**fields | more)


def told(watched, **changes):
    state = gather(watched.ledger, watched.question(**changes))
    document = StatusDocument(head=head(watched), **vars(state))
    return plain(status_lines(document, watched.question().zone)).splitlines()


def test_where_all_is_well_that_is_the_first_line(watched):
    watched.all_ran()
    assert told(watched)[0] == "= nothing needs anybody."


def test_what_needs_somebody_comes_first_with_the_next_step(watched):
    watched.all_ran()
    lines = told(watched, now=watched.now + timedelta(days=3))
    assert lines[0].startswith(
        "! job-silent: job enforce: It was due long ago and has not succeeded since 2026-11-24"
    )
    assert lines[1].startswith("  Next step: ")


def test_what_is_only_told_is_marked_otherwise(watched):
    watched.all_ran()
    lines = told(watched, applications=(Application(role="reader", way=SignInWay.SECRET),))
    assert lines[0] == "= nothing needs anybody."
    assert lines[1].startswith("i client-secret: reader application:")


@pytest.mark.parametrize("way", SignInWay)
def test_each_way_to_sign_in_has_words_of_its_own(watched, way):
    lines = told(watched, applications=(Application(role="reader", way=way),))
    others = [
        told(watched, applications=(Application(role="reader", way=other),))
        for other in SignInWay
        if other is not way
    ]
    (said,) = [one for one in lines if one.strip().startswith("Reader application: ")]
    assert all(said not in other for other in others)


def test_a_job_is_one_sentence_in_the_councils_time(watched):
    watched.ran(Job.DRIFT, ago=timedelta(minutes=70))
    watched.ran(Job.DRIFT, ago=timedelta(minutes=5), exit_code=3)
    assert (
        "  drift: well; last run 2026-11-24 09:00 GMT, exit code 3; last success 2026-11-24 07:55 GMT; "
        "next due 2026-11-24 09:07 GMT." in told(watched)
    )


def test_a_job_at_work(watched):
    watched.ran(Job.DRIFT, ago=timedelta(minutes=5), exit_code=None)
    assert any(
        line.startswith("  drift: well; running since 2026-11-24 09:00 GMT;") for line in told(watched)
    )


def test_no_line_needs_a_table_or_a_colour(watched):
    watched.all_ran()
    lines = told(watched)
    assert not [line for line in lines if "|" in line or "  " in line.strip() or "\t" in line]


def test_after_an_error_it_says_that_alone(watched):
    failure = Failure(code="ledger-unusable", message="It cannot be read.", advice="Look.")
    document = StatusDocument(head=head(watched, exit_code=ExitCode.UNEXPECTED, error=failure))
    assert plain(status_lines(document, watched.question().zone)).splitlines() == [
        "! error ledger-unusable: It cannot be read.",
        "  Next step: Look.",
        "Status: failed (exit code 1).",
    ]
