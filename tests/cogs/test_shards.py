"""Two shards at the stand-in, each in a client of its own: who answers whom, and how they begin their sessions."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.answering import Answering
from bot.client import IDENTIFY_RESERVE, Bot
from bot.ops import shards
from tests.cogs.conftest import settings_for, unconnected
from tests.discord_server import DiscordServer, until_all
from tests.store.postgres import Postgres

pytestmark = pytest.mark.asyncio


@pytest.fixture
def quick_turns(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let shards identify more often than Discord does."""
    monkeypatch.setattr(shards, "EVERY", 0.6)
    monkeypatch.setattr(shards, "_MARGIN", 0.1)
    server.gateway.identify_interval = 0.6


@pytest.mark.usefixtures("quick_turns")
async def test_each_shard_answers_its_own_servers(
    server: DiscordServer, answering: Answering, tmp_path: Path, postgres: Postgres
) -> None:
    guilds = [server.add_guild(f"G{n}") for n in range(6)]
    channels = [server.add_channel(g) for g in guilds]
    async with _both(server, answering, tmp_path, postgres.new_database()) as (bots, running):
        sessions = server.gateway.sessions
        await server.gateway.changed.until(lambda: sum(s.told for s in sessions.values()) == 2, 20)
        await asyncio.gather(*(bot.wait_until_ready() for bot in bots))
        assert server.gateway.too_early == []
        assert [len(bot.guilds) for bot in bots] == [3, 3]
        people = [server.add_user(f"P{n}", g) for n, g in enumerate(guilds)]
        asked = [p.slash(c, "define", term="rlhf") for p, c in zip(people, channels, strict=True)]
        await until_all(*asked)
        assert all(a.embeds and a.refused == [] for a in asked)
        # Direct messages come to shard 0 alone; only it has registered the commands.
        said = people[0].say(people[0].dm, "what is LoRA?")
        await said.reply()
        await server.idle()
        assert len(said.replies) == 1
        assert sum("commands" in str(e.what) and e.what.startswith("PUT") for e in server.transcript) <= 1
        # One of them begins anew without the other noticing.
        await bots[1].shut_down()
        await asyncio.wait({running[1]})
        assert (await server.add_user("Q", guilds[0]).slash(channels[0], "define", term="rag")).embeds


@pytest.mark.usefixtures("quick_turns")
async def test_the_last_identifies_are_counted_once_more_when_the_turn_has_come(
    server: DiscordServer, answering: Answering, tmp_path: Path, postgres: Postgres
) -> None:
    # One more than is kept for emergencies: both see it, the first one uses it.
    server.gateway.remaining = IDENTIFY_RESERVE + 1
    async with _both(server, answering, tmp_path, postgres.new_database()) as (_, running):
        done, _waiting = await asyncio.wait(running, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        assert [str(task.exception()) for task in done] == ["too few identifies are left"]
        assert server.gateway.identifies == 1
        assert server.gateway.remaining == IDENTIFY_RESERVE


async def test_a_shard_that_must_wait_keeps_no_other_from_its_turn(
    server: DiscordServer, answering: Answering, tmp_path: Path, postgres: Postgres
) -> None:
    crashes = tmp_path / "0" / "starts-0.json"
    crashes.parent.mkdir()
    crashes.write_text(json.dumps({"starts": [time.time()] * 12}))
    async with _both(server, answering, tmp_path, postgres.new_database()):
        sessions = server.gateway.sessions
        await server.gateway.changed.until(lambda: any(s.told for s in sessions.values()), 20)
        assert [s.shard for s in sessions.values()] == [(1, 2)]


@asynccontextmanager
async def _both(
    server: DiscordServer, answering: Answering, data: Path, url: str
) -> AsyncIterator[tuple[list[Bot], list[asyncio.Task[None]]]]:
    """Run two shards while the block runs."""
    bots = [_shard(server, answering, data, number, url) for number in range(2)]
    running = [asyncio.create_task(bot.run_until_closed(server.token)) for bot in bots]
    try:
        yield bots, running
    finally:
        for bot in bots:
            await bot.shut_down()
        await asyncio.wait(running)
        for task in running:
            if not task.cancelled():
                task.exception()
        for bot in bots:
            await bot.servers.aclose()
            await bot.servers.store.close()
            await bot.workers.aclose(0)


def _shard(server: DiscordServer, answering: Answering, data: Path, number: int, url: str) -> Bot:
    plain = settings_for(server, data / str(number), shard_id=number, shard_count=2)
    store = plain.store.model_copy(update={"url": type(plain.store.url)(url)})
    return unconnected(server, answering, data / str(number), settings=plain.model_copy(update={"store": store}))
