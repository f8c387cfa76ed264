"""Requests to the hub, by httpx: what it answers, or a DeskguardError that says how to go on.

The certificate of the hub is checked, by `[hub] ca_file` where the hall has an authority of its own. A proxy of
the environment is not used: the hub is in the house.
"""

from __future__ import annotations

import ipaddress
import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    import httpx

_PATIENCE_S = 15.0
_MOST_ANSWER_BYTES = 8 * 1024 * 1024


class Link:
    """One hub, with this desk's key or without; safe to use from several threads."""

    def __init__(self, url: str, key: str = "", ca_file: str = "") -> None:
        """Raises DeskguardError (`bad-hub-url`, `bad-ca-file`); nothing is asked yet."""
        self.url = checked_url(url)
        self._key = key
        self._client = _client(ca_file)

    def post_json(self, path: str, question: dict[str, Any]) -> Any:
        """Send JSON and return the JSON answered; raises DeskguardError."""
        body = json.dumps(question).encode()
        return self.post(path, body, {"Content-Type": "application/json"})

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Any:
        """Send a body; raises DeskguardError with one of the codes of `_refusal`, or `hub-unreachable`."""
        import httpx

        who = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            answer = self._client.post(self.url + path, content=body, headers={**headers, **who})
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise DeskguardError(
                f"The hub {self.url} cannot be reached ({type(error).__name__}).",
                "check its address, the network, and that its certificate is from [hub] ca_file.",
                "hub-unreachable",
            ) from None
        if answer.status_code >= 300:
            raise _refusal(self.url, answer)
        if len(answer.content) > _MOST_ANSWER_BYTES:
            raise _strange(self.url)
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError):
            raise _strange(self.url) from None

    def close(self) -> None:
        self._client.close()


def checked_url(url: str) -> str:
    """An address of a hub without a slash at its end; off this computer only https. Raises DeskguardError."""
    try:
        parts = urlsplit(url.strip())
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        raise _bad_url(url, "it cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_good:
        raise _bad_url(url, "it does not begin with https:// and a host")
    if parts.username or parts.query or parts.fragment:
        raise _bad_url(url, "it holds more than a host and a path")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise _bad_url(url, "without TLS everybody in between could read along")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _client(ca_file: str) -> httpx.Client:
    import httpx

    try:
        trusted = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise DeskguardError(
            f"[hub] ca_file {ca_file} cannot be used: {error}.",
            "name a file with the certificate of the hall's authority, as PEM.",
            "bad-ca-file",
        ) from None
    return httpx.Client(verify=trusted, timeout=_PATIENCE_S, trust_env=False, follow_redirects=False)


def _refusal(url: str, answer: httpx.Response) -> DeskguardError:
    status = answer.status_code
    if status in (401, 403):
        return DeskguardError(
            f"The hub {url} does not know this desk, or the code.",
            "have a new code made (deskguard hub enrol WINDOW) and join again.",
            "hub-refused",
        )
    if status in (429, 502, 503, 504):
        return DeskguardError(f"The hub {url} is busy (status {status}).", "it is tried again.", "hub-busy")
    # Reports are given up on the hub's own word only, not for what a proxy or another program makes of them.
    is_hubs = answer.headers.get("content-type", "").startswith("application/json")
    if status == 413 or (status in (400, 422) and is_hubs):
        return DeskguardError(
            f"The hub {url} does not take what this desk sends (status {status}).",
            "bring hub and desk to the same version.",
            "hub-rejected",
        )
    return DeskguardError(
        f"The hub {url} answered with status {status}.", "check the address of the hub.", "hub-strange"
    )


def _strange(url: str) -> DeskguardError:
    return DeskguardError(f"Another program answers at {url}.", "check the address of the hub.", "hub-strange")


def _bad_url(url: str, why: str) -> DeskguardError:
    return DeskguardError(
        f'"{url[:100]}" is no address of a hub: {why}.',
        "write it like https://hub.example:8470.",
        "bad-hub-url",
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
