"""One long session in three locales: everything that people can do with the bot, one after the other.

Each line says who does what, and what the outcome is: which term, in which language, with which sources, who sees it.
Every request of the bot is checked by the stand-in, against Discord's own description where DISCORD_OPENAPI names it.
"""

import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.answering import Answering, both_names
from bot.core.languages import Language, traditional
from bot.store.store import Store
from tests.cogs.conftest import connected
from tests.discord_server import FORUM, DiscordServer, Exchange, Guild, Message, Person
from tests.discord_server.model import Channel

pytestmark = pytest.mark.asyncio

EN: Language = "en"
ZH: Language = "zh"
TW: Language = "zh-TW"
LOCALES = (("en-US", EN), ("zh-CN", ZH), ("zh-TW", TW))


@dataclass
class Stage:
    """Who and what there is in the session."""

    server: DiscordServer
    answering: Answering
    guild: Guild
    general: Channel
    qa: Channel
    forum: Channel
    data: Path
    store: Store

    def person(self, name: str, locale: str, **options: object) -> Person:
        """Add a member; a new one for each part, so that no cooldown is met by accident."""
        return self.server.add_user(name, self.guild, locale=locale, **options)  # pyright: ignore[reportArgumentType]

    @property
    def mention(self) -> str:
        return f"<@{self.server.application_id}>"

    def shows(self, message: Message, term: str, language: Language, *, ephemeral: bool = False) -> None:
        """Check that a message shows a term: names, text, colour, every source, the footer, who sees it."""
        known = self.answering.glossary.terms[term]
        [embed] = message.embeds
        assert embed["title"] == both_names(known, language)
        assert embed["url"] == known.sources[0].url
        short = (
            known.short if language == "en" else traditional(known.short_zh) if language == "zh-TW" else known.short_zh
        )
        assert f"**{short}**" in embed["description"]
        assert embed["color"] == self.answering.glossary.categories[known.category].colour
        [sources] = embed["fields"]
        assert sources["name"] == {"en": "Sources", "zh": "来源", "zh-TW": "來源"}[language]
        linked = re.findall(r"\]\((https?://\S+?)\)", sources["value"])
        assert linked == [s.url for s in known.sources][: len(linked)]
        assert linked
        assert message.ephemeral is ephemeral
        assert not message.pings
        for button in message.parts(2):
            assert button["custom_id"].startswith("aiterms:")

    def offers(self, message: Message, *terms: str, ephemeral: bool = True) -> None:
        """Check that a message lets choose between terms."""
        offered = [b["custom_id"].split(":")[2] for b in message.parts(2)]
        assert set(terms) <= set(offered)
        assert len(offered) <= 5
        assert message.ephemeral is ephemeral


@pytest_asyncio.fixture
async def stage(server: DiscordServer, answering: Answering, tmp_path: Path) -> AsyncIterator[Stage]:
    guild = server.add_guild("Lab")
    general = server.add_channel(guild, "general")
    qa = server.add_channel(guild, "ask-ai")
    forum = server.add_channel(guild, "help", kind=FORUM)
    channels = frozenset({qa.id, forum.id})
    async with connected(server, answering, tmp_path, message_content=True, channels=channels) as (bot, _):
        yield Stage(server, answering, guild, general, qa, forum, tmp_path, bot.servers.store)


