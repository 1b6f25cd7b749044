"""What the store promises, on both databases alike."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql

from bot.core.glossary import Source, Term
from bot.store import own_terms as own_terms_module
from bot.store import store as store_module
from bot.store.engine import AsyncConnection
from bot.store.records import (
    MOST_TERMS,
    ChangeKind,
    ConflictError,
    FullError,
    NotSavedError,
    ServerSettings,
    Stored,
    Strictness,
    TakenError,
)
from bot.store.store import Store
from tests.store.conftest import Clock

pytestmark = pytest.mark.asyncio

LAB, OTHER = 1 << 62, 2 << 22
ADA, BEA = 11, 12


def term(id_: str = "ftl", short: str = "Our ledger of features.", **fields: object) -> Term:
    return Term.model_validate({"id": id_, "name": id_.upper(), "short": short, **fields})


async def texts(store: Store, server: int = LAB) -> dict[str, str]:
    return {own.term.id: own.term.short for own in await store.terms(server)}


# -- settings ---------------------------------------------------------------------------------------------------------


async def test_a_server_that_chose_nothing_has_the_defaults(store: Store) -> None:
    assert await store.settings(LAB) == ServerSettings()


async def test_settings_are_kept_whole(store: Store) -> None:
    new = ServerSettings("zh-TW", frozenset({1 << 60, 5}), Strictness.STRICT, 77, gaps=False, links=True)
    stored = await store.change_settings(LAB, new, by=ADA, request=1)
    assert stored.version == 1
    assert await store.settings(LAB) == stored
    assert stored == ServerSettings("zh-TW", frozenset({1 << 60, 5}), Strictness.STRICT, 77, False, True, 1)
    assert await store.settings(OTHER) == ServerSettings()


async def test_the_second_of_two_who_change_settings_is_shown_what_the_first_did(store: Store) -> None:
    first = await store.change_settings(LAB, ServerSettings(language="zh"), by=ADA, request=1)
    with pytest.raises(ConflictError) as raised:
        await store.change_settings(LAB, ServerSettings(language="en"), by=BEA, request=2)
    assert raised.value.current == first
    assert await store.settings(LAB) == first


# -- own terms --------------------------------------------------------------------------------------------------------


async def test_a_term_is_kept_whole(store: Store) -> None:
    odd = term(
        name_zh="特征账本",
        aliases=("feature ledger", "@everyone", "<script>alert(1)</script>"),
        detail='**bold** [x](https://example.org) "quoted" \\ \0 end',
        sources=(Source(title="Wiki", url="https://example.org/ftl", kind="article"),),
    )
    added = await store.add_term(LAB, odd, by=ADA, request=1)
    [own] = await store.terms(LAB)
    assert own == added
    assert own.term == odd
    assert (own.version, own.changed_by) == (1, ADA)
    assert await store.terms(OTHER) == []


async def test_an_id_is_given_once_a_server(store: Store) -> None:
    await store.add_term(LAB, term(), by=ADA, request=1)
    with pytest.raises(TakenError):
        await store.add_term(LAB, term(short="Another."), by=BEA, request=2)
    await store.add_term(OTHER, term(short="Theirs."), by=BEA, request=3)
    assert await texts(store) == {"ftl": "Our ledger of features."}
    assert await texts(store, OTHER) == {"ftl": "Theirs."}


async def test_of_two_who_edit_a_term_the_second_is_shown_what_the_first_did(store: Store) -> None:
    added = await store.add_term(LAB, term(), by=ADA, request=1)
    first = await store.edit_term(LAB, term(short="First."), version=added.version, by=ADA, request=2)
    with pytest.raises(ConflictError) as raised:
        await store.edit_term(LAB, term(short="Second."), version=added.version, by=BEA, request=3)
    assert raised.value.current == first
    await store.remove_term(LAB, "ftl", version=first.version, by=ADA, request=4)
    with pytest.raises(ConflictError) as raised:
        await store.edit_term(LAB, term(short="Second."), version=first.version, by=BEA, request=5)
    assert raised.value.current is None


async def test_a_removed_term_that_comes_again_has_a_new_version(store: Store) -> None:
    first = await store.add_term(LAB, term(), by=ADA, request=1)
    assert await store.remove_term(LAB, "ftl", version=None, by=ADA, request=2) == first.term
    assert await store.remove_term(LAB, "ftl", version=None, by=ADA, request=3) is None
    again = await store.add_term(LAB, term(), by=ADA, request=4)
    assert again.version > first.version
    with pytest.raises(ConflictError):
        await store.remove_term(LAB, "ftl", version=first.version, by=BEA, request=5)


async def test_at_the_same_moment_only_one_of_ten_edits_is_taken(store: Store) -> None:
    added = await store.add_term(LAB, term(), by=ADA, request=1)
    edits = [store.edit_term(LAB, term(short=f"{n}."), version=added.version, by=n, request=n) for n in range(2, 12)]
    done = await asyncio.gather(*edits, return_exceptions=True)
    assert sum(isinstance(d, ConflictError) for d in done) == 9
    assert len(await store.history(LAB)) == 2


async def test_a_delivery_that_comes_again_changes_nothing(store: Store) -> None:
    first = await store.add_term(LAB, term(), by=ADA, request=1)
    assert await store.add_term(LAB, term(), by=ADA, request=1) == first
    edited = await store.edit_term(LAB, term(short="New."), version=first.version, by=ADA, request=2)
    assert await store.edit_term(LAB, term(short="New."), version=first.version, by=ADA, request=2) == edited
    imported = [term("nova"), term(short="Imported.")]
    version = await store.terms_version(LAB)
    for _ in range(2):
        assert await store.import_terms(LAB, imported, replace=True, expected=version, by=ADA, request=3) == (1, 1)
    for _ in range(2):
        assert await store.undo(LAB, 3, by=ADA, as_request=4) == 2
    for _ in range(2):
        assert await store.remove_term(LAB, "ftl", version=None, by=ADA, request=5) == term(short="New.")
    for _ in range(2):
        await store.change_settings(LAB, ServerSettings(language="zh"), by=ADA, request=6)
        await store.add_report("rlhf", "wrong year", user=ADA, server=LAB, request=7)
    assert await texts(store) == {}
    assert len(await store.history(LAB, limit=100)) == 7
    assert (await store.settings(LAB)).version == 1
    assert len(await store.reports()) == 1


async def test_a_delivery_that_comes_again_does_not_bring_back_what_was_removed_since(store: Store) -> None:
    added = await store.add_term(LAB, term(), by=ADA, request=1)
    edited = await store.edit_term(LAB, term(short="New."), version=added.version, by=ADA, request=2)
    await store.remove_term(LAB, "ftl", version=None, by=ADA, request=3)
    assert (await store.add_term(LAB, term(), by=ADA, request=1)).term == added.term
    assert (await store.edit_term(LAB, term(short="New."), version=1, by=ADA, request=2)).term == edited.term
    assert await store.terms(LAB) == []
    assert len(await store.history(LAB)) == 3


async def test_an_import_is_all_or_nothing(store: Store) -> None:
    await store.add_term(LAB, term(), by=ADA, request=1)
    version = await store.terms_version(LAB)
    await store.add_term(LAB, term("late"), by=BEA, request=2)
    with pytest.raises(ConflictError):
        await store.import_terms(LAB, [term("nova")], replace=True, expected=version, by=ADA, request=3)
    version = await store.terms_version(LAB)
    twice = [term("nova"), term("nova", short="Again.")]
    with pytest.raises(NotSavedError):
        await store.import_terms(LAB, twice, replace=True, expected=version, by=ADA, request=4)
    assert set(await texts(store)) == {"ftl", "late"}
    assert await store.terms_version(LAB) == version
    new = [term(short="Replaced?"), term("late"), term("nova")]
    assert await store.import_terms(LAB, new, replace=False, expected=version, by=ADA, request=5) == (1, 0)
    assert (await texts(store))["ftl"] == "Our ledger of features."
    version = await store.terms_version(LAB)
    assert await store.import_terms(LAB, new, replace=True, expected=version, by=ADA, request=6) == (0, 1)
    assert (await texts(store))["ftl"] == "Replaced?"


async def test_five_thousand_terms_fit_and_one_more_does_not(store: Store) -> None:
    many = [term(f"t{n}") for n in range(MOST_TERMS)]
    assert await store.import_terms(LAB, many, replace=True, expected=0, by=ADA, request=1) == (MOST_TERMS, 0)
    with pytest.raises(FullError, match="5001"):
        await store.add_term(LAB, term("one-more"), by=ADA, request=2)
    version = await store.terms_version(LAB)
    with pytest.raises(FullError):
        await store.import_terms(LAB, [term("one-more")], replace=True, expected=version, by=ADA, request=3)
    assert len(await store.terms(LAB)) == MOST_TERMS
    assert await store.undo(LAB, 1, by=ADA, as_request=4) == MOST_TERMS
    assert await store.terms(LAB) == []


async def test_each_kind_of_change_can_be_undone(store: Store) -> None:
    added = await store.add_term(LAB, term(), by=ADA, request=1)
    edited = await store.edit_term(LAB, term(short="New."), version=added.version, by=ADA, request=2)
    with pytest.raises(ConflictError):
        await store.undo(LAB, 1, by=BEA, as_request=3)
    assert await store.undo(LAB, 2, by=BEA, as_request=4) == 1
    assert await texts(store) == {"ftl": "Our ledger of features."}
    await store.remove_term(LAB, "ftl", version=None, by=ADA, request=5)
    assert await store.undo(LAB, 5, by=BEA, as_request=6) == 1
    assert await texts(store) == {"ftl": "Our ledger of features."}
    assert await store.undo(LAB, 6, by=BEA, as_request=7) == 1
    assert await texts(store) == {}
    assert await store.undo(LAB, 999, by=BEA, as_request=8) == 0
    assert await store.undo(OTHER, 1, by=BEA, as_request=9) == 0
    assert edited.version == 2


async def test_the_history_tells_who_changed_what(store: Store) -> None:
    added = await store.add_term(LAB, term(), by=ADA, request=1)
    await store.edit_term(LAB, term(short="New."), version=added.version, by=BEA, request=2)
    await store.add_term(LAB, term("nova"), by=ADA, request=3)
    newest, edit, first = await store.history(LAB)
    assert [c.kind for c in (newest, edit, first)] == [ChangeKind.ADDED, ChangeKind.EDITED, ChangeKind.ADDED]
    assert (edit.before, edit.after, edit.by, edit.request) == (term(), term(short="New."), BEA, 2)
    assert [c.term_id for c in await store.history(LAB, limit=1)] == ["nova"]
    assert [c.id for c in await store.history(LAB, before=newest.id)] == [edit.id, first.id]
    assert [c.id for c in await store.history(LAB, term_id="ftl")] == [edit.id, first.id]
    assert await store.history(OTHER) == []


async def test_the_version_grows_with_every_change(store: Store) -> None:
    assert await store.terms_version(LAB) == 0
    await store.add_term(LAB, term(), by=ADA, request=1)
    assert await store.terms_version(LAB) == 1
    await store.remove_term(LAB, "ftl", version=None, by=ADA, request=2)
    assert await store.terms_version(LAB) == 2


# -- gaps, reports, privacy -------------------------------------------------------------------------------------------


async def test_gaps_are_counted_most_asked_first_and_forgotten_after_ninety_days(store: Store, clock: Clock) -> None:
    for asked in ("foo net", "bar", "foo net", "空\0白"):
        await store.note_gap(LAB, asked)
    assert [(g.text, g.count) for g in await store.gaps(LAB)] == [("foo net", 2), ("bar", 1), ("空白", 1)]
    assert [g.text for g in await store.gaps(LAB, limit=1, offset=1)] == ["bar"]
    assert await store.gaps(OTHER) == []
    await store.close_gap(LAB, "foo net")
    clock.pass_days(60)
    await store.note_gap(LAB, "bar")
    clock.pass_days(31)
    assert await store.purge() == 1
    assert [(g.text, g.count) for g in await store.gaps(LAB)] == [("bar", 2)]


async def test_reports_are_listed_in_order(store: Store) -> None:
    await store.add_report("rlhf", "wrong \ud800 year", user=ADA, server=LAB, request=1)
    await store.add_report("rag", "第二个", user=BEA, server=None, request=2)
    first, second = await store.reports()
    assert (first.term_id, first.text, first.user, first.server) == ("rlhf", "wrong ? year", ADA, LAB)
    assert (second.text, second.server) == ("第二个", None)
    assert await store.reports(after=first.id) == [second]


async def test_what_is_stored_of_a_person_can_be_counted_and_erased(store: Store) -> None:
    await store.add_report("rlhf", "wrong", user=ADA, server=LAB, request=1)
    await store.add_term(LAB, term(), by=ADA, request=2)
    await store.note_gap(LAB, "foo")
    await store.change_settings(LAB, ServerSettings(language="zh"), by=ADA, request=3)
    stored = await store.stored(ADA, LAB)
    assert (stored.reports, stored.changes, stored.terms, stored.gaps, stored.settings) == (1, 1, 1, 1, True)
    assert await store.erase_user(ADA) == 3
    stored = await store.stored(ADA, LAB)
    assert (stored.reports, stored.changes, stored.terms) == (0, 0, 1)
    assert [c.by for c in await store.history(LAB)] == [0]
    assert [own.changed_by for own in await store.terms(LAB)] == [0]


async def test_a_server_can_be_erased(store: Store) -> None:
    for server in (LAB, OTHER):
        await store.add_term(server, term(), by=ADA, request=server)
        await store.note_gap(server, "foo")
    await store.add_report("rlhf", "wrong", user=ADA, server=LAB, request=3)
    await store.erase_server(LAB)
    stored = await store.stored(ADA, LAB)
    assert (stored.terms, stored.gaps, stored.settings, stored.changes) == (0, 0, False, 1)
    assert [r.server for r in await store.reports()] == [None]
    assert set(await texts(store, OTHER)) == {"ftl"}


async def test_a_server_that_was_left_is_deleted_after_thirty_days(store: Store, clock: Clock) -> None:
    for server in (LAB, OTHER):
        await store.add_term(server, term(), by=ADA, request=server)
        await store.server_left(server)
    clock.pass_days(29)
    await store.purge()
    await store.server_joined(OTHER)
    clock.pass_days(2)
    await store.purge()
    assert await texts(store) == {}
    assert set(await texts(store, OTHER)) == {"ftl"}


async def test_what_is_added_while_a_server_is_erased_is_either_erased_or_there(store: Store, url: str) -> None:
    other = await Store.open(url, write_timeout=10, read_timeout=10)
    for n in range(20):
        server, number = (100 + n) << 22, 1000 * n
        await store.add_term(server, term(), by=ADA, request=number + 1)
        await asyncio.gather(
            store.erase_server(server),
            *(other.add_term(server, term(f"t{k}"), by=BEA, request=number + 10 + k) for k in range(5)),
            other.note_gap(server, "foo"),
        )
        shown = await texts(store, server)
        stored = await store.stored(ADA, server)
        # What the bot looks at first: 0 says that there are none.
        assert (await store.terms_version(server) > 0) is bool(shown)
        assert stored.terms == len(shown)
        for id_ in ("late", *shown):
            await store.remove_term(server, id_, version=None, by=ADA, request=number + 100 + len(id_))
        await store.erase_server(server)
    await other.close()


async def test_writers_wait_for_an_erasing_that_is_under_way(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that once left a term which nobody saw and nothing deleted."""
    await store.add_term(LAB, term(), by=ADA, request=1)
    erasing, go_on = asyncio.Event(), asyncio.Event()
    rows = store_module._rows

    async def held(connection: AsyncConnection, *statements: Any) -> int:
        count = await rows(connection, statements[0])
        erasing.set()
        await go_on.wait()
        return count + await rows(connection, *statements[1:])

    monkeypatch.setattr(store_module, "_rows", held)
    erased = asyncio.create_task(store.erase_server(LAB))
    await erasing.wait()
    other = await Store.open(url, write_timeout=10, read_timeout=10)
    added = asyncio.create_task(other.add_term(LAB, term("late"), by=BEA, request=2))
    await asyncio.wait({added}, timeout=0.3)
    assert not added.done()
    go_on.set()
    await erased
    await added
    assert set(await texts(store)) == {"late"}
    assert await store.terms_version(LAB) == 1
    await other.close()


