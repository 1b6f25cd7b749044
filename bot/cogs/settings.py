"""/settings: what a server chooses, in one panel that outlives restarts."""

from dataclasses import replace
from typing import Any, Self

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.cogs import _settings_panel as panel
from bot.cogs._buttons import LANGUAGE, Stateless
from bot.cogs._host import Host, Interaction
from bot.cogs._reply import Message
from bot.cogs._rights import demand_manager
from bot.core.languages import Language
from bot.store.records import ConflictError, ServerSettings

_FIELDS = "channels|language|strictness|role|gaps|links"


class Field(Stateless, template=rf"aiterms:set:(?P<what>{_FIELDS}):(?P<version>\d{{1,9}}):{LANGUAGE}"):
    """One field of the panel. It knows which version of the settings it shows, so that two people do not cross."""

    limited = False

    @classmethod
    def make(cls, item: discord.ui.Item[Any]) -> Self:
        """Return a field whose custom_id is set."""
        return cls(item, {})

    async def act(self, interaction: Interaction) -> None:
        """Store what was chosen, and show the panel as it is then."""
        demand_manager(interaction)
        data: Any = interaction.data
        what, version = self.state["what"], int(self.state["version"])
        values = [str(v) for v in data.get("values", ())]
        await interaction.client.update_when_made(interaction, self._change(interaction, what, version, values))

    async def _change(self, interaction: Interaction, what: str, version: int, values: list[str]) -> Message:
        host, server = interaction.client, interaction.guild_id or 0
        present = await host.servers.store.settings(server)
        new = replace(panel.changed(present, what, values), version=version)
        note = panel.panel_text("saved", self.language)
        try:
            writing = host.servers.store.change_settings(server, new, by=interaction.user.id, request=interaction.id)
            stored = await host.servers.write(server, writing)
        except ConflictError as conflict:
            if not isinstance(conflict.current, ServerSettings):
                raise
            stored, note = conflict.current, panel.panel_text("conflict", self.language)
        return settings_message(host, interaction.guild, stored, self.language, note)


class Settings(commands.Cog):
    """Shows and changes what a server has chosen."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        name=locale_str("settings", zh="设置"),
        description=locale_str(
            "Q&A channels, language and who may change terms", zh="问答频道、语言，以及谁可以修改术语"
        ),
    )
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: Interaction) -> None:
        """Show the panel."""
        demand_manager(interaction)
        await self.bot.send_when_made(interaction, self._panel(interaction), private=True)

    async def _panel(self, interaction: Interaction) -> Message:
        settings = await self.bot.servers.store.settings(interaction.guild_id or 0)
        language = await self.bot.language_of(interaction)
        return settings_message(self.bot, interaction.guild, settings, language)


def settings_message(
    host: Host, guild: discord.Guild | None, settings: ServerSettings, language: Language, note: str = ""
) -> Message:
    """Return the panel: what is chosen now, what stands in its way, and a field for each choice."""

    def id_(what: str) -> str:
        return f"aiterms:set:{what}:{settings.version}:{language}"

    def switch(what: str, on: bool) -> discord.ui.Button[Any]:
        state = panel.panel_text("on" if on else "off", language)
        style = discord.ButtonStyle.success if on else discord.ButtonStyle.secondary
        label = f"{panel.panel_text(what, language)}: {state}"
        return discord.ui.Button(label=label[:80], style=style, custom_id=id_(what))

    default = host.language_by_default(guild.preferred_locale.value if guild else None)
    choices = {
        "language": panel.language_options(settings, language, default),
        "strictness": panel.strictness_options(settings, language),
    }
    there = _still_there(guild, settings)
    items: list[discord.ui.Item[Any]] = [
        panel.channel_select(there, language, id_("channels")),
        *(
            discord.ui.Select(custom_id=id_(k), options=o, placeholder=panel.panel_text(f"pick-{k}", language))
            for k, o in choices.items()
        ),
        panel.role_select(there, language, id_("role")),
        switch("gaps", settings.gaps),
        switch("links", settings.links),
    ]
    embed = panel.panel_embed(settings, language, default, _troubles(host, guild, settings, language), note)
    return panel.private(embed, [Field.make(item) for item in items])


def _still_there(guild: discord.Guild | None, settings: ServerSettings) -> ServerSettings:
    """Leave out channels and a role that were deleted: a field must not offer what is not there."""
    if guild is None:
        return settings
    role = settings.editor_role if guild.get_role(settings.editor_role or 0) else None
    return replace(settings, channels=frozenset(c for c in settings.channels if guild.get_channel(c)), editor_role=role)


def _troubles(host: Host, guild: discord.Guild | None, settings: ServerSettings, language: Language) -> list[str]:
    if not settings.channels:
        return []
    troubles = [] if host.intents.message_content else [panel.panel_text("no-intent", language)]
    channels = [guild.get_channel(c) for c in settings.channels] if guild else []
    closed = [c for c in channels if c is not None and guild and not _may_answer(c, guild.me)]
    if closed:
        names = " ".join(c.mention for c in closed[:5])
        troubles.append(panel.panel_text("no-permission", language, channels=names))
    return troubles


def _may_answer(channel: discord.abc.GuildChannel, me: discord.Member) -> bool:
    allowed = channel.permissions_for(me)
    in_threads = isinstance(channel, discord.ForumChannel)
    return allowed.view_channel and (allowed.send_messages_in_threads if in_threads else allowed.send_messages)


ITEMS: tuple[type[Stateless], ...] = (Field,)
