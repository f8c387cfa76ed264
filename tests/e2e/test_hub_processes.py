"""Several processes of one hall on one PostgreSQL database, fed and read alike: together they are one hall."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa
from hall_server import HubProgram, running
from reporting_desk import PATIENCE_S, Reporting, now
from sound_server import wait_until
from webhook_receiver import Receiver

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import people, sessions
from deskguard.hub.accounts.setting_up import setup_code
from deskguard.hub.audit.verify import verify
from deskguard.hub.feed import delivering
from deskguard.hub.feed.delivering import NewHook
from deskguard.hub.keeping import backup
from deskguard.hub.keeping.restore import restore
from deskguard.hub.opened import opened_store
from deskguard.hub.options import HubOptions
from deskguard.hub.store.times import utc_text
from hub_parts import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from postgres_server import PostgresServer

    from deskguard.hub.accounts.roles import RoleName

Pair = tuple[HubProgram, HubProgram]
pytestmark = pytest.mark.postgres

_COUNTED = "SELECT SUM(count) FROM hub_sums WHERE part = 'kind' AND window_id = '' AND span = 'day'"
"""All that happened, by the sums."""


@pytest.fixture
def stopped(postgres: PostgresServer, tmp_path: Path) -> Pair:
    """Two processes of one hall, not started yet."""
    where = postgres.fresh(tmp_path)
    return HubProgram(tmp_path / "hub", *where), HubProgram(tmp_path / "hub", *where)


@pytest.fixture
def pair(stopped: Pair) -> Iterator[Pair]:
    with running(*stopped):
        yield stopped


def account(hub: HubProgram, name: str, role: RoleName) -> str:
    """Make an account with the password of the tests."""
    new = people.NewAccount(name=name, role=role, password=PASSWORD, must_change=False)
    kept = people.new_hash(PASSWORD, name)
    with hub.store() as store, store.writing() as connection:
        return people.make(connection, new, now(), kept)


def logged_in(hub: HubProgram, role: RoleName) -> dict[str, str]:
    """The cookie of somebody who is logged in."""
    account_id = account(hub, f"a-{role}", role)
    with hub.store() as store, store.writing() as connection:
        return {sessions.COOKIE: sessions.begin(connection, account_id, now())}


class Reader:
    """Follows the feed as server-sent events; where a process ends it goes on at the next."""

    def __init__(self, hubs: Sequence[HubProgram], cookies: dict[str, str]) -> None:
        self._hubs = itertools.cycle(hubs)
        self._cookies = cookies
        self.got: list[tuple[int, str]] = []
        """Position and id of each event, as they came."""
        self._ended = False
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._ended = True

    def _run(self) -> None:
        while not self._ended:
            try:
                self._follow(next(self._hubs))
            except httpx.HTTPError:
                time.sleep(0.05)

    def _follow(self, hub: HubProgram) -> None:
        last = str(self.got[-1][0]) if self.got else "0"
        headers = {"accept": "text/event-stream", "last-event-id": last}
        with (
            httpx.Client(trust_env=False, timeout=PATIENCE_S, cookies=self._cookies) as client,
            client.stream("GET", f"{hub.url}/api/v1/feed", headers=headers) as answer,
        ):
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    event = json.loads(line.removeprefix("data:"))
                    self.got.append((event["position"], event["id"]))
                if self._ended:
                    return


def in_store(hub: HubProgram) -> list[tuple[Any, ...]]:
    return hub.ask("SELECT position, event_id FROM hub_events ORDER BY position")


def check_log(hub: HubProgram) -> None:
    with hub.store() as store, store.reading() as connection:
        verify(connection)


def test_what_one_process_takes_all_tell_in_order_and_once(pair: Pair, tmp_path: Path) -> None:
    cookies = logged_in(pair[0], "supervisor")
    readers = [Reader([one], cookies) for one in pair]
    # Two desks that know one process each, two whose batches a proxy deals out.
    ways = [[pair[0]], [pair[1]], pair, pair]
    desks = [Reporting(way, tmp_path / f"desk-{n}", f"window-{n}") for n, way in enumerate(ways)]
    wait_until("all go on", lambda: all(len(one.acknowledged) >= 200 for one in desks), PATIENCE_S)
    for one in desks:
        one.stop()
    kept = in_store(pair[0])
    assert len(kept) == sum(len(one.acknowledged) for one in desks)
    for reader in readers:
        wait_until("all is told", lambda reader=reader: len(reader.got) >= len(kept), PATIENCE_S)
        reader.stop()
        assert reader.got == kept
    assert pair[0].ask(_COUNTED) == [(len(kept),)]
    assert {status for one in desks for status in one.statuses} == {200}


def test_when_one_process_is_killed_desks_and_readers_go_on_at_the_other(pair: Pair, tmp_path: Path) -> None:
    cookies = logged_in(pair[0], "supervisor")
    reader = Reader(pair, cookies)
    desks = [Reporting(pair, tmp_path / f"desk-{n}", f"window-{n}") for n in range(2)]
    for victim in pair:
        counts = [len(one.acknowledged) for one in desks]
        wait_until(
            "all go on",
            lambda counts=counts: all(
                len(one.acknowledged) > count + 50 for one, count in zip(desks, counts, strict=True)
            ),
            PATIENCE_S,
        )
        victim.kill()
        counts = [len(one.acknowledged) for one in desks]
        wait_until(
            "all go on at the other",
            lambda counts=counts: all(
                len(one.acknowledged) > count + 50 for one, count in zip(desks, counts, strict=True)
            ),
            PATIENCE_S,
        )
        victim.start()
    for one in desks:
        one.stop()
    kept = in_store(pair[0])
    told = sorted(event for one in desks for event in one.acknowledged)
    assert sorted(event for _, event in kept) == told
    wait_until("all is told", lambda: len(reader.got) >= len(kept), PATIENCE_S)
    reader.stop()
    assert reader.got == kept


def test_a_desk_hears_that_somebody_looks_on_at_the_other_process(pair: Pair, tmp_path: Path) -> None:
    desk = Reporting([pair[0]], tmp_path / "desk", "window-1")
    wait_until("it reports", lambda: len(desk.acknowledged) > 5, PATIENCE_S)
    assert desk.watching == 0
    reader = Reader([pair[1]], logged_in(pair[0], "supervisor"))
    wait_until("it hears of the reader", lambda: desk.watching == 1, PATIENCE_S)
    reader.stop()
    wait_until("it hears that the reader is gone", lambda: desk.watching == 0, PATIENCE_S)
    desk.stop()


def test_the_wall_goes_on_at_the_other_process(pair: Pair, tmp_path: Path) -> None:
    desks = [Reporting([pair[n]], tmp_path / f"desk-{n}", f"window-{n}") for n in range(2)]
    wait_until("they report", lambda: all(len(one.acknowledged) > 50 for one in desks), PATIENCE_S)
    for one in desks:
        one.stop()
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
        client.cookies.update(logged_in(pair[0], "supervisor"))

        def page() -> tuple[str, str]:
            text = client.get(f"{pair[0].url}/wall", headers={"accept": "text/html"}).text
            ((version, board),) = re.findall(r'data-version="(\d+)" data-board="(\w+)"', text)
            return version, board

        def has_settled() -> bool:
            """Whether this process has heard, half a second later, what the other one took."""
            before = page()
            time.sleep(1.5)
            return page() == before

        wait_until("no news comes any more", has_settled, PATIENCE_S)
        version, board = page()
        assert int(version) > 0

        def first(hub: HubProgram) -> set[str]:
            """The windows that the first news of a stream shows."""
            where = f"{hub.url}/wall/stream?since={version}&board={board}"
            with client.stream("GET", where) as answer:
                for line in answer.iter_lines():
                    if line.startswith("data:"):
                        return {one["window"] for one in json.loads(line.removeprefix("data:"))["tiles"]}
            raise AssertionError("the stream ended")

        # Nothing is new at the process of the page; the other one counts otherwise, and tells everything.
        assert first(pair[0]) == set()
        assert first(pair[1]) == {"window-0", "window-1"}


def form_token(client: httpx.Client, url: str) -> str:
    page = client.get(f"{url}/login", follow_redirects=True, headers={"accept": "text/html"})
    found = re.search(r'name="csrf" content="([^"]+)"', page.text)
    assert found is not None, page.status_code
    return found[1]


def log_in(url: str, name: str, password: str) -> httpx.Client:
    """A browser after a try to log in."""
    client = httpx.Client(trust_env=False, timeout=PATIENCE_S)
    form = {"name": name, "password": password, "next": "/", "csrf": form_token(client, url)}
    client.post(f"{url}/login", data=form)
    return client


def test_who_logs_in_at_one_process_is_in_at_all_and_out_of_all(pair: Pair) -> None:
    account(pair[0], "auditor", "auditor")
    first, second = (one.url for one in pair)
    client = log_in(first, "auditor", PASSWORD)
    page = client.get(f"{second}/password", headers={"accept": "text/html"})
    assert page.status_code == 200
    found = re.search(r'name="csrf" content="([^"]+)"', page.text)
    assert found is not None
    # A form that one process made, sent to the other.
    assert client.post(f"{first}/logout", data={"csrf": found[1]}).status_code == 303
    assert client.get(f"{second}/password", headers={"accept": "text/html"}).status_code == 303


def test_guesses_are_counted_together(pair: Pair) -> None:
    account(pair[0], "auditor", "auditor")
    urls = list(itertools.islice(itertools.cycle(one.url for one in pair), 16))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda url: log_in(url, "auditor", "a wrong one").close(), urls))
    told = pair[0].ask("SELECT detail FROM hub_audit WHERE action = 'login.failed'")
    why = Counter(json.loads(detail)["why"] for (detail,) in told)
    # Six, as of one guess after the other; whoever comes at the same moment gains nothing.
    assert why == {"refused": 6, "locked": 10}
    assert log_in(pair[1].url, "auditor", PASSWORD).get(f"{pair[1].url}/password").status_code != 200
    check_log(pair[0])


def test_a_webhook_is_told_once_by_all_processes_together(pair: Pair, tmp_path: Path) -> None:
    with Receiver() as receiver:
        with pair[0].store() as store, store.writing() as connection:
            delivering.add(connection, NewHook(receiver.url, "generic", ("help",)), "test", now())
        desks = [Reporting(pair, tmp_path / f"desk-{n}", f"window-{n}") for n in range(2)]
        wait_until("they report", lambda: all(len(one.acknowledged) >= 200 for one in desks), PATIENCE_S)
        for one in desks:
            one.stop()
        kept = [event for _, event in in_store(pair[0])]

        def told() -> list[str]:
            return [event["id"] for _, _, body in receiver.got for event in json.loads(body)["events"]]

        wait_until("all is told", lambda: len(told()) >= len(kept), PATIENCE_S)
        # Both notice it at their next look, if one has anything more to tell.
        for one in pair:
            assert one.stop() == 0
        assert told() == kept
        receiver.shutdown()


def test_retention_runs_once_and_is_noted_once(stopped: Pair) -> None:
    old = utc_text(now() - timedelta(days=400))
    with stopped[0].store() as store, store.writing() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO hub_events SELECT n, 'd1', 'e' || n, n, 'window-1', 'help', :old, '2025-01-01',"
                " :old, '{}' FROM generate_series(1, 20000) AS n"
            ),
            {"old": old},
        )
        connection.execute(sa.text("UPDATE hub_sequence SET value = 20000"))
    try:
        for one in stopped:
            one.begin()
        for one in stopped:
            wait_until("it serves", one.is_well, PATIENCE_S)
        told = "SELECT detail FROM hub_audit WHERE action = 'retention'"
        wait_until("it has run", lambda: not in_store(stopped[0]), PATIENCE_S)
    finally:
        for one in stopped:
            one.kill()
    # In pieces, each with its note: together they are all, and nothing is told twice.
    assert sum(json.loads(detail)["events"] for (detail,) in stopped[0].ask(told)) == 20000
    assert in_store(stopped[0]) == []


def test_a_backup_made_while_both_write_is_of_one_moment(
    pair: Pair, postgres: PostgresServer, tmp_path: Path
) -> None:
    account(pair[0], "auditor", "auditor")
    desks = [Reporting(pair, tmp_path / f"desk-{n}", f"window-{n}") for n in range(2)]
    ended = threading.Event()

    def log_in_again_and_again() -> None:
        for one in itertools.cycle(pair):
            if ended.is_set():
                return
            log_in(one.url, "auditor", PASSWORD).close()

    threads = [threading.Thread(target=log_in_again_and_again, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until("they report", lambda: all(len(one.acknowledged) > 50 for one in desks), PATIENCE_S)
    file, data = tmp_path / "backup.tar.gz", tmp_path / "again"
    with pair[0].store() as store:
        backup.write(store, pair[0].data, file, now())
    ended.set()
    for one in desks:
        one.stop()
    for thread in threads:
        thread.join(PATIENCE_S)
    _, head = restore(file, str(tmp_path / "again.sqlite3"), data)
    assert head.rows > 0
    options = HubOptions(data=data, db=str(tmp_path / "again.sqlite3"))
    with opened_store(options) as store, store.reading() as connection:
        events = connection.execute(sa.text("SELECT COUNT(*), MAX(position) FROM hub_events")).one()
        counted = connection.execute(sa.text(_COUNTED)).scalar_one()
        last = connection.execute(sa.text("SELECT value FROM hub_sequence")).scalar_one()
    assert events[0] == counted
    assert events[1] == last
    check_log(pair[0])


def test_of_two_who_make_the_first_account_at_once_one_does(pair: Pair) -> None:
    code = setup_code(pair[0].data)

    def make(number: int) -> int:
        url = pair[number % 2].url
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            form = {"code": code, "name": f"admin-{number}", "password": PASSWORD, "again": PASSWORD}
            return client.post(f"{url}/setup", data={**form, "csrf": form_token(client, url)}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(make, range(4)))
    assert statuses.count(303) == 1, statuses
    assert pair[0].ask("SELECT COUNT(*) FROM hub_accounts") == [(1,)]
    check_log(pair[0])


def test_a_process_with_another_data_folder_is_refused(
    pair: Pair, postgres: PostgresServer, tmp_path: Path
) -> None:
    stranger = pair[0].with_data(tmp_path / "another")
    stranger.begin()
    assert stranger.wait() == 2
    assert "audit.key in it is another" in "".join(stranger.logged)
    with pytest.raises(DeskguardError) as caught, stranger.store():
        pass
    assert caught.value.code == "hub-other-data"
