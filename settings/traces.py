"""What became of mail: how `drift` asks message traces and single contacts' mailboxes."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from m365_restrict.plan.leaks import RedirectTrace, TraceReading
from m365_restrict.steps.options import TraceOptions
from settings.values import Words

_MOST_QUESTIONS = 100
_REACH_DAYS = 90
_Days = Annotated[int, Field(ge=1, le=_REACH_DAYS)]


class DriftSettings(BaseModel):
    """What `drift` reads beside the rules: the audit log, the second opinion, message traces, mailboxes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wait_seconds: float = Field(default=15.0, gt=0, le=600)
    """Seconds that a run waits for all of these together; each may take an equal share of what is left, and
    what is not there in time is read by a later run. Default 15."""


class TraceSettings(BaseModel):
    """Message traces (docs/did-it-work.md). Without ExchangeMessageTrace.Read.All nothing is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: int = Field(default=40, ge=1, le=_MOST_QUESTIONS)
    """Questions that one run may ask; Microsoft allows 100 in five minutes (graph.md 6.1). Default 40."""
    settled_hours: int = Field(default=24, ge=0, le=240)
    """Hours after which the trace is taken to know all; younger mail is asked about again. Default 24."""
    redirect: RedirectTrace = RedirectTrace.AUTO
    """How the trace shows a redirected message, which nobody has documented: `contact`, as delivered to the
    single contact; `recipient`, as delivered to whom it was sent; `untold`: so, and no event tells of rules;
    `auto`: as a canary has found it out, else a delivered copy is a leak only where its events do not tell of
    the case's rule. Default auto."""
    delivered: Words = ("delivered",)
    """Words of the trace for a message that reached a mailbox. Default delivered."""
    refused: Words = ("failed",)
    """Words of the trace for a message that was refused. Default failed."""
    leak_days: _Days = 7
    """Days for which a leak stays a finding. Default 7."""
    count_days: _Days = 30
    """Days that a report's counts look back. Default 30."""

    def options(self) -> TraceOptions:
        """The same as plain values."""
        return TraceOptions(
            reading=TraceReading(
                delivered=frozenset(map(str.lower, self.delivered)),
                refused=frozenset(map(str.lower, self.refused)),
                redirect=self.redirect,
            ),
            questions=self.questions,
            settled=timedelta(hours=self.settled_hours),
            leak_days=self.leak_days,
            count_days=self.count_days,
        )


class ContactSettings(BaseModel):
    """The mailboxes of single contacts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unread_days: int = Field(default=5, ge=0)
    """Days after which unread mail in a single contact's mailbox is a finding. Default 5."""
