"""One store, on each of the two databases."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store.store import Store
from tests.store.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'aiterms.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += days * 86_400


@pytest.fixture
def clock() -> Clock:
    """The clock of the store."""
    return Clock()


@pytest_asyncio.fixture
async def store(url: str, clock: Callable[[], float]) -> AsyncIterator[Store]:
    """A store with nothing in it."""
    opened = await Store.open(url, write_timeout=10, read_timeout=10, clock=clock)
    yield opened
    await opened.close()
