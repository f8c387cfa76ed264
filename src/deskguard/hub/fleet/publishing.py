"""A version of the rules, or a set of settings, to windows: signed, numbered, written down with who and why.

Rules go out only if their own examples hold. Going back is publishing an earlier version again, under a new
number: a desk takes nothing older than what it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from deskguard.errors import DeskguardError
from deskguard.hub.audit import log
from deskguard.hub.fleet import library, rows
from deskguard.hub.fleet.rows import Publication
from deskguard.hub.store.times import utc_moment, utc_text
from deskguard.wire.pushed import checked
from deskguard.wire.release import matches, rules_release, settings_release, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.wire.release import Release

_GLOB = re.compile(r"[A-Za-z0-9_.*-]{1,64}")
_MOST_WINDOWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who publishes to which windows, when and why."""

    windows: tuple[str, ...]
    author: str
    note: str
    now: datetime


def windows_of(text: str) -> tuple[str, ...]:
    """Windows as somebody writes them, by spaces, commas or lines; raises DeskguardError (`bad-windows`)."""
    named = tuple(dict.fromkeys(one for one in re.split(r"[\s,，;；、]+", text) if one))
    wrong = [one for one in named if not _GLOB.fullmatch(one)]
    if not named or wrong or len(named) > _MOST_WINDOWS:
        raise DeskguardError(
            f'"{wrong[0][:64]}" is no window.' if wrong else f"1 to {_MOST_WINDOWS} windows must be named.",
            "write ids of windows, with * for anything: window-1 window-2, or hall-a-*.",
            "bad-windows",
        )
    return named


def publish_rules(connection: Connection, version: str, order: Order, key: str) -> Publication:
    """Send a version; raises DeskguardError for an unknown one, or one whose examples fail."""
    files = library.files_of(connection, version)
    check_examples(files)
    return _send(
        connection,
        order,
        key,
        (version, {}),
        lambda serial: rules_release(serial, order.now, order.windows, files),
    )


def check_examples(files: Mapping[str, bytes]) -> None:
    """Raise DeskguardError (`examples-fail`) when a version does not do what its own examples say."""
    failed = _failing(tuple(sorted(files.items())))
    if failed:
        ids = ", ".join(dict.fromkeys(failed))
        raise DeskguardError(
            f"{len(failed)} examples fail: {ids[:300]}.",
            "run the examples of this version, mend the rules or the examples, and publish then.",
            "examples-fail",
        )


@lru_cache(maxsize=16)
def _failing(files: tuple[tuple[str, bytes], ...]) -> tuple[str, ...]:
    """Rules whose examples fail, one for each; a version never changes, so it is tried once."""
    from deskguard.authoring.trials.examples import failures

    return tuple(one.rule_id for one in failures(library.loaded(dict(files))))


def check_scope(windows: Iterable[str], allowed: Sequence[str]) -> None:
    """Raise DeskguardError (`windows-not-yours`) where an account is for some windows, and others are named."""
    for one in windows:
        # A pattern lies within another if its shortest and a long reading both do.
        readings = (one, one.replace("*", ""), one.replace("*", "z" * 70))
        if allowed and not any(all(fnmatchcase(each, glob) for each in readings) for glob in allowed):
            raise DeskguardError(
                f'"{one[:64]}" is not within the windows that this account is for.',
                f"name windows within {', '.join(allowed)[:200]}.",
                "windows-not-yours",
            )


def note_published(connection: Connection, one: Publication, who: str) -> None:
    """Write a publication into the audit log."""
    detail = {"serial": one.serial, "windows": list(one.windows)[:50], "kind": one.kind}
    log.record(
        connection, at=utc_moment(one.published_utc), who=who, action="fleet.publish", target=one.version,
        detail=detail,
    )  # fmt: skip


def publish_settings(connection: Connection, values: Mapping[str, Any], order: Order, key: str) -> Publication:
    """Send settings; raises DeskguardError with every mistake in them."""
    kept = checked(values)
    made = settings_release(1, order.now, order.windows, kept)
    return _send(
        connection, order, key, (made.sha256, kept),
        lambda serial: settings_release(serial, order.now, order.windows, kept),
    )  # fmt: skip


def by_window(publications: Iterable[Publication], windows: Iterable[str]) -> dict[str, dict[str, Publication]]:
    """For each window the publication of each kind that holds there, if any."""
    newest_first = sorted(publications, key=lambda one: -one.serial)
    found: dict[str, dict[str, Publication]] = {}
    for window_id in windows:
        holding: dict[str, Publication] = {}
        for one in newest_first:
            if one.kind not in holding and matches(window_id, one.windows):
                holding[one.kind] = one
        found[window_id] = holding
    return found


def _send(
    connection: Connection,
    order: Order,
    key: str,
    what: tuple[str, Mapping[str, Any]],
    make: Callable[[int], Release],
) -> Publication:
    serial = rows.next_serial(connection)
    release = make(serial)
    one = Publication(
        serial=serial,
        kind=release.kind,
        version=what[0],
        content=what[1],
        windows=order.windows,
        author=order.author,
        note=order.note,
        published_utc=utc_text(order.now),
    )
    rows.keep_publication(connection, one, signed(release, key).model_dump_json())
    return one
