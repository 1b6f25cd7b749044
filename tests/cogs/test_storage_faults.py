"""The storage is locked, full or away: answers come in time, and what was not saved is said to be so."""

import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.answering import Answering
from bot.client import Bot
from bot.core.glossary import Term
from bot.store.records import ServerSettings
from tests.cogs.conftest import connected
from tests.discord_server import Channel, DiscordServer, Exchange, Guild, Permission, Person

pytestmark = pytest.mark.asyncio

NOT_SAVED = {
    "en-US": "Not saved, nothing changed",
    "zh-CN": "没有保存，一切保持原样",
    "zh-TW": "沒有保存，一切保持原樣",
}


@dataclass
class Place:
    """A server with one own term, and the file in which it lies."""

    server: DiscordServer
    bot: Bot
    guild: Guild
    channel: Channel
    admin: Person
    database: Path

    def somebody(self, locale: str = "en-US", **options: Any) -> Person:
        """Return a new member: nobody waits for a cooldown."""
        return self.server.add_user(f"P{self.server.world.ids.next()}", self.guild, locale=locale, **options)

    async def asked(self, term: str) -> str:
        """Return what a new member reads about a term."""
        return (await self.somebody().slash(self.channel, "define", term=term)).text

    async def settings(self) -> ServerSettings:
        """Return what is stored."""
        return await self.bot.servers.store.settings(self.guild.id)


@pytest_asyncio.fixture
async def place(server: DiscordServer, answering: Answering, tmp_path: Path) -> AsyncIterator[Place]:
    """The bot in a server that has asked before."""
    guild = server.add_guild()
    channel = server.add_channel(guild)
    admin = server.add_user("Ada", guild, permissions=int(Permission.MANAGE_GUILD))
    async with connected(server, answering, tmp_path) as (bot, _):
        term = Term(id="ftl", name="FTL", short="A ledger.")
        await bot.servers.store.add_term(guild.id, term, by=1, request=1)
        made = Place(server, bot, guild, channel, admin, tmp_path / "aiterms.db")
        assert "A ledger." in await made.asked("FTL")
        yield made


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Hold the lock for writing from outside, as a backup or another program does."""
    with closing(sqlite3.connect(place.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # Closing ends the transaction.
        yield


@contextmanager
def full(place: Place) -> Iterator[None]:
    """Let no file grow beyond the size that the log of the database has now: what is appended there fails."""
    log = place.database.with_name(f"{place.database.name}-wal")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


FAULTS = {"locked": locked, "full": full}


async def said(exchange: Exchange, place: Place) -> str:
    """Return all that the user reads in the end."""
    seen = await exchange
    assert await place.bot.in_flight.drained(20)
    return " ".join([seen.text, *(m.text for m in seen.followups)])


@pytest.fixture(params=sorted(FAULTS))
def fault(request: pytest.FixtureRequest, place: Place) -> Callable[[], Any]:
    """One way in which nothing can be written."""
    return lambda: FAULTS[request.param](place)


@pytest.mark.parametrize("locale", NOT_SAVED)
async def test_nothing_is_saved_and_that_is_said(place: Place, fault: Callable[[], Any], locale: str) -> None:
    admin = place.somebody(locale, permissions=int(Permission.MANAGE_GUILD))
    panel = await admin.slash(place.channel, "settings")
    with fault():
        assert NOT_SAVED[locale] in await said(admin.click(panel.message, "aiterms:set:links.*"), place)
        assert "A ledger." in await place.asked("FTL")
        assert "RLHF" in await place.asked("rlhf")
    assert await place.settings() == ServerSettings()
    again = await admin.slash(place.channel, "settings")
    await said(admin.click(again.message, "aiterms:set:links.*"), place)
    assert (await place.settings()).links


async def test_a_report_that_was_not_saved_can_be_sent_again(place: Place, fault: Callable[[], Any]) -> None:
    reader = place.somebody()
    answer = await reader.slash(place.channel, "define", term="rlhf")
    form = await reader.click(answer.message, "aiterms:wrong:.*")
    with fault():
        assert NOT_SAVED["en-US"] in await said(reader.submit(form, {"text": "wrong year"}), place)
    assert await place.bot.servers.store.reports() == []
    assert "was recorded" in await said(reader.submit(form, {"text": "wrong year"}), place)
    assert [r.text for r in await place.bot.servers.store.reports()] == ["wrong year"]


async def test_a_gap_that_cannot_be_counted_delays_and_breaks_nothing(
    place: Place, fault: Callable[[], Any], logged: pytest.LogCaptureFixture
) -> None:
    with fault():
        seen = await place.somebody().slash(place.channel, "define", term="zzyzx net")
        assert "I don't know this one" in seen.text
        assert (seen.latency or 9) < 1.5
        assert await place.bot.in_flight.drained(20)
        await place.bot.servers._gaps.join()
    assert "a write failed" in logged.text
    assert "zzyzx" not in logged.text
    await place.asked("zzyzx net")
    assert await place.bot.in_flight.drained(20)
    await place.bot.servers._gaps.join()
    assert [g.count for g in await place.bot.servers.store.gaps(place.guild.id)] == [1]


async def test_nothing_is_erased_halfway(place: Place, fault: Callable[[], Any]) -> None:
    told = await place.admin.slash(place.channel, "privacy")
    sure = await place.admin.click(told.message, "aiterms:erase-ask:server:.*")
    with fault():
        text = await said(place.admin.click(sure.message, "aiterms:erase:server:.*"), place)
        assert "Erased" not in text
        assert NOT_SAVED["en-US"] in text
    assert "A ledger." in await place.asked("FTL")
    assert len(await place.bot.servers.store.terms(place.guild.id)) == 1
