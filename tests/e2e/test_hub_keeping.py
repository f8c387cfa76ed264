"""What the hall keeps: gone when it is too old or somebody asked, whole from a backup; on both databases."""

from __future__ import annotations

import io
import itertools
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from postgres_server import PASSWORD as DATABASE_PASSWORD
from postgres_server import PostgresServer, postgres_server

from deskguard.errors import DeskguardError
from deskguard.hub.audit import log
from deskguard.hub.audit.verify import verify
from deskguard.hub.keeping import backup
from deskguard.hub.keeping.restore import restore
from deskguard.hub.keeping.retention import sweep
from deskguard.hub.store import settings
from deskguard.hub.store.opening import HubStore
from deskguard.scoring.store import Wanted
from deskguard.scoring.values import Examined, Spoken
from hub_parts import Hall, a_hall
from scoring_values import a_finding, a_recording, an_examination, an_exposure, decision

AT = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Places:
    """Empty places for halls, on either database."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self.password_file = folder / "password"
        self.password_file.write_text(DATABASE_PASSWORD, encoding="utf-8")

    def new(self, kind: str) -> tuple[str, Path]:
        number = next(_numbers)
        data = self._folder / f"hall-{number}"
        if kind == "sqlite":
            return str(self._folder / f"hall-{number}.sqlite3"), data
        running: PostgresServer = self._request.getfixturevalue("server")
        return running.create(f"hall{number}"), data


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    return Places(request, tmp_path)


@pytest.fixture
def hall(places: Places, kind: str) -> Iterator[Hall]:
    db, data = places.new(kind)
    with a_hall(data, db, places.password_file) as opened:
        yield opened


def examine(hall: Hall, name: str, clerk: str, day: date) -> str:
    """A recording with one finding, which somebody confirmed; gives the finding's id."""
    recording = a_recording(name, clerk=clerk, day=day)
    finding = a_finding(recording=recording)
    spoken = (Spoken(start_sample=0, end_sample=16, role="staff", text=f"words of {name}"),)
    examined = Examined(
        examination=an_examination(recording), exposure=an_exposure(), findings=(finding,), spoken=spoken
    )
    hall.state.night.save_examined(examined, "run-1", "2026-11-24T12:00:00+08:00")
    hall.state.night.decide(decision(finding, "confirm"))
    return finding.finding_id


def rows_of(hall: Hall, table: str) -> list[dict[str, Any]]:
    with hall.state.store.reading() as connection:
        return [
            dict(one._mapping)
            for one in connection.execute(sa.select(sa.text("*")).select_from(sa.text(table)))
        ]


def clerks(hall: Hall) -> set[str]:
    night = hall.state.night.night(Wanted())
    return {one.recording.clerk_id for one in night.findings}


def clip(folder: Path, finding_id: str) -> Path:
    path = folder / "report" / "clips" / f"{finding_id}.ogg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    return path


def decide(hall: Hall, **values: str) -> None:
    with hall.state.store.writing() as connection:
        settings.put(connection, values.items())


def test_what_is_older_than_the_settings_say_goes_with_its_clips(hall: Hall, tmp_path: Path) -> None:
    old = examine(hall, "old", "c1", date(2026, 8, 31))
    edge = examine(hall, "edge", "c2", date(2026, 9, 1))
    clips = tmp_path / "clips"
    gone, kept = clip(clips, old), clip(clips, edge)
    decide(hall, findings_days="90", clips_folder=str(clips))
    told = sweep(hall.state)
    assert {name: told[name] for name in ("findings", "recordings", "clips")} == {
        "findings": 1,
        "recordings": 1,
        "clips": 1,
    }
    assert clerks(hall) == {"c2"}
    assert [one["text"] for one in rows_of(hall, "night_spoken")] == ["words of edge"]
    assert [one["finding_id"] for one in rows_of(hall, "night_decisions")] == [edge]
    assert (gone.exists(), kept.exists()) == (False, True)
    # It is noted once; where nothing was too old there is nothing to note.
    sweep(hall.state)
    assert [one["action"] for one in rows_of(hall, "hub_audit")] == ["retention"]


