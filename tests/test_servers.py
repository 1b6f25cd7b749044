"""What is known of each server: read once, kept while memory allows, and never in the way of an answer."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot import servers as module
from bot.answering import Answering, Context
from bot.core.decide import Outcome
from bot.core.glossary import Glossary, Term
from bot.servers import Servers, View
from bot.store.records import OwnTerm, ServerSettings, UnreadableError, UnsureError
from bot.store.store import Store

pytestmark = pytest.mark.asyncio

SERVER, OTHER = 11, 12


class Fickle(Store):
    """A real store that can be made to fail, or to wait, and counts how often terms are read."""

    away = False
    reads = 0
    hold: asyncio.Event | None = None

    async def settings(self, server: int) -> ServerSettings:
        """Fail or wait first, if that is wished."""
        if self.hold:
            await self.hold.wait()
        if self.away:
            raise UnreadableError
        return await super().settings(server)

    async def terms(self, server: int) -> list[OwnTerm]:
        """Count."""
        self.reads += 1
        return await super().terms(server)


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def knowledge(short: str) -> Answering:
    """Return knowledge of one term."""
    return Answering(Glossary({"rlhf": Term(id="rlhf", name="RLHF", short=short)}, {}))


@pytest.fixture
def clock() -> Clock:
    """The clock of `servers`."""
    return Clock()


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Fickle]:
    """A real database in a file."""
    opened = await Fickle.open(f"sqlite:///{tmp_path / 'aiterms.db'}")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def servers(store: Fickle, clock: Clock) -> AsyncIterator[Servers]:
    """What is under test."""
    made = Servers(knowledge("Tuning by people's preferences."), store, clock=clock)
    yield made
    await made.aclose()


def said(answering: Answering, question: str) -> str:
    """Return the short text that answers a question, or nothing."""
    reply = answering.reply(question, Context())
    return reply.terms[0].short if reply.outcome is Outcome.ANSWER else ""


requests = iter(range(1, 1_000_000))


async def add(store: Store, name: str, short: str, server: int = SERVER) -> None:
    """Store one own term."""
    await store.add_term(server, Term(id=name.lower(), name=name, short=short), by=1, request=next(requests))


async def settled(condition: Callable[[], bool], within: float = 5.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def test_the_first_question_finds_what_is_stored_and_reads_it_once(servers: Servers, store: Fickle) -> None:
    await add(store, "FTL", "A ledger.")
    views = await asyncio.gather(*(servers.of(SERVER) for _ in range(5)))
    assert {said(v.answering, "what is FTL") for v in views} == {"A ledger."}
    assert said(views[0].answering, "what is RLHF") == "Tuning by people's preferences."
    assert (await servers.of(SERVER)).answering is views[0].answering
    assert store.reads == 1


async def test_a_server_sees_nothing_of_another_and_none_is_the_built_in_knowledge(
    servers: Servers, store: Fickle
) -> None:
    await add(store, "FTL", "A ledger.")
    await servers.of(SERVER)
    assert said((await servers.of(OTHER)).answering, "what is FTL") == ""
    assert (await servers.of(OTHER)).answering is servers.answering
    assert (await servers.of(None)).answering is servers.answering


async def test_a_slow_storage_holds_no_question_up_and_its_answer_is_used_when_it_comes(
    servers: Servers, store: Fickle
) -> None:
    await add(store, "FTL", "A ledger.")
    store.hold = asyncio.Event()
    async with asyncio.timeout(module.PATIENCE + 1):
        assert (await servers.of(SERVER)).answering is servers.answering
    store.hold.set()
    await settled(lambda: said(servers.at_hand(SERVER).answering, "FTL") == "A ledger.")


async def test_a_storage_that_is_away_is_asked_again_after_a_pause(
    servers: Servers, store: Fickle, clock: Clock
) -> None:
    await add(store, "FTL", "A ledger.")
    store.away = True
    assert (await servers.of(SERVER)).answering is servers.answering
    store.away = False
    assert (await servers.of(SERVER)).answering is servers.answering
    clock.now += 6
    assert said((await servers.of(SERVER)).answering, "FTL") == "A ledger."


async def test_what_was_known_stays_in_use_and_a_change_that_could_not_be_read_is_read_later(
    servers: Servers, store: Fickle, clock: Clock
) -> None:
    await add(store, "FTL", "A ledger.")
    await servers.of(SERVER)
    await add(store, "QXN", "A network.")
    store.away = True
    view = await servers.changed(SERVER)
    assert said(view.answering, "FTL") == "A ledger."
    assert said(view.answering, "QXN") == ""
    store.away = False
    clock.now += 6
    assert said((await servers.of(SERVER)).answering, "FTL") == "A ledger."
    await settled(lambda: said(servers.at_hand(SERVER).answering, "QXN") == "A network.")


async def test_a_change_is_seen_by_the_next_question_even_if_the_server_is_being_read(
    servers: Servers, store: Fickle
) -> None:
    await add(store, "FTL", "A ledger.")
    first = asyncio.create_task(servers.of(SERVER))
    await asyncio.sleep(0)
    await add(store, "QXN", "A network.")
    await servers.changed(SERVER)
    await first
    assert said((await servers.of(SERVER)).answering, "QXN") == "A network."


async def test_what_another_process_wrote_is_seen_after_a_while_and_nothing_is_read_for_nothing(
    servers: Servers, store: Fickle, clock: Clock
) -> None:
    await add(store, "FTL", "A ledger.")
    layer = (await servers.of(SERVER)).answering
    clock.now += 601
    await servers.of(SERVER)
    await settled(lambda: servers._due[SERVER] > clock.now)
    assert (await servers.of(SERVER)).answering is layer
    assert store.reads == 1
    await add(store, "QXN", "A network.")
    clock.now += 601
    await servers.of(SERVER)
    await settled(lambda: said(servers.at_hand(SERVER).answering, "QXN") == "A network.")


async def test_a_write_whose_end_was_not_seen_is_looked_at_and_not_what_was_known(
    servers: Servers, store: Fickle, clock: Clock
) -> None:
    await servers.of(SERVER)

    async def unsure(*names: str) -> None:
        for name in names:
            await add(store, name, f"The {name}.")
        raise UnsureError

    with pytest.raises(UnsureError):
        await servers.write(SERVER, unsure("FTL"))
    assert set((await servers.stored(SERVER)).own) == {"ftl"}
    # One that is still ending, after somebody has looked.
    with pytest.raises(UnsureError):
        await servers.write(SERVER, unsure())
    await servers.stored(SERVER)
    await add(store, "QXN", "A network.")
    assert set((await servers.stored(SERVER)).own) == {"ftl", "qxn"}
    await add(store, "Nova", "A cluster.")
    clock.now += 6
    await servers.of(SERVER)
    await settled(lambda: said(servers.at_hand(SERVER).answering, "Nova") == "A cluster.")
    # Soon enough all is as ever: nothing is read for nothing.
    clock.now += 60
    await servers.of(SERVER)
    await settled(lambda: servers._due[SERVER] > clock.now + 500)


async def test_a_write_that_nobody_waits_for_any_more_is_seen(servers: Servers, store: Fickle) -> None:
    await servers.of(SERVER)
    go_on = asyncio.Event()
    done = asyncio.Event()

    async def behind() -> None:
        await go_on.wait()
        await add(store, "FTL", "A ledger.")
        done.set()

    task = asyncio.create_task(behind())
    writing = asyncio.create_task(servers.write(SERVER, asyncio.shield(task)))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait({writing})
    go_on.set()
    await done.wait()
    assert set((await servers.stored(SERVER)).own) == {"ftl"}


async def test_a_server_whose_row_cannot_be_used_keeps_no_other_from_its_terms(
    servers: Servers, store: Fickle, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, "FTL", "A ledger.")
    settings = store.settings

    async def unusable(server: int) -> ServerSettings:
        if server == OTHER:
            raise ValueError("a word that no version knows")
        return await settings(server)

    monkeypatch.setattr(store, "settings", unusable)
    assert (await servers.of(OTHER)).answering is servers.answering
    assert said((await servers.of(SERVER)).answering, "FTL") == "A ledger."


async def test_what_changed_in_several_servers_is_read_where_somebody_asks(servers: Servers, store: Fickle) -> None:
    for server in (SERVER, OTHER):
        await add(store, "FTL", "A ledger.", server)
        await servers.of(server)
    await store.erase_user(1)
    servers.outdated()
    assert [o.changed_by for o in (await servers.stored(SERVER)).own.values()] == [0]
    assert said((await servers.of(OTHER)).answering, "FTL") == "A ledger."
    await settled(lambda: [o.changed_by for o in servers.at_hand(OTHER).own.values()] == [0])


async def test_own_terms_in_memory_are_bounded_and_those_asked_for_last_stay(
    servers: Servers, store: Fickle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_NAMES", 2)
    for server in (1, 2, 3):
        await add(store, f"T{server}", "One.", server)
    await servers.of(1)
    await servers.of(2)
    await servers.of(1)
    await servers.of(3)
    assert [bool(servers.at_hand(s).own) for s in (1, 2, 3)] == [True, False, True]
    assert said((await servers.of(2)).answering, "T2") == "One."


async def test_new_knowledge_lies_under_own_terms_even_while_the_storage_is_away(
    servers: Servers, store: Fickle
) -> None:
    await add(store, "FTL", "A ledger.")
    await servers.of(SERVER)
    await servers.of(OTHER)
    store.away = True
    new = knowledge("New words.")
    await servers.replace(new)
    assert (await servers.of(OTHER)).answering is new
    view = await servers.of(SERVER)
    assert said(view.answering, "RLHF") == "New words."
    assert said(view.answering, "FTL") == "A ledger."


async def test_new_knowledge_reaches_a_server_that_is_being_read_at_that_moment(
    servers: Servers, store: Fickle, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, "FTL", "A ledger.")
    laying, go_on = asyncio.Event(), asyncio.Event()
    to_thread = asyncio.to_thread

    async def slowly(function: Callable[..., View], *args: object) -> View:
        built = await to_thread(function, *args)
        laying.set()
        await go_on.wait()
        return built

    monkeypatch.setattr(module.asyncio, "to_thread", slowly)
    asked = asyncio.create_task(servers.of(SERVER))
    await laying.wait()
    await servers.replace(knowledge("New words."))
    go_on.set()
    await asked
    await settled(lambda: said(servers.at_hand(SERVER).answering, "FTL") == "A ledger.")
    await settled(lambda: said(servers.at_hand(SERVER).answering, "RLHF") == "New words.")


async def test_links_follow_the_setting(servers: Servers, store: Fickle) -> None:
    await add(store, "FTL", "A ledger.")
    assert not (await servers.of(SERVER)).answering.own_links
    await store.change_settings(SERVER, ServerSettings(links=True), by=1, request=next(requests))
    assert (await servers.changed(SERVER)).answering.own_links


async def test_gaps_are_counted_only_where_it_is_known_that_the_server_wants_that(
    servers: Servers, store: Fickle
) -> None:
    for server in (SERVER, OTHER):
        await store.change_settings(server, ServerSettings(gaps=server == SERVER), by=1, request=next(requests))
    servers.note_gap(SERVER, "asked before anything is known")
    await servers.of(SERVER)
    await servers.of(OTHER)
    servers.note_gap(SERVER, "quux net")
    servers.note_gap(SERVER, "quux net")
    servers.note_gap(OTHER, "not wanted")
    await servers.aclose()
    assert [(g.text, g.count) for g in await store.gaps(SERVER)] == [("quux net", 2)]
    assert await store.gaps(OTHER) == []


async def test_too_many_waiting_gaps_are_dropped_and_a_failing_write_ends_nothing(
    servers: Servers, store: Fickle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await servers.of(SERVER)
    write: Callable[[int, str], Awaitable[None]] = store.note_gap
    failures = iter([UnreadableError(), RuntimeError("broken")])

    async def failing(server: int, text: str) -> None:
        error = next(failures, None)
        if error:
            raise error
        await write(server, text)

    monkeypatch.setattr(store, "note_gap", failing)
    for n in range(module._MOST_GAPS + 1):
        servers.note_gap(SERVER, f"gap {n}")
    assert "one was dropped" in caplog.text
    await settled(servers._gaps.empty, 20)
    await servers.aclose()
    assert "a gap could not be counted" in caplog.text
    assert len(await store.gaps(SERVER, limit=500)) == module._MOST_GAPS - 2
