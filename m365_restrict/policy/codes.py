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
    PROTECTED_SENDER = (
        "protected-address",
        "One of the addresses is a protected mailbox, which is never restricted.",
        "Remove it.",
    )
    NEVER_RESTRICTED = (
        "never-restricted-address",
        "One of the addresses belongs to a public body, a representative or a service that must reach the "
        "council.",
        "Remove it; if it must be restricted, record a police or legal referral and have two approvers save "
        "the case.",
    )
    STAGE_MISSING = (
        "stage-missing",
        "The policy in use has stages and the case names none of them.",
        "Pick a Stage and have the case approved again.",
    )
    STAGE_SKIPPED = (
        "stage-skipped",
        "The case is at Stage 2, and neither a Stage 1 warning nor the reason for skipping it is recorded.",
        "Fill in Warned on, or Why stage 1 was skipped.",
    )
    TOO_SHORT = (
        "too-short",
        "The restriction would last less long than the monitoring period of the policy.",
        "Move Ends on back; the case may still be lifted early.",
    )
    REVIEW_DATE_MISSING = (
        "review-date-missing",
        "The policy in use names no review interval, and the case has no day for its next review.",
        "Fill in Next review on; within 6 months is usual.",
    )
    ADDRESS_IN_OTHER_CASE = (
        "address-in-other-case",
        "One of the addresses is in another live case whose scope overlaps.",
        "Lift the other case first, or give the two cases different mailboxes.",
    )


class WarningCode(CatalogueCode):
    """Something to put right. It stops a case only where the policy profile says so (`refuse_on`)."""

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
    ADJUSTMENT_REDIRECTED = (
        "adjustment-email-redirected",
        "A reasonable adjustment depends on e-mail and the measure sends it to another mailbox.",
        "See that the single contact knows of the adjustment and keeps to it.",
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
    NEVER_RESTRICTED_OVERRIDDEN = (
        "never-restricted-overridden",
        "An address that is never restricted otherwise is, after two approvals and a legal referral.",
        "Have the monitoring officer confirm it at every review.",
    )
    ADDRESS_HAS_VARIANTS = (
        "address-has-variants",
        "Mail from other spellings of one of the addresses, with dots or a plus sign, is not caught.",
        "Add another spelling only if mail came from it; each one needs approval.",
    )
    DOMAIN_NEAR_MISS = (
        "domain-looks-misspelt",
        "The part after the @ of one of the addresses is almost that of a large mail provider.",
        "Check the spelling against a message from the person.",
    )
    ADDRESS_NEAR_MISS = (
        "address-near-miss",
        "One of the addresses is almost the same as another address that the council knows.",
        "Check the spelling against a message from the person.",
    )
    GROUND_IS_CRITICISM = (
        "ground-is-criticism",
        "The only grounds are criticism, a complaint, a challenge or a request for information.",
        "Name the behaviour; criticism and chasing a late answer are not grounds.",
    )
    SINGLE_TELEPHONE_INCIDENT = (
        "single-telephone-incident",
        "The only ground is about the telephone, and the measure acts on e-mail.",
        "Deal with a single call at the time; name the behaviour in e-mail, or change the measure.",
    )
    GROUND_NOT_IN_POLICY = (
        "ground-not-in-policy",
        "None of the grounds is one that the policy in use names.",
        "Pick one of its grounds beside your own words.",
    )
    MEASURE_UNUSUAL = (
        "measure-not-named-by-policy",
        "The policy in use allows this measure but does not name it at this stage.",
        "Say in the decision document why it is appropriate.",
    )
    EMAIL_CHANNEL_NOT_OPEN = (
        "email-channel-not-open",
        "The case says that e-mail stays open, and the measure closes it.",
        "Name a single contact mailbox, or take E-mail SPOC out of the ways of contact that stay open.",
    )
    ALLOWED_RECIPIENTS_MISSING = (
        "allowed-recipients-missing",
        "The measure leaves some mailboxes open and the case names none.",
        "Fill in Mailboxes that stay open, or pick Redirect to single contact.",
    )
    WARD_COUNCILLORS_MISSING = (
        "ward-councillors-missing",
        "Another way to the ward councillors is said to be arranged, and no councillor is named.",
        "Fill in Ward councillors.",
    )
    ROUTE_NOT_STATED = (
        "route-not-stated",
        "Mail is refused, and neither the case nor the policy says how to contact the council instead.",
        "Fill in How to contact us instead.",
    )
    DATE_IN_FUTURE = (
        "date-in-future",
        "A day on which something is said to have been done has not come yet.",
        "Correct the column that the message names.",
    )
    CONSIDERED_LATE = (
        "considered-after-start",
        "Something that comes before a restriction is dated after its first day.",
        "Correct the day, or record in the decision document why it came late.",
    )
    STAGE_NOT_IN_POLICY = (
        "stage-not-in-policy",
        "The case names a stage and the policy in use has none.",
        "Set Stage to None.",
    )
    OLD_POLICY = (
        "old-policy-version",
        "The case was approved before the policy in use was adopted.",
        "Review the case under the policy in use.",
    )
    PRE_ELECTION = (
        "pre-election-period",
        "The case was approved, or begins, in the period before an election.",
        "Ask the monitoring officer whether it can wait, or record why it cannot.",
    )
    APPROVED_BY_PROPOSER = (
        "approved-by-proposer",
        "The person who proposed the case approved it; the policy allows that and advises against it.",
        "Ask another approver to save the case with Status Approved as well.",
    )
    APPROVER_LEFT = (
        "approver-left",
        "The approval stands; whoever gave it was an approver then and is none now.",
        "Nothing, unless the decision is to be taken anew: then ask an approver of today to save the case.",
    )
    APPROVAL_PRUNED = (
        "approving-version-pruned",
        "The approving version is no longer in the list; the evidence that was kept of it still counts.",
        "Nothing. A higher version limit of the list keeps such versions longer.",
    )
    REVIEW_INCOMPLETE = (
        "review-incomplete",
        "A review has an outcome and lacks a part of its record.",
        "Fill in Decided on, Your job title and What was considered.",
    )
    CHALLENGE_BY_APPROVER = (
        "challenge-decided-by-approver",
        "A challenge was decided by the person who approved the case.",
        "Have somebody else decide it, and name the ombudsman to the person.",
    )
    TOO_MANY_CASES = (
        "too-many-live-cases",
        "The register holds more live cases than the policy profile expects.",
        "See that no caution list was loaded; if it is meant, raise max_live_cases.",
    )
