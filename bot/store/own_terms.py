"""Own terms and their history: every change of a term, and one line of history for it, in the same transaction."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Row

from bot.core.glossary import Term
from bot.store.database import Database
from bot.store.engine import AsyncConnection
from bot.store.records import (
    MOST_HISTORY,
    MOST_TERMS,
    Change,
    ChangeKind,
    ConflictError,
    FullError,
    OwnTerm,
    Step,
    TakenError,
)
from bot.store.tables import history, servers, terms

T = TypeVar("T")
_BATCH = 500
"""Changes that are written with one statement."""
_LONG = 20.0
"""Seconds for changing thousands of terms."""
_TRIM = 500
"""After so many changes of a server its history is looked at for what is no longer kept."""
_FEW = 50
"""Terms that are read at once."""


class OwnTerms:
    """The own terms of all servers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def terms(self, server: int) -> list[OwnTerm]:
        """Return the own terms of a server, by id."""

        async def work(connection: AsyncConnection) -> list[OwnTerm]:
            return await _all(connection, server)

        return await self._database.read(work)

    async def terms_version(self, server: int) -> int:
        """Return a number that grows with every change of any term of the server; 0 if there never was one."""

        async def work(connection: AsyncConnection) -> int:
            return await _version(connection, server)

        return await self._database.read(work)

    async def add_term(self, server: int, term: Term, *, by: int, request: int) -> OwnTerm:
        """Add a term.

        Raises:
            TakenError: there is one with that id.
            FullError: there are as many as there may be.
        """

        async def work(connection: AsyncConnection, seen: bool) -> OwnTerm:
            if seen:
                return await _one(connection, server, term.id) or await _made(connection, server, request)
            writing = await self._begin(connection, server, request, by)
            if await _one(connection, server, term.id):
                raise TakenError(term.id)
            await writing.refuse_more_than_fit(1)
            return await _only(writing, None, term)

        return await self._database.write(request, work)

    async def edit_term(self, server: int, term: Term, *, version: int, by: int, request: int) -> OwnTerm:
        """Replace the term of that id, if it is still at `version`.

        Raises:
            ConflictError: it has changed, or is gone.
        """

        async def work(connection: AsyncConnection, seen: bool) -> OwnTerm:
            if seen:
                return await _one(connection, server, term.id) or await _made(connection, server, request)
            writing = await self._begin(connection, server, request, by)
            present = await _one(connection, server, term.id)
            if present and present.term == term:
                return present
            if present is None or present.version != version:
                raise ConflictError(present)
            return await _only(writing, present.term, term)

        return await self._database.write(request, work)

    async def remove_term(
        self, server: int, term_id: str, *, version: int | None, by: int, request: int
    ) -> Term | None:
        """Remove a term; return it, None if there was none. `version` None removes it whatever it is.

        Raises:
            ConflictError: it has changed.
        """

        async def work(connection: AsyncConnection, seen: bool) -> Term | None:
            if seen:
                done = select(history.c.before).where(history.c.server == server, history.c.request == request)
                body = await connection.scalar(done)
                return _read(body) if body else None
            writing = await self._begin(connection, server, request, by)
            present = await _one(connection, server, term_id)
            if present is None:
                return None
            if version is not None and present.version != version:
                raise ConflictError(present)
            writing.change(present.term, None)
            await writing.flush()
            return present.term

        return await self._database.write(request, work)

    async def import_terms(
        self, server: int, new: Sequence[Term], *, replace: bool, expected: int, by: int, request: int
    ) -> tuple[int, int]:
        """Add many terms, and replace those of the same ids where `replace`; all or none. Return (added, changed).

        Raises:
            ConflictError: the terms are no longer at version `expected`.
            FullError: there would be too many.
        """

        async def work(connection: AsyncConnection, seen: bool) -> tuple[int, int]:
            if seen:
                kinds = list(
                    await connection.scalars(
                        select(history.c.kind).where(history.c.server == server, history.c.request == request)
                    )
                )
                return kinds.count(ChangeKind.ADDED), kinds.count(ChangeKind.EDITED)
            writing = await self._begin(connection, server, request, by)
            if writing.version != expected:
                raise ConflictError(None)
            stored = await _all(connection, server)
            added, changed = await asyncio.to_thread(_compared, stored, new if replace else (), new)
            await writing.refuse_more_than_fit(len(added))
            for before, after in (*added, *changed):
                writing.change(before, after)
            await writing.flush()
            return len(added), len(changed)

        return await self._database.write(request, work, seconds=_LONG)

    async def undo(self, server: int, request: int, *, by: int, as_request: int) -> int:
        """Take back every change that was made with `request`; return how many terms are as they were before.

        Raises:
            ConflictError: one of them has changed since.
            FullError: removed terms do not fit any more.
        """

        async def work(connection: AsyncConnection, seen: bool) -> int:
            if seen:
                undone = select(func.count()).where(history.c.server == server, history.c.request == as_request)
                return int(await connection.scalar(undone) or 0)
            writing = await self._begin(connection, server, as_request, by)
            made = select(history).where(history.c.server == server, history.c.request == request)
            changes = list(await connection.execute(made.order_by(history.c.id)))
            present = {own.term.id: own for own in await _all(connection, server)} if changes else {}
            for change in changes:
                now = present.get(change.term_id)
                if (now.version if now else None) != (change.version if change.after else None):
                    raise ConflictError(now)
            await writing.refuse_more_than_fit(sum(c.after is None for c in changes))
            for after, before in await _in_a_thread(_both, changes):
                writing.change(after, before)
            await writing.flush()
            return len(changes)

        return await self._database.write(as_request, work, seconds=_LONG)

    async def history(
        self, server: int, *, limit: int = 25, before: int | None = None, term_id: str | None = None
    ) -> list[Change]:
        """Return the changes of a server's terms, or of one of them, newest first, older than the change `before`."""

        async def work(connection: AsyncConnection) -> list[Change]:
            query = select(history).where(history.c.server == server).order_by(history.c.id.desc()).limit(limit)
            if before is not None:
                query = query.where(history.c.id < before)
            if term_id is not None:
                query = query.where(history.c.term_id == term_id)
            return [_change(row) for row in await connection.execute(query)]

        return await self._database.read(work)

    async def steps(self, server: int, *, limit: int = 25, before: int | None = None) -> list[Step]:
        """Return what each interaction changed, newest first, older than the change `before`; an import is one step."""

        async def work(connection: AsyncConnection) -> list[Step]:
            last, count = func.max(history.c.id).label("last"), func.count().label("changes")
            made = select(last, count).where(history.c.server == server).group_by(history.c.request)
            if before is not None:
                made = made.having(last < before)
            each = made.order_by(last.desc()).limit(limit).subquery()
            query = (
                select(history, each.c.changes).join(each, history.c.id == each.c.last).order_by(history.c.id.desc())
            )
            return [Step(_change(row), row.changes) for row in await connection.execute(query)]

        return await self._database.read(work)

    async def _lock(self, connection: AsyncConnection, server: int, *, shared: bool = False) -> int:
        """Lock a server's row, made where there is none, until the transaction ends; return the version of its terms.

        Of two who change a server one is second, and whoever erases it waits for both. With `shared` only those who
        erase are kept away. SQLite has one writer at a time as it is.
        """
        lock = select(servers.c.terms_version).where(servers.c.id == server)
        lock = lock.with_for_update(read=shared, key_share=True)
        while True:
            await connection.execute(self._database.insert(servers).values(id=server).on_conflict_do_nothing())
            version = await connection.scalar(lock)
            # None: between the two it was erased.
            if version is not None:
                return int(version)

    async def _begin(self, connection: AsyncConnection, server: int, request: int, by: int) -> "_Writing":
        return _Writing(connection, server, await self._lock(connection, server), request, by)


