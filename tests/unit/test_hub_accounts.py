"""The administrator's pages: accounts, desks, settings; the auditor's log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from deskguard import hub as package
from deskguard.hub.accounts.roles import ALLOWED, PERMISSIONS
from deskguard.hub.audit import log
from deskguard.hub.audit.verify import Head, verify
from deskguard.hub.store import settings
from deskguard.i18n import catalogue
from hub_parts import Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as opened:
        yield opened


def test_every_permission_is_somebodys() -> None:
    assert set().union(*ALLOWED.values()) == set(PERMISSIONS)


def test_a_new_account_gets_a_password_that_must_be_changed(hall: Hall) -> None:
    admin = hall.visitor("administrator")
    form = {"name": "李雷", "role": "supervisor", "windows": "east-*，west-1"}
    page = admin.post("/accounts", form)
    assert page.status_code == 200
    password = re.search(r'class="secret">([^<]+)<', page.text)
    assert password is not None
    assert password[1] not in admin.get("/accounts").text
    fresh = hall.nobody()
    assert fresh.log_in("李雷", password[1]).status_code == 303
    # Whatever is opened leads to the change of the password.
    assert fresh.get("/audit").headers["location"] == "/password"
    new = "ein langes neues Passwort"
    fresh.post("/password", {"old": password[1], "new": new, "again": new})
    assert fresh.get("/audit").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "<script>"},
        {"name": "=1+1"},
        {"name": "clerk"},
        {"name": "CLERK"},
        {"windows": "<b>"},
        {"role": "king"},
    ],
)
def test_what_cannot_be_an_account_is_refused(hall: Hall, wrong: dict[str, str]) -> None:
    form = {"name": "somebody", "role": "clerk", **wrong}
    assert hall.visitor("administrator").post("/accounts", form).status_code == 422


def test_the_last_administrator_stays(hall: Hall) -> None:
    admin = hall.visitor("administrator")
    place = f"/accounts/{hall.ids['administrator']}"
    assert admin.post(place, {"role": "clerk"}).status_code == 422
    assert admin.post(place, {"role": "administrator", "disabled": "true"}).status_code == 422
    hall.add("second", "administrator")
    assert admin.post(place, {"role": "clerk"}).status_code == 303


def test_closing_an_account_ends_its_sessions_and_logins(hall: Hall) -> None:
    clerk, admin = hall.visitor("clerk"), hall.visitor("administrator")
    form = {"role": "clerk", "disabled": "true"}
    assert admin.post(f"/accounts/{hall.ids['clerk']}", form).status_code == 303
    assert clerk.get("/password").status_code == 303
    assert hall.nobody().log_in("clerk").status_code == 401


def test_a_code_enrols_one_desk_once(hall: Hall) -> None:
    page = hall.visitor("administrator").post("/desks/code", {"window": "w-3"})
    code = re.search(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", page.text)
    assert code is not None
    client = hall.nobody().client
    answer = client.post("/api/v1/enrol", json={"code": code[0].lower()})
    assert answer.status_code == 200
    assert answer.json()["window_id"] == "w-3"
    assert client.post("/api/v1/enrol", json={"code": code[0]}).status_code == 403
    with hall.state.store.reading() as connection:
        kept = connection.execute(sa.text("SELECT key_hash FROM hub_desks")).scalar_one()
    assert answer.json()["key"] not in kept


def test_a_code_is_good_for_a_day(hall: Hall) -> None:
    page = hall.visitor("administrator").post("/desks/code", {"window": "w-3"})
    code = re.search(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", page.text)
    assert code is not None
    hall.clock.wind(days=1, seconds=1)
    assert hall.nobody().client.post("/api/v1/enrol", json={"code": code[0]}).status_code == 403


@pytest.mark.parametrize("window", ["", " ", "a b", "../x", "<b>", "x" * 65])
def test_no_code_for_what_is_no_window(hall: Hall, window: str) -> None:
    assert hall.visitor("administrator").post("/desks/code", {"window": window}).status_code == 422


def test_settings_are_kept_within_bounds_and_noted(hall: Hall) -> None:
    admin = hall.visitor("administrator")
    assert admin.post("/settings", {"events_days": "90", "name": "东大厅"}).status_code == 200
    for wrong in ("0", "-1", "x", "99999999", "9" * 200):
        assert admin.post("/settings", {"events_days": wrong, "name": "kept whole"}).status_code == 422
    with hall.state.store.reading() as connection:
        assert settings.get(connection, "events_days") == "90"
        assert settings.get(connection, "name") == "东大厅"
    page = hall.visitor("auditor").get("/audit?action=settings.change")
    assert "events_days, name" in page.text


def test_text_of_others_is_shown_as_text(hall: Hall) -> None:
    hall.visitor("administrator").post("/settings", {"name": "<script>alert(1)</script>"})
    assert "<script>alert" not in hall.visitor("administrator").get("/settings").text
    audit = hall.visitor("auditor").get("/audit?who=%3Cscript%3E&target=%22%3E%3Cimg%20src=x%3E").text
    assert "<script>" not in audit.replace('<script type="module"', "")
    assert "<img" not in audit


# ---- the audit log ----


def an_entry(hall: Hall, target: str = "t") -> None:
    with hall.state.store.writing() as connection:
        log.record(
            connection, at=hall.clock(), who="somebody", action="try", target=target, detail={"n": 1, "x": "一"}
        )


def head_of(hall: Hall, head: Head | None = None) -> Head:
    with hall.state.store.reading() as connection:
        return verify(connection, head)


def meddle(hall: Hall, *statements: str) -> None:
    """As somebody who owns the file: the triggers go first."""
    with hall.state.store.writing() as connection:
        for name in ("hub_audit_kept_u", "hub_audit_kept_d"):
            connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}"))
        for statement in statements:
            connection.execute(sa.text(statement))


def test_the_chain_of_the_audit_log_holds(hall: Hall) -> None:
    assert head_of(hall).rows == 0
    for number in range(5):
        an_entry(hall, str(number))
    early = head_of(hall)
    an_entry(hall)
    assert head_of(hall, early).rows == early.rows + 1 == 6


@pytest.mark.parametrize("change", ["UPDATE hub_audit SET who = 'x'", "DELETE FROM hub_audit"])
def test_the_database_refuses_to_change_the_audit_log(hall: Hall, change: str) -> None:
    an_entry(hall)
    with pytest.raises(Exception, match="only added to"), hall.state.store.writing() as connection:
        connection.execute(sa.text(change))
    assert head_of(hall).rows == 1


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("UPDATE hub_audit SET detail = '{}' WHERE number = 3", 3),
        ("UPDATE hub_audit SET at_utc = '2020' WHERE number = 1", 1),
        ("DELETE FROM hub_audit WHERE number = 2", 2),
        (
            "INSERT INTO hub_audit SELECT 6, at_utc, who, action, target, detail, chain FROM hub_audit"
            " WHERE number = 5",
            6,
        ),
        ("UPDATE hub_audit SET number = 99 WHERE number = 5", 5),
    ],
)
def test_meddling_with_the_audit_log_shows_where(hall: Hall, statement: str, entry: int) -> None:
    for number in range(5):
        an_entry(hall, str(number))
    meddle(hall, statement)
    with pytest.raises(Exception, match=f"at entry {entry}:"):
        head_of(hall)


def test_a_log_cut_off_at_its_end_shows_against_an_earlier_head(hall: Hall) -> None:
    for number in range(5):
        an_entry(hall, str(number))
    noted = head_of(hall)
    meddle(hall, "DELETE FROM hub_audit WHERE number > 3")
    assert head_of(hall).rows == 3
    with pytest.raises(Exception, match="ends before"):
        head_of(hall, noted)


def test_the_auditor_finds_and_checks(hall: Hall) -> None:
    auditor = hall.visitor("auditor")
    hall.visitor("administrator").post("/desks/code", {"window": "w-9"})
    found = auditor.get("/audit?who=administrator&action=desk.code").text
    assert "w-9" in found
    assert "没有被改动" in auditor.post("/audit/verify", on="/audit").text
    meddle(hall, "UPDATE hub_audit SET who = 'x' WHERE number = 1")
    assert "被改动过" in auditor.post("/audit/verify", on="/audit").text


def test_everything_that_is_noted_has_words() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in Path(str(package.__file__)).parent.rglob("*.py")
    )
    noted = set(re.findall(r'\baction="([a-z]+(?:[.][a-z-]+)?)"', source)) - {"store_true"}
    assert len(noted) > 20
    missing = {one for one in noted if f"hub.action.{one.replace('.', '_')}" not in catalogue.load("en")}
    assert missing == set()
