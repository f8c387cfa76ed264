"""One browser's way to the provider and back, in a signed cookie: what it must bring back, and what proves it.

`state` ties the answer to this browser, `nonce` the ID token to this login, the verifier (PKCE) the code to
this hall. They lie in the browser that makes the way, so any process of the hall can receive it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deskguard.hub.store.times import utc_moment, utc_text

if TYPE_CHECKING:
    from datetime import datetime

COOKIE = "deskguard-oidc"
LASTS = timedelta(minutes=10)
_MOST_THEN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What is kept of a login that has begun."""

    state: str
    nonce: str
    verifier: str
    then: str
    """Path of the hall to go on to."""
    until_utc: str

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (S256)."""
        return _b64(hashlib.sha256(self.verifier.encode()).digest())


def begin(then: str, at: datetime) -> Journey:
    """A new way, from now on."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    until = utc_text(at + LASTS)
    return Journey(
        state=state,
        nonce=nonce,
        verifier=verifier,
        then=then if len(then) <= _MOST_THEN else "/",
        until_utc=until,
    )


def packed(journey: Journey, key: bytes) -> str:
    """The cookie's value."""
    body = _b64(json.dumps(asdict(journey)).encode())
    return f"{body}.{_mark(body, key)}"


def unpacked(cookie: str, key: bytes, at: datetime) -> Journey | None:
    """The way behind a cookie; None for one that the hall did not sign, or that took too long."""
    body, _, mark = cookie.partition(".")
    if not hmac.compare_digest(mark.encode("utf-8", "replace"), _mark(body, key).encode()):
        return None
    try:
        padded = body + "=" * (-len(body) % 4)
        journey = Journey(**json.loads(base64.urlsafe_b64decode(padded)))
    except (binascii.Error, ValueError, TypeError):
        return None
    return journey if utc_moment(journey.until_utc) > at else None


def _mark(body: str, key: bytes) -> str:
    return _b64(hmac.new(key, body.encode("utf-8", "replace"), hashlib.sha256).digest())


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
