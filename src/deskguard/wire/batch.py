"""Events to one body of a request and back: JSON in gzip, with bounds that hold while it is unpacked.

A batch names the desk and the stream its numbers belong to: a desk whose outbox was lost begins a new stream
with 1. What is wrong with the batch refuses it whole; what is wrong with one event refuses that one, or a desk
would stand before it for ever.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from deskguard.errors import DeskguardError
from deskguard.wire.events import EVENT, EVENTS, KINDS, Count, Identity, Strict, Told
from deskguard.wire.ulid import PATTERN as ULID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.wire.events import Event

MOST_EVENTS = 500
MOST_PACKED_BYTES = 256 * 1024
MOST_PLAIN_BYTES = 2 * 1024 * 1024
MEDIA_TYPE = "application/json"


class Head(Strict):
    """A batch without its events."""

    v: Literal[1] = 1
    desk_id: Identity
    stream: Annotated[str, Field(pattern=ULID_PATTERN)]
    """Whose numbers `seq` are: one outbox."""
    sent: Told
    """When it was sent, by the desk's clock: tells the hub how wrong that one is."""
    lost: Count = 0
    """Events that this stream had to give up since it began, full or too old."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that cannot be taken, and why."""

    seq: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What came, with what of it is of no use."""

    head: Head
    events: tuple[Event, ...]
    refused: tuple[Refused, ...] = ()


class Answer(Strict):
    """What the hub says to a batch."""

    ok: Literal[True] = True
    upto: Count
    """Events of the stream up to this number are kept, or refused for good: they need not come again."""
    accepted: Count
    repeated: Count
    """Events that were kept before."""
    refused: Annotated[tuple[tuple[int, str], ...], Field(max_length=MOST_EVENTS)] = ()
    """Number and reason of each that is of no use."""
    watching: Count = 0
    """Pages of supervisors that are open now: whether a call for help reaches anybody."""
    skew_s: float = 0.0
    """How far the desk's clock is ahead of the hub's, seconds."""


def pack(head: Head, events: Sequence[str]) -> bytes:
    """The body of a request: `events` are JSON texts, as they lay in the outbox."""
    opening = head.model_dump_json()[:-1]
    return gzip.compress(f'{opening},"events":[{",".join(events)}]}}'.encode(), compresslevel=5, mtime=0)


def unpack(body: bytes, *, is_gzip: bool) -> Batch:
    """A body as a batch; raises DeskguardError (`bad-batch`, `batch-too-large`) for one that is none."""
    plain = _unzipped(body) if is_gzip else body
    if len(plain) > MOST_PLAIN_BYTES:
        raise _too_large()
    try:
        table = json.loads(plain)
    except (ValueError, RecursionError):
        raise _bad("it is not JSON") from None
    if not isinstance(table, dict) or not isinstance(events := table.pop("events", None), list):
        raise _bad('it is not an object with "events"')
    if len(events) > MOST_EVENTS:
        raise _too_large()
    try:
        # Through JSON, since strict values of JSON are not those of Python: an array is a tuple.
        head = Head.model_validate_json(json.dumps(table))
    except ValidationError as error:
        raise _bad(_where(error)) from None
    try:
        return _ordered(head, EVENTS.validate_json(json.dumps(events)), [])
    except (ValidationError, RecursionError):
        return _one_by_one(head, events)


def _one_by_one(head: Head, events: list[Any]) -> Batch:
    taken: list[Event] = []
    refused: list[Refused] = []
    for one in events:
        try:
            taken.append(EVENT.validate_json(json.dumps(one)))
        except (ValidationError, RecursionError):
            refused.append(Refused(_seq(one), _reason(one)))
    return _ordered(head, taken, refused)


def _ordered(head: Head, events: list[Event], refused: list[Refused]) -> Batch:
    """Events must rise in number; one that does not is refused."""
    kept: list[Event] = []
    last = 0
    for one in events:
        if one.seq > last:
            kept.append(one)
            last = one.seq
        else:
            refused.append(Refused(one.seq, "out-of-order"))
    return Batch(head, tuple(kept), tuple(refused))


def _seq(event: object) -> int | None:
    seq = event.get("seq") if isinstance(event, dict) else None
    return seq if isinstance(seq, int) and not isinstance(seq, bool) and 1 <= seq <= 2**53 else None


def _reason(event: object) -> str:
    if not isinstance(event, dict):
        return "bad-event"
    if event.get("v", 1) != 1 or event.get("kind") not in KINDS:
        return "unknown-kind"
    return "bad-event"


def _unzipped(body: bytes) -> bytes:
    """At most one byte more than is allowed is ever unpacked."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, MOST_PLAIN_BYTES + 1)
    except zlib.error:
        raise _bad("it is not gzip") from None
    if len(plain) <= MOST_PLAIN_BYTES and (not unpacker.eof or unpacker.unused_data):
        raise _bad("the gzip in it is cut off, or something follows it")
    return plain


def _where(error: ValidationError) -> str:
    """The first mistake by its place; never the value, which anybody may have written."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    known = {"v", "desk_id", "stream", "sent", "lost"}
    place = str(first["loc"][0]) if first["loc"] else ""
    return f'"{place}" is not as it should be' if place in known else "it has a key that is not known"


def _bad(why: str) -> DeskguardError:
    return DeskguardError(
        f"The batch cannot be understood: {why}.",
        "send what /api/v1/openapi.json describes; a desk of another version is to be brought up to date.",
        "bad-batch",
    )


def _too_large() -> DeskguardError:
    return DeskguardError(
        f"The batch is too large: at most {MOST_EVENTS} events and {MOST_PLAIN_BYTES} bytes unpacked.",
        "send it in several parts.",
        "batch-too-large",
    )
