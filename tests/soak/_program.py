"""The bot as a process of its own, as it is run in earnest, watched from outside."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.discord_server import DiscordServer

ROOT = Path(__file__).parents[2]


class Program:
    """A running `aiterms run`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.page = f"http://127.0.0.1:{port}"

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6

    @property
    def open_files(self) -> int:
        """How many files and sockets are open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    async def figures(self) -> dict[str, float]:
        """Return the bot's own figures: each with its labels, and the sum over all labels under the bare name."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.page}/metrics") as response:
            lines = (await response.text()).splitlines()
        sums: dict[str, float] = {}
        for line in lines:
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                if "{" in name:
                    sums[name] = float(value)
                    name = name.partition("{")[0]
                sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    async def health(self) -> int:
        """Return the status of /healthz."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.page}/healthz") as response:
            return response.status

    async def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def program(server: DiscordServer, data: Path, port: int, **environment: str) -> AsyncIterator[Program]:
    """Run the bot while the block runs; what it logs is thrown away."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("AITERMS_", "DISCORD_"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=ROOT,
        env={
            **plain,
            "DISCORD_TOKEN": server.token,
            "AITERMS_DISCORD__API_URL": server.api_url,
            "AITERMS_DATA": str(data),
            "AITERMS_HEALTH__PORT": str(port),
            **environment,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Program(process, port)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
