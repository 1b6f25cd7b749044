"""What keeps answers orderly: once each, not too often, none lost at shutdown, none forced upon who refuses."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

QUESTIONS, PER_SECONDS = 5, 20.0
"""A user may ask so many questions in so many seconds."""
REFUSALS, PAUSE = 3, 600.0
"""After so many refusals a channel is left alone for so many seconds."""
_REMEMBERED = 2000

MOST_KEPT, KEPT_FOR = 200, 900.0
"""So much of what people began is kept, for so many seconds: Discord's own time for going on."""

Clock = Callable[[], float]
MOST_WEIGHT = 20_000
"""Terms in all imports that wait for a yes: at most about 5 kB each."""

T = TypeVar("T")


class Recent:
    """Remembers the last ids, so that what Discord delivers twice is handled once."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._ids: OrderedDict[int, None] = OrderedDict()
        self._most = most

    def first_time(self, id_: int) -> bool:
        """Tell whether `id_` is new, and remember it."""
        if id_ in self._ids:
            return False
        self._ids[id_] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
        return True


class Cooldown:
    """Limits how often each user asks."""

    def __init__(self, most: int = QUESTIONS, per: float = PER_SECONDS, clock: Clock = time.monotonic) -> None:
        self._asked: OrderedDict[int, list[float]] = OrderedDict()
        self._told: OrderedDict[int, float] = OrderedDict()
        self._most = most
        self._per = per
        self._clock = clock

    def wait(self, user: int) -> float:
        """Count a question of `user`; return the seconds to wait, 0 if it may be answered."""
        now = self._clock()
        while self._asked and next(iter(self._asked.values()))[-1] <= now - self._per:
            self._asked.popitem(last=False)
        times = [t for t in self._asked.get(user, []) if t > now - self._per]
        if len(times) >= self._most:
            return times[0] + self._per - now
        self._asked[user] = [*times, now]
        self._asked.move_to_end(user)
        return 0.0

    def to_be_told(self, user: int) -> bool:
        """Tell whether `user` is still to be told to wait: once in a while, where everybody reads it."""
        now = self._clock()
        while self._told and next(iter(self._told.values())) <= now - self._per:
            self._told.popitem(last=False)
        if user in self._told:
            return False
        self._told[user] = now
        return True


class Kept:
    """Keeps what people began, for a while and in memory only: a form that was refused, an import not yet confirmed."""

    def __init__(self, most: int = MOST_KEPT, seconds: float = KEPT_FOR, clock: Clock = time.monotonic) -> None:
        self._values: OrderedDict[str, tuple[float, object, int]] = OrderedDict()
        self._weight = 0
        self._most = most
        self._seconds = seconds
        self._clock = clock

    def put(self, key: str, value: object, *, weight: int = 1) -> None:
        """Keep `value`, instead of what was kept under `key` before; where it gets too much, the oldest goes."""
        self.drop(key)
        self._values[key] = (self._clock() + self._seconds, value, weight)
        self._weight += weight
        while len(self._values) > 1 and (
            self._is_old() or len(self._values) > self._most or self._weight > MOST_WEIGHT
        ):
            self.drop(next(iter(self._values)))

    def _is_old(self) -> bool:
        return next(iter(self._values.values()))[0] <= self._clock()

    def get(self, key: str, kind: type[T]) -> T | None:
        """Return what is kept under `key`, if it is of that kind and was not put there too long ago."""
        end, value, _ = self._values.get(key, (0.0, None, 0))
        return value if isinstance(value, kind) and end > self._clock() else None

    def drop(self, key: str) -> None:
        """Forget what is kept under `key`."""
        self._weight -= self._values.pop(key, (0.0, None, 0))[2]


class Circuit:
    """Leaves a channel alone that keeps refusing."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._refusals: dict[int, list[float]] = {}
        self._closed_until: dict[int, float] = {}
        self._clock = clock

    def refused(self, channel: int) -> bool:
        """Count a refusal; return whether the channel is left alone from now on."""
        now = self._clock()
        times = [t for t in self._refusals.pop(channel, []) if t > now - PAUSE]
        times.append(now)
        if len(times) < REFUSALS:
            self._refusals[channel] = times
            if len(self._refusals) > _REMEMBERED:
                del self._refusals[next(iter(self._refusals))]
            return False
        self._closed_until[channel] = now + PAUSE
        return True

    def is_open(self, channel: int) -> bool:
        """Tell whether nothing may be sent to `channel` now."""
        now = self._clock()
        for key in [k for k, end in self._closed_until.items() if end <= now]:
            del self._closed_until[key]
        return channel in self._closed_until

    def channels(self) -> list[int]:
        """Return the channels that are left alone now."""
        return [c for c in list(self._closed_until) if self.is_open(c)]


@dataclass(slots=True)
class InFlight:
    """Counts the answers being made, so that a shutdown can wait for them."""

    count: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __enter__(self) -> None:
        """Count one answer until the block ends."""
        self.count += 1
        self.idle.clear()

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if not self.count:
            self.idle.set()

    async def drained(self, most: float) -> bool:
        """Wait until nothing is in flight, at most so many seconds; tell whether that came."""
        try:
            async with asyncio.timeout(most):
                while self.count:
                    await self.idle.wait()
        except TimeoutError:
            return False
        return True
