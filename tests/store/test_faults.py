"""Databases that are slow, locked, full, gone and back: reads and writes fail in words, and nothing is half done."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.glossary import Term
from bot.store.records import NotSavedError, UnreadableError, UnsureError
from bot.store.store import Store
from tests.store.postgres import Postgres

pytestmark = pytest.mark.asyncio

FTL = Term(id="ftl", name="FTL", short="A ledger.")
NOVA = Term(id="nova", name="Nova", short="A cluster.")


def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'aiterms.db'}"


async def test_a_locked_database_refuses_in_time_and_nothing_comes_later(tmp_path: Path) -> None:
    store = await Store.open(sqlite(tmp_path), write_timeout=0.5)
    await store.add_term(1, FTL, by=1, request=1)
    holder = sqlite3.connect(tmp_path / "aiterms.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    begun = asyncio.get_running_loop().time()
    with pytest.raises(NotSavedError):
        await store.add_term(1, NOVA, by=1, request=2)
    assert asyncio.get_running_loop().time() - begun < 2
    # Readers are not held up by a writer.
    assert [o.term for o in await store.terms(1)] == [FTL]
    holder.execute("ROLLBACK")
    holder.close()
    await asyncio.sleep(1)
    assert [o.term for o in await store.terms(1)] == [FTL]
    await store.add_term(1, NOVA, by=1, request=3)
    await store.close()


async def test_a_full_disk_refuses_the_write_and_keeps_the_rest(tmp_path: Path) -> None:
    script = """
import asyncio, resource, sys
from bot.core.glossary import Term
from bot.store.records import NotSavedError
from bot.store.store import Store
async def main():
    store = await Store.open(sys.argv[1])
    await store.add_term(1, Term(id="ftl", name="FTL", short="A ledger."), by=1, request=1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    many = [Term(id=f"t{n}", name=f"T{n}", short="x" * 300) for n in range(2000)]
    try:
        await store.import_terms(1, many, replace=True, expected=1, by=1, request=2)
    except NotSavedError:
        print("refused")
    print([o.term.id for o in await store.terms(1)])
    await store.close()
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(main())
"""
    command = (sys.executable, "-c", script, sqlite(tmp_path))
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert said.decode().splitlines() == ["refused", "['ftl']"]
    store = await Store.open(sqlite(tmp_path))
    assert [o.term for o in await store.terms(1)] == [FTL]
    await store.add_term(1, NOVA, by=1, request=3)
    await store.close()


async def test_a_place_that_is_no_database_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.database._RETRY", 0.1)
    (tmp_path / "aiterms.db").mkdir()
    store = await Store.open(sqlite(tmp_path))
    assert not await store.alive()
    with pytest.raises(UnreadableError):
        await store.terms(1)
    with pytest.raises(NotSavedError):
        await store.add_term(1, FTL, by=1, request=1)
    (tmp_path / "aiterms.db").rmdir()
    await asyncio.sleep(0.2)
    await store.add_term(1, FTL, by=1, request=1)
    assert await store.alive()
    await store.close()


async def test_a_file_of_something_else_is_told_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "aiterms.db").write_bytes(b"no database at all" * 100)
    store = await Store.open(sqlite(tmp_path))
    assert not await store.alive()
    assert "file is not a database" in caplog.text
    await store.close()


async def test_postgres_restarted_under_load_costs_refusals_and_nothing_else(postgres: Postgres) -> None:
    store = await Store.open(postgres.new_database(), write_timeout=3)
    stop = asyncio.Event()
    acknowledged: set[str] = set()
    refused = 0

    async def write(worker: int) -> None:
        nonlocal refused
        number = 0
        while not stop.is_set():
            number += 1
            request = worker * 100_000 + number
            try:
                await store.add_term(1, FTL.model_copy(update={"id": f"t{request}"}), by=1, request=request)
                acknowledged.add(f"t{request}")
            except (NotSavedError, UnsureError):
                refused += 1
                await asyncio.sleep(0.05)

    writing = [asyncio.create_task(write(worker)) for worker in range(4)]
    await asyncio.sleep(0.5)
    await asyncio.to_thread(postgres.stop, "immediate")
    await asyncio.sleep(0.5)
    during = len(acknowledged)
    await asyncio.to_thread(postgres.start)
    await asyncio.sleep(1.5)
    stop.set()
    await asyncio.gather(*writing)
    assert refused
    assert len(acknowledged) > during
    there = {o.term.id for o in await store.terms(1)}
    assert acknowledged <= there
    await store.close()


async def test_a_write_that_ends_as_the_server_dies_is_looked_up_again(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.ext.asyncio import AsyncConnection

    store = await Store.open(postgres.new_database(), write_timeout=5)
    commit = AsyncConnection.commit

    async def lost(connection: AsyncConnection) -> None:
        await commit(connection)
        monkeypatch.setattr(AsyncConnection, "commit", commit)
        raise ConnectionResetError("the answer was lost")

    monkeypatch.setattr(AsyncConnection, "commit", lost)
    assert (await store.add_term(1, FTL, by=1, request=1)).term == FTL
    assert len(await store.history(1)) == 1

    async def never(_: AsyncConnection) -> None:
        monkeypatch.setattr(AsyncConnection, "commit", commit)
        raise ConnectionResetError("it never came")

    monkeypatch.setattr(AsyncConnection, "commit", never)
    with pytest.raises(NotSavedError):
        await store.add_term(1, NOVA, by=1, request=2)
    assert len(await store.history(1)) == 1
    await store.close()


async def test_no_password_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    store = await Store.open("postgresql://ada:hunter2@127.0.0.1:9/nowhere")
    assert not await store.alive()
    assert "the storage cannot be used" in caplog.text
    assert "hunter2" not in caplog.text + repr(store._database.engine)
    await store.close()
