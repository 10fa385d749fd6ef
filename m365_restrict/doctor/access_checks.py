"""The way to the services, the clock, the applications' roles and how they sign in."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from m365_restrict.doctor.check import Check, bad, good, warning
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.doctor.history_checks import ComparedHistories
from m365_restrict.doctor.permissions import Need, judge_roles
from m365_restrict.errors import ErrorCode, RestrictError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.access import Answered, ask, roles_in_token
from m365_restrict.tenant.certificates import certificate_end
from m365_restrict.tenant.credentials import CredentialOptions
from m365_restrict.tenant.federation import TOKEN_FILE_VARIABLE, audience, presented, token_path
from m365_restrict.tenant.mail_exchangers import Resolver
from m365_restrict.tenant.session import TenantOptions
from m365_restrict.tenant.sign_in_way import SignInWay

_SKEW_WARNING, _SKEW_FAILURE = timedelta(seconds=60), timedelta(minutes=5)
"""Entra ID allows five minutes; a minute says that nobody sets the clock."""

_SET_A_WAY = "Set a certificate, WORKLOAD_IDENTITY, TRUSTED_IDENTITY or MANAGED_IDENTITY (docs/settings.md)."


@dataclass(frozen=True, kw_only=True)
class Access:
    """How this installation gets at the tenant. `in_use` are the needs that its settings give rise to.

    `real_now` is real time, which certificates and tokens live in whatever a sandbox's clock says; of those
    that end within `certificate_notice` is warned. `histories` compares those that the readers read.
    """

    tenant: TenantOptions
    applications: tuple[CredentialOptions, ...]
    in_use: frozenset[Need]
    resolver: Resolver
    real_now: Callable[[], datetime]
    certificate_notice: timedelta
    histories: ComparedHistories


async def access_checks(access: Access) -> AsyncIterator[Check]:
    """Every check that needs no token, then those of each application."""
    for name, url in _endpoints(access):
        sent = access.real_now()
        answer = await ask(url, ca_file=access.tenant.ca_file)
        yield endpoint_check(name, answer)
        if isinstance(answer, Answered) and answer.at is not None:
            yield skew_check(name, answer.at - sent, took=timedelta(seconds=answer.took))
    for application in access.applications:
        yield sign_in_check(application, access.real_now(), access.certificate_notice)
        async for check in _roles(application, access):
            yield check


def _endpoints(access: Access) -> Iterator[tuple[str, str]]:
    tenant = access.tenant
    authority, tenant_id = tenant.reader.authority, tenant.reader.tenant_id
    yield "sign-in", f"{authority}/{tenant_id}/v2.0/.well-known/openid-configuration"
    yield "Microsoft Graph", f"{tenant.graph.base_url}/$metadata"
    if tenant.exchange.enabled:
        yield "Exchange", tenant.exchange.base_url


def endpoint_check(name: str, answer: Answered | Unknown) -> Check:
    """Whether anybody is there. A refusal without a token is an answer."""
    if isinstance(answer, Unknown):
        return bad(CheckCode.ENDPOINT, name, f"It does not answer from here: {answer.reason.rstrip('.')}.")
    if not answer.works:
        return warning(
            CheckCode.ENDPOINT,
            name,
            f"It answers with HTTP {answer.status}.",
            "Run again later; see the service's health in the Microsoft 365 admin center.",
        )
    return good(CheckCode.ENDPOINT, name, f"It answers, in {answer.took * 1000:.0f} ms.")


def skew_check(name: str, ahead: timedelta, *, took: timedelta) -> Check:
    """`ahead` is how far the service's clock is before ours; the way there and whole seconds are allowed."""
    beyond = max(timedelta(), abs(ahead) - took - timedelta(seconds=1))
    seconds = round(beyond.total_seconds())
    if beyond >= _SKEW_FAILURE:
        return bad(
            CheckCode.CLOCK_SKEW, name, f"This computer's clock is {seconds} seconds off; tokens are refused."
        )
    if beyond >= _SKEW_WARNING:
        return warning(CheckCode.CLOCK_SKEW, name, f"This computer's clock is {seconds} seconds off.")
    return good(CheckCode.CLOCK_SKEW, name, "This computer's clock agrees with it.")


