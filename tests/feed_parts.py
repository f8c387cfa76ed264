"""Events and batches as desks send them, for tests of the hall's feed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from deskguard.wire.batch import Head, pack
from deskguard.wire.ulid import new_ulid

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx import Response

    from deskguard.hub.accounts.desk_keys import DeskKey

BEGIN = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
STREAM = new_ulid(BEGIN, lambda _bits: 1)
OFFSET = timedelta(hours=8)
A_HIT: dict[str, Any] = {
    **{"kind": "hit", "hit_id": "run-1", "rule_id": "T01", "standard": "s000", "severity": "high"},
    **{"clauses": [{"standard": "s000", "clause": "s000.1.2"}], "state": "confirmed", "confidence": 0.9},
    "shown": True,
}
A_HELP: dict[str, Any] = {"kind": "help", "by": "button"}


def told(seq: int, at: datetime = BEGIN, **fields: Any) -> dict[str, Any]:
    """One event at a time, by a desk in China."""
    local = (at + OFFSET).replace(tzinfo=None).isoformat() + "+08:00"
    return {"id": new_ulid(at), "seq": seq, "at": local, **(fields or A_HELP)}


def a_visit(
    seq: int, minutes: float | None = None, at: datetime = BEGIN, visit_id: str = "v1"
) -> dict[str, Any]:
    """A visit that began at `at`; over after so many minutes, or still going on."""
    end = None if minutes is None else (at + timedelta(minutes=minutes)).isoformat()
    fields = {"visit_id": visit_id, "begin": at.isoformat(), "end": end, "channel": "counter"}
    return told(seq, at + timedelta(minutes=minutes or 0), kind="visit", **fields)


def body_of(desk: DeskKey, *events: Any, sent: datetime = BEGIN, stream: str = STREAM, lost: int = 0) -> bytes:
    """A batch as it travels."""
    head = Head(desk_id=desk.desk_id, stream=stream, sent=sent, lost=lost)
    return pack(head, [json.dumps(one) for one in events])


def post(client: TestClient, key: str, body: bytes, encoding: str = "gzip") -> Response:
    """Send a batch with a desk's key."""
    headers = {
        "authorization": f"Bearer {key}",
        "content-encoding": encoding,
        "content-type": "application/json",
    }
    return client.post("/api/v1/events", content=body, headers=headers)
