"""Two rule sets over the same words and recordings: what the second would change for the clerk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.authoring import comparing, versions
from deskguard.authoring.trials.trying import text_of
from deskguard.desk.rttm import read_roles
from deskguard.rules.pack import load_packs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.authoring.trials.places import Table
    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import RuleSet
    from deskguard.settings import Settings


@dataclass(frozen=True, slots=True)
class Pair:
    """The rules as they are, and as they would be."""

    before: RuleSet
    after: RuleSet


@dataclass(frozen=True, slots=True)
class Material:
    """What to judge by both."""

    audio: tuple[str, ...]
    text: str | None
    roles: str | None


def load(before: str, after: str, live: Path, words: Words) -> Pair:
    """Each a file, a folder or a version of the live folder; raises DeskguardError for anything else."""
    return Pair(*(load_packs([_place(one, live, words)]) for one in (before, after)))


def alerts(pair: Pair, given: Material, settings: Settings, words: Words) -> Iterator[Table]:
    """What reaches the clerk under one and not, or otherwise, under the other; recordings are heard once."""
    from deskguard.authoring.trials import places
    from deskguard.authoring.trials.judging import Judge
    from deskguard.authoring.trials.talk import read_talk

    roles = None if given.roles is None else read_roles(given.roles, given.audio)
    judges = [Judge(pair.before), Judge(pair.after)]
    if given.text is not None:
        lines = read_talk(text_of(given.text, words))
        yield from comparing.alert_changes(*(places.of_words(judge, lines) for judge in judges))
    if given.audio:
        from deskguard.authoring.trials.recordings import Listener

        listener = Listener(settings)
        for name in given.audio:
            heard = listener.hear(name, [pair.before, pair.after], roles)
            found = [
                places.of_recording(judge, heard, opinion)
                for judge, opinion in zip(judges, heard.opinions, strict=True)
            ]
            yield from comparing.alert_changes(*found)


def masking(pair: Pair, words: Words) -> Words:
    """For the screen: words that either rule set masks cannot be read."""
    shown, first = words.masking(pair.after), words.masking(pair.before).shown
    second = shown.shown
    shown.shown = lambda text: second(first(text))
    return shown


def _place(given: str, live: Path, words: Words) -> Path:
    return Path(given) if Path(given).exists() else versions.find(live, given, words)
