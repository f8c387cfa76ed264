"""Where the queue system, or the command line, finds the desk that runs: a private file in its data folder.

`queue-hook.json` holds the address to post to and its token. The token stays the same from start to start, so
that it may be written into another program's settings; the address is null while no desk runs. Only the user
who runs the desk can read the file: whoever has the token may say which ticket is at the window and how many
wait, and nothing else. It is never the page's.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
from typing import TYPE_CHECKING, Any

from deskguard.desk.queue_hook import checked_ticket
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE_NAME = "queue-hook.json"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")
_PATIENCE_S = 5.0
_MOST_ANSWER_BYTES = 65_536


class HookFile:
    """The file as the desk itself writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.token = _kept_token(folder) or secrets.token_urlsafe(32)

    def write(self, port: int | None) -> None:
        """Say where the desk listens, None that it does not; when that cannot be written, the log says so."""
        url = None if port is None else f"http://127.0.0.1:{port}/{self.token}/visit"
        fresh = self._folder / f"{FILE_NAME}.new"
        try:
            fresh.unlink(missing_ok=True)
            # Made with its rights: a file that is narrowed afterwards could be read in between.
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"url": url, "token": self.token}, file)
            fresh.replace(self._folder / FILE_NAME)
        except OSError as error:
            # The page says what is wrong with the disk; listening goes on.
            log.warning("the queue system cannot find this desk: %s", error.strerror)


def tell_desk(
    folder: Path,
    event: str,
    ticket: str = "",
    *,
    waiting: int | None = None,
    longest_wait_s: float | None = None,
) -> str:
    """Tell the desk that runs with this data folder; returns what it made of the event.

    Raises DeskguardError when there is none, when it does not answer, and for what it refuses.
    """
    body: dict[str, Any] = {"event": event, "event_id": f"cli-{secrets.token_hex(8)}"}
    if event != "waiting":
        body["ticket"] = checked_ticket(ticket)
    told = {"waiting": waiting, "longest_wait_s": longest_wait_s}
    body |= {name: value for name, value in told.items() if value is not None}
    answer = _post(_running(folder), body, folder)
    if not answer.get("ok"):
        problem, remedy = (str(answer.get(name, "")) for name in ("problem", "remedy"))
        raise DeskguardError(
            f"The desk refused the event: {problem}", remedy, str(answer.get("code", "refused"))
        )
    return str(answer.get("outcome", "taken"))


def _running(folder: Path) -> str:
    """The address of the desk that runs."""
    path = folder / FILE_NAME
    try:
        url = json.loads(path.read_text(encoding="utf-8"))["url"]
    except FileNotFoundError:
        raise _nobody(folder) from None
    except PermissionError:
        raise DeskguardError(
            f"{path} belongs to another user.",
            "run this as the user who runs deskguard listen.",
            "hook-unreadable",
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        url = ""
    if url is None:
        raise _nobody(folder)
    if not isinstance(url, str) or not url.startswith("http://127.0.0.1:"):
        raise DeskguardError(
            f"{path} is damaged.",
            "delete it and start deskguard listen again; the token is new then.",
            "hook-damaged",
        )
    return url


def _nobody(folder: Path) -> DeskguardError:
    return DeskguardError(
        f"No desk runs with the data folder {folder}.",
        "start deskguard listen, or name the folder of the one that runs with --data.",
        "no-desk-running",
    )


def _post(url: str, body: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The JSON object that the desk answers."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    headers = {"Content-Type": "application/json"}
    request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310  checked: http
    try:
        # A proxy of the environment must not stand between us and this computer.
        with build_opener(ProxyHandler({})).open(request, timeout=_PATIENCE_S) as answer:
            raw = answer.read(_MOST_ANSWER_BYTES)
    except HTTPError as error:
        raw = error.read(_MOST_ANSWER_BYTES)
    except HTTPException:
        raw = b""
    except OSError as error:
        if isinstance(getattr(error, "reason", error), TimeoutError):
            raise DeskguardError(
                f"The desk of {folder} does not answer within {_PATIENCE_S:.0f} s.",
                "look whether the computer is overloaded, and try again.",
                "desk-silent",
            ) from None
        # It was killed, or the computer was switched off, and so the file still names an address.
        raise _nobody(folder) from None
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DeskguardError(
            f"Another program answers where the desk of {folder} was last.",
            "start deskguard listen again; it writes down its new address.",
            "not-a-desk",
        )
    return found


def _kept_token(folder: Path) -> str | None:
    """The token of the last start."""
    try:
        token = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None
