"""Knowledge that changes while `aiterms run` serves: people get the new one, the operator hears of a bad one."""

import asyncio
import os
import signal
from itertools import count
from pathlib import Path

import pytest

from bot import app
from bot.client import make_client
from tests.cogs.conftest import settings_for
from tests.discord_server import DiscordServer

pytestmark = pytest.mark.asyncio


async def test_new_knowledge_is_served_and_bad_knowledge_is_told_to_the_operator(
    server: DiscordServer, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "ftl.toml").write_text('name = "FTL"\nshort = "The old ledger."\n')
    guild = server.add_guild()
    channel = server.add_channel(guild)
    ada = server.add_user("Ada", guild, permissions=1 << 5)
    server.world.owner = ada
    plain = settings_for(server, tmp_path / "data")
    settings = plain.model_copy(
        update={
            "terms": (own,),
            "reload": plain.reload.model_copy(update={"every": 0.1}),
            "health": plain.health.model_copy(update={"port": 0}),
        }
    )
    running = asyncio.create_task(app.serve(settings, server.token, make_client))
    try:
        await server.ready()

        async def shown(name: str) -> str:
            return (await server.add_user(name, guild).slash(channel, "define", term="FTL")).text

        assert "The old ledger." in await shown("A")
        # Terms that the server lays over it stay where they are.
        await ada.submit(await ada.slash(channel, "term add"), {"name": "Nova", "short": "A cluster."})
        (own / "ftl.toml").write_text('name = "FTL"\nshort = "The new ledger."\n')
        async with asyncio.timeout(30):
            for n in count():
                if "The new ledger." in await shown(f"B{n}"):
                    break
                await asyncio.sleep(0.2)
        person = server.add_user("C", guild)
        assert "A cluster." in (await person.slash(channel, "define", term="nova")).text
        (own / "ftl.toml").write_text('name = "FTL"\nshrt = "A slip."\n')
        async with asyncio.timeout(30):
            said = ""
            while "own/ftl.toml" not in said:
                # No faster than one may ask.
                await asyncio.sleep(4)
                said = (await ada.slash(channel, "about")).text
        assert "own/ftl.toml: short: missing" in said
        assert "own/ftl.toml" not in (await person.slash(channel, "about")).text
        assert "The new ledger." in await shown("D")
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(running, 15) == 0
