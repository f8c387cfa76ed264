"""/rules: versions of the rules, looked at, compared, edited as tables, tried and published."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.fleet import editing, library, publishing, rows, trials
from deskguard.hub.fleet.keys import signing_key
from deskguard.hub.pages.rendering import language_of, render
from deskguard.hub.store.times import utc_moment, utc_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.authoring.words import Words
    from deskguard.hub.fleet.rows import Version
    from deskguard.hub.state import HubState

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_TRIED = 4000
Viewer = Annotated[Person, Depends(needs("rules.view"))]
Editor = Annotated[Person, Depends(needs("rules.edit"))]
Publisher = Annotated[Person, Depends(needs("rules.publish"))]
_Note = Annotated[str, Form(max_length=300)]
_Hash = Annotated[str, Form(max_length=64)]


def router(state: HubState) -> APIRouter:
    """The routes of /rules."""
    routes = APIRouter(prefix="/rules", include_in_schema=False)
    desk = RulesDesk(state)
    _add_looking(routes, desk)
    _add_editing(routes, desk)
    _add_trying(routes, desk)
    _add_publishing(routes, desk)
    return routes


@dataclass(frozen=True, slots=True)
class Opened:
    """A version with its files."""

    about: Version
    files: dict[str, bytes]


class RulesDesk:
    """What the routes have in common."""

    def __init__(self, state: HubState) -> None:
        self.state = state
        self._has_bundled = False

    def words(self, request: Request) -> Words:
        """The texts of the rules' commands in the reader's language."""
        from deskguard.authoring.words import Words

        return Words(language_of(request))

    def begin(self) -> None:
        """The rules that come with this deskguard are always there to begin with."""
        if self._has_bundled:
            return
        with self.state.store.writing() as connection:
            library.keep_bundled(connection, utc_text(self.state.now()))
        self._has_bundled = True

    def open(self, version: str) -> Opened:
        """A version; raises DeskguardError (`unknown-version`)."""
        self.begin()
        with self.state.store.reading() as connection:
            about = rows.version(connection, version)
            if about is None:
                raise library.unknown(version)
            return Opened(about, library.files_of(connection, version))

    def versions(self) -> list[Version]:
        """All versions, newest first."""
        self.begin()
        with self.state.store.reading() as connection:
            return rows.versions(connection)

    def keep(self, files: dict[str, bytes], parent: str, person: Person, note: str) -> Version:
        """Keep a new version and write down who made it; raises DeskguardError when it does not load."""
        at = self.state.now()
        library.loaded(files)
        with self.state.store.writing() as connection:
            made = library.keep(connection, files, library.Origin(person.name, note, utc_text(at), parent))
            log.record(
                connection, at=at, who=person.account_id, action="rules.edit", target=made.version,
                detail={"parent": parent, "rules": made.rules},
            )  # fmt: skip
        return made

    def to(self, path: str) -> Response:
        """On to a page."""
        return RedirectResponse(f"{self.state.base_path}{path}", 303)


def local(text: str) -> str:
    """A stored moment as the hall's clocks show it."""
    return utc_moment(text).astimezone().strftime("%Y-%m-%d %H:%M") if text else ""


