"""A storm of 403 and one of 429, with the real limits: how many requests Discord would have counted."""

import asyncio
import socket
import tempfile
from pathlib import Path

from tests.discord_server import DiscordServer
from tests.soak._program import program

REPLY = "POST /channels/*/messages"
GUILDS, CHANNELS, ROUNDS = 40, 50, 4
ALLOWED = 10_000
MOST = 2_500
"""What the bot may have used up: its limit of 1,000, and what was on its way when that was reached."""


async def storm(status: int, data: Path) -> int:
    """Let people ask in 2,000 channels that all refuse; return the refusals that the stand-in has sent."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with DiscordServer(strict=False) as server:
        guilds = server.add_guilds(GUILDS)
        channels = [(server.add_channel(g, f"c{n}"), g) for g in guilds for n in range(CHANNELS)]
        fault = server.faults.forbidden(REPLY) if status == 403 else server.faults.rate_limit(REPLY, 0.01, times=None)
        async with program(server, data, port, AITERMS_LOG__LEVEL="error") as bot:
            await server.ready(60)
            await asyncio.sleep(4)
            asked = 0
            for turn in range(ROUNDS):
                for n, (channel, guild) in enumerate(channels):
                    # Nobody asks too often: that the bot limits anyway.
                    person = server.add_user(f"p{turn}-{n}", guild)
                    person.say(channel, f"<@{server.application_id}> what is RLHF?")
                    asked += 1
                    if n % 20 == 0:
                        await asyncio.sleep(0.02)
            await server.idle(1.0, within=120)
            figures = await bot.figures()
            health = await bot.health()
            fault.clear()
            before = fault.hits
            channel, guild = channels[0]
            person = server.add_user("late", guild)
            answered = (await person.slash(channel, "define", term="rlhf")).embeds
    print(
        f"{status}: {asked:,} questions, {before:,} refusals of {ALLOWED:,} allowed (counted by the bot: "
        f"{figures['aiterms_invalid_requests_total']:.0f}); healthy: {health == 200}; commands answered: {bool(answered)}"
    )
    return before if answered and health == 200 else ALLOWED


async def run() -> int:
    """Play both storms."""
    worst = 0
    for status in (403, 429):
        with tempfile.TemporaryDirectory() as data:
            worst = max(worst, await storm(status, Path(data)))
    return 0 if worst <= MOST else 1


def main() -> int:
    """Run the topic."""
    return asyncio.run(run())
