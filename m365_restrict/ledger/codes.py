"""Codes of what can be wrong with the evidence in the ledger."""

from m365_restrict.codes import CatalogueCode


class EvidenceCode(CatalogueCode):
    """What `verify-ledger` and `replay` say of the evidence."""

    CHAIN_BROKEN = (
        "evidence-chain-broken",
        "An entry of the chain is not as it was written, or one is missing.",
        "Compare with a backup of the ledger: entries are never changed. Tell whoever audits the council.",
    )
    HEAD_DIFFERS = (
        "evidence-head-differs",
        "The chain does not end where the ledger says that it ends.",
        "Entries were taken from its end, or the note of its end was altered. Compare with a backup.",
    )
    BODY_ALTERED = (
        "evidence-body-altered",
        "Something that a run saw or did is not as it was kept.",
        "The run that is named can no longer be re-performed from this ledger. Compare with a backup.",
    )
    BODY_MISSING = (
        "evidence-body-missing",
        "Something that a run saw or did is gone, and no deletion says why.",
        "Compare with a backup of the ledger.",
    )
    BODY_UNKNOWN = (
        "evidence-body-unknown",
        "The evidence holds something that no entry of the chain names.",
        "Nothing rests on it; somebody put it there by hand.",
    )
    RUN_ALTERED = (
        "evidence-run-altered",
        "The row or the document of a run is not as it was when the run ended.",
        "Compare with a backup of the ledger, or with the document if somebody saved it.",
    )
    RUN_UNPROVEN = (
        "evidence-run-unproven",
        "A run has ended of which the chain knows nothing, or the chain knows one that is not there.",
        "Its row was added, altered or removed by hand. Compare with a backup of the ledger.",
    )
    TABLE_ALTERED = (
        "evidence-table-altered",
        "A table of the ledger was changed outside any run of this program.",
        "Compare with a backup of the ledger, and put it right: the next run would rest on it.",
    )
    TABLE_UNPROVEN = (
        "evidence-table-unproven",
        "A table has changed since the last entry, and a run has begun that has not ended.",
        "Wait until that run has ended; if it was killed, the next run finishes what it left. Verify again.",
    )
    ANCHOR_MISSING = (
        "evidence-anchor-missing",
        "The hash that was kept elsewhere is not in the chain.",
        "The chain was made anew or cut since then: this is not the ledger that the hash was taken from.",
    )
    NOT_RECORDED = (
        "evidence-not-recorded",
        "This run left nothing from which it could be re-performed.",
        "Only plan, apply, heal, drift and report leave any. `verify-ledger` proves this run all the same.",
    )
    DELETED = (
        "evidence-deleted",
        "What the run saw held a case that has been deleted since, so it cannot be re-performed.",
        "`verify-ledger` names the deletion and still proves the run and the document that is left of it.",
    )
    OTHER_VERSION = (
        "evidence-of-other-version",
        "The evidence was kept by a version of this program whose values this one cannot read.",
        "Install the version that the message names, and re-perform the run with it.",
    )
