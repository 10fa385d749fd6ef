"""Federated credentials: in place of a key comes a token of somebody whom the application trusts.

Entra ID fetches an issuer's keys from the issuer; the sandbox fetches nothing, so the seed names them.
Numbers and texts are those of Entra ID's answers as people report them (docs/fidelity.md).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jwt

from m365_restrict.sandbox.sign_in_refused import SignInRefused

AUDIENCE = "api://AzureADTokenExchange"
_COMPARE = (
    "Check your federated identity credential Subject, Audience and Issuer against the presented assertion. "
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)
_OTHER_CASE = "The subject matches with case-insensitive comparison, but not with case-sensitive comparison."
_SKEW_SECONDS = 300


def check_federated(assertion: str, trusted: Sequence[Mapping[str, Any]]) -> None:
    """Nothing where a federated credential of the application takes this token, else `SignInRefused`.

    Issuer, subject and audience are compared letter by letter, in this order.
    """
    claims = _claims(assertion)
    issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
    of_issuer = [one for one in trusted if one["issuer"] == issuer]
    if not of_issuer:
        raise _no_match(700211, f"issuer '{issuer}'. {_COMPARE}")
    of_subject = [one for one in of_issuer if one["subject"] == subject]
    if not of_subject:
        if any(one["subject"].lower() == subject.lower() for one in of_issuer):
            raise _no_match(7002138, f"subject '{subject}'. {_OTHER_CASE} {_COMPARE}")
        raise _no_match(700213, f"subject '{subject}'. {_COMPARE}")
    audiences = claims.get("aud", ())
    presented = [audiences] if isinstance(audiences, str) else list(audiences)
    of_audience = [one for one in of_subject if one["audience"] in presented]
    if not of_audience:
        raise _no_match(700212, f"audience '{' '.join(map(str, presented))}'. {_COMPARE}")
    _check_signature(assertion, of_audience[0])


def _claims(assertion: str) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        text = f"Client assertion failed: the token is malformed ({error})."
        raise SignInRefused("invalid_request", 50027, text, status=400) from error
    return claims


def _check_signature(assertion: str, credential: Mapping[str, Any]) -> None:
    try:
        keys = jwt.PyJWKSet.from_dict(dict(credential["keys"]))
        wanted = jwt.get_unverified_header(assertion).get("kid")
        key = next((one for one in keys.keys if one.key_id == wanted), None)
        if key is None:
            raise jwt.InvalidTokenError(f"the issuer has no key '{wanted}'")
        jwt.decode(
            assertion, key, algorithms=["RS256"], audience=credential["audience"], leeway=_SKEW_SECONDS,
            options={"require": ["exp", "aud", "iss", "sub"]},
        )  # fmt: skip
    except jwt.ExpiredSignatureError as error:
        ended = datetime.fromtimestamp(int(_claims(assertion)["exp"]), UTC)
        text = (
            "Client assertion is not within its valid time range. Current time: "
            f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z, expiry time of assertion {ended:%Y-%m-%dT%H:%M:%S}Z."
        )
        raise SignInRefused("invalid_client", 700024, text) from error
    except jwt.PyJWTError as error:
        text = f"Client assertion failed signature validation: {error}."
        raise SignInRefused("invalid_client", 700027, text) from error


def _no_match(number: int, about: str) -> SignInRefused:
    text = f"No matching federated identity record found for presented assertion {about}"
    return SignInRefused("invalid_client", number, text)
