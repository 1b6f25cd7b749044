"""Servers with terms of their own: what a question costs there, the first after the start, and memory for many of them.

All from a real SQLite file through `bot.servers`, as the bot does it. Own terms have four names each, made of words of the
built-in ones, so that they collide with them like real jargon.
"""

import asyncio
import gc
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.search import ROOT, larger, memory_mb
from benchmarks.table import median, p99, show, timed
from bot.answering import Answering, Context
from bot.core.evaluation import Question, questions_from
from bot.core.glossary import Glossary, Term
from bot.core.sizes import SizeBook
from bot.knowledge import data_folder, load
from bot.plain import reply_text
from bot.servers import PATIENCE, Servers
from bot.store.records import MOST_TERMS
from bot.store.store import Store

SERVERS, TERMS_EACH = 1_000, 200
_LARGE = 1_000_000
"""The id of the server with as many terms as may be; the others count from 1."""


def main() -> None:
    """Print both tables."""
    knowledge = data_folder("knowledge")
    glossary = load(knowledge)
    questions = [q for q in questions_from(tomllib.loads((ROOT / "tests/questions.toml").read_text("utf-8"))) if q.text]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(knowledge, glossary, questions, Path(folder)))


async def _measure(knowledge: Path, glossary: Glossary, questions: Sequence[Question], folder: Path) -> None:
    base = Answering(glossary, lambda: SizeBook.open(knowledge))
    base.search.warm()
    _ = base.sizes
    # As the bot does: the collector need not go through it again.
    gc.collect()
    gc.freeze()
    names = sum(len(t.names) for t in glossary)
    own = [t for t in larger(glossary, names + 4 * MOST_TERMS) if not t.category][:MOST_TERMS]
    store = await Store.open(f"sqlite:///{folder / 'aiterms.db'}", read_timeout=60, write_timeout=60)
    try:
        await _one_large_server(store, base, own, questions)
        await _many_servers(store, base, own)
    finally:
        await store.close()


async def _one_large_server(store: Store, base: Answering, own: Sequence[Term], questions: Sequence[Question]) -> None:
    await _import(store, _LARGE, own)
    servers = Servers(base, store)
    gc.collect()
    before, cpu, start = memory_mb(), time.process_time(), time.perf_counter()
    # Reads and builds until it is done; a question in the bot waits half a second of that at most.
    view = await servers.changed(_LARGE)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    grown = memory_mb() - before
    print(
        f"{len(own)} own terms, {sum(len(t.names) for t in own)} names: read and built in {took:.2f} s "
        f"({cpu:.2f} s of the processor), {grown:.0f} MiB; until then the built-in terms answer"
    )
    texts = [q.text for q in questions]
    rows: list[Sequence[str]] = []
    for label, answering in (("built-in alone", base), (f"with {len(own)} own", view.answering)):
        asked = timed(lambda q, a=answering: reply_text(a.reply(q, Context())), texts)
        typed = timed(lambda q, a=answering: a.search.names.complete(q[:6], 25), texts)
        rows.append((label, *(f"{f(v):.0f}" for v in (asked, typed) for f in (median, p99))))
    show(("µs", "question, median", "p99", "autocomplete, median", "p99"), rows)
    await servers.aclose()


async def _many_servers(store: Store, base: Answering, own: Sequence[Term]) -> None:
    for server in range(1, SERVERS + 1):
        first = server * 37 % (len(own) - TERMS_EACH)
        await _import(store, server, own[first : first + TERMS_EACH])
    servers = Servers(base, store)
    gc.collect()
    before = memory_mb()
    took: list[float] = []
    used: list[float] = []
    late = 0
    for server in range(1, SERVERS + 1):
        start, cpu = time.perf_counter(), time.process_time()
        view = await servers.of(server)
        used.append((time.process_time() - cpu) * 1000)
        took.append((time.perf_counter() - start) * 1000)
        late += not view.own
    kept = sum(bool(servers.at_hand(s).own) for s in range(1, SERVERS + 1))
    print(
        f"\n{SERVERS} servers with {TERMS_EACH} own terms each, a question in each after the start: median {median(took):.0f} ms, "
        f"p99 {p99(took):.0f} ms ({median(used):.0f} and {p99(used):.0f} ms of the processor); {late} were not ready within {PATIENCE:g} s\n"
        f"memory grows by {memory_mb() - before:.0f} MiB; {kept} of them are kept in memory, the others are read again"
    )
    await servers.aclose()


async def _import(store: Store, server: int, terms: Sequence[Term]) -> None:
    await store.import_terms(server, terms, replace=True, expected=0, by=1, request=server)


if __name__ == "__main__":
    main()
