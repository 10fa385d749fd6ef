"""No rule of ours ever sends mail outside the organisation (design.md 6), whatever it was made from."""

from m365_restrict.plan.opening import actions_in
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.observed import Properties

_OUTSIDERS = frozenset({RecipientKind.GUEST, RecipientKind.CONTACT})


def sends_outside(form: Properties, directory: Directory, domains: frozenset[str]) -> tuple[str, ...]:
    """Names of the actions that name an outside address.

    `domains` are the organisation's own, none where nobody knows them: then nothing is said. A mailbox that
    the directory knows is inside under any domain.
    """
    if not domains:
        return ()
    elsewhere = {
        name: frozenset(one for one in value if "@" in one and one.rpartition("@")[2] not in domains)
        for name, value in sorted(actions_in(form).items())
        if isinstance(value, tuple)
    }
    if not any(elsewhere.values()):
        return ()
    ours = {
        one.address
        for one in directory.recipients.values()
        if isinstance(one, Recipient) and one.kind not in _OUTSIDERS
    }
    return tuple(name for name, addresses in elsewhere.items() if not addresses <= ours)
