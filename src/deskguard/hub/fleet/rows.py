"""The tables of this room, and every question to them; the same statements on SQLite and PostgreSQL.

A version of the rules is known by the hash of its files and never changes. A publication has a number that only
grows: it is what a desk compares, so the number is taken inside the transaction that writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.hub.store.turns import take_turn
from deskguard.wire.release import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.engine import Connection

    from deskguard.wire.release import Kind, Pull

_HASH_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of the rules, without its files."""

    version: str
    rules_sha256: str
    """By meaning: what desks write beside what they hear."""
    rules: int
    packs: tuple[str, ...]
    parent: str
    """The version it was made from; empty: none."""
    author: str
    note: str
    made_utc: str

    @property
    def short(self) -> str:
        return self.version[:_HASH_SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Rules or settings that were sent to windows."""

    serial: int
    kind: Kind
    version: str
    """Of rules; of settings their hash."""
    content: Mapping[str, Any]
    """Settings by table; empty for rules."""
    windows: tuple[str, ...]
    author: str
    note: str
    published_utc: str

    @property
    def short(self) -> str:
        return self.version[:_HASH_SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A desk as it asked last."""

    desk_id: str
    window_id: str
    version: str
    """Of deskguard."""
    asked_utc: str
    rules: Mapping[str, Any]
    """See wire.release.Held."""
    settings: Mapping[str, Any]


def keep_version(connection: Connection, one: Version, files: Mapping[str, bytes]) -> bool:
    """Keep a version; False when it is there already, and stays as it was."""
    row = {
        "version": one.version, "rules_sha256": one.rules_sha256, "rules": one.rules,
        "packs": json.dumps(one.packs), "parent": one.parent, "author": one.author, "note": one.note,
        "made_utc": one.made_utc,
        "files": json.dumps({name: text.decode() for name, text in sorted(files.items())}, ensure_ascii=False),
    }  # fmt: skip
    names = ", ".join(row)
    put = f"INSERT INTO hub_packs ({names}) VALUES (:{', :'.join(row)}) ON CONFLICT (version) DO NOTHING"
    return connection.execute(sa.text(put), row).rowcount > 0


def versions(connection: Connection, limit: int = 200) -> list[Version]:
    """The newest versions, newest first."""
    question = f"SELECT {_OF_VERSION} FROM hub_packs ORDER BY made_utc DESC, version LIMIT :limit"
    return [_version(dict(row)) for row in connection.execute(sa.text(question), {"limit": limit}).mappings()]


def version(connection: Connection, name: str) -> Version | None:
    """A version by its whole hash."""
    question = sa.text(f"SELECT {_OF_VERSION} FROM hub_packs WHERE version = :name")
    row = connection.execute(question, {"name": name}).mappings().first()
    return None if row is None else _version(dict(row))


def files(connection: Connection, name: str) -> dict[str, bytes] | None:
    """The packs of a version by file name."""
    question = sa.text("SELECT files FROM hub_packs WHERE version = :name")
    text = connection.execute(question, {"name": name}).scalar()
    return None if text is None else {key: one.encode() for key, one in json.loads(text).items()}


def next_serial(connection: Connection) -> int:
    """The number of the next publication, for this transaction alone."""
    take_turn(connection, "publications")
    newest = connection.execute(sa.text("SELECT max(serial) FROM hub_publications")).scalar()
    return int(newest or 0) + 1


def keep_publication(connection: Connection, one: Publication, envelope: str) -> None:
    """Write a publication with what is sent for it."""
    row = {
        "serial": one.serial, "kind": one.kind, "version": one.version,
        "content": json.dumps(one.content, ensure_ascii=False), "windows": json.dumps(one.windows),
        "author": one.author, "note": one.note, "published_utc": one.published_utc, "envelope": envelope,
    }  # fmt: skip
    put = f"INSERT INTO hub_publications ({', '.join(row)}) VALUES (:{', :'.join(row)})"
    connection.execute(sa.text(put), row)


def publications(connection: Connection, limit: int = 500) -> list[Publication]:
    """The newest publications, newest first."""
    question = f"SELECT {_OF_PUBLICATION} FROM hub_publications ORDER BY serial DESC LIMIT :limit"
    return [
        _publication(dict(row)) for row in connection.execute(sa.text(question), {"limit": limit}).mappings()
    ]


def publication(connection: Connection, serial: int) -> Publication | None:
    """A publication by its number."""
    question = sa.text(f"SELECT {_OF_PUBLICATION} FROM hub_publications WHERE serial = :serial")
    row = connection.execute(question, {"serial": serial}).mappings().first()
    return None if row is None else _publication(dict(row))


def envelope(connection: Connection, serial: int) -> str:
    """What is sent for a publication."""
    question = sa.text("SELECT envelope FROM hub_publications WHERE serial = :serial")
    return str(connection.execute(question, {"serial": serial}).scalar_one())


def newest_for(connection: Connection, kind: Kind, window_id: str) -> int:
    """The number of the publication that holds at a window; 0: none does."""
    question = sa.text("SELECT serial, windows FROM hub_publications WHERE kind = :kind ORDER BY serial DESC")
    for serial, windows in connection.execute(question, {"kind": kind}):
        if matches(window_id, json.loads(windows)):
            return int(serial)
    return 0


def note_asked(connection: Connection, desk_id: str, window_id: str, asked: Pull, at_utc: str) -> None:
    """Keep what a desk has, as it says."""
    put = sa.text(
        """INSERT INTO hub_fleet (desk_id, window_id, version, asked_utc, rules, settings)
        VALUES (:desk_id, :window_id, :version, :asked_utc, :rules, :settings)
        ON CONFLICT (desk_id) DO UPDATE SET window_id = excluded.window_id, version = excluded.version,
            asked_utc = excluded.asked_utc, rules = excluded.rules, settings = excluded.settings"""
    )
    connection.execute(
        put,
        {
            "desk_id": desk_id, "window_id": window_id, "version": asked.version, "asked_utc": at_utc,
            "rules": asked.rules.model_dump_json(), "settings": asked.settings.model_dump_json(),
        },
    )  # fmt: skip


def has_asked(connection: Connection, desk_id: str, asked: Pull, since_utc: str) -> bool:
    """Whether a desk has said the very same since a moment."""
    row = connection.execute(
        sa.text("SELECT version, rules, settings FROM hub_fleet WHERE desk_id = :id AND asked_utc > :since"),
        {"id": desk_id, "since": since_utc},
    ).first()
    told = (asked.version, asked.rules.model_dump_json(), asked.settings.model_dump_json())
    return row is not None and tuple(row) == told


def asked(connection: Connection) -> dict[str, Asked]:
    """Every desk that ever asked, by its id."""
    rows = connection.execute(sa.text("SELECT * FROM hub_fleet")).mappings()
    return {
        row["desk_id"]: Asked(
            desk_id=row["desk_id"], window_id=row["window_id"], version=row["version"],
            asked_utc=row["asked_utc"], rules=json.loads(row["rules"]), settings=json.loads(row["settings"]),
        )
        for row in rows
    }  # fmt: skip


def published_versions(publications: Iterable[Publication]) -> set[str]:
    """Versions of rules that were ever sent."""
    return {one.version for one in publications if one.kind == "rules"}


_OF_VERSION = "version, rules_sha256, rules, packs, parent, author, note, made_utc"
_OF_PUBLICATION = "serial, kind, version, content, windows, author, note, published_utc"


def _version(row: Mapping[str, Any]) -> Version:
    return Version(**{**row, "packs": tuple(json.loads(row["packs"]))})


def _publication(row: Mapping[str, Any]) -> Publication:
    return Publication(
        **{**row, "content": json.loads(row["content"]), "windows": tuple(json.loads(row["windows"]))}
    )
