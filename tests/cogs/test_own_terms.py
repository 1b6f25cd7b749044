"""A server's own terms, settings and gaps: what an administrator does, what others see of it, and what goes wrong."""

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.answering import Answering
from bot.client import Bot
from bot.core.exporting import csv_file, toml_file
from bot.core.files import File
from bot.core.glossary import Source, Term
from bot.store.records import MOST_TERMS, NotSavedError, ServerSettings
from tests.cogs.conftest import connected
from tests.discord_server import FORUM, DiscordServer, Exchange, Guild, Permission, Person, Upload
from tests.discord_server.model import Channel

pytestmark = pytest.mark.asyncio

MANAGE = int(Permission.MANAGE_GUILD)
LOCALES = ("en-US", "zh-CN", "zh-TW")
GLOSSARY = """# Ours

## FTL
The ledger in which features are entered.

## Blue Page
Tells who is on duty. <@&1> @everyone

## RAG
The weekly cleaning.
"""


@dataclass
class Team:
    """A server at the stand-in with the bot in it, an administrator and a member."""

    server: DiscordServer
    bot: Bot
    guild: Guild
    channel: Channel
    qa: Channel
    data: Path

    def admin(self, name: str = "Ada", locale: str = "en-US") -> Person:
        return self.server.add_user(name, self.guild, permissions=MANAGE, locale=locale)

    def member(self, name: str = "Bea", locale: str = "en-US") -> Person:
        return self.server.add_user(name, self.guild, locale=locale)

    async def add(self, who: Person, **values: str) -> Exchange:
        return await answered(who.submit(await who.slash(self.channel, "term add"), values))

    async def settings(self) -> ServerSettings:
        return await self.bot.servers.store.settings(self.guild.id)

    async def own(self) -> dict[str, Term]:
        return {o.term.id: o.term for o in await self.bot.servers.store.terms(self.guild.id)}


@pytest_asyncio.fixture
async def team(server: DiscordServer, answering: Answering, tmp_path: Path) -> AsyncIterator[Team]:
    guild = server.add_guild()
    channel, qa = server.add_channel(guild, "general"), server.add_channel(guild, "ask")
    async with connected(server, answering, tmp_path, message_content=True) as (bot, _):
        yield Team(server, bot, guild, channel, qa, tmp_path)


async def answered(exchange: Exchange) -> Exchange:
    """Return an exchange once its answer is there, also where the user was told to wait for it."""
    await exchange.shown(20)
    return exchange


# -- the whole path ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
async def test_an_administrators_whole_path(team: Team, locale: str) -> None:
    ada = team.admin(locale=locale)
    asker = team.member("Asker")
    # Settings: a Q&A channel, where a member is then answered without mentioning anybody.
    panel = await answered(ada.slash(team.channel, "settings"))
    assert panel.ephemeral
    panel = await answered(ada.choose(panel.message, team.qa, custom_id="aiterms:set:channels.*"))
    assert f"<#{team.qa.id}>" in panel.text
    assert (await asker.say(team.qa, "what is LoRA?").reply()).embeds
    # Something that is not known becomes a gap, and the gap a term.
    missed = await asker.slash(team.channel, "define", term="quuxnet")
    assert missed.ephemeral
    await team.server.idle()
    gaps = await answered(ada.slash(team.channel, "gaps"))
    assert "quuxnet" in gaps.text
    form = await ada.choose(gaps.message, "quuxnet", custom_id="aiterms:gap-add:.*")
    saved = await answered(ada.submit(form, {"short": "Our own network.", "others": "QXN, 夸网"}))
    assert saved.ephemeral
    assert "quuxnet" in saved.text
    assert (await team.own())["quuxnet"].name_zh == "夸网"
    for typed in ("quuxnet", "QXN", "夸网", "quuxnt"):
        shown = await team.server.add_user(f"P{typed}", team.guild).slash(team.channel, "define", term=typed)
        assert "Our own network." in shown.text, typed
        assert not shown.ephemeral
    assert "quuxnet" not in (await answered(ada.slash(team.channel, "gaps"))).text
    # Import with preview and confirmation, then everything is found.
    cara = team.admin("Cara", locale)
    preview = await answered(cara.slash(team.channel, "term import", file=Upload("glossary.md", GLOSSARY.encode())))
    assert preview.ephemeral
    assert "Blue Page" in preview.text
    assert set(await team.own()) == {"quuxnet"}
    done = await answered(cara.click(preview.message, "aiterms:import:.*:yes:.*"))
    assert "3" in done.text
    assert set(await team.own()) == {"quuxnet", "ftl", "blue-page", "rag-own"}
    shown = await team.member("Dan").slash(team.channel, "define", term="RAG")
    assert "The weekly cleaning." in shown.text
    # Export, and the file says what is there.
    exported = await answered(cara.slash(team.channel, "term export", format="toml"))
    [file] = (await exported.shown()).attachments
    assert b"The weekly cleaning." in file.data
    # Undo the whole import.
    eve = team.admin("Eve", locale)
    history = await answered(eve.slash(team.channel, "term history"))
    imported = history.message.parts(3)[0]["options"][0]["value"]
    undone = await answered(eve.choose(history.message, imported, custom_id="aiterms:own-undo:.*"))
    assert "3" in undone.text
    assert set(await team.own()) == {"quuxnet"}
    shown = await team.member("Fay").slash(team.channel, "define", term="RAG")
    assert "The weekly cleaning." not in shown.text
    # Leave: nothing is deleted at once.
    team.server.gateway.remove(team.guild)
    await team.server.idle()
    assert set(await team.own()) == {"quuxnet"}


