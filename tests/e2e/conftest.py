"""What several files that need a whole hall share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hall_server import HubProgram, running
from postgres_server import PostgresServer, postgres_server

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
def database(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path | None]:
    """An empty database of each kind, and the file with its password; the file's place is the data folder's."""
    if request.param == "sqlite":
        return "", None
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.fresh(tmp_path)


@pytest.fixture
def hall(database: tuple[str, Path | None], tmp_path: Path) -> Iterator[Hall]:
    """The same tests on both databases."""
    with a_hall(tmp_path / "data", *database) as made:
        yield made


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProgram]:
    """The hall's program with a file of its own."""
    made = HubProgram(tmp_path / "hub")
    with running(made):
        yield made


@pytest.fixture
def any_hub(database: tuple[str, Path | None], tmp_path: Path) -> Iterator[HubProgram]:
    """The same on each kind of database."""
    made = HubProgram(tmp_path / "hub", *database)
    with running(made):
        yield made
