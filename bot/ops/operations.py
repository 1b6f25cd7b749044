"""What runs beside the Discord client and outlives it: the worker process, the figures, the breaker, the health page."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.ops.health import Gateway, Health, Lag, Part
from bot.ops.metrics import Metrics
from bot.ops.reload import Reload
from bot.ops.requests import LIMIT, Requests
from bot.ops.workers import Workers

log = logging.getLogger(__name__)


class Operations:
    """Built once a process and handed to each client; `open` and `aclose` are for whoever builds it."""

    def __init__(self) -> None:
        self.workers = Workers()
        self.metrics = metrics = Metrics()
        self.requests = Requests(metrics)
        self.gateway: Callable[[], Gateway] | None = None
        """How the present client's connection is; None before there is one."""
        self.identifying = asyncio.Event()
        """Set when the first session is about to begin: what can wait until then leaves the way to it free."""
        self.lag = Lag()
        self.health = Health(metrics, self._gateway, lambda: self.lag.worst)
        self.health.parts["requests"] = self._requests
        self._tasks: list[asyncio.Task[None]] = []
        self._store_since: float | None = None
        workers, requests = self.workers, self.requests
        metrics.watch("worker_waiting", "Calls that wait for the worker process.", lambda: float(workers.waiting))
        metrics.watch("worker_starts", "Worker processes started so far.", lambda: float(workers.started), counts=True)
        metrics.watch("paused", "1 while no messages are sent.", lambda: float(requests.paused))

    async def open(self, host: str, port: int) -> None:
        """Measure the loop, and serve the health page unless the port is 0."""
        self._run(self.lag.run(), "lag")
        if port:
            await self.health.open(host, port)

    async def aclose(self) -> None:
        """End all of it at once; whoever still waits for the worker has had their time."""
        await self.health.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.workers.aclose(0)

    def watch_store(self, alive: Callable[[], Awaitable[bool]], every: float = 15.0) -> None:
        """Ask the store now and then whether it is there; people get answers without it."""
        self.health.parts["store"] = self._store
        self.metrics.watch("store_up", "1 while the storage answers.", lambda: float(self._store()[0] == "ok"))
        self._run(self._ask_store(alive, every), "store-alive")

    def watch_knowledge(self, reload: Reload[Any]) -> None:
        """Look for new knowledge now and then; what is wrong with it is told here, and the old one stays."""
        self.health.parts["knowledge"] = reload.state
        self.metrics.watch("reloads", "New knowledge taken so far.", lambda: float(reload.done), counts=True)
        refused = "New knowledge that was refused so far."
        self.metrics.watch("reloads_refused", refused, lambda: float(reload.refused), counts=True)
        self._run(reload.run(), "reload")

    async def _ask_store(self, alive: Callable[[], Awaitable[bool]], every: float) -> None:
        while True:
            try:
                up = await alive()
            except Exception:
                log.exception("the storage could not be asked")
                up = False
            if up:
                self._store_since = None
            elif self._store_since is None:
                self._store_since = time.monotonic()
            await asyncio.sleep(every)

    def _store(self) -> Part:
        if self._store_since is None:
            return "ok", "answers"
        away = time.monotonic() - self._store_since
        return "degraded", f"away for {away:.0f} s: answers from what is known, nothing can be saved"

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    def _gateway(self) -> Gateway | None:
        return self.gateway() if self.gateway else None

    def _requests(self) -> Part:
        refused = f"{self.requests.refused} refused in ten minutes, {LIMIT} are the limit"
        return ("degraded", f"sending is paused: {refused}") if self.requests.paused else ("ok", refused)
