"""What is read of the gateway's events: only what may concern the bot, and nothing malformed ends it."""

import logging
import time
from collections.abc import Callable
from typing import Any

from bot.cogs._host import ARRIVED, Host

log = logging.getLogger(__name__)


def guard_parsers(bot: Host) -> None:
    """Leave out messages that cannot concern the bot, and keep one malformed event from ending the process.

    A malformed one is logged and counted. discord.py 2.7 lets what a parser raises end `Client.run`; there is no public
    place to catch it. The version is pinned below 2.8, and a test holds that this still works.
    """
    parsers: dict[str, Callable[[Any], None]] = bot._connection.parsers  # noqa: SLF001

    chats = bot.intents.message_content

    def to_the_bot(parse: Callable[[Any], None]) -> Callable[[Any], None]:
        def parse_what_may_ask(data: Any) -> None:
            # Bots and webhooks are never answered: their messages, our own answers among them, need not be built.
            if data["author"].get("bot") or data.get("webhook_id"):
                return
            # Nor is what people say to each other, where the intent for Q&A channels is off. A role may be the bot's.
            me = str(bot.user.id) if bot.user else ""
            named = data.get("mention_roles") or any(user["id"] == me for user in data["mentions"])
            if chats or "guild_id" not in data or named:
                parse(data)

        return parse_what_may_ask

    parsers["MESSAGE_CREATE"] = to_the_bot(parsers["MESSAGE_CREATE"])

    def guarded(name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        def parse_guarded(data: Any) -> None:
            ARRIVED.set(time.monotonic())
            try:
                parse(data)
            except Exception:
                bot.metrics.malformed(name)
                log.exception("a malformed %s event was dropped", name)

        return parse_guarded

    for name, parse in list(parsers.items()):
        # READY carries the session itself: without it there is nothing to go on with.
        if name != "READY":
            parsers[name] = guarded(name, parse)