# -- rights -----------------------------------------------------------------------------------------------------------


async def test_members_may_look_and_not_touch(team: Team) -> None:
    ada = team.admin()
    await team.add(ada, name="FTL", short="A ledger.")
    bea = team.member()
    assert "FTL" in (await bea.slash(team.channel, "term list")).text
    tries: tuple[tuple[str, dict[str, Any]], ...] = (
        ("term add", {}),
        ("term edit", {"term": "ftl"}),
        ("term remove", {"term": "ftl"}),
        ("term history", {}),
        ("term export", {}),
        ("gaps", {}),
    )
    for command, options in tries:
        person = team.member(f"M{command}")
        refused = await person.slash(team.channel, command, **options)
        assert refused.ephemeral
        assert "Manage Server" in refused.text, command
    refused = await answered(
        team.member("N").slash(team.channel, "term import", file=Upload("a.md", GLOSSARY.encode()))
    )
    assert "Manage Server" in refused.text
    # A button of somebody else's panel is checked, too.
    panel = await answered(ada.slash(team.channel, "settings"))
    pressed = await answered(bea.press_old(panel.message, "aiterms:set:links:0:en"))
    assert "Manage Server" in pressed.text
    asked = await ada.slash(team.channel, "term remove", term="ftl")
    pressed = await bea.press_old(asked.message, asked.message.parts(2)[0]["custom_id"])
    assert "Manage Server" in pressed.text
    assert set(await team.own()) == {"ftl"}
    assert not (await team.settings()).links


async def test_the_chosen_role_may_change_terms_and_not_settings(team: Team) -> None:
    ada = team.admin()
    bea = team.server.add_user("Bea", team.guild, permissions=int(Permission.EMBED_LINKS))
    role = team.guild.members[bea.id].roles[-1]
    panel = await answered(ada.slash(team.channel, "settings"))
    await answered(ada.choose(panel.message, role, custom_id="aiterms:set:role.*"))
    assert (await team.settings()).editor_role == role.id
    saved = await team.add(bea, name="FTL", short="A ledger.")
    assert "A ledger." in saved.text
    panel = await answered(ada.slash(team.channel, "settings"))
    pressed = await answered(bea.press_old(panel.message, "aiterms:set:links:1:en"))
    assert "Manage Server" in pressed.text


async def test_there_are_no_own_terms_in_direct_messages(team: Team) -> None:
    ada = team.admin()
    await team.add(ada, name="FTL", short="A ledger of ours.")
    reply = await ada.say(ada.dm, "what is FTL?").reply()
    assert "A ledger of ours." not in reply.text


# -- two at once ------------------------------------------------------------------------------------------------------


async def test_the_second_of_two_editors_sees_what_the_first_did_and_goes_on_from_there(team: Team) -> None:
    ada, bea = team.admin(), team.admin("Bea")
    await team.add(ada, name="FTL", short="A ledger.")
    first = await ada.slash(team.channel, "term edit", term="ftl")
    second = await bea.slash(team.channel, "term edit", term="ftl")
    await answered(ada.submit(first, {"short": "Ada's ledger."}))
    refused = await answered(bea.submit(second, {"short": "Bea's ledger."}))
    assert refused.ephemeral
    assert "Ada's ledger." in refused.text
    assert f"<@{ada.id}>" in refused.text
    assert (await team.own())["ftl"].short == "Ada's ledger."
    again = await bea.click(refused.message, "aiterms:form-again:.*")
    await answered(bea.submit(again, {}))
    assert (await team.own())["ftl"].short == "Bea's ledger."


async def test_two_panels_do_not_cross(team: Team) -> None:
    ada, bea = team.admin(), team.admin("Bea")
    first, second = (
        await answered(ada.slash(team.channel, "settings")),
        await answered(bea.slash(team.channel, "settings")),
    )
    await answered(ada.choose(first.message, "zh", custom_id="aiterms:set:language.*"))
    crossed = await answered(bea.choose(second.message, "strict", custom_id="aiterms:set:strictness.*"))
    assert "somebody else changed" in crossed.text
    assert "简体中文" in crossed.text
    assert await team.settings() == ServerSettings(language="zh", version=1)
    await answered(bea.choose(crossed.message, "strict", custom_id="aiterms:set:strictness.*"))
    assert (await team.settings()).strictness == "strict"


