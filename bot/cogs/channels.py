"""Mentions, direct messages, and the Q&A channels in which the bot speaks only when it is sure."""

import asyncio
import re
import time
from collections import OrderedDict

import discord
from discord.ext import commands

from bot.answering import Answering, Context, Reply
from bot.cogs._host import Host
from bot.cogs._markup import without_markup
from bot.cogs._reply import Message, message_for
from bot.cogs._sending import send_reply
from bot.cogs._texts import text
from bot.core.decide import Mode, Outcome
from bot.core.languages import Language
from bot.core.small_talk import is_small_talk
from bot.core.text import key
from bot.servers import View
from bot.store.records import Strictness

REPEAT_AFTER = 600.0
"""Seconds before the same term is explained again, unasked, in the same channel."""
_SHORT = 300
"""Characters up to which a reply to an answer may be a question to the bot."""
_LONG = 800
"""Characters up to which a reply is made at once: in less than 10 ms, Chinese ones too."""


class Channels(commands.Cog):
    """Answers messages."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        self._explained: OrderedDict[tuple[int, str], float] = OrderedDict()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that asks. Edits are not looked at, so nothing is answered twice."""
        bot = self.bot
        if message.author.bot or message.webhook_id or bot.stopping:
            return
        if message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        # From here on, so that a shutdown waits for what is read of the server, too.
        with bot.in_flight:
            view = await bot.servers.of(message.guild.id) if self._may_be_asked(message) and message.guild else None
            mode = self._mode(message, view)
            if mode is None or bot.circuit.is_open(message.channel.id) or bot.requests.paused:
                return
            if not bot.handled.first_time(message.id):
                return
            if mode is Mode.ASKED:
                await self._answer_asked(message, view)
            else:
                await self._answer_unasked(message, view)

    def _may_be_asked(self, message: discord.Message) -> bool:
        """Tell whether a message may concern the bot, before anything is known of its server."""
        named = self.bot.user is not None and self.bot.user in message.mentions
        return self.bot.intents.message_content or named or _names_role(message)

    def _mode(self, message: discord.Message, view: View | None) -> Mode | None:
        """Return how the bot is addressed; None if it is not."""
        me = self.bot.user
        if message.guild is None:
            # A server that is not known (its event could not be read) is no direct message.
            return Mode.ASKED if isinstance(message.channel, discord.DMChannel) else None
        if me is not None and me in message.mentions:
            # A reply to one of our answers mentions us as well: it may be a question, and may be thanks.
            named = re.search(rf"<@!?{me.id}>", message.content)
            return Mode.ASKED if named or self._asks(message, view) else Mode.CHANNEL
        if _names_role(message):
            return Mode.ASKED
        # A reply or a mention of somebody else is a talk between others.
        if not self.bot.intents.message_content or message.mentions or message.reference is not None:
            return None
        place = message.channel
        parent = place.parent_id if isinstance(place, discord.Thread) else None
        channels = self.bot.qa_channels | (view.settings.channels if view else frozenset())
        return Mode.CHANNEL if channels & {place.id, parent} else None

    def _asks(self, message: discord.Message, view: View | None) -> bool:
        answering = view.answering if view else self.bot.answering
        # Whoever asks briefly asks briefly; a long text would be searched twice in one turn.
        return len(message.content) <= _SHORT and answering.asks(without_markup(message.content))

    async def _answer_asked(self, message: discord.Message, view: View | None) -> None:
        bot = self.bot
        language = self._language(message, view)
        answering = view.answering if view else bot.answering
        wait = bot.cooldown.wait(message.author.id)
        if wait:
            if bot.cooldown.to_be_told(message.author.id):
                await send_reply(bot, message, Message(content=text("cooldown", language, seconds=round(wait) or 1)))
            return
        questions = _questions(message)
        # Unless it is the name of something, such as a server's own "Ping".
        small_talk = is_small_talk(questions[0]) and not answering.search.names.lookup(key(questions[0]))
        if small_talk or not any(c.isalnum() for c in questions[0]):
            mention = f"{bot.user.mention} " if bot.user and message.guild else ""
            await send_reply(bot, message, Message(content=text("mention-help", language, mention=mention)))
            return
        replies = [await _replied(answering, q, Context(Mode.ASKED, None, language)) for q in questions]
        # Where title and text of a post are one question each, the one that is known counts.
        reply = next((r for r in replies if r.outcome is Outcome.ANSWER), replies[0])
        bot.metrics.answered("asked", reply.outcome.value)
        if await send_reply(bot, message, message_for(reply, answering)) and reply.outcome is Outcome.ANSWER:
            self._note_explained(message, reply)
        if message.guild and len(questions) == 1 and message.reference is None:
            bot.note_gap(message.guild.id, reply)

    async def _answer_unasked(self, message: discord.Message, view: View | None) -> None:
        bot = self.bot
        answering = view.answering if view else bot.answering
        reply = await self._sure_reply(message, answering, view)
        if reply is None:
            bot.metrics.answered("channel", Outcome.NONE.value)
            return
        places = _places(message, reply)
        self._forget_old()
        if any(p in self._explained for p in places) or bot.cooldown.wait(message.author.id):
            return
        # Noted before it is sent, since the same may be asked meanwhile.
        self._note_explained(message, reply)
        if not await send_reply(bot, message, message_for(reply, answering, asker=message.author.id)):
            for place in places:
                self._explained.pop(place, None)
        else:
            bot.metrics.answered("channel", reply.outcome.value)

    async def _sure_reply(self, message: discord.Message, answering: Answering, view: View | None) -> Reply | None:
        """Return the answer to a message that asks without addressing the bot; None where that is not sure."""
        strict = view is not None and view.settings.strictness is Strictness.STRICT
        context = Context(Mode.CHANNEL, None, self._language(message, view), strict)
        for question in _questions(message):
            reply = await _replied(answering, question, context)
            if reply.outcome is Outcome.ANSWER:
                return reply
        return None

    def _language(self, message: discord.Message, view: View | None) -> Language:
        if view and view.settings.language:
            return view.settings.language
        return self.bot.language_by_default(message.guild.preferred_locale.value if message.guild else None)

    def _note_explained(self, message: discord.Message, reply: Reply) -> None:
        self._forget_old()
        # In the order of time, which `_forget_old` relies on.
        for place in _places(message, reply):
            self._explained[place] = time.monotonic()
            self._explained.move_to_end(place)

    def _forget_old(self) -> None:
        end = time.monotonic() - REPEAT_AFTER
        while self._explained and next(iter(self._explained.values())) < end:
            self._explained.popitem(last=False)


def _names_role(message: discord.Message) -> bool:
    """Tell whether a message mentions the role that Discord made for the bot: people take it for the bot itself.

    Without the Message Content intent Discord keeps such a text back: whoever wrote it is then told how to ask.
    """
    return bool(message.role_mentions and message.guild and message.guild.self_role in message.role_mentions)


def _questions(message: discord.Message) -> list[str]:
    """Return what a message may ask: its text; of a forum post that with the title, and the title alone.

    A post often asks in its title and tells a story in its first message.
    """
    body, place = without_markup(message.content), message.channel
    if isinstance(place, discord.Thread) and place.id == message.id:
        return [f"{place.name}\n{body}", place.name]
    return [body]


def _places(message: discord.Message, reply: Reply) -> list[tuple[int, str]]:
    """Return what a reply explains, and where."""
    shown = reply.terms if reply.compared else reply.terms[:1]
    return [(message.channel.id, t.id) for t in shown]


async def _replied(answering: Answering, question: str, context: Context) -> Reply:
    """Return the reply to a question; to a long message, which takes up to 30 ms, from a thread."""
    if len(question) < _LONG:
        return answering.reply(question, context)
    return await asyncio.to_thread(answering.reply, question, context)
