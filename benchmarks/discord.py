"""The bot on Discord beside a bare client: answers a second, latency under 50 users, time to READY.

The stand-in, which is also where the users are, runs in a process of its own on one core; the bot, or a bare discord.py
client whose /define says "pong" (or, for comparison, always the same embed with buttons), in another, pinned to another
core where there is one. Both have the same settings, and the stand-in checks nothing here. The limit of questions a
user is off: fifty users ask as fast as they are answered. How busy either side was tells which of them was the limit:
messages as large as ours cost the stand-in more than a "pong".
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.table import median, p99, show

ROOT = Path(__file__).parents[1]
TERMS = [
    "rlhf",
    "kv cache",
    "lorra",
    "什么是思维链",
    "what is quantization",
    "向量数据库",
    "top-p vs top-k",
    "RAG 是什么",
]
KINDS = ("bare", "aiterms")
LABELS = {
    "bare": "bare client, pong",
    "bare-embed": "bare client, one fixed embed with buttons",
    "aiterms": "aiterms, /define",
}
USERS = 50
ROUNDS, SECONDS, WARM = 15, 1.0, 2.0
STARTS = 9
_READY = 60.0


@dataclass
class StandIn:
    """A stand-in in a process of its own."""

    addresses: dict[str, str]
    session: aiohttp.ClientSession
    pid: int

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return _cpu_of(self.pid)

    async def state(self) -> dict[str, Any]:
        """Ask how things stand."""
        async with self.session.get(self.addresses["control_url"]) as response:
            return await response.json()

    async def act(self, action: str, **body: Any) -> dict[str, Any]:
        """Let it do one thing, and return what came of it."""
        async with self.session.post(f"{self.addresses['control_url']}/{action}", json=body) as response:
            answer = await response.json()
            if response.status != HTTPStatus.OK:
                raise RuntimeError(answer)
            return answer

    async def load(self, seconds: float) -> dict[str, Any]:
        """Let the users ask for so many seconds."""
        options = [{"term": t} for t in TERMS]
        return await self.act("load", users=USERS, command="define", options=options, seconds=seconds)


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pin(core: int) -> Callable[[], None] | None:
    cores = sorted(os.sched_getaffinity(0))
    return (lambda: os.sched_setaffinity(0, {cores[core]})) if len(cores) > core else None


@asynccontextmanager
async def stand_in(*arguments: str) -> AsyncIterator[StandIn]:
    """Run a stand-in while the block runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.discord_server", "--lenient", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=_pin(0),
    )
    assert process.stdout
    addresses = json.loads(await process.stdout.readline())
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(120)) as session:
            yield StandIn(addresses, session, process.pid)
    finally:
        process.terminate()
        await process.wait()


@dataclass
class Client:
    """A bot's process, and the seconds from its start until it had all its guilds."""

    pid: int
    seconds: float

    @property
    def memory(self) -> float:
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return _cpu_of(self.pid)


