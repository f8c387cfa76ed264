"""Settings changed in the user's own file: comments and all else stay, a failure leaves the old file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from deskguard.desk.settings_file import changed_text, check_writable, save
from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.settings import load_settings

CHANGES = {"roles": {"gain_difference_db": 2.3, "channels": "visitor,staff"}, "manner": {"normal_lufs": -23.4}}
OWN = """# 三号窗口
[window]
id = "w-3"   # 靠门

[roles]
mode = "auto"
gain_difference_db = 0.0    # measured in June

# nothing below this line is ours
[alerts]
max_per_hour = 4
"""


def test_only_the_values_change() -> None:
    text = changed_text(OWN, CHANGES)
    expected = OWN.replace(
        "gain_difference_db = 0.0    # measured in June\n",
        'gain_difference_db = 2.3    # measured in June\nchannels = "visitor,staff"\n',
    )
    assert text == expected + "\n[manner]\nnormal_lufs = -23.4\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "[roles]",
        'roles = { mode = "stereo" }\n',
        'roles.mode = "stereo"\n[window]\nid = "w"\n',
        "[manner]\nnormal_lufs = -10 # old\n[manner.more]\n",
        '[roles]\r\nmode = "stereo"\r\n# \u5907\u6ce8\r\n',
        "[roles]\nmode = \"auto\"\n\n\n[window]\n\tid = 'w'",
    ],
)
def test_whatever_form_a_file_has_the_values_are_in_it_and_the_rest_is_as_it_was(text: str) -> None:
    before, after = tomllib.loads(text), tomllib.loads(changed_text(text, CHANGES))
    expected = before
    for table, keys in CHANGES.items():
        expected.setdefault(table, {}).update(keys)
    assert after == expected
    if "\r\n" in text:
        assert "\n" not in changed_text(text, CHANGES).replace("\r\n", "")


def test_the_shipped_file_stays_the_shipped_file_but_for_these_lines(tmp_path: Path) -> None:
    path = tmp_path / "deskguard.toml"
    shipped = bundled("config/deskguard.toml").read_text("utf-8")
    path.write_text(shipped, "utf-8")
    save(path, CHANGES)
    differing = [
        (old, new)
        for old, new in zip(shipped.splitlines(), path.read_text("utf-8").splitlines(), strict=True)
        if old != new
    ]
    assert [new.split(" =")[0] for _, new in differing] == ["channels", "gain_difference_db", "normal_lufs"]
    assert all(old.split("#")[1] == new.split("#")[1] for old, new in differing)
    settings = load_settings(path)
    assert (settings.roles.gain_difference_db, settings.manner.normal_lufs) == (2.3, -23.4)


def test_a_file_that_is_not_there_is_made_with_these_keys_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "deskguard" / "deskguard.toml"
    save(path, CHANGES)
    assert tomllib.loads(path.read_text("utf-8")) == CHANGES
    assert [one.name for one in path.parent.iterdir()] == ["deskguard.toml"]


def test_a_mark_of_notepad_a_link_and_the_rights_of_the_file_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_bytes(b"\xef\xbb\xbf" + OWN.encode())
    real.chmod(0o640)
    link = tmp_path / "deskguard.toml"
    link.symlink_to(real)
    save(link, CHANGES)
    assert link.is_symlink()
    assert real.read_bytes().startswith(b"\xef\xbb\xbf# \xe4\xb8\x89")
    assert real.stat().st_mode & 0o777 == 0o640
    assert load_settings(link).roles.channels == "visitor,staff"


def test_what_would_be_no_settings_is_never_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "deskguard.toml"
    path.write_text(OWN, "utf-8")
    with pytest.raises(DeskguardError):
        save(path, {"roles": {"gain_difference_db": 99.0}})
    assert path.read_text("utf-8") == OWN
    assert [one.name for one in tmp_path.iterdir()] == ["deskguard.toml"]


def test_a_place_that_cannot_be_written_is_told_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / "file" / "deskguard.toml"
    for attempt in (lambda: check_writable(path), lambda: save(path, CHANGES)):
        with pytest.raises(DeskguardError) as failure:
            attempt()
        assert failure.value.code == "settings-unwritable"
        assert str(path) in failure.value.problem
    assert (tmp_path / "file").read_text() == "no folder"


def test_looking_whether_it_can_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "deskguard.toml"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text(OWN, "utf-8")
    check_writable(path)
    assert path.read_text("utf-8") == OWN
