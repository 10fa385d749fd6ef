"""Codes of findings and guards."""

from m365_restrict.codes import CatalogueCode


class FindingCode(CatalogueCode):
    """What a comparison of register, ledger and tenant may find."""

    RULE_PENDING = (
        "rule-pending",
        "The register has moved and the tenant has not followed yet.",
        "Read `m365-restrict plan` and apply it.",
    )
    WAITING_FOR_HAND = (
        "waiting-for-hand",
        "A script for this change was written and has not been run yet, or not whole.",
        "Have an administrator run the script that the last `apply` wrote (docs/enforce-with.md).",
    )
    RULE_DRIFTED = (
        "rule-drifted",
        "Someone edited one of our rules in the tenant.",
        "Ask who changed it and why; `m365-restrict heal` puts back what was last applied.",
    )
    RULE_CHANGED_TWICE = (
        "rule-changed-twice",
        "The register has moved and the rule in the tenant was edited as well.",
        "Compare both changes before you apply the plan.",
    )
    RULE_MISSING = (
        "rule-missing",
        "A rule that was applied is no longer in the tenant.",
        "Ask who removed it; `m365-restrict heal` puts it back.",
    )
    UNKNOWN_PROPERTY = (
        "unknown-property",
        "A rule of ours bears a property that this program does not know or cannot clear; it is left as is.",
        "Clear it in the Exchange admin center, or remove the rule there: `heal` makes it anew.",
    )
    RULE_MARKED = (
        "rule-marked",
        "A rule of ours bears a mark of the admin center that changes nothing about mail.",
        "Nothing to do. If nobody should have opened the rule, ask the person who changed it last.",
    )
    RECIPIENT_BY_NAME = (
        "recipient-by-name",
        "The service shows a recipient of a rule of ours by name, not by address, so nobody can compare it.",
        "See in the admin center whom it means; if it is wrong, remove the rule there and run `heal`.",
    )
    RULE_ORPHANED = (
        "rule-orphaned",
        "A rule carries our stamp and no live decision stands behind it.",
        "Apply the plan to remove it, or record the decision in the register.",
    )
    FOREIGN_RULE_ACTS = (
        "foreign-rule-acts",
        "A rule of someone else changes where the case's mail ends.",
        "Ask its owner to move it below ours, narrow it or remove it; it is left untouched.",
    )
    FOREIGN_RULE_ADDS = (
        "foreign-rule-adds",
        "A rule of someone else adds to a live case's mail: a copy, a header, a prefix or a disclaimer.",
        "Nothing to do where it is usual. Governance should know of copies of a restricted person's mail.",
    )
    FOREIGN_RULE_INTERFERES = (
        "foreign-rule-interferes",
        "A rule of someone else exempts a live case's mail from filtering, or holds, routes or protects it.",
        "Ask its owner what it is for; it is left untouched.",
    )
    FOREIGN_RULE_UNDECIDABLE = (
        "foreign-rule-undecidable",
        "Headers do not show whether a rule of someone else acts; if it does, a case's mail ends elsewhere.",
        "Ask its owner what it is for; a rule about content or attachments is usual and may stay.",
    )
    RULE_UNDECIDED = (
        "rule-undecided",
        "A rule that is not ours keeps an outside person's mail away; no live decision stands behind it.",
        "Ask governance whether there is a decision: record it as a case, or remove the rule by hand.",
    )
    STAMP_COPIED = (
        "stamp-copied",
        "A rule carries a copy of the stamp of another rule of ours; it is left untouched.",
        "Remove the copied rule by hand, or delete the stamp from its comments.",
    )
    STAMP_DAMAGED = (
        "stamp-damaged",
        "A rule looks like ours, but its stamp is damaged and the ledger does not know it; left untouched.",
        "Look at the rule in the Exchange admin center; remove it there if no decision stands behind it.",
    )
    STAMP_OF_OTHER_INSTANCE = (
        "stamp-of-other-instance",
        "A rule belongs to another installation of this program; it is left untouched.",
        "See that two installations do not enforce the same register.",
    )
    DISOWNED = (
        "disowned",
        "A rule was ours until somebody disowned it with a reason; it is left untouched.",
        "Nothing to do. `m365-restrict adopt` makes it ours again.",
    )
    NAME_TAKEN = (
        "name-taken",
        "A rule of someone else already has the name that one of our rules needs, so ours cannot be created.",
        "Rename or remove the other rule in the Exchange admin center, then run again.",
    )
    TRANSPORT_RULE_LEFT = (
        "transport-rule-left-behind",
        "A transport rule of ours stands from before ENFORCE_WITH=inbox_rules, and nobody looks at it now.",
        "Have an administrator remove it in the Exchange admin center, then say so with "
        "`m365-restrict disown`.",
    )
    HOLDER_CHANGED_RULE = (
        "holder-changed-rule",
        "A councillor changed or removed the rule that they had chosen; that is respected, never put back.",
        "Nothing to do. A new choice in the list starts a new rule.",
    )
    CHOICE_REMOVED_BY_ANOTHER = (
        "choice-removed-by-another",
        "Somebody else than the councillor changed or removed the rule that the councillor had chosen.",
        "Ask who did it and why, and tell the councillor; a new choice in the list starts a new rule.",
    )
    VIEWS_DISAGREE = (
        "views-disagree",
        "Two official views of the tenant show one rule differently: the admin endpoint and a snapshot.",
        "Look at the rule in the Exchange admin center; if both views are right there, ask Microsoft.",
    )
    RULE_IN_ERROR = (
        "rule-in-error",
        "The service itself says that the rule is in error or cannot be run as it is written.",
        "Look at the rule in Outlook or the Exchange admin center; a folder it names may be gone.",
    )
    RULE_STOPPED_ABOVE = (
        "rule-stopped-above",
        "A rule of the mailbox's owner stands above ours and stops all later rules, so ours does not run.",
        "Ask the owner to move our rule to the top, or to let later rules run; nothing of theirs is changed.",
    )
    RULE_KEPT = (
        "rule-kept",
        "The item behind a rule is no longer in the list; the rule stays until the item is proven gone.",
        "Restore the item from the recycle bin, or set its status to Lifted or Closed.",
    )
    RULE_TEST_UNMET = (
        "rule-test-unmet",
        "Mail would not go where one of the council's own rule tests expects it.",
        "Read which rule the finding names: it, the case or the test must change.",
    )
    OPENED_BY_HAND = (
        "opened-by-hand",
        "The register says that the case is in force; somebody has opened it, so its mail is not restricted.",
        "Lift, suspend or amend the case in the list, or `m365-restrict open CASE --end --reason TEXT`.",
    )
    WAIVER_ENDED = (
        "waiver-ended",
        "A difference that was accepted until a day is still there, and that day has passed.",
        "Put it right with `apply` or `heal`, or accept it anew with `m365-restrict waive`.",
    )
    WAIVER_NO_LONGER_FITS = (
        "waiver-no-longer-fits",
        "A difference was accepted as it was; what stands now, or what is decided, is something else.",
        "See what has changed: put it right, or accept it anew with `m365-restrict waive`.",
    )
    CANARY_NOT_PASSED = (
        "canary-not-passed",
        "Rules are to act on mail here, and no canary has shown that they do so as meant in this tenant.",
        "Run `m365-restrict doctor --probe`, then `m365-restrict doctor --canary start` (docs/doctor.md).",
    )
    APPROVAL_CONTRADICTED = (
        "approval-contradicted",
        "The audit log says that somebody else, or an application, made the version that approves the case.",
        "Treat it as forged: ask the approver; until it is clear, set the item's status to Suspended.",
    )
    APPROVAL_REWRITTEN = (
        "approval-rewritten",
        "The audit log shows a change of the case's item after its approval that left no version.",
        "Compare the item with what was approved; then ask the approver to save it anew.",
    )
    APPROVAL_UNCHECKED = (
        "approval-unchecked",
        "The approvals of some cases could not be held against the audit log.",
        "See the reason given. Nothing is wrong with the cases; the log only cannot say who approved them.",
    )
    REPORT_UNSIGNED = (
        "report-unsigned",
        "Nobody has signed a monthly report in time.",
        "Read the report (`m365-restrict report --period monthly`) and record a `Report sign-off` in "
        "Restriction reviews, with the month as its Title, such as 2026-10.",
    )
    JOB_SILENT = (
        "job-silent",
        "A job was due and has not succeeded for longer than HEALTH__SILENCE_HOURS.",
        "See with `m365-restrict status` how its last run ended; start `m365-restrict schedule`, or the "
        "job's task or timer.",
    )
    MAIL_LEAKED = (
        "mail-leaked",
        "Mail reached somebody from whom a case in force keeps it, after its rules had settled.",
        "See whether the rule stands and which rule runs before it (`m365-restrict explain`, `heal`); then "
        "find out who got the mail, in Exchange's own message trace (docs/did-it-work.md).",
    )
    CONTACT_MAILBOX_UNREAD = (
        "contact-mailbox-unread",
        "Nobody has read some of the mail that was sent to a single contact's mailbox.",
        "Ask who looks after the mailbox; look into its Junk Email too. Name another single contact if "
        "nobody can.",
    )
    SCOPE_UNKNOWN = (
        "scope-unknown",
        "A part of the tenant could not be read, so nothing in it is changed or concluded.",
        "See the reason given, restore access, and run again.",
    )


