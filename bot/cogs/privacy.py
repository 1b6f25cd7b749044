"""/privacy: what is stored about somebody and about a server, and the buttons that erase it."""

from collections.abc import Mapping
from typing import Any, Self

import discord
from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.cogs._buttons import LANGUAGE, Stateless
from bot.cogs._host import Host, Interaction
from bot.cogs._reply import Message
from bot.cogs._rights import demand_manager, may_manage
from bot.cogs._texts import fill, text, told
from bot.core.errors import UserError
from bot.core.languages import Language

_TEXTS: Mapping[str, tuple[str, str]] = {
    "mine": (
        "**About you:** reports of mistakes: {reports}; changes of servers' own terms that carry your id: {changes}.",
        "**关于你**：{reports} 条纠错，{changes} 次带有你 ID 的自定义术语修改记录。",
    ),
    "server": (
        "**About this server:** own terms, with their history: {terms}; things that were asked and not known: {gaps}; {settings}.",
        "**关于本服务器**：{terms} 个自定义术语及其修改记录，{gaps} 个问过但词库里没有的词，{settings}。",
    ),
    "settings": ("its settings", "服务器设置"),
    "no-settings": ("no settings", "没有服务器设置"),
    "erase-me": ("Erase mine", "删除我的数据"),
    "erase-server": ("Erase this server's", "删除本服务器的数据"),
    "confirm-me": (
        "Your reports will be deleted, and your id taken out of the history of terms. Terms that you wrote stay with their server. This cannot be undone.",
        "将删除你的纠错，并从术语修改记录中去掉你的 ID；你写的术语仍归所在服务器。此操作无法撤销。",
    ),
    "confirm-server": (
        "All own terms, their history, the settings and the gaps of this server will be deleted. This cannot be undone; /term export saves the terms before.",
        "将删除本服务器的全部自定义术语、修改记录、设置和缺口统计。此操作无法撤销；可先用 /term export 导出术语。",
    ),
    "yes": ("Yes, erase", "确认删除"),
    "done": ("Erased.", "已删除。"),
}


def _say(key: str, language: Language, **values: object) -> str:
    return fill(_TEXTS[key], language, **values)


class Ask(Stateless, template=rf"aiterms:erase-ask:(?P<what>me|server):{LANGUAGE}"):
    """Says what will be deleted, before it is."""

    limited = False

    @classmethod
    def make(cls, what: str, language: Language) -> Self:
        """Return the button."""
        style = discord.ButtonStyle.danger
        return cls.button(f"aiterms:erase-ask:{what}:{language}", _say(f"erase-{what}", language), style=style)

    async def act(self, interaction: Interaction) -> None:
        """Ask for the last word."""
        what = self.state["what"]
        if what == "server":
            demand_manager(interaction)
        message = Message(
            _say(f"confirm-{what}", self.language), items=(Erase.make(what, self.language),), private=True
        )
        await interaction.client.send(interaction, message)


class Erase(Stateless, template=rf"aiterms:erase:(?P<what>me|server):{LANGUAGE}"):
    """Deletes."""

    limited = False

    @classmethod
    def make(cls, what: str, language: Language) -> Self:
        """Return the button."""
        style = discord.ButtonStyle.danger
        return cls.button(f"aiterms:erase:{what}:{language}", _say("yes", language), style=style)

    async def act(self, interaction: Interaction) -> None:
        """Delete, and say so."""
        if self.state["what"] == "server":
            demand_manager(interaction)
        await interaction.client.update_when_made(interaction, self._erase(interaction))

    async def _erase(self, interaction: Interaction) -> Message:
        servers = interaction.client.servers
        if self.state["what"] == "me":
            await servers.store.erase_user(interaction.user.id, request=interaction.id)
            servers.outdated()
        elif interaction.guild_id:
            erasing = servers.store.erase_server(interaction.guild_id, request=interaction.id)
            try:
                await servers.write(interaction.guild_id, erasing)
            finally:
                # Not read again but forgotten: versions begin anew, so that an old state could pass for a new one.
                servers.forget(interaction.guild_id)
        return Message(_say("done", self.language), private=True)


class Privacy(commands.Cog):
    """Tells what is stored."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(name=_("privacy"), description=_("What this bot stores about you and this server"))
    async def privacy(self, interaction: Interaction) -> None:
        """Say what is stored."""
        await self.bot.send_when_made(interaction, self._message(interaction), private=True)

    async def _message(self, interaction: Interaction) -> Message:
        language = await self.bot.language_of(interaction)
        server = interaction.guild_id if interaction.is_guild_integration() else None
        parts = [text("privacy", language)]
        items: list[discord.ui.Item[Any]] = [Ask.make("me", language)]
        try:
            stored = await self.bot.servers.store.stored(interaction.user.id, server)
        except UserError as error:
            parts.append(told(error, language))
        else:
            parts.append(_say("mine", language, reports=stored.reports, changes=stored.changes))
            if server:
                settings = _say("settings" if stored.settings else "no-settings", language)
                parts.append(_say("server", language, terms=stored.terms, gaps=stored.gaps, settings=settings))
        if server and may_manage(interaction):
            items.append(Ask.make("server", language))
        return Message("\n\n".join(parts), items=tuple(items), private=True)


ITEMS: tuple[type[Stateless], ...] = (Ask, Erase)