async def test_a_form_that_comes_twice_stores_one_term(team: Team) -> None:
    ada = team.admin()
    form = await ada.slash(team.channel, "term add")
    team.server.gateway.duplicate = True
    await answered(ada.submit(form, {"name": "FTL", "short": "A ledger."}))
    await team.server.idle()
    assert len(await team.bot.servers.store.history(team.guild.id)) == 1


# -- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "FTL"}, "no definition: write a sentence or two"),
        ({"name": "…", "short": "x"}, "has no letter or digit"),
        ({"name": "FTL", "short": "x", "others": "a, A"}, "is the same name as"),
    ],
)
async def test_what_cannot_be_taken_is_said_and_not_lost(team: Team, values: dict[str, str], said: str) -> None:
    ada = team.admin()
    refused = await team.add(ada, **values)
    assert refused.ephemeral
    assert said in refused.text
    form = await ada.click(refused.message, "aiterms:form-again:.*")
    mended = {"name": "FTL", "short": "A ledger.", "others": "ledger"}
    saved = await answered(ada.submit(form, mended))
    assert "A ledger." in saved.text
    assert set(await team.own()) == {"ftl"}


async def test_what_was_typed_is_kept_for_a_while_only(team: Team) -> None:
    ada = team.admin()
    refused = await team.add(ada, name="FTL")
    team.bot.kept.drop(f"form:{team.guild.id}:{ada.id}:-")
    gone = await ada.click(refused.message, "aiterms:form-again:.*")
    assert "no longer kept" in gone.text


