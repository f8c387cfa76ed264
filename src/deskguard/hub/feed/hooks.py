"""Events to the body that another program or a chat group understands, signed so that it can tell who sent it.

`generic` is JSON as in the feed; its signature is HMAC-SHA-256 over the time, a full stop and the body. `wecom`
and `dingtalk` are text messages of those chats' group robots: WeCom knows its robot by the address, DingTalk by
a signature in the address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

from deskguard.errors import DeskguardError
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deskguard.hub.feed.reading import Stored

Form = Literal["generic", "wecom", "dingtalk"]
FORMS: tuple[Form, ...] = ("generic", "wecom", "dingtalk")
SIGNATURE, TIMESTAMP = "X-Deskguard-Signature", "X-Deskguard-Timestamp"
MOST_LINES = 20
"""Of one message of a chat."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is posted, and where."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told, and how."""

    form: Form
    url: str
    secret: str


def letter(receiver: Receiver, events: Sequence[Stored], at: datetime) -> Letter:
    """Events as a request in the receiver's form, signed now."""
    told = {"v": 1, "events": [one.told() for one in events], "position": events[-1].position if events else 0}
    return _letter(receiver, told, lines(events), at)


def trial(receiver: Receiver, position: int, at: datetime) -> Letter:
    """A request without events that says it is a test; otherwise as all others, the signature among it."""
    told = {"v": 1, "test": True, "events": [], "position": position}
    time = at.astimezone().strftime("%m-%d %H:%M")
    text = catalogue.load(catalogue.LANGUAGES[0])["hub.hook.test_line"].format(time=time)
    return _letter(receiver, told, [text], at)


def _letter(receiver: Receiver, told: dict[str, Any], text: Sequence[str], at: datetime) -> Letter:
    """JSON for programs, lines of text for chats."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "deskguard"}
    url, secret = receiver.url, receiver.secret
    if receiver.form == "generic":
        body = _json(told)
        moment = str(int(at.timestamp()))
        return Letter(url, body, {**headers, TIMESTAMP: moment, SIGNATURE: signature(secret, moment, body)})
    message = {"msgtype": "text", "text": {"content": "\n".join(text)}}
    if receiver.form == "dingtalk" and secret:
        url = _signed_address(url, secret, at)
    return Letter(url, _json(message), headers)


def signature(secret: str, moment: str, body: bytes) -> str:
    """What the receiver reckons again with the secret: `v1=` and HMAC-SHA-256 in hexadecimal."""
    return "v1=" + hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def lines(events: Sequence[Stored]) -> list[str]:
    """A line for each event in the hall's first language, the newest last; how many were left out, if any."""
    texts = catalogue.load(catalogue.LANGUAGES[0])
    shown = [_line(one, texts) for one in events[-MOST_LINES:]]
    left = len(events) - len(shown)
    return [*([texts["hub.hook.more"].format(n=left)] if left else []), *shown]


def checked_address(url: str) -> str:
    """The address of a webhook; raises DeskguardError (`bad-webhook`) for what would not do."""
    try:
        parts = urlsplit(url.strip())
        is_good = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good, parts = False, urlsplit("")
    is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not is_good or parts.username or not (parts.scheme == "https" or (parts.scheme == "http" and is_here)):
        raise DeskguardError(
            "The address of the webhook does not begin with https:// and a host.",
            "write the whole address, as the receiving program shows it.",
            "bad-webhook",
        )
    return url.strip()


def _line(event: Stored, texts: Mapping[str, str]) -> str:
    body = json.loads(event.body)
    kind = f"{event.kind}_{body['state']}" if event.kind == "state" else event.kind
    what = texts.get(f"hub.hook.kind_{kind}", texts[f"hub.hook.kind_{event.kind}"])
    detail = " ".join(str(body[name]) for name in ("rule_id", "act_id", "manner", "reason") if body.get(name))
    time = datetime.fromisoformat(event.at_utc).astimezone().strftime("%m-%d %H:%M")
    return texts["hub.hook.line"].format(window=event.window_id, what=what, detail=detail, time=time).strip()


def _signed_address(url: str, secret: str, at: datetime) -> str:
    moment = str(int(at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{moment}\n{secret}".encode(), hashlib.sha256).digest()
    sign = quote(base64.b64encode(digest), safe="")
    return f"{url}{'&' if '?' in url else '?'}timestamp={moment}&sign={sign}"


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
