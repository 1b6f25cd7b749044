"""Fifty crashes in a row: how many identifies they cost, and that the reserve of a day is never touched.

The program is killed as soon as it has its session and started again at once, as by a supervisor without patience. So
that this does not take hours, the times in its file of starts are moved into the past by what the next start would
wait; the sum of it is the time that the crashes would really have taken.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from bot.ops.starts import Starts
from tests.discord_server import DiscordServer
from tests.soak._program import program

CRASHES = 50
DAY = 86_400.0
_LEFT = 30
_RESERVE = 5


async def crash(server: DiscordServer, data: Path, *, within: float = 30.0) -> bool:
    """Start the program and kill it once it has a session; tell whether it got one."""
    before = server.gateway.identifies
    async with program(server, data, 0, AITERMS_LOG__LEVEL="error", AITERMS_DISCORD__SYNC="false") as bot:
        try:
            await server.gateway.changed.until(lambda: server.gateway.identifies > before, within)
        except TimeoutError:
            return False
        finally:
            await bot.kill()
    return True


async def spaced(data: Path) -> tuple[int, float]:
    """Crash fifty times; return the identifies spent and the seconds that it would have taken."""
    place = data / "starts-0.json"
    passed = 0.0
    async with DiscordServer(strict=False) as server:
        server.add_channel(server.add_guild())
        for _ in range(CRASHES):
            begun = time.time()
            wait = await Starts(place).due()
            if wait:
                starts = [t - wait for t in json.loads(place.read_text("utf-8"))["starts"]]
                place.write_text(json.dumps({"starts": starts}), "utf-8")
            if not await crash(server, data):
                raise RuntimeError("no session, though none was to be waited for")
            passed += wait + time.time() - begun
        return server.gateway.identifies, passed


async def reserve(data: Path) -> int:
    """Crash with few identifies left for the day; return how many are left in the end."""
    async with DiscordServer(strict=False) as server:
        server.add_channel(server.add_guild())
        server.gateway.remaining = _LEFT
        for _ in range(CRASHES):
            (data / "starts-0.json").unlink(missing_ok=True)
            if not await crash(server, data, within=6.0):
                break
        return server.gateway.remaining


async def run(data: Path) -> int:
    """Crash, count."""
    identifies, seconds = await spaced(data)
    a_day = (identifies - 1) / seconds * DAY
    print(
        f"{CRASHES} crashes: {identifies} identifies in {seconds / 3600:.1f} hours; so goes on, {a_day:.0f} a day of 1,000"
    )
    left = await reserve(data)
    print(f"crashes with {_LEFT} identifies left and no memory of the starts: {left} are left ({_RESERVE} are kept)")
    return 0 if identifies <= CRASHES and a_day < 500 and left == _RESERVE else 1


def main() -> int:
    """Run the topic."""
    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(run(Path(data)))
