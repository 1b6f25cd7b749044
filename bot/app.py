"""Opens everything in order and closes it in reverse: settings, knowledge, the client; signals and exit codes."""

import asyncio
import ctypes
import gc
import logging
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot.answering import Answering
from bot.core.errors import ConfigurationError, IntentRefusedError, UserError
from bot.core.glossary import Glossary
from bot.core.languages import Language
from bot.core.sizes import SizeBook
from bot.knowledge import data_folder, load, read_again
from bot.ops import logs
from bot.ops.operations import Operations
from bot.ops.reload import Reload, fingerprint
from bot.servers import Servers
from bot.settings import Settings
from bot.store.records import SchemaError
from bot.store.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_RETRY = 5.0
_LONGEST_RETRY = 300.0
_STORE = 3.0
"""Seconds that the start waits for the storage."""
_CONNECTING = 1.0
"""Seconds for which building the index leaves the processor to connecting."""
_STABLE = 600.0
"""Seconds after which a connection counts as good, so that the next trouble starts with a short wait."""
_THRESHOLDS = 5000, 1, 50
"""When the collector runs: not for what fifty answers at the same time are made of, which counting frees. With Python's
own 700, 10, 10 it took 7 % of their processor time; a run took 3 ms at most."""
_INTENT_REFUSED = (
    "Discord refuses the Message Content intent. Switch it on: Developer Portal, your application, Bot, Privileged "
    "Gateway Intents, Message Content Intent. Going on without it: Q&A channels stay silent."
)


class Client(Protocol):
    """What the program needs of the Discord client; `bot.client` has it."""

    async def run_until_closed(self, token: str) -> None:
        """Connect and serve until closed."""
        ...

    async def shut_down(self) -> None:
        """Let answers in flight finish, then close."""
        ...


class MakeClient(Protocol):
    """Builds a client; a second one is built where the first was refused an intent."""

    def __call__(
        self, servers: Servers, settings: Settings, *, operations: Operations, knowledge: Path, message_content: bool
    ) -> Client:
        """Return a new client."""
        ...


def open_answering(settings: Settings) -> Answering:
    """Load the knowledge; its index is built by `warm`."""
    knowledge = data_folder("knowledge")
    return Answering(load(knowledge, list(settings.terms)), lambda: SizeBook.open(knowledge))


def _open(settings: Settings) -> tuple[Answering, str]:
    """Load the knowledge; return it with the fingerprint of its files, taken before so that no later change is missed."""
    seen = fingerprint(_folders(settings))
    return open_answering(settings), seen


def _folders(settings: Settings) -> list[Path]:
    return [data_folder("knowledge"), *settings.terms]


def _reload(settings: Settings, servers: Servers, operations: Operations, seen: str) -> Reload[Glossary]:
    """Return what takes changed knowledge while the bot runs: checked in the worker, indexed in a thread, swapped whole."""
    knowledge, *own = _folders(settings)

    def indexed(glossary: Glossary) -> Answering:
        answering = Answering(glossary, lambda: SizeBook.open(knowledge))
        answering.search.warm()
        _ = answering.sizes
        # Without collecting before, which would hold everybody up; what the old knowledge held is freed by counting.
        gc.freeze()
        return answering

    async def swap(glossary: Glossary) -> None:
        await servers.replace(await asyncio.to_thread(indexed, glossary))

    read = partial(read_again, knowledge, own)
    return Reload([knowledge, *own], read, swap, operations.workers, seen=seen, every=settings.reload.every)


def warm(answering: Answering) -> None:
    """Build the whole index, so that no question pays for it, and spare the collector from going through it again."""
    gc.disable()
    try:
        answering.search.warm()
        _ = answering.sizes
        # Without collecting before: what there is to be had is less than 1 MB, and everybody would wait for it.
        gc.freeze()
    finally:
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
    _give_back()


def _give_back() -> None:
    """Return to the system what building the index has left free; glibc does so only when asked, others themselves."""
    if sys.platform == "linux":
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


async def serve(settings: Settings, token: str, make_client: MakeClient) -> int:
    """Run the bot until SIGTERM or SIGINT; return the exit code."""
    operations = Operations()
    try:
        with _Signals() as signals:
            await operations.open(settings.health.host, settings.health.port)
            return await _serve(settings, token, make_client, operations, signals)
    finally:
        await operations.aclose()


async def _serve(
    settings: Settings, token: str, make_client: MakeClient, operations: Operations, signals: "_Signals"
) -> int:
    store = Store.at(settings.store_url())
    # Beside loading. A storage that is away or slow keeps nobody from answering; it is prepared when it is back.
    preparing = asyncio.create_task(store.prepare(), name="store")
    try:
        opened = await signals.unless_stopped(asyncio.to_thread(_open, settings))
        await asyncio.wait({preparing}, timeout=_STORE)
        if preparing.done():
            preparing.result()
        if opened is None:
            return 0
        servers = Servers(opened[0], store)
        operations.watch_store(store.alive)
        if settings.reload.every:
            operations.watch_knowledge(_reload(settings, servers, operations, opened[1]))
        try:
            return await _serve_discord(settings, token, make_client, operations, servers, signals)
        finally:
            await servers.aclose()
    except SchemaError as error:
        raise ConfigurationError(str(error)) from None
    finally:
        preparing.cancel()
        await asyncio.gather(preparing, return_exceptions=True)
        await store.close()


