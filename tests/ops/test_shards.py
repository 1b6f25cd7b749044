"""Turns to identify, and how full a shard is."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from bot.core.errors import UserError
from bot.ops import shards
from bot.ops.shards import Turns, strain
from bot.store.store import Store
from tests.store.postgres import Postgres

pytestmark = pytest.mark.asyncio


class Locks:
    """Locks of one process, as the database keeps them for many."""

    def __init__(self) -> None:
        self.locks: dict[int, asyncio.Lock] = {}
        self.away = False

    @asynccontextmanager
    async def __call__(self, key: int) -> AsyncIterator[None]:
        if self.away:
            raise UserError("away")
        async with self.locks.setdefault(key, asyncio.Lock()):
            yield


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_MARGIN", 0.02)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("concurrency", [1, 2, 4])
async def test_shards_of_one_bucket_identify_one_after_the_other(concurrency: int) -> None:
    locks, went = Locks(), list[tuple[int, float]]()

    async def one(shard: int) -> None:
        turns = Turns(shard, 8, locks, every=0.1)
        await turns.take(concurrency)
        went.append((shard % concurrency, time.monotonic()))
        turns.used()
        await asyncio.sleep(0.5)
        await turns.aclose()

    await asyncio.gather(*(one(shard) for shard in range(8)))
    for bucket in range(concurrency):
        times = sorted(t for b, t in went if b == bucket)
        assert len(times) == 8 // concurrency
        assert all(later - sooner >= 0.1 for sooner, later in pairwise(times))


async def test_a_bot_of_one_shard_waits_for_nobody() -> None:
    locks = Locks()
    locks.away = True
    await Turns(0, 1, locks).take(1)


@pytest.mark.usefixtures("quick")
async def test_without_a_lock_shards_wait_by_their_number(caplog: pytest.LogCaptureFixture) -> None:
    locks = Locks()
    locks.away = True
    begun = time.monotonic()
    await Turns(6, 8, locks, every=0.05).take(2)
    assert time.monotonic() - begun >= 3 * 0.05
    assert "no lock to identify by" in caplog.text


@pytest.mark.usefixtures("quick")
async def test_a_database_that_comes_back_while_one_waits_is_told_of_the_turn() -> None:
    locks = Locks()
    locks.away = True
    first, second = Turns(2, 4, locks, every=0.1), Turns(3, 4, locks, every=0.1)
    taking = asyncio.create_task(first.take(1))
    await asyncio.sleep(0.05)
    locks.away = False
    await taking
    first.used()
    begun = time.monotonic()
    await second.take(1)
    assert time.monotonic() - begun >= 0.1
    await first.aclose()
    await second.aclose()


@pytest.mark.usefixtures("quick")
async def test_a_turn_that_was_not_used_is_given_back() -> None:
    locks = Locks()
    first, second = Turns(0, 2, locks), Turns(1, 2, locks)
    await first.take(1)
    waiting = asyncio.create_task(second.take(1))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await first.aclose()
    await asyncio.wait_for(waiting, 1)
    await second.aclose()


async def test_the_lock_of_the_database_is_one_among_all_processes(postgres: Postgres) -> None:
    url = postgres.new_database()
    first, second = await Store.open(url), await Store.open(url)
    async with first.lock(0), second.lock(1):
        taken = asyncio.create_task(second.lock(0).__aenter__())
        await asyncio.sleep(0.5)
        assert not taken.done()
        # Another holder's death gives the lock back.
        await first._database._engine.dispose()
        postgres.stop("immediate")
        postgres.start()
    with pytest.raises(UserError):
        await taken
    async with second.lock(0):
        pass
    await first.close()
    await second.close()


async def test_there_is_no_lock_without_postgres(tmp_path: object) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/aiterms.db")
    with pytest.raises(UserError):
        async with store.lock(0):
            pass
    await store.close()


@pytest.mark.parametrize(
    ("facts", "state", "said"),
    [
        ((0, 1, 12, 1), "ok", "shard 0 of 1, 12 servers of at most 2,500"),
        ((3, 8, 1999, 8), "ok", "1,999"),
        ((3, 8, 2000, 8), "degraded", "before Discord refuses"),
        ((0, 1, 900, 2), "degraded", "Discord recommends 2 shards"),
    ],
)
async def test_a_shard_says_before_it_is_full(facts: tuple[int, int, int, int], state: str, said: str) -> None:
    found, words = strain(*facts)
    assert (found, said in words) == (state, True)
