"""The store keeps what it is given, refuses what it cannot read, and its writer loses nothing it must not."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deskguard.desk import migrations
from deskguard.desk.store import FILE_NAME, Store, utc_text
from deskguard.desk.store_writer import StoreWriter
from deskguard.errors import DeskguardError
from deskguard.values import Health
from store_values import NOON, a_hypothesis, a_run, an_alert, with_state


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store.open(tmp_path, "window-1")
    one.begin_run(a_run())
    yield one
    one.close()


def rows(folder: Path, question: str) -> list[tuple[Any, ...]]:
    """What another process would find in the file."""
    connection = sqlite3.connect(folder / FILE_NAME)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def refusal(folder: Path) -> DeskguardError:
    with pytest.raises(DeskguardError) as caught:
        Store.open(folder)
    return caught.value


def test_today_lists_a_hit_with_all_the_page_needs(store: Store) -> None:
    store.save_alert("run-1", an_alert(), NOON)
    assert store.today("2026-11-21") == [
        {
            "run_id": "run-1",
            "hit_id": "hit-1",
            "rule_id": "T01",
            "phrase": "不知道",
            "heard": "我不知道",
            "clause": "d17",
            "standard_title": "服务规范",
            "severity": "high",
            "state": "tentative",
            "raised_utc": utc_text(NOON),
            "shown": True,
            "suppressed": None,
            "false_alarm": False,
            "advice": "我帮您问一下",
            "kind": "phrase",
            "why": ["tier characters"],
        }
    ]


def test_a_new_state_updates_the_hit_and_adds_to_its_history(store: Store, tmp_path: Path) -> None:
    for state in ("tentative", "tentative", "confirmed", "withdrawn"):
        store.save_alert("run-1", with_state(an_alert(), state), NOON)  # type: ignore[arg-type]
    assert rows(tmp_path, "SELECT state FROM hit_states ORDER BY position") == [
        ("tentative",),
        ("confirmed",),
        ("withdrawn",),
    ]
    assert rows(tmp_path, "SELECT state FROM hits") == [("withdrawn",)]
    assert store.today("2026-11-21") == []


def test_a_card_that_was_shown_stays_shown_when_a_later_state_is_suppressed(store: Store) -> None:
    store.save_alert("run-1", an_alert(), NOON)
    store.save_alert("run-1", an_alert(state="confirmed", suppressed="cooldown"), "2026-11-21T12:00:05+00:00")
    (entry,) = store.today("2026-11-21")
    assert (entry["shown"], entry["suppressed"], entry["raised_utc"]) == (True, "cooldown", utc_text(NOON))


def test_what_a_hit_means_is_kept_with_why(store: Store, tmp_path: Path) -> None:
    alert = an_alert(state="confirmed", suppressed="softened")
    hit = replace(alert.hit, softened=True, role="staff", why=("characters", "way-forward: 引导"))
    store.save_alert("run-1", replace(alert, hit=hit, kind="deflection", severity="low"), NOON)
    store.save_utterance("run-1", replace(a_hypothesis("您好请问"), role="staff"), keep_text=True)
    assert rows(tmp_path, "SELECT role, softened, why FROM hits") == [
        ("staff", 1, '["characters", "way-forward: 引导"]')
    ]
    assert rows(tmp_path, "SELECT kind, severity, suppressed FROM alerts") == [
        ("deflection", "low", "softened")
    ]
    assert rows(tmp_path, "SELECT role FROM utterances") == [("staff",)]
    (entry,) = store.today("2026-11-21")
    assert (entry["kind"], entry["why"]) == ("deflection", ["characters", "way-forward: 引导"])


def test_a_hit_withdrawn_after_it_was_confirmed_leaves_the_list_and_stays_on_record(
    store: Store, tmp_path: Path
) -> None:
    store.save_alert("run-1", an_alert(state="confirmed"), NOON)
    gone = with_state(an_alert(), "withdrawn")
    store.save_alert("run-1", replace(gone, hit=replace(gone.hit, why=("way forward given",))), NOON)
    assert store.today("2026-11-21") == []
    assert rows(tmp_path, "SELECT state, why FROM hits") == [("withdrawn", '["way forward given"]')]
    assert rows(tmp_path, "SELECT shown FROM alerts") == [(1,)]


def test_a_store_of_the_version_before_is_brought_up_to_date_and_keeps_its_hits(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    migrations.migrate(connection, migrations.MIGRATIONS[:1])
    at = utc_text(NOON)
    connection.execute("INSERT INTO runs VALUES ('run-1', ?, 'w', 'd', 'm', 'r', 'stopped')", (at,))
    connection.execute("INSERT INTO utterances VALUES ('run-1', 1, ?, 0, 9, '您好', 0.1, -0.2, 5)", (at,))
    hit = ("run-1", "h", 1, "T01", "v", "sound", "不知道", "confirmed", 0.9, 0, 9, "unknown", '["sound"]')
    connection.execute(f"INSERT INTO hits VALUES ({', '.join('?' * len(hit))})", hit)  # noqa: S608 - marks only
    connection.execute(
        "INSERT INTO alerts VALUES (1, 'run-1', 'h', '不知道', 'a', 'high', '[]', ?, 1, 2, 1, NULL)", (at,)
    )
    connection.close()
    store = Store.open(tmp_path)
    (entry,) = store.today("2026-11-21")
    assert (entry["heard"], entry["kind"], entry["why"]) == ("不知道", "phrase", ["sound"])
    store.save_utterance("run-1", replace(a_hypothesis("好的", utterance_id=2), role="staff"), keep_text=True)
    store.close()
    assert rows(tmp_path, "SELECT role FROM utterances") == [("unknown",), ("staff",)]


def test_text_is_redacted_before_it_reaches_the_disk(store: Store, tmp_path: Path) -> None:
    store.save_alert("run-1", an_alert(heard="我不知道13800138000"), NOON)
    store.save_utterance("run-1", a_hypothesis("电话一三八零零一三八零零零"), keep_text=True)
    store.mark_false_alarm("hit-1", NOON, note="他的电话是13800138000")
    store.close()
    kept = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert b"13800138000" not in kept
    assert "一三八零零一三八".encode() not in kept
    assert "电话〔号码〕".encode() in kept


def test_no_text_is_kept_when_transcripts_are_off(store: Store, tmp_path: Path) -> None:
    store.save_utterance("run-1", a_hypothesis("您好请问"), keep_text=False)
    assert rows(tmp_path, "SELECT text, end_sample FROM utterances") == [(None, 32_000)]


def test_a_false_alarm_is_kept_and_the_hit_stays(store: Store, tmp_path: Path) -> None:
    store.save_alert("run-1", an_alert(), NOON)
    assert store.mark_false_alarm("hit-1", NOON, "引用")
    assert store.mark_false_alarm("hit-1", NOON)
    assert not store.mark_false_alarm("hit-2", NOON)
    assert rows(tmp_path, "SELECT hit_id, rule_id, note FROM false_alarms") == [("hit-1", "T01", "引用")]
    assert [one["false_alarm"] for one in store.today("2026-11-21")] == [True]


def test_health_and_pauses_are_kept(store: Store, tmp_path: Path) -> None:
    store.save_health("run-1", Health(heard_s=2.5, notes=("microphone-lost",)), NOON)
    store.save_pause("run-1", NOON, True, "clerk")
    assert rows(tmp_path, "SELECT heard_s, notes FROM health") == [(2.5, json.dumps(["microphone-lost"]))]
    assert rows(tmp_path, "SELECT paused, reason FROM pauses") == [(1, "clerk")]


def test_a_run_left_open_is_closed_as_crashed_at_the_next_start(tmp_path: Path) -> None:
    first = Store.open(tmp_path)
    first.begin_run(a_run("run-1"))
    first.begin_run(a_run("run-2"))
    first.end_run("run-2", "stopped")
    first.close()
    second = Store.open(tmp_path)
    assert second.unfinished_runs() == ("run-1",)
    second.close()
    found = rows(tmp_path, "SELECT run_id, ended_reason FROM runs ORDER BY run_id")
    assert found == [("run-1", "crashed"), ("run-2", "stopped")]


def test_retention_erases_what_is_old_and_keeps_the_feedback(store: Store, tmp_path: Path) -> None:
    store.save_alert("run-1", an_alert("hit-old", heard="陈年旧话"), NOON)
    store.save_utterance("run-1", a_hypothesis("陈年旧话"), keep_text=True)
    store.mark_false_alarm("hit-old", NOON, "陈年备注")
    store.begin_run(a_run("run-2", "2026-12-21T12:00:00+00:00"))
    store.save_alert("run-2", an_alert("hit-new"), "2026-12-21T12:00:00+00:00")
    store.end_run("run-1", "stopped")
    assert store.forget_before("2026-12-01T00:00:00+00:00") == 3
    assert rows(tmp_path, "SELECT hit_id FROM hits") == [("hit-new",)]
    assert rows(tmp_path, "SELECT count(*) FROM hit_states") == [(1,)]
    assert rows(tmp_path, "SELECT hit_id, rule_id, note FROM false_alarms") == [("hit-old", "T01", "")]
    kept = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert "陈年旧话".encode() not in kept
    assert "陈年备注".encode() not in kept


def test_erasing_gives_the_space_back(store: Store, tmp_path: Path) -> None:
    store.forget_before("2026-01-01T00:00:00+00:00")
    empty = (tmp_path / FILE_NAME).stat().st_size
    with store.batch():
        for number in range(200):
            store.save_utterance("run-1", a_hypothesis("字" * 300, number), keep_text=True)
    store.forget_before("2026-12-01T00:00:00+00:00")
    assert rows(tmp_path, "PRAGMA freelist_count") == [(0,)]
    assert (tmp_path / FILE_NAME).stat().st_size == empty


def test_times_of_another_zone_are_the_same_moment(store: Store) -> None:
    store.save_alert("run-1", an_alert(), "2026-11-21T20:00:00+08:00")
    assert store.today("2026-11-21")[0]["raised_utc"] == utc_text(NOON)


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="offset"):
        store.save_alert("run-1", an_alert(), "2026-11-21T20:00:00")


def test_a_second_store_on_the_desk_is_refused_and_told_who_has_it(store: Store, tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert error.code == "desk-in-use"
    assert 'window "window-1"' in error.problem
    store.close()
    Store.open(tmp_path).close()


def test_a_reader_sees_what_is_committed_and_cannot_write(store: Store, tmp_path: Path) -> None:
    store.save_alert("run-1", an_alert(), NOON)
    reader = Store.open_reader(tmp_path)
    assert reader.today("2026-11-21") == store.today("2026-11-21")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.begin_run(a_run("run-9"))
    reader.close()


def test_a_reader_of_an_empty_folder_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError) as caught:
        Store.open_reader(tmp_path)
    assert caught.value.code == "store-missing"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda file: file.write_bytes(b"this is a letter, no database " * 200), "not-a-store"),
        (lambda file: file.mkdir(), "disk-error"),
    ],
)
def test_a_file_that_is_no_store_is_refused(tmp_path: Path, spoil: Any, code: str) -> None:
    spoil(tmp_path / FILE_NAME)
    error = refusal(tmp_path)
    assert (error.code, FILE_NAME in error.problem, bool(error.remedy)) == (code, True, True)


def test_a_damaged_store_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    file = tmp_path / FILE_NAME
    whole = file.read_bytes()
    # The header stays; the schema behind it is overwritten.
    file.write_bytes(whole[:100] + b"\xff" * 3000 + whole[3100:])
    assert refusal(tmp_path).code == "store-damaged"


def test_a_store_of_a_newer_program_is_refused_and_untouched(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("INSERT INTO migrations VALUES ('0999-tomorrow', 998)")
    connection.commit()
    connection.close()
    error = refusal(tmp_path)
    assert error.code == "store-newer"
    assert "0999-tomorrow" in error.problem
    with pytest.raises(DeskguardError):
        Store.open_reader(tmp_path)


def test_a_refused_store_leaves_the_desk_free(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"x" * 4096)
    refusal(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    Store.open(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file" / "desk").code == "folder-unusable"


def test_a_migration_that_fails_leaves_no_half_of_itself(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    broken = ("0999-broken", ("CREATE TABLE half (x INTEGER)", "CREATE TABLE half (x INTEGER)"))
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrations.migrate(connection, (*migrations.MIGRATIONS, broken))
    connection.close()
    assert rows(tmp_path, "SELECT name FROM sqlite_master WHERE name = 'half'") == []
    assert rows(tmp_path, "SELECT name FROM migrations") == [(name,) for name, _ in migrations.MIGRATIONS]
    Store.open(tmp_path).close()


class TestWriter:
    """The thread between the pipeline and the disk."""

    def test_what_is_put_is_written_in_one_go(self, store: Store, tmp_path: Path) -> None:
        writer = StoreWriter(store)
        writer.save_alert("run-1", an_alert(), NOON)
        writer.save_utterance("run-1", a_hypothesis("您好"), keep_text=True)
        writer.save_health("run-1", Health(), NOON)
        assert writer.flush(5)
        assert rows(tmp_path, "SELECT count(*) FROM alerts") == [(1,)]
        assert rows(tmp_path, "SELECT text FROM utterances") == [("您好",)]
        assert (writer.unsaved, writer.failing, writer.lost, writer.refused) == (0, None, 0, 0)
        writer.close()

    def test_records_reach_the_disk_without_being_asked(self, store: Store, tmp_path: Path) -> None:
        writer = StoreWriter(store, commit_every_s=0.01)
        writer.save_health("run-1", Health(), NOON)
        # Waits for the thread, without hurrying it as `flush` would.
        with writer._changed:
            assert writer._changed.wait_for(lambda: writer.unsaved == 0, 5)
        assert rows(tmp_path, "SELECT count(*) FROM health") == [(1,)]
        writer.close()

    def test_a_mark_is_seen_at_once(self, store: Store) -> None:
        writer = StoreWriter(store, commit_every_s=60)
        writer.save_alert("run-1", an_alert(), _this_moment())
        assert writer.mark_false_alarm("hit-1", NOON)
        assert not writer.mark_false_alarm("hit-2", NOON)
        assert [one["false_alarm"] for one in writer.today()] == [True]
        assert writer.unsaved == 2
        assert writer.close() == 0
        assert [one["false_alarm"] for one in store.today()] == [True]

    def test_an_earlier_days_hit_can_be_marked(self, store: Store) -> None:
        store.save_alert("run-1", an_alert("hit-old"), "2025-01-05T12:00:00+00:00")
        writer = StoreWriter(store)
        assert writer.mark_false_alarm("hit-old", NOON)
        assert [one["false_alarm"] for one in writer.today("2025-01-05")] == [True]
        writer.close()

    def test_a_restart_keeps_todays_list(self, tmp_path: Path) -> None:
        lists = []
        for _ in range(2):
            store = Store.open(tmp_path)
            store.begin_run(a_run())
            writer = StoreWriter(store)
            if not lists:
                writer.save_alert("run-1", an_alert("a"), _this_moment())
                writer.save_alert("run-1", an_alert("b"), _this_moment())
            lists.append([one["hit_id"] for one in writer.today()])
            writer.close()
            store.close()
        assert lists == [["b", "a"], ["b", "a"]]

    def test_a_full_disk_keeps_hits_in_memory_and_counts_what_is_lost(
        self, store: Store, tmp_path: Path
    ) -> None:
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        writer = StoreWriter(store, max_waiting=50, commit_every_s=0.01)
        for number in range(80):
            writer.save_alert("run-1", an_alert(f"hit-{number}", heard="不知道" * 50), _this_moment())
        assert not writer.flush(0.3)
        assert writer.failing == "disk-full"
        for number in range(60):
            writer.save_utterance("run-1", a_hypothesis("字" * 200, number), keep_text=True)
        assert (writer.unsaved, writer.lost) == (80, 60)
        assert len(writer.today()) == 80
        store._connection.execute("PRAGMA max_page_count = 1000000")
        assert writer.flush(10)
        assert (writer.failing, writer.unsaved) == (None, 0)
        ids = [one for (one,) in rows(tmp_path, "SELECT hit_id FROM alerts ORDER BY position")]
        assert ids == [f"hit-{number}" for number in range(80)]
        writer.close()

    def test_a_locked_file_is_waited_for(self, store: Store, tmp_path: Path) -> None:
        store._connection.execute("PRAGMA busy_timeout = 1")
        other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writer = StoreWriter(store, commit_every_s=0.01)
        writer.save_alert("run-1", an_alert(), NOON)
        assert not writer.flush(0.2)
        assert writer.failing == "store-locked"
        other.execute("ROLLBACK")
        other.close()
        assert writer.flush(10)
        assert writer.failing is None
        writer.close()

    def test_a_record_the_store_cannot_take_does_not_hold_up_the_others(
        self, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        writer = StoreWriter(store)
        writer.save_health("run-1", Health(), NOON)
        writer.save_alert("no-such-run", an_alert("stray", heard="秘密"), NOON)
        writer.save_alert("run-1", an_alert("good"), NOON)
        assert writer.flush(5)
        assert writer.refused == 1
        assert rows(tmp_path, "SELECT hit_id FROM hits") == [("good",)]
        assert rows(tmp_path, "SELECT count(*) FROM health") == [(1,)]
        assert "store-refused" in caplog.text
        assert "秘密" not in caplog.text
        writer.close()

    def test_many_threads_lose_nothing(self, store: Store, tmp_path: Path) -> None:
        writer = StoreWriter(store, commit_every_s=0.001)

        def save(thread: int) -> None:
            for number in range(50):
                writer.save_alert("run-1", an_alert(f"{thread}-{number}"), NOON)
                writer.mark_false_alarm(f"{thread}-{number}", NOON)

        threads = [threading.Thread(target=save, args=(one,)) for one in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert writer.close() == 0
        assert rows(tmp_path, "SELECT count(*) FROM alerts") == [(200,)]
        assert rows(tmp_path, "SELECT count(*) FROM false_alarms") == [(200,)]


def _this_moment() -> str:
    """Now: `today` asks the clock, so its tests must."""
    return datetime.now(UTC).isoformat()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's data folder private by itself")
def test_other_users_of_the_computer_cannot_read_what_was_said(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o755)
    with closing(Store.open(folder, "w1")) as store:
        store.begin_run(a_run())
        written = [one for one in folder.iterdir() if one.name.startswith("desk.sqlite3")]
        assert len(written) >= 2  # the log of what is being written, too
        assert {one.stat().st_mode & 0o077 for one in written} == {0}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's data folder private by itself")
def test_a_new_data_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "desk"
    with closing(Store.open(folder, "w1")):
        assert folder.stat().st_mode & 0o077 == 0
