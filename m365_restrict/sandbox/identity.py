"""The sandbox's Entra ID: three applications, their credentials, and the tokens that prove who calls.

Tokens, certificates and assertions live in real time, never in sandbox time (contracts.md 2).
"""

import hashlib
import json
import secrets
import time
import uuid
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from m365_restrict.sandbox.certificates import application_certificate, write_private
from m365_restrict.sandbox.federation import check_federated
from m365_restrict.sandbox.sign_in_refused import SignInRefused

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "https://outlook.office365.com"
ROLES = ("reader", "writer", "setup")

TOKEN_SECONDS = 3600
_MAILBOX_ROLES = ("Mail.", "MailboxSettings.", "MailboxFolder.")
_KEY_ID = "sandbox-signing-key"

_VIEW_CMDLETS = frozenset(
    f"Get-{noun}"
    for noun in (
        "AcceptedDomain", "AdminAuditLogConfig", "DistributionGroup", "DistributionGroupMember",
        "DynamicDistributionGroup",
        "HostedContentFilterPolicy", "InboxRule", "Mailbox", "MailboxJunkEmailConfiguration",
        "OrganizationConfig", "Recipient", "TenantAllowBlockListItems", "TransportConfig", "TransportRule",
        "TransportRulePredicate", "TransportRuleAction", "User",
    )
) | {"Test-ServicePrincipalAuthorization"}  # fmt: skip
_RULE_CMDLETS = frozenset(f"{verb}-TransportRule" for verb in ("New", "Set", "Enable", "Disable", "Remove"))

_GRAPH_ROLES = {
    "reader": frozenset(
        {
            "Sites.Read.All",
            "User.Read.All",
            "GroupMember.Read.All",
            "Domain.Read.All",
            "MailboxSettings.Read",
            "Mail.ReadBasic.All",
            "ExchangeMessageTrace.Read.All",
        }
    ),
    # Sites.Selected stands for a write grant on the register's sites (graph.md 3.10).
    "writer": frozenset(
        {"Sites.Selected", "MailboxSettings.ReadWrite", "MailboxFolder.ReadWrite.All", "Mail.Send"}
    ),
    "setup": frozenset({"Sites.Manage.All", "User.Read.All"}),
}
_CMDLETS = {"reader": _VIEW_CMDLETS, "writer": _VIEW_CMDLETS | _RULE_CMDLETS, "setup": frozenset[str]()}


@dataclass(frozen=True)
class Application:
    """A registered application. `cmdlets` are what its Exchange role allows; empty = no such role."""

    role: str
    client_id: str
    object_id: str
    display_name: str
    graph_roles: frozenset[str]
    cmdlets: frozenset[str]
    mailboxes: tuple[str, ...] | None = None
    federated: tuple[Mapping[str, Any], ...] = ()
    """Whose tokens it takes in place of a key: issuer, subject, audience, and the issuer's keys."""

    @property
    def token_roles(self) -> frozenset[str]:
        """The roles in a Graph token: those assigned in Exchange alone are not in it (graph.md 8.2)."""
        return self.graph_roles if self.mailboxes is None else self.graph_roles - self.scoped_roles

    @property
    def scoped_roles(self) -> frozenset[str]:
        """The roles that Exchange's RBAC for applications gives, within `mailboxes`."""
        if self.mailboxes is None:
            return frozenset()
        return frozenset(role for role in self.graph_roles if role.startswith(_MAILBOX_ROLES))


@dataclass(frozen=True)
class Credential:
    """How an application signs in: a secret, or the certificate with its key in a PEM file."""

    secret: str
    certificate: Path


class TokenRefused(Exception):
    """A bearer token that a service does not accept. The message is the one that the service gives."""


