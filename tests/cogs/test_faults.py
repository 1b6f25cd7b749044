"""What goes wrong, and what the user and the operator see of it: one test a row of the list of faults.

    closed with 4000-4003, 4005, 4008, 1000, 1001    test_a_lost_session_is_resumed
    4007, 4009; op 9 false                           test_an_invalid_session_is_begun_anew
    4004; 4010-4013; 4014 once more                  test_a_refusal_for_good_ends_with_words
    4014                                             test_a_refused_intent_names_the_switch_and_the_bot_goes_on_without
    op 7; op 9 true                                  test_asked_to_reconnect
    no ACK and silence, half open                    test_a_half_open_connection_is_noticed; tests/cogs/test_watching.py:
                                                     test_a_half_open_connection_is_red_before_the_library_gives_up
    no ACK, events flow                              test_missing_acknowledgements_alone_are_nothing
    network away                                     test_the_network_goes_away
    malformed known event                            test_a_malformed_event_ends_nothing, test_garbage_begins_a_new_session
    few identifies left                              test_the_last_identifies_are_spared; tests/cogs/test_watching.py:
                                                     test_the_last_identifies_are_spared_by_a_running_bot_too
    REST 429                                         test_a_limited_reply_comes_late_and_once
    429 global                                       test_interactions_go_on_while_all_other_calls_wait
    429 without Via                                  test_a_ban_of_the_address_stops_sending; tests/cogs/test_watching.py:
                                                     test_a_ban_stops_interactions_too_without_an_error_for_each
    429, 3,600 s                                     test_a_reply_limited_for_an_hour_is_dropped
    500, 502, 504                                    test_a_reply_whose_confirmation_was_lost_is_not_doubled
    503 on a message                                 test_a_message_is_tried_once_more
    5xx on a callback                                test_a_failing_callback_is_given_up_in_time
    REST hangs                                       test_a_hanging_callback_holds_nobody_up, test_a_hanging_message_...,
                                                     test_discord_is_away_at_the_start
    403                                              test_a_channel_that_refuses_is_left_alone, test_a_closed_dm
    10062; 40060                                     test_an_interaction_that_is_gone_gets_no_second_answer
    duplicate INTERACTION_CREATE                     test_interactions_delivered_twice
    duplicate MESSAGE_CREATE                         test_messages_delivered_twice
    unknown command                                  test_an_unknown_command
    old or unknown button                            test_unknown_components
    loop blocked                                     tests/cogs/test_watching.py: test_nothing_that_people_send_holds_the_loop
    slow database; locked; disk full                 tests/cogs/test_storage_faults.py: test_nothing_is_saved_and_that_is_said;
                                                     tests/store/test_faults.py
    bad knowledge file at reload                     tests/cogs/test_reload.py, tests/ops/test_reload.py
    SIGTERM in an answer                             tests/test_run.py: test_an_answer_in_flight_is_finished_before_the_end
    kill -9 in a write                               tests/store/test_killing.py
    clock one hour off                               test_the_clock_jumps; tests/ops/test_starts.py
    attachment too large                             tests/cogs/test_tokens.py: test_a_size_is_judged_before_anything_is_fetched
    binary or wrong encoding                         tests/cogs/test_tokens.py: test_files_are_judged_by_what_they_hold
    "a" a million times to the tokenizer             tests/cogs/test_tokens.py: test_what_cannot_be_counted_is_told_to_the_asker_alone,
                                                     test_thirty_bad_ones_at_once_from_ten_people_do_not_keep_others_waiting
    zero-width, RTL, zalgo; 6,000 characters;
    @everyone and links in a term                    tests/cogs/test_define.py, test_reply.py
    bot, webhook or self speaks                      tests/cogs/test_channels.py

That is all 42 rows. What some of them say of AutoShardedBot does not apply: a process here holds one shard.
"""

import asyncio
import os
import re
import signal
import time
from pathlib import Path

import pytest
from yarl import URL

from bot import app
from bot.answering import Answering
from bot.client import make_client
from bot.cogs import _sending
from bot.core.errors import ConfigurationError, IntentRefusedError
from tests.cogs.conftest import Lab, in_a_lab, settings_for, unconnected
from tests.discord_server import MALFORMED, DiscordServer, NotAnsweredError

pytestmark = pytest.mark.asyncio

CALLBACK = "POST /interactions/*/*/callback"
REPLY = "POST /channels/*/messages"


