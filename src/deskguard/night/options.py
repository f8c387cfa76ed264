"""What `deskguard score` was asked for, as one frozen value; and the settings that follow from it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deskguard.night.inputs import Wish

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.night.workers import ClusterOptions
    from deskguard.settings import Settings

_SECTIONS = ("hearing", "roles", "spotting", "visits", "manner")
"""Settings that change what is found."""
_MOST_THREADS = 4
"""Of one process: with more, they mostly wait for each other (matrices of `base` are small)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run."""

    paths: tuple[Path, ...]
    out: Path
    rules: tuple[Path, ...] = ()
    """Packs instead of those of the settings."""
    store: str | None = None
    """Where results are kept; None: where the settings say, else beside the reports."""
    has_card: bool = False
    """The settings name the scorecard that was asked for, whatever was chosen in the hall."""
    ratings: tuple[Path, ...] = ()
    wish: Wish = field(default_factory=Wish)
    local: int | None = None
    """Processes of this machine."""
    cluster: ClusterOptions | None = None
    is_forced: bool = False
    """Examine what has been examined already once more."""


def night_settings(settings: Settings, standard: str | None, *, is_single: bool) -> Settings:
    """The settings by which recordings are examined: the night's model and threads, one standard if asked.

    `is_single`: one process does it all, and may use several cores.
    """
    threads = settings.scoring.threads or min(_MOST_THREADS, os.cpu_count() or 1)
    model = {"name": settings.scoring.model or settings.model.name, "threads": 1}
    update: dict[str, object] = {
        "model": settings.model.model_copy(update=model),
        "scoring": settings.scoring.model_copy(update={"threads": threads if is_single else 1}),
    }
    if standard is not None:
        update["rules"] = settings.rules.model_copy(update={"only": (standard,)})
    return settings.model_copy(update=update)


def settings_sha256(settings: Settings) -> str:
    """Of the settings that change what is found: other ones make other examinations."""
    table = {name: getattr(settings, name).model_dump() for name in _SECTIONS}
    table["model"] = {"compute_type": settings.model.compute_type}
    table["scoring"] = {"beam_below": settings.scoring.beam_below}
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()
