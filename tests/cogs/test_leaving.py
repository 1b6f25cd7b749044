"""Servers that are left, come back, or are only unavailable; and where own terms do not reach."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.answering import Answering
from bot.client import Bot
from bot.cogs import housekeeping
from bot.core.glossary import Term
from bot.store.records import LEFT_DAYS, NotSavedError
from tests.cogs.conftest import Lab, connected, in_a_lab
from tests.discord_server import DiscordServer, Permission

pytestmark = pytest.mark.asyncio

DAY = 86_400


async def add(bot: Bot, server: int, name: str = "FTL") -> None:
    """Store an own term of a server."""
    term = Term(id=name.lower(), name=name, short="A ledger.")
    await bot.servers.store.add_term(server, term, by=1, request=server + hash(name) % 1000)


def in_days(bot: Bot, days: float) -> None:
    """Move the clock of the store."""
    bot.servers.store._clock = lambda: time.time() + days * DAY


async def kept(bot: Bot, server: int) -> bool:
    """Tell whether anything is stored of a server."""
    return bool(await bot.servers.store.terms(server))


async def marked(bot: Bot, server: int, within: float = 5.0) -> None:
    """Wait until a server counts as left: a purge far in the future would delete it. Nothing is deleted."""
    database = bot.servers.store._database
    from sqlalchemy import select

    from bot.store.tables import servers

    async with asyncio.timeout(within):
        while True:
            left = await database.read(
                lambda connection: connection.scalar(select(servers.c.left_at).where(servers.c.id == server))
            )
            if left is not None:
                return
            await asyncio.sleep(0.02)


async def test_what_a_left_server_stored_is_deleted_after_thirty_days_and_not_before(lab: Lab) -> None:
    await add(lab.bot, lab.guild.id)
    lab.server.gateway.remove(lab.guild)
    await marked(lab.bot, lab.guild.id)
    in_days(lab.bot, LEFT_DAYS - 1)
    await lab.bot.servers.store.purge()
    assert await kept(lab.bot, lab.guild.id)
    in_days(lab.bot, LEFT_DAYS + 1)
    await lab.bot.servers.store.purge()
    assert not await kept(lab.bot, lab.guild.id)


async def test_an_outage_is_no_leaving(lab: Lab) -> None:
    await add(lab.bot, lab.guild.id)
    lab.server.gateway.outage(lab.guild)
    await lab.server.idle()
    in_days(lab.bot, LEFT_DAYS + 1)
    await lab.bot.servers.store.purge()
    assert await kept(lab.bot, lab.guild.id)
    lab.server.gateway.restore(lab.guild)
    await lab.server.idle()
    assert "A ledger." in (await lab.asker.slash(lab.channel, "define", term="FTL")).text


async def test_a_server_left_while_the_bot_was_away_is_noticed_at_the_start(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    here, gone = server.add_guild("Here"), server.add_guild("Gone")
    async with connected(server, answering, tmp_path) as (bot, _):
        await add(bot, here.id)
        await add(bot, gone.id)
    server.gateway.remove(gone)
    async with connected(server, answering, tmp_path) as (bot, _):
        await marked(bot, gone.id)
        in_days(bot, LEFT_DAYS + 1)
        await bot.servers.store.purge()
        assert not await kept(bot, gone.id)
        assert await kept(bot, here.id)


async def test_a_server_that_came_back_unseen_is_not_purged(
    server: DiscordServer, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_FIRST", 0.1)
    monkeypatch.setattr(housekeeping, "_EVERY", 0.2)
    purged = asyncio.Event()

    def prepare(bot: Bot) -> None:
        store = bot.servers.store
        purge, present = store.purge, store.servers_present
        calls = 0

        async def away_at_first(*args: object, **options: int) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise NotSavedError
            await present(*args, **options)  # pyright: ignore[reportArgumentType]

        async def told(**shard: int) -> int:
            deleted = await purge(**shard)
            purged.set()
            return deleted

        monkeypatch.setattr(store, "servers_present", away_at_first)
        monkeypatch.setattr(store, "purge", told)

    guild = server.add_guild()
    async with connected(server, answering, tmp_path) as (bot, _):
        await add(bot, guild.id)
        await bot.servers.store.server_left(guild.id)
    async with connected(server, answering, tmp_path, prepare=prepare) as (bot, _):
        in_days(bot, LEFT_DAYS + 1)
        async with asyncio.timeout(10):
            await purged.wait()
        assert await kept(bot, guild.id)


async def test_purging_goes_on_after_a_failure(
    server: DiscordServer,
    answering: Answering,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(housekeeping, "_FIRST", 0.1)
    monkeypatch.setattr(housekeeping, "_EVERY", 0.1)
    again = asyncio.Event()

    def prepare(bot: Bot) -> None:
        errors = iter([NotSavedError(), RuntimeError("broken")])

        async def failing(**_: int) -> int:
            error = next(errors, None)
            if error:
                raise error
            again.set()
            return 0

        monkeypatch.setattr(bot.servers.store, "purge", failing)

    async with in_a_lab(server, answering, tmp_path, prepare=prepare):
        async with asyncio.timeout(10):
            await again.wait()
    assert logged.text.count("purging failed") == 2


async def test_own_terms_and_gaps_do_not_reach_servers_without_the_bot(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    """Somebody who has the bot as an app of their own uses it in a server that once had the bot."""
    elsewhere = server.add_guild("Elsewhere", installed=False)
    channel = server.add_channel(elsewhere)
    person = server.add_user("Uma", elsewhere, installed=True, permissions=int(Permission.MANAGE_GUILD))
    async with connected(server, answering, tmp_path) as (bot, _):
        await add(bot, elsewhere.id)
        assert "A ledger." not in (await person.slash(channel, "define", term="FTL")).text
        await person.slash(channel, "define", term="zzyzx net")
        told = (await person.slash(channel, "privacy")).text
        assert "About this server" not in told
        assert {"settings", "gaps", "term"}.isdisjoint(person.command_names(channel))
        assert await bot.in_flight.drained(10)
        assert await bot.servers.store.gaps(elsewhere.id) == []


async def test_a_switch_pressed_twice_by_the_network_is_flipped_once(lab: Lab) -> None:
    admin = lab.server.add_user("Adm", lab.guild, permissions=int(Permission.MANAGE_GUILD))
    panel = await admin.slash(lab.channel, "settings")
    lab.server.gateway.duplicate = True
    await admin.click(panel.message, "aiterms:set:gaps.*")
    assert await lab.bot.in_flight.drained(10)
    settings = await lab.bot.servers.store.settings(lab.guild.id)
    assert (settings.gaps, settings.version) == (False, 1)


async def test_a_panel_from_before_a_restart_still_works(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    guild = server.add_guild()
    channel = server.add_channel(guild)
    admin = server.add_user("Adm", guild, permissions=int(Permission.MANAGE_GUILD))
    async with connected(server, answering, tmp_path):
        panel = await admin.slash(channel, "settings")
    async with connected(server, answering, tmp_path) as (bot, _):
        await admin.choose(panel.message, "zh-TW", custom_id="aiterms:set:language.*")
        assert (await bot.servers.store.settings(guild.id)).language == "zh-TW"


async def test_a_deleted_channel_is_no_longer_offered_by_the_panel(lab: Lab) -> None:
    admin = lab.server.add_user("Adm", lab.guild, permissions=int(Permission.MANAGE_GUILD))
    gone = lab.server.add_channel(lab.guild, "gone")
    panel = await admin.slash(lab.channel, "settings")
    panel = await admin.choose(panel.message, gone, lab.channel, custom_id="aiterms:set:channels.*")
    lab.server.world.delete_channel(gone)
    await lab.server.idle()
    panel = await admin.slash(lab.channel, "settings")
    [field] = [p for p in panel.message.parts(8) if p["custom_id"].startswith("aiterms:set:channels")]
    assert [int(v["id"]) for v in field["default_values"]] == [lab.channel.id]


async def test_what_was_asked_is_listed_as_it_was_written(lab: Lab) -> None:
    await lab.asker.slash(lab.channel, "define", term="夸夸网络")
    assert await lab.bot.in_flight.drained(10)
    await lab.bot.servers._gaps.join()
    admin = lab.server.add_user("Adm", lab.guild, permissions=int(Permission.MANAGE_GUILD), locale="zh-TW")
    gaps = await admin.slash(lab.channel, "gaps")
    assert "夸夸网络" in gaps.text
    assert "詞庫裡沒有" in gaps.text