async def works(lab: Lab, name: str = "Zoe") -> None:
    """Check that somebody new who asks gets one answer by command and one by mention."""
    person = lab.server.add_user(name, lab.guild)
    assert (await person.slash(lab.channel, "define", term="rlhf")).embeds
    said = person.say(lab.channel, f"{lab.mention} what is LoRA?")
    assert (await said.reply(within=10)).embeds
    await lab.server.idle(0.1)
    assert len(said.replies) == 1


async def resumed(lab: Lab, times: int = 1) -> None:
    gateway = lab.server.gateway
    await gateway.changed.until(lambda: gateway.resumes >= times, 15)


# -- the gateway --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("code", [4000, 4001, 4002, 4003, 4005, 4008, 1000, 1001])
async def test_a_lost_session_is_resumed(lab: Lab, code: int) -> None:
    if code == 4003:
        # Discord forgets the session; the library tries to resume and is told so.
        lab.server.gateway.close(code)
        await lab.server.gateway.changed.until(lambda: lab.server.gateway.identifies == 2, 15)
    else:
        lab.server.gateway.close(code)
        asked = lab.asker.say(lab.channel, f"{lab.mention} what is RAG?")
        await resumed(lab)
        assert (await asked.reply(within=10)).embeds
        await lab.server.idle(0.1)
        assert len(asked.replies) == 1
    await works(lab)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("how", ["4007", "4009", "op 9"])
async def test_an_invalid_session_is_begun_anew(lab: Lab, how: str) -> None:
    gateway = lab.server.gateway
    if how == "op 9":
        gateway.invalidate(resumable=False)
    else:
        gateway.close(int(how))
    await gateway.changed.until(lambda: gateway.identifies == 2, 15)
    await lab.server.ready()
    await works(lab)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4004, "the token was reset"),
        (4010, "4010"),
        (4011, "Raise the shard count"),
        (4012, "4012"),
        (4013, "4013"),
        # Without the one intent that can be refused there is nothing to go on without.
        (4014, "4014"),
    ],
)
async def test_a_refusal_for_good_ends_with_words(
    server: DiscordServer, answering: Answering, tmp_path: Path, code: int, words: str
) -> None:
    server.gateway.close_on_identify.append(code)
    bot = unconnected(server, answering, tmp_path, message_content=False)
    with pytest.raises(ConfigurationError, match=words) as raised:
        await bot.run_until_closed(server.token)
    assert server.token not in str(raised.value)
    assert server.gateway.identifies == 0
    assert "\n" not in str(raised.value)


async def test_a_wrong_token_ends_with_words(server: DiscordServer, answering: Answering, tmp_path: Path) -> None:
    bot = unconnected(server, answering, tmp_path, message_content=False)
    with pytest.raises(ConfigurationError, match="Discord refuses the token") as raised:
        await bot.run_until_closed("not-the-token")
    assert "not-the-token" not in str(raised.value)


async def test_a_refused_intent_is_told_apart(server: DiscordServer, answering: Answering, tmp_path: Path) -> None:
    server.refuse_intents()
    bot = unconnected(server, answering, tmp_path, message_content=True)
    with pytest.raises(IntentRefusedError):
        await bot.run_until_closed(server.token)


async def test_asked_to_reconnect(lab: Lab) -> None:
    lab.server.gateway.reconnect()
    await resumed(lab)
    await works(lab)
    lab.server.gateway.invalidate(resumable=True)
    await resumed(lab, 2)
    await works(lab, "Yan")
    assert lab.server.gateway.identifies == 1


async def test_a_half_open_connection_is_noticed(server: DiscordServer, answering: Answering, tmp_path: Path) -> None:
    server.gateway.heartbeat_interval = 0.2
    # The library waits a minute; its option is not one of ours.
    async with in_a_lab(
        server, answering, tmp_path, prepare=lambda b: setattr(b._connection, "heartbeat_timeout", 0.8)
    ) as lab:
        server.gateway.fall_silent()
        asked = lab.asker.say(lab.channel, f"{lab.mention} what is RAG?")
        await resumed(lab)
        assert (await asked.reply(within=10)).embeds
        server.gateway.heartbeat_interval = 40


async def test_missing_acknowledgements_alone_are_nothing(lab: Lab) -> None:
    lab.server.gateway.acknowledge = False
    await works(lab)
    assert lab.server.gateway.resumes == 0


