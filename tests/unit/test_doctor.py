"""The doctor names what stands in the way, with a remedy, and goes on to the next check."""

from __future__ import annotations

import re
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from deskguard.desk import migrations
from deskguard.desk.doctor import Finding, Instruments, diagnose, judge_recording
from deskguard.desk.store import FILE_NAME, Store
from deskguard.errors import DeskguardError
from deskguard.settings import MannerSettings, MicrophoneSettings, ModelSettings, ScreenSettings, Settings
from deskguard.values import SAMPLE_RATE_HZ, Pcm
from models_values import model_files, write_model
from store_values import NOON, a_run

RNG = np.random.default_rng(7)


def noise(dbfs: float, duration_s: float = 2.0) -> Pcm:
    samples = int(duration_s * SAMPLE_RATE_HZ)
    pcm: Pcm = (RNG.standard_normal(samples) * 10 ** (dbfs / 20)).astype(np.float32)
    return pcm


def talking(dbfs: float, floor_dbfs: float) -> Pcm:
    """Bursts of noise over a floor, the shape of speech."""
    loud = noise(dbfs)
    loud.reshape(-1, 4000)[1::2] = 0
    return np.asarray(np.clip(loud + noise(floor_dbfs), -1, 1), dtype=np.float32)


def instruments(folder: Path, **changed: object) -> Instruments:
    parts: dict[str, object] = {
        "models_folder": folder / "models",
        "data_folder": folder / "data",
        "record": lambda duration_s: talking(-30, -60),
        "time_decode": lambda: 0.15,
        "load_rules": lambda: 15,
    }
    return Instruments(**(parts | changed))  # type: ignore[arg-type]


def a_desk(folder: Path) -> Settings:
    """Settings of a desk where all is well: any port, a model given by its path, calibrated."""
    home = write_model(folder / "weights", model_files(seed=3))
    return Settings(
        model=ModelSettings(name=str(home)),
        screen=ScreenSettings(port=0),
        manner=MannerSettings(normal_lufs=-24.0, normal_syllables_per_s=5.0),
    )


def found(check: str, findings: list[Finding]) -> Finding:
    one = next(one for one in findings if one.check == check and one.ok != "ok")
    assert one.remedy.endswith(".")
    return one


def fail() -> float:
    raise DeskguardError("no such thing.", "get one.", "no-thing")


def test_a_healthy_desk_has_nothing_to_mend(tmp_path: Path) -> None:
    findings = diagnose(a_desk(tmp_path), instruments(tmp_path))
    assert [(one.check, one.found) for one in findings if one.ok != "ok"] == []
    assert {one.check for one in findings} == {
        "python", "packages", "model", "rules", "disk", "clock", "screen port", "cpu", "calibration",
        "microphone",
    }  # fmt: skip


def test_one_trouble_does_not_hide_the_next(tmp_path: Path) -> None:
    broken = instruments(tmp_path, record=lambda duration_s: fail(), time_decode=fail, load_rules=fail)
    findings = diagnose(Settings(screen=ScreenSettings(port=0)), broken)
    assert {one.check for one in findings if one.ok == "bad"} == {"model", "rules", "cpu", "microphone"}
    assert found("rules", findings).found == "no such thing."
    assert "models get base" in found("model", findings).remedy


def test_a_damaged_model_is_to_be_fetched_again(tmp_path: Path) -> None:
    write_model(tmp_path / "models" / "base")
    findings = diagnose(Settings(screen=ScreenSettings(port=0)), instruments(tmp_path))
    assert "models get base" in found("model", findings).remedy


def test_packages_are_listed_with_versions(tmp_path: Path) -> None:
    findings = diagnose(a_desk(tmp_path), instruments(tmp_path))
    packages = next(one for one in findings if one.check == "packages")
    assert re.search(r"ctranslate2 \d+\.\d+", packages.found)
    assert "sounddevice" in packages.found
    assert "selenium" not in packages.found


def test_no_phrases_is_bad(tmp_path: Path) -> None:
    assert found("rules", diagnose(a_desk(tmp_path), instruments(tmp_path, load_rules=lambda: 0))).ok == "bad"


def test_a_data_folder_that_cannot_be_written_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    findings = diagnose(a_desk(tmp_path), instruments(tmp_path, data_folder=tmp_path / "file" / "data"))
    assert found("disk", findings).ok == "bad"


