"""All that is known of one clerk: as a file to hand over, or gone.

Findings and what was said lie in the night's tables under the clerk's id. The audit log keeps the ids of what
was looked at and no content, so it stays whole.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.hub.reviewing import summing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection

_RECORDINGS = "SELECT sha256 FROM night_recordings WHERE clerk_id = :clerk"
_EXAMINATIONS = f"SELECT examination_id FROM night_examinations WHERE recording_sha256 IN ({_RECORDINGS})"
_FINDINGS = f"SELECT finding_id FROM night_findings WHERE examination_id IN ({_EXAMINATIONS})"
_PARTS = {
    "recordings": f"SELECT * FROM night_recordings WHERE sha256 IN ({_RECORDINGS})",
    "examinations": f"SELECT * FROM night_examinations WHERE examination_id IN ({_EXAMINATIONS})",
    "findings": f"SELECT * FROM night_findings WHERE examination_id IN ({_EXAMINATIONS})",
    "spoken": f"SELECT * FROM night_spoken WHERE examination_id IN ({_EXAMINATIONS})",
    "decisions": f"SELECT * FROM night_decisions WHERE finding_id IN ({_FINDINGS})",
    "verdicts": f"SELECT * FROM hub_verdicts WHERE finding_id IN ({_FINDINGS})",
    "ratings": "SELECT * FROM night_imports WHERE clerk_id = :clerk",
}
_DELETED = (
    ("verdicts", f"DELETE FROM hub_verdicts WHERE finding_id IN ({_FINDINGS})"),
    ("decisions", f"DELETE FROM night_decisions WHERE finding_id IN ({_FINDINGS})"),
    ("spoken", f"DELETE FROM night_spoken WHERE examination_id IN ({_EXAMINATIONS})"),
    ("findings", f"DELETE FROM night_findings WHERE examination_id IN ({_EXAMINATIONS})"),
    ("examinations", f"DELETE FROM night_examinations WHERE recording_sha256 IN ({_RECORDINGS})"),
    ("recordings", "DELETE FROM night_recordings WHERE clerk_id = :clerk"),
    ("ratings", "DELETE FROM night_imports WHERE clerk_id = :clerk"),
)


def export(connection: Connection, account: dict[str, Any], clips: Path | None) -> bytes:
    """A zip with a JSON file for each kind of record, and clips; `account` is a row without its password."""
    clerk = {"clerk": account["clerk_id"]}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("account.json", _json([account]))
        ids: list[str] = []
        for name, question in _PARTS.items():
            rows = [dict(one._mapping) for one in connection.execute(sa.text(question), clerk)]
            rows = rows if account["clerk_id"] else []
            archive.writestr(f"{name}.json", _json(rows))
            ids += [row["finding_id"] for row in rows] if name == "findings" else []
        for path in clips_of(ids, clips):
            archive.write(path, f"clips/{path.name}")
    return packed.getvalue()


def delete(connection: Connection, clerk_id: str) -> tuple[dict[str, int], list[str]]:
    """Delete all records of a clerk; gives how many of each kind, and the findings whose clips must go."""
    if not clerk_id:
        return {}, []
    found = connection.execute(sa.text(_FINDINGS), {"clerk": clerk_id})
    ids = sorted({str(one) for (one,) in found})
    summing.drop(connection, f"sha256 IN ({_RECORDINGS})", {"clerk": clerk_id})
    return {
        kind: connection.execute(sa.text(statement), {"clerk": clerk_id}).rowcount
        for kind, statement in _DELETED
    }, ids


def clips_of(finding_ids: Iterable[str], folder: Path | None) -> list[Path]:
    """The clips of findings in a folder and those below it."""
    wanted = {f"{one}.ogg" for one in finding_ids}
    if folder is None or not wanted or not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*.ogg") if path.name in wanted)


def delete_clips(finding_ids: Iterable[str], folder: Path | None) -> int:
    """Delete the clips of findings; gives how many there were."""
    found = clips_of(finding_ids, folder)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def clips_folder(setting: str) -> Path | None:
    """Where clips lie, if the hall was told."""
    return Path(setting) if setting else None


def _json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=1)