@pytest.mark.usefixtures("hurried")
async def test_the_network_goes_away(lab: Lab) -> None:
    lab.server.faults.offline = True
    lab.server.gateway.drop()
    asked = lab.asker.say(lab.channel, f"{lab.mention} what is RAG?")
    await asyncio.sleep(0.2)
    assert not asked.replies
    lab.server.faults.offline = False
    await resumed(lab)
    assert (await asked.reply(within=10)).embeds
    await works(lab)


@pytest.mark.parametrize("kind", MALFORMED)
async def test_a_malformed_event_ends_nothing(lab: Lab, logged: pytest.LogCaptureFixture, kind: str) -> None:
    lab.server.gateway.send_malformed(kind, lab.channel, lab.asker)
    await works(lab)
    assert not lab.running.done()
    assert lab.server.gateway.identifies == 1
    assert "Task exception was never retrieved" not in logged.text


async def test_malformed_events_are_counted_and_logged_without_their_content(
    lab: Lab, logged: pytest.LogCaptureFixture
) -> None:
    for kind in ("message without author", "data null", "data a list", "channel of unknown type"):
        lab.server.gateway.send_malformed(kind, lab.channel, lab.asker)
    await works(lab)
    assert (
        sum(lab.bot.metrics.value("malformed_events_total", event=e) for e in ("MESSAGE_CREATE", "CHANNEL_CREATE")) == 3
    )
    assert not lab.bot.metrics.failures
    assert "a malformed MESSAGE_CREATE event was dropped" in logged.text
    assert "hello" not in logged.text


async def test_parsers_are_wrapped_whatever_the_library_adds(lab: Lab) -> None:
    wrapped = {n for n, p in lab.bot._connection.parsers.items() if p.__name__ == "parse_guarded"}
    assert set(lab.bot._connection.parsers) - wrapped == {"READY"}
    assert len(wrapped) > 50


class Running:
    """`aiterms run` in this process, without its command line."""

    def __init__(self, server: DiscordServer, data: Path, **options: object) -> None:
        self.settings = settings_for(server, data, **options)
        self.task = asyncio.create_task(app.serve(self.settings, server.token, make_client))

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        os.kill(os.getpid(), number)
        return await asyncio.wait_for(self.task, 15)


