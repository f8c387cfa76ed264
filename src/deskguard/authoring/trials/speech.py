"""Recordings with what should be raised in them, to those where it is otherwise.

Beside each recording lies a manifest of the same name, NAME.toml (README, "rules test"):

    rule = "T01"        what must be raised: an id, or a list of them; nothing may be when there is none
    role = "staff"      who speaks; [[turn]] with speaker, start_s and end_s instead when there are several
    text = "..."        for people

The manifests of fixtures/audio say the same in [[expect]], [[trap]] and `innocent`, and are understood, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deskguard.authoring.trials import places
from deskguard.authoring.trials.judging import Judge
from deskguard.authoring.trials.trying import SOUND
from deskguard.authoring.words import complaint
from deskguard.desk.roles import SpokenTurn
from deskguard.desk.rttm import GivenRoles
from deskguard.rules.schema import Speaker
from deskguard.settings import describe, read_toml
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from deskguard.authoring.trials.places import Table
    from deskguard.authoring.trials.recordings import Listener
    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import RuleSet

_Seconds = Annotated[float, Field(ge=0)]


class _Known(BaseModel):
    """A table of a manifest; what else stands in it is somebody else's."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Turn(_Known):
    speaker: Speaker
    start_s: _Seconds
    end_s: _Seconds


class _Expected(_Known):
    rule_id: str
    speaker: Speaker = "staff"
    start_s: _Seconds = 0.0
    end_s: float = Field(default=1e9, gt=0)
    also: tuple[str, ...] = ()


class Manifest(_Known):
    """What a recording holds."""

    rule: str | tuple[str, ...] = ()
    role: Speaker = "staff"
    text: str = ""
    turn: tuple[_Turn, ...] = ()
    expect: tuple[_Expected, ...] = ()
    trap: tuple[_Expected, ...] = ()

    @property
    def wanted(self) -> tuple[_Expected, ...]:
        """What the clerk must be told."""
        given = (self.rule,) if isinstance(self.rule, str) else self.rule
        return (
            *(_Expected(rule_id=one) for one in given),
            *(one for one in self.expect if one.speaker == "staff"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording to try rules on."""

    path: Path
    manifest: Manifest

    def roles(self) -> GivenRoles:
        """Who speaks where, in the manner of replay."""
        name = str(self.path)
        turns = self.manifest.turn or (_Turn(speaker=self.manifest.role, start_s=0.0, end_s=1.0),)
        spoken = tuple(
            SpokenTurn(
                speaker=one.speaker, role=one.speaker, start_sample=round(one.start_s * SAMPLE_RATE_HZ),
                end_sample=round(one.end_s * SAMPLE_RATE_HZ),
            )
            for one in turns
        )  # fmt: skip
        return GivenRoles(source=name, turns={name: spoken})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one recording went."""

    recording: Recording
    missed: tuple[str, ...]
    """Rules that should have been raised."""
    wrong: tuple[str, ...]
    """Rules that should not have been."""
    tables: tuple[Table, ...]

    @property
    def is_good(self) -> bool:
        return not (self.missed or self.wrong)


def find_recordings(given: Path, words: Words) -> list[Recording]:
    """The recordings of a folder, or the one of a manifest; raises DeskguardError when there is none."""
    manifests = sorted(given.glob("*.toml")) if given.is_dir() else [given]
    if not given.exists():
        raise complaint(words, "speech_missing", "file-missing", path=given)
    folder = given if given.is_dir() else given.parent
    sounds = {one.stem: one for one in sorted(folder.iterdir()) if one.suffix.lower() in SOUND}
    found = [
        Recording(path=sounds[path.stem], manifest=_manifest(path)) for path in manifests if path.stem in sounds
    ]
    if not found:
        raise complaint(words, "no_recordings", "no-recordings", path=given)
    return found


def tried(
    listener: Listener, rules: RuleSet, recordings: Sequence[Recording], only: str | None = None
) -> Iterator[Finding]:
    """Each recording that is about rules in force (or about `only`), one after the other."""
    judge = Judge(rules)
    for recording in recordings:
        manifest = recording.manifest
        wanted = [one for one in manifest.wanted if one.rule_id in rules.rules]
        is_about = {one.rule_id for one in (*wanted, *manifest.trap)}
        if (manifest.wanted and not wanted) or (only is not None and only not in is_about):
            continue
        heard = listener.hear(str(recording.path), [rules], recording.roles())
        tables = places.of_recording(judge, heard, heard.opinions[0])
        raised = [one for one in tables if one["type"] == "place" and one["outcome"] == "raised"]
        yield Finding(
            recording=recording,
            missed=tuple(one.rule_id for one in wanted if not any(_is_at(place, one) for place in raised)),
            wrong=tuple(dict.fromkeys(_wrong(manifest, raised))),
            tables=tuple(tables),
        )


def _wrong(manifest: Manifest, raised: Sequence[Table]) -> Iterator[str]:
    """Rules raised in an innocent recording, or at a trap."""
    for place in raised:
        if not manifest.wanted or any(
            _is_at(place, one) and not any(_is_at(place, other) for other in manifest.wanted)
            for one in manifest.trap
        ):
            yield place["rule_id"]


def _is_at(place: Table, expected: _Expected) -> bool:
    return bool(
        place["rule_id"] == expected.rule_id
        and place["start_s"] < expected.end_s + 0.3
        and expected.start_s < place["end_s"] + 0.3
    )


def _manifest(path: Path) -> Manifest:
    import json

    from deskguard.errors import DeskguardError

    table: dict[str, Any] = read_toml(path, "Manifest")
    try:
        return Manifest.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        mistakes = " ".join(describe(one, Manifest) for one in error.errors())
        raise DeskguardError(
            f"Manifest {path}: {mistakes}", "mend these; the README says what a manifest holds.", "bad-manifest"
        ) from None
