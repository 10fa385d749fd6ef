"""Codes of findings and guards."""

from m365_restrict.codes import CatalogueCode


class FindingCode(CatalogueCode):
    """What a comparison of register, ledger and tenant may find."""

    RULE_PENDING = (
        "rule-pending",
        "The register has moved and the tenant has not followed yet.",
        "Read `m365-restrict plan` and apply it.",
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
    NAME_TAKEN = (
        "name-taken",
        "A rule of someone else already has the name that one of our rules needs, so ours cannot be created.",
        "Rename or remove the other rule in the Exchange admin center, then run again.",
    )
    HOLDER_CHANGED_RULE = (
        "holder-changed-rule",
        "A councillor changed or removed the rule that they had chosen; that is respected, never put back.",
        "Nothing to do. A new choice in the list starts a new rule.",
    )
    RULE_IN_ERROR = (
        "rule-in-error",
        "The service itself says that the rule is in error or cannot be run as it is written.",
        "Look at the rule in Outlook or the Exchange admin center; a folder it names may be gone.",
    )
    RULE_KEPT = (
        "rule-kept",
        "The item behind a rule is no longer in the list; the rule stays until the item is proven gone.",
        "Restore the item from the recycle bin, or set its status to Lifted or Closed.",
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
        "See what happened to the list; if it is meant, raise SAFETY__MAX_REMOVALS for one run.",
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
    PROOF_FAILED = (
        "proof-failed",
        "Simulated mail would not be handled as the case says, so the case's changes are held back.",
        "Read which recipient the simulation names and correct the case or the directory.",
    )
