"""The schema: made, brought up to date with data in it, by two at once, and refused where it is newer."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.core.glossary import Term
from bot.store import database, tables
from bot.store.engine import AsyncEngine
from bot.store.records import SchemaError
from bot.store.store import Store

pytestmark = pytest.mark.asyncio

MIGRATIONS = Path(database.__file__).parent / "migrations"


async def migrate_to(url: str, revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a database as an older version of the program left it."""
    with monkeypatch.context() as older:
        older.setattr(tables, "HEAD", revision)
        await (await Store.open(url)).close()


def engine_of(store: Store) -> AsyncEngine:
    return store._database._engine


async def test_the_newest_revision_is_the_one_that_the_program_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.HEAD]


async def test_the_migrations_lead_to_the_tables(url: str) -> None:
    store = await Store.open(url)

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), tables.metadata)

    async with engine_of(store).connect() as connection:
        assert await connection.run_sync(differences) == []
    await store.close()


async def test_an_older_schema_is_brought_up_to_date_with_its_data(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate_to(url, "0001", monkeypatch)
    old = Store.at(url)
    async with engine_of(old).connect() as connection:
        await connection.execute(
            text("INSERT INTO servers (id, settings, settings_version, terms_version) VALUES (7, :s, 1, 1)"),
            {"s": '{"language": "zh", "channels": [5]}'},
        )
        await connection.execute(
            text("INSERT INTO terms VALUES (7, 'ftl', :b, 1, 1800000000, 11)"),
            {"b": '{"id": "ftl", "name": "FTL", "short": "A ledger."}'},
        )
        await connection.commit()
    await old.close()
    store = await Store.open(url)
    settings = await store.settings(7)
    assert (settings.language, settings.channels, settings.version) == ("zh", frozenset({5}), 1)
    assert [o.term for o in await store.terms(7)] == [Term(id="ftl", name="FTL", short="A ledger.")]
    await store.note_gap(7, "new")
    await store.server_left(7)
    await store.close()


async def test_a_step_waits_for_what_an_older_program_writes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate_to(url, "0002", monkeypatch)
    old, new = Store.at(url), Store.at(url)
    async with engine_of(old).connect() as writing:
        # As erasing does: one table after the other.
        await writing.execute(text("UPDATE servers SET terms_version = 2"))
        await writing.execute(text("UPDATE terms SET changed_by = 0"))
        preparing = asyncio.create_task(new.prepare())
        await asyncio.sleep(0.5)
        assert not preparing.done()
        await writing.execute(text('UPDATE history SET "by" = 0'))
        await writing.commit()
    assert await preparing
    for store in (old, new):
        await store.close()


async def test_two_processes_bring_the_schema_up_to_date_at_once(url: str) -> None:
    script = (
        "import asyncio, sys; from bot.store.store import Store\n"
        "async def main():\n    store = await Store.open(sys.argv[1]); print(await store.alive()); await store.close()\n"
        "asyncio.run(main())"
    )
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", script, url, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    said = [(await process.communicate())[0] for process in running]
    assert said == [b"True\n"] * 4


async def test_a_newer_schema_is_refused_in_words(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await (await Store.open(url)).close()
    with monkeypatch.context() as older:
        older.setattr(tables, "HEAD", "0001")
        with pytest.raises(SchemaError, match="made by a newer version of aiterms"):
            await Store.open(url)
