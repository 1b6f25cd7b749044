"""/define, /compare, and the menu "Explain AI terms"."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.answering import Context, both_names
from bot.cogs._host import Host, Interaction
from bot.cogs._markup import without_markup
from bot.cogs._reply import fit, message_for, offered, side_by_side
from bot.cogs._texts import text
from bot.core.decide import Mode, Outcome
from bot.core.errors import UserError
from bot.core.languages import Language, of_locale
from bot.core.text import key
from bot.servers import View

LONGEST_TERM = 200
_CHOICES = 25
_LANGUAGES = [
    app_commands.Choice(name="English", value="en"),
    app_commands.Choice(name="简体中文", value="zh"),
    app_commands.Choice(name="繁體中文", value="zh-TW"),
]


class Define(commands.Cog):
    """Looks terms up."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        self._menu = app_commands.ContextMenu(name=_("Explain AI terms"), callback=self.explain)

    async def cog_load(self) -> None:
        """Add the menu: it cannot be declared inside a class."""
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the menu."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    def _context(self, interaction: Interaction, view: View, language: str | None) -> Context:
        return Context(Mode.ASKED, of_choice(language), self.bot.language_in(view, interaction))

    @app_commands.command(name=_("define"), description=_("Explain an AI term, with sources"))
    @app_commands.describe(
        term=_("The term, however you spell it, in English or Chinese"),
        language=_("The language of the answer"),
        private=_("Show the answer only to you"),
    )
    @app_commands.rename(term=_("term"), language=_("language"), private=_("private"))
    @app_commands.choices(language=_LANGUAGES)
    async def define(
        self,
        interaction: Interaction,
        term: app_commands.Range[str, 1, LONGEST_TERM],
        language: str | None = None,
        private: bool = False,
    ) -> None:
        """Explain a term."""
        view = await self.bot.view(interaction)
        reply = view.answering.reply(without_markup(term), self._context(interaction, view, language))
        self.bot.metrics.answered("asked", reply.outcome.value)
        await self.bot.send(interaction, message_for(reply, view.answering, private=private))
        if interaction.is_guild_integration():
            self.bot.note_gap(interaction.guild_id, reply)

    @app_commands.command(name=_("compare"), description=_("Show two terms side by side"))
    @app_commands.describe(
        first=_("The first term"), second=_("The second term"), language=_("The language of the answer")
    )
    @app_commands.rename(first=_("first"), second=_("second"), language=_("language"))
    @app_commands.choices(language=_LANGUAGES)
    async def compare(
        self,
        interaction: Interaction,
        first: app_commands.Range[str, 1, LONGEST_TERM],
        second: app_commands.Range[str, 1, LONGEST_TERM],
        language: str | None = None,
    ) -> None:
        """Show two terms side by side."""
        view = await self.bot.view(interaction)
        context = self._context(interaction, view, language)
        replies = [view.answering.reply(without_markup(side), context) for side in (first, second)]
        if any(r.compared for r in replies):
            raise UserError(text("one-each", "en"), text("one-each", "zh"))
        unsure = next((r for r in replies if r.outcome is not Outcome.ANSWER), None)
        sizes = [r.size for r in replies if r.size]
        if unsure:
            message = message_for(unsure, view.answering)
        elif sizes and (len(sizes) == 1 or sizes[0].canonical != sizes[1].canonical):
            message = side_by_side(replies, view.answering)
        elif sizes:
            message = message_for(replies[0], view.answering)
        else:
            ids = [r.terms[0].id for r in replies]
            message = message_for(view.answering.compare(ids[0], ids[1], replies[0].language), view.answering)
        self.bot.metrics.answered("asked", (unsure or replies[0]).outcome.value)
        await self.bot.send(interaction, message)

    @define.autocomplete("term")
    @compare.autocomplete("first")
    @compare.autocomplete("second")
    async def complete(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest names while a term is typed; nothing typed suggests nothing in particular."""
        view = await self.bot.view(interaction)
        answering, language = view.answering, self.bot.language_in(view, interaction)
        choices: list[app_commands.Choice[str]] = []
        for name, ids in answering.search.names.complete(typed[:LONGEST_TERM], _CHOICES):
            term = answering.glossary.terms[ids[0]]
            heading = both_names(term, language)
            known_by = heading if key(name) in key(heading) else f"{name} → {heading}"
            shown = known_by if len(ids) == 1 else name
            choices.append(app_commands.Choice(name=fit(shown, 100), value=fit(name, 100)))
        return choices

    async def explain(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Offer every term in a message, what it shows of links or forwards included, to the one who asked."""
        view = await self.bot.view(interaction)
        answering, language = view.answering, self.bot.language_in(view, interaction)
        # In a thread: a message with all that may come with it takes longer than others should wait.
        terms = await asyncio.to_thread(answering.terms_in, *_texts_of(message))
        if not terms:
            await self.bot.tell(interaction, "no-terms-in-message")
            return
        await self.bot.send(interaction, offered(terms, text("terms-in-message", language), language))


def _texts_of(message: discord.Message) -> list[str]:
    """Return what is to be read in a message: text, embeds, text displays, and the same of what it forwards."""
    texts: list[str] = []
    for told in (message, *message.message_snapshots):
        texts += [told.content, *_displayed(told.components)]
        for embed in told.embeds:
            texts += [embed.title or "", embed.description or ""]
            texts += [f"{field.name}\n{field.value}" for field in embed.fields]
    return [without_markup(t) for t in texts if t]


def _displayed(components: Sequence[discord.Component]) -> Iterator[str]:
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        yield from _displayed(getattr(component, "children", ()))


def of_choice(value: str | None) -> Language | None:
    """Return the chosen language; None where none was chosen or the value is none of ours."""
    return value if value in ("en", "zh", "zh-TW") else of_locale(value)