@pytest.mark.parametrize(("locale", "language"), LOCALES)
async def test_commands(stage: Stage, locale: str, language: Language) -> None:
    person = stage.person("Ada", locale)
    # A bare name shows no language: that of the person's Discord is taken; the answer is public.
    answer = await person.slash(stage.general, "define", term="RLHF")
    stage.shows(answer.message, "rlhf", language)
    # The language asked for wins, and `private` hides the answer.
    answer = await person.slash(stage.general, "define", term="rlhf", language="zh-TW", private=True)
    stage.shows(answer.message, "rlhf", TW, ephemeral=True)
    # Typos.
    answer = await person.slash(stage.general, "define", term="retrieval augmnted generation")
    assert "Retrieval-augmented generation" in answer.text
    # A name that several terms share is asked back, for this person only; pressing one shows it.
    answer = await person.slash(stage.general, "define", term="推理")
    stage.offers(answer.message, "inference", "reasoning-model")
    shown = await person.click(answer.message, "aiterms:pick:inference:.*")
    assert shown.embeds[0]["title"].startswith("模型推理")

    other = stage.person("Bea", locale)
    asked = {EN: "what is a kumquat", ZH: "什么是永动机", TW: "什麼是永動機"}[language]
    answer = await other.slash(stage.general, "define", term=asked)
    assert answer.ephemeral
    assert {EN: "I don't know this one", ZH: "这个我还不知道", TW: "這個我還不知道"}[language] in answer.text
    # Side by side.
    answer = await other.slash(stage.general, "compare", first="lora", second="qlora")
    assert [e["title"] for e in answer.embeds] == [
        both_names(stage.answering.glossary.terms[t], language) for t in ("lora", "qlora")
    ]
    assert not answer.ephemeral
    one = await other.click(answer.message, "aiterms:pick:qlora:.*")
    stage.shows(one.message, "qlora", language, ephemeral=True)
    # "X vs Y" in /define does the same.
    answer = await other.slash(stage.general, "define", term="top-p vs top-k")
    assert len(answer.embeds) == 2

    third = stage.person("Cleo", locale)
    answer = await third.slash(stage.general, "about")
    assert answer.ephemeral
    assert f"{len(stage.answering.glossary)} " in answer.text
    answer = await third.slash(stage.general, "privacy")
    assert answer.ephemeral
    assert {EN: "What I keep", ZH: "保存什么", TW: "保存什麼"}[language] in answer.text


@pytest.mark.parametrize(("locale", "language"), LOCALES)
async def test_names_options_and_suggestions_in_the_persons_language(
    stage: Stage, locale: str, language: Language
) -> None:
    person = stage.person("Ada", locale)
    names = person.command_names(stage.general)
    assert set(names) >= {"define", "compare", "terms", "about", "privacy"}
    assert names["define"] == {EN: "define", ZH: "术语", TW: "術語"}[language]
    menus = person.command_names(stage.general, 3)
    assert menus["Explain AI terms"] == {EN: "Explain AI terms", ZH: "解释 AI 术语", TW: "解釋 AI 術語"}[language]
    for typed, wanted in (("rlh", "RLHF"), ("微调", "微"), ("quantizaton", "Quantization"), ("KV", "KV")):
        found = await person.autocomplete(stage.general, "define", term=typed)
        assert 1 <= len(found.choices) <= 25, typed
        assert any(wanted in c["name"] for c in found.choices)
    assert (await person.autocomplete(stage.general, "define", term="")).choices == []
    picked = (await person.autocomplete(stage.general, "compare", first="lora", focus="first")).choices[0]
    answer = await person.slash(stage.general, "define", term=picked["value"])
    stage.shows(answer.message, "lora", language)
    found = await person.autocomplete(stage.general, "terms", category="")
    assert [c["value"] for c in found.choices] == list(stage.answering.glossary.categories)
    assert found.choices[0]["name"] == {EN: "Fundamentals", ZH: "基础概念", TW: "基礎概念"}[language]


@pytest.mark.parametrize(("locale", "language"), LOCALES)
async def test_browsing(stage: Stage, locale: str, language: Language) -> None:
    person = stage.person("Ada", locale)
    listed = await person.slash(stage.general, "terms")
    assert listed.ephemeral
    first = listed.embeds[0]["description"]
    turned = await person.click(listed.message, label="▶")
    assert turned.message is listed.message
    assert turned.embeds[0]["description"] != first
    back = await person.click(listed.message, label="◀")
    assert back.embeds[0]["description"] == first
    opened = await person.choose(listed.message, listed.message.parts(3)[0]["options"][0]["value"])
    assert opened.ephemeral

    other = stage.person("Bea", locale)
    listed = await other.slash(stage.general, "terms", category="safety")
    wanted = sum(t.category == "safety" for t in stage.answering.glossary)
    assert listed.embeds[0]["title"].endswith(f"({wanted})")
    answer = await other.slash(stage.general, "terms", category="no such thing", checked=False)
    assert answer.ephemeral
    assert {EN: "There is no category", ZH: "没有“no such thing”", TW: "沒有“no such thing”"}[language] in answer.text


