"""Tokens of Microsoft Entra ID in place of a database password (Azure Database for PostgreSQL)."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from m365_restrict.errors import ErrorCode, LedgerError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
"""What a token must be for to be taken as the password, as Azure Database for PostgreSQL documents it."""


def token_source(client_id: str) -> Callable[[], str]:
    """A function that gives a token; azure-identity keeps one for as long as it may be used.

    The identity is the workload identity of a Kubernetes service account where there is one, else the managed
    identity of the computer or the container: with `client_id` the one that was assigned by hand.
    Raises LedgerError (ledger-refused) where no token can be had.
    """
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - only who asks for it waits for the import

    try:
        credential = _credential(client_id)
    except ValueError as error:  # a token's file, and neither tenant nor identity
        raise _refused(error) from error

    def _token() -> str:
        try:
            return credential.get_token(SCOPE).token
        except (AzureError, ValueError, OSError) as error:
            raise _refused(error) from error

    return _token


def _refused(error: Exception) -> LedgerError:
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return LedgerError(
        f"No token for the ledger's database could be had: {said}",
        code=ErrorCode.LEDGER_REFUSED,
        advice="Give the container or the service account its managed identity, and name it with "
        "LEDGER__CLIENT_ID where it was assigned by hand. A pod needs AZURE_TENANT_ID as well, which the "
        "workload identity add-on of AKS gives it.",
    )


def _credential(client_id: str) -> "TokenCredential":
    from azure.identity import ManagedIdentityCredential, WorkloadIdentityCredential  # noqa: PLC0415

    if os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return WorkloadIdentityCredential(client_id=client_id or None)
    return ManagedIdentityCredential(client_id=client_id or None)
