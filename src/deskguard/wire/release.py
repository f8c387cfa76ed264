"""What a hub sends to its desks: rules or settings, signed whole, with a number that only grows.

The signature covers the text of the body as it travels, byte for byte, so nothing is read before it is known to
be the hub's. The number lies inside: whoever keeps an old release and sends it again has a smaller one. So do
the windows it is for. Going back to earlier rules is a new release with their content.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from deskguard.errors import DeskguardError
from deskguard.wire.events import Strict, Told
from deskguard.wire.signing import fingerprint, is_signed, public_key, sign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Kind = Literal["rules", "settings"]
KINDS: tuple[Kind, ...] = ("rules", "settings")
MOST_BYTES = 4 * 1024 * 1024
MOST_FILES = 200
_CONTEXT = b"deskguard release 1\n"
"""Signed before the body: a signature for anything else is none for a release."""
FileName = Annotated[str, Field(pattern=r'^[^./\\:*?"<>|\x00-\x1f][^/\\:*?"<>|\x00-\x1f]{0,100}\.toml$')]
"""A name within one folder: even what the hub signs leads nowhere else."""
WindowGlob = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*-]{1,64}$")]
Serial = Annotated[int, Field(ge=0, le=2**53)]


class Signed(Strict):
    """The envelope."""

    v: Literal[1] = 1
    body: Annotated[str, Field(max_length=MOST_BYTES)]
    """A release as JSON text: what is signed."""
    key: Annotated[str, Field(max_length=64)]
    """Short name of the key, for messages only."""
    signature: Annotated[str, Field(max_length=200)]


class Release(Strict):
    """What is in the envelope."""

    v: Literal[1] = 1
    kind: Kind
    serial: Annotated[int, Field(ge=1, le=2**53)]
    issued: Told
    windows: Annotated[tuple[WindowGlob, ...], Field(min_length=1, max_length=1000)]
    """Ids of the windows it is for, with * for anything."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the content, see `files_sha256` and `settings_sha256`."""
    files: Annotated[dict[FileName, str], Field(max_length=MOST_FILES, default_factory=dict)]
    """Rules: packs by file name."""
    settings: Annotated[dict[str, dict[str, Any]], Field(default_factory=dict)]
    """Settings: tables with the keys that a hub may set, see `pushed`."""


class Held(Strict):
    """What a desk has of one kind, as it tells the hub."""

    serial: Serial = 0
    """Of the newest release taken; 0: none."""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    in_force: bool = True
    """False: taken, and waiting for the desk's next start."""
    refused: Serial = 0
    """Of the release that was refused last, if none was taken since; 0 where its signature does not hold."""
    reason: Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{0,63})?$")] = ""
    """Why."""


class Pull(Strict):
    """A desk asks for what is newer."""

    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,40}$")]
    """Of deskguard."""
    rules: Held = Held()
    settings: Held = Held()


class Pulled(Strict):
    """The answer: a release of each kind that is newer than what the desk has or has refused."""

    ok: Literal[True] = True
    rules: Signed | None = None
    settings: Signed | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a desk takes: its hub's key, its own window, and what it has already."""

    public_key: str
    window_id: str
    kind: Kind
    serial: int
    """Of what it has; 0: nothing."""


def files_sha256(files: Mapping[str, bytes]) -> str:
    """The address of a version of rules: names and contents, in the order of names."""
    listed = [[name, hashlib.sha256(content).hexdigest()] for name, content in sorted(files.items())]
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


def settings_sha256(values: Mapping[str, Any]) -> str:
    """The address of a set of settings, whatever the order of keys."""
    return hashlib.sha256(json.dumps(values, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def signed(release: Release, private: str) -> Signed:
    """A release in its envelope; raises DeskguardError (`bad-signing-key`, `release-too-large`)."""
    body = release.model_dump_json()
    if len(body.encode()) > MOST_BYTES:
        raise DeskguardError(
            f"The release is larger than {MOST_BYTES} bytes.", "leave packs out.", "release-too-large"
        )
    signature = sign(private, _CONTEXT + body.encode())
    return Signed(body=body, key=fingerprint(public_key(private)), signature=signature)


def opened(given: object, expected: Expected) -> Release | None:
    """The release in an envelope, None when the desk has this very one; else DeskguardError.

    `given` is JSON as it came. Codes: `release-unsigned`, `release-other-key`, `release-tampered`,
    `release-broken`, `release-other-kind`, `release-elsewhere`, `release-older`.
    """
    envelope = _envelope(given)
    if not is_signed(
        expected.public_key, _CONTEXT + envelope.body.encode(errors="replace"), envelope.signature
    ):
        raise _not_signed(envelope.key, expected.public_key)
    try:
        release = Release.model_validate_json(envelope.body)
    except (ValidationError, RecursionError):
        raise _refused("release-broken", "it is not in the form that this version of deskguard knows") from None
    if release.kind != expected.kind:
        raise _refused("release-other-kind", f"it holds {release.kind} where {expected.kind} are expected")
    if not matches(expected.window_id, release.windows):
        raise _refused("release-elsewhere", f"it is for {', '.join(release.windows)[:200]}")
    if release.serial < expected.serial:
        raise _refused(
            "release-older", f"it is number {release.serial}, and number {expected.serial} was taken"
        )
    if release.sha256 != _content_sha256(release):
        raise _refused("release-broken", "its content is not what its hash says")
    return None if release.serial == expected.serial else release


def matches(window_id: str, windows: tuple[str, ...] | list[str]) -> bool:
    """Whether a window is among those named, * standing for anything."""
    return any(fnmatch.fnmatchcase(window_id, one) for one in windows)


def rules_release(
    serial: int, issued: datetime, windows: tuple[str, ...], files: Mapping[str, bytes]
) -> Release:
    """Rules to be signed; the files must be UTF-8."""
    texts = {name: content.decode("utf-8") for name, content in sorted(files.items())}
    return Release(
        kind="rules",
        serial=serial,
        issued=issued,
        windows=windows,
        sha256=files_sha256(files),
        files=texts,
        settings={},
    )


def settings_release(
    serial: int, issued: datetime, windows: tuple[str, ...], values: Mapping[str, Any]
) -> Release:
    """Settings to be signed."""
    return Release(
        kind="settings", serial=serial, issued=issued, windows=windows, sha256=settings_sha256(values),
        files={}, settings=dict(values),
    )  # fmt: skip


def file_bytes(release: Release) -> dict[str, bytes]:
    """The packs of a release by file name."""
    return {name: text.encode() for name, text in release.files.items()}


def _content_sha256(release: Release) -> str:
    if release.kind == "rules":
        return files_sha256(file_bytes(release))
    return settings_sha256(release.settings)


def _envelope(given: object) -> Signed:
    try:
        return Signed.model_validate(given)
    except (ValidationError, RecursionError):
        raise _refused("release-unsigned", "it has no signature in the form that is known here") from None


def _not_signed(named: str, public: str) -> DeskguardError:
    if named != fingerprint(public):
        return _refused("release-other-key", "it is signed with another key than that of the hub joined")
    return _refused("release-tampered", "its signature does not fit its content")


def _refused(code: str, why: str) -> DeskguardError:
    return DeskguardError(
        f"What the hub sent is not taken: {why}.",
        "what was in force stays so; if the hub has a new key, join it again with deskguard join.",
        code,
    )
