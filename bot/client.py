"""The Discord client: intents, cogs, connecting, and an orderly end."""

import asyncio
import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route
from yarl import URL

from bot.cogs import _buttons, _registration, gaps, own_terms, privacy, sizes
from bot.cogs import settings as settings_cog
from bot.cogs._events import guard_parsers
from bot.cogs._host import Host, Interaction, code_of
from bot.cogs._own_form import FORM_PREFIX
from bot.cogs._texts import Translator
from bot.cogs._tree import Tree
from bot.cogs.about import About
from bot.cogs.channels import Channels
from bot.cogs.define import Define
from bot.cogs.housekeeping import Housekeeping
from bot.cogs.reports import Reports
from bot.cogs.terms import Page, Terms
from bot.cogs.tokens import Tokens
from bot.core.errors import ConfigurationError, IntentRefusedError
from bot.ops.health import Gateway, Part
from bot.ops.operations import Operations
from bot.ops.shards import Turns, strain
from bot.ops.starts import Starts
from bot.servers import Servers
from bot.settings import Settings

log = logging.getLogger(__name__)

ITEMS = (
    *_buttons.ITEMS,
    Page,
    *sizes.ITEMS,
    *own_terms.ITEMS,
    *gaps.ITEMS,
    *settings_cog.ITEMS,
    *privacy.ITEMS,
)
FORMS = (_buttons.REPORT_PREFIX, FORM_PREFIX)
COGS: Sequence[Callable[[Host], commands.Cog]] = (
    Define,
    Terms,
    Tokens,
    sizes.Sizes,
    Channels,
    own_terms.OwnTerms,
    settings_cog.Settings,
    gaps.Gaps,
    Reports,
    privacy.Privacy,
    About,
    Housekeeping,
)
DRAIN = 10.0
"""Seconds that answers in flight have when the bot is told to stop."""
_LAST = 3.0
"""Seconds of these in which nothing new is taken: the last that was has its time then."""
IDENTIFY_RESERVE = 5
"""So many identifies are kept for somebody who repairs something by hand."""
LOGIN = 60.0
"""Seconds for the calls before connecting, the library's own retries included."""
_CLOSE = 5.0
_OF_THE_TREE = (discord.InteractionType.application_command, discord.InteractionType.autocomplete)
_ASKING = 30.0
_HELD = 20.0
"""Seconds for which an open connection may wait for its identify; the library closes it after 60 without an answer."""
_INVITE = 274_877_991_936
"""View channels, send messages, also in threads, embed links, read history."""
_REFUSED = (
    "Discord refuses the token. Reset it (Developer Portal, your application, Bot, Reset Token) and set DISCORD_TOKEN or "
    "DISCORD_TOKEN_FILE anew."
)
_WRONG_TOKEN = 4004
_SHARDING_REQUIRED = 4011
_INTENT_REFUSED = 4014


class _NotNowError(Exception):
    """The next session has to wait for longer than a connection can be held without it."""


