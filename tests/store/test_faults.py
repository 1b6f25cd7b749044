"""Databases that are slow, locked, full, gone and back: reads and writes fail in words, and nothing is half done."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.errors import ConfigurationError
from bot.core.glossary import Term
from bot.store import engine as engine_module
from bot.store import sqlite_thread
from bot.store.engine import AsyncConnection, AsyncEngine
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
    assert "hunter2" not in caplog.text + repr(store._database._engine)
    await store.close()


async def test_a_server_that_says_nothing_holds_nobody_longer_than_the_deadline(postgres: Postgres) -> None:
    store = await Store.open(postgres.new_database(), read_timeout=0.4, write_timeout=0.4)
    await store.add_term(1, FTL, by=1, request=1)
    postgres.freeze()
    try:
        begun = asyncio.get_running_loop().time()
        with pytest.raises(UnreadableError):
            await store.terms(1)
        with pytest.raises(NotSavedError):
            await store.add_term(1, NOVA, by=1, request=2)
        # The driver alone would take two seconds more for each to let go.
        assert asyncio.get_running_loop().time() - begun < 2.5
    finally:
        postgres.thaw()
    await asyncio.sleep(0.5)
    assert [o.term for o in await store.terms(1)] == [FTL]
    await store.close()


async def test_a_write_that_still_ends_is_waited_for_and_not_called_lost(postgres: Postgres) -> None:
    store = await Store.open(postgres.new_database(), write_timeout=3)
    async with store._database._engine.connect() as connection:
        # The end of a transaction that takes its time, and is not to be put off from it.
        # However often: on a busy machine the driver may ask for it more than once.
        rest = "PERFORM pg_sleep(0.3);"
        for _ in range(4):
            rest = f"BEGIN {rest} EXCEPTION WHEN query_canceled THEN {rest} END;"
        function = (
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN BEGIN PERFORM pg_sleep(30); "
            f"EXCEPTION WHEN query_canceled THEN {rest} END; RETURN NULL; END $$"
        )
        await connection.execute(text(function))
        trigger = "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON terms DEFERRABLE INITIALLY DEFERRED"
        await connection.execute(text(f"{trigger} FOR EACH ROW EXECUTE FUNCTION slow()"))
        await connection.commit()
    assert (await store.add_term(1, FTL, by=1, request=1)).term == FTL
    assert [o.term for o in await store.terms(1)] == [FTL]
    await store.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_was_taken_away_is_missed_and_written_again_once_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, replaced: bool
) -> None:
    store = await Store.open(sqlite(tmp_path))
    await store.add_term(1, FTL, by=1, request=1)
    (tmp_path / "aiterms.db").rename(tmp_path / "elsewhere.db")
    if replaced:
        (tmp_path / "aiterms.db").touch()
    for request in (2, 3):
        with pytest.raises(NotSavedError):
            await store.add_term(1, NOVA, by=1, request=request)
    with pytest.raises(UnreadableError):
        await store.terms(1)
    assert not await store.alive()
    # No empty database has come in its place.
    assert (tmp_path / "aiterms.db").exists() == replaced
    assert caplog.text.count("aiterms.db was taken away or replaced while it was in use") == 1
    (tmp_path / "elsewhere.db").rename(tmp_path / "aiterms.db")
    await store.add_term(1, NOVA, by=1, request=4)
    assert [o.term for o in await store.terms(1)] == [FTL, NOVA]
    await store.close()


async def test_a_database_that_may_only_be_read_refuses_writes(tmp_path: Path) -> None:
    script = """
import asyncio, os, sys
from pathlib import Path
from typing import Any
from bot.core.glossary import Term
from bot.store.records import NotSavedError
from bot.store.store import Store
async def main(place):
    store = await Store.open(f"sqlite:///{place}")
    await store.add_term(1, Term(id="ftl", name="FTL", short="A ledger."), by=1, request=1)
    await store.close()
    # Nobody may change what nobody owns: root alone is not kept out by permissions.
    place.chmod(0o444); place.parent.chmod(0o555)
    if os.getuid() == 0:
        for above in place.parents:
            if above.stat().st_mode & 0o001 == 0:
                above.chmod(above.stat().st_mode | 0o001)
        os.setuid(65534)
    store = await Store.open(f"sqlite:///{place}")
    try:
        await store.add_term(1, Term(id="nova", name="Nova", short="A cluster."), by=1, request=2)
    except NotSavedError:
        print("refused")
    await store.close()
