"""One database, SQLite or PostgreSQL: transactions with deadlines, each write once, and the schema brought up to date."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from bot.core.errors import UserError
from bot.store import tables
from bot.store.engine import MIGRATE, WRITES, AsyncConnection, AsyncEngine, make_engine
from bot.store.records import NotSavedError, SchemaError, UnreadableError, UnsureError

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[AsyncConnection, bool], Awaitable[T]]
"""What a write does in its transaction. Told that it was done before, it only reads what came of it."""

_RETRY = 5.0
"""Seconds in which a database that could not be prepared is not tried again."""
_WRITERS = 3
"""Writers that have or want a connection at the same time; the rest of the pool is for readers."""
_CLOSE = 5.0
"""Seconds for closing connections; those to a server that says nothing are dropped then."""
_MIGRATION_LOCK = 0x61697465726D73
"""Any number, but always the same: that of the advisory lock in PostgreSQL."""
_LOCKS = _MIGRATION_LOCK + 1
_ASK_AGAIN = 0.2
_FORGOTTEN = 6.0
"""Seconds after the start of the database for which a lock is not given: whatever its holder began before is over then."""
_FAULTS = (SQLAlchemyError, OSError, TimeoutError, sqlite3.Error)
"""What a database, its driver and its network raise (asyncpg's own errors come wrapped)."""


class Database:
    """Runs transactions. A database that is away makes calls fail in words; it is found again by itself."""

    def __init__(self, url: str, *, read_timeout: float, write_timeout: float) -> None:
        self._engine = make_engine(url, write_timeout)
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._running: set[asyncio.Task[Any]] = set()
        self._preparing: asyncio.Task[bool] | None = None
        self._prepared = False
        self._writers = asyncio.Semaphore(_WRITERS)
        self._closed = False
        self._retry_at = 0.0
        self._file = None if self.is_postgres else Path(self._engine.url.database or "")
        self._opened: tuple[int, int] | None = None
        """Which file SQLite has open; a path may come to mean another one, or none."""

    @property
    def is_postgres(self) -> bool:
        """Whether the server is shared by several processes."""
        return self._engine.is_postgres

    async def prepare(self) -> bool:
        """Bring the schema up to date; tell whether the database can be used now.

        Who waits for it may give up: it goes on, and serves the next one.

        Raises:
            SchemaError: the schema is newer than this program.
        """
        if self._prepared:
            return self._is_in_place()
        if self._preparing is None:
            if time.monotonic() < self._retry_at:
                return False
            self._preparing = self._own(self._prepare())
        return await asyncio.shield(self._preparing)

    def _is_in_place(self) -> bool:
        """Tell whether the path of a SQLite database still means the file that is open.

        What is written to a file without a name is lost; one made anew in its place would hide that, and SQLite would
        take what the old one left beside it for its own.
        """
        if self._file is None or _identity(self._file) == self._opened:
            return True
        if time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + _RETRY
            name = self._file.name
            log.error(
                "the storage cannot be used: %s was taken away or replaced while it was in use. Put that very file "
                "back; or stop the bot, delete %s-wal and %s-shm, put a backup in its place, and start again",
                *(name, name, name),
            )
        return False

    async def _prepare(self) -> bool:
        try:
            if self._file:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            async with asyncio.timeout(MIGRATE):
                await _bring_up_to_date(self._engine)
        except SchemaError:
            self._retry_at = time.monotonic() + _RETRY
            raise
        except _FAULTS as error:
            self._retry_at = time.monotonic() + _RETRY
            log.error("the storage cannot be used: %s", in_words(error))  # noqa: TRY400 - the line says all
            return False
        except Exception:
            # Such as a revision that no version knows: nobody is kept from answering by it.
            self._retry_at = time.monotonic() + _RETRY
            log.exception("the storage cannot be used")
            return False
        finally:
            self._preparing = None
        self._opened = _identity(self._file) if self._file else None
        self._prepared = True
        return True

    async def close(self) -> None:
        """Close all connections, for good."""
        self._closed = True
        running = set(self._running)
        for task in running:
            _cancel_once(task)
        if running:
            await asyncio.wait(running, timeout=_CLOSE / 2)
        try:
            async with asyncio.timeout(_CLOSE / 2):
                await self._engine.dispose()
        except TimeoutError:
            log.warning("the storage does not let go of its connections; they are dropped")

    def _own(self, running: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run something as a task that ends with the database at the latest."""

        def ended(task: "asyncio.Task[T]") -> None:
            self._running.discard(task)
            if not task.cancelled():
                # Seen, also where nobody waits any more.
                task.exception()

        task = asyncio.create_task(running)
        self._running.add(task)
        task.add_done_callback(ended)
        return task

    async def _in_time(self, seconds: float, running: Coroutine[Any, Any, T]) -> T:
        """Return what a transaction returns; raise TimeoutError once its time is over.

        A driver that is cancelled may take seconds to let go of a server that says nothing. It does so by itself.
        """
        task = self._own(running)
        try:
            await asyncio.wait({task}, timeout=seconds)
            if not task.done():
                raise TimeoutError
            if task.cancelled():
                # By the end of the database; whoever waits was not cancelled, and is told in words.
                raise OSError("closed")
            return task.result()
        finally:
            _cancel_once(task)

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run what only reads.

        Raises:
            UnreadableError: the database is away, or does not answer in time.
        """

        async def reading() -> T:
            await self._must_be_prepared()
            async with self._engine.connect() as connection:
                return await work(connection)

        try:
            return await self._in_time(self._read_timeout, reading())
        except _FAULTS as error:
            log.warning("the storage could not be read: %s", in_words(error))
            raise UnreadableError from None

    async def write(self, request: int | None, work: Work[T], *, seconds: float | None = None) -> T:
        """Run `work` in one transaction; with the id of an interaction, once for all deliveries of it.

        `seconds` is how long it may take where that is longer than usual.

        Raises:
            NotSavedError: nothing has changed.
            UnsureError: the database went away while the transaction ended.
        """
        ending = False

        async def writing() -> T:
            nonlocal ending
            await self._must_be_prepared()
            async with self._writers, self._engine.execution_options(**{WRITES: True}).connect() as connection:
                seen = request is not None and not await self._is_new(connection, request)
                result = await work(connection, seen)
                ending = True
                await connection.commit()
                return result

        try:
            return await self._in_time(max(self._write_timeout, seconds or 0.0), writing())
        except UserError:
            raise
        except _FAULTS as error:
            log.warning("a write failed%s: %s", " at its end" if ending else "", in_words(error))
        if not ending:
            raise NotSavedError
        return await self._look_again(request, work)

    @asynccontextmanager
    async def lock(self, key: int, patience: float) -> AsyncIterator[None]:
        """Hold a lock among all processes that use this database while the block runs; it dies with its holder.

        Raises:
            UnreadableError: the database is no PostgreSQL, is away, or the lock was not free for `patience` seconds.
        """
        if not self.is_postgres:
            raise UnreadableError
        try:
            connection = await self._locked(key, patience)
        except _FAULTS as error:
            log.warning("a lock could not be had: %s", in_words(error))
            raise UnreadableError from None
        try:
            yield
        finally:
            # Closing the session gives the lock back, whatever state it is in.
            await connection.invalidate()
            await connection.close()

    async def _locked(self, key: int, patience: float) -> AsyncConnection:
        async with asyncio.timeout(self._read_timeout):
            await self._must_be_prepared()
            connection = await self._engine.execution_options(isolation_level="AUTOCOMMIT").open()
        try:
            async with asyncio.timeout(patience):
                # Asking again rather than waiting in the database: a wait there outlives the one who waited.
                ask = text(f"SELECT pg_try_advisory_lock({_LOCKS + key})")
                while not await connection.scalar(ask):  # noqa: ASYNC110 - the other end is a database
                    await asyncio.sleep(_ASK_AGAIN)
                # A server that has just started has forgotten its locks: somebody may have held this one a moment ago.
                age = await connection.scalar(
                    text("SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())")
                )
                await asyncio.sleep(max(0.0, _FORGOTTEN - float(age or 0.0)))
        except BaseException:
            await connection.invalidate()
            await connection.close()
            raise
        return connection

    async def _look_again(self, request: int | None, work: Work[T]) -> T:
        """Find out what became of a write whose end was not seen."""
        if request is None or self._closed:
            raise UnsureError

        async def looking() -> tuple[bool, T | None]:
            async with self._writers, self._engine.execution_options(**{WRITES: True}).connect() as connection:
                # Not a mere look, which would overlook a transaction that is still ending: this waits for it.
                if await self._is_new(connection, request):
                    await connection.rollback()
                    return False, None
                return True, await work(connection, True)

        try:
            done, result = await self._in_time(self._write_timeout, looking())
        except _FAULTS as error:
            log.error("what became of a write cannot be told: %s", in_words(error))  # noqa: TRY400 - the line says all
            raise UnsureError from None
        if not done:
            raise NotSavedError
        return cast("T", result)

    async def _is_new(self, connection: AsyncConnection, request: int) -> bool:
        now = int(time.time())
        insert = self.insert(tables.requests).values(id=request, at=now).on_conflict_do_nothing()
        return (await connection.execute(insert)).rowcount > 0

    def insert(self, table: Any) -> Any:
        """Return an insert that knows ON CONFLICT, which each database has as its own class."""
        if self.is_postgres:
            from sqlalchemy.dialects.postgresql import insert
        else:
            from sqlalchemy.dialects.sqlite import insert
        return insert(table)

    async def _must_be_prepared(self) -> None:
        if self._closed:
            raise OSError("closed")
        try:
            prepared = await self.prepare()
        except SchemaError as error:
            raise OSError(str(error)) from None
        if not prepared:
            raise OSError("not ready")


def _cancel_once(task: "asyncio.Task[Any]") -> None:
    """Cancel what was not cancelled yet: one that is closing its connection for that must be let alone.

    Cancelled once more, SQLAlchemy stops the thread behind a SQLite connection whose closing then never ends.
    """
    if not task.cancelling():
        task.cancel()


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def _bring_up_to_date(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        if await connection.run_sync(_revision) == tables.HEAD:
            return
    async with engine.execution_options(**{WRITES: True}).connect() as connection:
        if engine.is_postgres:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        await connection.run_sync(_migrate)
        await connection.commit()


def _revision(connection: Connection) -> str | None:
    """Return the revision of the schema, None for an empty database. Raises SchemaError if it is newer than ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if revision and revision > tables.HEAD:
        raise SchemaError(
            f"The database was made by a newer version of aiterms (schema {revision}; this one knows {tables.HEAD}). "
            "Install that version again, or restore a backup made before the upgrade."
        )
    return revision


def _migrate(connection: Connection) -> None:
    """Run what is missing, in this transaction: all of it or nothing."""
    # Behind the lock: another process may have been quicker.
    before = _revision(connection)
    if before == tables.HEAD:
        return
    # Late, since it costs 10 MB that a start with the newest schema does not need.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, tables.HEAD)
    log.info("the schema of the storage was brought from %s to %s", before or "nothing", tables.HEAD)


def in_words(error: BaseException) -> str:
    """Return what failed in one line, without addresses, passwords or values."""
    cause: BaseException = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    # Messages of drivers may name host and user; a locked or full SQLite says what is the matter.
    if isinstance(cause, sqlite3.Error) and lines:
        return f"{type(cause).__name__}, {lines[0]}"
    # SQLAlchemy has one class for most errors of PostgreSQL; asyncpg's own names tell more.
    return type(cause.__cause__ or cause).__name__
