"""A SQLite connection whose thread can be told to stop more than once."""

import asyncio
from typing import Any

import aiosqlite


class Connection(aiosqlite.Connection):
    """Stops once: the library's own waits for ever if it is told again, for a thread that has ended by then.

    That happens where the end of the program meets a statement that takes long: SQLAlchemy stops the thread, and the
    closing that was under way stops it again.
    """

    _stopping: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        """Stop the thread behind what it is doing; return what tells that it has ended."""
        if self._stopping is None:
            self._stopping = super().stop()
        return self._stopping


def connect(database: str, **options: Any) -> Connection:
    """Return a connection as `aiosqlite.connect` does, whose thread keeps no program from ending."""
    made = aiosqlite.connect(database, **options)
    connection = Connection(made._connector, made._iter_chunk_size)  # noqa: SLF001 - there is no public way
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does with those that it makes itself
    return connection