def sign_in_check(application: CredentialOptions, now: datetime, notice: timedelta) -> Check:
    """Which way it signs in, what that needs, and when it ends where that can be seen."""
    about, code = f"{application.role} application", CheckCode.CERTIFICATE
    match application.way:
        case SignInWay.CERTIFICATE:
            return _certificate_check(application, about, now, notice)
        case SignInWay.WORKLOAD_IDENTITY:
            return _token_file_check(application, about, now)
        case SignInWay.TRUSTED_IDENTITY:
            return good(
                code,
                about,
                f"It signs in with the managed identity {application.trusted_identity}, which it must trust "
                f"({_federated(application)}). Nothing ends.",
            )
        case SignInWay.SECRET:
            return warning(
                code,
                about,
                "It signs in with a secret, whose end is not shown here and which can be copied.",
                "Use a certificate; see the secret's end in Entra ID meanwhile.",
            )
        case SignInWay.MANAGED_IDENTITY:
            return good(code, about, "It signs in with the identity of this computer, which never ends.")
        case SignInWay.NOTHING:
            return bad(code, about, "Nothing is set that it could sign in with.", _SET_A_WAY)
        case _ as never:
            assert_never(never)


def _certificate_check(application: CredentialOptions, about: str, now: datetime, notice: timedelta) -> Check:
    code = CheckCode.CERTIFICATE
    if application.certificate_path is None:
        return bad(code, about, "Nothing is set that it could sign in with.", _SET_A_WAY)
    end = certificate_end(application.certificate_path, application.certificate_password)
    if isinstance(end, Unknown):
        return bad(code, about, f"Its certificate: {end.reason}.", "Correct the path or the password.")
    left, day = end - now, f"{end.astimezone(UTC):%Y-%m-%d}"
    if left <= timedelta():
        return bad(code, about, f"Its certificate ended on {day}.")
    if left < notice:
        return warning(code, about, f"Its certificate ends on {day}, in {left.days} days.")
    return good(code, about, f"Its certificate ends on {day}.")


def _token_file_check(application: CredentialOptions, about: str, now: datetime) -> Check:
    """Whether the file holds a token that Entra ID could take, and what it says of itself."""
    code, wanted = CheckCode.CERTIFICATE, audience(application.authority)
    path = token_path(application.token_file)
    if path is None:
        return bad(
            code, about, f"No file of its token is named: neither TOKEN_FILE nor {TOKEN_FILE_VARIABLE}."
        )
    found = presented(path)
    if isinstance(found, Unknown):
        return bad(code, about, found.reason, ErrorCode.WORKLOAD_TOKEN_UNUSABLE.advice)
    said = f"its token is of {found.subject}, issued by {found.issuer}"
    if wanted not in found.audiences:
        for_whom = ", ".join(found.audiences) or "nobody"
        step = f"Have the service account's token made for the audience {wanted} (projected volume)."
        return bad(code, about, f"It cannot sign in: {said}, and for {for_whom}, not for {wanted}.", step)
    if found.ends_at is not None and found.ends_at <= now:
        step = "See why the cluster no longer replaces the file; a pod that is started anew gets a new one."
        return bad(
            code, about, f"It cannot sign in: {said}, and ended at {found.ends_at:%Y-%m-%d %H:%M}Z.", step
        )
    return good(
        code,
        about,
        f"It signs in with no key: {said}, and it must trust both ({_federated(application)}). "
        "The cluster replaces it before it ends.",
    )


def _federated(application: CredentialOptions) -> str:
    return f"a federated credential with the audience {audience(application.authority)}"


async def _roles(application: CredentialOptions, access: Access) -> AsyncIterator[Check]:
    scopes = {"graph": access.tenant.graph.scope}
    if access.tenant.exchange.enabled:
        scopes["exchange"] = access.tenant.exchange.scope
    for resource, scope in scopes.items():
        try:
            held = await roles_in_token(application, scope)
        except RestrictError as error:
            yield bad(
                CheckCode.TOKEN_ROLES,
                f"{application.role} application, {resource}",
                error.message,
                error.advice,
            )
            continue
        for check in judge_roles(application.role, resource, held, access.in_use):
            yield check
