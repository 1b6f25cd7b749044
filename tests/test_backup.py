"""Back up and restore, word for word as docs/operating.md says it."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

from bot.core.glossary import Term
from bot.store.records import ServerSettings
from bot.store.store import Store
from tests.store.postgres import FOLDERS, Postgres

DOCUMENT = Path(__file__).parents[1] / "docs" / "operating.md"
FTL, NOVA = (Term(id=i, name=i.upper(), short="Ours.") for i in ("ftl", "nova"))


def written(what: str) -> str:
    """Return the commands of the document under a mark."""
    found = re.search(rf"tests/test_backup\.py: {what} -->\n```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found, what
    return found[1]


def do(what: str, folder: Path, database: str = "") -> None:
    path = os.pathsep.join([*(str(f) for f in FOLDERS[-1:]), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "DATABASE": database}
    subprocess.run(["sh", "-euc", written(what)], cwd=folder, env=environment, check=True, timeout=60)


async def _fill(url: str) -> None:
    store = await Store.open(url)
    await store.add_term(1, FTL, by=11, request=1)
    await store.change_settings(1, ServerSettings(language="zh"), by=11, request=2)
    await store.add_report("rlhf", "wrong year", user=12, server=1, request=3)
    await store.note_gap(1, "zzyzx")
    await store.close()


async def _change(url: str) -> None:
    store = await Store.open(url)
    await store.add_term(1, NOVA, by=11, request=4)
    await store.erase_user(12)
    await store.close()


async def _look(url: str) -> tuple[list[Term], ServerSettings, int, int, int]:
    store = await Store.open(url)
    own = [o.term for o in await store.terms(1)]
    facts = len(await store.history(1)), len(await store.reports()), len(await store.gaps(1))
    found = own, await store.settings(1), *facts
    # What was restored can be written to.
    await store.add_term(2, FTL, by=11, request=99)
    await store.close()
    return found


AS_IT_WAS = ([FTL], ServerSettings(language="zh", version=1), 1, 1, 1)


def test_sqlite_is_backed_up_while_it_is_used_and_restored(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / 'aiterms.db'}"

    async def back_up_in_use() -> None:
        await _fill(url)
        store = await Store.open(url)
        await store.alive()
        await asyncio.to_thread(do, "sqlite backup", tmp_path)
        await store.close()

    asyncio.run(back_up_in_use())
    asyncio.run(_change(url))
    do("sqlite restore", tmp_path)
    assert asyncio.run(_look(url)) == AS_IT_WAS


def test_postgres_is_backed_up_and_restored_over_itself_and_elsewhere(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.new_database()
    asyncio.run(_fill(url))
    do("postgres backup", tmp_path, url)
    asyncio.run(_change(url))
    for target in (url, postgres.new_database()):
        do("postgres restore", tmp_path, target)
        assert asyncio.run(_look(target)) == AS_IT_WAS
