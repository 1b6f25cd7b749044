"""Replies as messages: within Discord's limits for every term in every language, and cut where it can be read."""

from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.answering import Answering, Context
from bot.cogs._reply import (
    Message,
    cut_at_sentence,
    literal,
    message_for,
    side_by_side,
    suggestions,
    term_message,
)
from bot.cogs.terms import ALL, page_message
from bot.core.decide import Mode
from bot.core.glossary import Glossary, Source, Term
from bot.core.languages import LANGUAGES, Language
from tests.discord_server import rules


def payload(message: Message) -> dict[str, Any]:
    view = message.view()
    return {
        "content": message.content,
        "embeds": [e.to_dict() for e in message.embeds],
        "components": view.to_components() if view else [],
        "flags": 0,
    }


def problems(message: Message) -> list[str]:
    return [str(p) for p in rules.message_problems(payload(message), [])]


pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_term_fits_into_a_message(answering: Answering, language: Language) -> None:
    for term in answering.glossary:
        for whole in (False, True):
            message = term_message(term, answering, language, asker=10**18, whole=whole)
            assert problems(message) == [], term.id
            assert message.embeds[0].description
            assert not whole or "cut" not in str(message.view()), term.id


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_of_the_list_fits_and_together_they_hold_all_terms(
    answering: Answering, language: Language
) -> None:
    for category in (ALL, *answering.glossary.categories):
        wanted = {t.id for t in answering.glossary if category in (ALL, t.category)}
        shown: list[str] = []
        page = 1
        while True:
            message = page_message(answering, category, page, language)
            assert problems(message) == []
            components = payload(message)["components"]
            select = next(c for row in components for c in row["components"] if c["type"] == 3)
            shown += [o["value"] for o in select["options"]]
            if not any(c.get("label") == "▶" for row in components for c in row["components"]):
                break
            page += 1
        assert len(shown) == len(set(shown))
        assert set(shown) == wanted


async def test_a_page_beyond_the_end_or_of_a_category_that_is_gone_shows_what_there_is(answering: Answering) -> None:
    assert payload(page_message(answering, ALL, 999, "en"))["embeds"][0]["footer"]["text"].startswith("page 1")
    assert "AI terms (" in payload(page_message(answering, "gone", 1, "en"))["embeds"][0]["title"]


async def test_comparisons_of_the_longest_terms_fit(answering: Answering) -> None:
    longest = sorted(answering.glossary, key=lambda t: -len(t.detail + t.detail_zh))[:6]
    for first in longest:
        for second in longest:
            reply = answering.compare(first.id, second.id, "en")
            assert problems(message_for(reply, answering, asker=10**18)) == []


async def test_suggestions_fit(answering: Answering) -> None:
    assert problems(suggestions(list(answering.glossary)[:5], "Which?", "zh-TW")) == []


HOSTILE = "@everyone <@&123> <@1> [click](https://evil.example) **bold** `code` # head https://evil.example"


async def test_a_servers_own_text_is_shown_literally() -> None:
    own = Term(id="own", name="Own " + HOSTILE[:60], short=HOSTILE, category="")
    answering = Answering(Glossary({"own": own}, {}))
    message = term_message(own, answering, "en")
    shown = payload(message)["embeds"][0]
    assert "url" not in shown
    for part in (shown["title"], shown["description"]):
        assert "@everyone" not in part
        assert "[click](" not in part.replace("\\[", "")
        assert "https://" not in part
    assert problems(message) == []


@pytest.mark.parametrize("before", ["", "点击", "_", "1", "x", "见：", "\\", "("])
@pytest.mark.parametrize("scheme", ["https", "HTTP", "steam"])
async def test_no_address_in_a_servers_own_text_can_be_followed(before: str, scheme: str) -> None:
    assert f"{scheme}://" not in literal(f"{before}{scheme}://evil.example 领取")


@pytest.mark.parametrize("link", ["<mail@evil.example>", "<+4912345678>", "<https://evil.example>", "<t:1>", "<@1>"])
async def test_nothing_between_angle_brackets_becomes_a_link_or_a_mention(link: str) -> None:
    assert literal(f"a{link}").startswith("a\\<")


