"""Small rule packs and passages for the tests of the rules room."""

from __future__ import annotations

import json
from pathlib import Path

from deskguard.rules.pack import RuleSet, load_packs
from deskguard.spotting.finding.spot import Spotter
from deskguard.values import SAMPLE_RATE_HZ, Candidate, Passage

HEADER = '[pack]\nid = "test"\ntitle = "Test standard"\n'


def entry(phrase: str, rule_id: str = "P1", **keys: object) -> str:
    """One [[phrase]] as TOML; keys with the value None are left out."""
    table: dict[str, object] = {
        "id": rule_id,
        "phrase": phrase,
        "clause": "1.1",
        "quote": "quoted",
        "severity": "low",
        "advice": "say this",
    }
    return _written("phrase", table, keys)


def ban(rule_id: str, **keys: object) -> str:
    """One [[ban]], likewise."""
    table: dict[str, object] = {
        "id": rule_id,
        "kind": "sort",
        "name": f"ban {rule_id}",
        "severity": "low",
        "advice": "say this",
        "say": [f"禁语{rule_id}"],
    }
    return _written("ban", table, keys)


def frame(frame_id: str, **keys: object) -> str:
    """One [[frame]], likewise."""
    return _written("frame", {"id": frame_id, "title": frame_id, "say": ["要是~"]}, keys)


def described(quote: str, entry_id: str = "d", **keys: object) -> str:
    """One [[described]], likewise."""
    return _written("described", {"id": entry_id, "clause": "2", "quote": quote}, keys)


def _written(kind: str, table: dict[str, object], keys: dict[str, object]) -> str:
    whole = {**table, **{key.rstrip("_"): value for key, value in keys.items()}}
    lines = [f"{key} = {toml(value)}" for key, value in whole.items() if value is not None]
    return f"\n[[{kind}]]\n" + "\n".join(lines) + "\n"


def toml(value: object) -> str:
    """A value as TOML, tables in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def pack_file(folder: Path, *entries: str, header: str = HEADER, name: str = "test.toml") -> Path:
    path = folder / name
    path.write_text(header + "".join(entries), encoding="utf-8")
    return path


def rule_set(folder: Path, *entries: str) -> RuleSet:
    """Rules of these entries alone, without the frames and bans that come with deskguard."""
    return load_packs([pack_file(folder, *entries)], language=folder / "no-language")


def passage(text: str, char_s: float = 0.2, pauses: dict[int, float] | None = None) -> Passage:
    """Text at an even pace, with a pause in seconds before the characters named in `pauses`."""
    spans: list[tuple[int, int]] = []
    at = 0.0
    for index in range(len(text)):
        at += (pauses or {}).get(index, 0.0)
        spans.append((round(at * SAMPLE_RATE_HZ), round((at + char_s) * SAMPLE_RATE_HZ)))
        at += char_s
    return Passage(text=text, spans=tuple(spans))


def found(spotter: Spotter, text: str) -> list[tuple[str, str]]:
    """Rule and surface text of each candidate."""
    return [(one.rule_id, text[one.start_char : one.end_char]) for one in spotter.find(passage(text))]


def only(candidates: list[Candidate]) -> Candidate:
    assert len(candidates) == 1, candidates
    return candidates[0]
