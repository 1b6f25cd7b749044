"""What runs beside the Discord client and outlives it: the worker process, the figures, the breaker, the health page."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bot.ops.health import Gateway, Health, Lag, Part
from bot.ops.metrics import Metrics
from bot.ops.requests import LIMIT, Requests
from bot.ops.workers import Workers


class Operations:
    """Built once a process and handed to each client; `open` and `aclose` are for whoever builds it."""

    def __init__(self) -> None:
        self.workers = Workers()
        self.metrics = metrics = Metrics()
        self.requests = Requests(metrics)
        self.gateway: Callable[[], Gateway] | None = None
        """How the present client's connection is; None before there is one."""
        self.lag = Lag()
        self.health = Health(metrics, self._gateway, lambda: self.lag.worst)
        self.health.parts["requests"] = self._requests
        self._measuring: asyncio.Task[None] | None = None
        workers, requests = self.workers, self.requests
        metrics.watch("worker_waiting", "Calls that wait for the worker process.", lambda: float(workers.waiting))
        metrics.watch("worker_starts", "Worker processes started so far.", lambda: float(workers.started), counts=True)
        metrics.watch("paused", "1 while no messages are sent.", lambda: float(requests.paused))

    async def open(self, host: str, port: int) -> None:
        """Measure the loop, and serve the health page unless the port is 0."""
        self._measuring = asyncio.create_task(self.lag.run(), name="lag")
        if port:
            await self.health.open(host, port)

    async def aclose(self) -> None:
        """End all of it at once; whoever still waits for the worker has had their time."""
        await self.health.close()
        if self._measuring:
            self._measuring.cancel()
            with suppress(asyncio.CancelledError):
                await self._measuring
        await self.workers.aclose(0)

    def _gateway(self) -> Gateway | None:
        return self.gateway() if self.gateway else None

    def _requests(self) -> Part:
        refused = f"{self.requests.refused} refused in ten minutes, {LIMIT} are the limit"
        return ("degraded", f"sending is paused: {refused}") if self.requests.paused else ("ok", refused)