class TokenRevoked(TokenRefused):
    """A token that was good and no longer is: the service challenges for a new one (graph.md 9, CAE)."""

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate header, with the claims that the new token must carry."""
        wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(time.time()))}}}
        claims = b64encode(json.dumps(wanted).encode()).decode()
        return (
            'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
            f'error="insufficient_claims", claims="{claims}"'
        )


class Authority:
    """Issues and judges tokens. Its keys are kept in the state folder over seeds and restarts."""

    def __init__(self, state: Path, certification: trustme.CA) -> None:
        """Load the credentials in `state`, or make them."""
        self._signing = _signing_key(state / "signing.pem")
        secrets_of = _application_secrets(state / "applications.json")
        self.applications: dict[str, Application] = {}
        self.credentials: dict[str, Credential] = {}
        self._certificates: dict[str, x509.Certificate] = {}
        for role in ROLES:
            known = secrets_of[role]
            self.applications[role] = Application(
                role, known["client_id"], known["object_id"], f"m365-restrict {role}",
                _GRAPH_ROLES[role], _CMDLETS[role],
            )  # fmt: skip
            path = application_certificate(certification, state, role)
            self.credentials[role] = Credential(known["secret"], path)
            self._certificates[role] = x509.load_pem_x509_certificate(path.read_bytes())
        self._registered = dict(self.applications)
        self._issued: dict[str, set[str]] = {}
        self._revoked: set[str] = set()

    def grant(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Let the applications hold what the tenant says, by role; the usual where it says nothing."""
        for role, usual in self._registered.items():
            change = changes.get(role, {})
            self.applications[role] = replace(
                usual,
                graph_roles=(usual.graph_roles | set(change.get("add_roles", ())))
                - set(change.get("remove_roles", ())),
                cmdlets=(usual.cmdlets | set(change.get("add_cmdlets", ())))
                - set(change.get("remove_cmdlets", ())),
                mailboxes=None if change.get("mailboxes") is None else tuple(change["mailboxes"]),
                federated=tuple(change.get("federated_credentials", ())),
            )

    def registrations(self) -> list[dict[str, Any]]:
        """What the tenant's Exchange knows of the applications."""
        return [
            {
                "client_id": application.client_id,
                "object_id": application.object_id,
                "name": application.display_name,
                "scoped_roles": sorted(application.scoped_roles),
                "mailboxes": application.mailboxes,
            }
            for application in self.applications.values()
        ]

    def revoke(self, client_id: str) -> None:
        """End every token issued to an application so far: it must sign in anew (graph.md 9, CAE)."""
        self._revoked |= self._issued.pop(client_id, set())

    def sign_in(self, form: Mapping[str, str], *, audiences: tuple[str, ...]) -> Application:
        """The application that a client-credentials form proves to be; `SignInRefused` when it does not.

        `audiences` are the addresses of the token endpoint that an assertion may be made for.
        """
        client = form.get("client_id", "")
        application = self.by_client_id(client)
        if application is None:
            text = f"Application with identifier '{client}' was not found."
            raise SignInRefused("unauthorized_client", 700016, text, status=400)
        if form.get("grant_type") != "client_credentials":
            text = "Only client_credentials is known."
            raise SignInRefused("unsupported_grant_type", 70003, text, status=400)
        if "client_assertion" in form:
            self._check_assertion(application, form["client_assertion"], audiences)
            return application
        secret = self.credentials[application.role].secret
        if not secrets.compare_digest(form.get("client_secret", ""), secret):
            raise SignInRefused("invalid_client", 7000215, "Invalid client secret provided.")
        return application

    def issue(
        self,
        application: Application,
        *,
        resource: str,
        tenant: str,
        issuer: str,
        seconds: int = TOKEN_SECONDS,
    ) -> str:
        """A signed token for `resource` that is valid for `seconds` from now."""
        now = int(time.time())
        roles = application.token_roles if resource == GRAPH else ["Exchange.ManageAsApp"]
        if resource == EXCHANGE and not application.cmdlets:
            roles = []
        identifier = uuid.uuid4().hex
        self._issued.setdefault(application.client_id, set()).add(identifier)
        claims = {
            "aud": resource, "iss": issuer, "iat": now, "nbf": now - 300, "exp": now + seconds,
            "appid": application.client_id, "oid": application.object_id, "tid": tenant,
            "roles": sorted(roles), "uti": identifier, "ver": "1.0", "idtyp": "app",
        }  # fmt: skip
        return jwt.encode(claims, self._signing, algorithm="RS256", headers={"kid": _KEY_ID})

    def judge(
        self, authorization: str | None, *, resource: str, tenant: str
    ) -> tuple[Application, frozenset[str]]:
        """The application behind an Authorization header and the roles in its token; else `TokenRefused`."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenRefused("Access token is empty.")
        try:
            claims: dict[str, Any] = jwt.decode(
                token.strip(), self._signing.public_key(), algorithms=["RS256"], audience=resource, leeway=5,
                options={"require": ["exp", "aud", "appid", "tid"]},
            )  # fmt: skip
        except jwt.ExpiredSignatureError as error:
            raise TokenRefused("Lifetime validation failed, the token is expired.") from error
        except jwt.InvalidAudienceError as error:
            raise TokenRefused("Access token validation failure. Invalid audience.") from error
        except jwt.InvalidTokenError as error:
            raise TokenRefused("IDX14100: JWT is not well formed or its signature is invalid.") from error
        if claims["tid"] != tenant:
            raise TokenRefused("The token is for another tenant than the request.")
        application = self.by_client_id(str(claims["appid"]))
        if application is None:
            raise TokenRefused("The token's application is not registered in this tenant.")
        if claims.get("uti") in self._revoked:
            raise TokenRevoked("Continuous access evaluation resulted in challenge with result: interaction.")
        return application, frozenset(claims.get("roles", []))

    def by_client_id(self, client_id: str) -> Application | None:
        """The application with this id."""
        return next((app for app in self.applications.values() if app.client_id == client_id), None)

    def keys(self) -> dict[str, Any]:
        """The key set that the openid configuration points to."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._signing.public_key()))
        return {"keys": [{**public, "kid": _KEY_ID, "use": "sig", "alg": "RS256"}]}

    def _check_assertion(self, application: Application, assertion: str, audiences: tuple[str, ...]) -> None:
        if not _is_own(assertion, application.client_id):
            check_federated(assertion, application.federated)
            return
        certificate = self._certificates[application.role]
        try:
            header = jwt.get_unverified_header(assertion)
            _check_thumbprint(header, certificate)
            public = certificate.public_key()
            if not isinstance(public, rsa.RSAPublicKey):
                raise jwt.InvalidKeyError("the registered certificate is not RSA")
            claims = jwt.decode(
                assertion, public, algorithms=["RS256", "PS256"], audience=audiences, leeway=300,
                options={"require": ["exp", "aud", "iss", "sub"]},
            )  # fmt: skip
        except jwt.InvalidTokenError as error:
            raise SignInRefused(
                "invalid_client", 700027, f"The certificate's assertion failed validation: {error}."
            ) from error
        if claims["iss"] != application.client_id or claims["sub"] != application.client_id:
            raise SignInRefused("invalid_client", 700021, "The assertion names another application.")


