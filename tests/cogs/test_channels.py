"""Messages: who is answered, who is not, and odd ones."""

import threading
from pathlib import Path

import discord
import pytest

from bot.answering import Answering, Context, Reply
from bot.cogs import channels
from bot.core.glossary import Term
from tests.cogs.conftest import Lab, in_a_lab
from tests.discord_server import FORUM, INVITE, DiscordServer, Permission, Upload, payloads

pytestmark = pytest.mark.asyncio

QUESTION = "what is RLHF?"


def is_rlhf(title: str) -> bool:
    return "RLHF" in title


async def test_a_mention_alone_gets_help_and_pings_nobody(lab: Lab) -> None:
    reply = await lab.asker.say(lab.channel, lab.mention).reply()
    assert "Ask me about an AI term" in reply.text
    assert lab.mention in reply.text
    assert not reply.pings


@pytest.mark.parametrize("content", ["🎉", "<:party:123456789012345678>", "???", "<#123456789012345678>", "\u200b"])
async def test_a_mention_with_nothing_to_look_up_gets_help(lab: Lab, content: str) -> None:
    reply = await lab.asker.say(lab.channel, f"{lab.mention} {content}").reply()
    assert "Ask me about an AI term" in reply.text


async def test_a_picture_alone_gets_help_in_a_direct_message(lab: Lab) -> None:
    reply = await lab.asker.say(lab.asker.dm, files=[Upload("cat.png", b"\x89PNG", "image/png")]).reply()
    assert "Ask me about an AI term" in reply.text
    assert lab.mention not in reply.text


async def test_a_picture_in_a_qa_channel_is_no_question(qa: Lab) -> None:
    assert await qa.asker.say(qa.channel, files=[Upload("cat.png", b"\x89PNG", "image/png")]).unanswered()


@pytest.mark.parametrize(
    "content",
    [
        "{bot} what is RLHF",
        "what is RLHF {bot}",
        "hey {bot}, what's rlhf? <:party:123456789012345678> <t:1700000000:R> <#123456789012345678>",
        "{other} {bot} rlhf",
        "> somebody said it is easy\n{bot} what is RLHF?",
    ],
)
async def test_a_mention_anywhere_is_a_question(lab: Lab, content: str) -> None:
    other = lab.server.add_user("Bea", lab.guild)
    asked = content.format(bot=lab.mention, other=other.mention)
    reply = await lab.asker.say(lab.channel, asked).reply()
    assert is_rlhf(reply.embeds[0]["title"])
    assert not reply.pings


async def test_who_takes_the_bots_role_for_the_bot_is_told_how_to_ask(lab: Lab) -> None:
    [role] = [r for r in lab.guild.roles.values() if r.bot_id == lab.server.application_id]
    said = lab.asker.say(lab.channel, f"{role.mention} what is RLHF?")
    reply = await said.reply()
    assert f"{lab.mention} what is RLHF" in reply.text
    assert not reply.pings
    [other] = [r for r in lab.guild.roles.values() if r.name == "people"]
    assert await lab.asker.say(lab.channel, f"{other.mention} what is RLHF?").unanswered()


async def test_the_bots_role_is_as_good_as_the_bot_where_messages_may_be_read(qa: Lab) -> None:
    [role] = [r for r in qa.guild.roles.values() if r.bot_id == qa.server.application_id]
    elsewhere = qa.server.add_channel(qa.guild, "general")
    assert is_rlhf((await qa.asker.say(elsewhere, f"{role.mention} rlhf").reply()).embeds[0]["title"])


@pytest.mark.parametrize("filler", ["please ", "!", "I read of it and did not understand. "])
async def test_the_longest_message_is_answered(lab: Lab, filler: str) -> None:
    reply = await lab.asker.say(lab.channel, f"{lab.mention} what is RLHF? {filler * 4000}"[:4000]).reply()
    assert is_rlhf(reply.embeds[0]["title"])


async def test_the_longest_message_that_is_no_question_is_told_so(lab: Lab) -> None:
    reply = await lab.asker.say(lab.channel, f"{lab.mention} {'模' * 4000}"[:4000]).reply()
    assert "这个我还不知道" in reply.text


