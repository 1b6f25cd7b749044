"""/about."""

from importlib.metadata import version

from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.cogs._host import Host, Interaction
from bot.cogs._reply import Message, fit
from bot.cogs._texts import text
from bot.core.languages import Language

_LONGEST_STATE = 1000
_SIGNS = {"ok": "✅", "degraded": "⚠️", "red": "❌"}


class About(commands.Cog):
    """Tells what the bot is."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(name=_("about"), description=_("What this bot is, its version and its knowledge"))
    async def about(self, interaction: Interaction) -> None:
        """Say what the bot is."""
        glossary = self.bot.answering.glossary
        dates = [s.checked for t in glossary for s in t.sources if s.checked]
        facts = {
            "version": version("aiterms"),
            "count": len(glossary),
            "date": max(dates).isoformat() if dates else "-",
        }
        language = await self.bot.language_of(interaction)
        content = text("about", language, **facts)
        refusing = self._left_alone(interaction)
        if refusing:
            content += "\n\n" + text("left-alone", language, channels=" ".join(f"<#{c}>" for c in refusing))
        if self.bot.is_operated_by(interaction.user):
            content += "\n\n" + fit(self._state(language), _LONGEST_STATE)
        await self.bot.send(interaction, Message(content=content, private=True))

    def _state(self, language: Language) -> str:
        """Return how the bot is, as its health page says it: in the words of the log, for whoever runs it."""
        state, parts = self.bot.health.ready()
        lines = [f"- {_SIGNS[s]} {name}: {why}" for name, (s, why) in parts.items()]
        return text("for-operator", language, state=state) + "\n" + "\n".join(lines)

    def _left_alone(self, interaction: Interaction) -> list[int]:
        """Return the channels of this server that refuse messages; for those who can change that."""
        guild = self.bot.get_guild(interaction.guild_id or 0)
        if guild is None or not interaction.permissions.manage_guild:
            return []
        return [c for c in self.bot.circuit.channels() if guild.get_channel_or_thread(c)][:10]
