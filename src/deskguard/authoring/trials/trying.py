"""`rules try`: words, text files and recordings as given on the command line, to the places in them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.authoring.trials.talk import read_talk
from deskguard.authoring.words import complaint
from deskguard.desk.rttm import read_roles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.authoring.trials.places import Table
    from deskguard.authoring.trials.talk import Line
    from deskguard.authoring.words import Words
    from deskguard.desk.rttm import GivenRoles
    from deskguard.rules.ruleset import RuleSet
    from deskguard.settings import Settings

SOUND = frozenset(
    (".aac", ".amr", ".flac", ".m4a", ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".webm", ".wma")
)
"""How recordings end."""
_ENDINGS = SOUND | {".txt", ".toml", ".xlsx", ".rttm"}
"""What ends so names a file, even one that does not exist."""


@dataclass(frozen=True, slots=True)
class Given:
    """What to try."""

    talks: tuple[tuple[Line, ...], ...]
    recordings: tuple[str, ...]
    roles: GivenRoles | None


def read(what: Sequence[str], roles: str | None, words: Words) -> Given:
    """Words given one by one are lines of one conversation; raises DeskguardError for what cannot be read."""
    typed: list[str] = []
    talks: list[tuple[Line, ...]] = []
    recordings: list[str] = []
    for one in what:
        if one == "-" or one.lower().endswith(".txt"):
            talks.append(read_talk(text_of(one, words)))
        elif _is_file(one):
            recordings.append(one)
        elif Path(one).suffix.lower() in _ENDINGS:
            raise complaint(words, "no_file", "file-missing", path=one)
        else:
            typed.append(one)
    if typed:
        talks.insert(0, read_talk("\n".join(typed)))
    if not recordings and not any(talks):
        raise complaint(words, "nothing_to_try", "nothing-to-try")
    if roles is not None and not recordings:
        raise complaint(words, "roles_without_recording", "roles-without-recording")
    return Given(tuple(talks), tuple(recordings), None if roles is None else read_roles(roles, recordings))


def tables(given: Given, rules: RuleSet, settings: Settings) -> Iterator[Table]:
    """The places of everything given, one after the other."""
    from deskguard.authoring.trials import places
    from deskguard.authoring.trials.judging import Judge

    judge = Judge(rules)
    for lines in given.talks:
        yield from places.of_words(judge, lines)
    if given.recordings:
        from deskguard.authoring.trials.recordings import Listener

        listener = Listener(settings)
        for name in given.recordings:
            heard = listener.hear(name, [rules], given.roles)
            yield from places.of_recording(judge, heard, heard.opinions[0])


def text_of(name: str, words: Words) -> str:
    """The text of a file, or of standard input for "-"; raises DeskguardError when it is none."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise complaint(words, "no_file", "file-missing", path=name) from None
    except UnicodeDecodeError as error:
        raise complaint(words, "not_utf8", "bad-encoding", path=name, at=error.start) from None
    except OSError as error:
        raise complaint(
            words, "unreadable", "file-unreadable", path=name, why=error.strerror or error
        ) from None


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or with a null character
        return False
