"""The night's store on SQLite and on a real PostgreSQL: kept whole, known again, for several writers."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from postgres_server import PASSWORD, PostgresServer, postgres_server
from small_disk import fill, small_disk

from deskguard.errors import DeskguardError
from deskguard.privacy.redact import NUMBER_MARK
from deskguard.scoring import store_tables
from deskguard.scoring.card_files import find_card
from deskguard.scoring.imported import Counted, Imports, Rated
from deskguard.scoring.opening import FILE_NAME, open_store
from deskguard.scoring.periods import parse_period
from deskguard.scoring.policy import Policy
from deskguard.scoring.results import Night, scores
from deskguard.scoring.review import Deadlines
from deskguard.scoring.store import NightStore, Wanted
from deskguard.scoring.store_engine import StoreFaultError, open_engine
from deskguard.scoring.values import Curve, Examined, Exposure, NightRun, NotAnalysed, Spoken
from deskguard.settings import ScoringSettings
from scoring_values import a_finding, a_recording, an_examination, an_exposure, decision, manner, missing

if TYPE_CHECKING:
    from deskguard.scoring.values import Finding, Recording

NOON = "2026-11-24T12:00:00+08:00"
LATER = "2026-11-25T12:00:00+08:00"
CURVE = Curve(first_s=0, over_lu=(1.5, None), syllables_per_s=(4.0, 5.5), usual_syllables_per_s=4.8)
Open = Callable[[], NightStore]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


_numbers = itertools.count()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "night.sqlite3")
    running: PostgresServer = request.getfixturevalue("server")
    return running.create(f"night{next(_numbers)}")


@pytest.fixture
def opened(place: str) -> Iterator[Open]:
    """Opens the store, once more each time; all are closed at the end."""
    stores: list[NightStore] = []

    def open_one() -> NightStore:
        stores.append(NightStore.open(place, PASSWORD))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Open) -> NightStore:
    return opened()


def examined(*findings: Finding, recording: Recording | None = None, rules: str = "a" * 64) -> Examined:
    return Examined(
        examination=an_examination(recording or a_recording(), rules),
        exposure=an_exposure(silent_samples=5, not_analysed=(("too-quiet", 99),)),
        findings=findings,
        spoken=(
            Spoken(start_sample=0, end_sample=16, role="staff", text="您好", curve=CURVE),
            Spoken(start_sample=20, end_sample=40, role="visitor", text="好"),
        ),
    )


def refusal(work: Callable[[], object]) -> DeskguardError:
    with pytest.raises(DeskguardError) as caught:
        work()
    return caught.value


def by_place(night: Night) -> list[Finding]:
    return sorted(night.findings, key=lambda one: (one.recording.sha256, one.start_sample, one.rule_id))


def names(night: Night) -> set[str]:
    return {one.finding_id for one in night.findings}


def test_what_is_kept_comes_back_as_it_was(store: NightStore, opened: Open) -> None:
    recording = replace(a_recording(), roles=("staff", "visitor"), started_at="2026-11-23T09:00:00+08:00")
    found = (
        a_finding("T03", 1, recording=recording, softened=True, confidence=0.123456789),
        missing(start=2, recording=recording, clauses=()),
        manner(start=3, recording=recording, value=1.1, needs_person=True, why=("甲", "乙")),
    )
    whole = examined(*found, recording=recording)
    store.save_examined(whole, "run-1", NOON)
    night = opened().night()
    assert by_place(night) == list(found)
    assert night.parts == ((recording, whole.exposure),)
    assert opened().spoken(recording.sha256) == list(whole.spoken)


def test_keeping_it_again_changes_nothing(store: NightStore) -> None:
    whole = examined(a_finding(), missing())
    store.save_examined(whole, "run-1", NOON)
    before = store.night()
    store.save_examined(whole, "run-2", NOON)
    assert store.night() == before


def test_done_is_known_by_content_rules_model_and_settings(store: NightStore) -> None:
    whole = examined()
    assert store.done([whole.examination.examination_id]) == set()
    store.save_examined(whole, "run-1", NOON)
    same = replace(whole.examination, recording=replace(a_recording(), path="copy.wav", window_id="w7"))
    others = [replace(whole.examination, model="small"), an_examination(rules="b" * 64)]
    asked = [one.examination_id for one in [whole.examination, same, *others]]
    assert store.done(asked) == {whole.examination.examination_id}
    assert store.done(f"{number:020x}" for number in range(2_000)) == set()


def test_of_several_examinations_the_newest_counts(store: NightStore) -> None:
    store.save_examined(examined(a_finding("T01", 9)), "run-1", NOON)
    store.save_examined(examined(a_finding("T09", 99), rules="b" * 64), "run-2", LATER)
    assert [one.rule_id for one in store.night().findings] == ["T09"]
    assert len(store.night().parts) == 1
    store.save_examined(examined(a_finding("T01", 9)), "run-3", "2026-11-26T12:00:00+08:00")
    assert [one.rule_id for one in store.night().findings] == ["T01"]


def test_what_somebody_decided_on_stays_though_it_is_not_found_any_more(store: NightStore) -> None:
    kept, acknowledged, dropped = (a_finding(rule, at) for rule, at in (("T01", 0), ("T02", 99), ("T03", 999)))
    store.save_examined(examined(kept, acknowledged, dropped), "run-1", NOON)
    store.decide(decision(kept, "confirm"))
    store.decide(decision(acknowledged, "acknowledge", "c1"))
    store.save_examined(examined(rules="b" * 64), "run-2", LATER)
    assert names(store.night()) == {kept.finding_id}
    store.save_examined(examined(), "run-3", "2026-11-26T12:00:00+08:00")
    assert names(store.night()) == {kept.finding_id}
    assert store.night().standings[kept.finding_id].state == "confirmed"


def test_a_decision_goes_on_to_apply_when_another_model_places_it_a_little_aside(store: NightStore) -> None:
    first = a_finding("T01", 16_000)
    store.save_examined(examined(first), "run-1", NOON)
    store.decide(decision(first, "reject"))
    aside = a_finding("T01", 17_500)
    assert aside.finding_id != first.finding_id
    store.save_examined(examined(aside, rules="b" * 64), "run-2", LATER)
    (found,) = store.night().findings
    assert (found.finding_id, found.start_sample, found.rules_sha256) == (first.finding_id, 17_500, "b" * 64)
    assert store.night().standings[found.finding_id].state == "rejected"


def test_what_is_told_of_a_recording_later_moves_its_findings(store: NightStore) -> None:
    store.save_examined(examined(a_finding()), "run-1", NOON)
    store.note_recordings([a_recording(window="w9", clerk="c9", day=date(2026, 11, 30))])
    (found,) = store.night().findings
    assert (found.recording.window_id, found.recording.clerk_id, found.recording.day.day) == ("w9", "c9", 30)
    assert store.night(Wanted(last=date(2026, 11, 29))).findings == ()


def test_only_what_is_wanted_is_read(store: NightStore) -> None:
    for number, (window, clerk, day) in enumerate([("w1", "c1", 1), ("w2", "c1", 2), ("x1", "c2", 3)]):
        recording = a_recording(f"r{number}", window=window, clerk=clerk, day=date(2026, 11, day))
        store.save_examined(examined(a_finding(recording=recording), recording=recording), "run-1", NOON)

    def windows(wanted: Wanted) -> list[str]:
        night = store.night(wanted)
        assert [one.window_id for one, _ in night.parts] == [one.recording.window_id for one in night.findings]
        return [one.window_id for one, _ in night.parts]

    assert windows(Wanted()) == ["w1", "w2", "x1"]
    assert windows(Wanted(first=date(2026, 11, 2))) == ["w2", "x1"]
    assert windows(Wanted(last=date(2026, 11, 2))) == ["w1", "w2"]
    assert windows(Wanted(windows=("w*",))) == ["w1", "w2"]
    assert windows(Wanted(clerks=("c2",))) == ["x1"]


def test_a_failure_half_way_keeps_nothing(store: NightStore) -> None:
    broken = replace(a_finding("T09", 50), role=None)  # type: ignore[arg-type]
    with pytest.raises(StoreFaultError, match="role") as caught:
        store.save_examined(examined(a_finding(), broken), "run-1", NOON)
    # What the program says when it fails holds no words.
    assert "不知道" not in "".join(traceback.format_exception(caught.value))
    assert store.night() == Night(standings={})
    assert store.done([an_examination().examination_id]) == set()


def test_decisions_are_kept_in_order_and_never_changed(store: NightStore, opened: Open) -> None:
    finding = a_finding()
    store.save_examined(examined(finding), "run-1", NOON)
    made = [
        decision(finding, "confirm", "li", why=""),
        decision(finding, "appeal", "c1", why="是客户说的，电话13800138000"),
        decision(finding, "overturn", "wang"),
    ]
    states = [store.decide(one).state for one in made]
    assert states == ["confirmed", "appealed", "overturned"]
    _, standing = opened().finding(finding.finding_id)
    assert [(one.act, one.by) for one in standing.decisions] == [
        ("confirm", "li"), ("appeal", "c1"), ("overturn", "wang"),
    ]  # fmt: skip
    assert standing.decisions[1].why == f"是客户说的，电话{NUMBER_MARK}"
    assert store.night().standings[finding.finding_id] == standing


def test_a_decision_that_is_not_allowed_leaves_no_trace(store: NightStore) -> None:
    finding = a_finding()
    store.save_examined(examined(finding), "run-1", NOON)
    assert refusal(lambda: store.decide(decision(finding, "uphold"))).code == "not-allowed"
    store.decide(decision(finding, "confirm", "li"))
    store.decide(decision(finding, "appeal", "c1"))
    assert refusal(lambda: store.decide(decision(finding, "uphold", "li"))).code == "same-reviewer"
    assert [one.act for one in store.finding(finding.finding_id)[1].decisions] == ["confirm", "appeal"]


def test_deadlines_count_from_the_examination(store: NightStore) -> None:
    finding = a_finding()
    store.save_examined(examined(finding), "run-1", NOON)
    _, standing = store.finding(finding.finding_id, Deadlines(review_days=3))
    assert standing.due_utc == "2026-11-27T04:00:00+00:00"
    assert store.night(deadlines=Deadlines(review_days=3)).standings[finding.finding_id] == standing


def test_a_finding_is_known_by_an_unmistakable_beginning_of_its_id(store: NightStore) -> None:
    findings = [a_finding(start=9 * number) for number in range(3)]
    twins = [replace(one, finding_id=f"abcd{number:016}") for number, one in enumerate(findings[:2])]
    store.save_examined(examined(*twins, replace(findings[2], finding_id="f" * 20)), "run-1", NOON)
    assert store.finding(" FFFF ")[0].finding_id == "f" * 20
    error = refusal(lambda: store.finding("abcd"))
    assert error.code == "ambiguous-finding"
    assert twins[1].finding_id in error.problem
    for name in ("", "fff", "0000", "%", "_" * 20, "abcd'"):
        assert refusal(lambda name=name: store.finding(name)).code == "unknown-finding"


def test_two_who_decide_at_once_do_not_both_succeed(opened: Open) -> None:
    stores = [opened() for _ in range(4)]
    findings = [a_finding(start=99 * number) for number in range(5)]
    stores[0].save_examined(examined(*findings), "run-1", NOON)
    start = threading.Barrier(len(stores))

    def reject(one: NightStore, finding: Finding, by: str) -> str:
        start.wait(timeout=60)
        try:
            return one.decide(decision(finding, "reject", by)).state
        except DeskguardError as error:
            return error.code

    for finding in findings:
        with ThreadPoolExecutor(len(stores)) as pool:
            jobs = [pool.submit(reject, one, finding, f"p{at}") for at, one in enumerate(stores)]
            told = [job.result(timeout=120) for job in jobs]
        assert told.count("rejected") == 1
        assert set(told) <= {"rejected", "not-allowed", "decided-meanwhile"}
        assert len(stores[0].finding(finding.finding_id)[1].decisions) == 1


def test_several_writers_of_the_same_and_of_different_recordings_lose_nothing(opened: Open) -> None:
    recordings = [a_recording(f"r{number}", window=f"w{number % 3}") for number in range(12)]

    def work(at: int) -> None:
        one = opened()
        # Each in another order, and every recording twice.
        for recording in (recordings[at:] + recordings[:at]) * 2:
            found = (a_finding(recording=recording), missing(start=7, recording=recording))
            one.save_examined(examined(*found, recording=recording), f"run-{at}", NOON)

    opened()
    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(work, at) for at in range(4)]:
            job.result(timeout=240)
    night = opened().night()
    assert len(night.parts) == len(recordings)
    assert len(night.findings) == 2 * len(recordings)


def test_many_who_open_a_new_store_at_once_find_one(place: str) -> None:
    start = threading.Barrier(6)

    def open_one() -> int:
        start.wait(timeout=60)
        one = NightStore.open(place, PASSWORD)
        one.close()
        return 1

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(open_one) for _ in range(6)]
        assert sum(job.result(timeout=120) for job in jobs) == 6


def test_readers_do_not_wait_for_a_writer(place: str, store: NightStore) -> None:
    store.save_examined(examined(a_finding()), "run-1", NOON)
    engine = open_engine(place, PASSWORD)
    with engine.begin() as writer:
        writer.execute(sa.delete(store_tables.FINDINGS))
        assert len(store.night().findings) == 1
    assert store.night().findings == ()
    engine.dispose()


def test_what_could_not_be_examined_is_told_until_it_is(store: NightStore) -> None:
    for number, at in ((1, NOON), (2, LATER)):
        store.begin_run(NightRun(run_id=f"run-{number}", started_utc=at, rules_sha256="a", model="base"))
    gone = NotAnalysed(
        path="w1/gone.wav", reason="unreadable", detail="no audio", window_id="w1", day=date(2026, 11, 1)
    )
    quiet = NotAnalysed(path=a_recording().path, reason="too-quiet")
    store.save_not_analysed("run-1", [gone, quiet])
    store.save_not_analysed("run-1", [gone, replace(quiet, detail="-70 LUFS")])
    assert store.not_analysed("run-1") == [replace(quiet, detail="-70 LUFS"), gone]
    assert store.not_analysed() == store.not_analysed("run-1")
    store.save_examined(examined(), "run-2", "2026-11-25T13:00:00+08:00")
    assert store.not_analysed() == [gone]
    damaged = replace(gone, reason="damaged")
    store.save_not_analysed("run-2", [damaged])
    assert store.not_analysed() == [damaged]
    assert store.not_analysed("run-3") == []


def test_what_lies_in_the_sound_is_known_until_file_rules_or_program_change(store: NightStore) -> None:
    run = NightRun(
        run_id="run-1", started_utc=NOON, rules_sha256="a", model="base", settings_sha256="s", version="1"
    )
    store.begin_run(run)
    quiet = NotAnalysed(path="quiet.wav", reason="too-quiet", detail="-70 dBFS")
    store.save_not_analysed("run-1", [quiet, NotAnalysed(path="locked.wav", reason="unreadable")])
    before, after = "2000-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"
    later = replace(run, run_id="run-2")
    assert store.refused(later, "quiet.wav", before) == quiet
    assert store.refused(later, "quiet.wav", after) is None
    # Whatever kept a file from being read may be over.
    assert store.refused(later, "locked.wav", before) is None
    for changed in ({"rules_sha256": "b"}, {"model": "small"}, {"settings_sha256": "t"}, {"version": "2"}):
        assert store.refused(replace(later, **changed), "quiet.wav", before) is None


def test_a_file_whose_name_is_no_text_is_kept_all_the_same(store: NightStore) -> None:
    odd = replace(a_recording(), path="w1/\udcff\0.wav")
    store.save_examined(examined(recording=odd), "run-1", NOON)
    store.save_not_analysed("run-1", [NotAnalysed(path="\udcc3.wav", reason="unreadable", detail="\udcc3")])
    assert store.night().parts[0][0].path == "w1/\\xff.wav"
    assert store.not_analysed("run-1") == [NotAnalysed(path="\\xc3.wav", reason="unreadable", detail="\\xc3")]


def test_ratings_of_a_source_take_the_place_of_those_it_gave_before(store: NightStore) -> None:
    month = parse_period("2026-11")
    first = Imports(
        ratings=(Rated(rating_id="visitor", window_id="w1", period=month, value=450, count=3),),
        counts=(Counted(item_id="commended", clerk_id="c1", period=parse_period("2026"), count=2),),
    )
    other = Imports(ratings=(Rated(rating_id="peer", clerk_id="c1", period=month, value=9_000),))
    store.replace_imports("a.csv", first)
    store.replace_imports("b.csv", other)
    assert store.night().imports == first + other
    store.replace_imports("a.csv", replace(first, counts=()))
    assert store.night().imports == Imports(ratings=first.ratings + other.ratings)
    store.replace_imports("a.csv", Imports())
    assert store.night().imports == other


def test_runs_are_kept_with_their_figures(store: NightStore) -> None:
    run = NightRun(run_id="run-1", started_utc=NOON, rules_sha256="a", model="base", workers=2, host="hall")
    store.begin_run(run)
    store.begin_run(replace(run, workers=9))
    (kept,) = store.runs()
    assert (kept["workers"], kept["ended_utc"], kept["summary"]) == (2, None, None)
    store.end_run("run-1", LATER, "done", {"recordings": 3})
    (kept,) = store.runs()
    assert (kept["started_utc"], kept["reason"]) == ("2026-11-24T04:00:00.000000+00:00", "done")
    assert kept["summary"] == {"recordings": 3}


def test_scores_from_the_store_are_those_of_the_values(store: NightStore) -> None:
    findings = [a_finding(start=99_000 * number, confidence=0.9 if number else 0.3) for number in range(2)]
    whole = examined(*findings)
    store.save_examined(whole, "run-1", NOON)
    card = find_card("recommended")
    direct = Night(parts=((whole.recording, whole.exposure),), findings=tuple(findings))
    assert scores(store.night(), card, Policy(), "window", "month") == scores(
        direct, card, Policy(), "window", "month"
    )
    store.decide(decision(findings[0], "confirm"))
    (before,) = scores(direct, card, Policy(), "window", "month")
    (after,) = scores(store.night(), card, Policy(), "window", "month")
    assert after.points.counted == before.points.if_confirmed < before.points.counted


def test_a_store_of_a_newer_version_is_refused_and_left_alone(place: str, store: NightStore) -> None:
    store.save_examined(examined(a_finding()), "run-1", NOON)
    engine = open_engine(place, PASSWORD)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO night_migrations VALUES ('0099-later', 98)"))
    error = refusal(lambda: NightStore.open(place, PASSWORD))
    assert error.code == "store-newer"
    assert "0099-later" in error.problem
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM night_migrations WHERE position = 98"))
    assert len(store.night().findings) == 1
    engine.dispose()


def test_steps_are_applied_once_each_with_their_record_or_not_at_all(place: str, store: NightStore) -> None:
    store.save_examined(examined(a_finding()), "run-1", NOON)
    more = (*store_tables.STEPS, ("0009-colour", ("ALTER TABLE night_runs ADD COLUMN colour TEXT",)))
    engine = open_engine(place, PASSWORD)
    with engine.begin() as connection:
        assert store_tables.migrate(connection, more) == ["0009-colour"]
        assert store_tables.migrate(connection, more) == []
    broken = (*more, ("0003-broken", ("ALTER TABLE night_runs ADD COLUMN size TEXT", "ALTER TABLE nothing")))
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        store_tables.migrate(connection, broken)
    with engine.begin() as connection:
        assert store_tables.applied(connection) == [*(name for name, _ in store_tables.STEPS), "0009-colour"]
        columns = {one["name"] for one in sa.inspect(connection).get_columns("night_runs")}
    assert "colour" in columns
    assert "size" not in columns
    engine.dispose()


def test_queries_know_the_very_columns_that_the_tables_have(place: str) -> None:
    engine = open_engine(place, PASSWORD)
    found = sa.inspect(engine)
    for table in store_tables.TABLES:
        assert [one["name"] for one in found.get_columns(table.name)] == [one.name for one in table.columns]
    assert set(found.get_table_names()) == {one.name for one in store_tables.TABLES} | {"night_migrations"}
    engine.dispose()


# ---- files ----


def test_a_file_is_its_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "night.sqlite3"
    NightStore.open(str(path)).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_store_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite3"
    assert refusal(lambda: NightStore.open(str(path), create=False)).code == "store-missing"
    assert not path.exists()


def test_the_settings_say_where_the_store_is(tmp_path: Path) -> None:
    there = tmp_path / FILE_NAME
    open_store(ScoringSettings(store=str(there)), create=True).close()
    assert there.is_file()
    open_store(ScoringSettings(store="elsewhere"), str(there)).close()
    missing_password = ScoringSettings(store=str(there), password_file=str(tmp_path / "none"))
    assert refusal(lambda: open_store(missing_password)).code == "file-unreadable"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.mkdir(), "store-read-only"),
        (
            lambda path: path.write_bytes(b"no database at all, but text long enough for a header" * 20),
            "not-a-store",
        ),
    ],
)
def test_what_is_no_store_is_refused_in_words(
    tmp_path: Path, make: Callable[[Path], object], code: str
) -> None:
    path = tmp_path / "night.sqlite3"
    make(path)
    error = refusal(lambda: NightStore.open(str(path)))
    assert error.code in (code, "disk-error")
    assert str(path) in error.problem


@pytest.mark.parametrize(
    "bad",
    [
        "mysql://a:secret@host/base",
        "postgresql://u:secret@host:port/base",
        "postgresql://u:secret@host",
        "postgresql:///base",
        "postgresql://u:secret@host/base?color=red",
        "postgresql://u:secret@host/base?sslmode=prefer",
        "postgresql://u:secret@host/base?sslrootcert=/nowhere.pem",
        "://x",
    ],
)
def test_a_wrong_place_is_one_clear_message_without_the_password(bad: str) -> None:
    error = refusal(lambda: NightStore.open(bad))
    assert error.code == "bad-store"
    assert "secret" not in str(error)


def test_a_server_that_is_not_there_is_said_to_be_unreachable() -> None:
    error = refusal(lambda: NightStore.open("postgresql://u:secret@127.0.0.1:1/base"))
    assert error.code == "store-unreachable"
    assert "secret" not in str(error)


@pytest.mark.postgres
def test_what_a_server_refuses_is_said_in_words(server: PostgresServer) -> None:
    there = server.create("refusing")
    assert refusal(lambda: NightStore.open(there, "wrong")).code == "store-refused"
    assert refusal(lambda: NightStore.open(server.place("nowhere"), PASSWORD)).code == "store-missing"
    server.ask("refusing", "CREATE ROLE reader LOGIN PASSWORD 'reader'")
    server.ask("refusing", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    as_reader = there.replace("night@", "reader:reader@")
    assert refusal(lambda: NightStore.open(as_reader)).code == "store-read-only"


@pytest.mark.postgres
def test_a_server_is_trusted_by_its_certificate_only(server: PostgresServer) -> None:
    server.create("trusted")
    by_name = server.place("trusted", "localhost")
    known = f"sslmode=verify-full&sslrootcert={server.authority}"
    store = NightStore.open(f"{by_name}?{known}", PASSWORD)
    assert (
        server.ask(
            "trusted",
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            " WHERE application_name <> 'psql' AND datname = 'trusted'",
        )
        == "t"
    )
    store.close()
    nobody_vouches = f"{by_name}?sslmode=verify-full"
    another_host = f"{server.place('trusted')}?{known}"
    for place in (nobody_vouches, another_host):
        assert refusal(lambda place=place: NightStore.open(place, PASSWORD)).code == "store-untrusted"


def test_a_full_disk_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=2m") as disk:
        store = NightStore.open(str(disk / "night.sqlite3"))
        store.save_examined(examined(a_finding()), "run-1", NOON)
        fill(disk / "ballast")
        other = a_recording("r2")
        text = "长" * 30_000
        whole = examined(
            *(a_finding(start=9 * at, recording=other, evidence=text) for at in range(30)), recording=other
        )
        assert refusal(lambda: store.save_examined(whole, "run-1", NOON)).code == "disk-full"
        assert len(store.night().findings) == 1
        (disk / "ballast").unlink()
        store.save_examined(examined(recording=other), "run-1", NOON)
        assert len(store.night().parts) == 2
        store.close()


# Keeps examination after examination and says each number once it is kept.
BUSY_WRITER = """
import sys
from scoring_values import a_finding, a_recording, an_examination, an_exposure
from deskguard.scoring.store import NightStore
from deskguard.scoring.values import Examined

