"""The one line that opens a case's rule by hand on a bad day."""

from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.script.quoting import quoted


def opening_line(one: Applied) -> str:
    """The plain cmdlet, or for an inbox rule a PowerShell comment that says where to switch it off.

    The cmdlets for inbox rules would also remove the rules that Outlook itself runs (`exchange.md` 5.3).
    Empty for a councillor's inbox rule: the line would name the mailbox.
    """
    if one.kind is RuleKind.TRANSPORT_RULE:
        return f"Disable-TransportRule -Identity {quoted(one.guid_or_rule_id)} -Confirm:$false"
    if one.chosen_by_holder:
        return ""
    return (
        f"# No cmdlet: in Outlook on the web, opened as {one.mailbox}, under Settings, Mail, Rules, "
        f"switch off {quoted(one.name)}."
    )