async def _serve_discord(
    settings: Settings,
    token: str,
    make_client: MakeClient,
    operations: Operations,
    servers: Servers,
    signals: "_Signals",
) -> int:
    knowledge = data_folder("knowledge")
    message_content = settings.discord.message_content
    if settings.discord.channels and not message_content:
        log.warning("Q&A channels are set, but discord.message_content is off: they stay silent")
    warming = asyncio.create_task(_warm_beside(servers.answering, operations), name="warm")
    warming.add_done_callback(_report)
    delay, begun = FIRST_RETRY, time.monotonic()
    while not signals.stopped:
        client = make_client(
            servers, settings, operations=operations, knowledge=knowledge, message_content=message_content
        )
        try:
            await _until_stopped(client, client.run_until_closed(token), signals)
        except IntentRefusedError:
            log.error(_INTENT_REFUSED)  # noqa: TRY400 - the refusal says all
            message_content = False
        except ConnectionError as error:
            if time.monotonic() - begun > _STABLE:
                delay = FIRST_RETRY
            log.error("Discord cannot be used (%s); trying again in %.0f s", error, delay)  # noqa: TRY400
            await signals.unless_stopped(asyncio.sleep(delay))
            delay, begun = min(delay * 2, _LONGEST_RETRY), time.monotonic()
        else:
            break
    return 0


async def _warm_beside(answering: Answering, operations: Operations) -> None:
    """Build the index while Discord sends what there is; a question that comes before waits for the part it needs."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_CONNECTING):
            await operations.identifying.wait()
    await asyncio.to_thread(warm, answering)


def _report(warming: "asyncio.Task[None]") -> None:
    if not warming.cancelled() and warming.exception():
        log.error("building the index failed", exc_info=warming.exception())


class _Signals:
    """SIGTERM and SIGINT while the block runs: the first asks for an orderly end, the second for an immediate one."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    def __enter__(self) -> "_Signals":
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._received, number.name)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)

    @property
    def stopped(self) -> bool:
        """Whether a signal has come."""
        return self.first.is_set()

    def _received(self, name: str) -> None:
        if self.stopped:
            log.warning("%s again: ending at once", name)
            self.second.set()
        else:
            log.info("%s: finishing what is in flight", name)
            self.first.set()

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return the result of `work`, or None once a signal has come."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self.first.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait({task})
        return None


async def _until_stopped(client: Client, running: Coroutine[Any, Any, None], signals: _Signals) -> None:
    """Run the client; at the first signal shut it down, at the second give up on that."""
    task = asyncio.create_task(running, name="discord")
    first = asyncio.create_task(signals.first.wait())
    second = asyncio.create_task(signals.second.wait())
    try:
        await asyncio.wait({task, first}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            ending = asyncio.create_task(client.shut_down(), name="shutdown")
            await asyncio.wait({ending, second}, return_when=asyncio.FIRST_COMPLETED)
            for unfinished in (ending, task):
                unfinished.cancel()
            await asyncio.wait({ending, task})
            if task.cancelled():
                return
        task.result()
    finally:
        for waiting in (first, second):
            waiting.cancel()


def run(settings: Settings, make_client: MakeClient) -> int:
    """Run the bot; return the exit code.

    Raises:
        ConfigurationError: Discord does not take the bot as it is set up; one line says why.
        UserError: there is no token.
    """
    token = settings.discord_token()
    if token is None:
        raise UserError("There is no token.", "没有令牌。")
    logs.set_up(settings.log.level, settings.log.format, secrets=(token.get_secret_value(),))
    return asyncio.run(serve(settings, token.get_secret_value(), make_client))


def how_to_get_a_token(language: Language) -> str:
    """Return six lines on how to get a token and invite the bot with the least permissions."""
    invite = "https://discord.com/oauth2/authorize?client_id=APPLICATION_ID&scope=bot+applications.commands&permissions=274877991936"
    if language == "en":
        return (
            "No Discord token. To run the bot on Discord:\n"
            "1. https://discord.com/developers/applications -> New Application\n"
            "2. Bot -> Reset Token; copy config/example.env to .env and put it there as DISCORD_TOKEN\n"
            "3. For Q&A channels only: Bot -> Message Content Intent on, AITERMS_DISCORD__MESSAGE_CONTENT=true\n"
            f"4. Invite it (view, send, embed, history; nothing else): {invite}\n"
            "5. Start again. Until then, here is the console."
        )
    return (
        "没有 Discord 令牌。要在 Discord 上运行：\n"
        "1. https://discord.com/developers/applications -> New Application\n"
        "2. Bot -> Reset Token；把 config/example.env 复制为 .env，写入 DISCORD_TOKEN\n"
        "3. 仅问答频道需要：打开 Bot -> Message Content Intent，并设 AITERMS_DISCORD__MESSAGE_CONTENT=true\n"
        f"4. 邀请机器人（只需查看、发送、嵌入链接、读历史）：{invite}\n"
        "5. 重新启动。在此之前先用控制台。"
    )
