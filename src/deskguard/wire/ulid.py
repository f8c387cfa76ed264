"""Names for events that nobody hands out: sortable by time, unlike any other (ULID).

26 characters of Crockford's base 32: 48 bits of Unix milliseconds, then 80 random bits. Whoever sends an event
again sends its name again, so that the receiver knows it.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATTERN = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MS = 2**48 - 1


def new_ulid(now: datetime, random_bits: Callable[[int], int] = secrets.randbits) -> str:
    """A new name for something that happens now; `now` must know its offset from UTC."""
    since = now - _EPOCH
    milliseconds = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    value = min(max(milliseconds, 0), _MOST_MS) << 80 | random_bits(80)
    return "".join(_DIGITS[value >> place & 31] for place in range(125, -1, -5))
