"""Webhooks: each has its place in the list of events and is told what came after it, in order, until it has it.

A receiver that fails is tried again after ever longer pauses, up to half an hour; after three days what waits
for it is given up and counted. Of several processes one at a time delivers to a webhook: it takes it for a
while first.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.feed import hooks, reading
from deskguard.hub.feed.hooks import Receiver
from deskguard.hub.store.times import utc_text
from deskguard.wire.events import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.feed.hooks import Form, Letter
    from deskguard.hub.store.opening import HubStore

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
PATIENCE_S = 10.0
TAKEN_FOR = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=30)
GIVEN_UP_AFTER = timedelta(days=3)
_NOTING_TRIES = 60
"""One a second; well below TAKEN_FOR."""
_AT_ONCE = 100
_MOST = 50
"""Webhooks of one hall."""


@dataclass(frozen=True, slots=True)
class NewHook:
    """What a webhook is made of."""

    url: str
    form: Form
    kinds: tuple[str, ...]
    windows: tuple[str, ...] = ()
    """Globs; empty is all."""
    secret: str = ""
    """Of DingTalk's robot; for the generic form one is made."""


def add(connection: Connection, new: NewHook, by: str, at: datetime) -> str:
    """Make a webhook that is told what comes from now on; returns its secret. Raises DeskguardError."""
    url = hooks.checked_address(new.url)
    if new.form not in hooks.FORMS or not new.kinds or set(new.kinds) - set(KINDS):
        raise DeskguardError(
            "The webhook has no kinds of events, or unknown ones.", "choose some.", "bad-webhook"
        )
    if int(connection.execute(sa.text("SELECT COUNT(*) FROM hub_webhooks")).scalar_one()) >= _MOST:
        raise DeskguardError(f"There are {_MOST} webhooks already.", "take one away first.", "bad-webhook")
    secret = secrets.token_urlsafe(32) if new.form == "generic" else new.secret.strip()[:200]
    connection.execute(
        sa.text(
            "INSERT INTO hub_webhooks VALUES (:id, :url, :form, :secret, :kinds, :windows, :at, :by,"
            " :position, 0,"
            " :at, NULL, '', 0)"
        ),
        {
            "id": secrets.token_hex(6),
            "url": url,
            "form": new.form,
            "secret": secret,
            "kinds": json.dumps(new.kinds),
            "windows": json.dumps(new.windows),
            "at": utc_text(at),
            "by": by,
            "position": reading.newest(connection),
        },
    )
    return secret


def remove(connection: Connection, webhook_id: str) -> bool:
    """Take a webhook away; False when there is none."""
    gone = sa.text("DELETE FROM hub_webhooks WHERE webhook_id = :id RETURNING webhook_id")
    return connection.execute(gone, {"id": webhook_id}).first() is not None


def every(connection: Connection) -> list[dict[str, Any]]:
    """All webhooks, without their secrets and without what of their addresses may be one."""
    found = connection.execute(sa.text("SELECT * FROM hub_webhooks ORDER BY made_utc, webhook_id"))
    rows = []
    for one in found:
        row = dict(one._mapping)
        del row["secret"]
        row["url"] = row["url"].split("?")[0]
        row["kinds"], row["windows"] = json.loads(row["kinds"]), json.loads(row["windows"])
        rows.append(row)
    return rows


def tried(store: HubStore, webhook_id: str, at: datetime) -> dict[str, Any] | None:
    """Send a test to a webhook; gives its row with the outcome, None when there is none.

    What waits for it, and how it stands, stay as they are.
    """
    with store.reading() as connection:
        found = connection.execute(
            sa.text("SELECT * FROM hub_webhooks WHERE webhook_id = :id"), {"id": webhook_id}
        ).first()
    if found is None:
        return None
    hook = dict(found._mapping)
    return {**hook, "outcome": posted(hooks.trial(_receiver(hook), int(hook["position"]), at))}