def test_looking_at_the_disk_leaves_nothing_on_it(tmp_path: Path) -> None:
    settings = a_desk(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    diagnose(settings, instruments(tmp_path))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_clock_behind_the_newest_record_has_jumped(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "data")
    store.begin_run(a_run(started_utc="2099-01-01T00:00:00+00:00"))
    store.close()
    finding = found("clock", diagnose(a_desk(tmp_path), instruments(tmp_path)))
    assert finding.ok == "warn"
    assert "2099-01-01" in finding.found


def test_a_clock_behind_our_own_files_is_wrong(tmp_path: Path) -> None:
    behind = instruments(tmp_path, now_utc=lambda: datetime.fromisoformat(NOON) - timedelta(days=3650))
    assert "files" in found("clock", diagnose(a_desk(tmp_path), behind)).found


def test_a_record_a_minute_old_is_no_jump(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    store = Store.open(tmp_path / "data")
    store.begin_run(a_run(started_utc=(now - timedelta(minutes=1)).isoformat()))
    store.close()
    findings = diagnose(a_desk(tmp_path), instruments(tmp_path, now_utc=lambda: now))
    assert [one.ok for one in findings if one.check == "clock"] == ["ok"]


def test_a_store_of_the_version_before_stands_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME, isolation_level=None)) as connection:
        migrations.migrate(connection, migrations.MIGRATIONS[:1])
    findings = diagnose(a_desk(tmp_path), instruments(tmp_path))
    assert [one.ok for one in findings if one.check == "clock"] == ["ok"]


def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / FILE_NAME).write_bytes(b"a letter" * 500)
    assert "not a SQLite file" in found("clock", diagnose(a_desk(tmp_path), instruments(tmp_path))).found


def test_a_taken_port_is_bad(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = a_desk(tmp_path).model_copy(update={"screen": ScreenSettings(port=port)})
        finding = found("screen port", diagnose(settings, instruments(tmp_path)))
    assert str(port) in finding.found


@pytest.mark.parametrize(("decode_s", "verdict"), [(0.1, "ok"), (0.6, "warn"), (3.5, "bad")])
def test_a_slow_machine_is_told_by_its_decode_time(tmp_path: Path, decode_s: float, verdict: str) -> None:
    findings = diagnose(a_desk(tmp_path), instruments(tmp_path, time_decode=lambda: decode_s))
    cpu = next(one for one in findings if one.check == "cpu")
    assert cpu.ok == verdict
    assert f"{1000 * decode_s:.0f} ms" in cpu.found


@pytest.mark.parametrize(
    ("pcm", "verdict", "told"),
    [
        (talking(-30, -60), "ok", "dBFS"),
        (np.zeros(32_000, np.float32), "bad", "muted"),
        (np.zeros(0, np.float32), "bad", "no sound"),
        (np.full(32_000, np.nan, np.float32), "bad", "no numbers"),
        (talking(6, -60), "warn", "clipped"),
        (noise(-85), "warn", "hardly a sound"),
        (talking(-20, -30), "warn", "loud background"),
        (noise(-55), "warn", "nothing stands out"),
    ],
)
def test_a_recording_is_judged(pcm: Pcm, verdict: str, told: str) -> None:
    finding = judge_recording(pcm)
    assert finding.ok == verdict
    assert told in finding.found
    assert bool(finding.remedy) == (verdict != "ok")


def test_levels_are_rms_to_full_scale() -> None:
    tone = 0.1 * np.sin(np.arange(32_000) * 2 * np.pi * 400 / SAMPLE_RATE_HZ)
    assert "level -23 dBFS" in judge_recording(tone.astype(np.float32)).found
    assert "peak -20 dBFS" in judge_recording(tone.astype(np.float32)).found


def test_a_missing_sound_library_has_a_remedy(tmp_path: Path) -> None:
    def without_portaudio(duration_s: float) -> Pcm:
        raise OSError("PortAudio library not found")

    finding = found("microphone", diagnose(a_desk(tmp_path), instruments(tmp_path, record=without_portaudio)))
    assert finding.ok == "bad"
    assert "PortAudio" in finding.found


def test_a_desk_that_is_not_calibrated_is_told_so(tmp_path: Path) -> None:
    plain = a_desk(tmp_path).model_copy(update={"manner": MannerSettings()})
    finding = found("calibration", diagnose(plain, instruments(tmp_path)))
    assert finding.ok == "warn"
    assert "deskguard calibrate" in finding.remedy


def test_what_calibration_found_is_told(tmp_path: Path) -> None:
    two = a_desk(tmp_path).model_copy(update={"microphone": MicrophoneSettings(visitor_device="Visitor")})
    findings = diagnose(two, instruments(tmp_path))
    told = next(one.found for one in findings if one.check == "calibration")
    assert "-24.0 LUFS, 5.0 syllables/s" in told
    assert "+0.0 dB apart" in told


def test_the_second_microphone_is_judged_like_the_first(tmp_path: Path) -> None:
    silent = np.zeros(SAMPLE_RATE_HZ, np.float32)
    findings = diagnose(a_desk(tmp_path), instruments(tmp_path, record_visitor=lambda _: silent))
    assert found("microphone 2", findings).ok == "bad"
    assert next(one.ok for one in findings if one.check == "microphone") == "ok"
