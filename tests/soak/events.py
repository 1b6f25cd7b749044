"""A million events through the whole program: its memory and its open files, drawn into docs/.

The bot runs as it does in earnest; the stand-in sends what Discord sends, in about the proportions of busy servers, as
fast as it is taken: messages of people and bots, edits, deletions, typing, channels, threads, roles, servers that come
and go, questions in all modes, completions, buttons, malformed events, and a reconnect now and then.
"""

import asyncio
import csv
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.discord_server import MALFORMED, CannotError, Channel, DiscordServer, Guild, NotAnsweredError, Person
from tests.soak._plot import Line, plot
from tests.soak._program import Program, program

EVENTS = int(os.environ.get("SOAK_EVENTS", "1000000"))
EVERY = EVENTS // 100
WARM = EVENTS // 5
RECONNECT = EVENTS // 20
GROWTH = 1.0
"""MB of growth that 100,000 events may cost."""
REST = 35.0
"""Seconds after which no connection to the API is kept open any more (aiohttp looks every 15 for those that were idle for 15): what is open then is not given back."""
DOCS = Path(__file__).parents[2] / "docs"
_AHEAD = 500
_CHATTER = (
    "good morning",
    "lunch?",
    "the build is green again",
    "什么时候开会",
    "did you see the game",
    "谢谢!",
    "lol " * 30,
)
_QUESTIONS = (
    "what is RLHF?",
    "什么是思维链",
    "how does LoRA work?",
    "what is a kumquat",
    "RAG vs fine-tuning",
    "70B 是什么",
)
_TERMS = ("rlhf", "kv cache", "lorra", "什么是思维链", "what is quantization", "推理", "kumquat", "top-p vs top-k")


