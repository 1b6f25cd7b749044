"""Several shards, each a process of its own, and people who ask all the while: who was answered, and how often."""

import asyncio
import itertools
import signal
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.discord_server import DiscordServer, Exchange, NotAnsweredError, Person
from tests.discord_server.model import Channel, Guild
from tests.discord_server.users import Said
from tests.soak._program import Program, program

_STARTING = 180.0
_STOPPING = 30.0
_BATCH = 50


@dataclass
class Asked:
    """What people asked, and what came of it."""

    commands: list[Exchange] = field(default_factory=list)
    mentions: list[Said] = field(default_factory=list)

    def unanswered(self) -> list[str]:
        """Return the questions that nobody answered."""
        commands = [repr(e) for e in self.commands if e.type is None]
        return commands + [f"{s.message.content} by {s.message.author.name}" for s in self.mentions if not s.replies]

    def doubled(self) -> list[str]:
        """Return the questions that somebody sees two answers to."""
        commands = [repr(e) for e in self.commands if e.followups]
        return commands + [f"{s.message.content}" for s in self.mentions if len(s.replies) > 1]

    def __len__(self) -> int:
        return len(self.commands) + len(self.mentions)


class Fleet:
    """The processes of a bot with many shards."""

    def __init__(self, server: DiscordServer, url: str, data: Path) -> None:
        self.server = server
        self._url = url
        self._data = data
        self._stack = AsyncExitStack()
        self._starts = itertools.count()
        self.running: dict[tuple[int, int], Program] = {}

    async def __aenter__(self) -> "Fleet":
        return self

    async def __aexit__(self, *_: object) -> None:
        for bot in self.running.values():
            if bot.process.returncode is None:
                bot.process.terminate()
        await self._stack.aclose()

    async def start(self, shard: int, count: int) -> Program:
        """Start one shard and wait until it has all its servers; one that ran before goes on."""
        port = _free_port()
        bot = await self._stack.enter_async_context(
            program(
                self.server,
                self._data / str(next(self._starts)),
                port,
                AITERMS_STORE__URL=self._url,
                AITERMS_DISCORD__SHARD_ID=str(shard),
                AITERMS_DISCORD__SHARD_COUNT=str(count),
                AITERMS_LOG__LEVEL="error",
            )
        )
        async with asyncio.timeout(_STARTING):
            # As a supervisor asks; it has its servers then, and not only been sent them.
            while not await _is_ready(bot):  # noqa: ASYNC110 - the other end is a process
                await asyncio.sleep(0.1)
        self.running[shard, count] = bot
        return bot

    async def start_all(self, count: int) -> None:
        """Start all shards at once; they take turns to identify."""
        await asyncio.gather(*(self.start(shard, count) for shard in range(count)))

    async def stop(self, bot: Program) -> int:
        """Stop a process as a supervisor does; return its exit code."""
        bot.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(bot.process.wait(), _STOPPING)

    async def replace(self, shard: int, count: int) -> int:
        """Start a shard anew, overlapping: first the new process, then the end of the old one. Return its exit code."""
        old = self.running[shard, count]
        await self.start(shard, count)
        return await self.stop(old)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _is_ready(bot: Program) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{bot.page}/readyz") as page:
            return page.status == 200
    except aiohttp.ClientError:
        return False


class Crowd:
    """People on the servers, one on each; they ask by commands and by mentions."""

    def __init__(self, server: DiscordServer, guilds: list[Guild]) -> None:
        self.server = server
        self.places: list[tuple[Person, Channel]] = [
            (server.add_user(f"p{n}", guild), next(c for c in guild.channels.values() if not c.is_thread))
            for n, guild in enumerate(guilds)
        ]
        self._turn = itertools.cycle(self.places)

    async def ask_everywhere(self) -> int:
        """Ask once on every server; return how many were not answered."""
        missed = 0
        for first in range(0, len(self.places), _BATCH):
            asked = [p.slash(c, "define", term="rlhf") for p, c in self.places[first : first + _BATCH]]
            done = await asyncio.gather(*(a.answered() for a in asked), return_exceptions=True)
            missed += sum(isinstance(d, NotAnsweredError) for d in done)
        return missed

    async def ask_until(self, end: asyncio.Event, every: float) -> Asked:
        """Ask on one server after another until `end`, one question each `every` seconds, every third by mention."""
        asked = Asked()
        for number, (person, channel) in enumerate(self._turn):
            if end.is_set():
                break
            if number % 3:
                asked.commands.append(person.slash(channel, "define", term="what is lora"))
            else:
                asked.mentions.append(person.say(channel, f"{self.server.world.bot.mention} what is RAG?"))
            await asyncio.sleep(every)
        # As long as anybody waits for an answer.
        await asyncio.sleep(4)
        return asked
