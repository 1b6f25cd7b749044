"""The store as the bot knows it: settings, own terms, gaps, reports, and what privacy demands."""

import json
import logging
import time
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import delete, func, select, update

from bot.store.database import Database
from bot.store.engine import AsyncConnection
from bot.store.own_terms import OwnTerms
from bot.store.records import (
    GAP_DAYS,
    LEFT_DAYS,
    ConflictError,
    Gap,
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
                await self._know(connection, server)
                await connection.execute(select(servers.c.id).where(servers.c.id == server).with_for_update())
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
            await self._know(connection, server)
            row = {"server": server, "text": _storable(text), "count": 1, "last_asked": self._now()}
            insert = self._database.insert(gaps).values(**row)
            again = {"count": gaps.c.count + 1, "last_asked": row["last_asked"]}
            await connection.execute(insert.on_conflict_do_update(index_elements=["server", "text"], set_=again))

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
            return await _rows(
                connection,
                delete(reports).where(reports.c.user == user),
                update(history).where(history.c.by == user).values(by=_NOBODY),
                update(terms).where(terms.c.changed_by == user).values(changed_by=_NOBODY),
            )

        return await self._database.write(request, work)

    async def erase_server(self, server: int, *, request: int | None = None) -> None:
        """Delete everything of a server; reports from there lose its id."""

        async def work(connection: AsyncConnection, seen: bool) -> int:
            return 0 if seen else await _erase(connection, [server])

        await self._database.write(request, work)

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
            rows = await connection.execute(select(servers.c.id, servers.c.left_at))
            ours = {row.id: row.left_at for row in rows if (row.id >> 22) % shard_count == shard_id}
            here = set(present)
            back = [i for i, left in ours.items() if left is not None and i in here]
            gone = [i for i, left in ours.items() if left is None and i not in here]
            for ids, left_at in ((back, None), (gone, self._now())):
                for first in range(0, len(ids), _BATCH):
                    which = servers.c.id.in_(ids[first : first + _BATCH])
                    await connection.execute(update(servers).where(which).values(left_at=left_at))

        await self._database.write(None, work)

    async def purge(self) -> int:
        """Delete old gaps, servers left long ago, and ids of old interactions; return how many rows."""

        async def work(connection: AsyncConnection, _: bool) -> int:
            now = self._now()
            deleted = await _rows(
                connection,
                delete(gaps).where(gaps.c.last_asked < now - GAP_DAYS * _DAY),
                delete(requests).where(requests.c.at < now - _DAY),
            )
            left = await connection.scalars(select(servers.c.id).where(servers.c.left_at < now - LEFT_DAYS * _DAY))
            return deleted + await _erase(connection, [int(i) for i in left])

        return await self._database.write(None, work)


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


async def _erase(connection: AsyncConnection, ids: list[int]) -> int:
    """Delete what is stored of servers; return how many rows."""
    deleted = 0
    for server in ids:
        deleted += await _rows(
            connection,
            *(delete(t).where(t.c.server == server) for t in (terms, history, gaps)),
            delete(servers).where(servers.c.id == server),
            update(reports).where(reports.c.server == server).values(server=None),
        )
    return deleted


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