def _add_looking(routes: APIRouter, desk: RulesDesk) -> None:
    @routes.get("")
    def versions(request: Request, person: Viewer) -> Response:
        listed = desk.versions()
        with desk.state.store.reading() as connection:
            sent = rows.publications(connection)
        latest = [one for one in sent if one.kind == "rules"][:20]
        return render(
            request, "rules.html", person, local=local, sent=rows.published_versions(sent), versions=listed,
            publications=latest,
        )  # fmt: skip

    @routes.get("/version/{version}")
    def one(request: Request, version: str, person: Viewer) -> Response:
        opened = desk.open(version)
        rules = library.loaded(opened.files)
        words = desk.words(request).masking(rules)
        values: dict[str, Any] = {"version": opened.about, "rules": rules, "shown": words.shown, "said": words}
        others = [one for one in desk.versions() if one.version != version]
        return render(
            request,
            "rules_version.html",
            person,
            local=local,
            others=others,
            sheets=_sheets(desk, request),
            **values,
        )

    @routes.get("/version/{version}/rule/{rule_id}")
    def rule(request: Request, version: str, rule_id: str, person: Viewer) -> Response:
        from deskguard.authoring import packfiles
        from deskguard.authoring.listing import everything, find_rule

        opened, words = desk.open(version), desk.words(request)
        with library.on_disk(opened.files) as folder:
            packs = packfiles.load([folder])
            found = find_rule(packs.rules, rule_id, words)
            lines = everything(found, packs, words.masking(packs.rules))
            told = [line.replace(f"{folder}/", "") for line in lines]
        return render(request, "rules_rule.html", person, version=opened.about, rule=found, lines=told)

    @routes.get("/version/{version}/against/{other}")
    def diff(request: Request, version: str, other: str, person: Viewer) -> Response:
        old, new = desk.open(other), desk.open(version)
        before, after = library.loaded(old.files), library.loaded(new.files)
        found = list(trials.difference(before, after, desk.words(request)))
        return render(request, "rules_diff.html", person, old=old.about, new=new.about, changes=found)

    @routes.get("/compare")
    def compare(person: Viewer, version: str, other: str) -> Response:
        return desk.to(
            f"/rules/version/{desk.open(version).about.version}/against/{desk.open(other).about.version}"
        )

    @routes.get("/version/{version}/rules.xlsx")
    def workbook(request: Request, version: str, person: Editor) -> Response:
        opened = desk.open(version)
        content = editing.as_workbook(opened.files, desk.words(request))
        with desk.state.store.writing() as connection:
            log.record(
                connection, at=desk.state.now(), who=person.account_id, action="rules.export", target=version
            )
        name = f'attachment; filename="rules-{opened.about.short}.xlsx"'
        return Response(content, media_type=XLSX, headers={"Content-Disposition": name})


def _sheets(desk: RulesDesk, request: Request) -> list[tuple[str, str]]:
    words = desk.words(request)
    return [(name, words(f"sheet.{name}")) for name in editing.sheet_names()]


def _add_editing(routes: APIRouter, desk: RulesDesk) -> None:
    def show(request: Request, person: Person, opened: Opened, name: str, *, q: str, **more: Any) -> Response:
        words = desk.words(request)
        table = editing.table(opened.files, name, q, words)
        shown: Callable[[str], str] = str
        if not person.may("rules.edit"):
            # Words that no screen shows in full can be read only by whoever writes the rules.
            shown = words.masking(library.loaded(opened.files)).shown
        values = {"problem": None, "pending": "", "note": "", **more}
        return render(
            request, "rules_table.html", person, version=opened.about, table=table, q=q, shown=shown,
            sheets=_sheets(desk, request), most=editing.MOST_ROWS, can_edit=person.may("rules.edit"), **values,
        )  # fmt: skip

    @routes.get("/version/{version}/table/{name}")
    def table(request: Request, version: str, name: str, person: Viewer, q: str = "") -> Response:
        return show(request, person, desk.open(version), name, q=q[:100])

    @routes.post("/version/{version}/table/{name}")
    def edit(  # noqa: PLR0913, PLR0917 - the form's fields
        request: Request,
        version: str,
        name: str,
        person: Editor,
        changes: Annotated[str, Form(max_length=900_000)],
        note: _Note = "",
        q: Annotated[str, Form(max_length=100)] = "",
    ) -> Response:
        opened = desk.open(version)
        try:
            files = editing.edited(opened.files, name, editing.read_changes(changes), desk.words(request))
            made = desk.keep(files, version, person, note.strip())
        except DeskguardError as error:
            told = f"{error.problem} {error.remedy}"
            answer = show(request, person, opened, name, q=q, problem=told, pending=changes, note=note)
            answer.status_code = 422
            return answer
        return desk.to(f"/rules/version/{made.version}/against/{version}")

    @routes.post("/version/{version}/workbook")
    def upload(request: Request, version: str, person: Editor, file: UploadFile, note: _Note = "") -> Response:
        opened = desk.open(version)
        try:
            files = editing.of_workbook(file.file.read(), opened.files, desk.words(request))
            made = desk.keep(files, version, person, note.strip())
        except DeskguardError as error:
            told = f"{error.problem} {error.remedy}"
            return render(request, "rules_refused.html", person, status=422, version=opened.about, problem=told)
        return desk.to(f"/rules/version/{made.version}/against/{version}")


