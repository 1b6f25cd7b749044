"""The store on both databases: how long reads and writes take, beside a bare insert; memory of an open store; size on disk.

The bare insert is Python's own sqlite3 with the same durability: one row, one commit.
"""

import asyncio
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.table import median, p99, show
from bot.core.glossary import Term
from bot.store.records import MOST_TERMS
from bot.store.store import Store
from tests.store.postgres import Postgres, is_installed

_RUNS = 200
_SERVERS = 100
_TERMS = 200
_WORDS = "model layer token batch vector cache weight sample prompt ledger cluster shard queue schema index".split()


def main() -> None:
    """Print latencies, memory and size."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = [["bare insert", "sqlite3", *_in_words(_bare(place / "bare.db"))]]
        rows += asyncio.run(_measured("SQLite", f"sqlite:///{place / 'aiterms.db'}"))
        if is_installed():
            server = Postgres(durable=True)
            try:
                rows += asyncio.run(_measured("PostgreSQL", server.new_database()))
            finally:
                server.remove()
        show(("", "database", "median", "p99"), rows)
        size = asyncio.run(_size(place / "many.db"))
        print(f"{_SERVERS} servers with {_TERMS} terms each, SQLite: {size / _SERVERS / 1e3:,.0f} kB a server on disk")
        print(
            f"an open store, SQLite: {_memory(place / 'memory.db'):,.1f} MiB above a process that has discord.py loaded"
        )


def _terms(count: int, seed: int = 1) -> list[Term]:
    chance = random.Random(seed)
    return [
        Term(id=f"term-{n}", name=f"Term {n}", aliases=(f"alias {n}",), short=" ".join(chance.choices(_WORDS, k=25)))
        for n in range(count)
    ]


def _bare(file: Path) -> list[float]:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
    took: list[float] = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        connection.execute("INSERT INTO t (body) VALUES (?)", ("x" * 300,))
        took.append((time.perf_counter() - start) * 1e3)
    connection.close()
    return took


async def _measured(name: str, url: str) -> list[list[str]]:
    # Patient: what takes longer than the deadlines of the bot is to be seen, not refused.
    store = await Store.open(url, read_timeout=60, write_timeout=60)
    few, many = _terms(_TERMS), _terms(MOST_TERMS)
    request = 0

    async def take(runs: int, action: Callable[[int], Awaitable[object]]) -> list[float]:
        nonlocal request
        took: list[float] = []
        for _ in range(runs):
            request += 1
            start = time.perf_counter()
            await action(request)
            took.append((time.perf_counter() - start) * 1e3)
        return took

    async def add(number: int) -> None:
        await store.add_term(1, few[0].model_copy(update={"id": f"t{number}"}), by=1, request=number)

    async def import_all(number: int) -> None:
        await store.import_terms(1000 + number, many, replace=True, expected=0, by=1, request=number)

    rows = [["add a term", name, *_in_words(await take(_RUNS, add))]]
    await store.import_terms(2, few, replace=True, expected=0, by=1, request=1 << 40)
    rows.append(["read settings", name, *_in_words(await take(_RUNS, lambda _: store.settings(2)))])
    rows.append([f"read {_TERMS} terms", name, *_in_words(await take(50, lambda _: store.terms(2)))])
    rows.append([f"import {MOST_TERMS:,} terms", name, *_in_words(await take(3, import_all))])
    full = 1000 + request
    rows.append([f"read {MOST_TERMS:,} terms", name, *_in_words(await take(5, lambda _: store.terms(full)))])
    await store.close()
    return rows


async def _size(file: Path) -> int:
    store = await Store.open(f"sqlite:///{file}", write_timeout=60)
    for server in range(1, _SERVERS + 1):
        new = _terms(_TERMS, seed=server)
        await store.import_terms(server, new, replace=True, expected=0, by=1, request=server)
    await store.close()
    return file.stat().st_size  # noqa: ASYNC240 - nothing else runs


_OPENED = """
import asyncio, sys
import bot.core.glossary, discord
def used():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1])
before = used()
async def main():
    from bot.store.store import Store
    store = await Store.open(sys.argv[1])
    await store.terms(1)
    print((used() - before) / 1024)
    await store.close()
asyncio.run(main())
"""


def _memory(file: Path) -> float:
    """Return the MiB that an open store adds; the second start counts, whose schema is the newest."""
    said = [
        subprocess.run(
            [sys.executable, "-c", _OPENED, f"sqlite:///{file}"], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    return float(said[-1])


def _in_words(took: list[float]) -> tuple[str, str]:
    return f"{median(took):,.2f} ms", f"{p99(took):,.2f} ms"