@asynccontextmanager
async def client(kind: str, discord: StandIn, data: str) -> AsyncIterator[Client]:
    """Run a bot of this kind while the block runs, from when it is ready."""
    before = (await discord.state())["identifies"]
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.discord", kind),
        cwd=ROOT,
        env={
            # As it is installed: with the compiled modules beside the sources, which the first start writes.
            **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
            "AITERMS_DISCORD__API_URL": discord.addresses["api_url"],
            "DISCORD_TOKEN": discord.addresses["token"],
            "AITERMS_DATA": data,
            "AITERMS_LOG__LEVEL": "error",
        },
        preexec_fn=_pin(1),
    )
    try:
        async with asyncio.timeout(_READY):
            while (state := await discord.state())["identifies"] == before or not state["told"]:  # noqa: ASYNC110 - the other end is a process
                await asyncio.sleep(0.005)
        yield Client(process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        await process.wait()


async def answers() -> None:
    """Measure answers a second and first responses, in short turns: the machine's speed changes from second to second."""
    rates: dict[str, list[float]] = {k: [] for k in LABELS}
    work: dict[str, list[float]] = {k: [] for k in LABELS}
    busy: dict[str, list[tuple[float, float]]] = {k: [] for k in LABELS}
    latencies: dict[str, list[float]] = {k: [] for k in LABELS}
    lost = 0
    async with AsyncExitStack() as running:
        bots: dict[str, tuple[StandIn, Client]] = {}
        for kind in LABELS:
            data = running.enter_context(tempfile.TemporaryDirectory())
            discord = await running.enter_async_context(stand_in())
            bots[kind] = discord, await running.enter_async_context(client(kind, discord, data))
        for discord, _ in bots.values():
            await discord.load(WARM)
        for _ in range(ROUNDS):
            for kind, (discord, bot) in bots.items():
                cpu, cpu_of_discord = bot.cpu, discord.cpu
                result = await discord.load(SECONDS)
                used, used_by_discord = bot.cpu - cpu, discord.cpu - cpu_of_discord
                count = len(result["latencies"])
                rates[kind].append(count / result["seconds"])
                work[kind].append(used / count * 1e6)
                busy[kind].append((used / result["seconds"], used_by_discord / result["seconds"]))
                latencies[kind] += [1000 * t for t in result["latencies"]]
                lost += result["unanswered"]
    rows = [
        [
            LABELS[kind],
            f"{median(rates[kind]):.0f}",
            f"{median(work[kind]):.0f}",
            f"{median(latencies[kind]):.1f}",
            f"{p99(latencies[kind]):.1f}",
            " / ".join(f"{100 * median(side):.0f}" for side in zip(*busy[kind], strict=True)),
        ]
        for kind in LABELS
    ]
    head = ("answers/s", "CPU µs each", "median ms", "p99 ms", "client / stand-in busy %")
    show([f"{USERS} users, {ROUNDS} rounds", *head], rows)

    def over(kind: str) -> float:
        return median([ours / theirs for ours, theirs in zip(rates["aiterms"], rates[kind], strict=True)])

    print(f"answers a second, over the bare client's: {over('bare'):.2f} (budget 0.9); unanswered: {lost}")
    print(f"over those of a bare client that sends a message as large: {over('bare-embed'):.2f}")
    print(f"first response p99: {p99(latencies['aiterms']):.0f} ms (budget 250)")


def _forget_starts(data: str) -> None:
    """Let the next start be as after a night: many in a row are made to wait."""
    for kept in Path(data).glob("starts-*"):
        kept.unlink()


async def starting() -> None:
    """Measure the time from the process to READY; the commands are registered before."""
    took: dict[str, list[float]] = {k: [] for k in KINDS}
    with tempfile.TemporaryDirectory() as data:
        async with stand_in("--guilds", "10") as discord:
            for turn in range(STARTS + 1):
                for kind in KINDS:
                    _forget_starts(data)
                    async with client(kind, discord, data) as bot:
                        if turn:
                            took[kind].append(bot.seconds)
    show(
        ["process to READY", "median s", "slowest s"],
        [[k, f"{median(v):.2f}", f"{max(v):.2f}"] for k, v in took.items()],
    )
    above = median([ours - theirs for ours, theirs in zip(took["aiterms"], took["bare"], strict=True)])
    print(f"over the bare client: + {above:.2f} s (budget 0.7)")


def main() -> None:
    """Measure everything."""
    parts: list[Callable[[], Awaitable[None]]] = [answers, starting]
    for part in parts:
        asyncio.run(part())  # pyright: ignore[reportArgumentType]
        print()


def _bare(*, embed: bool = False) -> None:
    """Run a client with our settings whose only command says "pong", or sends an embed of our usual size."""
    import discord
    from discord import app_commands
    from discord.gateway import DiscordWebSocket
    from discord.http import Route
    from yarl import URL

    Route.BASE = os.environ["AITERMS_DISCORD__API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = URL(f"ws://{URL(Route.BASE).authority}/gateway")
    registered = Path(os.environ["AITERMS_DATA"]) / "bare-registered"

    class Bare(discord.Client):
        async def setup_hook(self) -> None:
            if not registered.exists():
                await tree.sync()
                registered.touch()

    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    options = [discord.SelectOption(label=f"A related term {n}", value=str(n)) for n in range(6)]
    bot = Bare(
        intents=intents,
        max_messages=None,
        member_cache_flags=discord.MemberCacheFlags.none(),
        chunk_guilds_at_startup=False,
        allowed_mentions=discord.AllowedMentions.none(),
    )
    tree = app_commands.CommandTree(bot)

    @tree.command(name="define", description="Say pong")
    async def define(interaction: discord.Interaction[Bare], term: str) -> None:
        _ = term
        if not embed:
            await interaction.response.send_message("pong")
            return
        view = discord.ui.View(timeout=None)
        for label in ("More", "中文", "Something wrong?"):
            view.add_item(discord.ui.Button(label=label, custom_id=label))
        view.add_item(discord.ui.Select(custom_id="related", options=options))
        # Stopped, it is not kept: the same as for our buttons.
        view.stop()
        shown = discord.Embed(title="RLHF", description=("word " * 240).strip(), colour=0x8E44AD)
        shown.add_field(name="Sources", value="\n".join(["[A paper](https://example.org/a/paper)"] * 3), inline=False)
        shown.set_footer(text="Alignment")
        await interaction.response.send_message(embed=shown, view=view)

    with contextlib.suppress(KeyboardInterrupt):
        bot.run(os.environ["DISCORD_TOKEN"], log_handler=None)


def _ours() -> None:
    """Run the bot as people do, by `aiterms run`, but without its limit of questions a user."""
    from bot.cli import app
    from bot.cogs import _guards

    _guards.Cooldown = partial(_guards.Cooldown, per=0.0)
    app(["run"])


if __name__ == "__main__":
    if sys.argv[1:] in (["bare"], ["bare-embed"]):
        _bare(embed=sys.argv[1] == "bare-embed")
    elif sys.argv[1:] == ["aiterms"]:
        _ours()
    else:
        main()
