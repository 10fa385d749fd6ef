"""Codes of what people may not do by hand: waive, open, undo."""

from m365_restrict.codes import CatalogueCode


class ByHandCode(CatalogueCode):
    """Why a waiver, an opening or an undoing is refused."""

    FINDING_NOT_FOUND = (
        "finding-not-found",
        "No finding of the present drift has this id.",
        "Read the ids in `m365-restrict drift`; a finding that is gone needs no waiver.",
    )
    NOT_WAIVABLE = (
        "not-waivable",
        "This finding cannot be accepted as it is.",
        "Put it right: `m365-restrict plan` shows how, or change the decision in the register.",
    )
    WAIVER_TOO_LONG = (
        "waiver-too-long",
        "A waiver counts from today on, and for 12 months at most.",
        "Give --until with a day within the next 12 months.",
    )
    WAIVER_NOT_FOUND = (
        "waiver-not-found",
        "No waiver with this number stands.",
        "Read the numbers with `m365-restrict waive --list`.",
    )
    TEXT_NAMES_ADDRESS = (
        "text-names-address",
        "A reason or an owner's title holds an e-mail address, which would be told in every report.",
        "Say it with the case reference, a ticket or a title instead.",
    )
    CASE_NOT_KNOWN = (
        "case-not-known",
        "Neither the ledger nor a rule in the tenant knows this case, so there is nothing to open.",
        "Check the case reference; `m365-restrict drift` lists the cases in force.",
    )
    CASE_NOT_REMEMBERED = (
        "case-not-remembered",
        "The ledger knows nothing of this case.",
        "Check the case reference; `m365-restrict history --on DAY` lists the cases whose rules stood.",
    )
    CASE_NOT_OPENED = (
        "case-not-opened",
        "The case was not opened by hand, or that has ended already.",
        "Read `m365-restrict open --list`.",
    )
    RULE_NOT_REMOVED = (
        "rule-not-removed",
        "A rule of the case could not be removed; it may still act.",
        "Run the line that is shown beside it in Exchange Online PowerShell, then `m365-restrict drift`.",
    )
    RUN_NOT_FOUND = (
        "run-not-found",
        "The ledger knows no run with this id.",
        "Read the ids with `m365-restrict history`.",
    )
    NOTHING_TO_UNDO = (
        "nothing-to-undo",
        "No run of this installation has written to the tenant.",
        "Read `m365-restrict history`.",
    )
    UNDO_BY_SCRIPT = (
        "undo-by-script",
        "Nothing here holds a write grant, so nothing can be undone from here.",
        "Have an administrator run the script of that plan with -Rollback (docs/enforce-with.md).",
    )
    EDITED_SINCE = (
        "edited-since",
        "The rule is not as that run left it, so it is left as it is.",
        "See who edited it with `m365-restrict drift`; `apply` or `heal` puts it right.",
    )
    REGISTER_DECIDES_LESS = (
        "register-decides-less",
        "The earlier form acts on mail that the register does not restrict now, so it is not put back.",
        "If it is meant, change and approve the case in the register, then apply.",
    )
    NO_LIVE_DECISION = (
        "no-live-decision",
        "No live decision wants the rule any more, so it is not made again.",
        "If it is meant, approve the case in the register, then apply.",
    )
    ACTION_NOT_DECIDED = (
        "action-not-decided",
        "The earlier form does to mail what neither the register nor an earlier run of this installation "
        "decided, so it is not put back.",
        "See with `m365-restrict history` what it was; if it is meant, change the case in the register.",
    )
    HELD_BY_FREEZE = (
        "held-by-freeze",
        "While the installation is frozen, nothing is restricted, tightened or re-routed.",
        "Lift the freeze with `m365-restrict unfreeze`, or leave the rule as it is.",
    )
    UNREADABLE = (
        "rule-unreadable",
        "The rule could not be read, so nobody can say whether it is as that run left it.",
        "Run the command again when the tenant can be read.",
    )
