"""`python -m tests.discord_server`: the stand-in as a process of its own; its addresses come as a line of JSON."""

import argparse
import asyncio
import gc
import json
import signal

from .model import LARGE
from .server import DiscordServer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.discord_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--guilds", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="guilds of 47 kB instead of empty ones")
    parser.add_argument("--token", default="stand-in-token")
    parser.add_argument("--lenient", action="store_true", help="check nothing, for benchmarks")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    server = DiscordServer(strict=not arguments.lenient, token=arguments.token, port=arguments.port)
    server.add_guilds(arguments.guilds, LARGE if arguments.large else None)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if arguments.lenient:
        # Its own pauses would be measured as the bot's: what it keeps is in thousands of messages.
        gc.freeze()
        gc.set_threshold(100_000, 50, 1_000)
    async with server:
        addresses = {
            "api_url": server.api_url,
            "gateway_url": server.gateway_url,
            "cdn_url": server.cdn_url,
            "control_url": server.control_url,
            "token": server.token,
        }
        print(json.dumps(addresses), flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
