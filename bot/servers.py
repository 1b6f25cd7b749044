"""What the bot knows of each server: its settings, and the knowledge with its own terms laid over."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.answering import Answering
from bot.core.errors import UserError
from bot.store.records import OwnTerm, ServerSettings, UnreadableError
from bot.store.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")
PATIENCE = 0.5
"""Seconds that a question waits for what is stored of its server; it has 2.5 in all."""
_LONGEST_LOOK = 2.0
"""Seconds that somebody waits who looks at what is stored, or changes it; the first response may take 2.5."""
_AGAIN = 5.0
"""Seconds in which a storage that could not be read is not asked again."""
_REFRESH = 600.0
"""Seconds after which what is known of a server is compared with what is stored: another process may have written."""
_SETTLING = 30.0
"""Seconds within which a write that was given up is done, if it ever is."""
_BUILDERS = 2
"""Layers that are built at the same time: more threads would keep the event loop from its turns."""
_MOST_NAMES = 40_000
"""Names of own terms in memory, about 4 kB each with their texts and index (`make bench`): two servers with as many terms
as may be, or hundreds of others. Those that nobody asked in for the longest are forgotten first."""
_MOST_SERVERS = 20_000
_MOST_GAPS = 200
"""Gaps that wait to be written; more are dropped, since they are only counted."""
_LAST_GAPS = 1.0
"""Seconds for writing those that wait when the bot stops."""


@dataclass(frozen=True, slots=True)
class View:
    """One server as questions from there see it."""

    answering: Answering
    settings: ServerSettings = field(default_factory=ServerSettings)
    own: Mapping[str, OwnTerm] = field(default_factory=dict[str, OwnTerm])
    """The server's own terms by id."""
    version: int = 0
    """Which state of the own terms that is; see `Store.terms_version`."""
    over: Answering | None = None
    """What the own terms are laid over; None where there are none."""
    names: int = 0
    """How many names the own terms have."""


