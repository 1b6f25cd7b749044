"""/gaps: what was asked in a server and not known, most asked first; each can become a term, or be dismissed."""

from collections.abc import Mapping
from typing import Any, Self

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.cogs._buttons import LANGUAGE, Stateless
from bot.cogs._host import Host, Interaction
from bot.cogs._own_form import open_form
from bot.cogs._reply import Message, literal
from bot.cogs._rights import demand_editor
from bot.cogs._texts import fill
from bot.core.languages import Language
from bot.store.records import GAP_DAYS, Gap, ServerSettings

_PER_PAGE = 10
_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Asked here and not known", "在这里问过、词库里没有的"),
    "empty": (
        "Nothing. What is asked by /define or a mention and not known is counted here.",
        "还没有。通过 /define 或 @我 提问而词库里没有的词会统计在这里。",
    ),
    "off": (
        "Counting is switched off in /settings, so nothing new is added.",
        "统计已在 /settings 中关闭，不会再增加。",
    ),
    "line": ("{count} × **{text}** · last on {date}", "{count} 次 · **{text}** · 最近 {date}"),
    "foot": (
        "Kept for {days} days; only the words that were asked about, never who asked.",
        "保留 {days} 天；只记下问到的词，不记是谁问的。",
    ),
    "add": ("Add one as a term …", "把其中一个加为术语……"),
    "dismiss": ("Dismiss …", "不再显示……"),
}


def _say(key: str, language: Language, **values: object) -> str:
    return fill(_TEXTS[key], language, **values)


class Turn(Stateless, template=rf"aiterms:gaps:(?P<page>\d{{1,4}}):{LANGUAGE}"):
    """Turns the pages."""

    limited = False

    @classmethod
    def make(cls, page: int, language: Language, mark: str) -> Self:
        """Return the button that leads to `page`."""
        return cls.button(f"aiterms:gaps:{page}:{language}", mark)

    async def act(self, interaction: Interaction) -> None:
        """Turn the page."""
        making = gaps_message(interaction, int(self.state["page"]), self.language)
        await interaction.client.update_when_made(interaction, making)


class AddGap(Stateless, template=rf"aiterms:gap-add:{LANGUAGE}"):
    """Opens the form for a new term with the name of a gap."""

    limited = False

    @classmethod
    def make(cls, gaps: list[Gap], language: Language) -> Self:
        """Return the select of gaps."""
        return cls(_select(f"aiterms:gap-add:{language}", gaps, _say("add", language), 1), {})

    async def act(self, interaction: Interaction) -> None:
        """Open the form."""
        view = await interaction.client.own_view(interaction)
        demand_editor(interaction, view.settings)
        data: Any = interaction.data
        await open_form(interaction, self.language, name=str(data["values"][0]))


class Dismiss(Stateless, template=rf"aiterms:gap-dismiss:{LANGUAGE}"):
    """Forgets gaps that are none."""

    limited = False

    @classmethod
    def make(cls, gaps: list[Gap], language: Language) -> Self:
        """Return the select of gaps."""
        return cls(_select(f"aiterms:gap-dismiss:{language}", gaps, _say("dismiss", language), len(gaps)), {})

    async def act(self, interaction: Interaction) -> None:
        """Forget the chosen ones."""
        await interaction.client.update_when_made(interaction, self._dismiss(interaction))

    async def _dismiss(self, interaction: Interaction) -> Message:
        data: Any = interaction.data
        demand_editor(interaction, (await interaction.client.own_view(interaction)).settings)
        for value in data["values"]:
            await interaction.client.servers.store.close_gap(interaction.guild_id or 0, str(value))
        return await gaps_message(interaction, 1, self.language)


def _select(custom_id: str, gaps: list[Gap], placeholder: str, most: int) -> discord.ui.Select[Any]:
    options = [discord.SelectOption(label=g.text, value=g.text) for g in gaps]
    return discord.ui.Select(custom_id=custom_id, options=options, placeholder=placeholder, max_values=most)


class Gaps(commands.Cog):
    """Shows what was asked and not known."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        name=locale_str("gaps", zh="缺口"),
        description=locale_str(
            "What was asked here and not known, most asked first", zh="在这里问过而词库里没有的词，按次数排列"
        ),
    )
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    async def gaps(self, interaction: Interaction) -> None:
        """List the gaps."""
        language = await self.bot.language_of(interaction)
        await self.bot.send_when_made(interaction, gaps_message(interaction, 1, language), private=True)


async def gaps_message(interaction: Interaction, page: int, language: Language) -> Message:
    """Return one page of the gaps, for those who may change terms."""
    host, server = interaction.client, interaction.guild_id or 0
    view = await host.own_view(interaction)
    demand_editor(interaction, view.settings)
    rows = await host.servers.store.gaps(server, limit=_PER_PAGE + 1, offset=(page - 1) * _PER_PAGE)
    shown = rows[:_PER_PAGE]
    lines = [
        _say("line", language, count=g.count, text=literal(g.text), date=g.last_asked.date().isoformat()) for g in shown
    ]
    embed = discord.Embed(title=_say("title", language), description=_body(lines, view.settings, language))
    embed.set_footer(text=_say("foot", language, days=GAP_DAYS))
    turns = [(page - 1, "◀")] * (page > 1) + [(page + 1, "▶")] * (len(rows) > _PER_PAGE)
    items: list[discord.ui.Item[Any]] = [Turn.make(n, language, mark) for n, mark in turns]
    if shown:
        items += [AddGap.make(shown, language), Dismiss.make(shown, language)]
    return Message(embeds=(embed,), items=tuple(items), private=True)


def _body(lines: list[str], settings: ServerSettings, language: Language) -> str:
    parts = lines or [_say("empty", language)]
    return "\n".join(parts if settings.gaps else [*parts, "", _say("off", language)])


ITEMS: tuple[type[Stateless], ...] = (Turn, AddGap, Dismiss)