asyncio.run(main(Path(sys.argv[1])))
"""
    folder = tmp_path / "data"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(folder / "aiterms.db"), stdout=subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    folder.chmod(0o755)
    assert said.decode().splitlines() == ["refused"]
    store = await Store.open(f"sqlite:///{folder / 'aiterms.db'}")
    assert [o.term for o in await store.terms(1)] == [FTL]
    await store.close()


async def test_a_schema_that_takes_longer_than_a_read_is_done_all_the_same(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.store import database

    bring_up_to_date = database._bring_up_to_date

    async def slowly(engine: AsyncEngine) -> None:
        await asyncio.sleep(0.6)
        await bring_up_to_date(engine)

    monkeypatch.setattr(database, "_bring_up_to_date", slowly)
    store = Store.at(url, read_timeout=0.2)
    with pytest.raises(UnreadableError):
        await store.terms(1)
    for _ in range(100):
        with suppress(UnreadableError):
            assert await store.terms(1) == []
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail("the schema was begun again and again")
    await store.close()


async def test_what_is_closing_after_its_deadline_is_not_cancelled_again_at_the_end(tmp_path: Path) -> None:
    """Cancelled twice, a SQLite connection never ended its closing, and the process never ended."""
    store = await Store.open(sqlite(tmp_path))
    cleaning, go_on, cleaned = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_: AsyncConnection) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cleaning.set()
            await go_on.wait()
            cleaned.set()
            raise

    database = store._database
    database._read_timeout = 0.05
    with pytest.raises(UnreadableError):
        await database.read(slow)
    await cleaning.wait()
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0.05)
    go_on.set()
    await closing
    assert cleaned.is_set()


async def test_a_connection_that_is_stopped_twice_ends_once(tmp_path: Path) -> None:
    connection = await sqlite_thread.connect(str(tmp_path / "a.db"))
    assert connection._thread.daemon
    for _ in range(2):
        stopped = connection.stop()
        assert stopped
        async with asyncio.timeout(2):
            await stopped
    store = await Store.open(sqlite(tmp_path))

    async def kind(used: AsyncConnection) -> type:
        adapted: Any = used._connection.connection.dbapi_connection
        return type(adapted._connection)

    assert await store._database.read(kind) is sqlite_thread.Connection
    await store.close()


async def test_writers_that_wait_leave_connections_to_readers(tmp_path: Path) -> None:
    store = await Store.open(sqlite(tmp_path), write_timeout=3)
    await store.add_term(1, FTL, by=1, request=1)
    holder = sqlite3.connect(tmp_path / "aiterms.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    writers = [asyncio.create_task(store.note_gap(1, f"gap {n}")) for n in range(10)]
    await asyncio.sleep(0.3)
    async with asyncio.timeout(0.5):
        assert [o.term for o in await store.terms(1)] == [FTL]
        assert await store.alive()
    holder.execute("ROLLBACK")
    holder.close()
    await asyncio.gather(*writers)
    assert len(await store.gaps(1)) == 10
    await store.close()


async def test_a_connection_that_cannot_be_given_back_is_dropped_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_CLOSING", 0.1)
    told: list[str] = []

    class Silent(AsyncConnection):
        def __init__(self) -> None:
            pass

        async def close(self) -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told.append("dropped")
                raise

    async with asyncio.timeout(2):
        await engine_module._to_its_end(Silent())
    assert told == ["dropped"]


async def test_what_is_asked_of_a_storage_that_closes_is_refused_in_words(tmp_path: Path) -> None:
    store = await Store.open(sqlite(tmp_path))

    async def slow(_: AsyncConnection) -> None:
        await asyncio.sleep(60)

    reading = asyncio.create_task(store._database.read(slow))
    await asyncio.sleep(0.1)
    await store.close()
    with pytest.raises(UnreadableError):
        await reading
    # For good: nothing would close a connection that was opened now.
    assert not await store.alive()
    with pytest.raises(NotSavedError):
        await store.note_gap(1, "late")


async def test_a_revision_that_no_version_knows_keeps_nobody_from_answering(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(tmp_path / "aiterms.db") as made:
        made.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        made.execute("INSERT INTO alembic_version VALUES ('0000-odd')")
    made.close()
    store = await Store.open(sqlite(tmp_path))
    assert not await store.alive()
    assert "the storage cannot be used" in caplog.text
    await store.close()


@pytest.mark.parametrize(
    ("url", "ssl"),
    [
        ("postgresql://u:p@h/d", None),
        ("postgres://u:p@h/d?sslmode=require", "require"),
        ("postgresql://u:p@h/d?ssl=verify-full", "verify-full"),
    ],
)
async def test_an_address_may_ask_for_encryption_as_hosted_databases_write_it(url: str, ssl: str | None) -> None:
    engine = engine_module.make_engine(url, 2.0)
    _, options = engine._engine.dialect.create_connect_args(engine.url)
    assert options.get("ssl") == ssl
    assert "sslmode" not in options


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@h/d?channel_binding=require",
        "sqlite:///x.db?mode=ro&uri=true",
        "sqlite:///file:/x.db",
        "mysql://u@h/d",
    ],
)
async def test_what_an_address_says_and_cannot_be_had_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"store\.url is no address that can be used"):
        engine_module.make_engine(url, 2.0)
