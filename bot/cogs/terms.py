"""/terms: the list of terms, page by page, and a select to open one."""

from math import ceil
from typing import Any, Self

import discord
from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.answering import Answering, both_names
from bot.cogs._buttons import LANGUAGE, Choose, Stateless
from bot.cogs._host import Host, Interaction
from bot.cogs._reply import Message, category_name, fit, literal, term_options
from bot.cogs._texts import text
from bot.core.errors import UserError
from bot.core.languages import Language
from bot.core.text import key

ALL = "all"
_PER_PAGE = 25
"""As many as a select holds."""
_CHOICES = 25


class Page(Stateless, template=rf"aiterms:page:(?P<category>[a-z-]{{1,40}}):(?P<page>\d{{1,4}}):{LANGUAGE}"):
    """Turns the pages of the list."""

    limited = False

    @classmethod
    def make(cls, category: str, page: int, language: Language, mark: str) -> Self:
        """Return the button that leads to `page`."""
        return cls.button(f"aiterms:page:{category}:{page}:{language}", mark)

    async def act(self, interaction: Interaction) -> None:
        """Turn the page."""
        host = interaction.client
        answering = (await host.view(interaction)).answering
        page = page_message(answering, self.state["category"], int(self.state["page"]), self.language)
        await host.update(interaction, page)


class Terms(commands.Cog):
    """Lists the terms."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(name=_("terms"), description=_("Browse the terms"))
    @app_commands.describe(category=_("Only the terms of this category"))
    @app_commands.rename(category=_("category"))
    async def terms(self, interaction: Interaction, category: str | None = None) -> None:
        """List the terms."""
        chosen = _category_id(self.bot.answering, category) if category else ALL
        view = await self.bot.view(interaction)
        language = self.bot.language_in(view, interaction)
        await self.bot.send(interaction, page_message(view.answering, chosen, 1, language))

    @terms.autocomplete("category")
    async def complete_category(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest the categories."""
        language = await self.bot.language_of(interaction)
        names = {i: category_name(self.bot.answering, i, language) for i in self.bot.answering.glossary.categories}
        wanted = key(typed)
        found = [app_commands.Choice(name=n, value=i) for i, n in names.items() if wanted in key(n) or wanted in key(i)]
        return found[:_CHOICES]


def _category_id(answering: Answering, typed: str) -> str:
    """Return the id of the category that was chosen, or typed by one of its names."""
    for id_, category in answering.glossary.categories.items():
        if key(typed) in (key(id_), key(category.name), key(category.name_zh)):
            return id_
    name = discord.utils.escape_markdown(fit(typed, 50))
    raise UserError(text("category-unknown", "en", name=name), text("category-unknown", "zh", name=name))


def page_message(answering: Answering, category: str, page: int, language: Language) -> Message:
    """Return one page of the list of terms; own terms come first, then category by category.

    A category that is no longer there shows all terms.
    """
    order = {id_: n for n, id_ in enumerate(answering.glossary.categories)}
    category = category if category in order else ALL
    shown = sorted(
        (t for t in answering.glossary if category in (ALL, t.category)),
        key=lambda t: (order.get(t.category, -1), t.name.casefold()),
    )
    pages = max(1, ceil(len(shown) / _PER_PAGE))
    page = min(max(page, 1), pages)
    here = shown[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    lines: list[str] = []
    last = None
    for term in here:
        if term.category != last and term.category in order:
            lines.append(f"**{category_name(answering, term.category, language)}**")
        last = term.category
        name = both_names(term, language)
        lines.append(f"- {discord.utils.escape_markdown(name) if term.category else literal(name)}")
    title = text("all-terms", language) if category == ALL else category_name(answering, category, language)
    embed = discord.Embed(title=f"{title} ({len(shown)})", description=fit("\n".join(lines), 4000) or None)
    embed.set_footer(text=text("page", language, page=page, pages=pages))
    items: list[discord.ui.Item[Any]] = [
        Page.make(category, n, language, mark) for n, mark in ((page - 1, "◀"), (page + 1, "▶")) if 1 <= n <= pages
    ]
    if here:
        items.append(Choose.make(language, term_options(here, language), text("open-term", language)))
    return Message(embeds=(embed,), items=tuple(items), private=True)
