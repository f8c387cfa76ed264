"""The code that proves that who makes the first account can read the server's console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.hub.store.opening import secret

if TYPE_CHECKING:
    from pathlib import Path


def setup_code(data: Path) -> str:
    """The same until the hall has an account; afterwards it opens nothing."""
    return secret(data, "setup.key", 12).hex()
