"""Codes of blocks that were found, and of refusals to import, adopt or disown a rule."""

from m365_restrict.codes import CatalogueCode


class BlockCode(CatalogueCode):
    """What a block that names somebody outside the council amounts to."""

    UNDECIDED = (
        "block-undecided",
        "It keeps an outside person's mail away, and no live case stands behind it.",
        "Ask governance whether there is a decision. If so, record it as a case (`m365-restrict import` does "
        "that for a transport rule) and tell the person; if not, remove it by hand.",
    )
    EXPLAINED = (
        "block-explained",
        "A live case names every address in it, so the case's own rule does the work.",
        "Adopt the rule for that case (`m365-restrict adopt`), or remove the block by hand.",
    )
    BROAD = (
        "block-broad",
        "It names a whole domain, or a part of an address, and so meets people whom nobody decided about.",
        "Ask governance whom it is meant for; replace it by a case with exact addresses, or remove it.",
    )
    PUBLIC_PROVIDER = (
        "block-public-provider",
        "It names the domain of a mail provider of the public, and so meets thousands of residents.",
        "Remove it at once; record cases for the addresses that it was meant for.",
    )
    IDLE = (
        "block-idle",
        "It names an outside person and does nothing now: it is switched off, has ended, or only logs.",
        "Remove it by hand if nobody needs it; whoever switches it on again blocks the person.",
    )
    MARKS = (
        "block-marks",
        "It names an outside person and keeps no mail away: it copies, marks or sorts their mail.",
        "Ask governance whether the person should be treated apart at all; remove it by hand if not.",
    )
    OTHER_INSTALLATION = (
        "block-of-other-installation",
        "It carries the stamp of another installation of this program.",
        "Ask who runs that installation; its own register must explain the rule.",
    )


class ImportCode(CatalogueCode):
    """Why a transport rule does not become an item of the register."""

    RULE_NOT_FOUND = (
        "rule-not-found",
        "No transport rule has this name or Guid.",
        "Copy the name or the Guid from `m365-restrict assess`.",
    )
    RULE_IS_OURS = (
        "rule-is-ours",
        "The rule is this installation's own: a case stands or stood behind it already.",
        "See `m365-restrict drift` for what is to be done about it.",
    )
    ALREADY_IMPORTED = (
        "already-imported",
        "The register already holds an item that was made from this rule, or that says the same.",
        "Work on the item that the message names.",
    )
    CANNOT_BE_CARRIED = (
        "cannot-be-carried",
        "The rule has a property that no case of the register can express.",
        "Record by hand what was decided, as a case, and remove the rule once the case is in force.",
    )
    NOT_THE_SAME = (
        "not-the-same",
        "The case that the rule would become does not give the same rule again.",
        "Put right what the message names, or record the case by hand.",
    )
    REFERENCE_UNUSABLE = (
        "reference-not-free",
        "The case reference cannot be used for the new item.",
        "Give another reference with --case, or none: governance can fill it in.",
    )
    NOT_AS_WRITTEN = (
        "not-as-written",
        "The new item does not hold what was written.",
        "Look at the item that the message names, correct it in the list or delete it.",
    )


class ClaimCode(CatalogueCode):
    """Why a rule is not adopted or disowned."""

    OTHER_INSTALLATION = (
        "adopt-of-other-installation",
        "The rule carries the stamp of another installation of this program.",
        "Disown it there first, or delete the stamp from its comments by hand.",
    )
    NO_SENDER = (
        "adopt-without-sender",
        "The rule has no sender condition, so it meets everybody's mail.",
        "Remove the rule by hand; the case makes its own.",
    )
    CASE_NOT_LIVE = (
        "adopt-case-not-live",
        "The case is not in force, so no rule can be its own.",
        "See `m365-restrict validate` for what the case lacks; import the rule if there is no case.",
    )
    CASE_HAS_RULE = (
        "adopt-case-has-rule",
        "The case has its rule already.",
        "Remove the other rule by hand, or disown the one that stands first.",
    )
    NOT_FOR_CASE = (
        "adopt-not-for-case",
        "The rule does not correspond to any rule of the case: it names none of its addresses.",
        "Check the case reference; import the rule if no case stands behind it.",
    )
    ALREADY_OURS = (
        "adopt-already-ours",
        "The rule is ours already.",
        "Nothing to do; `m365-restrict plan` shows what is to change in it.",
    )
    NOT_OURS = (
        "disown-not-ours",
        "The rule is not this installation's own, so there is nothing to give up.",
        "Nothing to do: a rule that is not ours is never touched.",
    )