class Town:
    """Servers, and what happens there."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.random = random.Random(8)
        self.guilds = server.add_guilds(50)
        self.channels = [c for g in self.guilds for c in g.channels.values()]
        self.channels += [server.add_channel(g, f"talk-{n}") for g in self.guilds for n in range(3)]
        self.qa = [server.add_channel(self.guilds[0], f"ask-{n}") for n in range(5)]
        self.people = [server.add_user(f"p{n}", *self.guilds) for n in range(400)]
        self.robot = server.add_user("robot", *self.guilds, bot=True)
        self.answered = self.unanswered = self.sent = 0
        self.asking: set[asyncio.Task[None]] = set()
        self._number = 10**18
        self._kinds: list[tuple[Callable[[], None], int]] = [
            (self.talk, 560),
            (self.robot_talks, 120),
            (self.edit, 80),
            (self.delete, 40),
            (self.typing, 60),
            (self.ask_in_channel, 30),
            (self.channel_changes, 25),
            (self.thread_comes_and_goes, 20),
            (self.role_comes_and_goes, 15),
            (self.member_changes, 15),
            (self.malformed, 10),
            (self.command, 8),
            (self.completion, 8),
            (self.mention, 5),
            (self.button, 2),
            (self.guild_comes_and_goes, 2),
        ]

    def happen(self, times: int) -> None:
        """Let so many things happen."""
        acts, weights = zip(*self._kinds, strict=True)
        for act in self.random.choices(acts, weights, k=times):
            act()

    def _next(self) -> str:
        self._number += 1 << 22
        return str(self._number)

    def _emit(self, name: str, data: Any) -> None:
        for session in self.server.gateway.sessions.values():
            session.dispatch(name, data)
            self.sent += 1

    def _place(self) -> tuple[Channel, Guild, Person]:
        channel = self.random.choice(self.channels)
        assert channel.guild
        return channel, channel.guild, self.random.choice(self.people)

    def _message(self, content: str, *, bot: bool = False, id_: str | None = None) -> dict[str, Any]:
        channel, guild, person = self._place()
        author = {
            "id": str(person.id),
            "username": person.name,
            "discriminator": "0",
            "avatar": None,
            "global_name": None,
        }
        return {
            "id": id_ or self._next(),
            "channel_id": str(channel.id),
            "guild_id": str(guild.id),
            "author": author | ({"bot": True} if bot else {}),
            "member": {"roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0},
            "content": content,
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "type": 0,
        }

    def talk(self) -> None:
        self._emit("MESSAGE_CREATE", self._message(self.random.choice(_CHATTER)))

    def robot_talks(self) -> None:
        self._emit("MESSAGE_CREATE", self._message("beep", bot=True))

    def edit(self) -> None:
        self._emit("MESSAGE_UPDATE", self._message("edited"))

    def delete(self) -> None:
        channel, guild, _ = self._place()
        self._emit("MESSAGE_DELETE", {"id": self._next(), "channel_id": str(channel.id), "guild_id": str(guild.id)})

    def typing(self) -> None:
        channel, guild, person = self._place()
        where = {"channel_id": str(channel.id), "guild_id": str(guild.id)}
        self._emit("TYPING_START", {**where, "user_id": str(person.id), "timestamp": 1_760_000_000})

    def _channel(self, id_: str, guild: Guild, kind: int = 0) -> dict[str, Any]:
        return {
            "id": id_,
            "type": kind,
            "guild_id": str(guild.id),
            "name": f"n{self.random.randrange(99)}",
            "position": 1,
            "permission_overwrites": [],
            "parent_id": None,
            "nsfw": False,
        }

    def channel_changes(self) -> None:
        channel, guild, _ = self._place()
        self._emit("CHANNEL_UPDATE", self._channel(str(channel.id), guild))
        new = self._channel(self._next(), guild)
        self._emit("CHANNEL_CREATE", new)
        self._emit("CHANNEL_DELETE", new)

    def thread_comes_and_goes(self) -> None:
        channel, guild, person = self._place()
        thread = self._channel(self._next(), guild, 11) | {
            "parent_id": str(channel.id),
            "owner_id": str(person.id),
            "message_count": 0,
            "member_count": 1,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 60,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
                "locked": False,
            },
        }
        self._emit("THREAD_CREATE", thread)
        self._emit("THREAD_DELETE", {k: thread[k] for k in ("id", "guild_id", "parent_id", "type")})

    def role_comes_and_goes(self) -> None:
        _, guild, _ = self._place()
        role = {
            "id": self._next(),
            "name": "r",
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 1,
            "permissions": "0",
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        self._emit("GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": role})
        self._emit("GUILD_ROLE_UPDATE", {"guild_id": str(guild.id), "role": role | {"name": "s"}})
        self._emit("GUILD_ROLE_DELETE", {"guild_id": str(guild.id), "role_id": role["id"]})

    def member_changes(self) -> None:
        _, guild, person = self._place()
        user = {
            "id": str(person.id),
            "username": person.name,
            "discriminator": "0",
            "avatar": None,
            "global_name": None,
        }
        joined = {"joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}
        self._emit("GUILD_MEMBER_UPDATE", {"guild_id": str(guild.id), "user": user, "roles": [], **joined})

    def guild_comes_and_goes(self) -> None:
        guild = self.random.choice(self.guilds[1:])
        gateway = self.server.gateway
        gateway.outage(guild)
        gateway.restore(guild)
        self.sent += 2

    def malformed(self) -> None:
        channel, _, person = self._place()
        self.server.gateway.send_malformed(self.random.choice(MALFORMED), channel, person)
        self.sent += 1

    def mention(self) -> None:
        channel, _, person = self._place()
        person.say(channel, f"<@{self.server.application_id}> {self.random.choice(_QUESTIONS)}")
        self.sent += 1

    def ask_in_channel(self) -> None:
        text = self.random.choice(_QUESTIONS) if self.random.random() < 0.2 else self.random.choice(_CHATTER)
        self.random.choice(self.people).say(self.random.choice(self.qa), text)
        self.sent += 1

    def command(self) -> None:
        channel, _, person = self._place()
        self._ask(lambda: person.slash(channel, "define", term=self.random.choice(_TERMS)))

    def completion(self) -> None:
        channel, _, person = self._place()
        self._ask(lambda: person.autocomplete(channel, "define", term=self.random.choice(_TERMS)[:3]))

    def button(self) -> None:
        for channel in self.random.sample(self.qa, len(self.qa)):
            for message in self.server.bot_messages(channel)[-3:]:
                try:
                    self._ask(lambda message=message: self.random.choice(self.people).click(message, "aiterms:lang:.*"))
                except CannotError:
                    continue
                return

    def _ask(self, act: Callable[[], Any]) -> None:
        self.sent += 1
        task = asyncio.create_task(self._wait(act()))
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)

    async def _wait(self, exchange: Any) -> None:
        try:
            await exchange
        except NotAnsweredError:
            self.unanswered += 1
        else:
            self.answered += 1


async def taken(server: DiscordServer, ahead: int) -> None:
    """Wait until the bot is no more than `ahead` events behind."""
    while any(c._queue.qsize() > ahead for c in server.gateway.connections):  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.001)


async def replay(server: DiscordServer, town: Town, bot: Program) -> tuple[list[list[float]], list[int]]:
    """Send all events; return a row for every hundredth (events, seconds, MB, open files, requests), and the files that
    were open at rest, after warm-up and at the end.
    """
    rows: list[list[float]] = []
    at_rest: list[int] = []
    begun = time.monotonic()
    next_row = next_reconnect = 0
    while town.sent < EVENTS:
        town.happen(50)
        await taken(server, _AHEAD)
        while len(town.asking) > 40:
            await asyncio.wait(town.asking, return_when=asyncio.FIRST_COMPLETED)
        if town.sent >= next_reconnect:
            next_reconnect += RECONNECT
            if town.sent > 1000:
                before = server.gateway.resumes
                await taken(server, 0)
                server.gateway.reconnect()
                await server.gateway.changed.until(lambda before=before: server.gateway.resumes > before, 30)
        if town.sent >= next_row:
            next_row += EVERY
            await taken(server, 0)
            # All that was sent has been read once something sent afterwards is answered.
            await asyncio.gather(*town.asking)
            await server.idle(0.2, within=60)
            rows.append([town.sent, time.monotonic() - begun, bot.memory, bot.open_files, server.rest.requests])
            if not at_rest and town.sent >= WARM:
                await asyncio.sleep(REST)
                at_rest.append(bot.open_files)
            if sys.stderr.isatty():
                print(f"\r{town.sent:>9,} events  {bot.memory:6.1f} MB", end="", file=sys.stderr)
    await asyncio.sleep(REST)
    return rows, [*at_rest, bot.open_files]


def growth(rows: list[list[float]]) -> float:
    """Return the slope of a straight line through the memory after warm-up, in MB per 100,000 events."""
    points = [(events, memory) for events, _, memory, _, _ in rows if events >= WARM]
    x, y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points) * 100_000


async def run(data: Path) -> int:
    """Replay, judge, draw."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with DiscordServer(strict=False) as server:
        town = Town(server)
        channels = "[" + ",".join(str(c.id) for c in town.qa) + "]"
        environment = {"AITERMS_DISCORD__MESSAGE_CONTENT": "true", "AITERMS_DISCORD__CHANNELS": channels}
        async with program(server, data, port, AITERMS_LOG__LEVEL="error", **environment) as bot:
            await server.ready(60)
            await asyncio.sleep(3)
            cpu = await bot.figures()
            rows, at_rest = await replay(server, town, bot)
            figures, alive = await bot.figures(), await bot.health()
    with (DOCS / "soak-events.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["events", "seconds", "memory_mb", "open_files", "requests"])
        table.writerows([int(r[0]), round(r[1], 1), round(r[2], 2), int(r[3]), int(r[4])] for r in rows)
    slope = growth(rows)
    files = [int(r[3]) for r in rows if r[0] >= WARM]
    warm = f"after the first {WARM:,}: {slope:+.2f} MB per 100,000 events"
    drawing = plot(
        f"{town.sent:,} events replayed; {warm}",
        "events",
        [
            Line("memory, MB", "#2563eb", [(r[0], r[2]) for r in rows]),
            Line("open files", "#d97706", [(r[0], r[3]) for r in rows]),
        ],
    )
    (DOCS / "soak-events.svg").write_text(drawing, "utf-8")
    spent = figures["process_cpu_seconds_total"] - cpu["process_cpu_seconds_total"]
    print(f"{town.sent:,} events in {rows[-1][1]:.0f} s, {spent / town.sent * 1e6:.0f} us of processor time each")
    print(f"{server.rest.requests:,} requests, {town.answered:,} interactions answered, {town.unanswered} not")
    errors = {name: int(n) for name, n in figures.items() if name.startswith("aiterms_errors_total{")}
    print(
        f"malformed: {figures['aiterms_malformed_events_total']:.0f}; late: {figures['aiterms_late_total']:.0f}; {errors}"
    )
    print(f"identifies: {server.gateway.identifies}, resumes: {server.gateway.resumes}, healthy: {alive == 200}")
    print(
        f"memory {warm} (at most {GROWTH}); open files {min(files)} to {max(files)} under load; at rest {at_rest[0]} after warm-up, {at_rest[-1]} at the end"
    )
    held = slope <= GROWTH and at_rest[-1] <= at_rest[0] + 2 and alive == 200 and server.gateway.identifies == 1
    return 0 if held and not town.unanswered else 1


def main() -> int:
    """Run the topic."""
    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(run(Path(data)))