@pytest.mark.parametrize(("locale", "language"), LOCALES)
async def test_buttons_of_an_answer(stage: Stage, locale: str, language: Language) -> None:
    asker, reader = stage.person("Ada", locale), stage.person("Bea", "en-US" if language != EN else "zh-TW")
    answer = await asker.slash(stage.general, "define", term="rlhf")
    # Anybody may press; what comes is for that person only.
    other = await reader.click(answer.message, "aiterms:lang:.*")
    stage.shows(other.message, "rlhf", TW if language == EN else EN, ephemeral=True)
    assert other.message.seen_by is reader
    related = answer.message.parts(3)[0]["options"][0]
    opened = await reader.choose(answer.message, related["value"])
    stage.shows(opened.message, related["value"], language, ephemeral=True)
    whole = await reader.click(answer.message, "aiterms:more:.*")
    known = stage.answering.glossary.terms["rlhf"]
    detail = known.detail if language == EN else traditional(known.detail_zh) if language == TW else known.detail_zh
    assert detail in whole.embeds[0]["description"]
    # The form shows what it stores, takes the report, and shows what was stored.
    form = await asker.click(answer.message, "aiterms:wrong:.*")
    assert {EN: "your id", ZH: "你的 ID", TW: "你的 ID"}[language] in json.dumps(form.modal, ensure_ascii=False)
    thanks = await asker.submit(form, {"text": "It was **2017**, not 2022 @everyone"})
    assert thanks.ephemeral
    assert "2017" in thanks.text
    assert "@everyone" not in thanks.text
    [stored] = await stage.store.reports()
    assert (stored.term_id, stored.user, stored.server) == ("rlhf", asker.id, stage.guild.id)
    assert stored.text == "It was **2017**, not 2022 @everyone"


@pytest.mark.parametrize(("locale", "language"), LOCALES)
async def test_the_menu_explains_every_term_of_a_message(stage: Stage, locale: str, language: Language) -> None:
    person, author = stage.person("Ada", locale), stage.person("Bea", "en-US")
    said = author.say(stage.general, "we run vLLM with a LoRA and an int8 KV cache").message
    answer = await person.menu("Explain AI terms", said)
    stage.offers(answer.message, "vllm", "lora", "int8", "kv-cache")
    assert both_names(stage.answering.glossary.terms["lora"], language) in answer.text
    nothing = await person.menu("Explain AI terms", author.say(stage.general, "see you at lunch").message)
    assert nothing.ephemeral
    assert {EN: "no AI term", ZH: "没有我知道", TW: "沒有我知道"}[language] in nothing.text
    picture = await person.menu("Explain AI terms", author.say(stage.general, "🎉").message)
    assert picture.ephemeral


@pytest.mark.parametrize(("locale", "language"), LOCALES)
@pytest.mark.parametrize("count", [6, 25, 60])
async def test_the_menu_leaves_no_term_of_a_message_out(
    stage: Stage, locale: str, language: Language, count: int
) -> None:
    person, author = stage.person("Ada", locale), stage.person("Bea", "en-US")
    # The longest name of each, which no other term shares.
    terms = [t for t in stage.answering.glossary if stage.answering.terms_in(f"We use {t.name}.") == (t,)][:count]
    said = author.say(stage.general, "We compared these:\n" + "\n".join(t.name for t in terms)).message
    answer = await person.menu("Explain AI terms", said)
    assert answer.ephemeral
    assert answer.embeds[0]["title"].endswith(f"({count})")
    selects = answer.message.parts(3)
    assert [o["value"] for s in selects for o in s["options"]] == [t.id for t in terms]
    assert all(both_names(t, language) in answer.text for t in terms)
    shown = await person.choose(answer.message, terms[-1].id, custom_id=selects[-1]["custom_id"])
    stage.shows(shown.message, terms[-1].id, language, ephemeral=True)


