"""Reports of mistakes: what the form behind "Something wrong?" sends."""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
from discord.ext import commands

from bot.cogs._buttons import REPORT_PREFIX, REPORT_TEXT
from bot.cogs._host import Host, Interaction

log = logging.getLogger(__name__)

LONGEST = 1000
_WRITE = 2.0


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
            await self.bot.guarded(interaction, self._take)

    async def _take(self, interaction: Interaction) -> None:
        data: Any = interaction.data
        written = typed(data.get("components", []))[:LONGEST].strip()
        if not written:
            await self.bot.tell(interaction, "report-empty")
            return
        term = str(data["custom_id"]).removeprefix(REPORT_PREFIX).rpartition(":")[0]
        report = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "term": term,
            "text": written,
            "user": interaction.user.id,
            "server": interaction.guild_id,
        }
        try:
            async with asyncio.timeout(_WRITE):
                await asyncio.to_thread(
                    _append, self.bot.data / "reports.jsonl", json.dumps(report, ensure_ascii=False)
                )
        except OSError as error:
            self.bot.metrics.failed(type(error).__name__)
            log.error("a report could not be written: %s", type(error).__name__)  # noqa: TRY400 - no traceback needed
            await self.bot.tell(interaction, "report-failed")
            return
        log.info("a report on %s was written", term)
        shown = discord.utils.escape_mentions(discord.utils.escape_markdown(written))[:1500]
        await self.bot.tell(interaction, "report-thanks", text="> " + shown.replace("\n", "\n> "))


def _append(place: Path, line: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def typed(components: Sequence[Any]) -> str:
    """Return what was typed into the report's field, wherever the form nests it."""
    for component in components:
        if component.get("custom_id") == REPORT_TEXT:
            return str(component.get("value") or "")
        inner = component.get("components") or ([component["component"]] if "component" in component else [])
        found = typed(inner)
        if found:
            return found
    return ""