def test_a_clerk_takes_away_what_is_known_of_them_and_nothing_else(hall: Hall, tmp_path: Path) -> None:
    mine = examine(hall, "mine", "clerk-7", date(2026, 11, 20))
    examine(hall, "other", "clerk-8", date(2026, 11, 20))
    clip(tmp_path / "clips", mine)
    decide(hall, clips_folder=str(tmp_path / "clips"))
    answer = hall.visitor("clerk").get("/my-data.zip")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        texts = {name: archive.read(name).decode("utf-8") for name in names if name.endswith(".json")}
    assert f"clips/{mine}.ogg" in names
    assert [one["text"] for one in json.loads(texts["spoken.json"])] == ["words of mine"]
    assert [one["finding_id"] for one in json.loads(texts["findings.json"])] == [mine]
    assert len(json.loads(texts["decisions.json"])) == 1
    assert json.loads(texts["account.json"])[0]["clerk_id"] == "clerk-7"
    assert not any("other" in text or "password" in text for text in texts.values())
    assert rows_of(hall, "hub_audit")[-1]["action"] == "person.export"


def test_a_wish_for_deletion_is_carried_out_by_the_administrator(hall: Hall, tmp_path: Path) -> None:
    mine = examine(hall, "mine", "clerk-7", date(2026, 11, 20))
    examine(hall, "other", "clerk-8", date(2026, 11, 20))
    sound = clip(tmp_path / "clips", mine)
    decide(hall, clips_folder=str(tmp_path / "clips"))
    clerk, admin = hall.visitor("clerk"), hall.visitor("administrator")
    for _ in range(2):
        clerk.post("/my-data/delete", {"why": "<b>我要离开</b>"})
    asked = rows_of(hall, "hub_deletion_requests")
    assert len(asked) == 1
    assert "&lt;b&gt;" in admin.get("/accounts").text
    place = f"/accounts/requests/{asked[0]['request_id']}"
    assert clerk.post(place, {"act": "delete"}).status_code == 403
    assert clerks(hall) == {"clerk-7", "clerk-8"}
    assert admin.post(place, {"act": "delete", "answer": "done"}).status_code == 303
    assert clerks(hall) == {"clerk-8"}
    assert not sound.exists()
    assert admin.post(place, {"act": "delete"}).status_code == 404
    assert "已删除" in clerk.get("/my-data").text
    with hall.state.store.reading() as connection:
        assert verify(connection).rows == len(rows_of(hall, "hub_audit"))


def test_a_declined_wish_deletes_nothing_and_may_be_asked_again(hall: Hall) -> None:
    examine(hall, "mine", "clerk-7", date(2026, 11, 20))
    clerk, admin = hall.visitor("clerk"), hall.visitor("administrator")
    for number in (1, 2):
        clerk.post("/my-data/delete", {"why": "x"})
        waiting = [one for one in rows_of(hall, "hub_deletion_requests") if one["outcome"] is None]
        assert len(rows_of(hall, "hub_deletion_requests")) == number
        admin.post(f"/accounts/requests/{waiting[0]['request_id']}", {"act": "decline", "answer": "law"})
    assert clerks(hall) == {"clerk-7"}


# ---- backup and restore ----


def fill(hall: Hall) -> None:
    for number in range(3):
        examine(hall, f"r{number}", f"c{number}", date(2026, 11, 20))
    hall.desk("window-1")
    decide(hall, name="东大厅 — 'quoted' \\ %s :name")
    with hall.state.store.writing() as connection:
        # More than are written at once.
        for number in range(2100):
            log.record(
                connection, at=AT, who="somebody", action="try", target=str(number), detail={"n": number}
            )
    (hall.state.data / "packs").mkdir()
    (hall.state.data / "packs" / "one.toml").write_text("规则", encoding="utf-8")


def everything(store: HubStore) -> dict[str, list[Any]]:
    with store.reading() as connection:
        return {
            name: sorted(
                json.dumps(dict(one._mapping), ensure_ascii=False, sort_keys=True)
                for one in connection.execute(sa.select(sa.text("*")).select_from(sa.text(name)))
            )
            for name in backup.table_names(connection)
        }


