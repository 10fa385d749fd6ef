"""Codes of letters that are not written."""

from m365_restrict.codes import CatalogueCode


class LetterCode(CatalogueCode):
    """Why a letter is not written. Nothing is ever left blank instead."""

    FACTS_MISSING = (
        "letter-facts-missing",
        "Something that the letter must say is not recorded.",
        "Fill in what the message names, then draft the letter again.",
    )
    WELSH_NOT_CHECKED = (
        "letter-welsh-not-checked",
        "Nobody is recorded as having checked the Welsh wording, so no Welsh letter is issued.",
        "Have the wording checked, then set M365_RESTRICT_LETTERS__WELSH_CHECKED_BY and "
        "M365_RESTRICT_LETTERS__WELSH_CHECKED_ON.",
    )
    WELSH_MISSING = (
        "letter-welsh-missing",
        "Part of the letter has no Welsh wording.",
        "Write both languages into the column, Welsh first, as in 'Bygythiadau | Threats', or add the "
        "wording to cy.po in the templates folder.",
    )
    CASE_NOT_FOUND = (
        "letter-case-not-found",
        "No case in the register has that reference.",
        "Check the case reference.",
    )
    CASE_NOT_APPROVED = (
        "letter-case-not-approved",
        "The case has no approval of the values that it holds now.",
        "Run `m365-restrict validate` and put right what it says of this case.",
    )
    REVIEW_NOT_DECIDED = (
        "letter-review-not-decided",
        "The case has no review with an outcome to tell.",
        "Record the outcome in Restriction reviews.",
    )
    EXTENSION_NOT_APPROVED = (
        "letter-extension-not-approved",
        "The review extends the case, but the new last day does not count, so no letter may name it.",
        "Ask an approver to save the review with Outcome Extend and the new end date.",
    )
    NOT_LIFTED = (
        "letter-not-lifted",
        "The case has not ended, so no letter may say that it has.",
        "Set Status to Lifted or Closed first.",
    )
    NOT_IN_FORCE = (
        "letter-not-in-force",
        "The case is not in force, so there is nothing to remind of.",
        "Nothing, or correct the case's dates.",
    )
