"""Which servers the bot is in, and the deletion of what is no longer needed."""

import asyncio
import logging
from collections.abc import Awaitable

import discord
from discord.ext import commands

from bot.cogs._host import Host
from bot.core.errors import UserError

log = logging.getLogger(__name__)

_EVERY = 6 * 3600.0
"""Seconds between two purges; what is purged is a month and more old."""
_FIRST = 60.0


class Housekeeping(commands.Cog):
    """Notes joining and leaving; purges now and then."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        self._purging: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Begin to purge."""
        self._purging = asyncio.create_task(self._purge(), name="purge")

    async def cog_unload(self) -> None:
        """End it."""
        if self._purging:
            self._purging.cancel()
            await asyncio.wait({self._purging})

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Note which servers the bot is in: others may have been left while it was away."""
        await self._note_present()

    async def _note_present(self) -> bool:
        bot = self.bot
        present = [g.id for g in bot.guilds]
        return await _try(bot.servers.store.servers_present(present, **self._shard), "noting the servers present")

    @property
    def _shard(self) -> dict[str, int]:
        """The part of the servers that this process answers for."""
        return {"shard_id": self.bot.shard_id or 0, "shard_count": self.bot.shard_count or 1}

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Keep what is stored of a server that comes back."""
        await _try(self.bot.servers.store.server_joined(guild.id), "noting a server joined")

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note a server that was left; Discord's outages do not come here."""
        self.bot.servers.forget(guild.id)
        await _try(self.bot.servers.store.server_left(guild.id), "noting a server left")

    async def _purge(self) -> None:
        await self.bot.wait_until_ready()
        await asyncio.sleep(_FIRST)
        while True:
            await self.bot.wait_until_ready()
            # A server that came back while the storage was away still counts as left: look before anything is deleted.
            if await self._note_present():
                await _try(self.bot.servers.store.purge(**self._shard), "purging")
            await asyncio.sleep(_EVERY)


async def _try(work: Awaitable[object], what: str) -> bool:
    """Await a write that nobody waits for and tell whether it was done; the store itself says why it was not."""
    try:
        await work
    except UserError:
        log.warning("%s failed; the next start or the next round tries again", what)
    except Exception:
        log.exception("%s failed", what)
    else:
        return True
    return False
