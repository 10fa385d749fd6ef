"""Codes of checks, and of what a probe or a canary may be refused for."""

from m365_restrict.codes import CatalogueCode


class CheckCode(CatalogueCode):
    """What `doctor` looks into."""

    ENDPOINT = (
        "endpoint",
        "Whether sign-in, Microsoft Graph and Exchange answer from this computer.",
        "Open the way in the firewall or proxy, or correct the address in the settings.",
    )
    CLOCK_SKEW = (
        "clock-skew",
        "Whether this computer's clock agrees with the service's; a token needs that.",
        "Have the computer set its clock from a time server.",
    )
    TOKEN_ROLES = (
        "token-roles",
        "Whether each application holds the roles that it needs, and no others.",
        "Grant what is missing and take away what is too much (deploy/permissions/permissions.toml).",
    )
    CERTIFICATE = (
        "certificate",
        "What the applications sign in with, and when their certificates end.",
        "Make a new certificate, add it to the application in Entra ID, and change the setting.",
    )
    LIST = (
        "list",
        "Whether each list is there, with its columns, and can be read whole.",
        "Run `m365-restrict init`, which adds what is missing and takes nothing away.",
    )
    VERSION_HEADROOM = (
        "version-headroom",
        "How near items are to the number of versions that SharePoint keeps.",
        "Raise the list's version limit in SharePoint, or close the case and open a new item.",
    )
    REMEMBERED_HISTORIES = (
        "remembered-histories",
        "Whether an item that looks unchanged hides a save, which only its version history shows.",
        "Set REGISTER__REMEMBER_HISTORIES=false; the next run then reads every version history.",
    )
    GROUP = (
        "group",
        "Whether the councillors' group and the approvers can be read, and whom a scope leaves out.",
        "Correct the setting or the group; make everyone a direct member of the group that a scope names.",
    )
    MAILBOX_REACH = (
        "mailbox-reach",
        "Whether each application may look into the mailboxes that it needs, and into no others.",
        "Widen the management scope of the application in Exchange; a change takes up to two hours.",
    )
    PROTECTED_MAILBOX = (
        "protected-mailbox",
        "Whether every protected mailbox is there.",
        "Correct POLICY__PROTECTED_MAILBOXES or restore the mailbox.",
    )
    SINGLE_CONTACT = (
        "single-contact",
        "Whether the mailboxes that mail is sent to can take it.",
        "Have an administrator correct the mailbox in the Exchange admin center.",
    )
    LIMITS = (
        "limits",
        "How much of Exchange's limits on transport rules is used.",
        "Remove rules that are no longer needed.",
    )
    AUDIT = (
        "audit",
        "Whether Microsoft 365 records what administrators change.",
        "Switch on auditing in Microsoft Purview; without it nobody can say who changed a rule.",
    )
    COVERAGE = (
        "coverage",
        "Whether all mail for the council's domains passes the place where rules act.",
        "Have the domain's MX point to Exchange Online, or restrict the sender on the other system too.",
    )
    CANARY = (
        "canary",
        "Whether a message of ICT's own has shown that rules act as they are meant to.",
        "Run `m365-restrict doctor --canary start` (docs/doctor.md).",
    )
    TENANT_ANSWER = (
        "tenant-answer",
        "What this tenant answered where no documentation can be relied on.",
        "Run `m365-restrict doctor --probe` (docs/doctor.md).",
    )


class DoctorRefusal(CatalogueCode):
    """Why a probe or a canary is not begun."""

    NO_WRITER = (
        "doctor-no-writer",
        "A probe or a canary writes transport rules, and this installation holds no grant to do so.",
        "Probe with a test installation that has ENFORCE_WITH=mail_flow, and set what it finds by hand.",
    )
    CANARY_NOT_SET = (
        "canary-not-set",
        "The settings name no canary, or one that cannot be used.",
        "Set CANARY__ADDRESS to an outside address of ICT's own and CANARY__MAILBOXES to pilot mailboxes.",
    )
    CANARY_NOT_STANDING = (
        "canary-not-standing",
        "There is no canary to confirm.",
        "Run `m365-restrict doctor --canary start`.",
    )
    CANARY_NOT_BEGUN = (
        "canary-not-begun",
        "A rule of the canary could not be made as it was sent, so none stands.",
        "Read the reason, run `m365-restrict doctor --probe`, and start again.",
    )
    RULES_UNREAD = (
        "doctor-rules-unread",
        "The transport rules could not be read, so nothing was written.",
        "See the reason given, restore access, and run again.",
    )
