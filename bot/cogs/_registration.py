"""Registers the commands at Discord: everywhere when they have changed, or as an operator says."""

import asyncio
import hashlib
import json
import logging
from importlib.metadata import version
from pathlib import Path

import discord

from bot.cogs._host import Host
from bot.cogs._texts import Translator

log = logging.getLogger(__name__)

_TIMEOUT = 30.0


async def register(bot: Host, *, force: bool = False) -> bool:
    """Register the commands everywhere if they differ from the last ones; return whether that was done."""
    # Without Traditional Chinese: converting to it takes 40 MB that no restart needs.
    written = Translator(traditional=False)
    wanted = [await c.get_translated_payload(bot.tree, written) for c in bot.tree.get_commands()]
    facts = [wanted, version("aiterms")]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    place = bot.data / f"commands-{bot.application_id}-global"
    if not force and _read(place) == digest:
        return False
    async with asyncio.timeout(_TIMEOUT):
        await bot.tree.sync()
    log.info("registered %d commands", len(wanted))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(digest)
    except OSError as error:
        log.warning("the hash of the commands cannot be kept, they will be registered again: %s", error)
    return True


async def register_for(bot: Host, server: int) -> None:
    """Register the commands for one server, where they then show beside those of everywhere."""
    target = discord.Object(server)
    bot.tree.copy_global_to(guild=target)
    async with asyncio.timeout(_TIMEOUT):
        await bot.tree.sync(guild=target)


async def remove_from(bot: Host, server: int) -> None:
    """Remove what was registered for one server; what is registered everywhere stays."""
    async with asyncio.timeout(_TIMEOUT):
        await bot.tree.sync(guild=discord.Object(server))


def _read(place: Path) -> str | None:
    try:
        return place.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