class Delivery:
    """A thread that tells webhooks; `look` does it once."""

    def __init__(self, store: HubStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self.delivered = self.failed = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End; a delivery that is under way is waited for, so that it is noted and not made again."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2 * PATIENCE_S)

    def nudge(self) -> None:
        """There is something new."""
        self._wake.set()

    def look(self) -> bool:
        """Tell every webhook that is due the next events; whether more may be waiting."""
        now = utc_text(self._now())
        with self._store.reading() as connection:
            due = sa.text(
                "SELECT w.* FROM hub_webhooks w JOIN hub_sequence s ON s.name = 'events'"
                " WHERE w.next_utc <= :now AND w.position < s.value"
            )
            waiting = [dict(one._mapping) for one in connection.execute(due, {"now": now})]
        more = [self._tell(one, until) for one in waiting if (until := self._take(one))]
        return any(more)

    def _take(self, hook: dict[str, Any]) -> str:
        """Until when other processes leave the webhook to this one; empty: another has it, or had it since."""
        change = sa.text(
            "UPDATE hub_webhooks SET next_utc = :until"
            " WHERE webhook_id = :id AND next_utc = :next AND position = :position AND tries = :tries"
            " RETURNING next_utc"
        )
        values = {
            "until": utc_text(self._now() + TAKEN_FOR),
            "id": hook["webhook_id"],
            "next": hook["next_utc"],
            "position": hook["position"],
            "tries": hook["tries"],
        }
        with self._store.writing() as connection:
            taken = connection.execute(change, values).first()
        return "" if taken is None else str(taken.next_utc)

    def _tell(self, hook: dict[str, Any], until: str) -> bool:
        chosen = reading.Chosen(kinds=tuple(json.loads(hook["kinds"])))
        windows: Sequence[str] = json.loads(hook["windows"])
        with self._store.reading() as connection:
            newest = reading.newest(connection)
            found = reading.after(connection, hook["position"], _AT_ONCE, chosen)
        events = [
            one for one in found if not windows or any(fnmatchcase(one.window_id, glob) for glob in windows)
        ]
        upto = found[-1].position if len(found) == _AT_ONCE else max(newest, int(hook["position"]))
        outcome = "ok"
        if events:
            outcome = posted(hooks.letter(_receiver(hook), events, self._now()))
        self._note({**hook, "taken": until}, upto, outcome)
        return outcome == "ok" and len(found) == _AT_ONCE

    def _note(self, hook: dict[str, Any], upto: int, outcome: str) -> None:
        now = self._now()
        values: dict[str, Any] = {
            **{"id": hook["webhook_id"], "taken": hook["taken"]},
            **{"outcome": outcome, "given_up": 0},
        }
        if outcome == "ok":
            self.delivered += 1
            values |= {"position": upto, "tries": 0, "next": utc_text(now), "since": None}
        else:
            self.failed += 1
            since = hook["failing_since_utc"] or utc_text(now)
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(int(hook["tries"]), 10))
            values |= {"position": hook["position"], "tries": int(hook["tries"]) + 1, "since": since}
            values["next"] = utc_text(now + pause)
            if since < utc_text(now - GIVEN_UP_AFTER):
                values |= {"position": upto, "since": None, "given_up": upto - int(hook["position"])}
        # What was delivered and is not noted would be delivered again: a database that restarts is waited for.
        for _ in range(_NOTING_TRIES):
            try:
                self._keep(values)
                return
            except DeskguardError:
                if self._ended.wait(1.0):
                    break
        self._keep(values)

    def _keep(self, values: dict[str, Any]) -> None:
        with self._store.writing() as connection:
            connection.execute(
                sa.text(
                    "UPDATE hub_webhooks SET position = :position, tries = :tries, next_utc = :next,"
                    " failing_since_utc = :since, outcome = :outcome, given_up = given_up + :given_up"
                    " WHERE webhook_id = :id AND next_utc = :taken"
                ),
                values,
            )

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            try:
                while not self._ended.is_set() and self.look():
                    pass
            except DeskguardError as error:
                log.error("webhooks cannot be told: %s", error.code)
            except Exception:
                # A mistake of ours at one webhook must not end the others for good.
                log.exception("webhooks stumbled")
            self._wake.wait(LOOK_EVERY_S)


def _receiver(hook: Mapping[str, Any]) -> Receiver:
    return Receiver(cast("Form", hook["form"]), hook["url"], hook["secret"])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is signed for one address is not sent to another."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def posted(letter: Letter) -> str:
    """Post a letter; "ok", or why not as a code."""
    request = urllib.request.Request(letter.url, letter.body, dict(letter.headers), method="POST")  # noqa: S310
    try:
        with urllib.request.build_opener(_NoRedirect()).open(request, timeout=PATIENCE_S) as answer:
            told = answer.read(65_536)
    except urllib.error.HTTPError as error:
        return f"status-{error.code}"
    except (OSError, HTTPException, ValueError):
        return "unreachable"
    return _chat_error(told)


def _chat_error(told: bytes) -> str:
    """Chats answer 200 and say in the body what is wrong."""
    try:
        code = json.loads(told).get("errcode", 0)
    except (ValueError, AttributeError):
        return "ok"
    return "ok" if code == 0 else f"refused-{code}"[:40]
