"""`deskguard hub ...`: the options, and what each action does and prints. Nothing heavy is imported early."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from deskguard.hub.options import HubOptions
    from deskguard.hub.state import HubState

_Actions = Any
"""argparse keeps the type of its sub-parsers to itself."""


def add_hub_actions(hub: argparse.ArgumentParser) -> None:
    """Give the parser of `hub` its options and actions."""
    _add_place(hub, default=None)
    hub.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    hub.add_argument("--port", type=_port, default=8470, help="0 takes a free one (default 8470)")
    hub.add_argument("--cert", type=Path, metavar="FILE", help="certificate with its chain, as PEM")
    hub.add_argument("--key", type=Path, metavar="FILE", help="the certificate's private key, as PEM")
    hub.add_argument("--behind-proxy", action="store_true", help="a proxy in front of it speaks TLS")
    hub.add_argument("--base-path", default="", metavar="PATH", help="path below which that proxy serves it")
    hub.add_argument(
        "--oidc", type=Path, metavar="FILE", help="lets people log in by an OpenID Connect provider"
    )
    hub.add_argument(
        "--demo-data", action="store_true", help="fill an empty hall with a made-up month, marked on every page"
    )
    hub.set_defaults(run=_serve)
    actions: _Actions = hub.add_subparsers(metavar="ACTION")

    init = actions.add_parser(
        "init", help="make the first account; its password from a prompt or standard input"
    )
    init.add_argument("--admin", required=True, metavar="NAME", help="name of the administrator's account")
    init.set_defaults(run=_init)
    enrol = actions.add_parser("enrol", help="print a one-time code with which a window's desk may join")
    enrol.add_argument("window", metavar="WINDOW", help="[window] id of that desk's settings")
    enrol.set_defaults(run=_enrol)
    audit = actions.add_parser("audit", help="check the audit log")
    audits: _Actions = audit.add_subparsers(metavar="ACTION", required=True)
    verify = audits.add_parser("verify", help="check that nothing in it was changed, taken out or put in")
    verify.add_argument("--head", metavar="NUMBER:HASH", help="a head noted earlier: it must still be there")
    verify.set_defaults(run=_verify)
    backup = actions.add_parser("backup", help="write the whole hall to one file, while it goes on working")
    backup.add_argument("file", type=Path, metavar="FILE", help="it holds every secret of the hall")
    backup.set_defaults(run=_backup)
    restore = actions.add_parser("restore", help="bring a backup into an empty place")
    restore.add_argument("file", type=Path, metavar="FILE", help="what hub backup wrote")
    restore.set_defaults(run=_restore)
    for action in (init, enrol, verify, backup, restore):
        _add_place(action, default=argparse.SUPPRESS)


def _add_place(parser: argparse.ArgumentParser, default: Any) -> None:
    """Where the hall's store lies; an action's own options must not undo those before its name."""
    parser.add_argument(
        "--db", default=default, metavar="PLACE", help="sqlite:///FILE or postgresql://user@host/database"
    )
    parser.add_argument("--data", type=Path, default=default, metavar="DIR", help="secrets, packs and clips")
    parser.add_argument(
        "--password-file", type=Path, default=default, metavar="FILE", help="holds the database's password"
    )


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _options(arguments: argparse.Namespace) -> HubOptions:
    from deskguard.hub.options import HubOptions

    return HubOptions(
        db=arguments.db or "",
        data=arguments.data,
        password_file=arguments.password_file,
        host=arguments.host,
        port=arguments.port,
        cert=arguments.cert,
        key=arguments.key,
        behind_proxy=arguments.behind_proxy,
        base_path=arguments.base_path,
        oidc=arguments.oidc,
    )


def need_hub_extra() -> None:
    """Raise DeskguardError when a package of the hall is missing."""
    try:
        import python_multipart

        import deskguard.hub.accounts.passwords
        import deskguard.hub.app
        import deskguard.hub.oidc.id_token
        import deskguard.hub.serving
        import deskguard.hub.store.opening  # noqa: F401
    except ModuleNotFoundError as error:
        raise DeskguardError(
            f"The hall needs a package that is not installed: {error.name}.",
            'install the hub extra: pip install "deskguard[hub]"',
            "hub-extra-missing",
        ) from None
    del python_multipart


def _serve(arguments: argparse.Namespace) -> int:
    need_hub_extra()
    from deskguard.hub.accounts import people
    from deskguard.hub.accounts.setting_up import setup_code
    from deskguard.hub.app import build_app
    from deskguard.hub.keeping.retention import Sweeper
    from deskguard.hub.opened import opened_store, state_of
    from deskguard.hub.serving import address_of, bind, serve
    from deskguard.hub.store.one_server import only_server

    options = _options(arguments)
    options.check()
    with opened_store(options) as store, only_server(store):
        listener = bind(options)
        address = address_of(listener, options)
        _say(f"The hall is at {address}/ and keeps what it knows in {store.place}.")
        with store.reading() as connection:
            is_new = not people.has_any(connection)
        if is_new and not arguments.demo_data:
            _say(f"Make the first account: {address}/setup?code={setup_code(options.folder)}")
        state = _with_demo(state_of(store, options.folder, options), arguments.demo_data)
        sweeper = Sweeper(state, _complain)
        sweeper.start()
        try:
            serve(build_app(state), listener, options)
        finally:
            sweeper.stop()
    return 0


def _with_demo(state: HubState, is_wanted: bool) -> HubState:
    """The hall filled with demo data where that is wanted; marked as a demo if it ever was."""
    from dataclasses import replace

    from deskguard.hub.demo.filling import fill, is_demo
    from deskguard.settings import find_settings, load_settings

    if is_wanted:
        fill(state, load_settings(find_settings(None)), _say)
    return replace(state, demo=is_demo(state.store))


def _init(arguments: argparse.Namespace) -> int:
    need_hub_extra()
    from deskguard.hub.accounts import people
    from deskguard.hub.audit import log
    from deskguard.hub.opened import opened_store, utc_now
    from deskguard.hub.store.turns import take_turn

    options = _options(arguments)
    with opened_store(options) as store:
        with store.reading() as connection:
            _refuse_second(people.has_any(connection))
        password = _password()
        kept = people.new_hash(password, arguments.admin)
        new = people.NewAccount(
            name=arguments.admin, role="administrator", password=password, must_change=False
        )
        with store.writing() as connection:
            take_turn(connection, "accounts")
            _refuse_second(people.has_any(connection))
            account_id = people.make(connection, new, utc_now(), kept)
            log.record(connection, at=utc_now(), who="console", action="account.first", target=account_id)
    _say(f"{arguments.admin} may now log in as administrator.")
    return 0


def _refuse_second(has_any: bool) -> None:
    if has_any:
        raise DeskguardError(
            "The hall has accounts already.", "log in and make more under Accounts.", "account-exists"
        )


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    password = getpass("Password: ")
    if getpass("Once more: ") != password:
        raise DeskguardError("The two passwords differ.", "start again.", "bad-password")
    return password


def _enrol(arguments: argparse.Namespace) -> int:
    need_hub_extra()
    from deskguard.hub.accounts import desk_keys
    from deskguard.hub.audit import log
    from deskguard.hub.opened import opened_store, utc_now

    with opened_store(_options(arguments)) as store, store.writing() as connection:
        code = desk_keys.new_code(connection, arguments.window, "console", utc_now())
        log.record(connection, at=utc_now(), who="console", action="desk.code", target=arguments.window)
    _say(code)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    need_hub_extra()
    from deskguard.hub.audit.verify import parse_head, verify
    from deskguard.hub.opened import opened_store

    head = None if arguments.head is None else parse_head(arguments.head)
    with opened_store(_options(arguments), create=False) as store, store.reading() as connection:
        found = verify(connection, head)
    _say(f"{found.rows} entries, nothing was changed. Head: {found.rows}:{found.chain}")
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    need_hub_extra()
    from deskguard.hub.audit import log
    from deskguard.hub.keeping import backup
    from deskguard.hub.opened import opened_store, utc_now

    options = _options(arguments)
    with opened_store(options, create=False) as store:
        rows = backup.write(store, options.folder, arguments.file, utc_now())
        with store.writing() as connection:
            log.record(
                connection, at=utc_now(), who="console", action="backup", detail={"rows": sum(rows.values())}
            )
    _say(
        f"{arguments.file}: {sum(rows.values())} rows of {len(rows)} tables. It holds every secret of the hall."
    )
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    need_hub_extra()
    from deskguard.hub.audit import log
    from deskguard.hub.keeping.restore import restore
    from deskguard.hub.opened import opened_store, place_of, utc_now

    options = _options(arguments)
    rows, head = restore(arguments.file, place_of(options), options.folder, options.database_password())
    with opened_store(options, create=False) as store, store.writing() as connection:
        log.record(
            connection, at=utc_now(), who="console", action="restore", detail={"rows": sum(rows.values())}
        )
    told = f"{sum(rows.values())} rows of {len(rows)} tables are back"
    _say(f"{told}; the audit log is whole up to entry {head.rows}.")
    return 0


def _complain(problem: str) -> None:
    sys.stderr.write(f"deskguard: {problem}\n")
    sys.stderr.flush()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
