"""Codes of what can be wrong with an item of the register or of the choices list."""

from m365_restrict.codes import CatalogueCode


class RegisterCode(CatalogueCode):
    """What stops an item from being read."""

    REFERENCE_MISSING = (
        "reference-missing",
        "The item has no case reference.",
        "Fill in Case reference, for example RC-2026-014.",
    )
    REFERENCE_UNUSABLE = (
        "reference-unusable",
        "The case reference holds characters that cannot stand in a rule name, or is longer than 40.",
        "Use letters, digits, hyphens, dots, slashes and single spaces only, and no name or address.",
    )
    DUPLICATE_REFERENCE = (
        "duplicate-reference",
        "Another item already has this case reference.",
        "Give this item a reference of its own.",
    )
    ADDRESS_MALFORMED = (
        "address-malformed",
        "A line of an address column is not one e-mail address.",
        "Correct the line that the message counts; write one full address a line.",
    )
    VALUE_UNKNOWN = (
        "value-unknown",
        "A column holds a value that is not one of its choices.",
        "Pick one of the values that the form offers.",
    )
    DATE_UNREADABLE = (
        "date-unreadable",
        "A date column holds something that is not a date.",
        "Pick the day in the form again.",
    )
    ADDRESSES_MISSING = (
        "addresses-missing",
        "The case names no e-mail address, so no rule can be made.",
        "Fill in E-mail addresses, one full address a line.",
    )
    MEASURE_MISSING = ("measure-missing", "The case names no measure.", "Pick a measure.")
    SCOPE_MISSING = (
        "scope-missing",
        "The case does not say whose mail it covers.",
        "Pick Whole council, or name mailboxes.",
    )
    START_MISSING = (
        "start-date-missing",
        "The case has no first day.",
        "Fill in In force from and have the case approved again.",
    )
    END_MISSING = (
        "end-date-missing",
        "The case has no end date, and no restriction is endless.",
        "Fill in Ends on and have the case approved again.",
    )


class ApprovalCode(CatalogueCode):
    """Why the values of a case are not approved."""

    NOT_APPROVED = (
        "not-approved",
        "No saved version of the case approves its values.",
        "Ask an approver to set Status to Approved and save.",
    )
    APPROVER_NOT_ELIGIBLE = (
        "approver-not-eligible",
        "The case was set to Approved by someone who was not an approver when this was first seen.",
        "Ask an approver to open the item, set Status to Approved and save.",
    )
    APPROVER_IS_PROPOSER = (
        "approver-is-proposer",
        "The case was approved by the person who proposed it or last changed what is approved.",
        "Ask a different approver to save it with Status Approved.",
    )
    APPROVED_BY_APPLICATION = (
        "approved-by-application",
        "The case was set to Approved by an application, not by a person.",
        "Ask an approver to save it with Status Approved themselves.",
    )
    APPROVED_BY_FLOW = (
        "approved-by-flow",
        "The case was set to Approved by an account that POLICY__FLOW_IDENTITIES names as a flow's.",
        "Ask an approver to save it with Status Approved themselves.",
    )
    QUORUM_NOT_REACHED = (
        "quorum-not-reached",
        "Fewer different approvers than the policy asks for have saved the same values.",
        "Ask another approver to save the case with Status Approved, changing nothing else.",
    )
    HISTORY_PRUNED = (
        "approval-history-pruned",
        "The versions before the approving one are gone, so who proposed these values cannot be told.",
        "Ask an approver to save the case with Status Approved again.",
    )


#: A live case refused with one of these has lost its approval evidence (contracts.md 3, guards).
APPROVAL_CODES: frozenset[CatalogueCode] = frozenset(ApprovalCode)


class ChoiceCode(CatalogueCode):
    """Why a councillor's choice is not carried out."""

    CREATED_BY_APPLICATION = (
        "choice-by-application",
        "The choice was made by an application, not by the mailbox holder.",
        "The mailbox holder makes the choice in the list themselves.",
    )
    HOLDER_UNKNOWN = (
        "holder-unknown",
        "It cannot be told whose mailbox the choice is about.",
        "The mailbox holder deletes the choice and makes it again while signed in.",
    )
    NOT_A_COUNCILLOR = (
        "not-a-councillor",
        "The mailbox is not that of a member of POLICY__COUNCILLORS_GROUP whose account is in use.",
        "Add the holder to the group, or delete the choice.",
    )
    DELEGATION_MISSING = (
        "delegation-missing",
        "The choice was made for someone who has not let this person choose for them.",
        "The mailbox holder adds a choice 'Let this person set my choices' naming them.",
    )
    CHANGED_BY_ANOTHER = (
        "changed-by-another",
        "Someone else changed the choice after its holder had made it.",
        "The mailbox holder opens the choice, checks it and saves it again.",
    )
    SENDER_UNREADABLE = (
        "sender-unreadable",
        "Sender is neither one full e-mail address nor the reference of a live case.",
        "Write one address such as name@mail.example, or a case reference.",
    )
    FOLDER_NOT_FOUND = (
        "folder-not-found",
        "The folder is not in the holder's mailbox.",
        "Make the folder in Outlook or name one that exists, then save the choice again.",
    )
    INTERNAL_SENDER = (
        "internal-sender",
        "The sender is an address of the council itself.",
        "Choose an outside sender, or make a rule in Outlook.",
    )
    CASE_NOT_LIVE = (
        "case-not-live",
        "The case that the choice names is not in force.",
        "Correct the case reference, or delete the choice.",
    )
    CASE_NOT_ON_MAIL = (
        "case-not-on-mail",
        "The case that the choice names does not change any mail.",
        "Choose a folder, Junk Email or a category for this sender instead.",
    )
    NEEDS_CASE_REFERENCE = (
        "case-reference-needed",
        "'Same as the council' needs a case reference as Sender.",
        "Write the case reference, or choose another handling.",
    )
    HANDLING_UNKNOWN = (
        "handling-unknown",
        "The choice does not say what to do, or says something unknown.",
        "Pick one of the values that the form offers.",
    )
    DATE_UNREADABLE = (
        "choice-date-unreadable",
        "The end of the choice is not a date.",
        "Pick the day in the form again, or leave it empty.",
    )
