"""What each property of Get-TransportRule holds, so that one form can be made of every spelling of it.

Lesson of exchange.md 7.2: each property needs its type pinned in a table. The names are those of a recorded
rule (exchange.md 9) and of Set-TransportRule; a name that stands in none of these tables is not known.
"""

from collections.abc import Mapping
from enum import Enum, auto


class ValueKind(Enum):
    """How a value is compared (exchange.md 7.1)."""

    ADDRESSES = auto()
    """A list without regard to order, case and outer blanks (rows 4 and 5)."""
    ADDRESS = auto()
    """One address; a list is refused (row 23)."""
    TEXTS = auto()
    """A list of words, patterns or names without regard to order."""
    TEXT = auto()
    """One text as it is, but for quotation marks (rows 10 and 24)."""
    COMMENTS = auto()
    ENUMERATION = auto()
    """One name without regard to case."""
    NUMBER_TEXT = auto()
    """A number that may come as text (row 14)."""
    FLAG = auto()
    INSTANT = auto()


_EXCEPTION = "ExceptIf"
# Conditions; each has an ExceptIf twin.
_TESTS: Mapping[ValueKind, str] = {
    ValueKind.ADDRESSES: """
        From FromMemberOf SentTo SentToMemberOf BetweenMemberOf1 BetweenMemberOf2 ManagerAddresses
        AnyOfToHeader AnyOfToHeaderMemberOf AnyOfCcHeader AnyOfCcHeaderMemberOf AnyOfToCcHeader
        AnyOfToCcHeaderMemberOf SenderDomainIs RecipientDomainIs""",
    ValueKind.TEXTS: """
        SenderADAttributeContainsWords SenderADAttributeMatchesPatterns RecipientADAttributeContainsWords
        RecipientADAttributeMatchesPatterns SubjectContainsWords SubjectMatchesPatterns
        SubjectOrBodyContainsWords SubjectOrBodyMatchesPatterns HeaderContainsWords HeaderMatchesPatterns
        FromAddressContainsWords FromAddressMatchesPatterns AttachmentNameMatchesPatterns
        AttachmentExtensionMatchesWords AttachmentPropertyContainsWords AttachmentContainsWords
        AttachmentMatchesPatterns ContentCharacterSetContainsWords RecipientAddressContainsWords
        RecipientAddressMatchesPatterns AnyOfRecipientAddressContainsWords
        AnyOfRecipientAddressMatchesPatterns SenderInRecipientList RecipientInSenderList SenderIpRanges""",
    ValueKind.TEXT: """
        HasClassification HeaderContainsMessageHeader HeaderMatchesMessageHeader AttachmentSizeOver
        MessageSizeOver""",
    ValueKind.ENUMERATION: """
        FromScope SentToScope ManagerForEvaluatedUser SenderManagementRelationship ADComparisonAttribute
        ADComparisonOperator WithImportance MessageTypeMatches""",
    ValueKind.NUMBER_TEXT: "SCLOver",
    ValueKind.FLAG: """
        HasNoClassification AttachmentIsUnsupported AttachmentProcessingLimitExceeded
        AttachmentHasExecutableContent AttachmentIsPasswordProtected""",
}
_ACTIONS: Mapping[ValueKind, str] = {
    ValueKind.ADDRESSES: """
        RedirectMessageTo AddToRecipients CopyTo BlindCopyTo ModerateMessageByUser""",
    ValueKind.ADDRESS: "GenerateIncidentReport",
    ValueKind.TEXTS: "IncidentReportContent",
    ValueKind.TEXT: """
        PrependSubject ApplyClassification ApplyHtmlDisclaimerText ApplyRightsProtectionTemplate
        ApplyRightsProtectionCustomizationTemplate SetHeaderName SetHeaderValue RemoveHeader
        RejectMessageReasonText RejectMessageEnhancedStatusCode SmtpRejectMessageRejectText
        SmtpRejectMessageRejectStatusCode LogEventText RouteMessageOutboundConnector GenerateNotification""",
    ValueKind.ENUMERATION: """
        ApplyHtmlDisclaimerLocation ApplyHtmlDisclaimerFallbackAction AddManagerAsRecipientType""",
    ValueKind.NUMBER_TEXT: "SetSCL",
    ValueKind.FLAG: """
        ModerateMessageByManager DeleteMessage Disconnect Quarantine StopRuleProcessing
        RouteMessageOutboundRequireTls ApplyOME RemoveOME RemoveOMEv2 RemoveRMSAttachmentEncryption""",
}
_SETTINGS: Mapping[ValueKind, str] = {
    ValueKind.TEXT: "Name",
    ValueKind.COMMENTS: "Comments",
    ValueKind.ENUMERATION: """
        State Mode RuleErrorAction RuleSubType SenderAddressLocation RecipientAddressType""",
    ValueKind.INSTANT: "ActivationDate ExpiryDate",
    ValueKind.FLAG: "IsValid IsRuleConfigurationSupported",
}
_NOT_SETTABLE_TESTS = frozenset(
    [
        "HasSenderOverride",
        "MessageContainsDataClassifications",
        "MessageContainsAllDataClassifications",
        "ContentMatchesPrompt",
        "ContentMatchesPromptVerdict",
    ]
)
_NOT_SETTABLE = frozenset(["DlpPolicy", "SenderNotificationType", "UseLegacyRegex"])

DEFAULTS: Mapping[str, object] = {
    "SenderAddressLocation": "Header",
    "RecipientAddressType": "Resolved",
    "RuleErrorAction": "Ignore",
    "RuleSubType": "None",
    "RejectMessageEnhancedStatusCode": "5.7.1",
    "IsValid": True,
    "IsRuleConfigurationSupported": True,
}
"""Values that stand on every rule, or that the service fills in by itself (rows 11 and 13)."""

MARKS = frozenset(["ManuallyModified", "SetAuditSeverity"])
"""Traces of a person in the admin center that decide nothing about mail (row 12; exchange.md 7.3)."""

DESCRIPTIVE = frozenset(
    [
        "Actions",
        "Conditions",
        "CreatedBy",
        "Description",
        "DistinguishedName",
        "DlpPolicyId",
        "Exceptions",
        "Guid",
        "Identity",
        "ImmutableId",
        "LastModifiedBy",
        "ObjectState",
        "OrganizationId",
        "Priority",
        "RegexSize",
        "RuleConfigurationUnsupportedReason",
        "RuleVersion",
        "Size",
        "WhenChanged",
    ]
)
"""Identity, derived text, measures and who changed the rule when: never compared (rows 7, 17 and 18)."""


def _by_name(table: Mapping[ValueKind, str], prefix: str = "") -> dict[str, ValueKind]:
    return {prefix + name: kind for kind, names in table.items() for name in names.split()}


KINDS: Mapping[str, ValueKind] = {
    **_by_name(_SETTINGS),
    **_by_name(_TESTS),
    **_by_name(_TESTS, _EXCEPTION),
    **_by_name(_ACTIONS),
}
"""Every property that is compared."""

ACTIONS = frozenset(_by_name(_ACTIONS))
"""What a rule can do to a message."""

SETTABLE = KINDS.keys() - {"State", "IsValid", "IsRuleConfigurationSupported"}
"""Properties that Set-TransportRule has a parameter for; State goes through Enable- and Disable-."""

OUT_OF_REACH = _NOT_SETTABLE | _NOT_SETTABLE_TESTS | {_EXCEPTION + name for name in _NOT_SETTABLE_TESTS}
"""Properties that are known and that no Set can clear in the cloud (row 22, exchange.md 2.5)."""