class _Writing:
    """The changes of one transaction to one server's terms; they are collected, and written together by `flush`."""

    def __init__(self, connection: AsyncConnection, server: int, version: int, request: int, by: int) -> None:
        self._connection = connection
        self._server = server
        self.version = version
        self._request = request
        self._by = by
        self._now = int(time.time())
        self._changes: list[tuple[Term | None, Term | None, int]] = []

    def change(self, before: Term | None, after: Term | None) -> None:
        """Add, replace or remove a term."""
        self.version += 1
        self._changes.append((before, after, self.version))

    def stored(self, term: Term) -> OwnTerm:
        """Return how the term that was changed last will be stored."""
        return OwnTerm(term, self.version, _time(self._now), self._by)

    async def flush(self) -> None:
        """Write what was collected, a part at a time: the event loop serves others in between."""
        for first in range(0, len(self._changes), _BATCH):
            part = self._changes[first : first + _BATCH]
            rows = await asyncio.to_thread(lambda part=part: [self._rows(*change) for change in part])
            await self._connection.execute(history.insert(), [past for past, _ in rows])
            for kind, statement in _STATEMENTS.items():
                wanted = [row for past, row in rows if past["kind"] == kind.value]
                if wanted:
                    await self._connection.execute(statement, wanted)
        if self._changes:
            which = update(servers).where(servers.c.id == self._server)
            await self._connection.execute(which.values(terms_version=self.version))
            if (self.version - len(self._changes)) // _TRIM != self.version // _TRIM:
                await self._trim()

    async def _trim(self) -> None:
        """Delete the oldest history where there is more than is kept, but nothing of an interaction in part."""
        ours = history.c.server == self._server
        oldest = select(history.c.request).where(ours).order_by(history.c.id.desc()).offset(MOST_HISTORY).limit(1)
        begun = select(func.min(history.c.id)).where(ours, history.c.request == oldest.scalar_subquery())
        await self._connection.execute(delete(history).where(ours, history.c.id < begun.scalar_subquery()))

    def _rows(self, before: Term | None, after: Term | None, version: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the line of history, and the parameters of the statement that makes the change."""
        kind = ChangeKind.REMOVED if after is None else ChangeKind.EDITED if before else ChangeKind.ADDED
        id_ = (after or before or Term(name="-")).id
        body = _written(after) if after else None
        past = {
            "server": self._server,
            "request": self._request,
            "term_id": id_,
            "kind": kind.value,
            "before": _written(before) if before else None,
            "after": body,
            "version": version,
            "at": self._now,
            "by": self._by,
        }
        row: dict[str, Any] = {"of": self._server, "term": id_}
        if after:
            row |= {"body": body, "version": version, "changed_at": self._now, "changed_by": self._by}
        return past, row

    async def refuse_more_than_fit(self, more: int) -> None:
        """Raise FullError if so many terms more are too many."""
        have = await self._connection.scalar(select(func.count()).where(terms.c.server == self._server))
        count = int(have or 0) + more
        if more and count > MOST_TERMS:
            raise FullError(count)


_THIS = (terms.c.server == bindparam("of")) & (terms.c.id == bindparam("term"))
_STATEMENTS: Mapping[ChangeKind, Any] = {
    ChangeKind.ADDED: insert(terms).values(server=bindparam("of"), id=bindparam("term")),
    ChangeKind.EDITED: update(terms).where(_THIS),
    ChangeKind.REMOVED: delete(terms).where(_THIS),
}


async def _only(writing: _Writing, before: Term | None, term: Term) -> OwnTerm:
    writing.change(before, term)
    await writing.flush()
    return writing.stored(term)


async def _all(connection: AsyncConnection, server: int) -> list[OwnTerm]:
    rows = (await connection.execute(select(terms).where(terms.c.server == server).order_by(terms.c.id))).all()
    return await _in_a_thread(_own, rows)


_Pairs = list[tuple[Term | None, Term]]


def _compared(stored: Sequence[OwnTerm], replacing: Sequence[Term], new: Sequence[Term]) -> tuple[_Pairs, _Pairs]:
    """Return the terms that are not there yet, and those of `replacing` that differ, each behind what is stored."""
    present = {own.term.id: own.term for own in stored}
    added: _Pairs = [(None, t) for t in new if t.id not in present]
    changed: _Pairs = [(present[t.id], t) for t in replacing if t.id in present and present[t.id] != t]
    return added, changed


async def _in_a_thread(read: Callable[[Row[Any]], T], rows: Sequence[Row[Any]]) -> list[T]:
    """Return what `read` makes of each row; for many that takes longer than others should wait."""
    if len(rows) <= _FEW:
        return [read(row) for row in rows]
    return await asyncio.to_thread(lambda: [read(row) for row in rows])


async def _version(connection: AsyncConnection, server: int) -> int:
    return int(await connection.scalar(select(servers.c.terms_version).where(servers.c.id == server)) or 0)


async def _one(connection: AsyncConnection, server: int, id_: str) -> OwnTerm | None:
    rows = await connection.execute(select(terms).where(terms.c.server == server, terms.c.id == id_))
    row = rows.first()
    return _own(row) if row else None


async def _made(connection: AsyncConnection, server: int, request: int) -> OwnTerm:
    """Return the term as an interaction left it, though it is gone since. Raises ConflictError if that is gone, too."""
    query = select(history).where(history.c.server == server, history.c.request == request)
    row = (await connection.execute(query)).first()
    if row is None or row.after is None:
        raise ConflictError(None)
    return OwnTerm(_read(row.after), row.version, _time(row.at), row.by)


def _own(row: Row[Any]) -> OwnTerm:
    return OwnTerm(_read(row.body), row.version, _time(row.changed_at), row.changed_by)


def _both(row: Row[Any]) -> tuple[Term | None, Term | None]:
    """Return the term as a change left it, and as it was before."""
    return _read(row.after) if row.after else None, _read(row.before) if row.before else None


def _change(row: Row[Any]) -> Change:
    after, before = _both(row)
    return Change(row.id, row.request, row.term_id, ChangeKind(row.kind), before, after, _time(row.at), row.by)


def _written(term: Term) -> str:
    return json.dumps(term.model_dump(mode="json", exclude_defaults=True))


def _read(body: str) -> Term:
    return Term.model_validate_json(body)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