async def test_two_sizes_side_by_side_stay_within_what_a_message_holds(answering: Answering) -> None:
    pair = [answering.reply(size, Context()) for size in ("7B", "70B")]
    long = [replace(r, size=replace(r.size, words="A sentence of words. " * 190)) for r in pair if r.size]
    assert problems(side_by_side(long, answering)) == []
    message = side_by_side(pair, answering)
    assert [e.description for e in message.embeds] == [r.size.words for r in pair if r.size]


async def test_a_source_that_is_no_address_keeps_no_term_from_being_shown() -> None:
    """Versions before this one stored such addresses."""
    bad = Source(title="Click", url="javascript:alert(1)", kind="docs")
    own = Term(id="own", name="Own", short="A thing.", sources=(bad,))
    answering = Answering(Glossary({"own": own}, {}), own_links=True)
    message = term_message(own, answering, "en")
    assert "url" not in payload(message)["embeds"][0]
    assert problems(message) == []


async def test_a_servers_own_name_is_shown_literally_wherever_it_is_listed(answering: Answering) -> None:
    own = Term(id="own", name="[zorblax flux](https://evil.example)", short="A thing.", category="")
    laid = answering.with_own([own])
    listed = page_message(laid, ALL, 1, "en")
    unknown = message_for(laid.reply("zorblaks evil", Context(Mode.ASKED)), laid)
    for message in (listed, unknown, suggestions([own], "Which?", "en")):
        text = "".join(e["description"] for e in payload(message)["embeds"]) + (message.content or "")
        assert "zorblax" in text
        assert "https://evil" not in text
        assert "[zorblax" not in text.replace("\\[", "")


async def test_without_embeds_the_same_is_said_in_text(answering: Answering) -> None:
    for term in list(answering.glossary)[:40]:
        message = term_message(term, answering, "en").as_text()
        assert problems(message) == []
        assert message.content
        assert term.name in message.content
        assert term.short[:40] in message.content


async def test_nothing_known_offers_what_is_nearest(answering: Answering) -> None:
    reply = answering.reply("quantiztaion awareness trainig of things", Context(Mode.ASKED))
    message = message_for(reply, answering)
    assert message.private


TEXTS = st.text(st.sampled_from(list("ab. 。\n`*!?é中")), max_size=120)


@given(TEXTS, st.integers(5, 60))
@example("`" * 3 + "a" * 100, 20)
@example("**" + "a" * 100, 20)
@example("a" * 100, 20)
@example("First sentence. **Second one. Third**", 30)
async def test_a_cut_text_is_short_begins_like_the_whole_and_leaves_nothing_open(whole: str, most: int) -> None:
    cut = cut_at_sentence(whole, most)
    assert len(cut) <= most
    if len(whole) <= most:
        assert cut == whole
        return
    plain = str.maketrans("", "", "`*")
    assert whole.translate(plain).startswith(cut.translate(plain))
    assert not any(cut.count(mark) % 2 for mark in ("```", "**"))


async def test_a_text_is_cut_behind_a_sentence() -> None:
    assert cut_at_sentence("One two three. Four five six. Seven", 31) == "One two three. Four five six."
    assert cut_at_sentence("第一句话很长。第二句话。第三句", 13) == "第一句话很长。第二句话。"


async def test_views_hold_only_what_outlives_a_restart(answering: Answering) -> None:
    for term in list(answering.glossary)[:20]:
        view = term_message(term, answering, "en", asker=1).view()
        assert view is not None
        assert all(isinstance(i, discord.ui.DynamicItem) for i in view.children)


async def test_a_kept_message_is_the_same_and_a_new_snapshot_has_its_own(answering: Answering) -> None:
    term = answering.glossary.terms["rlhf"]
    first = term_message(term, answering, "en")
    assert term_message(term, answering, "en") is first
    assert not first.private
    private = term_message(term, answering, "en", private=True)
    assert private.private
    assert payload(private)["embeds"] == payload(first)["embeds"]
    newer = term.model_copy(update={"short": "Another text."})
    renewed = Answering(Glossary({"rlhf": newer}, answering.glossary.categories))
    assert "Another text." in payload(term_message(newer, renewed, "en"))["embeds"][0]["description"]
    # A term of a server's own that has the id of a built-in one.
    assert "Another text." in payload(term_message(newer, answering, "en"))["embeds"][0]["description"]
    assert term_message(term, answering, "en") is first