async def test_more_terms_than_a_message_can_offer_are_counted(stage: Stage) -> None:
    names = ", ".join(t.name for t in stage.answering.glossary)[:4000]
    said = stage.person("Bea", "en-US").say(stage.general, names).message
    answer = await stage.person("Ada", "en-US").menu("Explain AI terms", said)
    count = len(stage.answering.terms_in(names))
    assert count > 125
    assert [len(s["options"]) for s in answer.message.parts(3)] == [25] * 5
    assert answer.embeds[0]["title"].endswith(f"({count})")
    assert answer.text.endswith(f"… and {count - 125} more.")


async def test_the_menu_reads_embeds_text_displays_and_forwards_too(stage: Stage) -> None:
    person, author = stage.person("Ada", "en-US"), stage.person("Bea", "en-US")
    robot = stage.person("robot", "en-US", bot=True)
    embed = {"type": "rich", "title": "On LoRA", "description": "It needs less than DPO does"}
    linked = robot.say(stage.general, embeds=[{**embed, "fields": [{"name": "See", "value": "vLLM", "inline": True}]}])
    stage.offers((await person.menu("Explain AI terms", linked.message)).message, "lora", "dpo", "vllm")
    display = {"type": 17, "id": 1, "components": [{"type": 10, "id": 2, "content": "We serve it with vLLM"}]}
    shown = robot.say(stage.general, components=[{**display, "accent_color": None, "spoiler": False}])
    stage.offers((await person.menu("Explain AI terms", shown.message)).message, "vllm")
    for origin in (author.say(stage.general, "LoRA on top of RLHF").message, linked.message, shown.message):
        forwarded = author.say(stage.qa, forwarded=origin).message
        answer = await person.menu("Explain AI terms", forwarded)
        assert answer.message.parts(2), origin
        person = stage.person("Cleo", "en-US")


async def test_mentions_are_answered_in_the_language_of_the_question(stage: Stage) -> None:
    person = stage.person("Ada", "en-US")
    questions: list[tuple[str, str, Language]] = [
        ("what is a KV cache?", "kv-cache", EN),
        ("什么是思维链", "chain-of-thought", ZH),
        ("什麼是思維鏈？", "chain-of-thought", TW),
    ]
    for question, term, language in questions:
        said = person.say(stage.general, f"{stage.mention} {question}")
        reply = await said.reply()
        stage.shows(reply, term, language)
        assert reply.reply_to == said.message.id
    unknown = await person.say(stage.general, f"{stage.mention} what is a kumquat").reply()
    assert "I don't know this one" in unknown.text


async def test_direct_messages_are_questions(stage: Stage) -> None:
    questions: list[tuple[str, str, Language]] = [
        ("rag", "rag", EN),
        ("RAG 是什么", "rag", ZH),
        ("向量資料庫是什麼", "vector-database", TW),
        ("lorra", "lora", EN),
    ]
    for number, (question, term, language) in enumerate(questions):
        person = stage.person(f"P{number}", "en-US")
        stage.shows(await person.say(person.dm, question).reply(), term, language)
        answer = await person.slash(person.dm, "define", term="RLHF")
        stage.shows(answer.message, "rlhf", EN)


