"""/tokens, and the menu "Count tokens": how many tokens a text has, for which models, and where they end."""

import asyncio
import datetime
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.cogs._host import Host, Interaction
from bot.cogs._reply import Message
from bot.cogs._token_reply import PUBLIC_UP_TO, token_message
from bot.core.errors import UserError
from bot.core.files import File, check_size, gone, shown_name
from bot.core.languages import Language
from bot.core.token_answer import Answer, answer
from bot.core.token_models import Models, load
from bot.core.tokens import Counter, check_length
from bot.ops.workers import WorkerError

log = logging.getLogger(__name__)

MOST_MODELS = 10
LONGEST_NAMES = 300
READING = 15.0
"""Seconds for fetching an attachment."""
_PIECES = 120
"""As many as a picture shows: about ten lines."""
_CHOICES = 25
_LONGEST_CHOICE = 100
_BETWEEN = re.compile(r"\s*[,，、;；\n]\s*")


class Tokens(commands.Cog):
    """Counts tokens, in the worker process: it would hold the event loop."""

    models: Models

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        self._counter = Counter(bot.knowledge)
        self._of = bot.answering
        self._menu = app_commands.ContextMenu(
            name=locale_str("Count tokens", zh="统计 token 数"), callback=self.count_message
        )

    async def cog_load(self) -> None:
        """Read the table of models beside the event loop; add the menu, which cannot be declared inside a class."""
        self.models = await asyncio.to_thread(load, self.bot.knowledge / "tokens.toml")
        self.bot.tree.add_command(self._menu)

    async def _renew(self) -> None:
        """Read the table of models again, here and in the worker, where the knowledge was reloaded."""
        if self._of is not self.bot.answering:
            self._of = self.bot.answering
            self.models = await asyncio.to_thread(load, self.bot.knowledge / "tokens.toml")
            self._counter = replace(self._counter, edition=self._counter.edition + 1)

    async def cog_unload(self) -> None:
        """Remove the menu."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(
        name=locale_str("tokens", zh="token计数"),
        description=locale_str(
            "Count the tokens of a text or file, and see where they end", zh="统计文本或文件的 token 数，并查看切分位置"
        ),
    )
    @app_commands.describe(
        text=locale_str("The text to count", zh="要统计的文字"),
        file=locale_str("A text file of any kind, up to 1 MiB", zh="任何文本文件，最大 1 MiB"),
        model=locale_str(
            "One model in depth, or several separated by commas", zh="填一个模型看详情，填多个（用逗号隔开）作比较"
        ),
        private=locale_str(
            f"Show the answer only to you; so it is for files and over {PUBLIC_UP_TO} characters",
            zh=f"只显示给自己；文件和超过 {PUBLIC_UP_TO} 个字符的文字默认如此",
        ),
    )
    @app_commands.rename(
        text=locale_str("text", zh="文字"),
        file=locale_str("file", zh="附件"),
        model=locale_str("model", zh="模型"),
        private=locale_str("private", zh="私密"),
    )
    async def tokens(
        self,
        interaction: Interaction,
        text: app_commands.Range[str, 1, 6000] | None = None,
        file: discord.Attachment | None = None,
        model: app_commands.Range[str, 1, LONGEST_NAMES] | None = None,
        private: bool | None = None,
    ) -> None:
        """Count a text, a file, or both together."""
        if not text and file is None:
            raise UserError(
                "Give me a text, a file, or both: `/tokens text:…`. On a message, use the menu Apps → Count tokens.",
                "请给出文字或文件，也可以两者都给：`/tokens text:…`。对已有的消息，可用菜单“APP → 统计 token 数”。",
            )
        alone = private
        if alone is None:
            alone = file is not None or len(text or "") > PUBLIC_UP_TO
        await self._answer(interaction, text or "", file, _names(model), private=alone, by_default=private is None)

    @tokens.autocomplete("model")
    async def complete_model(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest models for the last of the names that are typed."""
        _ = interaction
        *before, last = _BETWEEN.split(typed[:LONGEST_NAMES])
        kept = "".join(f"{name}, " for name in before)
        return [
            app_commands.Choice(name=kept + model.name, value=kept + model.id)
            for model in self.models.choices(last, _CHOICES)
            if len(kept) + max(len(model.name), len(model.id)) <= _LONGEST_CHOICE
        ]

    async def count_message(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Count a message, or the file that it consists of; only the one who asked sees the answer."""
        # What was forwarded stands in a snapshot.
        told = next((m for m in (message, *message.message_snapshots) if m.content or m.attachments), message)
        if not told.content and not told.attachments:
            raise UserError(
                "There is no text in that message, and no file that I could read.",
                "这条消息里没有文字，也没有可读的文件。",
            )
        file = None if told.content else told.attachments[0]
        await self._answer(interaction, told.content, file, (), private=True, by_default=False)

    async def _answer(
        self,
        interaction: Interaction,
        written: str,
        attachment: discord.Attachment | None,
        models: Sequence[str],
        *,
        private: bool,
        by_default: bool,
    ) -> None:
        if written or attachment is None:
            check_length(len(written))
        if attachment:
            check_size(attachment.size, attachment.filename)
        if len(models) > MOST_MODELS:
            raise UserError(f"Name at most {MOST_MODELS} models at once.", f"一次最多比较 {MOST_MODELS} 个模型。")
        language = await self.bot.language_of(interaction)
        making = self._message(written, attachment, models, language, private=private, by_default=by_default)
        await self.bot.send_when_made(interaction, making, private=private)

    async def _message(
        self,
        written: str,
        attachment: discord.Attachment | None,
        models: Sequence[str],
        language: Language,
        *,
        private: bool,
        by_default: bool,
    ) -> Message:
        await self._renew()
        file = await read_attachment(attachment) if attachment else None
        call = partial(answer, pieces=_PIECES, draw=True)
        now = datetime.datetime.now(datetime.UTC)
        try:
            found: Answer = await self.bot.workers.run(call, self._counter, written, models, file, now)
        except WorkerError as error:
            log.error("counting failed in the worker: %s", error.details or error)  # noqa: TRY400 - the child's traceback
            raise
        return token_message(found, language, named=bool(models), private=private, by_default=by_default)


def _names(typed: str | None) -> list[str]:
    """Return the models that were typed, without what cannot be seen, each once."""
    parts = _BETWEEN.split((typed or "")[:LONGEST_NAMES])
    names = ("".join(c for c in part if c.isprintable()).strip() for part in parts)
    return list(dict.fromkeys(name for name in names if name))


async def read_attachment(attachment: discord.Attachment) -> File:
    """Fetch a file whose size was checked. Raises UserError if it is gone or cannot be had."""
    try:
        async with asyncio.timeout(READING):
            return File(await attachment.read(), attachment.filename)
    except (discord.NotFound, discord.Forbidden):
        raise gone(attachment.filename) from None
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("an attachment could not be fetched: %s", type(error).__name__)
        name = shown_name(attachment.filename)
        raise UserError(
            f"Discord did not hand over {name}. Try again in a moment.", f"没能从 Discord 取到 {name}，请稍后再试。"
        ) from None
