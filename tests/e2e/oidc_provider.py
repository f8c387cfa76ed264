"""A small OpenID Connect provider on loopback, for tests: real codes, PKCE, and JWTs that are really signed.

Tokens are put together and signed here by hand, so that they do not agree with the hall's library by nature.
What a dishonest or broken provider would do is set before a login: `claims` go over the right ones, `None`
takes one out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT, SECRET = "deskguard-hall", "a secret: 厅/+&="
Algorithm = Literal["RS256", "ES256"]


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int, size: int) -> str:
    return b64(value.to_bytes(size, "big"))


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key of that name; made once, because it takes long."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    assert name
    return ec.generate_private_key(ec.SECP256R1())


def jwk(name: str, algorithm: Algorithm) -> dict[str, str]:
    """The public half, as the provider publishes it."""
    head = {"kid": name, "use": "sig", "alg": algorithm}
    if algorithm == "RS256":
        told = rsa_key(name).public_key().public_numbers()
        return {**head, "kty": "RSA", "n": _number(told.n, 256), "e": _number(told.e, 3)}
    point = ec_key(name).public_key().public_numbers()
    return {**head, "kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}


def jwt(claims: dict[str, Any], name: str, algorithm: Algorithm, head: dict[str, Any] | None = None) -> str:
    """Claims, signed with the key of that name."""
    header = {"alg": algorithm, "typ": "JWT", "kid": name, **(head or {})}
    header = {part: value for part, value in header.items() if value is not None}
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    if algorithm == "RS256":
        mark = rsa_key(name).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        r, s = decode_dss_signature(ec_key(name).sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        mark = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{text}.{b64(mark)}"


@dataclass
class Login:
    """Who stands before the provider, and how what it answers differs from what is right."""

    subject: str = "subject-1"
    name: str = "supervisor"
    claims: dict[str, Any] = field(default_factory=dict)
    key: str = "key-1"
    """The key that signs; published is `key-1`, unless `published` says otherwise."""
    published: tuple[str, ...] = ("key-1",)
    algorithm: Algorithm = "RS256"
    head: dict[str, Any] = field(default_factory=dict)
    """Of the token's header."""
    error: str = ""
    """The provider sends the browser back with this."""
    signature: str | None = None
    """In the place of the right one."""


class OidcProvider(ThreadingHTTPServer):
    """One provider that lets `login` in without asking."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.login = Login()
        self.said: dict[str, Any] = {}
        """Over what it says of itself."""
        self.now_s = time.time
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        """Paths that were asked for."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/realm"

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            **self.said,
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        back = {"state": asked["state"], "iss": self.issuer}
        if self.login.error:
            back["error"] = self.login.error
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = asked
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str], login: str) -> tuple[int, dict[str, Any]]:
        """Status and answer to a code."""
        name, _, secret = base64.b64decode(login.removeprefix("Basic ")).decode().partition(":")
        if (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None)
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
            or form["grant_type"] != "authorization_code"
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        one, now_s = self.login, int(self.now_s())
        right = {"iss": self.issuer, "sub": one.subject, "aud": CLIENT, "nonce": nonce}
        right |= {"exp": now_s + 300, "iat": now_s, "preferred_username": one.name}
        claims = {name: value for name, value in {**right, **one.claims}.items() if value is not None}
        token = jwt(claims, one.key, one.algorithm, one.head)
        return token if one.signature is None else f"{token.rpartition('.')[0]}.{one.signature}"

    def keys(self) -> dict[str, Any]:
        return {"keys": [jwk(name, self.login.algorithm) for name in self.login.published]}


class _Handler(BaseHTTPRequestHandler):
    server: OidcProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(parts.path)
        if parts.path == "/realm/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("location", self.server.authorize(asked))
            self.send_header("content-length", "0")
            self.end_headers()
        elif parts.path == "/realm/.well-known/openid-configuration":
            self._tell(200, self.server.configuration())
        elif parts.path == "/realm/keys":
            self._tell(200, self.server.keys())
        else:
            self._tell(404, {})

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._tell(*self.server.token(form, self.headers.get("authorization", "")))

    def _tell(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing on the console of the tests."""
