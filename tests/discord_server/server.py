"""The stand-in as a whole: starting, stopping, and what a test asks it afterwards."""

import asyncio
import os
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from .commands import Commands
from .control import Control
from .faults import Faults
from .gateway import GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT, Gateway
from .interactions import Exchange
from .model import Channel, Guild, Json, Message, Permission, Size
from .openapi import Description
from .rest import API, Rest
from .users import Person
from .world import World

# Application flags: the intents are switched on in the portal, for apps below the review threshold.
_LIMITED_FLAGS = {GUILD_PRESENCES: 1 << 13, GUILD_MEMBERS: 1 << 15, MESSAGE_CONTENT: 1 << 19}
_REMEMBERED = 500


@dataclass(frozen=True)
class Violation:
    """A request that Discord would have refused because the bot got it wrong."""

    method: str
    route: str
    problem: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.route}: {self.problem}"


@dataclass(frozen=True)
class Entry:
    """A line of the transcript: seconds since the start, who, what, and how it went."""

    time: float
    who: str
    what: str
    detail: str

    def __str__(self) -> str:
        return f"{self.time:8.3f} {self.who:10} {self.what} {self.detail}"


def description_file() -> Path | None:
    """Return the OpenAPI description that DISCORD_OPENAPI names, if it does."""
    name = os.environ.get("DISCORD_OPENAPI")
    return Path(name) if name else None


@cache
def _described_by(file: Path) -> Description:
    """Load a description once for all servers: it takes 50 ms, and its validators grow with use."""
    return Description(file)


