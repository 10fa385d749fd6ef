"""Which requirement of which council document stands behind a code (policy.md 1)."""

from collections.abc import Mapping

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.codes import CheckCode, WarningCode
from m365_restrict.register.codes import ApprovalCode, RegisterCode

_APPROVAL = ("Y1-16", "M-23", "M-43")

_REFERENCES: Mapping[CatalogueCode, tuple[str, ...]] = {
    **dict.fromkeys(ApprovalCode, _APPROVAL),
    RegisterCode.ADDRESSES_MISSING: ("M-26",),
    RegisterCode.MEASURE_MISSING: ("M-27",),
    RegisterCode.SCOPE_MISSING: ("F2",),
    RegisterCode.START_MISSING: ("M-28",),
    RegisterCode.END_MISSING: ("M-22", "M-28", "F4"),
    CheckCode.NO_MAIL_EFFECT: ("M-32",),
    CheckCode.MEASURE_NOT_ALLOWED: ("Y0-1",),
    CheckCode.SPOC_MISSING: ("M-44", "M-45"),
    CheckCode.LESSER_MISSING: ("Y1-14", "Y1-15"),
    CheckCode.GROUNDS_MISSING: ("Y1-3", "M-11"),
    CheckCode.EQUALITY_MISSING: ("Y0-9", "M-2", "W-1"),
    CheckCode.ADJUSTMENT_NOT_ASKED: ("M-21", "W-1", "F23"),
    CheckCode.WARNING_MISSING: ("Y1-9",),
    CheckCode.CHANNEL_MISSING: ("W-14",),
    CheckCode.COUNCILLOR_ROUTE_MISSING: ("Y1-23",),
    CheckCode.NOTICE_MISSING: ("Y1-12", "Y1-19", "M-29", "F1"),
    CheckCode.NOTICE_LATE: ("Y1-12", "M-19", "F1"),
    CheckCode.TOO_LONG: ("M-22", "F4"),
    CheckCode.TOO_SHORT: ("M-35",),
    CheckCode.STAGE_MISSING: ("M-20",),
    CheckCode.STAGE_SKIPPED: ("M-20", "M-42"),
    CheckCode.REVIEW_DATE_MISSING: ("W-16",),
    CheckCode.INTERNAL_ADDRESS: ("M-4",),
    CheckCode.MEMBER_ADDRESS: ("F11",),
    CheckCode.ADVOCATE_ADDRESS: ("M-46",),
    CheckCode.PROTECTED_SENDER: ("M-17",),
    WarningCode.REVIEW_OVERDUE: ("Y1-22", "M-49", "F5"),
    WarningCode.REVIEW_TOO_LATE: ("Y1-22", "M-49"),
    WarningCode.REVIEW_INCOMPLETE: ("M-31", "M-51", "F5"),
    WarningCode.EXTENSION_REFUSED: ("M-51",),
    WarningCode.EXTENSION_TOO_LONG: ("M-51",),
    WarningCode.REVIEW_SAYS_LIFT: ("M-50",),
    WarningCode.CHALLENGE_BY_APPROVER: ("W-18",),
    WarningCode.APPROVED_BY_PROPOSER: ("M-43", "W-8"),
    WarningCode.OLD_POLICY: ("M-6",),
    WarningCode.ADJUSTMENT_NEEDS_EMAIL: ("F23",),
    WarningCode.ADJUSTMENT_REDIRECTED: ("F23",),
    WarningCode.ADDRESS_SHARED: ("F21",),
    WarningCode.SCOPE_NAMES_PROTECTED: ("M-17",),
    WarningCode.GROUND_IS_CRITICISM: ("M-16", "T-2"),
    WarningCode.SINGLE_TELEPHONE_INCIDENT: ("Y1-7",),
    WarningCode.GROUND_NOT_IN_POLICY: ("Y1-3", "M-15"),
    WarningCode.MEASURE_UNUSUAL: ("M-15", "Y0-1"),
    WarningCode.EMAIL_CHANNEL_NOT_OPEN: ("M-39", "W-9"),
    WarningCode.ALLOWED_RECIPIENTS_MISSING: ("Y1-10",),
    WarningCode.WARD_COUNCILLORS_MISSING: ("Y1-23",),
    WarningCode.ROUTE_NOT_STATED: ("Y1-12", "M-18"),
    WarningCode.CONSIDERED_LATE: ("M-2", "Y1-9"),
    WarningCode.DATE_IN_FUTURE: ("F1",),
    WarningCode.STAGE_NOT_IN_POLICY: ("M-20",),
}


def policy_references(code: CatalogueCode) -> tuple[str, ...]:
    """Ids of the requirements behind a code; none where it is the product's own."""
    return _REFERENCES.get(code, ())
