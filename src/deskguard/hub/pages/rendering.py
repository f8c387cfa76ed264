"""A template and its values to a page: escaped, in the reader's language, with the ways the reader may go.

`render` gives every template: `t(key, **words)` (a text of the catalogue), `lang`, `person`, `csrf`, `nav` (the
pages this role may open), `base` (what stands before every path), `here` (the path), `demo`, `has_passwords`
and `oidc` (what the button of the provider says; None: there is none). Templates extend `layout.html`; scripts
are modules in `static/`, told their values by `<script type="application/json">`.
"""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from fastapi.responses import HTMLResponse

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import session_of
from deskguard.hub.store import settings
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from fastapi import Request

    from deskguard.hub.accounts.people import Person
    from deskguard.hub.accounts.roles import Permission
    from deskguard.hub.state import HubState

LANGUAGE_COOKIE = "deskguard-language"
FORM_COOKIE = "deskguard-form"
"""Holds the token of forms before anybody is logged in."""
_TEMPLATES = Path(__file__).parent / "templates"
NAVIGATION: tuple[tuple[str, str, Permission], ...] = (
    ("/wall", "hub.nav.wall", "wall.view"),
    ("/trends", "hub.nav.trends", "trends.view"),
    ("/review", "hub.nav.review", "findings.decide"),
    ("/mine", "hub.nav.mine", "findings.own"),
    ("/my-data", "hub.nav.my_data", "findings.own"),
    ("/reports", "hub.nav.reports", "findings.view"),
    ("/scorecards", "hub.nav.scorecards", "scorecards.manage"),
    ("/rules", "hub.nav.rules", "rules.view"),
    ("/fleet", "hub.nav.fleet", "rules.publish"),
    ("/desks", "hub.nav.desks", "desks.manage"),
    ("/accounts", "hub.nav.accounts", "accounts.manage"),
    ("/webhooks", "hub.hook.title", "settings.manage"),
    ("/audit", "hub.nav.audit", "audit.view"),
    ("/settings", "hub.nav.settings", "settings.manage"),
)
"""Path, text and permission of each page in the head; one that no route serves is left out."""


def language_of(request: Request) -> str:
    """The reader's choice, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in catalogue.LANGUAGES else catalogue.LANGUAGES[0]


class Words:
    """One language's texts, for templates."""

    def __init__(self, language: str) -> None:
        self._texts = catalogue.load(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text with its places filled."""
        return self._texts[key].format(**values)

    def maybe(self, key: str, otherwise: str) -> str:
        """A text without places, or something else where there is none."""
        return self._texts.get(key, otherwise)


def words(request: Request) -> Words:
    """`t(key, **words)` in the reader's language."""
    return Words(language_of(request))


def render(
    request: Request, template: str, person: Person | None, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of a template for a person; None for pages before the login."""
    hall: HubState = request.app.state.hub
    session = session_of(request)
    token = session.csrf if session else request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    path = request.url.path.removeprefix(hall.base_path) or "/"
    page = (
        environment()
        .get_template(template)
        .render(
            t=words(request),
            lang=language_of(request),
            languages=catalogue.LANGUAGES,
            person=person,
            csrf=token,
            nav=[] if person is None else _ways(request, person),
            base=hall.base_path,
            here=path,
            demo=hall.demo,
            hall_name=_name(hall),
            has_passwords=hall.has_passwords,
            oidc=None if hall.oidc is None else hall.oidc.settings.label,
            **values,
        )
    )
    answer = HTMLResponse(page, status)
    if session is None and request.cookies.get(FORM_COOKIE) != token:
        answer.set_cookie(
            FORM_COOKIE,
            token,
            httponly=True,
            samesite="strict",
            secure=hall.secure_cookies,
            path=hall.base_path or "/",
        )
    return answer


@cache
def environment() -> jinja2.Environment:
    """Templates that escape by themselves and do not forgive a missing value."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _name(hall: HubState) -> str:
    """What the administrator called the hall; nothing while the database is away, of which pages must tell."""
    try:
        with hall.store.reading() as connection:
            return settings.get(connection, "name")
    except DeskguardError:
        return ""


def _ways(request: Request, person: Person) -> list[tuple[str, str]]:
    served: frozenset[str] = request.app.state.pages
    return [(path, key) for path, key, need in NAVIGATION if person.may(need) and path in served]