async def test_what_is_long_is_read_beside_the_loop(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    beside: dict[str, bool] = {}
    reply, terms_in = Answering.reply, Answering.terms_in

    def spied(answering: Answering, question: str, context: Context) -> Reply:
        beside["long" if len(question) > 1000 else "short"] = threading.current_thread() is not threading.main_thread()
        return reply(answering, question, context)

    def spied_terms(answering: Answering, *texts: str) -> tuple[Term, ...]:
        beside["menu"] = threading.current_thread() is not threading.main_thread()
        return terms_in(answering, *texts)

    monkeypatch.setattr(Answering, "reply", spied)
    monkeypatch.setattr(Answering, "terms_in", spied_terms)
    await lab.asker.say(lab.channel, f"{lab.mention} {QUESTION}").reply()
    said = lab.asker.say(lab.channel, f"{lab.mention} {QUESTION} {'好' * 3000}")
    await said.reply()
    await lab.asker.menu("Explain AI terms", said.message)
    assert beside == {"short": False, "long": True, "menu": True}


async def test_a_long_message_in_a_qa_channel_is_answered_where_it_asks(qa: Lab) -> None:
    story = "I read about it yesterday, at length, and got lost. "
    reply = await qa.asker.say(qa.channel, f"{QUESTION} {story * 40}").reply()
    assert is_rlhf(reply.embeds[0]["title"])
    assert await qa.asker.say(qa.channel, story * 40).unanswered()


async def test_without_the_intent_nothing_is_answered_unasked(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    async with in_a_lab(server, answering, tmp_path) as lab:
        lab.bot.qa_channels = frozenset({lab.channel.id})
        assert await lab.asker.say(lab.channel, QUESTION).unanswered()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", ["mention", "direct", "qa"])
async def test_a_reply_whose_connection_breaks_is_sent_once_more_and_seen_once(
    qa: Lab, place: str, after: bool
) -> None:
    fault = qa.server.faults.reset("POST /channels/*/messages", after=after)
    where, content = {
        "mention": (qa.channel, f"{qa.mention} {QUESTION}"),
        "direct": (qa.asker.dm, QUESTION),
        "qa": (qa.channel, QUESTION),
    }[place]
    said = qa.asker.say(where, content)
    assert is_rlhf((await said.reply()).embeds[0]["title"])
    await qa.server.idle(0.2)
    assert fault.hits == 1
    assert len(said.replies) == 1


async def test_a_reply_whose_confirmation_was_lost_with_503_is_not_doubled(lab: Lab) -> None:
    lab.server.faults.server_error("POST /channels/*/messages", 503, after=True)
    said = lab.asker.say(lab.channel, f"{lab.mention} {QUESTION}")
    await said.reply()
    await lab.server.idle(1.5)
    assert len(said.replies) == 1


async def test_a_forum_post_that_mentions_the_bot_is_read_with_its_title(lab: Lab) -> None:
    forum = lab.server.add_channel(lab.guild, "help", kind=FORUM)
    for body in (f"{lab.mention} can you help? I saw it in a video and got lost", lab.mention):
        _, said = lab.asker.post(forum, "What is LoRA?", body)
        assert (await said.reply()).embeds[0]["title"].startswith("LoRA")
    _, said = lab.asker.post(forum, "Trouble", f"{lab.mention} what is RLHF?")
    assert is_rlhf((await said.reply()).embeds[0]["title"])


async def test_a_post_whose_title_alone_asks_is_answered_in_a_qa_forum(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    async with in_a_lab(server, answering, tmp_path, qa=True) as lab:
        forum = server.add_channel(lab.guild, "help", kind=FORUM)
        lab.bot.qa_channels = frozenset({forum.id})
        story = "My agent keeps failing on long inputs, the model is slow, and my team cannot agree on anything. " * 3
        _, said = lab.asker.post(forum, "What is LoRA?", story)
        assert (await said.reply()).embeds[0]["title"].startswith("LoRA")


@pytest.mark.parametrize("words", ["help", "hi!", "Thanks!", "谢谢", "good bot", "what can you do?", "你是谁？"])
async def test_small_talk_to_the_bot_is_told_what_it_is_for_and_counts_as_no_gap(lab: Lab, words: str) -> None:
    reply = await lab.asker.say(lab.channel, f"{lab.mention} {words}").reply()
    assert "RLHF" in reply.text
    assert not reply.parts(2)
    await lab.server.idle()
    assert await lab.bot.servers.store.gaps(lab.guild.id) == []


async def test_small_talk_hides_no_term_of_a_server(lab: Lab) -> None:
    store = lab.bot.servers.store
    await store.add_term(lab.guild.id, Term(id="ping", name="Ping", short="Our weekly letter."), by=1, request=1)
    assert "Our weekly letter." in (await lab.asker.say(lab.channel, f"{lab.mention} ping").reply()).text
    assert "Ask me about" in (await lab.asker.say(lab.channel, f"{lab.mention} hello").reply()).text


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/lora/rag",
        "Https://example.com/lora/rag",
        "[x](http://lora.b)",
        "<https://example.com/rlhf>",
    ],
)
async def test_nothing_is_read_into_an_address(lab: Lab, address: str) -> None:
    reply = await lab.asker.say(lab.channel, f"{lab.mention} {address}").reply()
    assert not reply.embeds
    answer = await lab.asker.slash(lab.channel, "define", term=address)
    assert not answer.embeds
    assert answer.ephemeral
    # One that a term cites stands for that term.
    for cited in ("https://arxiv.org/abs/2106.09685", "HTTPS://ARXIV.ORG/abs/2106.09685"):
        answer = await lab.asker.slash(lab.channel, "define", term=cited)
        assert answer.embeds[0]["title"].startswith("LoRA")


async def test_what_was_explained_to_somebody_who_asked_is_not_explained_again_unasked(qa: Lab) -> None:
    await qa.asker.say(qa.channel, f"{qa.mention} {QUESTION}").reply()
    other = qa.server.add_user("Bea", qa.guild)
    assert await other.say(qa.channel, QUESTION).unanswered()
    assert (await other.say(qa.channel, f"{qa.mention} {QUESTION}").reply()).embeds


async def test_what_was_explained_is_forgotten_where_nobody_asks_unasked(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "REPEAT_AFTER", 0.0)
    for term in ("RLHF", "LoRA", "DPO"):
        await lab.asker.say(lab.channel, f"{lab.mention} what is {term}?").reply()
    await lab.server.idle()
    cog = lab.bot.get_cog("Channels")
    assert isinstance(cog, channels.Channels)
    assert len(cog._explained) == 1


async def test_a_notice_that_a_thread_was_begun_is_no_question(qa: Lab) -> None:
    said = qa.asker.say(qa.channel, "lunch?").message
    qa.server.gateway.emit(
        "MESSAGE_CREATE",
        {
            **payloads.message_event(said),
            "id": str(said.id + 1),
            "type": 18,
            "content": QUESTION,
        },
        qa.guild,
    )
    await qa.server.idle(0.3)
    assert qa.server.bot_messages(qa.channel) == []


async def test_bots_webhooks_and_itself_are_never_answered(qa: Lab) -> None:
    robot = qa.server.add_user("robot", qa.guild, bot=True)
    for said in (
        robot.say(qa.channel, QUESTION),
        robot.say(qa.channel, f"{qa.mention} {QUESTION}"),
        qa.asker.say(qa.channel, QUESTION, webhook=True),
        robot.say(robot.dm, QUESTION),
    ):
        assert await said.unanswered(0.15)
    answer = await qa.asker.say(qa.channel, QUESTION).reply()
    # A bot that replies to us, pinging: two bots could go on for ever.
    assert await robot.say(qa.channel, "what is LoRA?", reply_to=answer).unanswered(0.15)


async def test_a_mention_in_a_reply_to_another_bot_is_answered_once(lab: Lab) -> None:
    robot = lab.server.add_user("robot", lab.guild, bot=True)
    said = robot.say(lab.channel, "RLHF is a kind of bird").message
    asked = lab.asker.say(lab.channel, f"{lab.mention} what is RLHF really?", reply_to=said)
    assert is_rlhf((await asked.reply()).embeds[0]["title"])
    await lab.server.idle()
    assert len(asked.replies) == 1
    chain = robot.say(lab.channel, f"{lab.mention} no, you are wrong, what is RLHF", reply_to=asked.replies[0])
    assert await chain.unanswered()


async def test_replies_to_an_answer_are_answered_where_they_ask_for_sure(lab: Lab) -> None:
    answer = await lab.asker.say(lab.channel, f"{lab.mention} {QUESTION}").reply()
    for thanks in ("thanks!", "nice", "谢谢", "that is a great model of an explanation"):
        assert await lab.asker.say(lab.channel, thanks, reply_to=answer).unanswered(0.15), thanks
    more = await lab.asker.say(lab.channel, "and what is DPO?", reply_to=answer).reply()
    assert "DPO" in more.embeds[0]["title"]
    for chat in (
        "huh, what is that supposed to mean?",
        "what are you talking about?",
        "Tom, what is your plan for lunch?",
        "what's up?",
        "nice explanation, do you want coffee?",
        "什么意思？",
        "这是什么？",
    ):
        teller = lab.server.add_user("Cleo", lab.guild)
        assert await teller.say(lab.channel, chat, reply_to=answer).unanswered(0.1), chat
    # Who replies to the bot and asks is told that it does not know, is asked back, and is told what others were.
    other = lab.server.add_user("Bea", lab.guild)
    assert "I don't know" in (await other.say(lab.channel, "what is a kumquat?", reply_to=answer).reply()).text
    assert len((await other.say(lab.channel, "推理", reply_to=answer).reply()).parts(2)) >= 2
    assert (await other.say(lab.channel, "what is DPO?", reply_to=answer).reply()).embeds
    await lab.server.idle()
    assert await lab.bot.servers.store.gaps(lab.guild.id) == []
    assert await lab.asker.say(lab.channel, "what is LoRA?", reply_to=answer, ping=False).unanswered()


async def test_talk_between_others_is_left_alone(qa: Lab) -> None:
    other = qa.server.add_user("Bea", qa.guild)
    said = other.say(qa.channel, "we met at a conference").message
    assert await qa.asker.say(qa.channel, "what is LoRA?", reply_to=said).unanswered(0.15)
    assert await qa.asker.say(qa.channel, f"{other.mention} what is LoRA?").unanswered(0.15)


async def test_an_edited_question_is_answered_once(qa: Lab) -> None:
    said = qa.asker.say(qa.channel, QUESTION)
    qa.asker.edit(said.message, QUESTION + " thanks")
    await qa.server.idle()
    assert len(said.replies) == 1
    assert is_rlhf(said.replies[0].embeds[0]["title"])
    # What was no question at first and is made one is not answered: nobody expects that of an old message.
    said = qa.asker.say(qa.channel, "lunch?")
    qa.asker.edit(said.message, "what is DPO?")
    assert await said.unanswered()
    said = qa.asker.say(qa.channel, "what is LoRA?")
    await said.reply()
    qa.asker.edit(said.message, "what is QLoRA?")
    await qa.server.idle()
    assert len(said.replies) == 1


async def test_a_deleted_question_gets_a_reply_without_reference_or_none(lab: Lab) -> None:
    # Deleted while the bot is at it: an answer is not lost, and refers to nothing.
    said = lab.asker.say(lab.channel, f"{lab.mention} {QUESTION}")
    lab.asker.delete(said.message)
    reply = await said.reply()
    assert is_rlhf(reply.embeds[0]["title"])
    assert reply.reply_to is None
    await lab.server.idle()
    assert len(said.replies) == 1


async def test_where_it_may_not_write_it_keeps_silent_and_asks_discord_nothing(qa: Lab) -> None:
    before = qa.server.rest.requests
    qa.server.world.set_overwrite(qa.channel, qa.guild.id, deny=int(Permission.SEND_MESSAGES))
    qa.server.world.set_bot_permissions(qa.guild, INVITE & ~int(Permission.SEND_MESSAGES))
    assert await qa.asker.say(qa.channel, f"{qa.mention} {QUESTION}").unanswered()
    assert await qa.asker.say(qa.channel, QUESTION).unanswered()
    assert qa.server.rest.requests == before
    # Commands need no permission to write.
    assert (await qa.asker.slash(qa.channel, "define", term="rlhf")).embeds


async def test_where_embeds_are_not_allowed_it_answers_in_text(lab: Lab) -> None:
    lab.server.world.set_bot_permissions(lab.guild, INVITE & ~int(Permission.EMBED_LINKS))
    reply = await lab.asker.say(lab.channel, f"{lab.mention} {QUESTION}").reply()
    assert reply.embeds == []
    assert "reward model learns their judgement" in reply.content
    assert len(reply.content) <= 2000


async def test_without_the_history_it_answers_without_reference(lab: Lab) -> None:
    lab.server.world.set_bot_permissions(lab.guild, INVITE & ~int(Permission.READ_MESSAGE_HISTORY))
    reply = await lab.asker.say(lab.channel, f"{lab.mention} {QUESTION}").reply()
    assert reply.reply_to is None
    assert reply.embeds


async def test_an_archived_thread_is_answered_in_a_locked_one_is_left_alone(lab: Lab) -> None:
    thread = lab.server.world.add_thread(lab.channel, "old talk", lab.asker, archived=True)
    reply = await lab.asker.say(thread, f"{lab.mention} {QUESTION}").reply()
    assert reply.embeds
    said = lab.asker.say(thread, f"{lab.mention} what is LoRA?")
    lab.server.world.set_archived(thread, archived=True, locked=True)
    await lab.server.idle()
    assert len(said.replies) <= 1
    moderator = lab.server.add_user("Mo", lab.guild, permissions=int(Permission.MANAGE_THREADS))
    before = lab.server.rest.requests
    assert await moderator.say(thread, f"{lab.mention} what is LoRA?").unanswered()
    assert lab.server.rest.requests == before


async def test_the_sixth_question_in_a_row_is_told_to_wait_once(lab: Lab) -> None:
    replies = [
        await lab.asker.say(lab.channel, f"{lab.mention} what is {t}").reply()
        for t in ("RLHF", "LoRA", "RAG", "DPO", "MoE")
    ]
    assert all(r.embeds for r in replies)
    told = await lab.asker.say(lab.channel, f"{lab.mention} what is GQA").reply()
    assert "Too many questions" in told.text
    assert await lab.asker.say(lab.channel, f"{lab.mention} what is vLLM").unanswered()


async def test_who_has_asked_much_may_still_remove_an_answer(qa: Lab) -> None:
    answers = [
        await qa.asker.say(qa.channel, f"what is {term}?").reply() for term in ("RLHF", "LoRA", "RAG", "DPO", "GQA")
    ]
    assert await qa.asker.say(qa.channel, "what is vLLM?").unanswered()
    for answer in answers:
        qa.asker.click(answer, "aiterms:remove:.*")
    await qa.server.idle()
    assert all(a.deleted for a in answers)


async def test_a_thread_whose_channel_is_not_known_is_answered(lab: Lab) -> None:
    thread = lab.server.world.add_thread(lab.channel, "side talk", lab.asker)
    await lab.server.idle()
    guild = lab.bot.get_guild(lab.guild.id)
    assert guild
    # What the library is left with where the event that names a channel was lost.
    del guild._channels[lab.channel.id]
    reply = await lab.asker.say(thread, f"{lab.mention} {QUESTION}").reply()
    assert is_rlhf(reply.embeds[0]["title"])


async def test_the_servers_language_decides_where_the_question_shows_none(
    server: DiscordServer, answering: Answering, tmp_path: Path
) -> None:
    guild = server.add_guild("国内", locale="zh-CN")
    channel = server.add_channel(guild)
    person = server.add_user("Li", guild)
    async with in_a_lab(server, answering, tmp_path) as lab:
        assert (await person.say(channel, f"{lab.mention} RLHF").reply()).embeds[0]["title"].startswith("基于")
        reply = await person.say(channel, f"{lab.mention} what is LoRA?").reply()
        assert reply.embeds[0]["title"].startswith("LoRA")
        assert "想问哪个" in (await person.say(channel, lab.mention).reply()).text


async def test_two_people_who_ask_the_same_at_once_get_one_answer(qa: Lab) -> None:
    other = qa.server.add_user("Bea", qa.guild)
    first, second = qa.asker.say(qa.channel, QUESTION), other.say(qa.channel, "what does RLHF mean?")
    await first.reply()
    await qa.server.idle()
    assert len(qa.server.bot_messages(qa.channel)) == 1
    assert second.message.id > first.message.id


async def test_an_answer_that_could_not_be_sent_may_be_given_to_the_next_who_asks(qa: Lab) -> None:
    qa.server.faults.forbidden("POST /channels/*/messages", times=1)
    assert await qa.asker.say(qa.channel, QUESTION).unanswered()
    assert (await qa.asker.say(qa.channel, QUESTION).reply()).embeds


async def test_what_does_not_concern_the_bot_is_not_even_built(lab: Lab) -> None:
    built: list[str] = []

    async def on_message(message: discord.Message) -> None:
        built.append(message.content)

    lab.bot.add_listener(on_message)
    lab.asker.say(lab.channel, "what is RLHF?")
    asked = lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?")
    await asked.reply()
    await lab.asker.say(lab.asker.dm, "what is LoRA?").reply()
    assert built == [f"{lab.mention} what is RLHF?", "what is LoRA?"]


async def test_with_q_and_a_channels_every_message_of_people_is_read(qa: Lab) -> None:
    built: list[str] = []

    async def on_message(message: discord.Message) -> None:
        built.append(message.content)

    qa.bot.add_listener(on_message)
    qa.asker.say(qa.channel, "lunch?")
    await qa.asker.say(qa.channel, "what is RLHF?").reply()
    assert built == ["lunch?", "what is RLHF?"]
