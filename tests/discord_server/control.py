"""Driving a stand-in that runs in a process of its own: a few JSON requests, and load for benchmarks."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .commands import CannotError
from .interactions import Exchange, NotAnsweredError
from .model import Channel, Json, Message

if TYPE_CHECKING:
    from .server import DiscordServer
    from .users import Person


@dataclass
class Load:
    """What came of a load: seconds from the written event to the response, and how many got none."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    unanswered: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


async def load(channel: Channel, people: list["Person"], command: str, options: list[Json], *, seconds: float) -> Load:
    """Let `people` use a command for `seconds`, each again as soon as answered; the options are dealt out in turn."""
    result = Load(0.0)
    begun = time.perf_counter()
    turns: Iterator[Json] = itertools.cycle(options)

    async def one(person: "Person") -> None:
        while time.perf_counter() - begun < seconds:
            try:
                seen = await person.slash(channel, command, **next(turns))
            except NotAnsweredError:
                result.unanswered += 1
            else:
                assert seen.latency is not None
                result.latencies.append(seen.latency)

    await asyncio.gather(*(one(person) for person in people))
    result.seconds = time.perf_counter() - begun
    return result


def described(message: Message) -> Json:
    """Return what a reader sees of a message."""
    return {
        "id": str(message.id),
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "ephemeral": message.ephemeral,
        "text": message.text,
    }


class Control:
    """POST /control/<action> with JSON; users and channels go by name, the first guild is meant."""

    def __init__(self, server: "DiscordServer") -> None:
        self.server = server
        self.people: dict[str, Person] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes for aiohttp."""
        return [web.get("/control", self.state), web.post("/control/{action}", self.act)]

    async def state(self, _: web.Request) -> web.Response:
        """Tell how things stand."""
        server = self.server
        return web.json_response(
            {
                "api_url": server.api_url,
                "gateway_url": server.gateway_url,
                "cdn_url": server.cdn_url,
                "token": server.token,
                "guilds": len(server.world.guilds),
                "connections": len(server.gateway.connections),
                "told": any(s.told and s.connection for s in server.gateway.sessions.values()),
                "shards": [s.shard for s in server.gateway.sessions.values() if s.told and s.connection],
                "identifies": server.gateway.identifies,
                "too_early": server.gateway.too_early,
                "resumes": server.gateway.resumes,
                "commands": [c["name"] for c in server.commands.all()],
                "requests": server.rest.requests,
                "violations": [str(v) for v in server.violations],
            }
        )

    async def act(self, request: web.Request) -> web.Response:
        """Do one thing as a user, or to the gateway."""
        body: Json = await request.json() if request.can_read_body else {}
        action = getattr(self, f"_{request.match_info['action']}", None)
        if action is None:
            return web.json_response({"error": "no such action"}, status=404)
        try:
            answer: Any = await action(body)
        except (CannotError, NotAnsweredError, TimeoutError, KeyError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=409)
        return web.json_response(answer)

    def _person(self, body: Json) -> "Person":
        name = body.get("user", "alice")
        if name not in self.people:
            guild = next(iter(self.server.world.guilds.values()))
            self.people[name] = self.server.add_user(name, guild, locale=body.get("locale", "en-US"))
        return self.people[name]

    def _channel(self) -> Channel:
        guild = next(iter(self.server.world.guilds.values()))
        return next(c for c in guild.channels.values() if not c.is_thread)

    def _place(self, body: Json) -> tuple["Person", Channel]:
        person = self._person(body)
        return person, person.dm if body.get("dm") else self._channel()

    async def _slash(self, body: Json) -> Json:
        person, channel = self._place(body)
        return self._seen(await person.slash(channel, body["command"], **body.get("options", {})))

    @staticmethod
    def _seen(exchange: Exchange) -> Json:
        seen: Json = {"type": exchange.type, "latency": exchange.latency}
        return seen | (described(exchange.message) if exchange.type in (4, 5, 6, 7) else {})

    async def _say(self, body: Json) -> Json:
        person, channel = self._place(body)
        said = person.say(channel, body["content"].replace("@bot", self.server.world.bot.mention))
        return described(await said.reply(within=body.get("within", 5.0)))

    async def _click(self, body: Json) -> Json:
        person, channel = self._place(body)
        return self._seen(await person.click(channel.messages[int(body["message"])], body["custom_id"]))

    async def _load(self, body: Json) -> Json:
        people = [self._person({"user": f"user{n}"}) for n in range(body.get("users", 50))]
        options = body.get("options") or [{}]
        result = await load(self._channel(), people, body["command"], options, seconds=body.get("seconds", 5.0))
        return asdict(result)

    async def _chat(self, body: Json) -> Json:
        """Let people talk to each other, a message a guild in turn; tell when the bot has come to the end of it.

        All is queued before the first is written, so that writing it costs little; a command behind it shows the end.
        """
        person, count = self._person(body), body.get("messages", 1000)
        channels: list[Channel] = []
        for guild in self.server.world.guilds.values():
            if person.id not in guild.members:
                self.server.world.join(guild, person)
            channels.append(next(c for c in guild.channels.values() if not c.is_thread))
        for channel in itertools.islice(itertools.cycle(channels), count):
            person.say(channel, "Did anybody see the news today? The meeting is at five, bring what you have.")
        begun = time.perf_counter()
        await person.slash(channels[0], body["command"], **body.get("options", {}))
        return {"seconds": time.perf_counter() - begun, "messages": count}

    async def _drop(self, _: Json) -> Json:
        self.server.gateway.drop()
        return {}

    async def _close(self, body: Json) -> Json:
        self.server.gateway.close(body["code"])
        return {}
