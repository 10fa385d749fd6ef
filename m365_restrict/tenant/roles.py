"""Why a cmdlet could not be run, with the role that lets an application run it."""

from collections.abc import Mapping

from m365_restrict.errors import ErrorCode, ServiceError
from m365_restrict.tenant.exchange import ReadCmdlet

# Exchange.md 1.8 tells the roles for rules and junk settings; for the others it is inferred, and said so.
_ROLES: Mapping[ReadCmdlet, str] = {
    ReadCmdlet.TRANSPORT_RULE: "the Entra role Security Reader, or the Exchange role Transport Rules",
    ReadCmdlet.JUNK_CONFIGURATION: "the Exchange role Mail Recipients or User Options",
    ReadCmdlet.TENANT_BLOCK_LIST: "probably the Entra role Security Reader or Global Reader",
    ReadCmdlet.CONTENT_FILTER: "probably the Entra role Security Reader or Global Reader",
    ReadCmdlet.ADMIN_AUDIT_LOG_CONFIG: "probably the Exchange role View-Only Audit Logs",
    ReadCmdlet.RECIPIENT: "probably the Exchange role View-Only Recipients",
    ReadCmdlet.MAILBOX: "probably the Exchange role View-Only Recipients",
}


def why_unread(cmdlet: ReadCmdlet, error: ServiceError) -> str:
    """The error in words; where a right is missing, the cmdlet and the role that holds it."""
    role = _ROLES.get(cmdlet)
    if error.code is not ErrorCode.PERMISSION_MISSING or role is None:
        return error.message
    return f"{error.message.rstrip('.')}. Give the reader application {role}, which holds {cmdlet}."
