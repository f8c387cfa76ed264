"""`deskguard rules ...`: the options, and what each action prints; nothing heavy is imported early.

Exit status: 0; 1 where a test fails, nothing is published, or two rule sets differ; 2 for what can be mended.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.authoring.words import Words
    from deskguard.settings import Settings

_Actions = Any
"""argparse keeps the type of its sub-parsers to itself."""


def add_rules_actions(rules: argparse.ArgumentParser) -> None:
    """Give the parser of `rules` its actions."""
    actions: _Actions = rules.add_subparsers(metavar="ACTION", required=True)
    _add_looking(actions)
    _add_trying(actions)
    _add_writing(actions)


def _add_looking(actions: _Actions) -> None:
    listing = actions.add_parser("list", help="rules in force, one line each")
    listing.add_argument("--pack", metavar="ID", help="only rules with a clause of this pack")
    _add_common(listing, rules=True, json=True)
    listing.set_defaults(run=_list)

    show = actions.add_parser("show", help="everything about one rule")
    show.add_argument("id", metavar="ID", help="of a phrase or a ban")
    _add_common(show, rules=True, json=True)
    show.set_defaults(run=_show)

    check = actions.add_parser("check", help="check rule packs; reports every mistake at once")
    _add_paths(check)
    _add_common(check)
    check.set_defaults(run=_check)

    diff = actions.add_parser("diff", help="what differs between two rule sets, and what that changes")
    diff.add_argument("before", metavar="A", help="file, folder, or version")
    diff.add_argument("after", metavar="B", help="the same")
    diff.add_argument("--audio", nargs="+", default=[], metavar="FILE", help="recordings to judge by both")
    diff.add_argument("--text", metavar="FILE", help="a conversation to judge by both; - is standard input")
    diff.add_argument("--roles", metavar="ROLES", help="who speaks in the recordings, as for replay")
    _add_live(diff, "--live")
    _add_common(diff, json=True)
    diff.set_defaults(run=_diff)

    versions = actions.add_parser("versions", help="what was published when, by whom, and why")
    _add_live(versions, "--live")
    _add_common(versions, json=True)
    versions.set_defaults(run=_versions)

    coverage = actions.add_parser("coverage", help="what covers each clause of the five standards, as a table")
    coverage.add_argument("--into", type=Path, metavar="FILE", help="put the table between its marks in FILE")
    _add_common(coverage, json=True)
    coverage.set_defaults(run=_coverage)


def _add_trying(actions: _Actions) -> None:
    test = actions.add_parser("test", help="run the examples of rule packs")
    _add_paths(test)
    test.add_argument("--rule", metavar="ID", help="only this rule's")
    test.add_argument(
        "--speech", type=Path, metavar="FOLDER", help="recordings with manifests, or one manifest, as well"
    )
    _add_common(test, json=True)
    test.set_defaults(run=_test)

    attempt = actions.add_parser("try", help="what fires in words or recordings, what nearly does, and why")
    attempt.add_argument(
        "what", nargs="+", metavar="WHAT", help="words, a .txt file, - for standard input, or a recording"
    )
    attempt.add_argument("--all", action="store_true", help="also what resembles a rule only faintly")
    attempt.add_argument("--roles", metavar="ROLES", help="who speaks in the recordings, as for replay")
    _add_common(attempt, rules=True, json=True)
    attempt.set_defaults(run=_try)


def _add_writing(actions: _Actions) -> None:
    bring = actions.add_parser("import", help="make rule packs of a spreadsheet, in a draft folder")
    bring.add_argument("file", type=Path, metavar="X.xlsx")
    bring.add_argument("--to", type=Path, metavar="DIR", help="the draft folder; default: X.draft beside it")
    bring.add_argument("--force", action="store_true", help="write over what is there, be it live")
    _add_common(bring)
    bring.set_defaults(run=_import)

    export = actions.add_parser("export", help="make a spreadsheet of rule packs")
    export.add_argument("file", type=Path, metavar="X.xlsx")
    export.add_argument("--force", action="store_true", help="write over an existing file")
    _add_common(export, rules=True)
    export.set_defaults(run=_export)

    publish = actions.add_parser("publish", help="make a draft the live rules, if its examples hold")
    publish.add_argument("draft", metavar="DRAFT", help="folder, file, or a version to go back to")
    _add_live(publish, "--to")
    publish.add_argument(
        "--author", metavar="NAME", help="who publishes; default: the name you are logged in by"
    )
    publish.add_argument("--note", default="", metavar="TEXT", help="why")
    _add_common(publish)
    publish.set_defaults(run=_publish)


def _add_common(parser: argparse.ArgumentParser, *, rules: bool = False, json: bool = False) -> None:
    parser.add_argument("--config", type=Path, metavar="PATH", help="settings file (deskguard.toml)")
    parser.add_argument(
        "--language", choices=("zh-CN", "en"), help="of what is printed; default: that of the settings"
    )
    if rules:
        parser.add_argument(
            "--rules",
            type=Path,
            nargs="+",
            default=[],
            metavar="PATH",
            help="rule packs instead of the live ones",
        )
    if json:
        parser.add_argument("--json", action="store_true", help="one JSON object a line and nothing else")


def _add_paths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files or folders; default: those in use"
    )


def _add_live(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument(
        name, dest="live", type=Path, metavar="DIR", help="the live folder; default: that of the settings"
    )


def _list(arguments: argparse.Namespace) -> int:
    from deskguard.authoring.acts import act_table, acts_of_pack
    from deskguard.authoring.listing import of_pack, rule_lines, rule_table

    settings, words = _begin(arguments)
    rules = _rules(settings, arguments.rules)
    kept, acts = of_pack(rules, arguments.pack, words), acts_of_pack(rules, arguments.pack)
    if arguments.json:
        return _print_json([*(rule_table(rule, rules) for rule in kept), *map(act_table, acts)])
    return _print(rule_lines(kept, rules, words.masking(rules), acts))


def _show(arguments: argparse.Namespace) -> int:
    from deskguard.authoring import packfiles
    from deskguard.authoring.acts import act_table, act_text, find_act
    from deskguard.authoring.listing import everything, find_rule, rule_table
    from deskguard.desk.compose import rule_paths

    settings, words = _begin(arguments)
    only = () if arguments.rules else settings.rules.only
    packs = packfiles.load(rule_paths(settings, arguments.rules), only)
    if act := find_act(packs.rules, arguments.id):
        return _print_json([act_table(act)]) if arguments.json else _print(act_text(act, words))
    rule = find_rule(packs.rules, arguments.id, words, [act.act_id for act in packs.rules.courtesy.acts])
    if arguments.json:
        return _print_json([rule_table(rule, packs.rules)])
    return _print(everything(rule, packs, words.masking(packs.rules)))


def _check(arguments: argparse.Namespace) -> int:
    from deskguard.authoring.check import check
    from deskguard.desk.compose import rule_paths

    settings, words = _begin(arguments)
    # The choice of packs is for those in use, not for files that are only looked at.
    only = () if arguments.paths else settings.rules.only
    return _print(check(rule_paths(settings, arguments.paths), words, only))


def _test(arguments: argparse.Namespace) -> int:
    from deskguard.authoring.trials import testing

    settings, words = _begin(arguments)
    rules = _rules(settings, arguments.paths)
    words = words.masking(rules)
    chosen = testing.Chosen(rules=rules, rule=arguments.rule, speech=arguments.speech, words=words)
    is_good = True
    for table in testing.run(chosen, settings):
        is_good = is_good and table.get("is_good", True)
        if arguments.json:
            _print_json([table])
        else:
            _print(testing.readable(table, words))
    return 0 if is_good else 1


def _try(arguments: argparse.Namespace) -> int:
    from deskguard.authoring.trials import places, trying

    settings, words = _begin(arguments)
    given = trying.read(arguments.what, arguments.roles, words)
    rules = _rules(settings, arguments.rules)
    tables = trying.tables(given, rules, settings)
    if arguments.json:
        return _print_json(tables)
    words = words.masking(rules)
    for table in tables if arguments.all else places.brief(tables):
        _print(places.readable(table, words))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from deskguard.authoring.sheets.spreadsheet import import_workbook

    settings, words = _begin(arguments)
    draft = arguments.to or arguments.file.with_suffix(".draft")
    live = [Path(one) for one in settings.rules.packs]
    return _print(import_workbook(arguments.file, draft, live, words, force=arguments.force))


def _export(arguments: argparse.Namespace) -> int:
    from deskguard.authoring import packfiles
    from deskguard.authoring.sheets.spreadsheet import export_packs
    from deskguard.desk.compose import rule_paths

    settings, words = _begin(arguments)
    only = () if arguments.rules else settings.rules.only
    packs = packfiles.load(rule_paths(settings, arguments.rules), only)
    return _print(export_packs(packs, arguments.file, words, force=arguments.force))


def _diff(arguments: argparse.Namespace) -> int:
    from deskguard.authoring import comparing, dryrun

    settings, words = _begin(arguments)
    live = arguments.live or next((Path(one) for one in settings.rules.packs), Path())
    pair = dryrun.load(arguments.before, arguments.after, live, words)
    given = dryrun.Material(tuple(arguments.audio), arguments.text, arguments.roles)
    tables = [*comparing.changes(pair.before, pair.after), *dryrun.alerts(pair, given, settings, words)]
    if arguments.json:
        _print_json(tables)
    else:
        words = dryrun.masking(pair, words)
        _print(comparing.readable(one, words) for one in tables)
        _print([words("diff_total", n=len(tables)) if tables else words("diff_none", sha256=pair.after.sha256)])
    return 1 if tables else 0


def _publish(arguments: argparse.Namespace) -> int:
    from deskguard.authoring.publish import Signature, live_folder, publish

    settings, words = _begin(arguments)
    live = live_folder(settings.rules.packs, arguments.live, words)
    signature = Signature(author=arguments.author or _user(), note=arguments.note, published=_now())
    done = publish(arguments.draft, live, signature, words, settings.rules.only)
    _print(done.lines)
    if done.is_live and str(live) not in settings.rules.packs:
        _print([words("live_elsewhere", live=live)])
    return 0 if done.is_live else 1


def _versions(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from deskguard.authoring.publish import list_versions, live_folder
    from deskguard.authoring.versions import live_version, read_ledger

    settings, words = _begin(arguments)
    live = live_folder(settings.rules.packs, arguments.live, words)
    if arguments.json:
        now = live_version(live, words)
        entries = read_ledger(live, words)
        return _print_json({"type": "version", **asdict(one), "is_live": one.version == now} for one in entries)
    return _print(list_versions(live, words))


def _coverage(arguments: argparse.Namespace) -> int:
    from deskguard.authoring.coverage import listening, load
    from deskguard.authoring.coverage_table import complaints, put_into, table, tables
    from deskguard.rules.pack import load_packs
    from deskguard.visits.manner_book import load_manner

    _, words = _begin(arguments)
    # The table is of the standards that come with deskguard, whatever rules are live here.
    coverage, rules = load(), load_packs([])
    heard = listening(rules, load_manner(rules.packs))
    if wrong := complaints(coverage, heard, words):
        _print(wrong)
        return 1
    if arguments.json:
        return _print_json(tables(coverage, heard, words))
    lines = table(coverage, heard, words.masking(rules))
    if arguments.into is None:
        return _print(lines)
    is_new = put_into(arguments.into, lines, words)
    return _print([words("coverage.put" if is_new else "coverage.kept", path=arguments.into)])


def _begin(arguments: argparse.Namespace) -> tuple[Settings, Words]:
    from deskguard.authoring.words import Words
    from deskguard.settings import find_settings, load_settings

    settings = load_settings(find_settings(arguments.config))
    return settings, Words(arguments.language or settings.screen.language)


def _rules(settings: Settings, given: list[Path]) -> Any:
    from deskguard.desk.compose import rule_paths
    from deskguard.rules.pack import load_packs

    # The choice of packs is for those in use, not for files that are only looked at.
    return load_packs(rule_paths(settings, given), () if given else settings.rules.only)


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "-"


def _now() -> str:
    from datetime import UTC, datetime

    # The one look at the wall clock: a version is dated for people.
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0


def _print_json(tables: Iterable[dict[str, Any]]) -> int:
    import json

    return _print(json.dumps(one, ensure_ascii=False) for one in tables)