store = NightStore.open(sys.argv[1], sys.argv[2])
for number in range(10_000):
    recording = a_recording(f"r{number}")
    found = tuple(a_finding(start=99 * at, recording=recording) for at in range(20))
    whole = Examined(examination=an_examination(recording), exposure=an_exposure(), findings=found)
    store.save_examined(whole, "run-1", "2026-11-24T12:00:00+08:00")
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_whole_examinations_only(place: str, opened: Open) -> None:
    opened()
    helpers = str(Path(__file__).resolve().parents[1])
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", BUSY_WRITER, place, PASSWORD],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([helpers, os.environ.get("PYTHONPATH", "")])},
        )
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(7)]
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        night = opened().night()
        kept = {one.sha256 for one, _ in night.parts}
        assert {a_recording(f"r{number}").sha256 for number in said} <= kept
        assert len(night.findings) == 20 * len(night.parts)
        expected = Exposure(
            **{name: getattr(an_exposure(), name) for name in ("visits", "audio_samples", "staff_samples")}
        )
        assert {exposure for _, exposure in night.parts} == {expected}


def test_a_file_can_be_read_by_any_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite3"
    store = NightStore.open(str(path))
    store.save_examined(examined(a_finding(evidence="我不知道")), "run-1", NOON)
    store.close()
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT rule_id, evidence, softened FROM night_findings").fetchall()
    connection.close()
    assert found == [("T03", "我不知道", 0)]
