"""What ended a run, as documents tell it."""

from m365_restrict.errors import RestrictError
from m365_restrict.report.documents import Failure


def failure_of(error: RestrictError) -> Failure:
    """The error that ended a run, as documents tell it."""
    return Failure(code=error.code.value, message=error.message, advice=error.advice)
