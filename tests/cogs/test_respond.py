"""The first response: once, in time, and nothing asked back."""

import asyncio
import gc
from typing import Any

import discord
import pytest

from bot.cogs import _host, _respond
from bot.cogs._host import Interaction
from tests.cogs.conftest import Lab
from tests.discord_server.rest import Call

pytestmark = pytest.mark.asyncio

CALLBACK = "POST /interactions/*/*/callback"


async def _does(lab: Lab, monkeypatch: pytest.MonkeyPatch, act: Any) -> Any:
    """Let a button of an older version do `act`, and return what came of it."""
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    monkeypatch.setattr(lab.bot, "_tell_old", act)
    return lab.asker.press_old(answer.message, "aiterms:older")


async def test_what_follows_the_first_response_is_a_follow_up(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell_twice(interaction: Interaction) -> None:
        await lab.bot.tell(interaction, "old-button")
        assert interaction.response.is_done()
        await lab.bot.tell(interaction, "not-yours")

    exchange = await _does(lab, monkeypatch, tell_twice)
    second = await exchange.followup()
    assert exchange.ephemeral
    assert second.ephemeral
    assert second.content != exchange.content
    assert exchange.refused == []


async def test_an_error_behind_the_first_response_is_told_too(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell_and_fail(interaction: Interaction) -> None:
        await lab.bot.tell(interaction, "old-button")
        raise RuntimeError

    exchange = await _does(lab, monkeypatch, tell_and_fail)
    assert "reference" in (await exchange.followup()).content
    assert lab.bot.metrics.failures == {"RuntimeError": 1}


async def test_the_message_is_not_asked_back_and_pings_nobody(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []
    read = Call.__init__

    def spied(call: Call, *arguments: Any, **options: Any) -> None:
        read(call, *arguments, **options)
        if call.route.endswith("/callback"):
            asked.append(call.query)

    monkeypatch.setattr(Call, "__init__", spied)
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    assert asked == [{}]
    assert answer.response is not None
    assert answer.response["data"]["allowed_mentions"]["parse"] == []
    compared = await lab.asker.slash(lab.channel, "compare", first="rlhf", second="dpo")
    assert len(compared.embeds) == 2


async def test_the_same_answer_is_public_or_private_as_asked(lab: Lab) -> None:
    seen = [await lab.asker.slash(lab.channel, "define", term="rlhf", private=p) for p in (False, True, False)]
    assert [s.ephemeral for s in seen] == [False, True, False]
    assert seen[0].embeds == seen[1].embeds == seen[2].embeds
    assert seen[0].components == seen[1].components


async def test_what_a_command_held_is_free_when_it_ends(lab: Lab) -> None:
    gc.collect()
    gc.disable()
    try:
        await lab.asker.slash(lab.channel, "define", term="rlhf")
        await lab.asker.autocomplete(lab.channel, "define", "term", term="rl")
        await lab.server.idle(0.1)
        assert [o for o in gc.get_objects() if isinstance(o, discord.Interaction)] == []
    finally:
        gc.enable()


async def test_what_was_answered_by_somebody_else_is_no_success_of_ours(lab: Lab) -> None:
    lab.server.faults.already_acknowledged()
    lab.asker.slash(lab.channel, "define", term="rlhf")
    await lab.server.idle(0.3)
    assert lab.bot.metrics.value("first_response_seconds_count", kind="interaction") == 0


@pytest.mark.parametrize("after", [False, True])
async def test_pages_forms_and_pictures_survive_a_broken_connection_too(
    lab: Lab, logged: pytest.LogCaptureFixture, after: bool
) -> None:
    listed = await lab.asker.slash(lab.channel, "terms")
    shown = await lab.asker.slash(lab.channel, "define", term="rlhf")
    first = listed.embeds
    lab.server.faults.reset(CALLBACK, after=after)
    turned = await lab.asker.click(listed.message, label="▶")
    assert turned.embeds != first
    # The second try of the one before must not meet the fault of the next.
    await lab.server.idle(0.2)
    lab.server.faults.reset(CALLBACK, after=after)
    form = await lab.asker.click(shown.message, "aiterms:wrong:.*")
    assert form.modal
    await lab.server.idle(0.2)
    lab.server.faults.reset(CALLBACK, after=after)
    size = await lab.asker.slash(lab.channel, "modelsize", size="7B")
    assert "7B" in (await size.shown(20)).text
    await lab.server.idle(0.3)
    assert "went wrong" not in size.text
    assert lab.bot.metrics.failures == {}
    assert "ERROR" not in logged.text


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_passing_failure_delays_the_answer(lab: Lab, status: int) -> None:
    fault = lab.server.faults.server_error(CALLBACK, status, times=2)
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    assert fault.hits == 2
    assert answer.embeds
    await lab.server.idle(0.1)
    assert lab.bot.metrics.value("first_response_seconds_count", kind="interaction") == 1


async def test_a_short_limit_delays_the_answer(lab: Lab) -> None:
    lab.server.faults.rate_limit(CALLBACK, 0.3)
    assert (await lab.asker.slash(lab.channel, "define", term="rlhf")).embeds


async def test_a_limit_beyond_the_time_is_not_waited_for(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    fault = lab.server.faults.rate_limit(CALLBACK, 30.0)
    answer = lab.asker.slash(lab.channel, "define", term="rlhf")
    async with asyncio.timeout(_respond.FIRST_RESPONSE):
        while not lab.bot.metrics.value("late_total"):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    assert fault.hits == 1
    assert answer.type is None
    assert "an interaction was not answered in time" in logged.text


async def test_a_ban_of_the_address_is_not_asked_again(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    lab.server.faults.cloudflare_ban()
    before = lab.server.rest.requests
    answer = lab.asker.slash(lab.channel, "define", term="rlhf")
    await lab.server.idle(0.3)
    assert answer.type is None
    assert lab.server.rest.requests == before + 1
    assert "HTTP 429" in logged.text


async def test_a_follow_up_that_hangs_ends_in_words_and_not_in_thinking(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_host, "_LATER", 0.3)
    lab.server.faults.hang("POST /webhooks/*/*", times=1)

    async def think_and_answer(interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await lab.bot.tell(interaction, "not-yours")

    exchange = await _does(lab, monkeypatch, think_and_answer)
    said = await exchange.shown()
    assert "reference" in said.content
    assert lab.bot.metrics.failures == {"TimeoutError": 1}
    assert lab.bot.metrics.value("late_total") == 0
