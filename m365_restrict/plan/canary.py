"""The standing finding of a tenant in which rules act and no canary has shown that they act as meant."""

from collections.abc import Iterator

from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.compilation import Carrier, CompileOptions
from m365_restrict.rules.tenant_profile import canary_form
from m365_restrict.rules.transport_rule import RuleMode

_CODE = FindingCode.CANARY_NOT_PASSED


def canary_findings(options: CompileOptions, *, passed: frozenset[str]) -> Iterator[Finding]:
    """One finding where transport rules are enforced in a form that no canary has passed in.

    `passed` are the forms (`canary_form`) in which one has. In audit mode, and where no transport rule is
    ever written, there is nothing to show.
    """
    acts = options.mode is RuleMode.ENFORCE and options.carrier is Carrier.TRANSPORT_RULES
    if acts and canary_form(options) not in passed:
        yield Finding(
            code=_CODE,
            change_class=ChangeClass.REGISTER,
            severity=Severity.HIGH,
            message=_CODE.meaning,
            key="canary",
        )
