"""Replies to messages: within what the bot may do there, once each, and what becomes of those that fail."""

import asyncio
import logging
from typing import Any

import aiohttp
import discord

from bot.cogs._host import Host, code_of
from bot.cogs._reply import Message

log = logging.getLogger(__name__)

SEND = 20.0
"""Seconds for sending a message, the library's and our own retries included."""
RETRY_AFTER = 1.0


async def send_reply(bot: Host, message: discord.Message, answer: Message) -> bool:
    """Reply to a message, once; tell whether that worked."""
    allowed = _allowed(message)
    if not allowed.send_messages:
        log.info("channel %d does not let the bot write", message.channel.id)
        return False
    if answer.embeds and not allowed.embed_links:
        answer = answer.as_text()
    try:
        async with asyncio.timeout(SEND):
            await _send_once_more(message, answer, reply=allowed.read_message_history)
    except discord.Forbidden as error:
        bot.metrics.failed(code_of(error))
        if bot.circuit.refused(message.channel.id):
            log.warning("channel %d refuses messages and is left alone for a while", message.channel.id)
    except discord.RateLimited as limited:
        bot.metrics.failed("RateLimited")
        log.warning("Discord limits sending for %.0f s; a reply was dropped", limited.retry_after)
    except discord.HTTPException as error:
        bot.metrics.failed(code_of(error))
        log.warning("a reply could not be sent: HTTP %d, code %d", error.status, error.code)
    except (aiohttp.ClientError, OSError) as error:
        bot.metrics.failed(code_of(error))
        log.warning("a reply could not be sent: %s", type(error).__name__)
    else:
        bot.responded("message")
        return True
    return False


async def _send_once_more(message: discord.Message, answer: Message, *, reply: bool) -> None:
    """Send, and once more after a server's error or a broken connection, which the library does not retry itself.

    The nonce lets Discord return the first message where it had been sent after all.
    """
    arguments: dict[str, Any] = {"embeds": list(answer.embeds), "nonce": str(message.id), "mention_author": False}
    view = answer.view()
    if view:
        arguments["view"] = view
    if reply:
        arguments["reference"] = message.to_reference(fail_if_not_exists=False)
    try:
        await message.channel.send(answer.content, **arguments)
    except (discord.DiscordServerError, aiohttp.ClientConnectionError):
        await asyncio.sleep(RETRY_AFTER)
        await message.channel.send(answer.content, **arguments)


def _allowed(message: discord.Message) -> discord.Permissions:
    """Return what the bot may do where `message` stands, with `send_messages` meaning just that in threads too."""
    place = message.channel
    if message.guild is None or isinstance(place, discord.PartialMessageable):
        # A direct message, or a place that is not known: Discord will tell.
        return discord.Permissions.all()
    try:
        allowed = place.permissions_for(message.guild.me)
    except discord.ClientException:
        # A thread whose channel is not known: likewise.
        return discord.Permissions.all()
    if isinstance(place, discord.Thread):
        allowed.send_messages = allowed.send_messages_in_threads and not (place.locked and not allowed.manage_threads)
    allowed.send_messages &= allowed.view_channel
    return allowed
