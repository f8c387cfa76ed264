"""Written visits of several writers: what is missing in them is told, and hardly anything else.

The bounds are a little below what was measured (bench/README.md); they are there to notice when a wording, a
weight or a rule of the visits makes it worse.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from deskguard.desk import compose
from deskguard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from courtesy import missing_in  # noqa: E402  (the measurement itself)

VISITS = sorted((ROOT / "fixtures" / "scripts" / "visits").glob("*.toml"))


@pytest.mark.parametrize("path", VISITS, ids=lambda path: path.stem)
def test_missing_acts_of_written_visits(path: Path) -> None:
    book = compose.load_rules(Settings()).courtesy
    right = extra = left_out = 0
    for visit in tomllib.loads(path.read_text("utf-8"))["visit"]:
        told = missing_in(visit["turns"], Settings(), book, visit.get("channel", "auto"))
        expected, found = set(visit["missing"]), set(told) - set(visit["doubtful"])
        right, extra = right + len(found & expected), extra + len(found - expected)
        left_out += len(expected - found)
    assert right / (right + extra) >= 0.78
    assert right / (right + left_out) >= 0.72