@pytest.fixture
def served(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each start the loading of the knowledge, and the wait for a second try."""
    monkeypatch.setattr(app, "open_answering", lambda _: answering)
    monkeypatch.setattr(app, "FIRST_RETRY", 0.1)


@pytest.mark.usefixtures("served")
async def test_garbage_begins_a_new_session(
    server: DiscordServer, tmp_path: Path, logged: pytest.LogCaptureFixture
) -> None:
    server.add_channel(server.add_guild())
    running = Running(server, tmp_path)
    await server.ready()
    server.gateway.send_garbage()
    await server.gateway.changed.until(lambda: server.gateway.identifies == 2, 10)
    assert "Discord cannot be used (unreadable gateway event" in logged.text
    assert await running.stop() == 0


@pytest.mark.usefixtures("served")
async def test_a_refused_intent_names_the_switch_and_the_bot_goes_on_without(
    server: DiscordServer, tmp_path: Path, logged: pytest.LogCaptureFixture
) -> None:
    guild = server.add_guild()
    channel = server.add_channel(guild)
    asker = server.add_user("Ada", guild)
    server.refuse_intents()
    running = Running(server, tmp_path, message_content=True, channels=frozenset({channel.id}))
    await server.ready()
    assert "Message Content Intent" in logged.text
    assert "Privileged Gateway Intents" in logged.text
    assert (await asker.say(channel, f"<@{server.application_id}> what is RLHF?").reply()).embeds
    assert await asker.say(channel, "what is LoRA?").unanswered()
    assert await running.stop(signal.SIGINT) == 0


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("route", ["GET /users/@me", "GET /gateway/bot"])
async def test_discord_is_away_at_the_start(
    server: DiscordServer, tmp_path: Path, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    monkeypatch.setattr("bot.client.LOGIN", 0.3)
    server.add_channel(server.add_guild())
    server.faults.hang(route)
    running = Running(server, tmp_path)
    await server.ready()
    assert "Discord cannot be used (TimeoutError); trying again" in logged.text
    assert await running.stop() == 0


@pytest.mark.usefixtures("served")
async def test_told_to_stop_while_discord_is_away(server: DiscordServer, tmp_path: Path) -> None:
    server.faults.hang("GET /**", times=None)
    running = Running(server, tmp_path)
    await asyncio.sleep(0.2)
    assert await running.stop() == 0


@pytest.mark.usefixtures("served")
async def test_the_last_identifies_are_spared(
    server: DiscordServer, tmp_path: Path, logged: pytest.LogCaptureFixture
) -> None:
    server.add_channel(server.add_guild())
    server.gateway.remaining, server.gateway.reset_after = 3, 1.0
    running = Running(server, tmp_path)
    await asyncio.sleep(0.5)
    assert server.gateway.identifies == 0
    assert "only 3 identifies are left" in logged.text
    await server.ready()
    assert server.gateway.remaining == server.gateway.total - 1
    assert await running.stop() == 0


# -- sending ------------------------------------------------------------------------------------------------------


async def test_a_limited_reply_comes_late_and_once(lab: Lab) -> None:
    lab.server.faults.rate_limit(REPLY, 0.4)
    said = lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?")
    assert (await said.reply()).embeds
    await lab.server.idle(0.1)
    assert len(said.replies) == 1


async def test_interactions_go_on_while_all_other_calls_wait(lab: Lab) -> None:
    lab.server.faults.rate_limit(REPLY, 1.0, scope="global")
    said = lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?")
    answer = await lab.asker.slash(lab.channel, "define", term="lora")
    assert answer.embeds
    assert not said.replies
    assert (await said.reply()).embeds


async def test_a_ban_of_the_address_stops_sending(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    lab.server.faults.cloudflare_ban(REPLY, times=1)
    assert await lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?").unanswered()
    before = lab.server.rest.requests
    assert await lab.asker.say(lab.channel, f"{lab.mention} what is LoRA?").unanswered()
    assert lab.server.rest.requests == before
    assert "nothing is sent for 600 s" in logged.text


async def test_a_reply_limited_for_an_hour_is_dropped(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    lab.server.faults.rate_limit(REPLY, 3600)
    assert await lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?").unanswered()
    assert "limits sending for 3600 s; a reply was dropped" in logged.text
    assert (await lab.asker.slash(lab.channel, "define", term="rlhf")).embeds


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_reply_whose_confirmation_was_lost_is_not_doubled(lab: Lab, status: int) -> None:
    lab.server.faults.server_error(REPLY, status, after=True)
    said = lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?")
    assert (await said.reply()).embeds
    await lab.server.idle()
    assert len(said.replies) == 1


@pytest.mark.usefixtures("hurried")
async def test_a_message_is_tried_once_more(lab: Lab) -> None:
    lab.server.faults.server_error(REPLY, 503)
    said = lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?")
    assert (await said.reply()).embeds
    fault = lab.server.faults.server_error(REPLY, 503, times=None)
    assert await lab.asker.say(lab.channel, f"{lab.mention} what is LoRA?").unanswered(0.5)
    assert fault.hits == 2
    fault.clear()
    await works(lab)


@pytest.mark.parametrize("done", [False, True])
async def test_a_failing_callback_is_given_up_in_time(lab: Lab, done: bool) -> None:
    fault = lab.server.faults.server_error(CALLBACK, 502, times=None, after=done)
    answer = lab.asker.slash(lab.channel, "define", term="rlhf")
    await asyncio.sleep(3.3)
    assert fault.hits <= 3
    assert answer.followups == []
    assert lab.bot.metrics.value("late_total") == 1
    if done:
        assert (await answer).embeds
        assert set(answer.refused) <= {40060}
    else:
        with pytest.raises(NotAnsweredError):
            await answer
    hits = fault.hits
    await asyncio.sleep(0.5)
    assert fault.hits == hits
    fault.clear()
    await works(lab)


async def test_a_hanging_callback_holds_nobody_up(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    lab.server.faults.hang(CALLBACK, times=2)
    hanging = lab.asker.slash(lab.channel, "define", term="rlhf")
    completing = lab.asker.autocomplete(lab.channel, "define", term="rlh")
    await asyncio.sleep(0.2)
    await works(lab)
    with pytest.raises(NotAnsweredError):
        await hanging
    with pytest.raises(NotAnsweredError):
        await completing
    assert lab.bot.in_flight.count == 0
    assert "an interaction was not answered in time" in logged.text


async def test_a_hanging_message_is_given_up(
    lab: Lab, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sending, "SEND", 0.3)
    lab.server.faults.hang(REPLY)
    said = lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?")
    await asyncio.sleep(0.6)
    assert not said.replies
    assert lab.bot.in_flight.count == 0
    assert "a reply could not be sent: TimeoutError" in logged.text


@pytest.mark.parametrize("after", [False, True])
async def test_an_answer_whose_connection_breaks_is_sent_again(
    lab: Lab, logged: pytest.LogCaptureFixture, after: bool
) -> None:
    fault = lab.server.faults.reset(CALLBACK, after=after)
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    await lab.server.idle(0.2)
    assert fault.hits == 1
    assert not answer.ephemeral
    assert "RLHF" in answer.embeds[0]["title"]
    # Where the first had arrived, the second is refused, which is nothing to speak of.
    assert answer.refused == ([40060] if after else [])
    assert answer.followups == []
    assert "ERROR" not in logged.text
    assert lab.bot.metrics.failures == {}
    assert lab.bot.metrics.value("first_response_seconds_count", kind="interaction") == 1


async def test_a_connection_that_keeps_breaking_ends_in_words(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    lab.server.faults.reset(CALLBACK, times=2)
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    assert answer.ephemeral
    reference = re.search(r"reference: (\w{8})", answer.text)
    assert reference
    assert reference[1] in logged.text


async def test_a_channel_that_refuses_is_left_alone(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    fault = lab.server.faults.forbidden(REPLY)
    for term in ("RLHF", "LoRA", "RAG"):
        assert await lab.asker.say(lab.channel, f"{lab.mention} what is {term}?").unanswered(0.1)
    assert f"channel {lab.channel.id} refuses messages" in logged.text
    fault.clear()
    before = lab.server.rest.requests
    assert await lab.asker.say(lab.channel, f"{lab.mention} what is DPO?").unanswered(0.1)
    assert lab.server.rest.requests == before
    # Whoever may change that is told; others are not.
    admin = lab.server.add_user("Admin", lab.guild, permissions=1 << 5)
    assert f"<#{lab.channel.id}>" in (await admin.slash(lab.channel, "about")).text
    assert f"<#{lab.channel.id}>" not in (await lab.asker.slash(lab.channel, "about")).text
    # Another channel is not concerned.
    other = lab.server.add_channel(lab.guild, "other")
    person = lab.server.add_user("Bea", lab.guild)
    assert (await person.say(other, f"{lab.mention} what is DPO?").reply()).embeds


async def test_a_closed_dm(lab: Lab) -> None:
    lab.server.faults.forbidden(REPLY, 50007, times=1)
    assert await lab.asker.say(lab.asker.dm, "what is RLHF?").unanswered()
    await works(lab)


# -- interactions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [10062, 40060])
async def test_an_interaction_that_is_gone_gets_no_second_answer(
    lab: Lab, logged: pytest.LogCaptureFixture, code: int
) -> None:
    faults = lab.server.faults
    _ = faults.unknown_interaction() if code == 10062 else faults.already_acknowledged()
    before = lab.server.rest.requests
    answer = lab.asker.slash(lab.channel, "define", term="rlhf")
    await lab.server.idle(0.3)
    assert answer.type is None
    assert lab.server.rest.requests == before + 1
    assert lab.bot.metrics.value("late_total") == (code == 10062)
    assert not lab.bot.metrics.failures
    assert "Traceback" not in logged.text


async def test_interactions_delivered_twice(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    lab.server.gateway.duplicate = True
    before = lab.server.rest.requests
    again = await lab.asker.slash(lab.channel, "define", term="lora")
    pressed = await lab.asker.click(answer.message, "aiterms:lang:.*")
    form = await lab.asker.click(answer.message, "aiterms:wrong:.*")
    await lab.asker.submit(form, {"text": "wrong year"})
    await lab.server.idle(0.2)
    assert again.refused == pressed.refused == []
    assert lab.server.rest.requests == before + 4
    assert len(await lab.bot.servers.store.reports()) == 1


async def test_messages_delivered_twice(qa: Lab) -> None:
    qa.server.gateway.duplicate = True
    for content in (f"{qa.mention} what is RLHF?", "what is LoRA?"):
        said = qa.asker.say(qa.channel, content)
        await said.reply()
        await qa.server.idle(0.2)
        assert len(said.replies) == 1


async def test_an_unknown_command(lab: Lab) -> None:
    answer = await lab.asker.unknown_command(lab.channel, "oldname")
    assert answer.ephemeral
    assert "Reload Discord" in answer.text


@pytest.mark.parametrize(
    ("custom_id", "kind"),
    [
        ("aiterms:forgotten:1", 2),
        ("vote:yes", 2),
        ("aiterms:pick:RLHF:xx", 2),
        ("x" * 100, 2),
        ("old-select", 3),
        ("aiterms:page:all:99999999:en", 2),
    ],
)
async def test_unknown_components(lab: Lab, custom_id: str, kind: int) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term="rlhf")
    said = await lab.asker.press_old(answer.message, custom_id, kind, *(["a"] if kind == 3 else []))
    assert said.ephemeral
    assert "Ask again with /define" in said.text


async def test_a_button_for_a_term_that_is_gone(lab: Lab) -> None:
    answer = await lab.asker.slash(lab.channel, "define", term="推理")
    button = answer.message.parts(2)[0]
    button["custom_id"] = "aiterms:pick:no-longer-there:zh-TW"
    said = await lab.asker.click(answer.message, "aiterms:pick:no-longer.*")
    assert said.ephemeral
    assert "no longer in the glossary" in said.text


async def test_the_clock_jumps(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    for offset in (3600, -3600):
        monkeypatch.setattr(time, "time", lambda offset=offset: real() + offset)
        await works(lab, f"P{offset}")


async def test_the_log_holds_neither_the_token_nor_what_people_write(qa: Lab, logged: pytest.LogCaptureFixture) -> None:
    qa.server.gateway.send_malformed("member.roles as objects", qa.channel, qa.asker)
    for content in (
        f"{qa.mention} what is zebrafish",
        "what is zebrafish learning?",
        f"{qa.mention} what is RLHF zebrafish",
    ):
        qa.asker.say(qa.channel, content)
    answer = await qa.asker.slash(qa.channel, "define", term="zebrafish")
    qa.server.faults.reset(CALLBACK)
    await qa.asker.slash(qa.channel, "define", term="rlhf zebrafish")
    await qa.server.idle()
    assert answer.token not in logged.text
    assert "zebrafish" not in logged.text
    assert qa.server.token not in logged.text


async def test_views_are_not_kept(lab: Lab) -> None:
    for n in range(3):
        person = lab.server.add_user(f"P{n}", lab.guild)
        answer = await person.slash(lab.channel, "define", term="rlhf")
        await person.click(answer.message, "aiterms:lang:.*")
        await person.say(lab.channel, f"{lab.mention} what is RAG?").reply()
    store = lab.bot._connection._view_store
    assert not store._views
    assert not store._synced_message_views


async def test_the_table_at_the_top_names_tests_that_there_are() -> None:
    assert __doc__
    root = Path(__file__).parents[2]
    written = "\n".join(p.read_text("utf-8") for p in (root / "tests").rglob("test_*.py"))
    for name in re.findall(r"test_\w+(?![\w/.])", re.sub(r"\S+\.py", "", __doc__)):
        assert f"async def {name}" in written, name
    for file in re.findall(r"tests/\S+\.py", __doc__):
        assert (root / file).is_file(), file


async def test_a_gateway_that_cannot_be_reached_is_said_to_be_that(
    server: DiscordServer, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add_channel(server.add_guild())
    bot = unconnected(server, answering, tmp_path)
    # As the REST address answers it: nobody listens there.
    monkeypatch.setattr("bot.client.URL", lambda _: URL("ws://127.0.0.1:9/gateway"))
    with pytest.raises(ConnectionError, match="the gateway cannot be reached"):
        await bot.run_until_closed(server.token)
    assert server.gateway.identifies == 0
    await bot.servers.aclose()
    await bot.servers.store.close()


async def test_a_server_that_is_not_known_is_no_direct_message(qa: Lab) -> None:
    qa.bot._connection._remove_guild(qa.bot.get_guild(qa.guild.id))  # pyright: ignore[reportArgumentType]
    assert await qa.asker.say(qa.channel, "what is LoRA?").unanswered()
    assert (await qa.asker.say(qa.asker.dm, "what is LoRA?").reply()).embeds
