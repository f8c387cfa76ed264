"""An ID token to the claims in it, if the provider signed it for this hall, for this login and for now.

PyJWT checks signature, issuer and audience; times are checked against the hall's clock. Only algorithms with a
public key are taken, so nobody can sign with what the provider publishes.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = timedelta(minutes=1)
"""How far the clocks of hall and provider may differ."""
_NEEDED = ("iss", "sub", "aud", "exp", "iat", "nonce")
_MOST_SUBJECT = 255
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (jwt.InvalidSignatureError, "oidc-bad-signature"),
    (jwt.InvalidIssuerError, "oidc-other-issuer"),
    (jwt.InvalidAudienceError, "oidc-other-audience"),
    (jwt.MissingRequiredClaimError, "oidc-incomplete"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a token must be."""

    issuer: str
    client_id: str
    nonce: str


def names_key(token: str) -> str:
    """The id of the key that a token says it is signed with; empty for none. Raises DeskguardError."""
    return str(_header(token).get("kid") or "")


def verified(token: str, keys: Sequence[Mapping[str, Any]], wanted: Wanted, at: datetime) -> Mapping[str, Any]:
    """The claims; raises DeskguardError with a code that says what is wrong. `keys`: the provider's, as JWK."""
    header = _header(token)
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS:
        raise _refused("oidc-bad-signature", "it is not signed with a key that is published")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(keys, str(header.get("kid") or ""), algorithm),
            algorithms=[algorithm],
            issuer=wanted.issuer,
            audience=wanted.client_id,
            # The hall's clock decides, not that of the library.
            options={"require": list(_NEEDED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        code = next((code for kind, code in _CODES if isinstance(error, kind)), "oidc-broken")
        raise _refused(code, type(error).__name__) from None
    _check_times(claims, at)
    _check_person(claims, wanted)
    return claims


def _header(token: str) -> Mapping[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _refused("oidc-broken", "it cannot be read") from None


def _key(keys: Sequence[Mapping[str, Any]], name: str, algorithm: str) -> Any:
    fitting = [
        one
        for one in keys
        if one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and (not name or one.get("kid") == name)
    ]
    if len(fitting) != 1:
        raise _refused(
            "oidc-bad-signature", "the provider publishes no key, or several, that it may be signed with"
        )
    return jwt.PyJWK(dict(fitting[0]), algorithm=algorithm).key


def _check_times(claims: Mapping[str, Any], at: datetime) -> None:
    now_s, leeway_s = at.timestamp(), LEEWAY.total_seconds()
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in times.values()):
        raise _refused("oidc-broken", "a time in it is none")
    if times["exp"] + leeway_s <= now_s:
        raise _refused("oidc-expired", "it has expired")
    if max(times["iat"], times.get("nbf", times["iat"])) - leeway_s > now_s:
        raise _refused("oidc-not-yet", "it is of a time to come")


def _check_person(claims: Mapping[str, Any], wanted: Wanted) -> None:
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != wanted.client_id:
        raise _refused("oidc-other-audience", "it was made for another program")
    nonce, subject = claims["nonce"], claims["sub"]
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), wanted.nonce.encode()):
        raise _refused("oidc-other-nonce", "it belongs to another login")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT:
        raise _refused("oidc-incomplete", "it names nobody")


def _refused(code: str, why: str) -> DeskguardError:
    return DeskguardError(
        f"The provider's ID token is not taken: {why}.", "compare issuer, client_id and clocks of both.", code
    )