class Servers:
    """Holds the knowledge in use and what servers lay over it. What is stored is read when a server first asks.

    A storage that is slow or away costs nobody an answer: it comes from what was last known of the server, else from
    the built-in knowledge and the defaults.
    """

    def __init__(self, answering: Answering, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._base = View(answering)
        self._views: OrderedDict[int, View] = OrderedDict()
        self._due: dict[int, float] = {}
        self._names = 0
        self._loading: dict[int, asyncio.Task[bool]] = {}
        self._builders = asyncio.Semaphore(_BUILDERS)
        self._retry_at = 0.0
        self._broken: dict[int, float] = {}
        self._doubted: dict[int, float] = {}
        self._clock = clock
        self._gaps: asyncio.Queue[tuple[int, str]] = asyncio.Queue(_MOST_GAPS)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def answering(self) -> Answering:
        """The built-in knowledge, with the operator's own folders."""
        return self._base.answering

    def at_hand(self, server: int | None) -> View:
        """Return what is known of a server without asking the storage."""
        return self._views.get(server, self._base) if server else self._base

    async def stored(self, server: int) -> View:
        """Return what is stored of a server, for those who look at it or change it: the last known state will not do.

        Raises:
            UnreadableError: it cannot be read now.
        """
        if self._due.get(server, 0.0) > self._clock() and not self._is_doubted(server):
            return self.at_hand(server)
        try:
            async with asyncio.timeout(_LONGEST_LOOK):
                read = await self._read_anew(server)
        except TimeoutError:
            read = False
        if not read:
            raise UnreadableError
        return self.at_hand(server)

    async def of(self, server: int | None) -> View:
        """Return what is known of a server, after at most half a second; None stands for no server."""
        if not server:
            return self._base
        view = self._views.get(server)
        if view:
            self._views.move_to_end(server)
            if self._due[server] <= self._clock() and self._may_read(server):
                self._load(server)
            return view
        if self._may_read(server):
            await asyncio.wait({self._load(server)}, timeout=PATIENCE)
        return self.at_hand(server)

    async def write(self, server: int, writing: Awaitable[T]) -> T:
        """Return what a write of a server's comes to, once it is read again; until then, the old state serves.

        A write that fails or is given up may have been done, or be done in a moment: what is known counts as old then.
        """
        try:
            result = await writing
            await self.changed(server)
        except BaseException:
            self._doubt(server)
            raise
        return result

    async def changed(self, server: int) -> View:
        """Read a server again after a change; until that is done, the old state serves."""
        if not await self._read_anew(server):
            self._doubt(server)
        return self.at_hand(server)

    def outdated(self) -> None:
        """Have every server read again when somebody next asks there: what is stored of several has changed."""
        self._due = dict.fromkeys(self._due, self._clock())

    async def _read_anew(self, server: int) -> bool:
        """Read a server as it is now; tell whether that could be done."""
        running = self._loading.get(server)
        if running:
            # It may have read what was there before.
            await asyncio.wait({running})
        reading = self._load(server)
        await asyncio.wait({reading})
        return reading.result()

    def _doubt(self, server: int) -> None:
        """Have a server read again and again for a while: what is known may be old, and so may what is read at first."""
        now = self._clock()
        self._doubted = {s: end for s, end in self._doubted.items() if end > now} | {server: now + _SETTLING}
        if server in self._due:
            self._due[server] = now

    def _is_doubted(self, server: int) -> bool:
        return self._doubted.get(server, 0.0) > self._clock()

    def _may_read(self, server: int) -> bool:
        return self._clock() >= max(self._retry_at, self._broken.get(server, 0.0))

    def forget(self, server: int) -> None:
        """Drop what is known of a server; it is read again when somebody asks there."""
        view = self._views.pop(server, None)
        self._due.pop(server, None)
        self._names -= view.names if view else 0

    async def replace(self, answering: Answering) -> None:
        """Take new built-in knowledge; servers with own terms get theirs laid over it one by one."""
        self._base = View(answering)
        for server in list(self._views):
            await self._lay_again(server)

    def note_gap(self, server: int, text: str) -> None:
        """Count something that was asked and not known, in its own time, unless the server does not want that.

        Where it is not known what the server wants, nothing is counted.
        """
        view = self._views.get(server)
        if view is None or not view.settings.gaps:
            return
        if not self._tasks:
            self._tasks.add(asyncio.create_task(self._write_gaps(), name="gaps"))
        try:
            self._gaps.put_nowait((server, text))
        except asyncio.QueueFull:
            log.warning("too many gaps wait to be written: one was dropped")

    async def aclose(self) -> None:
        """Write the gaps that wait, and end what runs in the background."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_GAPS):
                await self._gaps.join()
        tasks = [*self._loading.values(), *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _load(self, server: int) -> "asyncio.Task[bool]":
        task = self._loading.get(server)
        if task is None:
            task = self._loading[server] = asyncio.create_task(self._read(server), name=f"server {server}")
            task.add_done_callback(lambda _: self._loading.pop(server))
        return task

    async def _read(self, server: int) -> bool:
        """Read what is stored of a server; tell whether that could be done."""
        try:
            known = self._views.get(server)
            settings = await self.store.settings(server)
            # The version before the terms: what changes between the two is then read once more, and not missed.
            version = await self.store.terms_version(server)
            if known and known.version == version:
                own = known.own
            else:
                own = {o.term.id: o for o in await self.store.terms(server)} if version else {}
            if known and known.own is own and known.settings.links == settings.links:
                view = replace(known, settings=settings)
            else:
                view = await self._laid(View(self.answering, settings, own, version))
        except UserError:
            # The store has said why.
            self._retry_at = self._clock() + _AGAIN
            return False
        except Exception:
            # That server's own trouble: the storage did answer.
            self._broken[server] = self._clock() + _AGAIN
            log.exception("what is stored of server %d cannot be used", server)
            return False
        self._broken.pop(server, None)
        self._keep(server, view)
        await self._lay_again(server)
        return True

    def _keep(self, server: int, view: View) -> None:
        self.forget(server)
        self._views[server] = view
        self._due[server] = self._clock() + (_AGAIN if self._is_doubted(server) else _REFRESH)
        self._names += view.names
        while len(self._views) > _MOST_SERVERS or (self._names > _MOST_NAMES and len(self._views) > 1):
            self.forget(next(iter(self._views)))

    async def _lay_again(self, server: int) -> None:
        """Lay a server's own terms over the built-in knowledge as it is by now; their old place serves until then."""
        while (view := self._views.get(server)) and (view.over or view.answering) is not self.answering:
            laid = await self._laid(view)
            if self._views.get(server) is view:
                self._views[server] = laid

    async def _laid(self, view: View) -> View:
        base = self.answering
        if not view.own:
            return replace(view, answering=base, over=None, names=0)
        async with self._builders:
            return await asyncio.to_thread(_laid_over, base, view)

    async def _write_gaps(self) -> None:
        while True:
            server, text = await self._gaps.get()
            try:
                await self.store.note_gap(server, text)
            except UserError:
                # The store has said why; a count is not worth more.
                continue
            except Exception:
                log.exception("a gap could not be counted")
            finally:
                self._gaps.task_done()


def _laid_over(base: Answering, view: View) -> View:
    """Lay own terms over the knowledge, ready for every kind of question."""
    terms = [o.term for o in view.own.values()]
    answering = base.with_own(terms, links=view.settings.links)
    answering.search.warm()
    return replace(view, answering=answering, over=base, names=sum(len(t.names) for t in terms))
