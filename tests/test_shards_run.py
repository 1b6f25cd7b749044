"""Two shards as processes of their own over PostgreSQL: begun in turn, replaced under load, nobody unanswered."""

import asyncio
from pathlib import Path

import pytest

from tests.discord_server import DiscordServer
from tests.soak._fleet import Crowd, Fleet
from tests.store.postgres import Postgres

pytestmark = pytest.mark.asyncio


async def test_shards_are_replaced_without_a_question_unanswered_or_answered_twice(
    postgres: Postgres, tmp_path: Path
) -> None:
    async with DiscordServer() as server:
        server.gateway.identify_interval = 5.0
        crowd = Crowd(server, server.add_guilds(40))
        async with Fleet(server, postgres.new_database(), tmp_path) as fleet:
            await fleet.start_all(2)
            assert await crowd.ask_everywhere() == 0
            end = asyncio.Event()
            asking = asyncio.create_task(crowd.ask_until(end, 0.25))
            for shard in range(2):
                assert await fleet.replace(shard, 2) == 0
            end.set()
            asked = await asking
            assert asked.unanswered() == []
            assert asked.doubled() == []
            assert len(asked) > 20
            assert server.gateway.too_early == []
            assert server.gateway.identifies == 4
            assert [str(v) for v in server.violations] == []
