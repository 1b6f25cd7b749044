"""Keeps the bot within Discord's budget of refused requests: 10,000 of 401, 403 or 429 in ten minutes ban the address.

Every request of the process passes here: those of the library, its retries included, by aiohttp's tracing, the one
public place that sees each response before anybody else acts on it; the first responses to interactions by themselves.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp

from bot.ops.metrics import Metrics

log = logging.getLogger(__name__)

WINDOW = 600.0
"""Seconds over which Discord counts."""
WARN = 200
LIMIT = 1000
"""So many refusals in the window stop whatever the bot says of itself; twice as many stop all."""
PAUSE = 300.0
"""Seconds until one request is tried again."""
BAN = 600.0
"""Seconds of silence once Discord's front door has shut: every knock makes it longer."""
_TRIAL = 30.0
"""A trial that has not come to an end by then is followed by another."""
_INVALID = frozenset({401, 403, 429})
_TOO_MANY = 429
_GOOD = 400


class PausedError(aiohttp.ClientError):
    """Nothing was sent: too many requests were refused lately."""


class Requests:
    """Counts refusals and stops sending in good time. One for the process: clients come and go."""

    def __init__(self, metrics: Metrics, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._refused: deque[float] = deque()
        self._tripped = False
        self._warned = False
        self._try_at = 0.0
        self._banned_until = 0.0

    @property
    def paused(self) -> bool:
        """Whether messages are held back now; interactions may still be answered, unless the address is banned."""
        now = self._clock()
        return now < self._banned_until or (self._tripped and now < self._try_at)

    @property
    def refused(self) -> int:
        """How many requests were refused in the last ten minutes."""
        end = self._clock() - WINDOW
        while self._refused and self._refused[0] <= end:
            self._refused.popleft()
        return len(self._refused)

    def may_send(self, *, interaction: bool = False) -> bool:
        """Tell whether a request may leave now; after a pause one may, and what comes of it decides."""
        now = self._clock()
        if now < self._banned_until:
            return False
        if not self._tripped:
            return True
        # Answers to interactions go by a token of their own, so they are hardly ever part of a storm.
        if interaction and self.refused < 2 * LIMIT:
            return True
        if now < self._try_at:
            return False
        self._try_at = now + _TRIAL
        return True

    def check(self, *, interaction: bool = False) -> None:
        """Raise PausedError where `may_send` says no."""
        if not self.may_send(interaction=interaction):
            raise PausedError("too many requests were refused lately")

    def saw(self, response: aiohttp.ClientResponse, *, interaction: bool = False) -> None:
        """Note how a request ended."""
        headers = response.headers
        scope, via = headers.get("X-RateLimit-Scope", ""), "Via" in headers
        self.ended(response.status, scope=scope, via=via, interaction=interaction)

    def ended(self, status: int, *, scope: str = "", via: bool = True, interaction: bool = False) -> None:
        """Note how a request ended: its status, X-RateLimit-Scope, and whether it passed Discord's front door."""
        if status not in _INVALID or scope == "shared":
            if self._tripped and status < _GOOD and not interaction:
                self._tripped = False
                log.warning("Discord takes requests again")
            return
        now = self._clock()
        self._refused.append(now)
        self._metrics.invalid_request(status)
        if status == _TOO_MANY and not via:
            self._banned_until = now + BAN
            log.error("Discord's front door refuses this address: nothing is sent for %.0f s", BAN)
            return
        count = self.refused
        if self._tripped and not interaction:
            self._try_at = now + PAUSE
        elif count >= LIMIT and not self._tripped:
            log.error("%d requests refused in ten minutes: no messages are sent for %.0f s", count, PAUSE)
            self._tripped, self._try_at = True, now + PAUSE
        elif count >= WARN and not self._warned:
            log.warning("%d requests refused in ten minutes; at %d the bot pauses", count, LIMIT)
        self._warned = count >= WARN

    def trace(self) -> aiohttp.TraceConfig:
        """Return what an aiohttp session takes to obey this."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._starts)
        trace.on_request_end.append(self._ends)
        return trace

    async def _starts(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        # The gateway's own handshake is no request of the API.
        context.counts = params.url.scheme in ("http", "https")
        context.interaction = "/interactions/" in params.url.path or "/webhooks/" in params.url.path
        if context.counts:
            self.check(interaction=context.interaction)

    async def _ends(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        if context.counts:
            self.saw(params.response, interaction=context.interaction)
