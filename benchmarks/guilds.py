"""What grows with the guilds of one process: memory, and the events a second that it parses and answers.

Each count of guilds has a stand-in of its own, in which every guild sends 47 kB when the bot comes; the bare client of
`benchmarks.discord` runs beside the bot. Messages are people's talk, a guild in turn: the bot reads and drops it, as it
does without the Message Content intent. `python -m benchmarks.guilds docs/pictures/guilds.svg` also draws the figures.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.discord import KINDS, Client, StandIn, client, stand_in
from benchmarks.table import show

COUNTS = (10, 500, 1000, 2500)
"""Guilds of one process; Discord lets a shard hold no more than the last."""
_MESSAGES, _TIMES = 5_000, 6
_SECONDS = 3.0
_SETTLES = 3.0
_COLOURS = {"bare": "#64748b", "aiterms": "#8e44ad"}
_WIDTH, _HEIGHT, _LEFT, _TOP = 260, 170, 52, 34


@dataclass(frozen=True)
class Figures:
    """What one client used with so many guilds: seconds and MiB at READY, events a second, microseconds for each."""

    ready: float
    memory: float
    messages: float
    message_cpu: float
    answers: float
    answer_cpu: float


async def _measure(discord: StandIn, bot: Client) -> Figures:
    await asyncio.sleep(_SETTLES)
    memory = bot.memory
    await discord.act("chat", messages=100, command="define", options={"term": "rlhf"})
    cpu, seconds = bot.cpu, 0.0
    for _ in range(_TIMES):
        seconds += (await discord.act("chat", messages=_MESSAGES, command="define", options={"term": "rlhf"}))[
            "seconds"
        ]
    messages = _MESSAGES * _TIMES
    message_cpu = bot.cpu - cpu
    await discord.load(1.0)
    cpu = bot.cpu
    result = await discord.load(_SECONDS)
    answers = len(result["latencies"])
    return Figures(
        bot.seconds,
        memory,
        messages / seconds,
        message_cpu / messages * 1e6,
        answers / result["seconds"],
        (bot.cpu - cpu) / answers * 1e6,
    )


async def measure() -> dict[str, list[Figures]]:
    """Measure both clients with each count of guilds."""
    found: dict[str, list[Figures]] = {k: [] for k in KINDS}
    for guilds in COUNTS:
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as data:
                async with stand_in("--guilds", str(guilds), "--large") as discord:
                    # The first start registers the commands, which takes more.
                    async with client(kind, discord, data):
                        pass
                    async with client(kind, discord, data) as bot:
                        found[kind].append(await _measure(discord, bot))
    return found


def report(found: dict[str, list[Figures]]) -> None:
    """Print the figures."""
    head = ["guilds", "client", "s to READY", "MiB then", "messages/s", "CPU µs each", "answers/s", "CPU µs each"]
    rows = [
        [
            f"{guilds:,}",
            kind,
            f"{f.ready:.1f}",
            f"{f.memory:.0f}",
            f"{f.messages:,.0f}",
            f"{f.message_cpu:.0f}",
            f"{f.answers:,.0f}",
            f"{f.answer_cpu:.0f}",
        ]
        for row, guilds in enumerate(COUNTS)
        for kind in KINDS
        for f in [found[kind][row]]
    ]
    show(head, rows)
    for kind in KINDS:
        first, last = found[kind][0], found[kind][-1]
        print(f"{kind}: {(last.memory - first.memory) / (COUNTS[-1] - COUNTS[0]) * 1024:.0f} KiB a guild")
    above = found["aiterms"][-1].memory - found["bare"][-1].memory
    print(f"memory at {COUNTS[-1]:,} guilds, above the bare client: {above:.0f} MiB (budget 60)")


def drawing(found: dict[str, list[Figures]]) -> str:
    """Return the figures as an SVG: a panel each for memory, messages and answers a second, over the guilds."""
    panels: list[tuple[str, Callable[[Figures], float]]] = [
        ("memory at READY, MiB", lambda f: f.memory),
        ("messages read a second", lambda f: f.messages),
        ("questions answered a second", lambda f: f.answers),
    ]
    width, height = len(panels) * (_WIDTH + _LEFT) + 20, _TOP + _HEIGHT + 62
    look = 'font-family="sans-serif" font-size="11" fill="#334155"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" {look}>',
        "<title>Memory, messages and answers a second of one process, over its guilds</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for place, (title, value) in enumerate(panels):
        values = {kind: [value(f) for f in found[kind]] for kind in KINDS}
        parts += _panel(place * (_WIDTH + _LEFT) + _LEFT, title, values)
    for place, kind in enumerate(KINDS):
        x = _LEFT + place * 170
        parts.append(f'<rect x="{x}" y="{height - 18}" width="14" height="4" fill="{_COLOURS[kind]}"/>')
        label = "a bare discord.py client" if kind == "bare" else "aiterms"
        parts.append(f'<text x="{x + 20}" y="{height - 12}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(left: int, title: str, values: dict[str, list[float]]) -> list[str]:
    step = _step(max(max(v) for v in values.values()))
    most = step * 4

    def at(guilds: float, value: float) -> str:
        return f"{left + guilds / COUNTS[-1] * (_WIDTH - 20):.1f},{_TOP + _HEIGHT * (1 - value / most):.1f}"

    parts = [f'<text x="{left}" y="{_TOP - 14}" font-size="12" font-weight="bold">{title}</text>']
    for line in range(5):
        y = _TOP + _HEIGHT * (1 - line / 4)
        parts.append(f'<path d="M{left} {y:.1f}h{_WIDTH - 20}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{step * line:,.0f}</text>')
    for guilds in COUNTS:
        x = at(guilds, 0).split(",")[0]
        parts.append(f'<text x="{x}" y="{_TOP + _HEIGHT + 16}" text-anchor="middle">{guilds:,}</text>')
    middle = left + (_WIDTH - 20) / 2
    parts.append(f'<text x="{middle:.0f}" y="{_TOP + _HEIGHT + 32}" text-anchor="middle">guilds</text>')
    for kind, row in values.items():
        points = " ".join(at(g, v) for g, v in zip(COUNTS, row, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_COLOURS[kind]}" stroke-width="2"/>')
        for point in points.split():
            x, y = point.split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{_COLOURS[kind]}"/>')
    return parts


def _step(most: float) -> float:
    """Return the smallest round step of which four reach `most`."""
    size = 10 ** (len(str(int(most / 4))) - 1)
    return next(s * size for s in (1, 2, 2.5, 5, 10, 20) if s * size * 4 >= most)


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, print, and draw into the file that is named."""
    found = asyncio.run(measure())
    report(found)
    for name in arguments:
        Path(name).write_text(drawing(found), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
