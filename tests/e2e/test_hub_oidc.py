"""People come into the hall by a provider of the house: only those it vouches for, now, for this very login."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from browser_driver import console, make_driver
from hall_server import HubProgram, running
from oidc_provider import CLIENT, SECRET, Login, OidcProvider
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import people
from deskguard.hub.audit.verify import verify
from deskguard.hub.oidc import config, journey
from deskguard.hub.options import HubOptions
from hub_parts import PASSWORD, Hall, Visitor, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 30.0


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with OidcProvider() as made:
        yield made
        made.shutdown()


def oidc_file(
    folder: Path, provider: OidcProvider, *, address: str = "http://localhost", more: str = ""
) -> Path:
    """A file for `hub --oidc`, with the client's secret beside it."""
    secret, file = folder / "client-secret", folder / "oidc.toml"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    lines = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret_file": str(secret),
        "address": address,
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    file.write_text(text + more, encoding="utf-8")
    return file


class Hallway:
    """A hall with a provider, and browsers that go from one to the other."""

    def __init__(self, hall: Hall, provider: OidcProvider) -> None:
        self.hall = hall
        self.provider = provider
        provider.now_s = lambda: hall.clock().timestamp()

    def leaves(self, visitor: Visitor, then: str = "/password") -> str:
        """Where the browser is sent by the button of the login page."""
        answer = visitor.get("/login/oidc", params={"next": then})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def comes_back(self, where: str) -> str:
        """The path to which the provider sends the browser that went to an address."""
        answer = httpx.get(where, trust_env=False)
        assert answer.status_code == 302
        parts = urlsplit(answer.headers["location"])
        return f"{parts.path}?{parts.query}"

    def logs_in(self, visitor: Visitor | None = None, then: str = "/password") -> Any:
        """The whole way; gives the hall's last answer."""
        visitor = visitor or self.hall.nobody()
        return visitor.get(self.comes_back(self.leaves(visitor, then)))

    def audit(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Who, action and detail of all entries."""
        with self.hall.state.store.reading() as connection:
            verify(connection)
            rows = connection.execute(sa.text("SELECT who, action, detail FROM hub_audit ORDER BY number"))
            return [(who, action, json.loads(detail)) for who, action, detail in rows]

    def account(self, name: str) -> dict[str, Any] | None:
        with self.hall.state.store.reading() as connection:
            return people.by_name(connection, name)


@pytest.fixture
def more() -> str:
    """What else stands in the OIDC file; tests give their own."""
    return ""


@pytest.fixture
def hallway(tmp_path: Path, provider: OidcProvider, more: str) -> Iterator[Hallway]:
    file = oidc_file(tmp_path, provider, more=more)
    with a_hall(tmp_path / "hall", oidc=file) as hall:
        yield Hallway(hall, provider)


def with_file(text: str) -> Any:
    return pytest.mark.parametrize("more", [text], ids=["with-file"])


# ---- the way in ----


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_who_the_provider_vouches_for_is_in_with_the_halls_own_session(
    hallway: Hallway, algorithm: Any
) -> None:
    hallway.provider.login = Login(name="Supervisor", algorithm=algorithm)
    visitor = hallway.hall.nobody()
    assert 'href="/login/oidc?next=/wall"' in visitor.get("/login?next=/wall").text
    answer = hallway.logs_in(visitor)
    assert (answer.status_code, answer.headers["location"]) == (303, "/password")
    assert "supervisor" in visitor.get("/password").text
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("deskguard-hall="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    mine = hallway.hall.ids["supervisor"]
    assert hallway.audit() == [(mine, "account.link", {}), (mine, "login", {"by": "oidc"})]
    # The hall ends what the hall began.
    visitor.post("/logout")
    assert visitor.get("/password").status_code == 303


def test_a_second_login_is_the_same_account_whatever_it_is_called_meanwhile(hallway: Hallway) -> None:
    hallway.logs_in()
    hallway.provider.login = Login(name="somebody-else")
    visitor = hallway.hall.nobody()
    assert hallway.logs_in(visitor).status_code == 303
    assert "supervisor" in visitor.get("/password").text


def test_a_name_that_somebody_else_gets_there_opens_nothing(hallway: Hallway) -> None:
    hallway.logs_in()
    hallway.provider.login = Login(subject="subject-2")
    answer = hallway.logs_in()
    assert answer.status_code == 403
    assert hallway.audit()[-1] == ("nobody", "login.failed", {"why": "oidc-other-person", "by": "oidc"})
    # Until the administrator says that it is the same person.
    admin, mine = hallway.hall.visitor("administrator"), hallway.hall.ids["supervisor"]
    assert "subject-1" in admin.get(f"/accounts/{mine}").text
    assert admin.post(f"/accounts/{mine}/untie").status_code == 303
    assert hallway.logs_in().status_code == 303


def test_where_one_wanted_to_go_is_where_one_gets(hallway: Hallway) -> None:
    assert hallway.logs_in(then="/wall").headers["location"] == "/wall"
    assert hallway.logs_in(then="//evil.example").headers["location"] == "/"
    assert hallway.logs_in(then="/" + "x" * 5000).headers["location"] == "/"


# ---- what is refused ----

WRONG: dict[str, Login] = {
    "oidc-other-nonce": Login(claims={"nonce": "of another login"}),
    "oidc-other-issuer": Login(claims={"iss": "https://evil.example/realm"}),
    "oidc-other-audience": Login(claims={"aud": "another-client"}),
    "oidc-expired": Login(claims={"exp": 1_700_000_000}),
    "oidc-not-yet": Login(claims={"iat": 4_000_000_000, "exp": 4_000_000_300}),
    "oidc-bad-signature": Login(key="key-2", head={"kid": "key-1"}),
    "oidc-incomplete": Login(claims={"nonce": None}),
    "oidc-broken": Login(claims={"exp": "tomorrow"}),
    "oidc-no-account": Login(name="never-was"),
}
MORE_WRONG = [
    ("oidc-other-audience", Login(claims={"aud": [CLIENT, "another"]})),
    ("oidc-other-audience", Login(claims={"azp": "another"})),
    ("oidc-incomplete", Login(claims={"aud": []})),
    ("oidc-not-yet", Login(claims={"nbf": 4_000_000_000})),
    ("oidc-bad-signature", Login(head={"alg": "none"}, signature="")),
    ("oidc-bad-signature", Login(head={"alg": "HS256"})),
    ("oidc-bad-signature", Login(key="key-2")),
    ("oidc-bad-signature", Login(signature="AAAA")),
    ("oidc-bad-signature", Login(head={"kid": None}, published=("key-1", "key-2"))),
    ("oidc-incomplete", Login(claims={"sub": None})),
    ("oidc-incomplete", Login(claims={"sub": ""})),
    ("oidc-incomplete", Login(claims={"exp": None})),
    ("oidc-no-account", Login(name="")),
    ("oidc-no-account", Login(claims={"preferred_username": ["supervisor"]})),
    ("oidc-denied", Login(error="access_denied")),
]


@pytest.mark.parametrize(("why", "login"), [*WRONG.items(), *MORE_WRONG])
def test_what_the_provider_does_not_vouch_for_is_not_let_in(hallway: Hallway, why: str, login: Login) -> None:
    hallway.provider.login = login
    visitor = hallway.hall.nobody()
    answer = hallway.logs_in(visitor)
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert not any(one.startswith("deskguard-hall=") for one in answer.headers.get_list("set-cookie"))
    assert visitor.get("/password").status_code == 303
    assert hallway.audit() == [("nobody", "login.failed", {"why": why, "by": "oidc"})]


def test_a_token_is_good_for_as_long_as_it_says_by_the_halls_clock(hallway: Hallway) -> None:
    visitor = hallway.hall.nobody()
    back = hallway.comes_back(hallway.leaves(visitor))
    hallway.hall.clock.wind(minutes=5, seconds=59)
    token_of = hallway.hall.clock().timestamp() - 359
    hallway.provider.now_s = lambda: token_of
    assert visitor.get(back).status_code == 303
    back = hallway.comes_back(hallway.leaves(visitor))
    token_of = hallway.hall.clock().timestamp() - 361
    assert visitor.get(back).status_code == 403


def test_an_answer_is_good_for_the_browser_that_asked_once_and_for_a_while(hallway: Hallway) -> None:
    mine, thief = hallway.hall.nobody(), hallway.hall.nobody()
    back = hallway.comes_back(hallway.leaves(mine))
    hallway.leaves(thief)
    # In another browser, which has begun a login of its own: nobody is logged in as somebody else unawares.
    assert thief.get(back).status_code == 403
    assert thief.get("/login/oidc/back").status_code == 403
    assert mine.get(back).status_code == 303
    assert mine.get(back).status_code == 403
    late = hallway.hall.nobody()
    back = hallway.comes_back(hallway.leaves(late))
    hallway.hall.clock.wind(minutes=11)
    assert late.get(back).status_code == 403
    why = [detail["why"] for _, action, detail in hallway.audit() if action == "login.failed"]
    assert why == ["oidc-lost"] * 4


def test_a_cookie_that_the_hall_did_not_sign_is_none(hallway: Hallway) -> None:
    visitor = hallway.hall.nobody()
    back = hallway.comes_back(hallway.leaves(visitor))
    state = parse_qs(urlsplit(back).query)["state"][0]
    made_up = journey.begin("/", hallway.hall.clock())
    forged = journey.packed(made_up, b"another key")
    for value in (forged, "", ".", "x.y", "€.€", forged.split(".")[0]):
        assert journey.unpacked(value, b"the key", hallway.hall.clock()) is None
    assert journey.unpacked(forged, b"another key", hallway.hall.clock()) == made_up
    assert state != made_up.state


def test_a_code_that_is_brought_by_another_provider_is_not_taken(hallway: Hallway) -> None:
    visitor = hallway.hall.nobody()
    back = hallway.comes_back(hallway.leaves(visitor))
    path, _, query = back.partition("?")
    given = {name: values[0] for name, values in parse_qs(query).items()}
    assert visitor.get(path, params={**given, "iss": "https://evil.example"}).status_code == 403
    assert "/realm/token" not in hallway.provider.asked


def test_a_code_needs_the_verifier_of_its_login(hallway: Hallway) -> None:
    visitor, other = hallway.hall.nobody(), hallway.hall.nobody()
    back = hallway.comes_back(hallway.leaves(visitor))
    stolen = parse_qs(urlsplit(back).query)["code"][0]
    asked = hallway.leaves(other)
    state = parse_qs(urlsplit(asked).query)["state"][0]
    assert other.get("/login/oidc/back", params={"code": stolen, "state": state}).status_code == 403
    assert hallway.audit()[-1][2]["why"] == "oidc-code-refused"


def test_an_account_that_is_closed_stays_closed(hallway: Hallway) -> None:
    mine = hallway.hall.ids["supervisor"]
    form = {"role": "supervisor", "disabled": "true"}
    hallway.hall.visitor("administrator").post(f"/accounts/{mine}", form)
    assert hallway.logs_in().status_code == 403
    assert hallway.audit()[-1][2]["why"] == "oidc-disabled"


# ---- a provider that is away, or strange ----


def test_keys_that_the_provider_changes_are_learnt(hallway: Hallway) -> None:
    hallway.logs_in()
    keys_asked = hallway.provider.asked.count("/realm/keys")
    hallway.provider.login = Login(key="key-2", published=("key-1", "key-2"))
    # Not at every token that names one, or anybody could have it asked for as often as he likes.
    assert hallway.logs_in().status_code == 403
    assert hallway.provider.asked.count("/realm/keys") == keys_asked
    oidc = hallway.hall.state.oidc
    assert oidc is not None
    oidc._keys_s -= 60.0
    assert hallway.logs_in().status_code == 303


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example/realm"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_provider_that_is_not_as_expected_is_not_gone_to(hallway: Hallway, said: dict[str, Any]) -> None:
    hallway.provider.said = said
    answer = hallway.hall.nobody().get("/login/oidc")
    assert answer.status_code == 502
    assert "set-cookie" not in answer.headers or "deskguard-oidc" not in answer.headers["set-cookie"]
    assert hallway.audit() == [("nobody", "login.failed", {"why": "oidc-strange", "by": "oidc"})]


def test_while_the_provider_is_away_passwords_still_open_the_hall(
    tmp_path: Path, provider: OidcProvider
) -> None:
    file = oidc_file(tmp_path, provider)
    provider.shutdown()
    provider.server_close()
    with a_hall(tmp_path / "hall", oidc=file) as hall:
        answer = hall.nobody().get("/login/oidc")
        assert answer.status_code == 502
        assert "统一身份登录暂时用不了" in answer.text
        assert hall.nobody().log_in("supervisor").status_code == 303


# ---- accounts and roles by the provider ----

CREATING = """
create = true
default_role = "clerk"
clerk_claim = "employee"
"""


@with_file(CREATING)
def test_an_account_is_made_only_where_the_file_says_so(hallway: Hallway) -> None:
    hallway.provider.login = Login(name="李雷", claims={"employee": "c-31"})
    visitor = hallway.hall.nobody()
    assert hallway.logs_in(visitor).status_code == 303
    made = hallway.account("李雷")
    assert made is not None
    assert (made["role"], made["clerk_id"], made["must_change"]) == ("clerk", "c-31", 0)
    assert visitor.get("/mine").status_code == 200
    # Nobody knows a password of it.
    assert hallway.hall.nobody().log_in("李雷", "x").status_code == 401
    assert [action for _, action, _ in hallway.audit()[:3]] == ["account.make", "account.link", "login"]


@with_file(CREATING)
def test_a_name_that_no_account_may_have_makes_none(hallway: Hallway) -> None:
    hallway.provider.login = Login(name="<b>")
    assert hallway.logs_in().status_code == 403
    assert hallway.account("<b>") is None


ROLES = """
role_claim = "realm.groups"
create = true
[roles]
"hall/chiefs" = "supervisor"
"hall/audit" = "auditor"
"""


@with_file(ROLES)
def test_roles_follow_the_provider_at_each_login(hallway: Hallway) -> None:
    def comes(*groups: str) -> int:
        hallway.provider.login = Login(name="wang", claims={"realm": {"groups": list(groups)}})
        return int(hallway.logs_in().status_code)

    assert comes("staff", "hall/audit") == 303
    made = hallway.account("wang")
    assert made is not None
    assert made["role"] == "auditor"
    assert comes("hall/audit", "hall/chiefs") == 303
    changed = hallway.account("wang")
    assert changed is not None
    assert (changed["account_id"], changed["role"]) == (made["account_id"], "supervisor")
    detail = {"by": "oidc", "changed": ["role"], "role": "supervisor"}
    assert ("oidc", "account.change", detail) in hallway.audit()
    # Who has none of the groups any more has nothing to do here.
    assert comes("staff") == 403
    assert hallway.audit()[-1][2]["why"] == "oidc-no-role"


@with_file(ROLES)
def test_the_only_administrator_stays_one_whatever_the_provider_says(hallway: Hallway) -> None:
    hallway.provider.login = Login(name="administrator", claims={"realm": {"groups": ["hall/audit"]}})
    assert hallway.logs_in().status_code == 303
    row = hallway.account("administrator")
    assert row is not None
    assert row["role"] == "administrator"


@with_file("passwords = false\n")
def test_without_passwords_the_provider_is_the_only_way_in(hallway: Hallway) -> None:
    visitor = hallway.hall.nobody()
    page = visitor.get("/login").text
    assert 'id="oidc"' in page
    assert 'name="password"' not in page
    assert visitor.log_in("supervisor").status_code == 403
    assert hallway.logs_in(visitor).status_code == 303
    assert "没有自己的密码" in visitor.get("/password").text
    form = {"old": PASSWORD, "new": "another one that is long", "again": "another one that is long"}
    assert visitor.post("/password", form).status_code == 403
    made = hallway.hall.visitor("administrator").post("/accounts", {"name": "new", "role": "auditor"}).text
    assert 'class="secret"' not in made


def test_a_password_that_was_handed_out_need_not_be_changed_and_opens_nothing_any_more(
    hallway: Hallway,
) -> None:
    admin = hallway.hall.visitor("administrator")
    page = admin.post("/accounts", {"name": "new", "role": "auditor"}).text
    password = page.split('class="secret">', 1)[1].split("<", 1)[0]
    hallway.provider.login = Login(name="new")
    visitor = hallway.hall.nobody()
    assert hallway.logs_in(visitor).status_code == 303
    assert visitor.get("/audit").status_code == 200
    assert hallway.hall.nobody().log_in("new", password).status_code == 401


# ---- the file ----


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"issuer": "http://id.example"}, "issuer does not begin with https"),
        ({"address": "hall.example"}, "address does not begin with https"),
        ({"isuer": "x"}, 'did you mean "issuer"'),
        ({"create": True}, "a new account has a role"),
        ({"default_role": "king"}, "default_role"),
        ({"role_claim": "groups"}, "belong together"),
        ({"scopes": ["profile"]}, 'must hold "openid"'),
        ({"client_id": None}, "client_id"),
    ],
)
def test_a_file_that_would_not_do_is_refused_with_the_reason(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    right = {"issuer": "https://id.example", "client_id": "x", "address": "https://hall.example/hall"}
    values = {name: value for name, value in {**right, **change}.items() if value is not None}
    file = tmp_path / "oidc.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()), "utf-8")
    with pytest.raises(DeskguardError) as caught:
        config.load(file)
    assert caught.value.code == "bad-oidc-settings"
    assert told in caught.value.problem


def test_a_secret_that_cannot_be_read_keeps_the_hall_from_starting(
    tmp_path: Path, provider: OidcProvider
) -> None:
    file = oidc_file(tmp_path, provider)
    (tmp_path / "client-secret").unlink()
    with pytest.raises(DeskguardError) as caught, a_hall(tmp_path / "hall", oidc=file):
        pass
    assert caught.value.code == "file-unreadable"
    assert HubOptions().oidc is None


# ---- the program, a browser, the provider ----


@pytest.mark.browser
def test_a_person_presses_the_button_and_is_in(tmp_path: Path, provider: OidcProvider) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    more = 'create = true\ndefault_role = "auditor"\nlabel = "市民中心统一身份"\n'
    file = oidc_file(tmp_path, provider, address=address, more=more)
    hub = HubProgram(tmp_path / "hub", "", None, "--oidc", str(file))
    hub.port = port
    provider.now_s = time.time
    provider.login = Login(name="韩梅梅")
    with running(hub):
        with hub.store() as store, store.writing() as connection:
            new = people.NewAccount(name="admin", role="administrator", password=PASSWORD)
            people.make(connection, new, datetime.now(UTC), people.new_hash(PASSWORD, "admin"))
        driver = make_driver(tmp_path / "profile")
        try:
            driver.get(f"{address}/audit")
            button = driver.find_element(By.ID, "oidc")
            assert button.text == "市民中心统一身份"
            button.click()
            WebDriverWait(driver, PATIENCE_S).until(lambda one: one.current_url == f"{address}/audit")
            assert "韩梅梅" in driver.find_element(By.CLASS_NAME, "who").text
            assert console(driver) == []
        finally:
            driver.quit()
        assert hub.stop() == 0
