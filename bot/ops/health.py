"""Tells a supervisor and a monitor how the bot is: /healthz, /readyz and /metrics over HTTP, off the public interface.

*Healthy* asks whether a restart would help. While Discord or the database is away it would not, and costs an identify, so
neither makes the bot unhealthy; a loop that hangs and a connection that has gone silent do. *Ready* asks whether
people get answers now.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from bot.ops.metrics import Metrics

log = logging.getLogger(__name__)

SILENT = 50.0
"""Seconds without anything from the gateway, not even the answer to a heartbeat (every 41 s): the connection is half
open. The library itself gives up after 60."""
LAG = 2.0
"""Seconds of loop lag that are too many: a first response has three in all."""
_EVERY = 0.5
_REMEMBERED = 20.0
_CLOSE = 2.0

State = Literal["ok", "degraded", "red"]
Part = tuple[State, str]
"""How a part is, and in words why."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the Discord client knows of its connection."""

    ready: bool
    """Whether READY was seen and the connection is open."""
    silent: float | None
    """Seconds since something came; None while there is no connection."""
    latency: float | None
    """Seconds that the last heartbeat took."""
    guilds: int
    stopping: bool


class Lag:
    """Measures how late the event loop is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            begun = self._clock()
            await asyncio.sleep(_EVERY)
            self.note(self._clock() - begun - _EVERY)

    def note(self, seconds: float) -> None:
        """Keep one measurement."""
        self._seen.append((self._clock(), max(0.0, seconds)))
        self._forget()

    @property
    def worst(self) -> float:
        """The longest lag of the last 20 seconds."""
        self._forget()
        return max((lag for _, lag in self._seen), default=0.0)

    def _forget(self) -> None:
        end = self._clock() - _REMEMBERED
        while self._seen and self._seen[0][0] < end:
            self._seen.popleft()


class Health:
    """Judges the state of the bot, and serves it."""

    def __init__(
        self,
        metrics: Metrics,
        gateway: Callable[[], Gateway | None],
        lag: Callable[[], float],
    ) -> None:
        """Ask `gateway` (None before the first client) and `lag`, in seconds."""
        self._metrics = metrics
        self._gateway = gateway
        self._lag = lag
        self.parts: dict[str, Callable[[], Part]] = {}
        """What people get poorer answers without; whoever has such a part adds it."""
        self._runner: web.AppRunner | None = None
        metrics.watch("loop_lag_seconds", "The longest lag of the event loop in the last 20 seconds.", lag)
        metrics.watch("ready", "1 while people get answers.", lambda: float(self.ready()[0] != "red"))
        for name, help_, read in (
            ("gateway_latency_seconds", "How long the last heartbeat took.", lambda g: g.latency),
            ("gateway_silence_seconds", "Since when nothing has come from the gateway.", lambda g: g.silent),
            ("guilds", "Servers that this process serves.", lambda g: float(g.guilds)),
        ):
            metrics.watch(name, help_, lambda read=read: read(g) if (g := gateway()) else None)

    def alive(self) -> tuple[State, dict[str, Part]]:
        """Return whether the process works as far as that depends on itself."""
        return _sum({"loop": self._loop(), "gateway": _silence(self._gateway())})

    def ready(self) -> tuple[State, dict[str, Part]]:
        """Return whether people get answers now; what only makes them poorer is degraded."""
        parts = {"loop": self._loop(), "gateway": _connection(self._gateway())}
        return _sum(parts | {name: read() for name, read in self.parts.items()})

    def _loop(self) -> Part:
        lag = self._lag()
        return ("red", f"the event loop was {lag:.1f} s late") if lag > LAG else ("ok", f"{lag:.3f} s late at most")

    async def open(self, host: str, port: int) -> int | None:
        """Serve; return the port, None where it cannot be had: people get answers all the same, and the log says so."""
        application = web.Application()
        application.router.add_get("/healthz", self._alive)
        application.router.add_get("/readyz", self._ready)
        application.router.add_get("/metrics", self._text)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=_CLOSE)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            why = error.strerror or str(error)
            log.error("no health page: %s:%d cannot be had (%s). Set health.port to another, or 0.", host, port, why)  # noqa: TRY400
            await self.close()
            return None
        port = self._runner.addresses[0][1]
        log.info("health page: http://%s:%d/healthz, /readyz, /metrics", host, port)
        return port

    async def close(self) -> None:
        """Stop serving."""
        runner, self._runner = self._runner, None
        if runner:
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * _CLOSE):
                    await runner.cleanup()

    async def _alive(self, _: web.Request) -> web.Response:
        return _response(*self.alive())

    async def _ready(self, _: web.Request) -> web.Response:
        return _response(*self.ready())

    async def _text(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})


def _silence(gateway: Gateway | None) -> Part:
    if gateway is None or gateway.silent is None:
        return "ok", "not connected; a restart would not help"
    if gateway.silent > SILENT:
        return "red", f"connected, but nothing has come for {gateway.silent:.0f} s"
    return "ok", f"last heard {gateway.silent:.0f} s ago"


def _connection(gateway: Gateway | None) -> Part:
    if gateway is None:
        return "red", "starting"
    if gateway.stopping:
        return "red", "stopping"
    if not gateway.ready:
        return "red", "not connected to Discord"
    return _silence(gateway)


def _sum(parts: dict[str, Part]) -> tuple[State, dict[str, Part]]:
    states = {state for state, _ in parts.values()}
    return ("red" if "red" in states else "degraded" if "degraded" in states else "ok"), parts


def _response(state: State, parts: dict[str, Part]) -> web.Response:
    body = {"status": state, "parts": {name: {"status": s, "why": why} for name, (s, why) in parts.items()}}
    return web.json_response(
        body, status=503 if state == "red" else 200, dumps=lambda o: json.dumps(o, ensure_ascii=False)
    )


def ask(host: str, port: int, page: str, seconds: float = 3.0) -> tuple[bool, str]:
    """Ask a running bot for `page` (healthz, readyz); return whether it is well, and in one line what it says."""
    import http.client

    # Where it listens on every address, it is asked on its own.
    here = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - not to bind
    connection = http.client.HTTPConnection(here, port, timeout=seconds)
    try:
        connection.request("GET", f"/{page}")
        answer = connection.getresponse()
        told = json.loads(answer.read(65536))
        wrong = [f"{name}: {part['why']}" for name, part in told["parts"].items() if part["status"] != "ok"]
        return answer.status == 200, "; ".join([str(told["status"]), *wrong])
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        return False, f"no answer from http://{here}:{port}/{page} ({why})"
    except (ValueError, KeyError, TypeError, AttributeError):
        return False, f"http://{here}:{port}/{page} is not this bot's page"
    finally:
        connection.close()
