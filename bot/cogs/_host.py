"""What cogs and buttons use of the bot: the way a reply leaves, and the rules that hold for each."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from pathlib import Path
from secrets import token_hex
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import Answering, Reply
from bot.cogs._guards import Circuit, Cooldown, InFlight, Kept, Recent
from bot.cogs._reply import Message, term_message
from bot.cogs._respond import ALREADY_ACKNOWLEDGED, FIRST_RESPONSE, Responder, answered
from bot.cogs._texts import text, told
from bot.core.errors import UserError
from bot.core.languages import Language, of_locale
from bot.ops.operations import Operations
from bot.ops.requests import PausedError
from bot.servers import Servers, View

log = logging.getLogger(__name__)

DEFER_AFTER = 1.0
"""Seconds after which the user is told that the answer takes a moment; the rest is left for the call that says so."""
_LATER = 20.0
"""Seconds for sending what was announced, a picture included."""
_UNKNOWN_INTERACTION = 10062
_TOO_MANY = 429

ARRIVED: ContextVar[float] = ContextVar("arrived")
"""When the event came that the present task deals with; tasks inherit it from the reader of the gateway."""

Interaction = discord.Interaction["Host"]


class Host(commands.Bot):
    """The bot as its cogs know it; `bot.client` connects it."""

    def __init__(
        self,
        servers: Servers,
        *,
        operations: Operations,
        knowledge: Path,
        language: Language,
        channels: frozenset[int],
        data: Path,
        **options: Any,
    ) -> None:
        requests = operations.requests
        super().__init__(command_prefix=(), help_command=None, http_trace=requests.trace(), **options)
        self.servers = servers
        """The knowledge, and what servers lay over it."""
        self.workers = operations.workers
        """Runs what would hold the event loop; opened and closed by whoever built the bot."""
        self.knowledge = knowledge
        """The folder of the built-in knowledge."""
        self.language: Language = language
        self.qa_channels = channels
        """Where the bot answers without being mentioned."""
        self.data = data
        """The folder for what must outlive a restart."""
        self.metrics = operations.metrics
        self.health = operations.health
        self.requests = requests
        """Watches what Discord refuses; all requests pass there by themselves."""
        self.handled = Recent()
        self.cooldown = Cooldown()
        self.circuit = Circuit()
        self.in_flight = InFlight()
        self.kept = Kept()
        self.draining = False
        """Told to stop: answers on for as long as something is in flight."""
        self.stopping = False
        """Takes nothing new any more."""
        self._responder = Responder(self.http, requests)

    async def close(self) -> None:
        """Close the connection, and all that goes with it."""
        await self._responder.aclose()
        await super().close()

    def is_operated_by(self, user: discord.abc.Snowflake) -> bool:
        """Tell whether the application belongs to `user`, or to a team of theirs."""
        application = self.application
        if application is None:
            return False
        owners = application.team.members if application.team else [application.owner]
        return user.id in [o.id for o in owners]

    @property
    def answering(self) -> Answering:
        """The built-in knowledge; a reload replaces it whole."""
        return self.servers.answering

    async def view(self, interaction: Interaction) -> View:
        """Return what holds where an interaction was made: own terms belong to servers that have the bot."""
        return await self.servers.of(interaction.guild_id if interaction.is_guild_integration() else None)

    async def language_of(self, interaction: Interaction) -> Language:
        """Return the language of the person behind an interaction; where that is none of ours, that of the server."""
        return of_locale(interaction.locale.value) or self.language_in(await self.view(interaction), interaction)

    def language_in(self, view: View, interaction: Interaction) -> Language:
        """Return the same where what holds in the server is known already."""
        server = interaction.guild_locale.value if interaction.guild_locale else None
        return of_locale(interaction.locale.value) or view.settings.language or self.language_by_default(server)

    def language_by_default(self, server: str | None) -> Language:
        """Return the language of a server that has chosen none here: that of its locale, else the configured one."""
        # Every server starts as en-US: only another choice says something.
        return (of_locale(server) if server != "en-US" else None) or self.language

    async def own_view(self, interaction: Interaction) -> View:
        """Return what is stored of the server where an interaction was made, for those who look at it or change it.

        Raises:
            UnreadableError: it cannot be read now.
        """
        return await self.servers.stored(interaction.guild_id or 0)

    async def on_message(self, message: discord.Message, /) -> None:
        """Do nothing: there are no prefix commands to look for. A cog listens to messages."""

    async def first(self, interaction: Interaction, call: Callable[[], Awaitable[Any]]) -> None:
        """Make a call that belongs to the first response to an interaction, within Discord's time.

        It is made once more where the connection breaks.

        Raises:
            TimeoutError: it took too long; whether Discord has acted on it is unknown.
        """
        async with asyncio.timeout(FIRST_RESPONSE):
            try:
                await call()
            except aiohttp.ClientConnectionError:
                try:
                    await call()
                except discord.HTTPException as refusal:
                    if refusal.code != ALREADY_ACKNOWLEDGED:
                        raise
                    # The first had arrived before the connection broke.
                    answered(interaction)
        self.responded("interaction")

    def responded(self, kind: str) -> None:
        """Note that the event of the present task has had its first response."""
        arrived = ARRIVED.get(None)
        if arrived is not None:
            self.metrics.responded(kind, time.monotonic() - arrived)

    async def send(self, interaction: Interaction, message: Message) -> None:
        """Send the answer to an interaction."""
        if interaction.response.is_done():
            async with asyncio.timeout(_LATER):
                await interaction.followup.send(message.content or "", **message.arguments())
        elif message.picture:
            response = interaction.response
            await self.first(interaction, lambda: response.send_message(message.content, **message.arguments()))
        else:
            await self._responder.respond(interaction, message.body)
            self.responded("interaction")

    async def send_when_made(
        self, interaction: Interaction, making: Coroutine[Any, Any, Message], *, private: bool
    ) -> None:
        """Send what `making` returns; if that takes long, say so meanwhile, seen by all or by the asker alone."""
        task = asyncio.create_task(making)
        try:
            await asyncio.wait({task}, timeout=DEFER_AFTER)
            if not task.done():
                await self.first(interaction, lambda: interaction.response.defer(ephemeral=private, thinking=True))
        except BaseException:
            # Nobody hears the answer any more; what became of it is of no interest.
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
        await self.send(interaction, await task)

    async def update_when_made(self, interaction: Interaction, making: Coroutine[Any, Any, Message]) -> None:
        """Replace the message that the used component stands on by what `making` returns, which may take a moment."""
        task = asyncio.create_task(making)
        try:
            await asyncio.wait({task}, timeout=DEFER_AFTER)
            if not task.done():
                await self.first(interaction, interaction.response.defer)
        except BaseException:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
        message = await task
        if not interaction.response.is_done():
            await self.update(interaction, message)
            return
        async with asyncio.timeout(_LATER):
            await interaction.edit_original_response(
                content=message.content, embeds=list(message.embeds), view=message.view()
            )

    async def update(self, interaction: Interaction, message: Message) -> None:
        """Replace the message that the used component stands on."""
        shown = {"content": message.content, "embeds": list(message.embeds), "view": message.view()}
        await self.first(interaction, lambda: interaction.response.edit_message(**shown))

    async def tell(self, interaction: Interaction, key: str, **values: object) -> None:
        """Tell the user one of our texts, and nobody else."""
        language = await self.language_of(interaction)
        await self.send(interaction, Message(content=text(key, language, **values), private=True))

    async def show_term(self, interaction: Interaction, id_: str, language: Language, *, whole: bool = False) -> None:
        """Show a term to the one who pressed a button, and to nobody else."""
        view = await self.view(interaction)
        term = view.answering.glossary.terms.get(id_)
        if term is None:
            await self.tell(interaction, "term-gone")
            return
        await self.send(interaction, term_message(term, view.answering, language, private=True, whole=whole))

    def note_gap(self, server: int | None, reply: Reply) -> None:
        """Count what a server asked for and was not known, if it wants that."""
        if server and reply.gap:
            self.servers.note_gap(server, reply.gap)

    async def guarded(
        self, interaction: Interaction, act: Callable[[Interaction], Awaitable[None]], *, limited: bool = True
    ) -> None:
        """Run what a button does under the rules of commands: once, not too often, errors told."""
        if self.stopping or not self.handled.first_time(interaction.id):
            return
        with self.in_flight:
            try:
                if limited:
                    self.check_limits(interaction)
                await act(interaction)
            except Exception as error:
                await self.tell_error(interaction, error)

    def check_limits(self, interaction: Interaction) -> None:
        """Count a question of the user behind `interaction`; refuse it if there were too many."""
        wait = self.cooldown.wait(interaction.user.id)
        if wait:
            seconds = round(wait) or 1
            raise UserError(text("cooldown", "en", seconds=seconds), text("cooldown", "zh", seconds=seconds))

    async def tell_error(self, interaction: Interaction, error: BaseException) -> None:
        """Tell the user what went wrong, as far as they can do something about it; log the rest."""
        await self._tell_error(interaction, error)
        _let_go(error)

    async def _tell_error(self, interaction: Interaction, error: BaseException) -> None:
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if self._is_lost(interaction, cause):
            return
        language = await self.language_of(interaction)
        if isinstance(cause, UserError):
            message = told(cause, language)
        elif isinstance(cause, (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)):
            message = text("unknown-command", language)
        elif isinstance(cause, app_commands.CheckFailure):
            message = text("not-allowed", language)
        else:
            reference = token_hex(4)
            self.metrics.failed(code_of(cause))
            log.error("interaction failed, reference %s", reference, exc_info=cause, extra={"reference": reference})
            message = text("failed", language, reference=reference)
        try:
            await self.send(interaction, Message(content=message, private=True))
        except (discord.DiscordException, aiohttp.ClientError, OSError) as failure:
            log.warning("the user could not be told: %s", type(failure).__name__)

    def _is_lost(self, interaction: Interaction, cause: BaseException) -> bool:
        """Tell whether nothing more can be said: too late, or already answered. A second call would be refused too."""
        status, code = getattr(cause, "status", None), getattr(cause, "code", None)
        if isinstance(cause, PausedError):
            log.debug("an interaction was not answered: sending is paused")
            return True
        if code == ALREADY_ACKNOWLEDGED:
            log.info("an interaction was answered by somebody else")
            return True
        # What comes after the first response has minutes: there, something can still be said.
        late = isinstance(cause, TimeoutError) and not interaction.response.is_done()
        if late or code == _UNKNOWN_INTERACTION:
            self.metrics.late.inc()
            log.warning("an interaction was not answered in time (%s)", type(cause).__name__)
            return True
        if status == _TOO_MANY or isinstance(cause, discord.DiscordServerError):
            self.metrics.failed(code_of(cause))
            log.warning("Discord did not take an answer (HTTP %s)", status)
            return True
        return False


def _let_go(error: BaseException) -> None:
    """Free what an error has passed through: its frames hold it and themselves, and with them files that people sent."""
    met, left = set[int](), [error]
    while left:
        one = left.pop()
        if id(one) not in met:
            met.add(id(one))
            one.__traceback__ = None
            left += [e for e in (one.__cause__, one.__context__) if e]


def code_of(error: BaseException) -> object:
    """Return what an error is counted under: Discord's own code, the HTTP status, or its class."""
    return getattr(error, "code", None) or getattr(error, "status", None) or type(error).__name__
