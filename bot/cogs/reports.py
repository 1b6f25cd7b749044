"""Reports of mistakes: what the form behind "Something wrong?" sends."""

import logging
from typing import Any

import discord
from discord.ext import commands

from bot.cogs import _forms
from bot.cogs._buttons import REPORT_PREFIX, REPORT_TEXT
from bot.cogs._host import Host, Interaction
from bot.cogs._reply import Message, fit, literal
from bot.cogs._texts import text

log = logging.getLogger(__name__)

LONGEST = 1000
_SHOWN = 1800
"""Characters of it in the thanks, which Discord limits to 2,000: each line there begins with a mark."""


class Reports(commands.Cog):
    """Takes the reports and keeps them for the people who look after the glossary."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a form that was sent."""
        data: Any = interaction.data or {}
        is_form = interaction.type is discord.InteractionType.modal_submit
        if is_form and str(data.get("custom_id", "")).startswith(REPORT_PREFIX):
            await self.bot.guarded(interaction, self._take, limited=False)

    async def _take(self, interaction: Interaction) -> None:
        data: Any = interaction.data
        written = _forms.typed(data.get("components", [])).get(REPORT_TEXT, "")[:LONGEST].strip()
        if not written:
            await self.bot.tell(interaction, "report-empty")
            return
        term = str(data["custom_id"]).removeprefix(REPORT_PREFIX).rpartition(":")[0]
        await self.bot.send_when_made(interaction, self._store(interaction, term, written), private=True)

    async def _store(self, interaction: Interaction, term: str, written: str) -> Message:
        server = interaction.guild_id if interaction.is_guild_integration() else None
        await self.bot.servers.store.add_report(
            term, written, user=interaction.user.id, server=server, request=interaction.id
        )
        log.info("a report on %s was written", term)
        language = await self.bot.language_of(interaction)
        shown = fit(literal(written).replace("\n", "\n> "), _SHOWN)
        return Message(text("report-thanks", language, text=f"> {shown}"), private=True)