class DiscordServer:
    """A Discord on 127.0.0.1. Use it as an asynchronous context manager."""

    def __init__(self, *, strict: bool = True, token: str = "stand-in-token", port: int = 0) -> None:
        self.strict = strict
        self.token = token
        self.port = port
        self.response_deadline = 3.0
        self.token_life = 15 * 60.0
        # The privileged intents that are switched on in the portal.
        self.privileged_intents = MESSAGE_CONTENT | GUILD_MEMBERS | GUILD_PRESENCES
        # Also check what the stand-in answers; for its own tests.
        self.checks_answers = False
        self.violations: list[Violation] = []
        self.transcript: deque[Entry] = deque(maxlen=2_000)
        self.exchanges: OrderedDict[str, Exchange] = OrderedDict()
        self.nonces: OrderedDict[tuple[int, str | int], tuple[float, Message]] = OrderedDict()
        file = description_file() if strict else None
        self.description = _described_by(file) if file is not None else None
        self.faults = Faults()
        self.gateway = Gateway(self)
        self.world = World(self.gateway.emit)
        self.commands = Commands(self)
        self.rest = Rest(self)
        self._started = time.monotonic()
        self._runner: web.AppRunner | None = None

    # -- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/gateway/resume", self.gateway.handle)
        app.add_routes(self.rest.routes())
        app.add_routes(Control(self).routes())
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.world.cdn_url = self.cdn_url

    async def stop(self) -> None:
        """Cut all connections and stop listening."""
        self.gateway.closing = True
        self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> "DiscordServer":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def api_url(self) -> str:
        """What `discord.http.Route.BASE` is to be."""
        return f"http://127.0.0.1:{self.port}{API}"

    @property
    def gateway_url(self) -> str:
        """What `DiscordWebSocket.DEFAULT_GATEWAY` is to be."""
        return f"ws://127.0.0.1:{self.port}/gateway"

    @property
    def cdn_url(self) -> str:
        """What `discord.asset.Asset.BASE` is to be."""
        return f"http://127.0.0.1:{self.port}/cdn"

    @property
    def control_url(self) -> str:
        """Where another process drives the stand-in; see control.py."""
        return f"http://127.0.0.1:{self.port}/control"

    # -- people and places --------------------------------------------------------------------------------------

    def add_guild(self, name: str = "Lab", **options: Any) -> Guild:
        """Found a guild; see World.add_guild."""
        return self.world.add_guild(name, **options)

    def add_guilds(self, number: int, size: Size | None = None) -> list[Guild]:
        """Found many guilds, each with one channel."""
        guilds = [self.world.add_guild(f"Guild {n}", size=size) for n in range(number)]
        for guild in guilds:
            self.world.add_channel(guild)
        return guilds

    def add_channel(self, guild: Guild, name: str = "general", **options: Any) -> Channel:
        """Add a channel; see World.add_channel."""
        return self.world.add_channel(guild, name, **options)

    def add_user(
        self,
        name: str,
        *guilds: Guild,
        locale: str = "en-US",
        permissions: int = 0,
        installed: bool = False,
        bot: bool = False,
    ) -> Person:
        """Add a scripted user, a member of `guilds`; `installed` means that they installed the app for themselves."""
        person = self.world.enrol(Person(self, self.world.ids.next(), name, bot=bot, locale=locale))
        person.installed = installed
        for guild in guilds:
            self.world.join(guild, person, permissions=permissions)
        return person

    # -- facts --------------------------------------------------------------------------------------------------

    @property
    def application_id(self) -> int:
        """The application's id; that of its bot user is the same."""
        return self.world.bot.id

    @property
    def application_flags(self) -> int:
        """The application's flags: which privileged intents it has."""
        return sum(flag for intent, flag in _LIMITED_FLAGS.items() if self.privileged_intents & intent)

    @property
    def may_read_content(self) -> bool:
        """Whether the application has the Message Content intent."""
        return bool(self.privileged_intents & MESSAGE_CONTENT)

    def refuse_intents(self, *intents: int) -> None:
        """Switch privileged intents off in the portal; without arguments all of them."""
        for intent in intents or (MESSAGE_CONTENT, GUILD_MEMBERS, GUILD_PRESENCES):
            self.privileged_intents &= ~intent

    def bot_messages(self, channel: Channel) -> list[Message]:
        """Return what the bot has written in a channel and not deleted, ephemeral ones included."""
        return [m for m in channel.messages.values() if m.author is self.world.bot and not m.deleted]

    async def ready(self, within: float = 10.0) -> None:
        """Wait until a client has identified itself and has been told of all its guilds."""
        sessions = self.gateway.sessions
        await self.gateway.changed.until(lambda: any(s.told and s.connection for s in sessions.values()), within)

    async def idle(self, quiet: float = 0.3, within: float = 10.0) -> None:
        """Wait until no request has come for `quiet` seconds: the bot has had its say, or keeps silent."""
        begun = time.monotonic()
        async with asyncio.timeout(within):
            while True:
                left = quiet - (time.monotonic() - max(self.rest.last_request, begun))
                if left <= 0 and not self.rest.in_flight:
                    return
                await asyncio.sleep(max(left, 0.01))

    # -- what the other modules tell ----------------------------------------------------------------------------

    def note(self, who: str, what: str, detail: str) -> None:
        """Add a line to the transcript."""
        self.transcript.append(Entry(time.monotonic() - self._started, who, what, detail))

    def violate(self, method: str, route: str, problem: str, body: Any = None) -> None:
        """Record what Discord would have refused."""
        self.violations.append(Violation(method, route, problem, body))
        self.note("violation", f"{method} {route}", problem)

    def open(self, exchange: Exchange) -> Exchange:
        """Send an interaction to the bot."""
        self.exchanges[exchange.token] = exchange
        if len(self.exchanges) > _REMEMBERED:
            self.exchanges.popitem(last=False)
        self.note(exchange.user.name, "interaction", repr(exchange))

        def sent() -> None:
            exchange.sent = exchange.sent or time.perf_counter()

        self.gateway.emit("INTERACTION_CREATE", exchange.payload(), exchange.channel.guild, sent)
        return exchange

    def answered(self, exchange: Exchange) -> None:
        """Tell the user that the first response is there."""
        late = "" if exchange.latency is None else f"after {exchange.latency * 1000:.1f} ms"
        self.note("bot", "answered", f"{exchange!r} {late}")
        exchange.changed.notify()

    def post(self, message: Message) -> None:
        """File a user's message and tell the bot."""
        message.channel.keep(message)
        self.note(message.author.name, f"in {message.channel.name or 'DM'}", message.content[:200])
        self.gateway.emit_message("MESSAGE_CREATE", message)

    def delete(self, message: Message) -> None:
        """Delete a message and tell the bot."""
        message.deleted = True
        message.channel.changed.notify()
        if message.ephemeral or not self.world.may(self.world.bot, message.channel, Permission.VIEW_CHANNEL):
            return
        data: Json = {"id": str(message.id), "channel_id": str(message.channel.id)}
        guild = message.channel.guild
        if guild is not None:
            data["guild_id"] = str(guild.id)
        self.gateway.emit("MESSAGE_DELETE", data, guild)

    def remember_nonce(self, channel: Channel, nonce: str | int, message: Message) -> None:
        """Remember an enforced nonce."""
        self.nonces[channel.id, nonce] = (time.monotonic(), message)
        if len(self.nonces) > _REMEMBERED:
            self.nonces.popitem(last=False)