def _is_own(assertion: str, client_id: str) -> bool:
    """Whether an assertion is the application's own word, which a certificate signs, and nobody else's."""
    try:
        header = jwt.get_unverified_header(assertion)
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError:
        return True
    return issuer == client_id or "x5t" in header or "x5t#S256" in header


def _check_thumbprint(header: Mapping[str, Any], certificate: x509.Certificate) -> None:
    # The sync credential signs RS256 with x5t, the aio one PS256 with x5t#S256 (testing.md, Identity).
    sent = header.get("x5t#S256") or header.get("x5t")
    der = certificate.public_bytes(serialization.Encoding.DER)
    sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
    known = {_base64url(certificate.fingerprint(hashes.SHA256())), _base64url(sha1)}
    if sent is None or sent.rstrip("=") not in known:
        raise jwt.InvalidTokenError("the thumbprint is not that of the registered certificate")


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _signing_key(path: Path) -> rsa.RSAPrivateKey:
    if path.exists():
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(loaded, rsa.RSAPrivateKey):
            return loaded
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(path, pem)
    return key


def _application_secrets(path: Path) -> dict[str, dict[str, str]]:
    if path.exists():
        known: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        return known
    made = {
        role: {
            "client_id": str(uuid.uuid4()),
            "object_id": str(uuid.uuid4()),
            "secret": secrets.token_urlsafe(30),
        }
        for role in ROLES
    }
    write_private(path, json.dumps(made, indent=1).encode())
    return made
