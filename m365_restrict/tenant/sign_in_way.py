"""What an application signs in with. Which of several ways is used is said here, once."""

from enum import StrEnum
from typing import Protocol


class SignInWay(StrEnum):
    """What an application signs in with (graph.md 8.3)."""

    CERTIFICATE = "certificate"
    WORKLOAD_IDENTITY = "workload_identity"
    """The token of a Kubernetes service account, which the application trusts."""
    TRUSTED_IDENTITY = "trusted_identity"
    """The token of a managed identity, which the application trusts."""
    SECRET = "secret"  # noqa: S105 - a word for a way to sign in
    MANAGED_IDENTITY = "managed_identity"
    """No application: the managed identity itself holds the permissions."""
    NOTHING = "nothing"


class WaysToSignIn(Protocol):
    """What of an application's settings says how it signs in. What is empty is not set."""

    @property
    def certificate_path(self) -> object: ...  # noqa: D102 - see the class

    @property
    def workload_identity(self) -> bool: ...  # noqa: D102 - see the class

    @property
    def trusted_identity(self) -> str: ...  # noqa: D102 - see the class

    @property
    def client_secret(self) -> object: ...  # noqa: D102 - see the class

    @property
    def managed_identity(self) -> bool: ...  # noqa: D102 - see the class


def way_to_sign_in(ways: WaysToSignIn) -> SignInWay:
    """The way that is used: what can be copied comes after what cannot, a managed identity last."""
    if ways.certificate_path is not None:
        return SignInWay.CERTIFICATE
    if ways.workload_identity:
        return SignInWay.WORKLOAD_IDENTITY
    if ways.trusted_identity:
        return SignInWay.TRUSTED_IDENTITY
    if ways.client_secret:
        return SignInWay.SECRET
    return SignInWay.MANAGED_IDENTITY if ways.managed_identity else SignInWay.NOTHING
