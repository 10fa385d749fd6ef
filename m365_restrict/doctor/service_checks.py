"""Limits left, auditing, and what mail never passes the place where rules act (exchange.md 3, 6, 10)."""

from collections.abc import AsyncIterator, Iterator, Mapping

from m365_restrict.doctor.check import Check, bad, good, unread, warning
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Observed
from m365_restrict.plan.limits import ServiceLimits, Use, headroom
from m365_restrict.report.text import counted
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.tenant.examination import DomainRecipients
from m365_restrict.tenant.mail_exchangers import Resolver
from m365_restrict.tenant.session import TenantReaders
from m365_restrict.tenant.together import all_of

# The second is the form of domains with DNSSEC; the others are of national clouds.
_EXCHANGE_HOSTS = (
    ".mail.protection.outlook.com",
    ".mx.microsoft",
    ".mail.protection.office365.us",
    ".mail.protection.partner.outlook.cn",
)
_OWN_DOMAINS = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")
_TIGHT = 0.9


def limit_checks(
    rules: tuple[ObservedTransportRule, ...] | Unknown, limits: ServiceLimits
) -> Iterator[Check]:
    """How much of the organisation's limits is used, rules of others included."""
    used = headroom([], Observed(rules, {}), (), limits)
    if isinstance(rules, Unknown) or used is None:
        yield unread(CheckCode.LIMITS, "transport rules", rules if isinstance(rules, Unknown) else "no rules")
        return
    told = "" if limits.reported else " (the documented limit: the tenant's own could not be read)"
    yield _limit("transport rules", used.rules, told)
    yield _limit("characters of words and patterns", used.pattern_characters, told)


def _limit(about: str, use: Use, told: str) -> Check:
    message = f"{use.used} of {use.limit} are used{told}."
    if use.used >= use.limit:
        return bad(CheckCode.LIMITS, about, message)
    if use.used >= use.limit * _TIGHT:
        return warning(CheckCode.LIMITS, about, message)
    return good(CheckCode.LIMITS, about, message)


def audit_check(*, is_on: bool | Unknown) -> Check:
    """Whether anybody can find out who changed a rule."""
    about = "the unified audit log"
    if isinstance(is_on, Unknown):
        return unread(CheckCode.AUDIT, about, is_on, "See in Microsoft Purview whether auditing is on.")
    return good(CheckCode.AUDIT, about, "It is on.") if is_on else bad(CheckCode.AUDIT, about, "It is off.")


async def coverage_checks(readers: TenantReaders, resolver: Resolver) -> AsyncIterator[Check]:
    """Of each accepted domain: where its mail enters, and how many mailboxes are not here."""
    domains = await readers.directory.accepted_domains()
    if isinstance(domains, Unknown):
        yield unread(CheckCode.COVERAGE, "accepted domains", domains)
        return
    counts = await readers.examination.recipients_by_domain()
    public = sorted(domain for domain in domains if not domain.endswith(_OWN_DOMAINS))
    answers = await all_of(resolver(domain) for domain in public)
    for domain, hosts in zip(public, answers, strict=True):
        yield entry_check(domain, hosts, counts)
    yield on_premises_check(domains, counts)


def entry_check(
    domain: str, hosts: tuple[str, ...] | Unknown, counts: Mapping[str, DomainRecipients] | Unknown
) -> Check:
    """Whether the world delivers mail for a domain straight to Exchange Online."""
    code = CheckCode.COVERAGE
    if isinstance(hosts, Unknown):
        return unread(
            code,
            domain,
            hosts,
            "Name a name server that this computer can ask in DOCTOR__DNS_SERVER, or look the MX up by hand.",
        )
    elsewhere = [host for host in hosts if not host.endswith(_EXCHANGE_HOSTS)]
    if hosts and not elsewhere:
        return good(code, domain, "Mail for it enters at Exchange Online.")
    where = f"at {', '.join(elsewhere)}" if elsewhere else "nowhere that DNS tells of: it has no MX"
    here = 0 if isinstance(counts, Unknown) else counts.get(domain, DomainRecipients()).here
    many = f"{counted(here, 'mailbox', 'mailboxes')} may not be covered"
    return warning(
        code,
        domain,
        f"Mail for it enters {where}; {'how many mailboxes' if isinstance(counts, Unknown) else many}"
        f"{' may not be covered is unknown' if isinstance(counts, Unknown) else ''}.",
        "See that this system hands all mail on to Exchange Online and rewrites no sender; send a canary.",
    )


def on_premises_check(domains: frozenset[str], counts: Mapping[str, DomainRecipients] | Unknown) -> Check:
    """Mailboxes on premises: mail that reaches them by another way meets no rule."""
    code, about = CheckCode.COVERAGE, "mailboxes on premises"
    if isinstance(counts, Unknown):
        return unread(code, about, counts)
    number = sum(one.on_premises for domain, one in counts.items() if domain in domains)
    if number:
        return warning(
            code,
            about,
            f"{counted(number, 'mailbox', 'mailboxes')} may not be covered: "
            "they are on premises, and mail that does not pass Exchange Online meets no rule.",
        )
    return good(code, about, "There are none.")
