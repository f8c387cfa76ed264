"""/fleet: what was published to which windows, what every desk made of it, and settings for desks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.fleet import overview, publishing, rows
from deskguard.hub.fleet.keys import public_signing_key, signing_key
from deskguard.hub.fleet.rule_pages import Publisher, local, order_of
from deskguard.hub.pages.rendering import render
from deskguard.settings import Settings
from deskguard.wire.pushed import SAFE
from deskguard.wire.signing import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.hub.accounts.guard import Person
    from deskguard.hub.state import HubState

_SHOWN = 100


def router(state: HubState) -> APIRouter:
    """The routes of /fleet."""
    routes = APIRouter(prefix="/fleet", include_in_schema=False)

    @routes.get("")
    def fleet(request: Request, person: Publisher) -> Response:
        with state.store.reading() as connection:
            desks = overview.desks(connection, state.now())
            sent = rows.publications(connection, _SHOWN)
        return render(
            request, "fleet.html", person, desks=[one for one in desks if person.sees(one.window_id)],
            publications=sent, local=local, key=fingerprint(public_signing_key(state.data)),
        )  # fmt: skip

    @routes.post("/publications/{serial}/again")
    def again(serial: int, person: Publisher) -> Response:
        """Back to what was published before, under a new number."""
        with state.store.reading() as connection:
            old = rows.publication(connection, serial)
        if old is None:
            raise HTTPException(404, "there is no such publication")
        publishing.check_scope(old.windows, person.windows)
        order = publishing.Order(
            windows=old.windows, author=person.name, note=f"= {old.serial}", now=state.now()
        )
        key = signing_key(state.data)
        with state.store.writing() as connection:
            if old.kind == "rules":
                one = publishing.publish_rules(connection, old.version, order, key)
            else:
                one = publishing.publish_settings(connection, old.content, order, key)
            publishing.note_published(connection, one, person.account_id)
        return RedirectResponse(f"{state.base_path}/fleet", 303)

    @routes.get("/settings")
    def settings(request: Request, person: Publisher) -> Response:
        return _settings_page(request, person, {}, problem=None)

    @routes.post("/settings")
    async def publish(request: Request, person: Publisher) -> Response:
        form = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
        from fastapi.concurrency import run_in_threadpool

        try:
            await run_in_threadpool(_publish_settings, state, person, form)
        except DeskguardError as error:
            return await run_in_threadpool(
                _settings_page, request, person, form, problem=f"{error.problem} {error.remedy}"
            )
        return RedirectResponse(f"{state.base_path}/fleet", 303)

    return routes


def _publish_settings(state: HubState, person: Person, form: Mapping[str, str]) -> None:
    order = order_of(state, person, form.get("windows", "")[:20_000], form.get("note", "")[:300])
    values = values_of(form)
    key = signing_key(state.data)
    with state.store.writing() as connection:
        one = publishing.publish_settings(connection, values, order, key)
        publishing.note_published(connection, one, person.account_id)


def _settings_page(
    request: Request, person: Person, form: Mapping[str, str], *, problem: str | None
) -> Response:
    return render(
        request, "fleet_settings.html", person, status=422 if problem else 200,
        fields=_by_table(), form=form, problem=problem,
    )  # fmt: skip


def _by_table() -> list[tuple[str, list[dict[str, Any]]]]:
    return [(table, [one for one in fields() if one["name"].startswith(f"{table}.")]) for table in SAFE]


def fields() -> list[dict[str, Any]]:
    """A field of the form for each setting that may be sent, with its kind, choices and default."""
    found = []
    for table, keys in SAFE.items():
        section = Settings.model_fields[table].annotation
        for key in keys:
            field = section.model_fields[key]  # type: ignore[union-attr]
            kind, choices = _kind(field.annotation)
            default = field.default
            shown = (
                "\n".join(default) if kind == "list" else f"{default:g}" if kind == "number" else str(default)
            )
            found.append(
                {"name": f"{table}.{key}", "kind": kind, "choices": choices, "default": shown, "whole": default}
            )
    return found


def values_of(form: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The filled fields of the form as tables of settings; what cannot be read is for the check to refuse."""
    values: dict[str, dict[str, Any]] = {}
    for field in fields():
        text = form.get(field["name"], "").strip()
        if not text:
            continue
        table, _, key = field["name"].partition(".")
        values.setdefault(table, {})[key] = _value(field, text)
    if not values:
        raise DeskguardError(
            "No setting is filled in.", "fill in what desks are to use.", "bad-pushed-settings"
        )
    return values


def _kind(annotation: Any) -> tuple[Literal["number", "choice", "list"], tuple[str, ...]]:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation)
    return ("list", ()) if get_origin(annotation) is tuple else ("number", ())


def _value(field: Mapping[str, Any], text: str) -> Any:
    if field["kind"] == "list":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if field["kind"] == "choice":
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if isinstance(field["whole"], int) and number.is_integer() else number
