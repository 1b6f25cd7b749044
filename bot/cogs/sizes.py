"""/modelsize: what a size means, and what it takes to run or train such a model."""

import asyncio
import logging
from dataclasses import replace
from typing import Any, cast

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.cogs._buttons import LANGUAGE, Pick, Stateless
from bot.cogs._host import Host, Interaction
from bot.cogs._reply import Message, Picture, fit
from bot.cogs._size_texts import size_text
from bot.core import size_picture
from bot.core.errors import UserError
from bot.core.languages import Language, say
from bot.core.size_data import format_key
from bot.core.size_numbers import read_context
from bot.core.size_parse import LONGEST, SizeError
from bot.core.sizes import TERM, SizeBook, SizeReply, chinese_of
from bot.ops.workers import WorkerError

log = logging.getLogger(__name__)

DRAWING = 3.0
"""Seconds for the picture; without it the reply still says everything."""
_CHOICES = 25
_CONTEXTS = ("4k", "8k", "16k", "32k", "64k", "128k", "256k", "1M")
_COLOUR = 0x3F6FD8
_FIELD = 1024


class Sizes(commands.Cog):
    """Explains model sizes."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Read what is known of models, beside the event loop."""
        await asyncio.to_thread(lambda: self.book)

    @property
    def book(self) -> SizeBook:
        """What is known of models; a reload of the knowledge replaces it."""
        book = self.bot.answering.sizes
        assert book, "the bot's answering has a book of sizes"
        return book

    @app_commands.command(
        name=locale_str("modelsize", zh="模型大小"),
        description=locale_str(
            "What a size such as 70B means, and the memory it takes", zh="解释 70B 这样的参数量，以及需要多少内存"
        ),
    )
    @app_commands.describe(
        size=locale_str(
            "A size or a model: 70B, 8x7B, 1750亿, qwen3-32b, a GGUF file name",
            zh="参数量或模型：70B、8x7B、1750亿、qwen3-32b、GGUF 文件名",
        ),
        precision=locale_str("The number format: BF16, INT4, Q4_K_M …", zh="数值格式：BF16、INT4、Q4_K_M 等"),
        context=locale_str(
            "The context length in tokens: 8k, 32k, 131072", zh="上下文长度（token 数）：8k、32k、131072"
        ),
    )
    @app_commands.rename(
        size=locale_str("size", zh="参数量"),
        precision=locale_str("precision", zh="精度"),
        context=locale_str("context", zh="上下文"),
    )
    async def modelsize(
        self,
        interaction: Interaction,
        size: app_commands.Range[str, 1, LONGEST],
        precision: app_commands.Range[str, 1, 40] | None = None,
        context: app_commands.Range[str, 1, 40] | None = None,
    ) -> None:
        """Explain a size."""
        asked = chinese_of(size)
        language = asked or await self.bot.language_of(interaction)
        tokens = read_context(context) if context else None
        reply = self.book.reply(size, language, precision=precision or "", context=tokens)
        await self.bot.send_when_made(interaction, self.message(reply), private=False)

    @modelsize.autocomplete("size")
    async def complete_size(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest models; what can be read as it stands comes first."""
        _ = interaction
        models = self.book.complete(typed, _CHOICES - 1)
        choices = [app_commands.Choice(name=f"{m.name} · {m.printed}", value=m.name) for m in models]
        try:
            self.book.reply(typed, "en")
        except SizeError:
            return choices
        as_typed = fit(typed.strip(), 100)
        return [app_commands.Choice(name=as_typed, value=as_typed), *(c for c in choices if c.value != as_typed)]

    @modelsize.autocomplete("precision")
    async def complete_precision(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest number formats, the common ones first."""
        _ = interaction
        wanted = format_key(typed)
        formats = sorted(self.book.data.formats, key=lambda f: not f.shown)
        matching = [f for f in formats if any(format_key(n).startswith(wanted) for n in f.names)]
        return [
            app_commands.Choice(name=f"{f.name} · {f.bits:g} bit", value=f.names[-1] if "(" in f.name else f.name)
            for f in matching
        ][:_CHOICES]

    @modelsize.autocomplete("context")
    async def complete_context(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest common context lengths."""
        _ = interaction
        wanted = typed.strip().casefold()
        return [app_commands.Choice(name=c, value=c) for c in _CONTEXTS if c.casefold().startswith(wanted)]

    async def message(self, reply: SizeReply, *, private: bool = False) -> Message:
        """Return the message that shows an explained size: words, table, picture, and "why" behind a button."""
        message = size_message(reply, linked=TERM in self.bot.answering.glossary.terms, private=private)
        picture = await self._picture(reply)
        if picture is None:
            return message
        message.embeds[0].set_image(url=f"attachment://{picture.name}")
        return replace(message, picture=picture)

    async def _picture(self, reply: SizeReply) -> Picture | None:
        if reply.sizes is None:
            return None
        plan = size_picture.plan(reply.sizes, self.book.data)
        try:
            data = await self.bot.workers.run(size_picture.draw, plan, timeout=DRAWING)
        except (WorkerError, UserError) as error:
            # Busy, too slow or broken: the words and the table say the same.
            log.warning("a size goes out without its picture: %s", error)
            return None
        return Picture("sizes.png", data, size_text("picture", reply.language, title=plan.title))


class Why(Stateless, template=rf"aiterms:why:{LANGUAGE}:(?P<question>.{{1,78}})"):
    """Shows the formulas with the numbers put in."""

    @classmethod
    def make(cls, question: str, language: Language) -> "Why":
        """Return the button for a canonical question."""
        return cls.button(f"aiterms:why:{language}:{question}", size_text("why", language))

    async def act(self, interaction: Interaction) -> None:
        """Show them to the one who pressed."""
        cog = cast("Sizes | None", interaction.client.get_cog(Sizes.__name__))
        if cog is None:
            await interaction.client.tell(interaction, "old-button")
            return
        embed = discord.Embed(
            title=size_text("why-title", self.language),
            description=fit(cog.book.why(self.state["question"], self.language), 4096),
            colour=_COLOUR,
        )
        await interaction.client.send(interaction, Message(embeds=(embed,), private=True))


def size_message(reply: SizeReply, *, linked: bool, private: bool = False) -> Message:
    """Return an explained size without its picture: words, table, "why" behind a button, and the term if `linked`."""
    language = reply.language
    embed = discord.Embed(title=fit(reply.title, 256), description=fit(reply.words, 4096), colour=_COLOUR)
    if reply.table:
        table = f"```\n{reply.table}\n```{size_text('legend', language)}"
        embed.add_field(name=size_text("table", language), value=table, inline=False)
    embed.add_field(name=say("sources", language), value=_sources(reply), inline=False)
    items: list[discord.ui.Item[Any]] = []
    if reply.sizes:
        items.append(Why.make(reply.canonical, language))
    if linked:
        items.append(Pick.make(TERM, language, size_text("term", language)))
    return Message(embeds=(embed,), items=tuple(items), private=private)


def _sources(reply: SizeReply) -> str:
    lines: list[str] = []
    for number, source in enumerate(reply.sources, 1):
        checked = f" ({say('checked', reply.language, date=source.checked.isoformat())})" if source.checked else ""
        line = f"{number}. [{source.title}]({source.url}){checked}"
        if sum(map(len, lines)) + len(lines) + len(line) > _FIELD:
            break
        lines.append(line)
    return "\n".join(lines)


ITEMS: tuple[type[Stateless], ...] = (Why,)
