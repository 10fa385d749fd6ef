"""The one cmdlet that opens a case's rule by hand on a bad day."""

from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.script.quoting import quoted


def opening_line(one: Applied) -> str:
    """The plain cmdlet. None for a councillor's inbox rule: it would name the mailbox."""
    if one.kind is RuleKind.TRANSPORT_RULE:
        return f"Disable-TransportRule -Identity {quoted(one.guid_or_rule_id)} -Confirm:$false"
    if one.chosen_by_holder:
        return ""
    mailbox, name = quoted(one.mailbox), quoted(one.name)
    return f"Disable-InboxRule -Mailbox {mailbox} -Identity {name} -Confirm:$false"
