"""A process a shard: its turn to identify, and whether its servers still fit.

Discord lets `max_concurrency` shards identify every five seconds, one of each bucket (shard id modulo max_concurrency).
Processes know nothing of each other, so they take turns by a lock that the database keeps for them. Where there is none,
each waits as if all shards of its bucket began together, in the order of their ids.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from bot.core.errors import UserError
from bot.ops.health import Part

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two identifies of one bucket."""
_MARGIN = 0.5
"""Seconds beyond that, since ours and Discord's clocks start at different moments."""
MOST_GUILDS = 2500
"""Servers on one shard; Discord refuses more (close code 4011)."""
_MANY = 0.8
"""Share of that from which it is time to think of more shards."""

Lock = Callable[[int], AbstractAsyncContextManager[None]]
"""Takes a number; holds the lock of that number among all processes while the block runs. Raises UserError without."""


class Turns:
    """The turns of one shard: `take` before connecting, `used` when the identify goes out, `aclose` at the end."""

    def __init__(self, shard_id: int, shard_count: int, lock: Lock, *, every: float | None = None) -> None:
        self._shard_id = shard_id
        self._shard_count = shard_count
        self._lock = lock
        self._every = EVERY if every is None else every
        self._held: AsyncExitStack | None = None
        self._releasing: asyncio.Task[None] | None = None

    async def take(self, concurrency: int) -> None:
        """Wait for the turn among the shards of the bucket; a bot of one shard has it always."""
        if self._shard_count == 1:
            return
        if self._releasing:
            await asyncio.wait({self._releasing})
        await self.aclose()
        concurrency = max(1, concurrency)
        bucket = self._shard_id % concurrency
        held = await self._locked(bucket)
        if held is None:
            wait = self._shard_id // concurrency * (self._every + _MARGIN) + random.uniform(0, _MARGIN)  # noqa: S311
            log.warning("no lock to identify by: waiting %.0f s, by the number of the shard", wait)
            await asyncio.sleep(wait)
            # Should the database be back, those who now take their turn by it learn of this one.
            held = await self._locked(bucket)
        self._held = held

    async def _locked(self, bucket: int) -> AsyncExitStack | None:
        """Return the lock of a bucket once it is ours; None where there is none to be had."""
        stack = AsyncExitStack()
        try:
            await stack.enter_async_context(self._lock(bucket))
        except UserError:
            return None
        return stack

    def used(self) -> None:
        """Note that the identify goes out now: the next one may follow five seconds later."""
        if self._held and self._releasing is None:
            self._releasing = asyncio.create_task(self._release(self._held), name="identify-turn")

    async def aclose(self) -> None:
        """Give the turn back at once."""
        releasing, held = self._releasing, self._held
        self._releasing = self._held = None
        if releasing:
            releasing.cancel()
            await asyncio.wait({releasing})
        if held:
            await held.aclose()

    async def _release(self, held: AsyncExitStack) -> None:
        await asyncio.sleep(self._every + _MARGIN)
        await held.aclose()


def strain(shard_id: int, shard_count: int, guilds: int, recommended: int) -> Part:
    """Tell whether the servers of this shard still fit, for the health page and the operator."""
    where = f"shard {shard_id} of {shard_count}, {guilds:,} servers of at most {MOST_GUILDS:,}"
    if recommended > shard_count:
        return "degraded", f"{where}: Discord recommends {recommended} shards, raise discord.shard_count"
    if guilds >= MOST_GUILDS * _MANY:
        return "degraded", f"{where}: raise discord.shard_count before Discord refuses the shard"
    return "ok", where