def _add_trying(routes: APIRouter, desk: RulesDesk) -> None:
    @routes.get("/version/{version}/examples")
    def examples(request: Request, version: str, person: Viewer) -> Response:
        opened = desk.open(version)
        result = trials.run_examples(library.loaded(opened.files), desk.words(request))
        return render(request, "rules_examples.html", person, version=opened.about, result=result)

    @routes.get("/version/{version}/try")
    def ask(request: Request, version: str, person: Viewer) -> Response:
        return render(request, "rules_try.html", person, version=desk.open(version).about, text="", lines=None)

    @routes.post("/version/{version}/try")
    def attempt(
        request: Request, version: str, person: Viewer, text: Annotated[str, Form(max_length=_MOST_TRIED)]
    ) -> Response:
        opened = desk.open(version)
        lines = trials.try_words(text, library.loaded(opened.files), desk.words(request))
        return render(request, "rules_try.html", person, version=opened.about, text=text, lines=lines)

    @routes.post("/version/{version}/dry-run")
    def dry_run(
        request: Request,
        version: str,
        person: Editor,
        other: _Hash,
        days: Annotated[int, Form(ge=1, le=90)] = 7,
    ) -> Response:
        new, old = desk.open(version), desk.open(other)
        at = desk.state.now()
        wanted = trials.last_days(at.astimezone().date(), days, person.windows)
        pair = (library.loaded(old.files), library.loaded(new.files))
        run = trials.dry_run(desk.state.night, pair, wanted, time.monotonic)
        with desk.state.store.writing() as connection:
            log.record(
                connection, at=at, who=person.account_id, action="rules.dry-run", target=version,
                detail={"against": other, "days": days, "recordings": run.recordings},
            )  # fmt: skip
        words = desk.words(request)
        first, second = (words.masking(one).shown for one in pair)
        values: dict[str, Any] = {"old": old.about, "run": run, "days": days, "said": words}
        values["shown"] = lambda text: second(first(text))
        return render(
            request, "rules_dryrun.html", person, version=new.about, **values
        )  # fmt: skip


def _add_publishing(routes: APIRouter, desk: RulesDesk) -> None:
    @routes.post("/version/{version}/publish")
    def publish(
        request: Request,
        version: str,
        person: Publisher,
        windows: Annotated[str, Form(max_length=20_000)],
        note: Annotated[str, Form(max_length=300)],
    ) -> Response:
        opened = desk.open(version)
        try:
            order = order_of(desk.state, person, windows, note)
            key = signing_key(desk.state.data)
            # The examples take seconds: tried before the store is held.
            publishing.check_examples(opened.files)
            with desk.state.store.writing() as connection:
                one = publishing.publish_rules(connection, version, order, key)
                publishing.note_published(connection, one, person.account_id)
        except DeskguardError as error:
            told = f"{error.problem} {error.remedy}"
            return render(request, "rules_refused.html", person, status=422, version=opened.about, problem=told)
        return desk.to("/fleet")


def order_of(state: HubState, person: Person, windows: str, note: str) -> publishing.Order:
    """A form as an order; raises DeskguardError for windows that are none, or not this person's."""
    named = publishing.windows_of(windows)
    publishing.check_scope(named, person.windows)
    return publishing.Order(windows=named, author=person.name, note=note.strip(), now=state.now())
