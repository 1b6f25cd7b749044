"""Reloading: what is taken, what is refused, and that nothing ends the watch."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.glossary import Glossary
from bot.knowledge import data_folder, read_again
from bot.ops.reload import Reload, fingerprint
from bot.ops.workers import Workers

pytestmark = pytest.mark.asyncio

TERM = 'name = "{name}"\nshort = "{short}"\n'


class Watched:
    """A folder of own terms over a few built-in ones, and what was handed on."""

    def __init__(self, tmp_path: Path) -> None:
        self.own = tmp_path / "own"
        self.own.mkdir()
        self.write("ftl", name="FTL", short="Our ledger of features.")
        self.knowledge = data_folder("knowledge")
        self.taken: list[Glossary] = []

    def write(self, id_: str, **fields: str) -> None:
        (self.own / f"{id_}.toml").write_text(TERM.format(**fields), "utf-8")

    def reload(self, workers: Workers, folders: Sequence[Path] = ()) -> Reload[Glossary]:
        watched = tuple(folders) or (self.own,)

        async def swap(glossary: Glossary) -> None:
            self.taken.append(glossary)

        read = partial(read_again, self.knowledge, (self.own,))
        return Reload(watched, read, swap, workers, seen=fingerprint(watched), every=0.05, settle=0.01)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A folder of own terms."""
    return Watched(tmp_path)


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    """The worker process."""
    made = Workers(timeout=30)
    yield made
    await made.aclose(0)


async def test_nothing_new_is_not_read(watched: Watched, workers: Workers) -> None:
    assert not await watched.reload(workers).look()
    assert workers.started == 0


async def test_a_changed_term_is_taken_whole(watched: Watched, workers: Workers) -> None:
    reload = watched.reload(workers)
    watched.write("ftl", name="FTL", short="Something else now.")
    watched.write("nova", name="Nova", short="Another one.")
    assert await reload.look()
    [glossary] = watched.taken
    assert glossary.terms["ftl"].short == "Something else now."
    assert "nova" in glossary.terms
    assert "rlhf" in glossary.terms
    assert not await reload.look()


async def test_a_touched_file_is_no_change(watched: Watched, workers: Workers) -> None:
    reload = watched.reload(workers)
    watched.write("ftl", name="FTL", short="Our ledger of features.")
    assert not await reload.look()


async def test_a_bad_file_is_refused_with_file_and_field_and_the_old_knowledge_stays(
    watched: Watched, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    reload = watched.reload(workers)
    watched.write("ftl", name="", short="Without a name.")
    watched.write("nova", name="Nova", short="Good, but not alone.")
    assert not await reload.look()
    assert watched.taken == []
    assert [(f.file, f.field) for f in reload.faults] == [("own/ftl.toml", "name")]
    assert "new knowledge refused: own/ftl.toml: name: empty" in caplog.text
    assert reload.state() == (
        "degraded",
        "new files refused, the old knowledge stays in use: own/ftl.toml: name: empty: fill it in",
    )
    # The same files are not refused again and again; mended ones are taken.
    assert not await reload.look()
    assert reload.refused == 1
    watched.write("ftl", name="FTL", short="Mended.")
    assert await reload.look()
    assert reload.state() == ("ok", "reloaded 1 times")


async def test_what_is_still_being_written_is_waited_for(
    watched: Watched, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload = watched.reload(workers)
    monkeypatch.setattr(reload, "_settle", 0.2)
    (watched.own / "nova.toml").write_text('name = "No', "utf-8")
    looking = asyncio.create_task(reload.look())
    await asyncio.sleep(0.1)
    watched.write("nova", name="Nova", short="Whole now.")
    assert await looking
    assert reload.refused == 0
    assert watched.taken[0].terms["nova"].short == "Whole now."


async def test_a_damaged_table_of_sizes_is_refused(tmp_path: Path, watched: Watched, workers: Workers) -> None:
    copy = tmp_path / "knowledge"
    shutil.copytree(watched.knowledge, copy, ignore=shutil.ignore_patterns("tiktoken"))
    watched.knowledge = copy
    reload = watched.reload(workers, (copy, watched.own))
    table = copy / "models.toml"
    table.write_text(table.read_text("utf-8") + "\n[[models]]\nnonsense = 1\n", "utf-8")
    assert not await reload.look()
    assert {f.file for f in reload.faults} == {"models.toml"}


async def test_a_folder_that_vanishes_is_refused(watched: Watched, workers: Workers) -> None:
    reload = watched.reload(workers)
    shutil.rmtree(watched.own)
    assert not await reload.look()
    assert "is no folder" in reload.faults[0].message


async def test_a_failing_look_does_not_end_the_watch(
    watched: Watched, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0
    taken = asyncio.Event()

    async def swap(glossary: Glossary) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("no memory for it")
        watched.taken.append(glossary)
        taken.set()

    reload = watched.reload(workers)
    reload._swap = swap
    running = asyncio.create_task(reload.run())
    watched.write("ftl", name="FTL", short="A change.")
    async with asyncio.timeout(20):
        await taken.wait()
    running.cancel()
    assert "looking for new knowledge failed" in caplog.text
    assert watched.taken[0].terms["ftl"].short == "A change."
