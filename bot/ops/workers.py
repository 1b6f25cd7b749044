"""One process beside the bot for what would hold the event loop or never end: counting, drawing, reading files.

Why not a pool of the standard library or of pebble: concurrent.futures cannot stop a call that overruns and is broken
for good by one crash; pebble 5.2 polls ten times a second in two threads while idle, and is broken for good if its
worker dies between two calls. A child over two pipes needs no thread, notices a death at once, and takes no part of the
parent's memory or environment with it.
"""

import asyncio
import os
import pickle
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, TypeVar, cast

from bot.core.errors import UserError

T = TypeVar("T")

# A length, then so many bytes of pickle, in both directions.
_HEADER = struct.Struct("!Q")
_START = "from bot.ops.workers import serve; serve()"
# The child is given what it needs to run and nothing else: tokens and passwords stay here.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TZ")
_LAST_WORDS = 2.0
_STARTING = 20.0
"""Seconds until a child must have taken a call, its start included."""
# Where cores are few, people who ask short questions come before those who count long texts.
_NICENESS = 10
# What the child says once it has a whole call: if it dies from then on, it died of that call.
_TAKEN = b"T"
# The kind of an answer after which the child is not used again.
_LAST = "last"


class WorkerError(Exception):
    """A call failed in the worker, or the worker died of it; `details` is its traceback, for the log alone."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class BusyError(UserError):
    """Too many calls wait already, or the bot is stopping."""

    def __init__(self) -> None:
        super().__init__(
            "Too many people are asking for this at the moment. Try again in a minute.",
            "现在使用的人太多了，请过一分钟再试。",
        )


class OverrunError(UserError):
    """The call took too long and was stopped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"That took longer than {seconds:g} seconds and was stopped. Try a shorter text.",
            f"处理超过 {seconds:g} 秒，已经停止。请换一段短一些的文字。",
        )


