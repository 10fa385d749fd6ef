"""What a cmdlet says when it refuses, with the texts recorded in exchange.md 1.7.

Where a text or its HTTP status is not recorded, the docstring says so and the text is ours.
"""

from collections.abc import Iterable

_NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
_ARGUMENT = "System.ArgumentException"
_TRANSFORMATION = "System.Management.Automation.ParameterBindingArgumentTransformationException"
_BINDING = "System.Management.Automation.ParameterBindingException"
_VALIDATION = "Microsoft.Exchange.Data.DataValidationException"

HTTP_BAD_REQUEST = 400
HTTP_NOT_FOUND = 404


class CmdletRefused(Exception):
    """A cmdlet ended with an error: `status` is HTTP's, `kind` a .NET type, `error_id` may be empty."""

    def __init__(self, kind: str, text: str, *, status: int = HTTP_BAD_REQUEST, error_id: str = "") -> None:
        """Keep the parts of which the envelope is made."""
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.status = status
        self.error_id = error_id


def rule_not_found(identity: str) -> CmdletRefused:
    """404, as recorded."""
    text = (
        f"The operation couldn't be performed because object '{identity}' couldn't be found "
        "on 'SANDBOX01.PROD.OUTLOOK.COM'."
    )
    return CmdletRefused(_NOT_FOUND, text, status=HTTP_NOT_FOUND, error_id="Ex6F9304")


recipient_object_not_found = rule_not_found


def unknown_parameter(name: str) -> CmdletRefused:
    """400, as recorded; a parameter that the role lacks looks the same (exchange.md 1.8)."""
    return CmdletRefused(
        "System.Management.Automation.AmbiguousParameterSetException",
        "Parameter set cannot be resolved using the specified named parameters. "
        f"Invalid cmdlet parameters specified. {name}",
    )


def not_transformable(name: str, problem: str) -> CmdletRefused:
    """400: the value is not of the parameter's type."""
    return CmdletRefused(
        _TRANSFORMATION, f"Cannot process argument transformation on parameter '{name}'. {problem}"
    )


def bad_enumerator(name: str, type_name: str, value: str, valid: Iterable[str]) -> CmdletRefused:
    """400 with the list of valid names, as recorded."""
    return not_transformable(
        name,
        f'Cannot convert value "{value}" to type "{type_name}". Error: "Unable to match the identifier '
        f"name {value} to a valid enumerator name. Specify one of the following enumerator names and try "
        f'again:\r\n{", ".join(valid)}"',
    )


def missing_parameter(name: str) -> CmdletRefused:
    """400; PowerShell's usual words, not recorded over REST."""
    return CmdletRefused(
        _BINDING, f"Cannot process command because of one or more missing mandatory parameters: {name}."
    )


def null_argument(name: str) -> CmdletRefused:
    """400: New refuses null (exchange.md 1.4); the text is PowerShell's usual one, not recorded."""
    return CmdletRefused(_BINDING, f"Cannot bind argument to parameter '{name}' because it is null.")


def no_action() -> CmdletRefused:
    """400, as recorded."""
    return CmdletRefused(
        _ARGUMENT,
        "To be valid, all rules have to include at least one action. Please specify an action. "
        "(Parameter 'Actions')",
    )


def pattern_too_long(pattern: str) -> CmdletRefused:
    """The recorded text; its HTTP status is inferred."""
    return CmdletRefused(
        _VALIDATION, f"The pattern '{pattern}' exceeds the maximum length of 128 characters."
    )


def rule_too_big(size: int) -> CmdletRefused:
    """The recorded text; its HTTP status is inferred."""
    return CmdletRefused(
        _VALIDATION,
        f"The rule cannot be created because it is too large. It has {size} characters and the maximum "
        "number of characters is 8192. Reduce the size of the rule by removing conditions, exceptions or "
        "actions.",
    )


def budget_spent(used: int) -> CmdletRefused:
    """The recorded text; its HTTP status is inferred."""
    return CmdletRefused(
        _VALIDATION,
        "The transport rule can't be created because you've exceeded the number of characters available "
        "for word- or pattern-matching in all your transport rules. Your transport rules are using "
        f"{used} characters, and the maximum number is 20480.",
    )


def bad_address(address: str) -> CmdletRefused:
    """The recorded text; its HTTP status is inferred."""
    return CmdletRefused(_VALIDATION, f"The email address '{address}' isn't correct.")


def recipient_missing(name: str, identity: str) -> CmdletRefused:
    """No recipient has this identity. 400 is inferred: 404 would mean the rule."""
    return CmdletRefused(
        _NOT_FOUND,
        f'Couldn\'t find recipient "{identity}". Please make sure that it was spelled correctly or specify '
        f"a different recipient. (Parameter '{name}')",
    )


def ambiguous_recipient(identity: str) -> CmdletRefused:
    """The recorded text; its HTTP status is inferred."""
    return CmdletRefused(
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
        f'There are multiple recipients matching the identity "{identity}". Please specify a unique value.',
    )


def invalid(text: str, name: str) -> CmdletRefused:
    """A documented limit or rule whose error text is not recorded: the words are ours."""
    return CmdletRefused(_ARGUMENT, f"{text} (Parameter '{name}')")
