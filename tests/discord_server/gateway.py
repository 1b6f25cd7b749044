"""The gateway: who may connect, what is sent to whom, and what can go wrong (events/gateway, opcodes)."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson
from aiohttp import WSMsgType, web

from . import payloads
from .faults import malformed, reset
from .model import VIEW_CHANNEL, Channel, Guild, Json, Message, Signal, User
from .sessions import (
    ENCODERS,
    GUILD_MEMBERS,
    GUILD_PRESENCES,
    GUILDS,
    MESSAGE_CONTENT,
    PRIVILEGED,
    SENDS,
    SENDS_PER,
    VALID_INTENTS,
    Connection,
    Data,
    Session,
)

if TYPE_CHECKING:
    from .server import DiscordServer

__all__ = ["GUILD_MEMBERS", "GUILD_PRESENCES", "MESSAGE_CONTENT", "Gateway"]

_FRAME = 4096
# How long a session without a connection can be resumed; Discord does not say.
_SESSION_LIFE = 120.0
# Discord: a shard holds at most this many guilds.
GUILDS_PER_SHARD = 2_500
# An ACK that arrives before discord.py has noted when it sent the heartbeat makes it log a false warning.
_ACK_DELAY = 0.05


class Gateway:
    """All connections and sessions, and the gateway's switches."""

    def __init__(self, server: "DiscordServer") -> None:
        self.server = server
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.heartbeat_interval = 41.25
        self.changed = Signal()
        self.heartbeats = 0
        self.identifies = 0
        self.resumes = 0
        # Shards that identified within `identify_interval` of another one of their bucket, and after how long.
        self.too_early: list[tuple[int, float]] = []
        # Sessions that may still be started, of how many, and how many at once per `identify_interval` seconds.
        self.total = 1000
        self.remaining = 1000
        self.limit_resets = time.monotonic() + 86_400.0
        self.max_concurrency = 1
        # Discord's is 5 s; 0 lets tests start clients quickly one after the other.
        self.identify_interval = 0.0
        self.recommended_shards = 1
        # Switches.
        self.delay = 0.0
        self.acknowledge = True
        self.duplicate = False
        self.close_on_identify: list[int] = []
        self.closing = False
        self._identified: dict[int, float] = {}

    # -- what the world does ------------------------------------------------------------------------------------

    def emit(self, name: str, data: Json, guild: Guild | None, on_sent: Callable[[], None] | None = None) -> None:
        """Send an event to every session that wants it."""
        for session in self.sessions.values():
            if not session.wants(name, guild):
                continue
            sent: Data = data
            if name == "GUILD_CREATE" and guild is not None:
                sent = self._guild_create(guild, session)
            for _ in range(2 if self.duplicate else 1):
                session.dispatch(name, sent, on_sent)

    def emit_message(self, name: str, message: Message) -> None:
        """Send MESSAGE_CREATE or MESSAGE_UPDATE to those who may see it, without its text where that is guarded."""
        world = self.server.world
        if message.ephemeral or not world.may(world.bot, message.channel, VIEW_CHANNEL):
            return
        full: Json | None = None
        hidden: Json | None = None
        for session in self.sessions.values():
            if not session.wants(name, message.channel.guild):
                continue
            if session.intents & MESSAGE_CONTENT or not self.guarded(message):
                full = data = full or payloads.message_event(message)
            else:
                hidden = data = hidden or payloads.message_event(message, hide=True)
            for _ in range(2 if self.duplicate else 1):
                session.dispatch(name, data)

    def guarded(self, message: Message) -> bool:
        """Tell whether reading the message takes the Message Content intent."""
        bot = self.server.world.bot
        return message.channel.guild is not None and message.author is not bot and bot not in message.mentions

    def _guild_create(self, guild: Guild, session: Session) -> Callable[[], Json]:
        bot, everybody = self.server.world.bot, bool(session.intents & GUILD_MEMBERS)
        return lambda: payloads.guild_create(guild, bot, all_members=everybody)

    # -- switches -----------------------------------------------------------------------------------------------

    def drop(self) -> None:
        """Cut every connection without a closing handshake."""
        for connection in list(self.connections):
            connection.drop()

    def close(self, code: int) -> None:
        """Close every connection with `code`; after 4007 and 4009 the sessions cannot be resumed."""
        for connection in list(self.connections):
            if code in (4003, 4007, 4009) and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
            connection.close(code)

    def reconnect(self) -> None:
        """Send op 7."""
        for connection in self.connections:
            connection.send(7)

    def invalidate(self, *, resumable: bool) -> None:
        """Send op 9."""
        for connection in self.connections:
            if not resumable and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
            connection.send(9, resumable)

    def fall_silent(self) -> None:
        """Leave the present connections half open: nothing comes any more, and nothing is acknowledged."""
        for connection in self.connections:
            connection.silent = True

    def outage(self, guild: Guild) -> None:
        """Make a guild unavailable: GUILD_DELETE with `unavailable`."""
        guild.unavailable = True
        self.emit("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild)

    def restore(self, guild: Guild) -> None:
        """End an outage."""
        guild.unavailable = False
        self.emit("GUILD_CREATE", {}, guild)

    def remove(self, guild: Guild) -> None:
        """Throw the bot out of a guild: GUILD_DELETE without `unavailable`."""
        guild.installed = False
        guild.members.pop(self.server.world.bot.id, None)
        self.emit("GUILD_DELETE", {"id": str(guild.id)}, guild)

    def send_malformed(self, kind: str, channel: Channel, user: User) -> None:
        """Send one of `faults.MALFORMED`."""
        assert channel.guild is not None
        name, data = malformed(kind, str(channel.guild.id), str(channel.id), str(user.id))
        for session in self.sessions.values():
            session.dispatch(name, data)

    def send_garbage(self, raw: bytes = b"{not json") -> None:
        """Send a frame that is not JSON."""
        for connection in self.connections:
            connection.send_raw(raw)

    # -- connections --------------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection from HELLO to its end."""
        if self.server.faults.offline or self.closing:
            reset(request)
            return web.Response(status=503)
        fault = self.server.faults.take("GET", request.path)
        if fault is not None and (played := await self.server.faults.play(fault, request)) is not None:
            return played
        ws = web.WebSocketResponse(compress=False, autoping=True, max_msg_size=1 << 20, timeout=1.0)
        await ws.prepare(request)
        query = request.query
        if query.get("v") not in ("9", "10") or query.get("encoding", "json") != "json":
            await ws.close(code=4012)
            return ws
        if query.get("compress") not in ENCODERS:
            await ws.close(code=4002)
            return ws
        connection = Connection(self, ws, request)
        self.connections.add(connection)
        self.server.note("gateway", "connected", f"{request.path} {query.get('compress')}")
        writer = asyncio.create_task(connection.write())
        try:
            connection.send(10, {"heartbeat_interval": int(self.heartbeat_interval * 1000)})
            code = await self._read(connection)
            if code is not None:
                connection.close(code)
                await asyncio.wait({writer}, timeout=1.0)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self.connections.discard(connection)
            session = connection.session
            if session is not None and session.connection is connection:
                session.connection, session.lost = None, time.monotonic()
                # The client's own 1000 or 1001 ends the session (gateway: disconnecting).
                if ws.close_code in (1000, 1001) and not connection.closed_by_us:
                    self.sessions.pop(session.id, None)
            self.server.note("gateway", "disconnected", str(ws.close_code))
        return ws

    async def _read(self, connection: Connection) -> int | None:
        """Serve what the client sends; return the code to close with, or None when it has gone."""
        while True:
            try:
                frame = await connection.ws.receive(timeout=self.heartbeat_interval * 2)
            except TimeoutError:
                return 4009
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return None
            code = self._received(connection, frame.data)
            if code is not None:
                self.server.note("gateway", "refused", str(code))
                return code

    def _received(self, connection: Connection, raw: str | bytes) -> int | None:
        now = time.monotonic()
        if len(connection.sent) == SENDS and now - connection.sent[0] < SENDS_PER:
            return self._violation(4008, "more than 120 payloads in 60 s")
        connection.sent.append(now)
        if len(raw.encode() if isinstance(raw, str) else raw) > _FRAME:
            return self._violation(4002, "a payload of more than 4,096 bytes")
        try:
            payload = orjson.loads(raw)
            op, data = payload["op"], payload.get("d")
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return self._violation(4002, "a payload that is not JSON with an op")
        if op == 1:
            self.heartbeats += 1
            if self.acknowledge and not connection.silent:
                asyncio.get_running_loop().call_later(_ACK_DELAY, connection.send, 11)
            return None
        if op in (2, 6):
            if connection.session is not None:
                return self._violation(4005, "a second IDENTIFY or RESUME on one connection")
            try:
                return self._identify(connection, data) if op == 2 else self._resume(connection, data)
            except (KeyError, TypeError, ValueError):
                return self._violation(4002, f"op {op} with data {data!r}")
        if connection.session is None:
            return self._violation(4003, f"op {op} before IDENTIFY")
        if op == 8:
            self._members(connection.session, data)
        elif op not in (3, 4, 31):
            return self._violation(4001, f"unknown op {op}")
        return None

    def _violation(self, code: int, problem: str) -> int:
        self.server.violate("GATEWAY", str(code), problem)
        return code

    def _identify(self, connection: Connection, data: Json) -> int | None:
        shard_id, shard_count = data.get("shard") or (0, 1)
        if self.close_on_identify:
            return self.close_on_identify.pop(0)
        if data["token"] != self.server.token:
            return 4004
        if not {"os", "browser", "device"} <= data["properties"].keys():
            return self._violation(4002, "IDENTIFY without its properties")
        if not 0 <= shard_id < shard_count:
            return 4010
        guilds = self._guilds(shard_id, shard_count)
        if len(guilds) > GUILDS_PER_SHARD:
            return 4011
        intents = data["intents"]
        if not isinstance(intents, int) or intents & ~VALID_INTENTS:
            return 4013
        if intents & PRIVILEGED & ~self.server.privileged_intents:
            return 4014
        self.renew_limit()
        if self.remaining <= 0:
            self.server.violate("GATEWAY", "IDENTIFY", "session_start_limit exceeded: Discord resets the token")
            self.server.token += "-reset"
            self.close(4004)
            return 4004
        bucket, now = shard_id % self.max_concurrency, time.monotonic()
        if now - self._identified.get(bucket, -self.identify_interval) < self.identify_interval:
            self.too_early.append((shard_id, round(now - self._identified[bucket], 3)))
            connection.send(9, data=False)
            return None
        self._identified[bucket] = now
        self.remaining -= 1
        self.identifies += 1
        for old in [s for s in self.sessions.values() if s.connection is None]:
            if now - old.lost > _SESSION_LIFE:
                del self.sessions[old.id]
        session = Session((shard_id, shard_count), intents)
        self.sessions[session.id] = session
        session.connection, connection.session = connection, session
        world = self.server.world
        ready: Json = {
            "v": 10,
            "user_settings": {},
            "user": payloads.me(world.bot),
            "session_type": "normal",
            "session_id": session.id,
            "resume_gateway_url": f"{self.server.gateway_url}/resume",
            "relationships": [],
            "private_channels": [],
            "presences": [],
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": [],
            "game_relationships": [],
            "auth": {},
            "application": {"id": str(self.server.application_id), "flags": self.server.application_flags},
            "_trace": [],
        }
        if data.get("shard"):
            ready["shard"] = [shard_id, shard_count]

        def told() -> None:
            session.told = True
            self.changed.notify()

        present = [g for g in guilds if not g.unavailable] if intents & GUILDS else []
        session.dispatch("READY", ready, None if present else told)
        self.server.note("gateway", "ready", f"shard {shard_id} of {shard_count}, {len(guilds)} guilds")
        for guild in present:
            last = told if guild is present[-1] else None
            session.dispatch("GUILD_CREATE", self._guild_create(guild, session), last)
        return None

    @property
    def reset_after(self) -> float:
        """Seconds until session starts are renewed; can be set."""
        return max(0.0, self.limit_resets - time.monotonic())

    @reset_after.setter
    def reset_after(self, seconds: float) -> None:
        self.limit_resets = time.monotonic() + seconds

    def renew_limit(self) -> None:
        """Renew the session starts if their time has come."""
        if time.monotonic() >= self.limit_resets:
            self.remaining, self.reset_after = self.total, 86_400.0

    def _guilds(self, shard_id: int, shard_count: int) -> list[Guild]:
        guilds = self.server.world.guilds.values()
        return [g for g in guilds if g.installed and (g.id >> 22) % shard_count == shard_id]

    def _resume(self, connection: Connection, data: Json) -> int | None:
        if data["token"] != self.server.token:
            return 4004
        session = self.sessions.get(data["session_id"] or "")
        if session is None:
            connection.send(9, data=False)
            return None
        seq = data["seq"] or 0
        if seq > session.seq or (session.replay and seq < session.replay[0][0] - 1):
            del self.sessions[session.id]
            return 4007
        if session.connection is not None:
            session.connection.drop()
        self.resumes += 1
        self.changed.notify()
        session.connection, connection.session = connection, session
        missed = [event for event in session.replay if event[0] > seq]
        for number, name, event in missed:
            connection.send(0, event, number, name)
        session.dispatch("RESUMED", {"_trace": []})
        self.server.note("gateway", "resumed", f"{len(missed)} events replayed")
        return None

    def _members(self, session: Session, data: Json) -> None:
        guild = self.server.world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        members = list(guild.members.values())
        if data.get("user_ids"):
            members = [m for m in members if str(m.user.id) in [str(i) for i in data["user_ids"]]]
        elif data.get("query"):
            members = [m for m in members if m.user.name.startswith(data["query"])]
        elif not session.intents & GUILD_MEMBERS:
            members = []
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [payloads.member(m) for m in members],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk | ({"nonce": data["nonce"]} if data.get("nonce") else {}))
