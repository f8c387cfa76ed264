"""Passwords to Argon2id hashes and back to yes or no.

Each check takes 64 MiB and some tenths of a second on purpose; two at a time, so that a storm of logins cannot
take the computer's memory.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST = 12
MOST = 200
_AT_ONCE = threading.BoundedSemaphore(2)


def check_new(password: str, name: str) -> None:
    """Raise DeskguardError for a password that may not be chosen: length counts, not kinds of signs."""
    if not LEAST <= len(password) <= MOST:
        raise DeskguardError(
            f"The password has {len(password)} signs.", f"take from {LEAST} to {MOST}.", "bad-password"
        )
    if len(set(password)) < 5 or name.casefold() in password.casefold():
        raise DeskguardError(
            "The password holds the account's name or too few different signs.", "take another.", "bad-password"
        )


def hashed(password: str) -> str:
    """What is kept of a password: its Argon2id hash with salt and parameters."""
    with _AT_ONCE:
        return _hasher().hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether a password is the one behind a hash; without one it takes as long and says no."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _AT_ONCE:
        try:
            return _hasher().verify(kept or _nobodys(), password[: MOST + 1]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this one")
