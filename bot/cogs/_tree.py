"""The command tree with the rules that hold for every command."""

import asyncio
import logging

import discord
from discord import app_commands

from bot.cogs._host import Host, Interaction, code_of
from bot.cogs._respond import FIRST_RESPONSE, release

log = logging.getLogger(__name__)


class Tree(app_commands.CommandTree[Host]):
    """The command tree with the rules that hold for every command."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Refuse what was delivered before, and what a user asks too often."""
        bot = interaction.client
        if interaction.type is discord.InteractionType.autocomplete:
            return not bot.stopping
        if bot.stopping or not bot.handled.first_time(interaction.id):
            return False
        bot.check_limits(interaction)
        return True

    async def _call(self, interaction: Interaction) -> None:
        # The one place through which commands and autocompletion pass; the library has no public one. What is raised
        # by a check, or by an interaction without data, it would not even hand to `on_error`.
        bot = interaction.client
        completing = interaction.type is discord.InteractionType.autocomplete
        with bot.in_flight:
            try:
                if not completing:
                    # Answers have their limit where they are sent.
                    await super()._call(interaction)
                else:
                    async with asyncio.timeout(FIRST_RESPONSE):
                        await super()._call(interaction)
                    bot.responded("completion")
            except Exception as error:
                if completing:
                    bot.metrics.failed(code_of(error))
                    log.warning("completing a term failed: %s", type(error).__name__)
                else:
                    await bot.tell_error(interaction, error)
            finally:
                release(interaction)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Tell the user what a command raised."""
        await interaction.client.tell_error(interaction, error)
