"""SQLAlchemy's Core on asyncio drivers.

`sqlalchemy.ext.asyncio` has the same and more, but imports the whole ORM, of which nothing here makes use: 6 MB and 70 ms
of every start. What it is made of is public, and used here: a greenlet a call, in which the driver waits.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Connection, CursorResult, Engine, Executable, ScalarResult, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import greenlet_spawn

from bot.core.errors import ConfigurationError

T = TypeVar("T")

MIGRATE = 60.0
"""Seconds for bringing the schema up to date, another process that does so included."""
WRITES = "aiterms_write"
"""The option of connections that will write."""
_CONNECTIONS = 5
_CLOSING = 5.0
"""Seconds for giving a connection back, the end of its transaction included: so long that a busy machine never cuts off
a transaction that is ending, since the server is told to cancel it."""
_ADDRESS = (
    "store.url is no address that can be used: write sqlite:///FOLDER/aiterms.db or "
    "postgresql://USER:PASSWORD@HOST/DATABASE (special characters as %40 and the like; behind it at most "
    "?sslmode=require or another of libpq's words), or leave it empty."
)


class AsyncConnection:
    """One connection, in a transaction from its first statement; whoever does not commit has done nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(
        self, statement: Executable, parameters: Sequence[dict[str, Any]] | dict[str, Any] | None = None
    ) -> CursorResult[Any]:
        """Run a statement, once for each of several `parameters`; the drivers have read all rows then."""
        return await greenlet_spawn(self._connection.execute, statement, parameters)

    async def scalar(self, statement: Executable) -> Any:
        """Return the first column of the first row, None where there is no row."""
        return (await self.execute(statement)).scalar()

    async def scalars(self, statement: Executable) -> ScalarResult[Any]:
        """Return the first column of all rows."""
        return (await self.execute(statement)).scalars()

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        """Run what knows nothing of asyncio, such as Alembic; it waits without holding the loop."""
        return await greenlet_spawn(work, self._connection)

    async def commit(self) -> None:
        """End the transaction, all of it done."""
        await greenlet_spawn(self._connection.commit)

    async def rollback(self) -> None:
        """End the transaction, nothing of it done."""
        await greenlet_spawn(self._connection.rollback)

    async def invalidate(self) -> None:
        """Let nobody use the driver's connection again: it is closed, not given back."""
        await greenlet_spawn(self._connection.invalidate)

    async def close(self) -> None:
        """Give the driver's connection back; a transaction that is not committed is rolled back."""
        await greenlet_spawn(self._connection.close)


class AsyncEngine:
    """A pool of connections to one database; nothing is opened before it is needed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __repr__(self) -> str:
        """Name the database; SQLAlchemy masks the password."""
        return f"<AsyncEngine {self._engine.url!r}>"

    @property
    def url(self) -> URL:
        """The address, password included."""
        return self._engine.url

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL; it is SQLite otherwise."""
        return self._engine.dialect.name == "postgresql"

    def execution_options(self, **options: Any) -> Self:
        """Return the same pool, whose connections have these options."""
        return type(self)(self._engine.execution_options(**options))

    async def open(self) -> AsyncConnection:
        """Return a connection that the caller closes."""
        return AsyncConnection(await greenlet_spawn(self._engine.connect))

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Have a connection while the block runs; whoever is cancelled still waits until it is given back."""
        connection = await self.open()
        try:
            yield connection
        finally:
            await _to_its_end(connection)

    async def dispose(self) -> None:
        """Close all connections that nobody uses."""
        await greenlet_spawn(self._engine.dispose)


async def _to_its_end(connection: AsyncConnection) -> None:
    """Close a connection, also where the one who waits is cancelled: it must not come back to a pool that is gone."""
    closing = asyncio.create_task(connection.close())
    cancelled = None
    patience: float | None = _CLOSING
    while not closing.done():
        try:
            await asyncio.wait({closing}, timeout=patience)
            if patience and not closing.done():
                # Once: SQLAlchemy then drops the connection, which a server that says nothing would keep for a minute.
                patience = None
                closing.cancel()
        except asyncio.CancelledError as error:
            cancelled = error
    if not closing.cancelled():
        closing.result()
    if cancelled:
        raise cancelled


def make_engine(url: str, write_timeout: float) -> AsyncEngine:
    """Return the engine for an address; nothing is opened yet.

    Raises:
        ConfigurationError: that is no address of a database, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        raise ConfigurationError(_ADDRESS) from None
    kind = parsed.get_backend_name()
    # The short name is common, but SQLAlchemy does not know it.
    if kind in ("postgresql", "postgres") and parsed.database:
        # As libpq has it, and hosted databases hand it out; the driver's own word is `ssl`.
        options = {"ssl" if name == "sslmode" else name: value for name, value in parsed.query.items()}
        if set(options) - {"ssl", "host", "port"}:
            raise ConfigurationError(_ADDRESS)
        if find_spec("asyncpg") is None:
            raise ConfigurationError(
                'store.url names PostgreSQL, whose driver is not installed: pip install "aiterms[postgres]"'
            )
        return AsyncEngine(
            create_engine(
                parsed.set(drivername="postgresql+asyncpg", query=options),
                pool_size=_CONNECTIONS,
                max_overflow=0,
                pool_timeout=write_timeout,
                pool_pre_ping=True,
                pool_recycle=1800,
                hide_parameters=True,
                # For the schema, which may take long; everything else has a shorter limit of its own.
                connect_args={"timeout": write_timeout, "command_timeout": MIGRATE},
            )
        )
    file = parsed.database or ""
    if kind != "sqlite" or file in ("", ":memory:") or file.startswith("file:") or parsed.query:
        raise ConfigurationError(_ADDRESS)
    from bot.store.sqlite_thread import connect

    engine = create_engine(
        parsed.set(drivername="sqlite+aiosqlite"),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=write_timeout,
        hide_parameters=True,
        # Shorter than the deadline: a locked database says so itself, and nothing is left half begun.
        connect_args={"timeout": write_timeout * 0.75, "async_creator_fn": connect},
    )
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    return AsyncEngine(engine)


def _connected(connection: Any, _: object) -> None:
    # Python's driver begins transactions late and never for reads: it is told to leave that to us.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # In WAL mode NORMAL may lose what was acknowledged when the power fails; FULL does not.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begun(connection: Connection) -> None:
    # A write takes the lock at its beginning: one that began as a read would fail where another came between.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
