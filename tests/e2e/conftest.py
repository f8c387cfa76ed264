"""What several files that need a whole hall share."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from postgres_server import PASSWORD, PostgresServer, postgres_server

from hub_parts import Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server of its own, for all that ask for one; each test makes its own database."""
    with postgres_server() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def hall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hall]:
    """The same tests on both databases."""
    place, password_file = "", None
    if request.param == "postgresql":
        place = request.getfixturevalue("postgres").create(f"hall_{secrets.token_hex(6)}")
        password_file = tmp_path / "password"
        password_file.write_text(PASSWORD, encoding="utf-8")
    with a_hall(tmp_path / "data", place, password_file) as made:
        yield made
