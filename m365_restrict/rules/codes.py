"""Codes of what stands in the way when a case or a choice is turned into rules."""

from m365_restrict.codes import CatalogueCode


class RuleCode(CatalogueCode):
    """Why a case or a choice gets no rule, or what an officer should know of its rule."""

    SINGLE_CONTACT_MISSING = (
        "single-contact-missing",
        "The measure needs a single contact mailbox and the case names none.",
        "Fill in SpocMailbox and have the case approved again.",
    )
    SINGLE_CONTACT_NOT_FOUND = (
        "single-contact-not-found",
        "The single contact mailbox is not in the directory.",
        "Correct SpocMailbox, or create the mailbox.",
    )
    SINGLE_CONTACT_NOT_A_MAILBOX = (
        "single-contact-not-a-mailbox",
        "The single contact is not a user or shared mailbox in the council's cloud.",
        "Name a shared mailbox in SpocMailbox; groups, guests and outside addresses cannot be used.",
    )
    SINGLE_CONTACT_DISABLED = (
        "single-contact-disabled",
        "The single contact is a user mailbox whose account is disabled.",
        "Use a shared mailbox, or enable the account.",
    )
    SINGLE_CONTACT_CLOSED = (
        "single-contact-closed-to-outside",
        "The single contact mailbox does not accept mail from outside the council.",
        "Let the mailbox accept mail from outside senders.",
    )
    SINGLE_CONTACT_FORWARDS = (
        "single-contact-forwards",
        "The single contact mailbox forwards its mail, which a redirected message may not survive.",
        "Remove the forwarding, or name another mailbox.",
    )
    SINGLE_CONTACT_MODERATED = (
        "single-contact-moderated",
        "Mail to the single contact mailbox waits for a moderator.",
        "Remove the moderation, or name another mailbox.",
    )
    SINGLE_CONTACT_RESTRICTED = (
        "single-contact-restricted",
        "The single contact's own address is restricted by a live case.",
        "Name another mailbox in SpocMailbox.",
    )
    RECIPIENT_NOT_FOUND = (
        "recipient-not-found",
        "A mailbox or group that the case names is not in the directory.",
        "Correct the address in AllowedRecipients, SpocMailbox or ScopeMailboxes.",
    )
    RECIPIENT_UNREADABLE = (
        "recipient-unreadable",
        "The directory could not be asked about a mailbox or group that the case names.",
        "Run again later; nothing that is in force was changed.",
    )
    SCOPE_NOT_A_MAILBOX = (
        "scope-not-a-mailbox",
        "A name in the scope of the case is neither a mailbox nor a group of the council.",
        "Name mailboxes or groups in ScopeMailboxes.",
    )
    SCOPE_EMPTY = (
        "scope-empty",
        "No mailbox is left in the scope of the case once exempt ones are taken out.",
        "Name other mailboxes in ScopeMailboxes, or change the measure.",
    )
    SCOPE_NAMES_COUNCILLOR = (
        "scope-names-councillor",
        "The scope names a councillor's mailbox; it is left out, because only they may choose that.",
        "Ask the councillor to make their own choice in the list, or remove the mailbox from the scope.",
    )
    SCOPE_NAMES_EXEMPT = (
        "scope-names-exempt",
        "The scope names a mailbox that is exempt; it is left out.",
        "Remove the mailbox from ScopeMailboxes or from the exempt ones.",
    )
    JUNK_NEEDS_MAILBOXES = (
        "junk-needs-mailboxes",
        "The Junk measure works in user and shared mailboxes of the cloud only, and the scope names others.",
        "Name each mailbox in ScopeMailboxes; a group cannot be used.",
    )
    MEASURE_NEEDS_MAILBOX_GRANT = (
        "measure-needs-mailbox-grant",
        "The Junk measure is an inbox rule, and with ENFORCE_WITH=script nothing may write inbox rules.",
        "Choose another measure, use ENFORCE_WITH=mail_flow, or set the rule by hand (docs/enforce-with.md).",
    )
    CHOICE_NEEDS_MAILBOX_GRANT = (
        "choice-needs-mailbox-grant",
        "The choice is an inbox rule, and with ENFORCE_WITH=script nothing may write inbox rules.",
        "The councillor sets the rule in Outlook themselves, or the council uses ENFORCE_WITH=mail_flow.",
    )
    REFUSE_NEEDS_MAIL_FLOW = (
        "refuse-needs-mail-flow",
        "With ENFORCE_WITH=inbox_rules no mail can be refused: an inbox rule sees what has been delivered.",
        "Choose another measure, or use ENFORCE_WITH=mail_flow or script.",
    )
    WHOLE_COUNCIL_NEEDS_MAIL_FLOW = (
        "whole-council-needs-mail-flow",
        "With ENFORCE_WITH=inbox_rules a case must name its mailboxes; this one covers the whole council.",
        "Narrow the scope to named mailboxes, or use ENFORCE_WITH=mail_flow or script.",
    )
    GROUP_NEEDS_MAIL_FLOW = (
        "group-needs-mail-flow",
        "With ENFORCE_WITH=inbox_rules the scope may name user and shared mailboxes only, and names others.",
        "Name each mailbox in ScopeMailboxes, or use ENFORCE_WITH=mail_flow or script.",
    )
    TOO_MANY_MAILBOXES = (
        "too-many-mailboxes",
        "With ENFORCE_WITH=inbox_rules a case may name at most 25 mailboxes.",
        "Name fewer mailboxes in ScopeMailboxes, or use ENFORCE_WITH=mail_flow or script.",
    )
    TOO_MANY_ADDRESSES = (
        "too-many-addresses",
        "The case has more addresses than one inbox rule should hold (150).",
        "Leave out addresses that are no longer used, or use ENFORCE_WITH=mail_flow or script.",
    )
    MAILBOX_RULES_FULL = (
        "mailbox-rules-full",
        "The council's rules would take more than half of the 256 KB that a mailbox has for rules.",
        "Take the mailbox out of the scope of a case that needs it least, or shorten a list of addresses.",
    )
    FOLDER_OF_RULE_MISSING = (
        "folder-of-rule-missing",
        "A named mailbox has no Archive folder, and nothing may be left in the Inbox or deleted.",
        "Open the mailbox in Outlook once and make its Archive folder, or take it out of the scope.",
    )
    REFERENCE_TOO_LONG = (
        "reference-too-long",
        "The case reference leaves no room for the measure in a rule name of 64 characters.",
        "Give the case a shorter reference.",
    )
    NAME_NOT_UNIQUE = (
        "name-not-unique",
        "Another case already needs a rule of the same name.",
        "Give one of the cases another reference.",
    )
    ROUTE_TEXT_TOO_LONG = (
        "route-text-too-long",
        "The refusal text with the open route is longer than 1024 characters.",
        "Shorten RouteText.",
    )
    EXEMPTIONS_TOO_LARGE = (
        "exemptions-too-large",
        "The exempt recipients alone exceed the size that Exchange allows for a rule.",
        "Put the allowed recipients into a group and name the group.",
    )
    ADDRESS_TOO_LONG = (
        "address-too-long",
        "An address of the case is too long for a pattern of 128 characters.",
        "Use RULES__SENDER_MATCH=from, or remove the address.",
    )
    SENDER_IN_DIRECTORY = (
        "sender-in-directory",
        "An address of the case is a guest or contact in the directory: its main address is compared.",
        "See that the entry in the directory is the same person and nobody else. Where the case names an "
        "address that is not the main one, RULES__SENDER_MATCH=patterns compares that address itself.",
    )
    SENDER_IS_OURS = (
        "sender-is-ours",
        "An address of the case belongs to a mailbox or group of the council.",
        "Remove the address from Addresses, or from the mailbox that has it.",
    )
    SENDERS_UNKNOWN = (
        "senders-unknown",
        "The directory could not be asked whether an address of the case is known in it.",
        "Run again later; nothing that is in force was changed.",
    )
    CHOICE_CASE_NOT_LIVE = (
        "choice-case-not-live",
        "The choice names a case that is not in force.",
        "Choose the sender's address instead, or wait until the case is in force.",
    )
    CHOICE_CASE_WITHOUT_MAIL = (
        "choice-case-without-mail-measure",
        "The choice asks for the same as the council, and the council does nothing with this case's mail.",
        "Choose a folder, Junk Email or a category instead.",
    )
    CHOICE_MAILBOX_EXEMPT = (
        "choice-mailbox-exempt",
        "The choice asks for the same as the council for a mailbox that must stay open in this case.",
        "Choose a folder, Junk Email or a category instead.",
    )