@pytest.mark.parametrize("into", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_backup_restores_everything_on_either_database(
    hall: Hall, places: Places, tmp_path: Path, into: str
) -> None:
    fill(hall)
    before = everything(hall.state.store)
    file = tmp_path / "backup.tar.gz"
    backup.write(hall.state.store, hall.state.data, file, AT)
    assert file.stat().st_mode & 0o777 == 0o600
    db, data = places.new(into)
    _, head = restore(file, db, data, DATABASE_PASSWORD)
    assert head.rows == 2100
    assert (data / "packs" / "one.toml").read_text(encoding="utf-8") == "规则"
    with a_hall(data, db, places.password_file, is_peopled=False) as again:
        assert everything(again.state.store) == before
        # People log in with the passwords they had, and the hall goes on where it was.
        assert again.nobody().log_in("auditor").status_code == 303
        with again.state.store.reading() as connection:
            assert verify(connection).rows == 2101
        assert clerks(again) == {"c0", "c1", "c2"}


def refusal(file: Path, db: str, data: Path) -> str:
    with pytest.raises(DeskguardError) as caught:
        restore(file, db, data, DATABASE_PASSWORD)
    return caught.value.code


def test_a_restore_writes_nothing_over(hall: Hall, places: Places, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    backup.write(hall.state.store, hall.state.data, file, AT)
    db, data = places.new(kind)
    assert refusal(file, db, hall.state.data) == "restore-not-empty"
    restore(file, db, data, DATABASE_PASSWORD)
    assert refusal(file, db, tmp_path / "elsewhere") == "restore-not-empty"


def changed(file: Path, to: Path, change: Any) -> Path:
    """The same backup with each entry's bytes as `change` gives them."""
    with tarfile.open(file) as old, tarfile.open(to, "w:gz") as new:
        for entry in old:
            inside = old.extractfile(entry)
            content = change(entry.name, inside.read() if inside else b"")
            if content is not None:
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))
    return to


def test_a_damaged_backup_is_refused_and_leaves_an_empty_hall(
    hall: Hall, places: Places, kind: str, tmp_path: Path
) -> None:
    fill(hall)
    file = tmp_path / "backup.tar.gz"
    backup.write(hall.state.store, hall.state.data, file, AT)
    audit = "tables/hub_audit.jsonl"
    cases = {
        "cut": lambda: (tmp_path / "cut").write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
        "text": lambda: (tmp_path / "text").write_text("no backup", encoding="utf-8"),
        "short": lambda: changed(file, tmp_path / "short", lambda name, body: None if name == audit else body),
        "meddled": lambda: changed(
            file,
            tmp_path / "meddled",
            lambda name, body: body.replace(b'"somebody"', b'"nobody12"') if name == audit else body,
        ),
        "newer": lambda: changed(
            file,
            tmp_path / "newer",
            lambda name, body: body.replace(b"0002-feed", b"9999-new") if name == "manifest.json" else body,
        ),
    }
    wanted = {"cut": "backup-damaged", "text": "backup-damaged", "short": "backup-damaged"}
    wanted |= {"meddled": "audit-broken", "newer": "backup-newer"}
    for name, make in cases.items():
        make()
        db, data = places.new(kind)
        assert refusal(tmp_path / name, db, data) == wanted[name], name
        if kind == "sqlite" and Path(db).exists():
            store = HubStore.open(db, data)
            assert not any(rows for table, rows in everything(store).items() if table == "hub_accounts")
            store.close()


def test_a_backup_cannot_write_outside_the_data_folder(hall: Hall, places: Places, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    backup.write(hall.state.store, hall.state.data, file, AT)
    evil = tmp_path / "evil.tar.gz"
    with tarfile.open(file) as old, tarfile.open(evil, "w:gz") as new:
        for entry in old:
            new.addfile(entry, old.extractfile(entry))
        for name in ("data/../outside", "data//etc/outside", "data/sub/../../outside"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            new.addfile(entry, io.BytesIO(b"evil"))
    db, data = places.new("sqlite")
    restore(evil, db, data)
    assert not list(tmp_path.glob("outside"))
    assert not Path("/etc/outside").exists()


def test_the_commands_do_the_same(tmp_path: Path) -> None:
    data, again, file = tmp_path / "hall", tmp_path / "again", tmp_path / "backup.tar.gz"

    def hub(*arguments: str, given: str = "", status: int = 0) -> str:
        command = [sys.executable, "-m", "deskguard", "hub", *arguments]
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, encoding="utf-8", check=False, env=os.environ
        )
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    hub("init", "--admin", "王芳", "--data", str(data), given="a password that is long\n")
    assert "account-exists" not in hub("init", "--admin", "x", "--data", str(data), given="y\n", status=2)
    assert len(hub("enrol", "w-1", "--data", str(data)).strip()) == 19
    assert hub("enrol", "no window", "--data", str(data), status=2).startswith("deskguard: ")
    head = hub("audit", "verify", "--data", str(data)).split()[-1]
    assert "It holds every secret" in hub("backup", str(file), "--data", str(data))
    assert "the audit log is whole" in hub("restore", str(file), "--data", str(again))
    assert "nothing was changed" in hub("audit", "verify", "--head", head, "--data", str(again))
    assert "is not empty" in hub("restore", str(file), "--data", str(again), status=2)
    refused = hub("--host", "0.0.0.0", "--port", "0", "--data", str(data), status=2)
    assert "--behind-proxy" in refused
