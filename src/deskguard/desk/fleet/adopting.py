"""An answer of the hub to what this desk uses from now on: verified, tried, kept; or refused, and why.

Rules are loaded the way the desk will load them, by this version of deskguard and with its own choice of packs,
before they take the place of the old ones. Whatever is wrong, the old ones stay in force.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from deskguard.errors import DeskguardError
from deskguard.wire.pushed import checked
from deskguard.wire.release import KINDS, Expected, Pull, Pulled, file_bytes, opened

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from deskguard.desk.fleet.shelf import Shelf
    from deskguard.wire.release import Held, Kind, Release


_OWN_CHOICE = "not-taken"
"""The reason for what this desk keeps to itself: that is as somebody wants it, and nothing for the clerk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What became of a release, for the log and for the hub."""

    kind: Kind
    outcome: Literal["adopted", "refused"]
    reason: str = ""
    """Why it was refused."""
    sha256: str = ""
    told: str = ""
    """The same in a sentence."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How what the hub publishes stands here, for the staff page."""

    refused: str = ""
    """Why the newest release was not taken, as a code; empty: it was, or there is none."""
    number: int = 0
    """Of the release that was refused or waits; 0: it had none that could be believed."""
    waits: bool = False
    """Something was taken that holds from the next start on."""


class Adopter:
    """Takes what one hub sends to one window."""

    def __init__(
        self,
        shelf: Shelf,
        public_key: str,
        window_id: str,
        *,
        only: Sequence[str] = (),
        takes: Collection[Kind] = KINDS,
    ) -> None:
        """`only`: ids of packs that this desk keeps to; rules without them are refused. `takes`: what it lets
        the hub decide; the rest is refused."""
        self._shelf = shelf
        self._key = public_key
        self._window_id = window_id
        self._only = tuple(only)
        self._takes = frozenset(takes)
        self._refused: dict[Kind, DeskguardError] = {}
        # Settings hold from the start of a desk; those that come later wait for the next one.
        self._settings_at_start = shelf.held("settings").serial

    def question(self, version: str) -> Pull:
        """What this desk has, for the hub to answer what is newer."""
        held: dict[Kind, Held] = {kind: self._shelf.held(kind) for kind in KINDS}
        if not self._shelf.has_whole("rules") and held["rules"].serial:
            # Its folder is damaged: the same release is wanted once more.
            held["rules"] = held["rules"].model_copy(update={"serial": held["rules"].serial - 1, "sha256": ""})
        for kind, error in self._refused.items():
            if not held[kind].reason:
                # Not signed by the hub, so without a number that could be believed: the reason alone is told.
                held[kind] = held[kind].model_copy(update={"reason": error.code})
        waits = held["settings"].serial != self._settings_at_start
        held["settings"] = held["settings"].model_copy(update={"in_force": not waits})
        return Pull(version=version, rules=held["rules"], settings=held["settings"])

    def standing(self) -> dict[Kind, Standing]:
        """What the clerk should know of each kind."""
        return {kind: self._standing(kind) for kind in KINDS}

    def _standing(self, kind: Kind) -> Standing:
        held = self._shelf.held(kind)
        waits = kind == "settings" and held.serial != self._settings_at_start
        unread = self._refused.get(kind)
        refused = held.reason or ("" if unread is None else unread.code)
        if refused in ("", _OWN_CHOICE):
            return Standing(number=held.serial, waits=waits)
        return Standing(refused, held.refused, waits)

    def take(self, answer: object) -> list[News]:
        """Use what is new in an answer (JSON, as it came); what is refused in the same way again is no news."""
        if not isinstance(answer, dict) or not set(answer) <= set(Pulled.model_fields):
            return self._news_of("rules", _strange())
        news: list[News] = []
        for kind in KINDS:
            if answer.get(kind) is not None:
                news += self._take(kind, answer[kind])
        return news

    def _take(self, kind: Kind, given: Any) -> list[News]:
        held = self._shelf.held(kind)
        # One that is damaged here may come again with the same number.
        known = held.serial if self._shelf.has_whole(kind) else max(held.serial - 1, 0)
        expected = Expected(self._key, self._window_id, kind, known)
        release: Release | None = None
        try:
            release = opened(given, expected)
            if release is None:
                return []
            self._adopt(release)
        except DeskguardError as error:
            if release is not None:
                self._shelf.note_refused(kind, release.serial, error.code)
            return self._news_of(kind, error)
        self._refused.pop(kind, None)
        return [News(kind=kind, outcome="adopted", sha256=release.sha256, told=f"number {release.serial}")]

    def _adopt(self, release: Release) -> None:
        if release.kind not in self._takes:
            raise DeskguardError(
                f"This desk does not let the hub decide its {release.kind}.",
                "add it to [hub] take of the desk's settings.",
                _OWN_CHOICE,
            )
        if release.kind == "settings":
            checked(release.settings)
            self._shelf.put_settings(release)
            return
        try_rules(file_bytes(release), self._only)
        self._shelf.put_rules(release)

    def _news_of(self, kind: Kind, error: DeskguardError) -> list[News]:
        told = f"{error.code}: {error.problem}"
        known = self._refused.get(kind)
        if known is not None and (known.code, known.problem) == (error.code, error.problem):
            return []
        self._refused[kind] = error
        return [News(kind=kind, outcome="refused", reason=error.code, told=told)]


def try_rules(files: dict[str, bytes], only: Sequence[str] = ()) -> None:
    """Load packs as the desk would; raises DeskguardError for whatever keeps them from being used."""
    from deskguard.rules.pack import load_packs
    from deskguard.spotting.finding.spot import Spotter
    from deskguard.spotting.meaning.judge import Meaning

    staging = Path(tempfile.mkdtemp(prefix="deskguard-"))
    try:
        for name, content in files.items():
            (staging / name).write_bytes(content)
        rules = load_packs([staging], only)
        Spotter(rules)
        Meaning(rules)
    except DeskguardError as error:
        raise DeskguardError(
            error.problem.replace(f"{staging}/", "").replace(f" {staging}", ""), error.remedy, error.code
        ) from None
    except OSError as error:
        raise DeskguardError(
            f"The rules cannot be tried: {error.strerror or error}.", "free some space.", "unwritable"
        ) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _strange() -> DeskguardError:
    return DeskguardError(
        "The hub's answer is not in the form that this version of deskguard knows.",
        "bring hub and desk to the same version.",
        "release-broken",
    )
