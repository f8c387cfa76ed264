"""cues.toml: words that are no courtesy themselves and tell where in a visit one is."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from deskguard.settings import Section

Speaker = Literal["staff", "visitor"]


class Cue(Section):
    """Words of one speaker with a name that `boundaries` knows."""

    id: Literal["next", "greets", "asks", "leaves", "thanks"]
    by: Speaker
    say: tuple[str, ...]
    at_start: bool = False
    """They count only where an utterance begins."""
    clause_end: tuple[str, ...] = ()
    """Those that count only where a clause ends: 走了, but not 走了以后."""


class SceneCue(Section):
    """Words of one speaker that show what a part of a visit is about."""

    scene: str
    by: Speaker
    say: tuple[str, ...]


class Cues(Section):
    """All of cues.toml."""

    cue: tuple[Cue, ...]
    scene: tuple[SceneCue, ...]


@lru_cache(maxsize=1)
def cues() -> Cues:
    """The cues that come with deskguard."""
    import json

    table = tomllib.loads(files(__package__).joinpath("cues.toml").read_text(encoding="utf-8"))
    return Cues.model_validate_json(json.dumps(table))