async def test_a_form_sent_after_a_restart_is_taken(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    guild = server.add_guild()
    channel = server.add_channel(guild)
    ada = server.add_user("Ada", guild, permissions=MANAGE)
    async with connected(server, answering, tmp_path):
        form = await ada.slash(channel, "term add")
    async with connected(server, answering, tmp_path) as (bot, _):
        saved = await answered(ada.submit(form, {"name": "FTL", "short": "A ledger."}))
        assert "A ledger." in saved.text
        assert len(await bot.servers.store.terms(guild.id)) == 1


async def test_mentions_links_and_markdown_are_shown_literally(team: Team) -> None:
    ada = team.admin()
    nasty = "@everyone <@&5> [free](https://evil.example) **bold** <script>alert(1)</script>"
    saved = await team.add(ada, name="FTL", short=nasty, more="See\nWiki: https://wiki.example/ftl")
    shown = await team.member().slash(team.channel, "define", term="ftl")
    for message in (saved.message, shown.message):
        assert not message.pings
        assert "](https://evil.example)" not in message.text
        assert "\\*\\*bold\\*\\*" in message.text
        assert "](https://wiki.example" not in message.text
    panel = await answered(ada.slash(team.channel, "settings"))
    await answered(ada.click(panel.message, "aiterms:set:links.*"))
    shown = await team.member("C").slash(team.channel, "define", term="ftl")
    assert "](https://wiki.example/ftl)" in shown.text
    assert "](https://evil.example)" not in shown.text


async def test_a_built_in_name_is_taken_over_and_that_is_said(team: Team) -> None:
    saved = await team.add(team.admin(), name="LoRA", short="Our radio network.")
    assert "On this server, your term is now the answer for LoRA" in saved.text
    assert "Our radio network." in (await team.member().slash(team.channel, "define", term="lora")).text


async def test_a_name_that_an_own_term_has_is_refused_and_that_term_offered(team: Team) -> None:
    ada = team.admin()
    await team.add(ada, name="FTL", short="A ledger.", others="ledger")
    refused = await team.add(ada, name="Books", short="Another ledger.", others="LEDGER")
    assert "“LEDGER” is already a name of this server's term “FTL”" in refused.text
    assert set(await team.own()) == {"ftl"}
    form = await ada.click(refused.message, "aiterms:own-edit:ftl:.*")
    assert "A ledger." in str(form.modal)
    again = await ada.click(refused.message, "aiterms:form-again:.*")
    await answered(ada.submit(again, {"others": ""}))
    assert (await team.own())["books"].short == "Another ledger."
    # A term may keep its own names.
    bea = team.admin("Bea")
    await answered(bea.submit(await bea.slash(team.channel, "term edit", term="ledger"), {"short": "Changed."}))
    assert (await team.own())["ftl"].short == "Changed."


async def test_a_built_in_term_is_still_found_by_the_names_that_the_own_one_does_not_have(team: Team) -> None:
    ada = team.admin()
    saved = await team.add(ada, name="RAG", short="The weekly cleaning.")
    assert "the built-in one is still found by its other names" in saved.text
    assert "weekly cleaning" in (await team.member("A").slash(team.channel, "define", term="RAG")).text
    for other in ("retrieval-augmented generation", "检索增强生成"):
        shown = await team.member(other).slash(team.channel, "define", term=other)
        assert "weekly cleaning" not in shown.text
        assert "this server's own term" not in shown.text
        assert shown.embeds


async def test_two_refused_forms_do_not_cross(team: Team) -> None:
    ada = team.admin()
    for name in ("FTL", "Nova"):
        await team.add(ada, name=name, short=f"The text of {name}.")
    bea = team.admin("Bea")
    forms = [await bea.slash(team.channel, "term edit", term=term) for term in ("ftl", "nova")]
    refused = [await answered(bea.submit(f, {"short": "", "others": f"mine of {n}"})) for n, f in enumerate(forms)]
    again = await bea.click(refused[0].message, "aiterms:form-again:ftl:.*")
    await answered(bea.submit(again, {"short": "Mended."}))
    ftl = (await team.own())["ftl"]
    assert (ftl.name, ftl.short, ftl.aliases) == ("FTL", "Mended.", ("mine of 0",))
    assert (await team.own())["nova"].short == "The text of Nova."


async def test_what_a_form_does_not_show_outlives_an_edit(team: Team) -> None:
    full = Term(
        id="a",
        name="A",
        name_zh="甲",
        aliases=tuple(f"alias, number {n} {'x' * 80}" for n in range(50)),
        asked_as=("what is it?",),
        short="x",
        short_zh="乙",
        detail="Long.",
        detail_zh="长文。",
        sources=tuple(Source(title=f"{n}{'t' * 150}", url=f"https://x.org/{n}", kind="paper") for n in range(40)),
    )
    await team.bot.servers.store.import_terms(team.guild.id, [full], replace=True, expected=0, by=1, request=1)
    await team.bot.servers.changed(team.guild.id)
    for locale in LOCALES:
        ada = team.admin(locale, locale)
        await answered(ada.submit(await ada.slash(team.channel, "term edit", term="a"), {"name": f"A {locale}"}))
        assert await team.own() == {"a": full.model_copy(update={"name": f"A {locale}"})}


async def test_everything_that_is_wrong_fits_into_one_message(team: Team) -> None:
    names = [f"{n}{'[@everyone](x)' * 6}" for n in range(20)]
    refused = await team.add(team.admin(), name="A", short="x", others=", ".join([*names, *(n.upper() for n in names)]))
    assert "Not saved" in refused.text
    assert refused.message.parts(2)


async def test_a_saved_term_is_called_saved_though_a_gap_cannot_be_closed(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise NotSavedError

    monkeypatch.setattr(team.bot.servers.store, "close_gap", away)
    saved = await team.add(team.admin(), name="FTL", short="A ledger.")
    assert "Saved." in saved.text
    assert set(await team.own()) == {"ftl"}


# -- removal, lists ---------------------------------------------------------------------------------------------------


async def test_a_term_is_removed_after_a_second_look_and_can_be_had_back(team: Team) -> None:
    ada = team.admin()
    await team.add(ada, name="FTL", short="A ledger.")
    asked = await ada.slash(team.channel, "term remove", term="FTL")
    assert "A ledger." in asked.text
    assert set(await team.own()) == {"ftl"}
    removed = await answered(ada.click(asked.message, "aiterms:own-remove:.*"))
    assert "FTL" in removed.text
    assert await team.own() == {}
    history = await answered(team.admin("Bea").slash(team.channel, "term history"))
    assert f"<@{ada.id}>" in history.text
    cy = team.admin("Cy")
    history = await answered(cy.slash(team.channel, "term history"))
    await cy.choose(history.message, history.message.parts(3)[0]["options"][0]["value"])
    assert set(await team.own()) == {"ftl"}


async def test_a_term_changed_meanwhile_is_not_removed(team: Team) -> None:
    ada, bea = team.admin(), team.admin("Bea")
    await team.add(ada, name="FTL", short="A ledger.")
    asked = await ada.slash(team.channel, "term remove", term="FTL")
    await answered(bea.submit(await bea.slash(team.channel, "term edit", term="ftl"), {"short": "Changed."}))
    refused = await answered(ada.click(asked.message, "aiterms:own-remove:.*"))
    assert "somebody else changed" in refused.text
    assert (await team.own())["ftl"].short == "Changed."
    # It is shown as it is now, with a button that removes just that.
    assert "Changed." in refused.embeds[0]["description"]
    removed = await answered(ada.click(refused.message, "aiterms:own-remove:.*"))
    assert "FTL" in removed.text
    assert await team.own() == {}
    shown = await bea.slash(team.channel, "term edit", term="ftl")
    assert "no such term" in shown.text


async def test_editors_by_role_may_act_while_the_storage_is_slow(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    cleo = team.server.add_user("Cleo", team.guild, permissions=int(Permission.EMBED_LINKS))
    role = team.guild.members[cleo.id].roles[-1]
    await team.add(team.admin(), name="Nova", short="A cluster.")
    store = team.bot.servers.store
    await store.change_settings(team.guild.id, ServerSettings(editor_role=role.id), by=1, request=9)
    await team.bot.servers.changed(team.guild.id)
    asked = await cleo.slash(team.channel, "term remove", term="Nova")
    preview = await answered(cleo.slash(team.channel, "term import", file=Upload("glossary.md", GLOSSARY.encode())))
    history = await answered(cleo.slash(team.channel, "term history"))
    settings = store.settings

    async def slowly(server: int) -> ServerSettings:
        await asyncio.sleep(0.7)
        return await settings(server)

    monkeypatch.setattr(store, "settings", slowly)
    added = history.message.parts(3)[0]["options"][-1]["value"]
    for act, said in (
        (lambda: cleo.click(preview.message, "aiterms:import:.*:yes:.*"), "3 new"),
        (lambda: cleo.click(asked.message, "aiterms:own-remove:.*"), "Removed"),
        (lambda: cleo.choose(history.message, added, custom_id="aiterms:own-undo:.*"), "changed since"),
        (lambda: cleo.slash(team.channel, "gaps"), "Nothing"),
    ):
        # As after a restart: nothing is known of the server.
        team.bot.servers.forget(team.guild.id)
        exchange = await act()
        await team.server.idle(1.0)
        texts = [m.text for m in (exchange.message, *exchange.followups)]
        assert any(said in t for t in texts), texts


async def test_an_import_that_is_confirmed_twice_is_one_import(team: Team) -> None:
    ada = team.admin()
    preview = await answered(ada.slash(team.channel, "term import", file=Upload("glossary.md", GLOSSARY.encode())))
    both = [ada.click(preview.message, "aiterms:import:.*:yes:.*") for _ in range(2)]
    await team.server.idle(0.5)
    assert [(e.original, e.followups) for e in both] == [(None, [])] * 2
    assert "3 new" in preview.text
    assert len(await team.bot.servers.store.history(team.guild.id)) == 3


async def test_empty_states_say_what_to_do(team: Team) -> None:
    ada = team.admin()
    assert "/term add" in (await ada.slash(team.channel, "term list")).text
    assert "Nothing has been changed" in (await answered(ada.slash(team.channel, "term history"))).text
    assert "Nothing" in (await answered(ada.slash(team.channel, "gaps"))).text
    assert "/term add" in (await answered(ada.slash(team.channel, "term export"))).text
    bea = team.admin("Bea")
    assert "no such term" in (await bea.slash(team.channel, "term edit", term="nothing")).text
    assert (await bea.autocomplete(team.channel, "term edit", term="x")).choices == []


async def test_five_thousand_terms_are_listed_completed_and_exported(team: Team) -> None:
    many = [Term(id=f"t-{n}", name=f"Term {n}", short=f"The text of term {n}.") for n in range(MOST_TERMS)]
    await team.bot.servers.store.import_terms(team.guild.id, many, replace=True, expected=0, by=1, request=1)
    await team.bot.servers.changed(team.guild.id)
    ada = team.admin()
    listed = await ada.slash(team.channel, "term list")
    assert "5000" in listed.text
    assert len(listed.message.parts(3)[0]["options"]) == 25
    refused = await team.add(ada, name="One more", short="Too many.")
    assert "5001" in refused.text
    shown = await team.member().slash(team.channel, "define", term="term 4711")
    assert "The text of term 4711." in shown.text


async def test_own_terms_are_completed_by_any_name_and_after_a_slip(team: Team) -> None:
    many = [Term(id=f"t-{n}", name=f"Widget {n}", name_zh=f"零件{n}", short="x") for n in range(1000)]
    await team.bot.servers.store.import_terms(team.guild.id, many, replace=True, expected=0, by=1, request=1)
    await team.bot.servers.changed(team.guild.id)
    ada = team.admin()

    async def names(typed: str) -> list[str]:
        return [c["name"] for c in (await ada.autocomplete(team.channel, "term edit", term=typed)).choices]

    assert len(await names("")) == 25
    assert (await names("widget 77"))[0] == "Widget 77"
    assert (await names("零件77"))[0] == "Widget 77"
    assert "Widget 777" in await names("wdiget 777")
    # Built-in terms are not among them.
    assert await names("rlhf") == []
    opened = await ada.slash(team.channel, "term edit", term="零件77")
    assert "Widget 77" in str(opened.modal)


async def test_an_import_is_one_step_of_the_history_and_older_steps_are_a_page_away(team: Team) -> None:
    store, guild = team.bot.servers.store, team.guild.id
    for n in range(12):
        await store.add_term(guild, Term(id=f"a-{n}", name=f"Alpha {n}", short="x"), by=7, request=n + 1)
    many = [Term(id=f"t-{n}", name=f"Term {n}", short="x") for n in range(300)]
    await store.import_terms(guild, many, replace=True, expected=12, by=7, request=100)
    ada = team.admin()
    history = await answered(ada.slash(team.channel, "term history"))
    assert "300 changes at once" in history.text
    assert [o["value"] for o in history.message.parts(3)[0]["options"]] == ["100", *map(str, range(12, 3, -1))]
    older = await answered(ada.click(history.message, "aiterms:own-history:.*"))
    assert [o["value"] for o in older.message.parts(3)[0]["options"]] == ["3", "2", "1"]
    assert not older.message.parts(2)
    await answered(ada.choose(older.message, "1", custom_id="aiterms:own-undo:.*"))
    assert "a-0" not in await team.own()
    again = await answered(ada.choose(older.message, "1", custom_id="aiterms:own-undo:.*"))
    assert "one of these terms has changed since" in again.text


# -- import and export ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["toml", "csv"])
async def test_what_is_exported_is_imported_again_without_loss(team: Team, kind: str) -> None:
    odd = [
        Term(
            id=f"odd-{n}",
            name=f"Odd {n}",
            name_zh=f"怪 {n}",
            aliases=(f"a;{n}", f"=cmd{n}"),
            short=f'"quoted", {n}\n@everyone',
            detail="```\ncode | with\n```\n- list\n中文。",
            asked_as=(f"what, is; the {n}",),
        )
        for n in range(300)
    ]
    # Two imports, one after the other, can leave a name with two terms.
    odd += [Term(id=f"twin-{n}", name=f"Twin {n}", aliases=("the twin",), short="x") for n in range(2)]
    store, guild = team.bot.servers.store, team.guild.id
    await store.import_terms(guild, odd, replace=True, expected=0, by=1, request=1)
    ada = team.admin()
    exported = await answered(ada.slash(team.channel, "term export", format=kind))
    [file] = (await exported.shown()).attachments
    before = await team.own()
    await store.erase_server(guild)
    team.bot.servers.forget(guild)
    preview = await answered(ada.slash(team.channel, "term import", file=Upload(f"terms.{kind}", file.data)))
    await answered(ada.click(preview.message, "aiterms:import:.*:yes:.*"))
    assert await team.own() == before
    assert file.data.decode() == (toml_file if kind == "toml" else csv_file)(sorted(odd, key=lambda t: t.id))


async def test_an_import_with_a_bad_row_changes_nothing_and_names_the_row(team: Team) -> None:
    ada = team.admin()
    rows = "name,short\nFTL,A ledger.\nNoText,\nBlue,A page.\n"
    refused = await answered(ada.slash(team.channel, "term import", file=Upload("terms.csv", rows.encode())))
    assert refused.ephemeral
    assert "nothing changed" in refused.text
    assert "line 3" in refused.text
    assert await team.own() == {}


async def test_a_file_that_is_too_large_or_no_text_is_refused_in_words(team: Team) -> None:
    ada = team.admin()
    large = Upload("terms.md", b"x", claimed_size=10 * 1024 * 1024)
    assert "10.0 MiB" in (await answered(ada.slash(team.channel, "term import", file=large))).text
    binary = Upload("terms.md", bytes(range(256)) * 10)
    assert (await answered(ada.slash(team.channel, "term import", file=binary))).ephemeral
    empty = Upload("terms.md", b"Just a sentence without any term")
    assert "no terms" in (await answered(ada.slash(team.channel, "term import", file=empty))).text


async def test_a_refused_file_does_not_stay_in_memory(team: Team) -> None:
    ada = team.admin()
    gc.collect()
    gc.disable()
    try:
        for data in (bytes(range(256)), b"Just a sentence without any term", b"term,short\nFTL,\n"):
            refused = await answered(ada.slash(team.channel, "term import", file=Upload("terms.csv", data)))
            assert refused.ephemeral
            await team.server.idle(0.1)
            assert [o for o in gc.get_objects() if isinstance(o, (File, discord.Interaction))] == []
    finally:
        gc.enable()


async def test_an_import_is_carried_out_as_it_was_shown_or_not_at_all(team: Team) -> None:
    ada, bea = team.admin(), team.admin("Bea")
    preview = await answered(ada.slash(team.channel, "term import", file=Upload("g.md", GLOSSARY.encode())))
    await team.add(bea, name="Nova", short="A cluster.")
    refused = await answered(ada.click(preview.message, "aiterms:import:.*:yes:.*"))
    assert "somebody else changed" in refused.text
    assert set(await team.own()) == {"nova"}
    again = await answered(ada.click(preview.message, "aiterms:import:.*:yes:.*"))
    assert "upload the file again" in again.text
    # Nobody else can confirm it, and a cancelled one is gone.
    preview = await answered(ada.slash(team.channel, "term import", file=Upload("g.md", GLOSSARY.encode())))
    button = preview.message.parts(2)[0]["custom_id"]
    assert "upload the file again" in (await bea.press_old(preview.message, button)).text
    cancelled = await answered(ada.click(preview.message, "aiterms:import:.*:no:.*"))
    assert "Cancelled" in cancelled.text
    assert set(await team.own()) == {"nova"}


async def test_existing_terms_stay_where_that_is_wished(team: Team) -> None:
    ada = team.admin()
    await team.add(ada, name="RAG", short="Ours.")
    preview = await answered(
        ada.slash(team.channel, "term import", file=Upload("g.md", GLOSSARY.encode()), replace=False)
    )
    assert "left as they are" in preview.text
    await answered(ada.click(preview.message, "aiterms:import:.*:yes:.*"))
    assert (await team.own())["rag-own"].short == "Ours."


async def test_categories_of_a_file_do_not_make_its_terms_look_like_ours(team: Team) -> None:
    ada = team.admin()
    written = b'[a]\nname = "Zork"\ncategory = "training"\nshort = "see [this](https://evil.example) @everyone"\n'
    preview = await answered(ada.slash(team.channel, "term import", file=Upload("t.toml", written)))
    assert "Categories are not taken over" in preview.text
    await answered(ada.click(preview.message, "aiterms:import:.*:yes:.*"))
    shown = await team.member().slash(team.channel, "define", term="Zork")
    assert "this server's own term" in shown.text
    assert r"see \[this\](" in shown.text


async def test_a_preview_names_what_another_term_is_called_too(team: Team) -> None:
    ada = team.admin()
    await team.add(ada, name="Blue Book", short="x", others="Blue Page")
    preview = await answered(ada.slash(team.channel, "term import", file=Upload("g.md", GLOSSARY.encode())))
    assert "1 names that another term of this server has, too" in preview.text
    assert "Blue Page (Blue Book)" in preview.text


# -- settings ---------------------------------------------------------------------------------------------------------


async def test_the_panel_warns_of_what_stands_in_the_way(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    guild = server.add_guild()
    channel, closed = server.add_channel(guild), server.add_channel(guild, "closed")
    forum = server.add_channel(guild, "forum", kind=FORUM)
    server.world.set_overwrite(closed, server.application_id, deny=int(Permission.SEND_MESSAGES))
    ada = server.add_user("Ada", guild, permissions=MANAGE)
    async with connected(server, answering, tmp_path):
        panel = await answered(ada.slash(channel, "settings"))
        assert "⚠" not in panel.text
        panel = await answered(ada.choose(panel.message, closed, forum, custom_id="aiterms:set:channels.*"))
        assert "has not switched on reading messages" in panel.text
        assert f"I may not view and write in <#{closed.id}>" in panel.text
        panel = await answered(ada.choose(panel.message, custom_id="aiterms:set:channels.*"))
        assert "⚠" not in panel.text


async def test_strict_channels_and_the_servers_language(team: Team) -> None:
    ada, bea = team.admin(), team.member()
    store = team.bot.servers.store
    new = ServerSettings("zh", frozenset({team.qa.id}))
    await store.change_settings(team.guild.id, new, by=ada.id, request=1)
    reply = await bea.say(team.channel, f"<@{team.server.application_id}> RLHF").reply()
    assert "来源" in reply.text
    assert (await bea.say(team.qa, "what is reinforcement learning form human feedback").reply()).embeds
    panel = await answered(ada.slash(team.channel, "settings"))
    await answered(ada.choose(panel.message, "strict", custom_id="aiterms:set:strictness.*"))
    assert await team.member("C").say(team.qa, "what is chain of thougt?").unanswered()
    assert (await team.member("D").say(team.qa, "what is QLoRA?").reply()).embeds


# -- gaps -------------------------------------------------------------------------------------------------------------


async def test_gaps_are_counted_and_say_nothing_of_anybody(team: Team) -> None:
    bot = f"<@{team.server.application_id}>"
    asked = ["what is a zzyzx net?", f"{bot} what is zzyzx net", f"{bot} zzyzx net"]
    for n, question in enumerate(asked):
        person = team.member(f"P{n}")
        if question.startswith(bot):
            await person.say(team.channel, question).reply()
        else:
            await person.slash(team.channel, "define", term=question)
    private = [
        "my mail is ada@example.org qwrt",
        "https://secret.example/x zzqq",
        "call 5551234567 zzqq",
        "zzqq " * 30,
        "why does my boss Zzqqer always shout at me in the zzqq meeting",
    ]
    for n, question in enumerate(private):
        await team.member(f"Q{n}").slash(team.channel, "define", term=question[:190])
    dm = team.member("Dm")
    await dm.say(dm.dm, "what is a xyzzyq?").reply()
    await team.server.idle()
    rows = await team.bot.servers.store.gaps(team.guild.id)
    assert [(g.text, g.count) for g in rows] == [("zzyzx net", 3)]
    ada = team.admin()
    gaps = await answered(ada.slash(team.channel, "gaps"))
    assert "3 × **zzyzx net**" in gaps.text
    await answered(ada.choose(gaps.message, "zzyzx net", custom_id="aiterms:gap-dismiss:.*"))
    assert await team.bot.servers.store.gaps(team.guild.id) == []


async def test_gaps_can_be_switched_off(team: Team) -> None:
    ada = team.admin()
    panel = await answered(ada.slash(team.channel, "settings"))
    await answered(ada.click(panel.message, "aiterms:set:gaps.*"))
    await team.member().slash(team.channel, "define", term="zzyzx net")
    await team.server.idle()
    assert await team.bot.servers.store.gaps(team.guild.id) == []
    assert "switched off" in (await answered(ada.slash(team.channel, "gaps"))).text


# -- privacy ----------------------------------------------------------------------------------------------------------


async def test_privacy_tells_what_is_stored_and_erases_it(team: Team) -> None:
    ada, bea = team.admin(), team.member()
    await team.add(ada, name="FTL", short="A ledger.")
    answer = await bea.slash(team.channel, "define", term="rlhf")
    await answered(bea.submit(await bea.click(answer.message, "aiterms:wrong:.*"), {"text": "wrong year"}))
    told = await answered(bea.slash(team.channel, "privacy"))
    assert "reports of mistakes: 1;" in told.text
    assert "own terms, with their history: 1;" in told.text
    assert [c["custom_id"] for c in told.message.parts(2)] == ["aiterms:erase-ask:me:en"]
    sure = await answered(bea.click(told.message, "aiterms:erase-ask:me:.*"))
    assert len(await team.bot.servers.store.reports()) == 1
    done = await answered(bea.click(sure.message, "aiterms:erase:me:.*"))
    assert "Erased" in done.text
    assert await team.bot.servers.store.reports() == []
    told = await answered(ada.slash(team.channel, "privacy"))
    sure = await answered(ada.click(told.message, "aiterms:erase-ask:server:.*"))
    assert "/term export" in sure.text
    refused = await bea.press_old(sure.message, sure.message.parts(2)[0]["custom_id"])
    assert "Manage Server" in refused.text
    await answered(ada.click(sure.message, "aiterms:erase:server:.*"))
    assert await team.own() == {}
    assert "A ledger." not in (await team.member("C").slash(team.channel, "define", term="FTL")).text


# -- the storage fails ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["gone", "slow"])
def broken(request: pytest.FixtureRequest, team: Team, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Break the storage under a running bot."""
    database: Any = team.bot.servers.store._database

    def breaks() -> None:
        if request.param == "gone":
            database._prepared, database._retry_at = False, float("inf")
            return

        import asyncio

        async def stuck(*_: object) -> None:
            await asyncio.sleep(60)

        monkeypatch.setattr(database, "_must_be_prepared", stuck)

    return breaks


async def test_definitions_come_while_the_storage_is_away_and_writes_are_refused_in_words(
    team: Team, broken: Any, logged: pytest.LogCaptureFixture
) -> None:
    ada = team.admin()
    await team.add(ada, name="FTL", short="A ledger.")
    form = await ada.slash(team.channel, "term edit", term="ftl")
    panel = await answered(ada.slash(team.channel, "settings"))
    broken()
    assert (await team.member("A").slash(team.channel, "define", term="rlhf")).embeds
    # What is known of the server stays known.
    assert "A ledger." in (await team.member("B").slash(team.channel, "define", term="FTL")).text
    refused = await answered(ada.submit(form, {"short": "Never stored."}))
    said = await refused.shown()
    assert "Not saved, nothing changed" in said.text
    assert said.parts(2)[0]["custom_id"].startswith("aiterms:form-again:ftl:")
    flipped = await ada.click(panel.message, "aiterms:set:links.*")
    told = (await flipped.followup()).text if flipped.deferred else flipped.text
    assert "at the moment" in told
    assert "A ledger." in (await team.member("C").slash(team.channel, "define", term="FTL")).text


async def test_a_first_question_while_the_storage_is_away_is_answered_in_time(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    (tmp_path / "aiterms.db").mkdir()
    guild = server.add_guild()
    channel = server.add_channel(guild)
    asker = server.add_user("Ada", guild, permissions=MANAGE)
    async with connected(server, answering, tmp_path):
        shown = await asker.slash(channel, "define", term="rlhf")
        assert shown.embeds
        for command in ("term list", "term add", "term history"):
            refused = await server.add_user(command, guild, permissions=MANAGE).slash(channel, command)
            assert "cannot be read" in (await refused.shown()).text, command
        refused = await asker.slash(channel, "settings")
        assert "cannot be read" in refused.text
        told = await (await asker.slash(channel, "privacy")).shown()
        assert "cannot be read" in told.text
        assert "What I keep" in told.text
