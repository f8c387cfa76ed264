"""The key that signs what desks are sent: a private file in the hub's data folder, made when first needed.

Every process of a hub must see the same file. A desk learns the public key when it joins and takes nothing
that another key signed: whoever has the database but not this file cannot give a desk other rules.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.wire.signing import new_private_key, public_key

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "signing-key.pem"
_OTHERS = 0o077


def signing_key(data: Path) -> str:
    """The private key as PEM; raises DeskguardError when it cannot be made, read, or kept from others."""
    path = data / FILE_NAME
    try:
        _make(path)
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no key file"
        raise DeskguardError(
            f"The key that signs rules, {path}, cannot be read: {why}.",
            "put it back from a backup, or give this user the right to read and write there.",
            "bad-signing-key",
        ) from None
    if os.name == "posix" and mode & _OTHERS:
        raise DeskguardError(
            f"The key that signs rules, {path}, can be read by others (mode {mode & 0o777:o}, should be 600).",
            f"chmod 600 {path}; if somebody may have read it, delete it and let every desk join again.",
            "signing-key-open",
        )
    return text


def public_signing_key(data: Path) -> str:
    """What a desk is given when it joins."""
    return public_key(signing_key(data))


def _make(path: Path) -> None:
    """A key where there is none: whole at once, so that of two that come together one wins."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(new_private_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return
    finally:
        fresh.unlink(missing_ok=True)
