"""Get-AcceptedDomain, Get-Recipient, Get-Mailbox and Get-TransportConfig, and the tenant's own names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.exchange.binding import named
from m365_restrict.sandbox.exchange.envelope import CmdletAnswer, objects
from m365_restrict.sandbox.exchange.recipients import is_recipient, primary_address
from m365_restrict.sandbox.exchange.refusals import (
    ambiguous_recipient,
    invalid,
    recipient_object_not_found,
)
from m365_restrict.sandbox.exchange.rule_checks import MATCHING_LIMIT, RULE_LIMIT, SIZE_LIMIT
from m365_restrict.sandbox.store import Store

_DEFAULT_RESULT_SIZE = 1000
_MORE = (
    "There are more results available than are currently displayed. To view them, increase the value for "
    "the ResultSize parameter."
)
_PERSON_TYPES = {
    "user": "UserMailbox",
    "shared": "SharedMailbox",
    "on_premises": "MailUser",
    "contact": "MailContact",
    "guest": "GuestMailUser",
}
_GROUP_TYPES = {
    "distribution": "MailUniversalDistributionGroup",
    "security": "MailUniversalSecurityGroup",
    "dynamic": "DynamicDistributionGroup",
    "m365": "GroupMailbox",
}
_MAILBOXES = frozenset({"user", "shared"})
_ONE = {name.lower(): name for name in ("Identity", "ResultSize", "RecipientTypeDetails")}
_RECIPIENT = {**_ONE, "filter": "Filter"}
_NONE = {"identity": "Identity"}
_TERM = r"EmailAddresses\s+-eq\s+'smtp:((?:[^']|'')+)'"
_FILTER = re.compile(rf"\s*{_TERM}(?:\s+-or\s+{_TERM})*\s*", re.IGNORECASE)

T = TypeVar("T")


def limited(found: Sequence[T], result_size: object) -> tuple[Sequence[T], tuple[str, ...]]:
    """The first `ResultSize` results, with the warning that there are more.

    Sources disagree whether the service honours ResultSize (exchange.md 1.5); here it does.
    """
    text = str(result_size) if result_size is not None else ""
    if text.lower() == "unlimited":
        return found, ()
    size = int(text) if text.isdigit() else _DEFAULT_RESULT_SIZE
    return found[:size], (_MORE,) if len(found) > size else ()


@dataclass(frozen=True)
class TenantFacts:
    """What the seed says of the tenant, read at each call."""

    store: Store

    def document(self) -> dict[str, Any]:
        """The tenant document; empty before the first seed."""
        return self.store.get("tenant", "tenant") or {}

    def behaviour(self) -> Mapping[str, Any]:
        """The switches for what nobody knows of the real service (contracts.md 2)."""
        return self.document().get("behaviour") or {}

    def outside_senders(self) -> bool:
        """Whether From takes an address that no recipient has (exchange.md 2.3, unproven)."""
        return bool(self.behaviour().get("from_external", True))

    def initial_domain(self) -> str:
        """The onmicrosoft-like domain that every tenant begins with."""
        return str(self.document().get("initial_domain") or "tenant.example")

    def organisation_id(self) -> str:
        """The form in which Exchange names a cloud organisation."""
        domain = self.initial_domain()
        root = "SANDBOX01.PROD.OUTLOOK.COM"
        hosted = f"{root}/Microsoft Exchange Hosted Organizations/{domain}"
        return f"{hosted} - {root}/ConfigurationUnits/{domain}/Configuration"

    def rule_distinguished_name(self, rule_name: str) -> str:
        """Where a rule lives in the directory; renaming moves it."""
        escaped = rule_name.replace("\\", "\\\\").replace('"', '\\"').replace(",", "\\,")
        return (
            f"CN={escaped},CN=TransportVersioned,CN=Rules,CN=Transport Settings,CN=Configuration,"
            f"CN={self.initial_domain()},CN=ConfigurationUnits,DC=SANDBOX01,DC=PROD,DC=OUTLOOK,DC=COM"
        )


@dataclass(frozen=True)
class OrganisationCmdlets:
    """The reading cmdlets about people, domains and limits."""

    store: Store
    directory: SandboxDirectory
    tenant: TenantFacts

    def recipient(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Get-Recipient: mailboxes, mail users, contacts, guests and groups, dynamic ones included."""
        given = named(parameters, _RECIPIENT)
        identity = given.get("Identity")
        if identity:
            return objects([self._recipient(str(identity))], target=str(identity))
        people = [_person(user) for _, user in self.store.all("users") if is_recipient(user)]
        groups = [_group(group) for _, group in self.store.all("groups")]
        return _listed(_filtered([*people, *groups], given.get("Filter")), given)

    def mailbox(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Get-Mailbox: cloud mailboxes, with what decides whether a target takes outside mail (10)."""
        given = named(parameters, _ONE)
        identity = given.get("Identity")
        if identity:
            user = self._person_named(str(identity))
            if user is None or user["mailbox"] not in _MAILBOXES:
                raise recipient_object_not_found(str(identity))
            return objects([self._mailbox(user)], target=str(identity))
        users = (user for _, user in self.store.all("users"))
        return _listed([self._mailbox(user) for user in users if user["mailbox"] in _MAILBOXES], given)

    def accepted_domain(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Get-AcceptedDomain: the first domain of the seed is the default one."""
        given = named(parameters, _NONE)
        listed = [str(domain) for domain in self.tenant.document().get("accepted_domains") or ()]
        domains = list(dict.fromkeys([*listed, self.tenant.initial_domain()]))
        rows = [
            {"Name": d, "DomainName": d, "DomainType": "Authoritative", "Default": d == domains[0],
             "InitialDomain": d == self.tenant.initial_domain(), "Identity": d, "IsValid": True}
            for d in domains
        ]  # fmt: skip
        identity = str(given.get("Identity") or "").lower()
        return objects([row for row in rows if not identity or row["Name"] == identity], target=identity)

    def transport_config(self, parameters: Mapping[str, Any]) -> CmdletAnswer:
        """Get-TransportConfig: the transport-rule limits as a tenant reports them (exchange.md 9)."""
        named(parameters, _NONE)
        size, matching = _quantity(SIZE_LIMIT), _quantity(MATCHING_LIMIT)
        scanned = _quantity(1024**2)
        named_limits = {
            "TransportRuleMinProductVersion": "14.0.0.0",
            "TransportRuleRegexValidationTimeout": "00:00:00.3000000",
            "TransportRuleAttachmentTextScanLimit": scanned,
            "TransportRuleSizeLimit": size,
            "TransportRuleCollectionRegexCharsLimit": matching,
            "TransportRuleLimit": RULE_LIMIT,
            "TransportRuleCollectionAddedRecipientsLimit": 100,
        }
        row: dict[str, Any] = {
            "MaxReceiveSize": "Unlimited", "MaxSendSize": "Unlimited", "ExternalDelayDsnEnabled": True,
            "TransportRuleConfig": [f"{name}:{value}" for name, value in named_limits.items()],
            **named_limits,
        }  # fmt: skip
        return objects([row], target="")

    def _recipient(self, identity: str) -> dict[str, Any]:
        user = self._person_named(identity)
        if user is not None:
            return _person(user)
        group = self.directory.find_group(identity)
        if group is None:
            raise recipient_object_not_found(identity)
        return _group(group)

    def _person_named(self, identity: str) -> dict[str, Any] | None:
        if self.directory.ambiguous(identity):
            raise ambiguous_recipient(identity)
        user = self.directory.find(identity)
        return user if user is not None and is_recipient(user) else None

    def _mailbox(self, user: Mapping[str, Any]) -> dict[str, Any]:
        onward = user["forwarding"] or None
        inside = onward is not None and self.directory.has_mailbox(onward)
        return {
            **_person(user),
            "UserPrincipalName": user["upn"],
            "RequireSenderAuthenticationEnabled": not user["accepts_external"],
            "ForwardingAddress": self.directory.display_name_of(onward) if onward and inside else None,
            "ForwardingSmtpAddress": f"smtp:{onward}" if onward and not inside else None,
            "DeliverToMailboxAndForward": onward is not None,
            "AcceptMessagesOnlyFrom": [],
            "AcceptMessagesOnlyFromDLMembers": [],
            "AcceptMessagesOnlyFromSendersOrMembers": [],
            "RejectMessagesFrom": [],
            "ModerationEnabled": False,
            "ModeratedBy": [],
            "AccountDisabled": not user["enabled"],
            "IsShared": user["mailbox"] == "shared",
        }


def _person(user: Mapping[str, Any]) -> dict[str, Any]:
    primary = primary_address(dict(user))
    others = [alias for alias in user["aliases"] if alias.lower() != primary.lower()]
    outside = user["mailbox"] not in _MAILBOXES
    return {
        **_named_object(user, primary, [f"SMTP:{primary}", *(f"smtp:{alias}" for alias in others)]),
        "RecipientTypeDetails": _PERSON_TYPES[user["mailbox"]],
        "ExternalEmailAddress": f"SMTP:{primary}" if outside else None,
    }


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    address = str(group["address"])
    return {
        **_named_object(group, address, [f"SMTP:{address}"]),
        "RecipientTypeDetails": _GROUP_TYPES[group["kind"]],
        "ExternalEmailAddress": None,
    }


def _named_object(source: Mapping[str, Any], primary: str, addresses: list[str]) -> dict[str, Any]:
    return {
        "Identity": source["display_name"],
        "Name": source["display_name"],
        "DisplayName": source["display_name"],
        "Alias": primary.partition("@")[0],
        "PrimarySmtpAddress": primary,
        "EmailAddresses": addresses,
        "ExternalDirectoryObjectId": source["id"],
        "Guid": source["id"],
    }


def _filtered(rows: Sequence[Mapping[str, Any]], expression: object) -> Sequence[Mapping[str, Any]]:
    """Those that have one of the addresses asked for: the one form of `-Filter` that is understood."""
    text = str(expression or "")
    if not text:
        return rows
    if not _FILTER.fullmatch(text):
        raise invalid(f'The filter "{text}" is not understood.', "Filter")
    wanted = {one.replace("''", "'").lower() for one in re.findall(_TERM, text, re.IGNORECASE)}
    return [row for row in rows if not wanted.isdisjoint(one[5:].lower() for one in row["EmailAddresses"])]


def _listed(rows: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> CmdletAnswer:
    wanted = given.get("RecipientTypeDetails")
    types = [wanted] if isinstance(wanted, str) else wanted
    kept = [row for row in rows if not types or row["RecipientTypeDetails"] in types]
    shown, warnings = limited(kept, given.get("ResultSize"))
    return objects(shown, target="", warnings=warnings)


def _quantity(count: int) -> str:
    kilobytes = count // 1024
    text = f"{kilobytes} KB" if kilobytes < 1024 else f"{kilobytes // 1024} MB"  # noqa: PLR2004 - bytes
    return f"{text} ({count:,} bytes)"
