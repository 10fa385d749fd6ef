"""Codes of the policy checks: what refuses a case, and what only has to be put right."""

from m365_restrict.codes import CatalogueCode


class CheckCode(CatalogueCode):
    """A case with one of these is not enforced."""

    NO_MAIL_EFFECT = (
        "property-has-no-mail-effect",
        "A property entry has no sender, so nothing is done to mail.",
        "Nothing, if the entry is about a property; else change About to Person.",
    )
    MEASURE_NOT_ALLOWED = (
        "measure-not-allowed",
        "The policy in use does not allow this measure.",
        "Pick a measure that the policy allows.",
    )
    SPOC_MISSING = (
        "single-contact-not-given",
        "The measure needs a single contact mailbox and the case names none.",
        "Fill in Single contact mailbox.",
    )
    SCOPE_MAILBOXES_MISSING = (
        "scope-mailboxes-missing",
        "The case covers named mailboxes but names none.",
        "Fill in Named mailboxes or groups, or pick Whole council.",
    )
    JUNK_NEEDS_NAMED = (
        "junk-needs-named-mailboxes",
        "Junk in named mailboxes cannot cover the whole council.",
        "Pick Named mailboxes or services and name them.",
    )
    LESSER_MISSING = (
        "lesser-measures-missing",
        "Mail may be refused only after lesser measures were considered.",
        "Fill in Lesser measures considered.",
    )
    GROUNDS_MISSING = ("grounds-missing", "The case gives no grounds.", "Pick at least one ground.")
    EQUALITY_MISSING = (
        "equality-not-considered",
        "It is not recorded that equality was considered.",
        "Fill in Equality considered on.",
    )
    ADJUSTMENT_NOT_ASKED = (
        "adjustment-not-asked",
        "Nobody has asked whether a reasonable adjustment needs e-mail.",
        "Ask, and set Does an adjustment need e-mail? to Yes or No.",
    )
    WARNING_MISSING = (
        "warning-missing",
        "Neither a warning nor the reason for giving none is recorded.",
        "Fill in Warned on, or Why no warning was given.",
    )
    CHANNEL_MISSING = (
        "no-channel-open",
        "No way of contact stays open and no reason is given.",
        "Pick a way of contact that stays open, or fill in Why no way stays open.",
    )
    COUNCILLOR_ROUTE_MISSING = (
        "councillor-route-missing",
        "The case does not say how contact with councillors stands.",
        "Pick a value in Contact with councillors.",
    )
    NOTICE_MISSING = (
        "notice-missing",
        "It is not recorded that the person was told in writing.",
        "Send the notice, then fill in Notice sent on.",
    )
    NOTICE_LATE = (
        "notice-after-start",
        "The written notice is dated after the first day in force.",
        "Move In force from to the day of the notice or later.",
    )
    FIELD_MISSING = (
        "field-missing",
        "The policy in use asks for a column that is empty.",
        "Fill in the column that the message names.",
    )
    ENDS_BEFORE_START = (
        "ends-before-start",
        "The case ends before it begins.",
        "Correct In force from or Ends on.",
    )
    TOO_LONG = (
        "too-long",
        "The restriction would last longer than the policy allows.",
        "Bring Ends on forward; a review may extend the case later.",
    )
    INTERNAL_ADDRESS = (
        "internal-address",
        "One of the addresses belongs to the council itself.",
        "Remove it: a restriction is for outside senders only.",
    )
    MEMBER_ADDRESS = (
        "councillor-address",
        "One of the addresses belongs to a councillor, and councillors are never restricted.",
        "Remove it.",
    )
    ADVOCATE_ADDRESS = (
        "advocate-address",
        "One of the addresses is also listed as an advocate's, which always stays open.",
        "Remove it from E-mail addresses, or from Advocate's e-mail addresses.",
    )
    ADDRESS_IN_OTHER_CASE = (
        "address-in-other-case",
        "One of the addresses is in another live case whose scope overlaps.",
        "Lift the other case first, or give the two cases different mailboxes.",
    )


class WarningCode(CatalogueCode):
    """Something to put right. It never stops a case."""

    EDIT_WAITS = (
        "edit-waits-for-approval",
        "What was approved stays in force; the newer edit of the columns named waits.",
        "Ask an approver to save the case with Status Approved.",
    )
    EDIT_UNREADABLE = (
        "edit-unreadable",
        "A column was edited to something that cannot be read, so the approved value stays in force.",
        "Correct the column that the message names.",
    )
    REVIEW_OVERDUE = (
        "review-overdue",
        "The next review is past.",
        "Review the case and record the outcome in Restriction reviews.",
    )
    REVIEW_TOO_LATE = (
        "review-too-late",
        "The next review is later than the policy allows.",
        "Bring Next review on forward.",
    )
    EXTENSION_REFUSED = (
        "extension-not-approved",
        "A review extends the case, but its last save does not count as approval of the new end.",
        "Ask an approver to save the review with Outcome Extend and the new end date.",
    )
    EXTENSION_TOO_LONG = (
        "extension-too-long",
        "A review extends the case by more than the policy allows, so the end date stays as it was.",
        "Record an earlier new end date.",
    )
    REVIEW_SAYS_LIFT = (
        "review-says-lift",
        "A review decided to lift the case, but its status is still live.",
        "Set Status to Lifted.",
    )
    REVIEW_WITHOUT_CASE = (
        "review-without-case",
        "A review names a case that is not in the register.",
        "Correct the case reference of the review.",
    )
    ADJUSTMENT_NEEDS_EMAIL = (
        "adjustment-needs-email",
        "A reasonable adjustment depends on e-mail and the measure takes e-mail away.",
        "Consider a measure that leaves e-mail open.",
    )
    ADDRESS_SHARED = (
        "address-shared",
        "Others may use the address, and the measure refuses their mail too.",
        "Consider a redirect instead.",
    )
    SCOPE_NAMES_PROTECTED = (
        "scope-names-protected",
        "A named mailbox is a protected one, which always stays open.",
        "Remove it from Named mailboxes or groups.",
    )
    DETAIL_MISSING = (
        "detail-missing",
        "A column that the policy advises to fill in is empty.",
        "Fill in the column that the message names.",
    )
