"""The provider over the network: what it says of itself, its keys, and tokens for a code.

Addresses, keys and answers of its own alone: nothing is followed elsewhere, nothing goes unencrypted off this
computer, and no proxy of the environment is asked.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from deskguard.errors import DeskguardError
from deskguard.hub.oidc import id_token
from deskguard.hub.oidc.config import is_safe, secret_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from deskguard.hub.oidc.config import OidcSettings
    from deskguard.hub.oidc.journey import Journey

PATIENCE_S = 10.0
KNOWN_FOR_S = 3600.0
KEYS_EVERY_S = 30.0
"""A token with a key that is not known has the keys fetched anew, but not more often."""
_MOST_BYTES = 1024 * 1024
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Provider:
    """One provider, with what is known of it; safe to use from several threads."""

    def __init__(self, settings: OidcSettings) -> None:
        """Raises DeskguardError (`bad-ca-file`, `file-unreadable`); nothing is asked yet."""
        self.settings = settings
        secret_of(settings)
        self._open = _opener(settings.ca_file)
        self._turn = threading.Lock()
        self._known: Mapping[str, Any] = {}
        self._keys: list[Mapping[str, Any]] = []
        self._known_s = self._keys_s = float("-inf")

    def address_for(self, journey: Journey) -> str:
        """Where a browser is sent to log in; raises DeskguardError."""
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
        }
        where = str(self._said()["authorization_endpoint"])
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def claims(self, code: str, journey: Journey, at: datetime) -> Mapping[str, Any]:
        """Who logged in, for the code that a browser brought; raises DeskguardError."""
        token = self._exchanged(code, journey)
        wanted = id_token.Wanted(
            issuer=self.settings.issuer, client_id=self.settings.client_id, nonce=journey.nonce
        )
        return id_token.verified(token, self._keys_with(id_token.names_key(token)), wanted, at)

    def _exchanged(self, code: str, journey: Journey) -> str:
        said, secret = self._said(), secret_of(self.settings)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": journey.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret and "client_secret_basic" in ways:
            login = f"{quote(self.settings.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        else:
            form["client_id"] = self.settings.client_id
            form |= {"client_secret": secret} if secret else {}
        found = self._asked(str(said["token_endpoint"]), urlencode(form).encode(), headers)
        token = found.get("id_token")
        if not isinstance(token, str):
            raise _strange("it gives no ID token for a code")
        return token

    def _said(self) -> Mapping[str, Any]:
        """What the provider says of itself."""
        with self._turn:
            if time.monotonic() - self._known_s > KNOWN_FOR_S:
                where = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
                found = self._asked(where)
                if found.get("issuer") != self.settings.issuer:
                    raise _strange("it calls itself otherwise than the setting issuer")
                if wrong := [one for one in _NEEDED if not is_safe(str(found.get(one)))]:
                    raise _strange(f"its {wrong[0]} is no address of https")
                self._known, self._known_s = found, time.monotonic()
            return self._known

    def _keys_with(self, name: str) -> list[Mapping[str, Any]]:
        """The provider's keys, fetched anew when the one named is not among them."""
        where = str(self._said()["jwks_uri"])
        with self._turn:
            age_s = time.monotonic() - self._keys_s
            is_missing = bool(name) and all(one.get("kid") != name for one in self._keys)
            if age_s > KNOWN_FOR_S or (is_missing and age_s > KEYS_EVERY_S):
                found = self._asked(where).get("keys")
                if not isinstance(found, list):
                    raise _strange("it publishes no keys")
                self._keys = [one for one in found if isinstance(one, dict)]
                self._keys_s = time.monotonic()
            return self._keys

    def _asked(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        told = {"Accept": "application/json", "User-Agent": "deskguard", **(headers or {})}
        request = urllib.request.Request(url, body, told)  # noqa: S310 - checked by is_safe
        try:
            with self._open.open(request, timeout=PATIENCE_S) as answer:
                text = answer.read(_MOST_BYTES)
        except urllib.error.HTTPError as error:
            # 400 and 401: it does not take the code, or this client.
            code = "oidc-code-refused" if body is not None and error.code in (400, 401) else "oidc-unreachable"
            raise DeskguardError(
                f"The OIDC provider answers with status {error.code}.",
                "compare client_id, secret and the address to come back to with what the provider knows.",
                code,
            ) from None
        except (OSError, HTTPException, ValueError) as error:
            raise DeskguardError(
                f"The OIDC provider cannot be reached ({type(error).__name__}).",
                "check issuer, the network, and ca_file.",
                "oidc-unreachable",
            ) from None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise _strange("its answer is no JSON object")
        return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A secret that is meant for one address is not sent to another."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener(ca_file: str) -> urllib.request.OpenerDirector:
    try:
        trusted = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise DeskguardError(
            f"ca_file of the OIDC file, {ca_file}, cannot be used: {error}.",
            "name a file with the certificate of the authority, as PEM.",
            "bad-ca-file",
        ) from None
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted), _NoRedirect()
    )


def _strange(why: str) -> DeskguardError:
    return DeskguardError(
        f"The OIDC provider is not as expected: {why}.", "check issuer in the OIDC file.", "oidc-strange"
    )
