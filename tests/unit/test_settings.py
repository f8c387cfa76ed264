"""deskguard.toml in, frozen settings or every mistake at once out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.settings import Settings, find_settings, load_settings

SHIPPED = bundled("config/deskguard.toml")


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "deskguard.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def refusal(folder: Path, text: str) -> DeskguardError:
    with pytest.raises(DeskguardError) as failure:
        loaded(folder, text)
    return failure.value


def plain(value: Any) -> Any:
    """Tuples as TOML's arrays."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, tuple) else value


def test_the_shipped_file_says_the_defaults_key_by_key() -> None:
    shipped = tomllib.loads(SHIPPED.read_text("utf-8"))
    assert shipped == plain(Settings().model_dump())
    assert [list(section) for section in shipped.values()] == [
        list(section) for section in Settings().model_dump().values()
    ]


def test_the_shipped_file_loads_to_the_defaults() -> None:
    assert load_settings(SHIPPED) == Settings()


def test_no_file_is_the_defaults() -> None:
    assert load_settings(None) == Settings()


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == Settings()


def test_what_is_written_counts_and_the_rest_stays(tmp_path: Path) -> None:
    text = '[window]\nid = "w-3"\n[microphone]\ndevice = 4\n[rules]\nonly = ["s003"]\n[hearing]\nhop_s = 1\n'
    settings = loaded(tmp_path, text)
    assert settings.window.id == "w-3"
    assert settings.microphone.device == 4
    assert settings.rules.only == ("s003",)
    assert settings.hearing.hop_s == 1.0
    assert settings.alerts == Settings().alerts


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().window.id = "other"  # type: ignore[misc]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert loaded(tmp_path, '\ufeff[window]\nid = "w"\n').window.id == "w"


MISTAKES: list[tuple[str, list[str]]] = [
    ('[microfone]\ndevice = "x"\n', ["[microfone] is not a known key", 'did you mean "microphone"?']),
    ("[hearing]\nhopp_s = 0.2\n", ["[hearing.hopp_s] is not a known key", 'did you mean "hop_s"?']),
    ("[screen]\nzzz = 1\n", ["[screen.zzz] is not a known key", "known keys: port, language"]),
    ("[window]\nid = 3\n", ["[window.id] is 3", "string"]),
    ('[window]\nid = "a b"\n', ['[window.id] is "a b"']),
    ('[model]\nthreads = "2"\n', ['[model.threads] is "2"', "integer"]),
    ("[model]\nthreads = 0\n", ["[model.threads] is 0", "greater than or equal to 1"]),
    ('[model]\ncompute_type = "in8"\n', ['[model.compute_type] is "in8"', 'Write "int8".']),
    ('[alerts]\nmin_severity = "hihg"\n', ['[alerts.min_severity] is "hihg"', "'low', 'medium' or 'high'"]),
    ('[alerts]\nmin_severity = "hihg"\n', ['Write "high".']),
    ("[alerts]\nmin_confidence = 1.5\n", ["[alerts.min_confidence] is 1.5", "less than or equal to 1"]),
    ("[alerts]\nmax_per_hour = 2.5\n", ["[alerts.max_per_hour] is 2.5", "integer"]),
    ("[alerts]\nshow_unknown_role = 1\n", ["[alerts.show_unknown_role] is 1", "boolean"]),
    ("[hearing]\nhop_s = nan\n", ["[hearing.hop_s] is NaN"]),
    ("[queues]\ncapture_s = inf\n", ["[queues.capture_s] is Infinity"]),
    ("[microphone]\nlost_after_s = inf\n", ["[microphone.lost_after_s] is Infinity"]),
    ("[microphone]\nlost_after_s = 1e30\n", ["[microphone.lost_after_s] is 1e+30"]),
    ("[alerts]\ncooldown_s = inf\n", ["[alerts.cooldown_s] is Infinity"]),
    ("[microphone]\nlost_after_s = 0\n", ["[microphone.lost_after_s] is 0", "greater than 0"]),
    ('[rules]\npacks = "a.toml"\n', ['[rules.packs] is "a.toml"', "array"]),
    ("[rules]\nonly = [1]\n", ["[rules.only.0] is 1", "string"]),
    ("window = 3\n", ["[window] is 3"]),
    ("[screen]\nport = 70000\n", ["[screen.port] is 70000", "65535"]),
    ('[screen]\nlanguage = "zh"\n', ['[screen.language] is "zh"', 'Write "zh-CN".']),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_is_told_with_place_value_and_fix(tmp_path: Path, text: str, said: list[str]) -> None:
    error = refusal(tmp_path, text)
    assert error.code == "bad-settings"
    assert "deskguard.toml" in error.problem
    assert "\n" not in error.problem
    for part in said:
        assert part in error.problem


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        '[window]\nid = ""\n[model]\nthreads = 0\nnaem = "base"\n[hearing]\nhop_s = 9.0\n[extra]\nx = 1\n',
    )
    for place in ("[window.id]", "[model.threads]", "[model.naem]", "[hearing.hop_s]", "[extra]"):
        assert place in error.problem


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("[window]\nid = '三号'".encode("gb18030"), "bad-encoding", "not UTF-8"),
        (b"\xff\xfe[\x00", "bad-encoding", "byte 0 is 0xff"),
        (b"[window\nid = 3", "bad-toml", "not valid TOML"),
        (b'[window]\nid = "a"\nid = "b"\n', "bad-toml", "not valid TOML"),
        (b"x = " + b"[" * 5000, "bad-toml", "not valid TOML"),
        (b"x = 1-1-1\n", "bad-toml", "not valid TOML"),
    ],
)
def test_an_unreadable_file_says_why(tmp_path: Path, content: bytes, code: str, said: str) -> None:
    path = tmp_path / "deskguard.toml"
    path.write_bytes(content)
    with pytest.raises(DeskguardError) as failure:
        load_settings(path)
    assert failure.value.code == code
    assert said in failure.value.problem
    assert str(path) in failure.value.problem


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.toml", "file-missing"), (tmp_path, "file-unreadable")):
        with pytest.raises(DeskguardError) as failure:
            load_settings(path)
        assert failure.value.code == code
        assert str(path) in failure.value.problem


def test_the_given_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    given = tmp_path / "mine.toml"
    assert find_settings(given) == given
    assert find_settings(None) == SHIPPED


@pytest.mark.skipif("sys.platform != 'linux'", reason="the place differs by system")
def test_the_users_own_file_comes_before_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "deskguard" / "deskguard.toml"
    own.parent.mkdir()
    own.write_text("")
    assert find_settings(None) == own
