"""Odd input to commands and buttons: what the user sees."""

import asyncio

import pytest

from bot.servers import PATIENCE
from bot.store.records import ServerSettings
from tests.cogs.conftest import Lab

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("r" * 6000, "too long"),
        ("什么是" + "模" * 5997, "太长"),
        ("🎉🎉", "Ask me about an AI term"),
        ("\u200b\u202e", "Ask me about an AI term"),
        ("?" * 300, "Ask me about an AI term"),
        ("@everyone <@&1> [x](https://evil.example)", "I don't know this one"),
    ],
)
async def test_what_no_term_can_be_is_told_to_the_asker_alone(lab: Lab, term: str, said: str) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term=term, checked=False)
    assert answer.ephemeral
    assert said in answer.text
    assert "evil" not in answer.text
    assert not answer.message.pings


@pytest.mark.parametrize(
    "term", ["R\u200bL\u200bH\u202eF", "ＲＬＨＦ", "r̷l̷h̷f̷", "  rlhf  ", "**RLHF**", "`rlhf`?", "rlhf @everyone"]
)
async def test_disguised_terms_are_found(lab: Lab, term: str) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term=term)
    assert "RLHF" in answer.embeds[0]["title"]
    assert not answer.message.pings


async def test_a_language_that_is_none_of_the_choices(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf", language="zh-HK", checked=False)
    assert answer.embeds[0]["title"].startswith("基於人類")
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf", language="tlh", checked=False)
    assert answer.embeds[0]["title"].startswith("RLHF")


@pytest.mark.parametrize("locale", ["ja", "fr", "pt-BR"])
async def test_people_whose_language_is_none_of_ours_get_that_of_the_server(lab: Lab, locale: str) -> None:
    store = lab.bot.servers.store
    await store.change_settings(lab.guild.id, ServerSettings(language="zh"), by=1, request=1)
    person = lab.server.add_user("Yuki", lab.guild, locale=locale)
    # The first that is asked of a server must wait for what it has set.
    assert "我用中英文解释" in (await person.slash(lab.channel, "about")).text
    assert (await person.slash(lab.channel, "define", term="RLHF")).embeds[0]["title"].startswith("基于")
    assert (await person.slash(lab.channel, "define", term="what is RLHF")).embeds[0]["title"].startswith("RLHF")
    [found] = (await person.autocomplete(lab.channel, "terms", category="fundamentals")).choices
    assert found["name"] == "基础概念"
    # Who reads English gets English there; in another server the configured language holds.
    assert (await lab.asker.slash(lab.channel, "define", term="RLHF")).embeds[0]["title"].startswith("RLHF")
    elsewhere = lab.server.add_guild("Elsewhere")
    other = lab.server.add_user("Emi", elsewhere, locale=locale)
    answer = await other.slash(lab.server.add_channel(elsewhere), "define", term="RLHF")
    assert answer.embeds[0]["title"].startswith("RLHF")
    lab.bot.language = "zh-TW"
    answer = await other.slash(lab.server.add_channel(elsewhere), "define", term="RLHF")
    assert answer.embeds[0]["title"].startswith("基於")


async def test_comparing_a_term_with_itself_shows_it(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "compare", first="lora", second="LoRA")
    assert len(answer.embeds) == 1


async def test_comparing_with_something_unknown_or_shared_asks_back(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "compare", first="lora", second="kumquat")
    assert answer.ephemeral
    assert "I don't know" in answer.text
    answer = await lab.asker.slash(lab.channel, "compare", first="推理", second="lora")
    assert answer.ephemeral
    assert len(answer.message.parts(2)) >= 2


async def test_comparing_sizes_shows_both(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "compare", first="7B", second="8x7B")
    assert [e["title"].split(" ")[0] for e in answer.embeds] == ["7B", "Mixtral"]
    assert not answer.ephemeral
    answer = await lab.asker.slash(lab.channel, "compare", first="KV cache", second="70B")
    assert ["KV cache" in answer.embeds[0]["title"], "70B" in answer.embeds[1]["title"]] == [True, True]
    assert (await lab.asker.click(answer.message, "aiterms:pick:kv-cache:.*")).embeds
    answer = await lab.asker.slash(lab.channel, "compare", first="70B", second="70b")
    assert len(answer.embeds) == 1


@pytest.mark.parametrize(("locale", "told"), [("en-US", "one term on each side"), ("zh-TW", "兩邊請各填一個術語")])
async def test_comparing_comparisons_is_told_how(lab: Lab, locale: str, told: str) -> None:
    person = lab.server.add_user("Bea", lab.guild, locale=locale)
    answer = await person.slash(lab.channel, "compare", first="LoRA vs QLoRA", second="DPO")
    assert answer.ephemeral
    assert told in answer.text


async def test_five_questions_in_twenty_seconds_then_a_wait(lab: Lab) -> None:
    for _ in range(5):
        await lab.asker.slash(lab.channel, "define", term="rlhf")
    sixth = await lab.asker.slash(lab.channel, "define", term="rlhf")
    assert sixth.ephemeral
    assert "Too many questions at once. Try again in" in sixth.text
    other = lab.server.add_user("Bea", lab.guild, locale="zh-TW")
    for _ in range(5):
        await other.slash(lab.channel, "define", term="rlhf")
    assert "提問太頻繁" in (await other.slash(lab.channel, "define", term="rlhf")).text
    # Completing a term is not asking.
    assert (await lab.asker.autocomplete(lab.channel, "define", term="rl")).choices


async def test_a_report_of_many_lines_is_stored_once_and_thanked_for(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    form = await lab.asker.click(answer.message, "aiterms:wrong:.*")
    said = await lab.asker.submit(form, {"text": "a\n" * 500})
    assert said.text.count("> a") > 100
    assert "reference" not in said.text
    assert said.refused == []
    assert len(await lab.bot.servers.store.reports()) == 1


async def test_a_report_is_taken_however_much_its_author_has_asked(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    form = await lab.asker.click(answer.message, "aiterms:wrong:.*")
    for _ in range(4):
        await lab.asker.slash(lab.channel, "define", term="rlhf")
    said = await lab.asker.submit(form, {"text": "It was 2017."})
    assert "recorded" in said.text
    assert len(await lab.bot.servers.store.reports()) == 1


async def test_all_pages_of_the_terms_can_be_turned_one_after_the_other(lab: Lab) -> None:
    listed = await lab.asker.slash(lab.channel, "terms")
    seen = {listed.embeds[0]["footer"]["text"]}
    while [b for b in listed.message.parts(2) if b["label"] == "▶"]:
        turned = await lab.asker.click(listed.message, label="▶")
        assert turned.message is listed.message
        seen.add(turned.embeds[0]["footer"]["text"])
    assert len(seen) > 10


async def test_people_whose_language_is_none_of_ours_get_that_of_a_chinese_server(lab: Lab) -> None:
    guild = lab.server.add_guild("台灣", locale="zh-TW")
    channel = lab.server.add_channel(guild)
    reader = lab.server.add_user("Yuki", guild, locale="ja")
    boss = lab.server.add_user("Boss", guild, locale="ja", permissions=1 << 5)
    by_command = await reader.slash(channel, "define", term="RLHF")
    by_mention = await reader.say(channel, f"{lab.mention} RLHF").reply()
    assert by_command.embeds == by_mention.embeds
    assert by_command.embeds[0]["title"].startswith("基於")
    panel = boss.slash(channel, "settings")
    assert "繁體中文" in (await panel.shown()).text


async def test_the_storage_is_waited_for_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(_: int) -> ServerSettings:
        await asyncio.sleep(30)
        return ServerSettings()

    monkeypatch.setattr(lab.bot.servers.store, "settings", slow)
    reader = lab.server.add_user("Yuki", lab.guild, locale="ja")
    answer = await reader.slash(lab.channel, "define", term="RLHF")
    assert answer.embeds
    assert answer.latency
    assert answer.latency < 2 * PATIENCE


async def test_a_report_without_text_stores_nothing(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    form = await lab.asker.click(answer.message, "aiterms:wrong:.*")
    said = await lab.asker.submit(form, {"text": "  \n "}, checked=False)
    assert "nothing was recorded" in said.text
    assert await lab.bot.servers.store.reports() == []


async def test_a_report_that_cannot_be_stored_says_so(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    (lab.data / "aiterms.db").mkdir()
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    form = await lab.asker.click(answer.message, "aiterms:wrong:.*")
    said = await lab.asker.submit(form, {"text": "my secret remark"})
    assert "Not saved, nothing changed" in said.text
    assert "a write failed" in logged.text
    assert "secret remark" not in logged.text


@pytest.mark.parametrize("typed", ["😀", "\u200b", "a" * 6000, "@everyone", "\\", "(.*"])
async def test_odd_typing_is_completed_or_not_but_never_fails(lab: Lab, typed: str) -> None:
    found = await lab.asker.autocomplete(lab.channel, "define", term=typed)
    assert len(found.choices) <= 25
