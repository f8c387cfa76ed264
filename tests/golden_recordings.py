"""The recordings of fixtures/audio with what their manifests say is heard in them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "fixtures" / "audio"


@dataclass(frozen=True, slots=True)
class Place:
    """A phrase in the audio: a breach to be found, or a trap."""

    rule_id: str
    speaker: str
    phrase: str
    start_s: float
    end_s: float
    also: tuple[str, ...]
    """Rules whose own words lie inside this phrase."""
    why: str
    """For a trap: what makes it innocent."""
    is_measured: bool
    """Whether both ends are exact; else they are up to 0.25 s off."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of fixtures/audio."""

    name: str
    path: Path
    condition: str
    is_innocent: bool
    duration_s: float
    text: str
    """All turns, in order."""
    expects: tuple[Place, ...]
    traps: tuple[Place, ...]

    @property
    def has_speech(self) -> bool:
        return bool(self.text)


def load(name: str) -> Recording:
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    return Recording(
        name=name,
        path=FOLDER / f"{name}.flac",
        condition=table["condition"],
        is_innocent=table["innocent"],
        duration_s=table["duration_s"],
        text="".join(turn["text"] for turn in table.get("turn", [])),
        expects=tuple(_place(one) for one in table.get("expect", [])),
        traps=tuple(_place(one) for one in table.get("trap", [])),
    )


def names() -> list[str]:
    """The recordings that lie there, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if path.with_suffix(".flac").is_file())


def _place(table: dict[str, Any]) -> Place:
    return Place(
        rule_id=table["rule_id"],
        speaker=table["speaker"],
        phrase=table["phrase"],
        start_s=table["start_s"],
        end_s=table["end_s"],
        also=tuple(table.get("also", ())),
        why=table.get("why", ""),
        is_measured=table["place"] == "measured",
    )
