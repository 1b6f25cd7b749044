"""One connection to the gateway, and the session behind it that outlives it."""

import asyncio
import secrets
import zlib
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson
import zstandard
from aiohttp import web

from .faults import reset
from .model import Guild, Json

if TYPE_CHECKING:
    from .gateway import Gateway

GUILDS, GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT = 1 << 0, 1 << 1, 1 << 8, 1 << 15
_GUILD_MESSAGES, _GUILD_REACTIONS, _DM_MESSAGES, _DM_REACTIONS = 1 << 9, 1 << 10, 1 << 12, 1 << 13
VALID_INTENTS = 0b11_0011_0001_1111_1111_1111_1111
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
# Event -> (intent in guilds, intent in DMs); events that are not listed reach everybody.
_INTENTS = {
    "GUILD_MEMBER_ADD": (GUILD_MEMBERS, 0),
    "MESSAGE_CREATE": (_GUILD_MESSAGES, _DM_MESSAGES),
    "MESSAGE_UPDATE": (_GUILD_MESSAGES, _DM_MESSAGES),
    "MESSAGE_DELETE": (_GUILD_MESSAGES, _DM_MESSAGES),
    "MESSAGE_REACTION_ADD": (_GUILD_REACTIONS, _DM_REACTIONS),
    "MESSAGE_REACTION_REMOVE": (_GUILD_REACTIONS, _DM_REACTIONS),
} | dict.fromkeys(
    "GUILD_CREATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_UPDATE CHANNEL_CREATE CHANNEL_UPDATE "
    "CHANNEL_DELETE THREAD_CREATE THREAD_UPDATE THREAD_DELETE".split(),
    (GUILDS, 0),
)
# Much more than a test loses between two connections. All that is kept costs time too: fifty users are to wait for the
# bot, not for the stand-in.
_REPLAY = 1_000
SENDS, SENDS_PER = 120, 60.0
Data = Json | Callable[[], Json]


class _Plain:
    def encode(self, raw: bytes) -> bytes | str:
        return raw.decode()


class _Zlib:
    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def encode(self, raw: bytes) -> bytes | str:
        return self._stream.compress(raw) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor(level=1).compressobj()

    def encode(self, raw: bytes) -> bytes | str:
        return self._stream.compress(raw) + self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


ENCODERS = {None: _Plain, "zlib-stream": _Zlib, "zstd-stream": _Zstd}


class Session:
    """What outlives a connection: the sequence, the intents, and the events kept for RESUME."""

    def __init__(self, shard: tuple[int, int], intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.intents = intents
        self.seq = 0
        self.replay: deque[tuple[int, str, Data]] = deque(maxlen=_REPLAY)
        self.connection: Connection | None = None
        # When the connection was lost, on the monotonic clock.
        self.lost = 0.0
        # Whether READY and the guilds have been written.
        self.told = False

    def wants(self, name: str, guild: Guild | None) -> bool:
        """Tell whether an event of this name from this guild (None: a DM) comes to this session."""
        shard, count = self.shard
        if ((guild.id >> 22) % count if guild else 0) != shard:
            return False
        needed = _INTENTS.get(name)
        return needed is None or not (intent := needed[0 if guild else 1]) or bool(self.intents & intent)

    def dispatch(self, name: str, data: Data, on_sent: Callable[[], None] | None = None) -> None:
        """Number an event, keep it, and send it if there is a connection."""
        self.seq += 1
        self.replay.append((self.seq, name, data))
        if self.connection is not None:
            self.connection.send(0, data, self.seq, name, on_sent)


class Connection:
    """One websocket. Everything goes out through one queue, so that frames keep their order."""

    def __init__(self, gateway: "Gateway", ws: web.WebSocketResponse, request: web.Request) -> None:
        self.gateway = gateway
        self.ws = ws
        self.request = request
        self.compression = request.query.get("compress")
        self.session: Session | None = None
        self.silent = False
        self.closed_by_us = False
        self.sent: deque[float] = deque(maxlen=SENDS)
        self._encoder = ENCODERS[self.compression]()
        self._queue: asyncio.Queue[tuple[bytes | Callable[[], bytes], Callable[[], None] | None] | int] = (
            asyncio.Queue()
        )

    def send(
        self,
        op: int,
        data: Data | bool | None = None,
        seq: int | None = None,
        name: str | None = None,
        on_sent: Callable[[], None] | None = None,
    ) -> None:
        """Queue a payload; `on_sent` is called when it has been written."""

        def frame() -> bytes:
            return orjson.dumps({"t": name, "s": seq, "op": op, "d": data() if callable(data) else data})

        # Big events are built only when their turn comes: thousands of guilds need not lie in memory as JSON.
        self._queue.put_nowait((frame if callable(data) else frame(), on_sent))

    def send_raw(self, raw: bytes) -> None:
        """Queue bytes that need not be JSON."""
        self._queue.put_nowait((raw, None))

    def close(self, code: int) -> None:
        """Close after what is queued."""
        self._queue.put_nowait(code)

    def drop(self) -> None:
        """Cut the line, without a closing handshake."""
        reset(self.request)

    async def write(self) -> None:
        """Write the queue to the socket until it is closed."""
        while True:
            item = await self._queue.get()
            if self.silent:
                continue
            if isinstance(item, int):
                self.closed_by_us = True
                await self.ws.close(code=item)
                return
            if self.gateway.delay:
                await asyncio.sleep(self.gateway.delay)
            raw, on_sent = item
            if on_sent is not None:
                on_sent()
            encoded = self._encoder.encode(raw() if callable(raw) else raw)
            if isinstance(encoded, str):
                await self.ws.send_str(encoded)
            else:
                await self.ws.send_bytes(encoded)
