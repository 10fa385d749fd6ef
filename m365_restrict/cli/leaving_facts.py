"""What the settings say that somebody needs who takes the installation over or takes it out of use."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from m365_restrict.health.sign_in import Application
from m365_restrict.leaving.handover import HandoverFacts, SignIn
from m365_restrict.report.handover_document import Named
from m365_restrict.schedule.jobs import Job
from m365_restrict.script.quoting import quoted
from m365_restrict.tenant.sign_in_way import way_to_sign_in
from settings.auth import ApplicationSettings
from settings.effective import shown_url
from settings.load import SHARED_FILE
from settings.model import PREFIX, Settings

_ROLES = ("reader", "writer", "setup")


def handover_facts(settings: Settings, env_file: Path | None) -> HandoverFacts:
    """The settings as plain values, without secrets."""
    return HandoverFacts(
        instance_id=settings.ownership.instance_id,
        tenant_id=settings.auth.tenant_id,
        zone=settings.lists.zone,
        host=socket.gethostname(),
        real_now=datetime.now(UTC),
        places=tuple(_places(settings, env_file)),
        schedule=tuple(_schedule(settings)),
        owners=tuple(_owners(settings)),
        applications=tuple(_applications(settings)),
    )


def _places(settings: Settings, env_file: Path | None) -> Iterator[Named]:
    yield Named(name="Settings", value=str(env_file) if env_file else "environment variables")
    kind = settings.ledger.url.partition(":")[0]
    yield Named(name="Ledger", value=f"{kind}: {shown_url(settings.ledger.url)}")
    yield Named(name="Tenant", value=settings.auth.tenant_id or "not set")
    yield Named(name="Register", value=f"{settings.lists.contacts} on {settings.lists.site}")
    yield Named(name="Reviews", value=f"{settings.lists.reviews} on {settings.lists.site}")
    yield Named(name="Choices", value=f"{settings.lists.choices} on {settings.choices_site}")
    yield Named(name="Rules are written by", value=settings.enforce_with.value)
    yield Named(name="Rules act", value=settings.rules.mode.value)
    yield Named(name="Policy profile", value=settings.policy.profile)


def _schedule(settings: Settings) -> Iterator[Named]:
    for job in Job:
        yield Named(name=job.value, value=str(getattr(settings.schedule, job.value)))
    yield Named(name="Time zone", value=settings.lists.time_zone)


def _owners(settings: Settings) -> Iterator[Named]:
    reports, policy, notify = settings.reports, settings.policy, settings.notify
    yield Named(name="Puts rules right", value=reports.ict)
    yield Named(name="Keeps the register", value=reports.governance)
    yield Named(name="Information Asset Owner", value=reports.information_asset_owner)
    yield Named(name="May approve", value=", ".join(policy.approvers))
    for stage, approvers in (("1", policy.approvers_stage_1), ("2", policy.approvers_stage_2)):
        if approvers:
            yield Named(name=f"May approve stage {stage}", value=", ".join(approvers))
    yield Named(name="Councillors' group", value=policy.councillors_group)
    if policy.protected_mailboxes:
        yield Named(name="Never captured", value=", ".join(policy.protected_mailboxes))
    if notify.monitoring_officer:
        yield Named(name="Told when nobody acts", value=notify.monitoring_officer)
    if notify.sender:
        yield Named(name="Mail is sent from", value=notify.sender)
    for role in ("ict", "governance", "iao", "board"):
        to = getattr(settings.delivery, role).to
        if to:
            yield Named(name=f"Reports for {role}", value=", ".join(to))


def _applications(settings: Settings) -> Iterator[SignIn]:
    for role in _ROLES:
        one: ApplicationSettings = getattr(settings.auth, role)
        if not one.client_id and not one.managed_identity:
            continue
        yield SignIn(
            client_id=one.client_id,
            application=Application(
                role=role,
                way=way_to_sign_in(one),
                certificate_path=one.certificate_path,
                certificate_password=one.certificate_password.get_secret_value(),
            ),
        )


def permissions_undo(settings: Settings) -> tuple[str, ...]:
    """The scripts of deploy/permissions that take every grant back, with this council's values.

    Exchange first: its service principals go by the applications, which the others delete. An application
    that several councils sign in with is not deleted with one of them.
    """
    shared = shared_applications(settings)
    tenant = quoted(settings.auth.tenant_id)
    sites = ", ".join(quoted(one) for one in dict.fromkeys((settings.lists.site, settings.choices_site)))
    ids = {role: getattr(settings.auth, role).client_id for role in _ROLES}
    return (
        *(
            f"./Revoke-{role.capitalize()}InExchange.ps1 -ApplicationId {quoted(ids[role])}"
            for role in ("writer", "reader")
            if ids[role]
        ),
        *(
            f"./Remove-{role.capitalize()}Application.ps1 -TenantId {tenant} "
            f"-ApplicationId {quoted(ids[role])} -Site {sites}"
            f"{'' if role in shared else ' -DeleteApplication'}"
            for role in ("setup", "writer", "reader")
            if ids[role]
        ),
    )


def shared_applications(settings: Settings) -> tuple[str, ...]:
    """The roles whose application is named in the file that all councils share (docs/many-councils.md)."""
    origins = settings.origins
    return tuple(
        role
        for role in _ROLES
        if Path(origins.get(f"{PREFIX}AUTH__{role.upper()}__CLIENT_ID", "")).name == SHARED_FILE
    )
