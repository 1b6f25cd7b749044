"""The list and the history of a server's own terms, page by page."""

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.answering import both_names, in_language
from bot.cogs._buttons import LANGUAGE, Stateless
from bot.cogs._own_form import Edit
from bot.cogs._own_texts import field_names, own_text
from bot.cogs._reply import Message, fit, literal, term_embed
from bot.cogs._rights import demand_editor, may_edit
from bot.cogs._texts import told
from bot.core.errors import UserError
from bot.core.glossary import LONGEST_ID, Term
from bot.core.languages import Language
from bot.store.records import ChangeKind, ConflictError, Step

if TYPE_CHECKING:
    from bot.cogs._host import Interaction

_PER_PAGE = 25
_SHOWN = 10


class OwnPage(Stateless, template=rf"aiterms:own-page:(?P<page>\d{{1,4}}):{LANGUAGE}"):
    """Turns the pages of the list."""

    @classmethod
    def make(cls, page: int, language: Language, mark: str) -> Self:
        """Return the button that leads to `page`."""
        return cls.button(f"aiterms:own-page:{page}:{language}", mark)

    async def act(self, interaction: "Interaction") -> None:
        """Turn the page."""
        await interaction.client.update(
            interaction, await list_message(interaction, int(self.state["page"]), self.language)
        )


class OpenOwn(Stateless, template=rf"aiterms:own-open:{LANGUAGE}"):
    """Shows a term of the list, with what may be done to it."""

    @classmethod
    def make(cls, terms: list[Term], language: Language) -> Self:
        """Return the select."""
        options = [
            discord.SelectOption(
                label=fit(both_names(t, language), 100),
                value=t.id,
                description=fit(in_language(t, "short", language), 100),
            )
            for t in terms
        ]
        select: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=f"aiterms:own-open:{language}", options=options, placeholder=own_text("open", language)
        )
        return cls(select, {})

    async def act(self, interaction: "Interaction") -> None:
        """Show the chosen term."""
        data: Any = interaction.data
        await interaction.client.send(
            interaction, await own_message(interaction, str(data["values"][0]), self.language)
        )


class Remove(
    Stateless, template=rf"aiterms:own-remove:(?P<term>[a-z0-9-]{{1,{LONGEST_ID}}}):(?P<version>\d{{1,9}}):{LANGUAGE}"
):
    """Removes a term as it was shown."""

    limited = False

    @classmethod
    def make(cls, term: str, version: int, language: Language) -> Self:
        """Return the button."""
        style = discord.ButtonStyle.danger
        return cls.button(f"aiterms:own-remove:{term}:{version}:{language}", own_text("remove", language), style=style)

    async def act(self, interaction: "Interaction") -> None:
        """Remove it."""
        await interaction.client.update_when_made(interaction, self._remove(interaction))

    async def _remove(self, interaction: "Interaction") -> Message:
        servers, server = interaction.client.servers, interaction.guild_id or 0
        demand_editor(interaction, (await interaction.client.own_view(interaction)).settings)
        id_, version = self.state["term"], int(self.state["version"])
        writing = servers.store.remove_term(
            server, id_, version=version, by=interaction.user.id, request=interaction.id
        )
        try:
            removed = await servers.write(server, writing)
        except ConflictError as conflict:
            # As it is now, with a button for that.
            shown = await own_message(interaction, id_, self.language, ask=True)
            return replace(shown, content=f"{told(conflict, self.language)}\n{shown.content}")
        if removed is None:
            return Message(own_text("not-there", self.language), private=True)
        return Message(own_text("removed", self.language, name=literal(removed.name)), private=True)


class HistoryPage(Stateless, template=rf"aiterms:own-history:(?P<before>\d{{1,18}}):{LANGUAGE}"):
    """Leads to older changes."""

    limited = False

    @classmethod
    def make(cls, before: int, language: Language) -> Self:
        """Return the button."""
        return cls.button(f"aiterms:own-history:{before}:{language}", own_text("older", language))

    async def act(self, interaction: "Interaction") -> None:
        """Show older changes."""
        making = history_message(interaction, self.language, before=int(self.state["before"]))
        await interaction.client.update_when_made(interaction, making)


