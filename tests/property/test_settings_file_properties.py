"""Whatever a settings file looks like, calibration changes its own keys and nothing else."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deskguard.desk.settings_file import changed_text
from deskguard.resources import bundled

SHIPPED = bundled("config/deskguard.toml").read_text("utf-8").splitlines()
VALUES: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("roles", "mode"): st.sampled_from(["auto", "one-microphone"]),
    ("roles", "channels"): st.sampled_from(["staff,visitor", "visitor,staff"]),
    ("roles", "gain_difference_db"): st.integers(-400, 400).map(lambda tenth: tenth / 10),
    ("manner", "normal_lufs"): st.integers(-700, 0).map(lambda tenth: tenth / 10),
    ("manner", "normal_syllables_per_s"): st.integers(0, 1200).map(lambda part: part / 100),
    ("microphone", "visitor_device"): st.text('麦克风 mic(hw:1,0)"', max_size=12) | st.integers(0, 9),
}


@st.composite
def files(draw: st.DrawFn) -> str:
    """The shipped file without some of its lines, with comments and empty lines between them."""
    lines: list[str] = []
    for line in SHIPPED:
        if line.startswith(("[", "#")) or not line or draw(st.booleans()):
            lines.append(line)
        if draw(st.integers(0, 9)) == 0:
            lines.append(draw(st.sampled_from(["", "# 备注", "   # indented", "\t"])))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n# the end\n"]))


@st.composite
def changes(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for table, key in draw(st.lists(st.sampled_from(list(VALUES)), unique=True)):
        found.setdefault(table, {})[key] = draw(VALUES[table, key])
    return found


@given(files(), changes(), st.booleans())
def test_only_what_is_changed_changes(text: str, wanted: dict[str, dict[str, Any]], is_windows: bool) -> None:
    before = text.replace("\n", "\r\n") if is_windows else text
    after = changed_text(before, wanted)
    table = tomllib.loads(after)
    for name, keys in tomllib.loads(before).items():
        assert table[name] == {**keys, **wanted.get(name, {})}
    changed = {key for keys in wanted.values() for key in keys}
    kept = [line for line in before.splitlines() if line.split(" =")[0] not in changed]
    rest = iter(after.splitlines())
    assert all(line in rest for line in kept)