class Bot(Host):
    """The bot. What it needs is given to it; it opens nothing itself."""

    def __init__(
        self, servers: Servers, settings: Settings, *, operations: Operations, knowledge: Path, message_content: bool
    ) -> None:
        # Voice is not used, so nobody needs to hear that its libraries are missing.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        intents.message_content = message_content
        super().__init__(
            servers,
            operations=operations,
            knowledge=knowledge,
            language=settings.language,
            channels=settings.discord.channels,
            data=settings.data,
            intents=intents,
            tree_cls=Tree,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=30.0,
            shard_id=settings.discord.shard_id,
            shard_count=settings.discord.shard_count,
        )
        # Commands belong to the whole bot: one process registers them.
        self._sync = settings.discord.sync and settings.discord.shard_id == 0
        self._recommended = 1
        self._turns = Turns(settings.discord.shard_id, settings.discord.shard_count, servers.store.lock)
        operations.health.parts["shard"] = self._strain
        self._serving: asyncio.Task[None] | None = None
        self._starts = Starts(settings.data / f"starts-{settings.discord.shard_id}.json")
        self._identifying = operations.identifying
        operations.gateway = self.gateway
        guard_parsers(self)

    async def setup_hook(self) -> None:
        """Add the cogs and buttons, and register the commands if they have changed."""
        for cog in COGS:
            await self.add_cog(cog(self))
        self.add_dynamic_items(*ITEMS)
        await self.tree.set_translator(Translator())
        if self._sync:
            try:
                await _registration.register(self)
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                log.error("the commands could not be registered, the old ones stay: %s", error)  # noqa: TRY400

    async def run_until_closed(self, token: str) -> None:
        """Connect and serve until closed.

        Raises:
            IntentRefusedError: Discord does not grant the Message Content intent, which was asked for.
            ConfigurationError: the token, the shard or another intent is refused; the text never holds the token.
            ConnectionError: Discord cannot be reached, or sends what cannot be read. Worth another try, later, with a
                new client.
        """
        async with self:
            self._serving = asyncio.create_task(self._serve(token), name="discord-serve")
            try:
                await self._serving
            except asyncio.CancelledError:
                if not self.stopping:
                    raise
            except discord.PrivilegedIntentsRequired:
                if not self.intents.message_content:
                    # There is nothing left to go on without.
                    raise ConfigurationError(_why_closed(_INTENT_REFUSED)) from None
                raise IntentRefusedError from None
            except discord.LoginFailure:
                raise ConfigurationError(_REFUSED) from None
            except discord.ConnectionClosed as closed:
                raise ConfigurationError(_why_closed(closed.code)) from None
            finally:
                await self._turns.aclose()

    async def _serve(self, token: str) -> None:
        try:
            async with asyncio.timeout(LOGIN):
                await self.login(token)
                limit = await self._find_gateway()
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError) as error:
            if isinstance(error, discord.LoginFailure):
                raise
            raise ConnectionError(_in_words(error)) from None
        try:
            await self._begin_session(limit)
        except _NotNowError:
            raise ConnectionError("too few identifies are left") from None
        invite = discord.utils.oauth_url(self.application_id or 0, permissions=discord.Permissions(_INVITE))
        log.info("to invite the bot: %s", invite)
        try:
            await self.connect()
        except _NotNowError:
            await self._drop_unused()
            raise ConnectionError("too many new sessions") from None
        except (discord.DiscordException, OSError):
            raise
        except Exception as error:
            if self.ws is None:  # pyright: ignore[reportUnnecessaryComparison]
                # Before its first connection the library trips over the socket that it does not have yet.
                raise ConnectionError("the gateway cannot be reached") from None
            # A frame that is no JSON, or a READY without what it needs: the session is lost, the process is not.
            log.exception("the gateway sent something that cannot be read")
            raise ConnectionError(f"unreadable gateway event, {type(error).__name__}") from None

    async def _find_gateway(self) -> Any:
        """Ask where the gateway is and how many identifies are left; return Discord's `session_start_limit`."""
        shards, url, limit = await self.http.get_bot_gateway()
        self.metrics.identifies_left.set(limit["remaining"])
        self._recommended = shards
        DiscordWebSocket.DEFAULT_GATEWAY = URL(url)
        log.info("identifies left: %d of %d; shards recommended: %d", limit["remaining"], limit["total"], shards)
        return limit

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Look before each identify after the first whether there are enough left."""
        await super().before_identify_hook(shard_id, initial=initial)
        if not initial:
            limit = await self._identifies_left()
            if _is_low(limit) or await self._starts.due() > _HELD:
                raise _NotNowError
            try:
                # The library gives up on a connection that has not identified within a minute, and loses the turn.
                async with asyncio.timeout(_HELD):
                    await self._begin_session(limit)
            except TimeoutError:
                raise _NotNowError from None
        await self._starts.note()
        self._turns.used()
        self._identifying.set()
        self.metrics.identifies.inc()

    async def _identifies_left(self) -> Any:
        """Return Discord's `session_start_limit`; None where it cannot be had now."""
        try:
            async with asyncio.timeout(_ASKING):
                return await self._find_gateway()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.warning("the identifies left are not known: %s", _in_words(error))
            return None

    async def _begin_session(self, limit: Any) -> None:
        """Wait for new identifies rather than use up the last (Discord then resets the token), and as starts demand."""
        if _is_low(limit):
            seconds = limit["reset_after"] / 1000
            log.error("only %d identifies are left: waiting %.0f s for new ones", limit["remaining"], seconds)
            await asyncio.sleep(seconds)
        # Before the turn: whoever waits for long must not keep the other shards of the bucket waiting.
        await self._starts.wait()
        await self._turns.take(limit["max_concurrency"] if limit else 1)
        if (self.shard_count or 1) > 1 and _is_low(await self._identifies_left()):
            # Others have begun sessions while this one waited.
            await self._turns.aclose()
            raise _NotNowError

    async def _drop_unused(self) -> None:
        """Close a connection that was given up before it had a session: the library has forgotten it."""
        for thread in threading.enumerate():
            # Only its heartbeat still knows it. Whose it is, the library tells nowhere else; another client in this
            # process must keep its own.
            if not isinstance(thread, KeepAliveHandler) or thread.ws._connection is not self._connection:  # noqa: SLF001
                continue
            thread.stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE):
                    await thread.ws.socket.close()

    def _strain(self) -> Part:
        """Tell whether the servers still fit this shard."""
        guilds = len(self._connection._guilds)  # noqa: SLF001 - the public list is a copy
        return strain(self.shard_id or 0, self.shard_count or 1, guilds, self._recommended)

    def gateway(self) -> Gateway:
        """Return how the connection is."""
        # Where the library keeps the time of the last frame is not public; a test holds that it still does.
        socket: Any = self.ws
        beat: Any = socket._keep_alive if socket is not None and socket.open else None  # noqa: SLF001
        return Gateway(
            ready=beat is not None and self.is_ready(),
            silent=time.perf_counter() - beat._last_recv if beat else None,  # noqa: SLF001
            latency=self.latency if beat and math.isfinite(self.latency) else None,
            guilds=len(self._connection._guilds),  # noqa: SLF001 - the public list is a copy
            stopping=self.draining,
        )

    async def register_only(self, token: str, server: int | None, *, remove: bool = False) -> int:
        """Register the commands without connecting to the gateway, or remove those of one server; return how many.

        Raises:
            ConfigurationError: the token is wrong, or the bot is not in that server.
            ConnectionError: Discord cannot be reached, or did not take them now.
        """
        self._sync = False
        try:
            async with self, asyncio.timeout(LOGIN):
                await self.login(token)
                if server is None:
                    await _registration.register(self, force=True)
                elif remove:
                    await _registration.remove_from(self, server)
                else:
                    await _registration.register_for(self, server)
                return len(self.tree.get_commands())
        except discord.LoginFailure:
            raise ConfigurationError(_REFUSED) from None
        except (discord.Forbidden, discord.NotFound):
            raise ConfigurationError(
                f"The bot is not in the server {server}, or was invited without applications.commands."
            ) from None
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise ConnectionError(f"The commands were not changed: {_in_words(error)}") from None

    async def shut_down(self) -> None:
        """Let answers in flight finish, those to what is asked meanwhile among them, then close the session."""
        self.draining = True
        drained = await self.in_flight.drained(DRAIN - _LAST)
        self.stopping = True
        if not drained and not await self.in_flight.drained(_LAST):
            log.warning("%d answers were still in flight after %.0f s", self.in_flight.count, DRAIN)
        if self._serving:
            # First stop reading: the reader would close the socket with 4000 before our 1000, which ends the session.
            self._serving.cancel()
            await asyncio.wait({self._serving}, timeout=_CLOSE)
        try:
            async with asyncio.timeout(_CLOSE):
                await self.close()
        except TimeoutError:
            log.warning("the connection did not close within %.0f s", _CLOSE)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Pass an event on, unless nothing here waits for it: each listener would be a task for nothing."""
        # The tree has taken its interactions already; the name of an event is dispatched beside each event.
        if event_name != "socket_event_type" and (event_name != "interaction" or args[0].type not in _OF_THE_TREE):
            super().dispatch(event_name, *args, **kwargs)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer buttons, selects and forms that nothing here knows: those of another version of the bot."""
        data: Any = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit:
            known = custom_id.startswith(FORMS)
        elif interaction.type is discord.InteractionType.component:
            known = any(i.__discord_ui_compiled_template__.fullmatch(custom_id) for i in ITEMS)
        else:
            return
        if not known:
            await self.guarded(interaction, self._tell_old)

    async def _tell_old(self, interaction: Interaction) -> None:
        await self.tell(interaction, "old-button")

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log what an event handler raised; the bot goes on."""
        _ = args, kwargs
        self.metrics.failed(code_of(sys.exc_info()[1] or Exception()))
        log.error("handling %s failed", event_method, exc_info=sys.exc_info())


def _is_low(limit: Any) -> bool:
    """Tell whether Discord's `session_start_limit`, where it is known, leaves no identify to be spent."""
    return limit is not None and limit["remaining"] <= IDENTIFY_RESERVE


def _in_words(error: BaseException) -> str:
    status = getattr(error, "status", None)
    return f"HTTP {status}" if status else type(error).__name__


def _why_closed(code: int) -> str:
    if code == _WRONG_TOKEN:
        return (
            "Discord closed the session: the token was reset meanwhile. Set DISCORD_TOKEN or DISCORD_TOKEN_FILE anew."
        )
    if code == _SHARDING_REQUIRED:
        return "Discord closed the session: the bot is in too many servers for one shard. Raise the shard count."
    return f"Discord closed the session for good (code {code}). See its list of gateway close codes."


def make_client(
    servers: Servers, settings: Settings, *, operations: Operations, knowledge: Path, message_content: bool
) -> Bot:
    """Return the bot, pointed to the API that the settings name."""
    use_api(settings.discord.api_url)
    return Bot(servers, settings, operations=operations, knowledge=knowledge, message_content=message_content)


def use_api(url: str) -> None:
    """Point the library to another API than Discord's own; its address is a class attribute there."""
    if url.rstrip("/") != Route.BASE:
        Route.BASE = url.rstrip("/")
