"""What the bot knows of each server: its settings, and the knowledge with its own terms laid over."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.answering import Answering
from bot.core.errors import UserError
from bot.store.records import OwnTerm, ServerSettings
from bot.store.store import Store

log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds that a question waits for what is stored of its server; it has 2.5 in all."""
_AGAIN = 5.0
"""Seconds in which a storage that could not be read is not asked again."""
_MOST_TERMS = 20_000
"""Own terms in memory, about 5 kB each; the servers that nobody asked in for the longest are forgotten first."""
_MOST_SERVERS = 20_000
_MOST_GAPS = 200
"""Gaps that wait to be written; more are dropped, since they are only counted."""


@dataclass(frozen=True, slots=True)
class View:
    """One server as questions from there see it."""

    answering: Answering
    settings: ServerSettings = field(default_factory=ServerSettings)
    own: Mapping[str, OwnTerm] = field(default_factory=dict[str, OwnTerm])
    """The server's own terms by id."""


class Servers:
    """Holds the knowledge in use and what servers lay over it. What is stored is read when a server first asks.

    A storage that is slow or away costs nobody an answer: it comes from what was last known of the server, else from
    the built-in knowledge and the defaults.
    """

    def __init__(self, answering: Answering, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._base = View(answering)
        self._views: OrderedDict[int, View] = OrderedDict()
        self._terms = 0
        self._loading: dict[int, asyncio.Task[View]] = {}
        self._retry_at = 0.0
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

    async def of(self, server: int | None) -> View:
        """Return what is known of a server, after at most half a second; None stands for no server."""
        if not server:
            return self._base
        view = self._views.get(server)
        if view:
            self._views.move_to_end(server)
            return view
        if self._clock() < self._retry_at:
            return self._base
        task = self._load(server)
        await asyncio.wait({task}, timeout=PATIENCE)
        return self.at_hand(server)

    async def changed(self, server: int) -> View:
        """Read a server again after a change; until that is done, the old state serves."""
        running = self._loading.get(server)
        if running:
            # It may have read what was there before.
            await asyncio.wait({running})
        await asyncio.wait({self._load(server)})
        return self.at_hand(server)

    def forget(self, server: int) -> None:
        """Drop what is known of a server: nothing is stored of it any more."""
        view = self._views.pop(server, None)
        self._terms -= len(view.own) if view else 0

    async def replace(self, answering: Answering) -> None:
        """Take new built-in knowledge; servers with own terms get theirs laid over it one by one."""
        self._base = View(answering)
        for server, view in list(self._views.items()):
            layered = await asyncio.to_thread(_layered, answering, view.own, links=view.settings.links)
            if self._views.get(server) is view:
                self._views[server] = replace(view, answering=layered)

    def note_gap(self, server: int, text: str) -> None:
        """Count something that was asked and not known, in its own time."""
        if not self._tasks:
            self._tasks.add(asyncio.create_task(self._write_gaps(), name="gaps"))
        try:
            self._gaps.put_nowait((server, text))
        except asyncio.QueueFull:
            log.warning("too many gaps wait to be written: one was dropped")

    async def aclose(self) -> None:
        """End what runs in the background."""
        tasks = [*self._loading.values(), *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _load(self, server: int) -> "asyncio.Task[View]":
        task = self._loading.get(server)
        if task is None:
            task = self._loading[server] = asyncio.create_task(self._read(server), name=f"server {server}")
            task.add_done_callback(lambda done: self._loaded(server, done))
        return task

    async def _read(self, server: int) -> View:
        settings = await self.store.settings(server)
        own = {o.term.id: o for o in await self.store.terms(server)}
        base = self._base.answering
        return View(await asyncio.to_thread(_layered, base, own, links=settings.links), settings, own)

    def _loaded(self, server: int, task: "asyncio.Task[View]") -> None:
        del self._loading[server]
        if task.cancelled():
            return
        error = task.exception()
        if error:
            self._retry_at = self._clock() + _AGAIN
            if not isinstance(error, UserError):
                log.error("what is stored of server %d cannot be used", server, exc_info=error)
            return
        self.forget(server)
        self._views[server] = view = task.result()
        self._terms += len(view.own)
        while len(self._views) > _MOST_SERVERS or (self._terms > _MOST_TERMS and len(self._views) > 1):
            self.forget(next(iter(self._views)))

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


def _layered(base: Answering, own: Mapping[str, OwnTerm], *, links: bool) -> Answering:
    """Lay own terms over the knowledge, ready for every kind of question."""
    if not own:
        return base
    answering = base.with_own((o.term for o in own.values()), links=links)
    answering.search.warm()
    return answering
