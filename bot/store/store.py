"""The store as the bot knows it: settings, own terms, gaps, reports, and what privacy demands."""

import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, Table, delete, func, select, tuple_, update

from bot.core.errors import UserError
from bot.store.database import Database
from bot.store.engine import AsyncConnection
from bot.store.own_terms import OwnTerms
from bot.store.records import (
    GAP_DAYS,
    LEFT_DAYS,
    MOST_GAPS,
    ConflictError,
    Gap,
    NotSavedError,
    Report,
    ServerSettings,
    Stored,
    Strictness,
    UnreadableError,
)
from bot.store.tables import gaps, history, reports, requests, servers, terms

log = logging.getLogger(__name__)

_DAY = 86_400
_NOBODY = 0
"""Stands where the id of a user stood who had their data erased."""
_PATIENCE = 600.0
"""Seconds to wait for a lock: some 100 shards may be before this one."""
_ERASING = 20.0
"""Seconds for deleting much at once."""
_PART = 5000
"""Rows that are deleted in one transaction."""
_FAILURES = 3
"""After so many failures the storage is let alone until the next round."""
_BATCH = 500
"""Ids in one statement: SQLite takes no unlimited number."""


class Store(OwnTerms):
    """Everything that servers change. Reads raise UnreadableError, writes NotSavedError or UnsureError.

    Every write that an interaction causes takes its id as `request`: a second delivery changes nothing, and returns how
    things stand.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(database)
        self._clock = clock

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        read_timeout: float = 1.0,
        write_timeout: float = 2.0,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open the database and bring its schema up to date.

        Raises:
            SchemaError: the schema is newer than this program.
            ConfigurationError: that is no address of a database, or its driver is not installed.
        """
        store = cls.at(url, read_timeout=read_timeout, write_timeout=write_timeout, clock=clock)
        try:
            await store.prepare()
        except BaseException:
            await store.close()
            raise
        return store

    @classmethod
    def at(
        cls,
        url: str,
        *,
        read_timeout: float = 1.0,
        write_timeout: float = 2.0,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Return the store at `url`, sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; nothing is opened yet.

        A database that is away makes calls fail in words; it is tried again, at most every few seconds, when it is needed.

        Raises:
            ConfigurationError: that is no address of a database, or its driver is not installed.
        """
        return cls(Database(url, read_timeout=read_timeout, write_timeout=write_timeout), clock=clock)

    async def prepare(self) -> bool:
        """Bring the schema up to date; tell whether the database can be used now.

        Raises:
            SchemaError: the schema is newer than this program.
        """
        return await self._database.prepare()

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()

    async def alive(self) -> bool:
        """Tell whether the database answers now."""

        async def work(connection: AsyncConnection) -> bool:
            await connection.scalar(select(1))
            return True

        try:
            return await self._database.read(work)
        except UnreadableError:
            return False

    def lock(self, key: int) -> AbstractAsyncContextManager[None]:
        """Hold the lock `key` among all processes of the bot while the block runs; see `Database.lock`."""
        return self._database.lock(key, _PATIENCE)

    def _now(self) -> int:
        return int(self._clock())

    # -- settings ---------------------------------------------------------------------------------------------------

    async def settings(self, server: int) -> ServerSettings:
        """Return what a server has chosen."""

        async def work(connection: AsyncConnection) -> ServerSettings:
            return await _settings(connection, server)

        return await self._database.read(work)

    async def change_settings(self, server: int, new: ServerSettings, *, by: int, request: int) -> ServerSettings:
        """Store what a server chooses; `new.version` is the one that was changed. Return it with its new version.

        Raises:
            ConflictError: somebody else has changed the settings meanwhile.
        """

        async def work(connection: AsyncConnection, seen: bool) -> ServerSettings:
            if not seen:
                await self._lock(connection, server)
            present = await _settings(connection, server)
            if seen:
                return present
            if present.version != new.version:
                raise ConflictError(present)
            row = {"settings": _settings_json(new), "settings_version": new.version + 1}
            await connection.execute(update(servers).where(servers.c.id == server).values(**row))
            return await _settings(connection, server)

        stored = await self._database.write(request, work)
        log.info("settings of server %d changed by user %d", server, by)
        return stored

    # -- gaps -------------------------------------------------------------------------------------------------------

    async def note_gap(self, server: int, text: str) -> None:
        """Count a question that was not known; the caller sees to it that it is short and says nothing of anybody."""

        async def work(connection: AsyncConnection, _: bool) -> None:
            await self._lock(connection, server, shared=True)
            row = {"server": server, "text": _storable(text), "count": 1, "last_asked": self._now()}
            insert = self._database.insert(gaps).values(**row)
            again = {"count": gaps.c.count + 1, "last_asked": row["last_asked"]}
            await connection.execute(insert.on_conflict_do_update(index_elements=["server", "text"], set_=again))
            ours = gaps.c.server == server
            newest = select(gaps.c.text).where(ours).order_by(gaps.c.last_asked.desc(), gaps.c.count.desc())
            old = newest.offset(MOST_GAPS)
            await connection.execute(delete(gaps).where(ours, gaps.c.text.in_(old.limit(_BATCH))))

        await self._database.write(None, work)

    async def gaps(self, server: int, *, limit: int = 25, offset: int = 0) -> list[Gap]:
        """Return what was asked and not known, most asked first."""

        async def work(connection: AsyncConnection) -> list[Gap]:
            order = (gaps.c.count.desc(), gaps.c.last_asked.desc(), gaps.c.text)
            query = select(gaps).where(gaps.c.server == server).order_by(*order).limit(limit).offset(offset)
            rows = (await connection.execute(query)).mappings()
            return [Gap(r["text"], r["count"], _time(r["last_asked"])) for r in rows]

        return await self._database.read(work)

    async def close_gap(self, server: int, text: str) -> None:
        """Forget a gap: it became a term, or is none."""

        async def work(connection: AsyncConnection, _: bool) -> None:
            await connection.execute(delete(gaps).where(gaps.c.server == server, gaps.c.text == _storable(text)))

        await self._database.write(None, work)

    # -- reports ----------------------------------------------------------------------------------------------------

    async def add_report(self, term_id: str, text: str, *, user: int, server: int | None, request: int) -> None:
        """Store a mistake that somebody reports."""

        async def work(connection: AsyncConnection, seen: bool) -> None:
            if not seen:
                row = {"term_id": _storable(term_id)[:100], "text": _storable(text), "user": user, "server": server}
                await connection.execute(reports.insert().values(**row, at=self._now(), request=request))

        await self._database.write(request, work)

    async def reports(self, *, after: int = 0, limit: int = 500) -> list[Report]:
        """Return the reports with ids over `after`, oldest first."""

        async def work(connection: AsyncConnection) -> list[Report]:
            query = select(reports).where(reports.c.id > after).order_by(reports.c.id).limit(limit)
            rows = await connection.execute(query)
            return [Report(r.id, r.term_id, r.text, r.user, r.server, _time(r.at)) for r in rows]

        return await self._database.read(work)

    # -- privacy ----------------------------------------------------------------------------------------------------

    async def stored(self, user: int, server: int | None) -> Stored:
        """Count what is stored about a user, and about a server."""

        async def work(connection: AsyncConnection) -> Stored:
            async def count(*where: Any) -> int:
                return int(await connection.scalar(select(func.count()).where(*where)) or 0)

            return Stored(
                reports=await count(reports.c.user == user),
                changes=await count(history.c.by == user),
                terms=await count(terms.c.server == server),
                gaps=await count(gaps.c.server == server),
                settings=await count(servers.c.id == server, servers.c.settings_version > 0) > 0,
            )

        return await self._database.read(work)

    async def erase_user(self, user: int, *, request: int | None = None) -> int:
        """Delete the user's reports, and take their id out of history and terms; return how many rows that concerned."""

        async def work(connection: AsyncConnection, seen: bool) -> int:
            if seen:
                return 0
            # What is in memory of these servers holds the id, too: it is read again.
            shown = select(terms.c.server).where(terms.c.changed_by == user)
            newer = {"terms_version": servers.c.terms_version + 1}
            await connection.execute(update(servers).where(servers.c.id.in_(shown)).values(newer))
            # In the order in which a server is erased: neither waits for what the other holds.
            return await _rows(
                connection,
                update(terms).where(terms.c.changed_by == user).values(changed_by=_NOBODY),
                update(history).where(history.c.by == user).values(by=_NOBODY),
                delete(reports).where(reports.c.user == user),
            )

        return await self._database.write(request, work, seconds=_ERASING)

    async def erase_server(self, server: int, *, request: int | None = None) -> None:
        """Delete everything of a server; reports from there lose its id."""

        async def work(connection: AsyncConnection, seen: bool) -> int:
            return 0 if seen else await _erase(connection, server)

        await self._database.write(request, work, seconds=_ERASING)

    async def server_left(self, server: int) -> None:
        """Note that the bot has left a server: what it stored there is deleted after 30 days."""

        async def work(connection: AsyncConnection, _: bool) -> None:
            which = (servers.c.id == server) & servers.c.left_at.is_(None)
            await connection.execute(update(servers).where(which).values(left_at=self._now()))

        await self._database.write(None, work)

    async def server_joined(self, server: int) -> None:
        """Note that the bot is in a server (again): nothing is deleted."""

        async def work(connection: AsyncConnection, _: bool) -> None:
            await connection.execute(update(servers).where(servers.c.id == server).values(left_at=None))

        await self._database.write(None, work)

    async def servers_present(self, present: Collection[int], *, shard_id: int = 0, shard_count: int = 1) -> None:
        """Note which servers of a shard the bot is in: the others of that shard were left meanwhile."""

        async def work(connection: AsyncConnection, _: bool) -> None:
            of_shard = _of_shard(shard_id, shard_count)
            rows = await connection.execute(select(servers.c.id, servers.c.left_at).where(of_shard))
            ours = {row.id: row.left_at for row in rows}
            here = set(present)
            back = [i for i, left in ours.items() if left is not None and i in here]
            gone = [i for i, left in ours.items() if left is None and i not in here]
            for ids, left_at in ((back, None), (gone, self._now())):
                for first in range(0, len(ids), _BATCH):
                    which = servers.c.id.in_(ids[first : first + _BATCH])
                    await connection.execute(update(servers).where(which).values(left_at=left_at))

        await self._database.write(None, work)

    async def purge(self, *, shard_id: int = 0, shard_count: int = 1) -> int:
        """Delete old gaps, ids of old interactions, and the servers of a shard left long ago; return how many rows.

        A part at a time, so that others can write in between. One server that cannot be deleted keeps no other.

        Raises:
            NotSavedError: some could not be deleted; the rest was.
        """
        now = self._now()
        old_gaps = select(gaps.c.server, gaps.c.text).where(gaps.c.last_asked < now - GAP_DAYS * _DAY)
        old_requests = select(requests.c.id).where(requests.c.at < now - _DAY)
        left = await self._left(now, shard_id, shard_count)
        # In another order each time: those that fail do not always come before the rest.
        random.shuffle(left)
        steps: list[tuple[str, Callable[[], Awaitable[int]]]] = [
            ("old gaps", partial(self._delete_all, gaps, tuple_(gaps.c.server, gaps.c.text), old_gaps)),
            ("old requests", partial(self._delete_all, requests, requests.c.id, old_requests)),
            *((f"server {server}", partial(self._erase_left, server, now)) for server in left),
        ]
        deleted = failed = 0
        for what, step in steps:
            try:
                deleted += await step()
            except UserError:
                failed += 1
                log.warning("%s could not be deleted", what)
                if failed >= _FAILURES:
                    break
        if failed:
            raise NotSavedError
        return deleted

    async def _left(self, now: int, shard_id: int, shard_count: int) -> list[int]:
        async def work(connection: AsyncConnection) -> list[int]:
            query = select(servers.c.id).where(_of_shard(shard_id, shard_count), _left_long_ago(now))
            return [int(i) for i in await connection.scalars(query)]

        return await self._database.read(work)

    async def _erase_left(self, server: int, now: int) -> int:
        """Delete a server that was left long ago, its history first; nothing more of one that has come back."""

        async def work(connection: AsyncConnection, _: bool) -> tuple[int, bool]:
            lock = select(servers.c.id).where(servers.c.id == server, _left_long_ago(now)).with_for_update()
            if await connection.scalar(lock) is None:
                return 0, True
            oldest = select(history.c.id).where(history.c.server == server).order_by(history.c.id).limit(_PART)
            gone = await _rows(connection, delete(history).where(history.c.id.in_(oldest)))
            return (gone, False) if gone == _PART else (gone + await _erase(connection, server), True)

        deleted, done = 0, False
        while not done:
            part, done = await self._database.write(None, work, seconds=_ERASING)
            deleted += part
        return deleted

    async def _delete_all(self, table: Table, key: Any, which: Select[*tuple[Any, ...]]) -> int:
        """Delete the rows whose `key` is in `which`, in transactions of a few thousand."""

        async def work(connection: AsyncConnection, _: bool) -> int:
            return await _rows(connection, delete(table).where(key.in_(which.limit(_PART))))

        deleted, part = 0, _PART
        while part == _PART:
            part = await self._database.write(None, work, seconds=_ERASING)
            deleted += part
        return deleted


async def _settings(connection: AsyncConnection, server: int) -> ServerSettings:
    query = select(servers.c.settings, servers.c.settings_version).where(servers.c.id == server)
    row = (await connection.execute(query)).first()
    if row is None:
        return ServerSettings()
    values = json.loads(row.settings)
    # What a newer or older version stored beside these is left alone by those that do not know it.
    return ServerSettings(
        language=values.get("language"),
        channels=frozenset(values.get("channels", ())),
        strictness=Strictness(values.get("strictness", Strictness.NORMAL)),
        editor_role=values.get("editor_role"),
        gaps=values.get("gaps", True),
        links=values.get("links", False),
        version=row.settings_version,
    )


def _settings_json(settings: ServerSettings) -> str:
    return json.dumps(
        {
            "language": settings.language,
            "channels": sorted(settings.channels),
            "strictness": settings.strictness.value,
            "editor_role": settings.editor_role,
            "gaps": settings.gaps,
            "links": settings.links,
        }
    )


async def _erase(connection: AsyncConnection, server: int) -> int:
    """Delete what is stored of a server; return how many rows."""
    return await _rows(
        connection,
        # First the row that everybody locks who writes for the server: nothing is added behind the rest.
        delete(servers).where(servers.c.id == server),
        *(delete(t).where(t.c.server == server) for t in (terms, history, gaps)),
        update(reports).where(reports.c.server == server).values(server=None),
    )


def _of_shard(shard_id: int, shard_count: int) -> ColumnElement[bool]:
    """Tell servers of a shard (gateway: sharding)."""
    # Not shifted: PostgreSQL shifts by its own integers only, and parameters are larger.
    return (servers.c.id // (1 << 22)) % shard_count == shard_id


def _left_long_ago(now: int) -> ColumnElement[bool]:
    return servers.c.left_at < now - LEFT_DAYS * _DAY


async def _rows(connection: AsyncConnection, *statements: Any) -> int:
    total = 0
    for statement in statements:
        total += max(0, (await connection.execute(statement)).rowcount)
    return total


def _storable(text: str) -> str:
    """Return a text that every database takes: without NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