class Undo(Stateless, template=rf"aiterms:own-undo:{LANGUAGE}"):
    """Takes a change, or a whole import, back."""

    limited = False

    @classmethod
    def make(cls, options: list[discord.SelectOption], language: Language) -> Self:
        """Return the select of changes; an option's value is the interaction that made them."""
        select: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=f"aiterms:own-undo:{language}", options=options, placeholder=own_text("undo", language)
        )
        return cls(select, {})

    async def act(self, interaction: "Interaction") -> None:
        """Take it back."""
        await interaction.client.send_when_made(interaction, self._undo(interaction), private=True)

    async def _undo(self, interaction: "Interaction") -> Message:
        servers, server = interaction.client.servers, interaction.guild_id or 0
        data: Any = interaction.data
        request = int(data["values"][0])
        demand_editor(interaction, (await interaction.client.own_view(interaction)).settings)
        undoing = servers.store.undo(server, request, by=interaction.user.id, as_request=interaction.id)
        try:
            count = await servers.write(server, undoing)
        except ConflictError as conflict:
            english, chinese = own_text("undo-conflict", "en"), own_text("undo-conflict", "zh")
            raise UserError(english, chinese) from conflict
        key = "undone" if count else "nothing-undone"
        return Message(own_text(key, self.language, count=count), private=True)


async def own_message(interaction: "Interaction", id_: str, language: Language, *, ask: bool = False) -> Message:
    """Return a term with the buttons of those who may change it; `ask` whether it is to be removed."""
    view = await interaction.client.own_view(interaction)
    own = view.own.get(id_)
    if own is None:
        raise UserError(own_text("not-there", "en"), own_text("not-there", "zh"))
    embed, _ = term_embed(own.term, view.answering, language, most=None)
    items: list[discord.ui.Item[Any]] = []
    if may_edit(interaction, view.settings):
        items = [Edit.make(id_, language), Remove.make(id_, own.version, language)]
    content = own_text("remove-sure", language) if ask else None
    return Message(content, embeds=(embed,), items=tuple(items[1:] if ask else items), private=True)


async def list_message(interaction: "Interaction", page: int, language: Language) -> Message:
    """Return one page of the own terms, by name."""
    view = await interaction.client.own_view(interaction)
    terms = sorted((o.term for o in view.own.values()), key=lambda t: t.name.casefold())
    pages = max(1, ceil(len(terms) / _PER_PAGE))
    page = min(max(page, 1), pages)
    here = terms[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    lines = [f"- {literal(both_names(t, language))}" for t in here]
    embed = discord.Embed(
        title=own_text("list", language, count=len(terms)),
        description=fit("\n".join(lines), 4000) or own_text("list-empty", language),
    )
    embed.set_footer(text=own_text("page", language, page=page, pages=pages))
    items: list[discord.ui.Item[Any]] = [
        OwnPage.make(n, language, mark) for n, mark in ((page - 1, "◀"), (page + 1, "▶")) if 1 <= n <= pages
    ]
    if here:
        items.append(OpenOwn.make(here, language))
    return Message(embeds=(embed,), items=tuple(items), private=True)


async def history_message(interaction: "Interaction", language: Language, *, before: int | None = None) -> Message:
    """Return who changed what and when, newest first, with a select to take something back."""
    host, server = interaction.client, interaction.guild_id or 0
    view = await host.own_view(interaction)
    demand_editor(interaction, view.settings)
    steps = await host.servers.store.steps(server, limit=_SHOWN + 1, before=before)
    shown = steps[:_SHOWN]
    lines: list[str] = []
    options: list[discord.SelectOption] = []
    for step in shown:
        last = step.last
        by = f"<@{last.by}>" if last.by else own_text("somebody", language)
        lines.append(f"<t:{int(last.at.timestamp())}:f> · {by} · {_what(step, language, literal)}")
        label = fit(f"{last.at:%m-%d %H:%M} UTC {_what(step, language, str).replace('**', '')}", 100)
        options.append(discord.SelectOption(label=label, value=str(last.request)))
    embed = discord.Embed(
        title=own_text("history", language),
        description=fit("\n".join(lines), 4000) or own_text("history-empty", language),
    )
    items: list[discord.ui.Item[Any]] = [Undo.make(options, language)] if options else []
    if len(steps) > _SHOWN:
        items.append(HistoryPage.make(shown[-1].last.id, language))
    return Message(embeds=(embed,), items=tuple(items), private=True)


def _what(step: Step, language: Language, shown: Callable[[str], str]) -> str:
    """Say what a step did; `shown` makes a name fit to be shown where this stands."""
    change = step.last
    term = change.after or change.before
    name = shown(term.name if term else change.term_id)
    if step.count > 1:
        return own_text("history-many", language, count=step.count, term=name)
    fields = ""
    if change.kind is ChangeKind.EDITED and change.before and change.after:
        differ = [f for f in Term.model_fields if getattr(change.before, f) != getattr(change.after, f)]
        fields = field_names(differ, language) or "-"
    return own_text(f"history-{change.kind}", language, term=name, fields=fields)


ITEMS: tuple[type[Stateless], ...] = (OwnPage, OpenOwn, Remove, HistoryPage, Undo)
