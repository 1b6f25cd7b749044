"""The real client, connected to the stand-in."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.answering import Answering
from bot.app import open_answering
from bot.client import Bot, make_client
from bot.knowledge import data_folder
from bot.ops.operations import Operations
from bot.servers import Servers
from bot.settings import Settings, load_settings
from bot.store.store import Store
from tests.discord_server import Channel, DiscordServer, Guild, Person


@pytest.fixture(scope="session")
def answering() -> Answering:
    """Answer from the built-in knowledge."""
    built = open_answering(load_settings(data_folder("config")))
    built.search.warm()
    return built


@dataclass
class Lab:
    """A server at the stand-in with the bot in it, and somebody who asks."""

    server: DiscordServer
    bot: Bot
    guild: Guild
    channel: Channel
    asker: Person
    running: "asyncio.Task[None]"
    data: Path = field(default_factory=Path)

    @property
    def mention(self) -> str:
        """The text that mentions the bot."""
        return f"<@{self.server.application_id}>"


def settings_for(server: DiscordServer, data: Path, **discord: object) -> Settings:
    """Return the settings that point the bot to the stand-in."""
    plain = load_settings(data_folder("config"))
    return plain.model_copy(
        update={
            "data": data,
            "discord": plain.discord.model_copy(update={"api_url": server.api_url, **discord}),
            "health": plain.health.model_copy(update={"port": 0}),
        }
    )


@pytest.fixture(autouse=True)
def _addresses() -> Any:
    """Put the addresses back to which the library's class attributes point."""
    kept = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = kept


def unconnected(
    server: DiscordServer,
    answering: Answering,
    data: Path,
    *,
    message_content: bool = False,
    settings: Settings | None = None,
    **discord: object,
) -> Bot:
    """Return the bot, not yet connected; its worker process starts when it is first needed."""
    settings = settings or settings_for(server, data, **discord)
    return make_client(
        Servers(answering, Store.at(settings.store_url())),
        settings,
        operations=Operations(),
        knowledge=data_folder("knowledge"),
        message_content=message_content,
    )


@asynccontextmanager
async def connected(
    server: DiscordServer,
    answering: Answering,
    data: Path,
    *,
    message_content: bool = False,
    prepare: Callable[[Bot], object] = lambda _: None,
    **discord: object,
) -> AsyncIterator[tuple[Bot, "asyncio.Task[None]"]]:
    """Run the bot against the stand-in while the block runs."""
    bot = unconnected(
        server, answering, data, message_content=message_content, settings=settings_for(server, data, **discord)
    )
    prepare(bot)
    running = asyncio.create_task(bot.run_until_closed(server.token))
    ready = asyncio.create_task(server.ready())
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        await ready
        yield bot, running
    finally:
        ready.cancel()
        await bot.shut_down()
        await asyncio.wait({running})
        await bot.servers.aclose()
        await bot.servers.store.close()
        await bot.workers.aclose(0)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """The stand-in; a request that Discord would refuse fails the test."""
    async with DiscordServer() as running:
        yield running
        assert [str(v) for v in running.violations] == []


@asynccontextmanager
async def in_a_lab(
    server: DiscordServer, answering: Answering, data: Path, *, qa: bool = False, **options: Any
) -> AsyncIterator[Lab]:
    """Run the bot in a server with one channel, a Q&A channel where `qa`, and an asker."""
    guild = server.add_guild()
    channel = server.add_channel(guild)
    asker = server.add_user("Ada", guild)
    if qa:
        options |= {"message_content": True, "channels": frozenset({channel.id})}
    async with connected(server, answering, data, **options) as (bot, running):
        yield Lab(server, bot, guild, channel, asker, running, data)


@pytest_asyncio.fixture
async def lab(server: DiscordServer, answering: Answering, tmp_path: Path) -> AsyncIterator[Lab]:
    """The bot as it is set up by default: without the Message Content intent."""
    async with in_a_lab(server, answering, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def qa(server: DiscordServer, answering: Answering, tmp_path: Path) -> AsyncIterator[Lab]:
    """The bot with the Message Content intent and one Q&A channel."""
    async with in_a_lab(server, answering, tmp_path, qa=True) as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the long waits: the library sleeps five seconds before a new session, and longer between retries."""
    sleep = asyncio.sleep

    async def short(delay: float, result: Any = None) -> Any:
        return await sleep(delay if delay < 0.5 else 0.05, result)

    monkeypatch.setattr(asyncio, "sleep", short)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the operator reads, down to debug messages of our own."""
    caplog.set_level(logging.DEBUG, "bot")
    caplog.set_level(logging.INFO, "discord")
    return caplog