async def test_a_qa_channel(stage: Stage) -> None:
    asker, reader = stage.person("Ada", "en-US"), stage.person("Bea", "en-US")
    moderator = stage.person("Mo", "zh-CN", permissions=1 << 13)
    said = asker.say(stage.qa, "what does RAG mean?")
    reply = await said.reply()
    stage.shows(reply, "rag", EN)
    assert reply.reply_to == said.message.id
    # Chatter, and questions that are not sure, stay unanswered.
    for chatter in ("lunch?", "the model is slow today", "推理", "thanks!", "what is love"):
        assert await reader.say(stage.qa, chatter).unanswered(0.15), chatter
    # The same again within ten minutes is not explained again, though asked otherwise and in Chinese.
    assert await reader.say(stage.qa, "RAG 是什么").unanswered(0.15)
    # Somebody else may not remove the answer; the asker and moderators may.
    refused = await reader.click(reply, "aiterms:remove:.*")
    assert refused.ephemeral
    assert not reply.deleted
    # Both at once: for the second it is gone already, and nothing more is said.
    both = asker.click(reply, "aiterms:remove:.*"), moderator.click(reply, "aiterms:remove:.*")
    await stage.server.idle()
    assert reply.deleted
    assert [(e.deferred, e.followups) for e in both] == [(True, [])] * 2
    second = await reader.say(stage.qa, "什么是思维链？").reply()
    stage.shows(second, "chain-of-thought", ZH)
    await moderator.click(second, "aiterms:remove:.*")
    await stage.server.idle()
    assert second.deleted
    # In another channel nothing is said unasked.
    assert await asker.say(stage.general, "what does RAG mean?").unanswered()


async def test_forum_posts_and_threads_of_a_qa_channel(stage: Stage) -> None:
    asker = stage.person("Ada", "en-US")
    _, said = asker.post(stage.forum, "What is LoRA?", "I saw it in a video yesterday and got lost")
    stage.shows(await said.reply(), "lora", EN)
    thread, said = asker.post(stage.forum, "请教一个问题", "RLHF 是什么意思？")
    stage.shows(await said.reply(), "rlhf", ZH)
    _, said = asker.post(stage.forum, "Introduce yourself", "Hi, I am Ada, I like models and agents")
    assert await said.unanswered()
    stage.shows(await asker.say(thread, "what does DPO stand for?").reply(), "dpo", EN)
    inside = asker.open_thread(stage.qa, "side talk")
    other = stage.person("Bea", "en-US")
    stage.shows(await other.say(inside, "what is quantization?").reply(), "quantization", EN)


@pytest.mark.parametrize(("locale", "language"), LOCALES)
async def test_a_persons_own_install(stage: Stage, locale: str, language: Language) -> None:
    elsewhere = stage.server.add_guild("Elsewhere", installed=False)
    place = stage.server.add_channel(elsewhere)
    person = stage.server.add_user("Uma", elsewhere, locale=locale, installed=True)
    friend = stage.server.add_user("Finn", elsewhere, locale=locale)
    answer = await person.slash(place, "define", term="RLHF")
    stage.shows(answer.message, "rlhf", language)
    assert (await person.autocomplete(place, "define", term="rlh")).choices
    said = friend.say(place, "do you use LoRA?").message
    stage.offers((await person.menu("Explain AI terms", said)).message, "lora")
    between = stage.server.world.private_channel(person, friend)
    answer = await person.slash(between, "define", term="RLHF")
    stage.shows(answer.message, "rlhf", language)
    group = stage.server.world.private_channel(person, friend, stage.person("Gus", "en-US"))
    answer = await person.slash(group, "compare", first="lora", second="qlora")
    assert len(answer.embeds) == 2
    # Where the person may not use external apps, Discord hides the answer; nothing fails.
    elsewhere.people.permissions &= ~(1 << 50)
    answer: Exchange = await person.slash(place, "terms")
    assert answer.ephemeral


async def test_the_description_is_at_hand() -> None:
    if not os.environ.get("DISCORD_OPENAPI"):
        pytest.skip("DISCORD_OPENAPI is not set: requests are checked by the stand-in's own rules only")
    assert DiscordServer().description is not None