class Workers:
    """Runs functions in one child process, one after the other; the child is started when it is first needed.

    Functions, arguments and results are pickled, so functions live at the top of a module, and results are small: they
    are read on the event loop. An instance belongs to one event loop.
    """

    def __init__(self, *, queue: int = 32, timeout: float = 10.0, wait: float = 60.0) -> None:
        """Let at most `queue` calls wait, each at most `wait` seconds for its turn and `timeout` for its result."""
        self._queue = queue
        self._timeout = timeout
        self._wait = wait
        self._child: asyncio.subprocess.Process | None = None
        self._turns: deque[asyncio.Future[None]] = deque()
        self._running = False
        self._closed = self._stopped = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.started = 0
        """How many children were started so far."""

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return len(self._turns)

    async def run(
        self,
        function: Callable[..., T],
        *args: object,
        timeout: float | None = None,  # noqa: ASYNC109 - the child is killed on it
    ) -> T:
        """Run `function(*args)` in the child; it is killed if that takes longer than `timeout` seconds.

        A UserError comes back as it was raised. Raises BusyError if too many wait, OverrunError on timeout, WorkerError
        if the function failed otherwise or the child died of it; the next call finds a new child. Keyword arguments go
        through functools.partial.
        """
        await self._take_turn()
        try:
            # Not before its turn: thirty long texts at once would hold the loop together.
            message = pickle.dumps((function, args))
            kind, value = await self._exchange(message, self._timeout if timeout is None else timeout)
        finally:
            self._give_turn()
        if kind == "result":
            return cast("T", value)
        if kind == "user":
            raise cast("UserError", value)
        raise WorkerError(*cast("tuple[str, str]", value))

    async def aclose(self, grace: float = 10.0) -> None:
        """Take no more calls, give those that were taken `grace` seconds to end, then end the child."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._idle.wait()
        self._stopped = True
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_exception(BusyError())
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin:
            child.stdin.close()  # an idle child ends by itself when nothing more can come
        await _end(child, _LAST_WORDS if self._idle.is_set() else 0)

    async def _take_turn(self) -> None:
        if self._closed or len(self._turns) >= self._queue:
            raise BusyError
        if not self._running:
            self._running = True
            self._idle.clear()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            async with asyncio.timeout(self._wait):
                await turn
        except BaseException as error:
            if turn in self._turns:
                self._turns.remove(turn)
            elif turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give_turn()  # it came in the moment in which nobody waited for it any more
            if isinstance(error, TimeoutError):
                raise BusyError from None
            raise

    def _give_turn(self) -> None:
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._running = False
        self._idle.set()

    async def _exchange(self, message: bytes, timeout: float) -> tuple[str, object]:  # noqa: ASYNC109 - see run
        reply: tuple[str, object] = (_LAST, None)
        stdout = None
        try:
            async with asyncio.timeout(_STARTING):
                stdout = await self._delivered(message)
            # From when the child has the call: that it has to be started is not the fault of what it is asked.
            async with asyncio.timeout(timeout):
                (size,) = _HEADER.unpack(await stdout.readexactly(_HEADER.size))
                reply = pickle.loads(await stdout.readexactly(size))  # noqa: S301 - written by our own child
        except TimeoutError:
            raise (OverrunError(timeout) if stdout else BusyError()) from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            code = await self._end_child(patience=_LAST_WORDS)
            raise WorkerError(f"the worker process died (exit code {code})") from error
        finally:
            # An answer that nobody waits for any more must not be taken for that to the next call.
            if reply[0] == _LAST:
                await self._end_child()
        return reply

    async def _delivered(self, message: bytes) -> asyncio.StreamReader:
        """Hand a call to the child; return where its answer comes."""
        stdout = await self._deliver(message)
        if stdout is None:
            # A child that died between two calls is nobody's fault.
            await self._end_child(_LAST_WORDS)
            stdout = await self._deliver(message)
        if stdout is None:
            raise ConnectionError
        return stdout

    async def _deliver(self, message: bytes) -> asyncio.StreamReader | None:
        """Hand a call to the child, which is started if there is none; None if it dies before it has taken it."""
        if self._stopped:
            raise ConnectionError
        child = self._child = self._child or await self._start()
        assert child.stdin
        assert child.stdout
        try:
            child.stdin.writelines((_HEADER.pack(len(message)), message))
            await child.stdin.drain()
            await child.stdout.readexactly(len(_TAKEN))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return child.stdout

    async def _start(self) -> asyncio.subprocess.Process:
        self.started += 1
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        # The child finds the same modules as this process, however that was started.
        environment["PYTHONPATH"] = os.pathsep.join(path or os.curdir for path in sys.path)
        environment["PYTHONUTF8"] = "1"
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-X", "faulthandler", "-c", _START),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C at a terminal is for the bot, which then ends the child in its own time.
            process_group=0,
        )

    async def _end_child(self, patience: float = 0) -> int | None:
        child, self._child = self._child, None
        return await _end(child, patience) if child else None


async def _end(child: asyncio.subprocess.Process, patience: float) -> int:
    """Wait `patience` seconds for the child to end by itself, then kill it; return its exit code."""
    if patience:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await child.wait()
    with suppress(ProcessLookupError):
        child.kill()
    return await asyncio.shield(child.wait())


def serve() -> None:
    """Answer calls until the pipe ends: the whole life of the child."""
    # The pipes are for calls and answers alone: what a library prints goes to the log with the rest.
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    kind = ""
    while kind != _LAST and (message := _read(calls)) is not None:
        answers.write(_TAKEN)
        answers.flush()
        kind, reply = _call(message)
        answers.write(_HEADER.pack(len(reply)) + reply)
        answers.flush()


def _read(calls: BinaryIO) -> bytes | None:
    header = calls.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    (size,) = _HEADER.unpack(header)
    message = calls.read(size)
    return message if len(message) == size else None


def _call(message: bytes) -> tuple[str, bytes]:
    """Return of what kind the answer is, and the answer."""
    try:
        function, args = pickle.loads(message)  # noqa: S301 - written by our own parent
        return "result", pickle.dumps(("result", function(*args)))
    except UserError as error:
        return "user", pickle.dumps(("user", error))
    except BaseException as error:
        import traceback

        # After a panic of a Rust library (no Exception), or without memory, nobody knows what state anything is in.
        kind = "error" if isinstance(error, Exception) and not isinstance(error, MemoryError) else _LAST
        return kind, pickle.dumps((kind, (f"{type(error).__name__}: {error}", traceback.format_exc())))