class GuardCode(CatalogueCode):
    """Why a run holds changes back. Openings that the register records are never held back."""

    SOURCE_EMPTY = (
        "source-empty",
        "The register was read with no items at all while the ledger has live cases.",
        "See that REGISTER__SITE and REGISTER__LIST still point to the list of decisions.",
    )
    SOURCE_SHRUNKEN = (
        "source-shrunken",
        "More live cases vanished or lost their approval evidence than the safety limit allows.",
        "See what happened to the list; if it is meant, `m365-restrict override source-shrunken`.",
    )
    TOO_MANY_REROUTINGS = (
        "too-many-reroutings",
        "More live cases than the safety limit allows would send mail to another mailbox than before.",
        "See why in the plan; if it is meant, `m365-restrict override too-many-reroutings`.",
    )
    TOO_MANY_WEAKENINGS = (
        "too-many-weakenings",
        "More live cases than the safety limit allows would let mail through that no decision lets through.",
        "See which setting, group or mailbox has changed; if it is meant, "
        "`m365-restrict override too-many-weakenings`.",
    )
    OUTSIDE_CHANGE_WINDOW = (
        "outside-change-window",
        "Changes wait for the next change window; openings do not.",
        "Wait for the time that the message names, or `m365-restrict override outside-change-window`.",
    )
    FROZEN = (
        "frozen",
        "Somebody has frozen the installation: only openings are written.",
        "Ask the person who set the freeze, then lift it with `m365-restrict unfreeze`.",
    )
    APPROVER_UNKNOWN = (
        "approver-unknown",
        "An approver in the settings is not in the directory, so new approvals cannot be judged for certain.",
        "Take out of POLICY__APPROVERS who has left; approvals that were pinned stay.",
    )
    TOO_MANY_RULES = (
        "too-many-rules",
        "The organisation would have more transport rules than Exchange allows.",
        "Remove rules that are no longer needed, or move small cases to inbox rules.",
    )
    TOO_MANY_PATTERNS = (
        "too-many-patterns",
        "All transport rules together would hold more regular expressions than Exchange allows.",
        "Use RULES__SENDER_MATCH=from, or remove patterns from other rules.",
    )
    TOO_MANY_TARGETS = (
        "too-many-targets",
        "A rule would send mail to more mailboxes than Exchange allows, and Exchange would then ignore it.",
        "Let the mail go to one mailbox that several people may open.",
    )
    PROTECTED_UNRESOLVED = (
        "protected-unresolved",
        "A protected mailbox is not in the directory, so it could be captured by mistake.",
        "Correct POLICY__PROTECTED_MAILBOXES or restore the mailbox.",
    )
    COUNCILLORS_UNREADABLE = (
        "councillors-unreadable",
        "The councillors' group could not be read, so a councillor could be captured by mistake.",
        "Correct POLICY__COUNCILLORS_GROUP or restore the group and the reader's access to it.",
    )
    RULE_TEST_FAILED = (
        "rule-test-failed",
        "One of the council's own rule tests fails for what would be applied: only openings are written.",
        "Run `m365-restrict test` and correct the case, the other rule that it names, or the test.",
    )
    RULE_TESTS_UNUSABLE = (
        "rule-tests-unusable",
        "The council's own rule tests cannot be read: only openings are written until they can.",
        "Correct the file that the message names; `m365-restrict test` says where it is wrong.",
    )
    PROOF_FAILED = (
        "proof-failed",
        "Simulated mail would not be handled as the case says, so the case's changes are held back.",
        "Read which recipient the simulation names and correct the case or the directory.",
    )
