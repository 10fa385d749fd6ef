"""What is in force although it is not the rule: waivers, openings, overrides, a freeze, one-channel cases."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from m365_restrict.ledger.openings import Opening
from m365_restrict.ledger.overrides import OverrideRecord
from m365_restrict.plan.waivers import Waiver
from m365_restrict.policy.judgement import AcceptedCase
from m365_restrict.register.dates import local_day
from m365_restrict.report.model import ExceptionKind, StandingException
from m365_restrict.report.privacy import without_addresses
from m365_restrict.reporting.approvals import NOBODY, Approval
from m365_restrict.reporting.duties import Duties
from m365_restrict.reporting.remembered import Remembered

_NO_WAY_OPEN = "No way of contact stays open"


def standing_exceptions(
    memory: Remembered,
    in_force: Iterable[AcceptedCase],
    *,
    today: date,
    zone: ZoneInfo,
    duties: Duties,
    approvals: Mapping[str, Approval],
) -> tuple[StandingException, ...]:
    """Everything that stands on the day, waivers first."""
    return (
        *(_waiver(one) for one in memory.waivers if one.stands_on(today)),
        *(_opening(one) for one in memory.openings),
        *(_override(one, zone) for one in memory.overrides),
        *_freeze(memory),
        *_one_channel(in_force, duties, approvals, zone),
    )


def _waiver(one: Waiver) -> StandingException:
    return StandingException(
        kind=ExceptionKind.WAIVER,
        subject=without_addresses(one.rule_name or one.code),
        case_ref=one.case_reference or None,
        reason=without_addresses(one.reason),
        owner=without_addresses(one.owner),
        since=one.since,
        until=one.until,
    )


def _opening(one: Opening) -> StandingException:
    return StandingException(
        kind=ExceptionKind.OPENED_BY_HAND,
        subject=one.case_reference,
        case_ref=one.case_reference,
        reason=without_addresses(one.reason),
        owner=without_addresses(one.opened_by),
        since=one.since,
        until=None,
    )


def _override(one: OverrideRecord, zone: ZoneInfo) -> StandingException:
    return StandingException(
        kind=ExceptionKind.OVERRIDE,
        subject=one.override.code,
        case_ref=None,
        reason=without_addresses(one.override.reason),
        owner=without_addresses(one.set_by),
        since=one.since,
        until=local_day(one.override.until, zone),
    )


def _freeze(memory: Remembered) -> Iterator[StandingException]:
    if (stands := memory.freeze) is not None:
        yield StandingException(
            kind=ExceptionKind.FREEZE,
            subject="Everything but openings",
            case_ref=None,
            reason=without_addresses(stands.reason),
            owner=without_addresses(stands.set_by),
            since=stands.since,
            until=None,
        )


def _one_channel(
    in_force: Iterable[AcceptedCase], duties: Duties, approvals: Mapping[str, Approval], zone: ZoneInfo
) -> Iterator[StandingException]:
    """Cases that leave no way of contact, with the reason that somebody signed for (policy.md W-14)."""
    for one in in_force:
        if one.case.other.channels_open or not one.case.other.no_channel_reason:
            continue
        reference = one.case.reference
        signed = approvals.get(reference, NOBODY).on or local_day(one.evidence.saved_at, zone)
        yield StandingException(
            kind=ExceptionKind.SIGNED_ONE_CHANNEL,
            subject=_NO_WAY_OPEN,
            case_ref=reference,
            reason=without_addresses(one.case.other.no_channel_reason),
            owner=duties.of_case(reference),
            since=datetime.combine(signed, time(), tzinfo=zone),
            until=one.case.protected.ends_on,
        )
