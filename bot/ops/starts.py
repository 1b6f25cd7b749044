"""Spaces out new sessions, remembered on disk: a bot that crashes in a loop must not use up the identifies of a day.

Discord allows 1,000 in 24 hours over all shards and then resets the token. Five within an hour are free, as a bad
evening needs; from then on the wait doubles up to five minutes: some 16 an hour at most.
"""

import asyncio
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

log = logging.getLogger(__name__)

WINDOW = 3600.0
FREE = 5
FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0
_REMEMBERED = 50


class Starts:
    """The starts of the last hour, kept in a file; a file that is missing or spoilt counts as none."""

    def __init__(
        self,
        place: Path,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self._place = place
        self._clock = clock
        self._sleep = sleep or asyncio.sleep

    async def due(self) -> float:
        """Return the seconds that the last starts demand before the next."""
        return _wait(await asyncio.to_thread(self._read), self._clock())

    async def wait(self) -> float:
        """Wait as long as the last starts demand; return the seconds waited."""
        wait = await self.due()
        if wait:
            log.warning("many sessions were begun within the hour: waiting %.0f s with the next", wait)
            await self._sleep(wait)
        return wait

    async def note(self) -> None:
        """Note a start, right before it is made: one that crashes must count, one that never comes to it must not."""
        try:
            await asyncio.to_thread(self._note)
        except OSError as error:
            log.warning("the time of this start cannot be kept: %s", error)

    def _read(self) -> list[float]:
        try:
            kept = json.loads(self._place.read_text("utf-8"))
            times = sorted(float(t) for t in kept["starts"])
        except (OSError, ValueError, TypeError, KeyError):
            return []
        now = self._clock()
        # A clock that was set back leaves times to come: they count as now, so no wait is longer than the longest.
        return [min(t, now) for t in times if t > now - WINDOW]

    def _note(self) -> None:
        starts = [*self._read(), self._clock()][-_REMEMBERED:]
        self._place.parent.mkdir(parents=True, exist_ok=True)
        draft = self._place.with_name(f"{self._place.name}.{os.getpid()}")
        draft.write_text(json.dumps({"starts": starts}), "utf-8")
        draft.replace(self._place)


def _wait(starts: list[float], now: float) -> float:
    """Return the seconds to wait before the next start."""
    if len(starts) < FREE:
        return 0.0
    demanded = min(FIRST_WAIT * 2.0 ** (len(starts) - FREE), LONGEST_WAIT)
    return max(0.0, starts[-1] + demanded - now)
