"""Eight shards over PostgreSQL at 20,000 servers: a death, a rolling restart under load, a database that restarts, and
from four shards to eight by the procedure of docs/scaling.md. Questions that nobody or two answered are counted.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from tests.discord_server import DiscordServer
from tests.soak._fleet import Asked, Crowd, Fleet
from tests.store.postgres import Postgres

GUILDS, SHARDS = 20_000, 8
FEWER_GUILDS, FEWER_SHARDS = 8_000, 4
"""Four shards hold 10,000 servers at most."""
EVERY = 0.05
_INTERVAL = 5.0


async def under_load(crowd: Crowd, work: Awaitable[object]) -> Asked:
    """Let people ask while `work` is done."""
    end = asyncio.Event()
    asking = asyncio.create_task(crowd.ask_until(end, EVERY))
    try:
        await work
    finally:
        end.set()
    return await asking


def told(what: str, asked: Asked, begun: float) -> int:
    """Print what came of a step; return how many questions went wrong."""
    unanswered, doubled = asked.unanswered(), asked.doubled()
    print(
        f"{what}: {time.monotonic() - begun:.0f} s, {len(asked):,} questions, {len(unanswered)} unanswered, "
        f"{len(doubled)} answered twice",
        flush=True,
    )
    for row in [*unanswered, *doubled][:5]:
        print(f"  {row}")
    return len(unanswered) + len(doubled)


async def eight(postgres: Postgres, data: Path) -> int:
    """Run eight shards; return how many things went wrong."""
    bad = 0
    async with DiscordServer(strict=False) as server:
        server.gateway.identify_interval = _INTERVAL
        crowd = Crowd(server, server.add_guilds(GUILDS))
        async with Fleet(server, postgres.new_database(), data) as fleet:
            begun = time.monotonic()
            await fleet.start_all(SHARDS)
            print(
                f"{SHARDS} shards ready after {time.monotonic() - begun:.0f} s, {server.gateway.identifies} identifies, "
                f"too early {server.gateway.too_early}; memory {sum(b.memory for b in fleet.running.values()):,.0f} MB in all",
                flush=True,
            )
            begun = time.monotonic()
            missed = await crowd.ask_everywhere()
            print(f"one question on each of {GUILDS:,} servers: {missed} unanswered, {time.monotonic() - begun:.0f} s")
            bad += missed

            begun, identifies = time.monotonic(), server.gateway.identifies
            others = {s for s in server.gateway.sessions if server.gateway.sessions[s].shard[0] != 3}

            async def die() -> None:
                await asyncio.sleep(1)
                await fleet.running[3, SHARDS].kill()
                await fleet.start(3, SHARDS)

            asked = await under_load(crowd, die())
            silent = [e.channel for e in asked.commands if e.type is None]
            silent += [s.message.channel for s in asked.mentions if not s.replies]
            theirs = [c for c in silent if c.guild and (c.guild.id >> 22) % SHARDS != 3]
            print(
                f"shard 3 killed and back: {time.monotonic() - begun:.0f} s, {len(asked):,} questions, "
                f"{len(asked.unanswered())} unanswered on its own servers, {len(theirs)} elsewhere; "
                f"{server.gateway.identifies - identifies} identify, others' sessions kept: "
                f"{others <= set(server.gateway.sessions)}",
                flush=True,
            )
            bad += len(theirs) + (not others <= set(server.gateway.sessions))

            async def roll() -> None:
                codes = [await fleet.replace(shard, SHARDS) for shard in range(SHARDS // 2)]
                restarting = asyncio.create_task(asyncio.to_thread(_restart, postgres))
                codes += [await fleet.replace(shard, SHARDS) for shard in range(SHARDS // 2, SHARDS)]
                await restarting
                print(f"exit codes of the replaced: {codes}")

            begun = time.monotonic()
            bad += told("rolling restart, PostgreSQL restarted meanwhile", await under_load(crowd, roll()), begun)
            print(f"identified too early: {server.gateway.too_early}")
            bad += len(server.gateway.too_early)
    return bad


def _restart(postgres: Postgres) -> None:
    postgres.stop("immediate")
    time.sleep(2)
    postgres.start()


async def twice_as_many(postgres: Postgres, data: Path) -> int:
    """Go from four shards to eight as docs/scaling.md says; return how many things went wrong."""
    async with DiscordServer(strict=False) as server:
        server.gateway.identify_interval = _INTERVAL
        crowd = Crowd(server, server.add_guilds(FEWER_GUILDS))
        async with Fleet(server, postgres.new_database(), data) as fleet:
            await fleet.start_all(FEWER_SHARDS)
            before = list(fleet.running.values())

            async def reshard() -> None:
                await fleet.start_all(2 * FEWER_SHARDS)
                for bot in before:
                    await fleet.stop(bot)

            begun = time.monotonic()
            asked = await under_load(crowd, reshard())
            bad = told(f"from {FEWER_SHARDS} shards to {2 * FEWER_SHARDS}", asked, begun)
            missed = await crowd.ask_everywhere()
            print(f"afterwards, on each of {FEWER_GUILDS:,} servers: {missed} unanswered")
            print(f"identified too early: {server.gateway.too_early}")
            return bad + missed + len(server.gateway.too_early)


def main() -> int:
    """Print what happened; 1 if a question was unanswered or answered twice, or a shard identified out of turn."""
    postgres = Postgres()
    try:
        with tempfile.TemporaryDirectory() as folder:
            bad = asyncio.run(eight(postgres, Path(folder) / "eight"))
            bad += asyncio.run(twice_as_many(postgres, Path(folder) / "four"))
    finally:
        postgres.remove()
    return int(bad > 0)