@pytest.mark.parametrize("url", ["postgres"], indirect=True)  # SQLite has one writer at a time
async def test_a_person_and_a_server_can_be_erased_at_once(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.add_term(LAB, term(), by=BEA, request=1)
    await store.remove_term(LAB, "ftl", version=None, by=ADA, request=2)
    await store.add_report("rlhf", "wrong", user=ADA, server=LAB, request=3)
    erasing, go_on = asyncio.Event(), asyncio.Event()
    rows = store_module._rows

    async def held(connection: AsyncConnection, *statements: Any) -> int:
        if len(statements) < 5:
            return await rows(connection, *statements)
        # All of the server but its reports.
        count = await rows(connection, *statements[:-1])
        erasing.set()
        await go_on.wait()
        return count + await rows(connection, statements[-1])

    monkeypatch.setattr(store_module, "_rows", held)
    server = asyncio.create_task(store.erase_server(LAB))
    await erasing.wait()
    other = await Store.open(url, write_timeout=10, read_timeout=10)
    person = asyncio.create_task(other.erase_user(ADA))
    await asyncio.sleep(0.3)
    go_on.set()
    await asyncio.gather(server, person)
    assert await store.reports() == []
    await other.close()


async def test_of_many_who_add_one_id_at_once_one_has_done_it_and_the_others_are_told_why_not(
    store: Store, url: str
) -> None:
    other = await Store.open(url, write_timeout=10, read_timeout=10)
    adding = [(store, other)[n % 2].add_term(LAB, term(short=f"{n}."), by=n, request=n + 1) for n in range(10)]
    done = await asyncio.gather(*adding, return_exceptions=True)
    assert sum(isinstance(d, TakenError) for d in done) == 9
    await other.close()


async def test_what_cannot_be_deleted_of_one_kind_keeps_no_other_kind(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.add_term(LAB, term(), by=ADA, request=1)
    await store.server_left(LAB)
    clock.pass_days(31)
    delete_all = store._delete_all

    async def failing(table: Any, *args: Any) -> int:
        if table.name == "gaps":
            raise NotSavedError
        return await delete_all(table, *args)

    monkeypatch.setattr(store, "_delete_all", failing)
    with pytest.raises(NotSavedError):
        await store.purge()
    assert await texts(store) == {}


@pytest.mark.parametrize("url", ["postgres"], indirect=True)  # SQLite has one writer at a time
async def test_a_writer_whose_server_is_erased_under_its_hands_begins_anew(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.add_term(LAB, term(), by=ADA, request=1)
    other = await Store.open(url, write_timeout=10, read_timeout=10)
    scalar = AsyncConnection.scalar
    erased = False

    async def erased_before_locked(connection: AsyncConnection, statement: Any) -> Any:
        nonlocal erased
        if not erased and "FOR NO KEY UPDATE" in str(statement.compile(dialect=postgresql.dialect())):
            erased = True
            await other.erase_server(LAB)
        return await scalar(connection, statement)

    monkeypatch.setattr(AsyncConnection, "scalar", erased_before_locked)
    await store.add_term(LAB, term("late"), by=BEA, request=2)
    assert erased
    assert set(await texts(store)) == {"late"}
    assert await store.terms_version(LAB) == 1
    await other.close()


async def test_a_server_with_a_long_history_is_deleted_in_parts(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_PART", 100)
    many = [term(f"t{n}") for n in range(230)]
    for server in (LAB, OTHER):
        await store.import_terms(server, many, replace=True, expected=0, by=ADA, request=server)
        await store.server_left(server)
    clock.pass_days(31)
    transactions = 0
    write = store._database.write

    async def counted(*args: Any, **options: Any) -> Any:
        nonlocal transactions
        transactions += 1
        return await write(*args, **options)

    monkeypatch.setattr(store._database, "write", counted)
    assert await store.purge() == 2 * (230 + 230 + 1) + 2
    # One for gaps, one for requests; for each server two for full parts of history and one for the rest.
    assert transactions == 2 + 2 * 3
    assert [await store.stored(ADA, s) for s in (LAB, OTHER)] == [Stored(0, 0, 0, 0, settings=False)] * 2


async def test_a_server_that_cannot_be_deleted_keeps_no_other(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = [n << 22 for n in range(1, 5)]
    for server in servers:
        await store.add_term(server, term(), by=ADA, request=server)
        await store.server_left(server)
    clock.pass_days(31)
    erase = store_module._erase

    async def failing(connection: AsyncConnection, server: int) -> int:
        if server == servers[1]:
            raise OSError
        return await erase(connection, server)

    monkeypatch.setattr(store_module, "_erase", failing)
    with pytest.raises(NotSavedError):
        await store.purge()
    assert [len(await texts(store, s)) for s in servers] == [0, 1, 0, 0]


async def test_a_server_that_comes_back_while_others_are_deleted_is_kept(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server in (OTHER, LAB):
        await store.add_term(server, term(), by=ADA, request=server)
        await store.server_left(server)
    clock.pass_days(31)
    left = store._left

    async def back_meanwhile(*args: int) -> list[int]:
        found = await left(*args)
        await store.server_joined(LAB)
        return found

    monkeypatch.setattr(store, "_left", back_meanwhile)
    await store.purge()
    assert set(await texts(store)) == {"ftl"}
    assert await texts(store, OTHER) == {}


async def test_a_shard_deletes_no_servers_of_others(store: Store, clock: Clock) -> None:
    shard = {n: (n << 22) for n in range(4)}
    for server in shard.values():
        await store.add_term(server, term(), by=ADA, request=server + 1)
        await store.server_left(server)
    clock.pass_days(31)
    await store.purge(shard_id=1, shard_count=2)
    assert [n for n, server in shard.items() if await texts(store, server)] == [0, 2]


async def test_history_is_bounded_and_no_step_is_kept_in_part(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_terms_module, "MOST_HISTORY", 250)
    monkeypatch.setattr(own_terms_module, "_TRIM", 100)
    version = 0
    for request in range(1, 6):
        many = [term(f"t{n}", short=f"As of {request}.") for n in range(100)]
        await store.import_terms(LAB, many, replace=True, expected=version, by=ADA, request=request)
        version = await store.terms_version(LAB)
    # The change that is the 251st from the end belongs to the third import: all of it stays.
    assert [(s.last.request, s.count) for s in await store.steps(LAB)] == [(5, 100), (4, 100), (3, 100)]
    assert await store.undo(LAB, 5, by=ADA, as_request=9) == 100
    assert set((await texts(store)).values()) == {"As of 4."}


async def test_gaps_are_bounded_and_the_newest_stay(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST_GAPS", 5)
    for n in range(8):
        clock.pass_days(0.1)
        await store.note_gap(LAB, f"gap {n}")
    await store.note_gap(OTHER, "theirs")
    assert {g.text for g in await store.gaps(LAB)} == {f"gap {n}" for n in range(3, 8)}
    assert [g.text for g in await store.gaps(OTHER)] == ["theirs"]


async def test_erasing_a_person_makes_what_is_in_memory_old(store: Store) -> None:
    await store.add_term(LAB, term(), by=ADA, request=1)
    await store.add_term(OTHER, term(), by=BEA, request=2)
    await store.erase_user(ADA)
    assert (await store.terms_version(LAB), await store.terms_version(OTHER)) == (2, 1)


async def test_servers_that_are_missing_at_the_start_count_as_left(store: Store, clock: Clock) -> None:
    shard = {n: (n << 22) for n in range(8)}
    for n, server in shard.items():
        await store.note_gap(server, f"gap {n}")
    await store.servers_present([shard[0], shard[2]], shard_id=0, shard_count=2)
    clock.pass_days(31)
    await store.purge()
    # 4 and 6 were left; the odd ones belong to another process.
    assert [n for n, server in shard.items() if not await store.gaps(server)] == [4, 6]


async def test_a_living_database_says_so(store: Store) -> None:
    assert await store.alive()
