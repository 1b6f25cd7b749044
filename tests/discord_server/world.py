"""All that exists on the stand-in, and the events that changing it gives off."""

import itertools
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from . import payloads
from .model import (
    DM,
    EVERYONE,
    GROUP_DM,
    INVITE,
    PUBLIC_THREAD,
    TEXT,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Permission,
    Role,
    Size,
    Snowflakes,
    Upload,
    User,
)

UserT = TypeVar("UserT", bound=User)
# Guild ids are a millisecond apart, so that `(id >> 22) % shards` deals them out evenly.
_FIRST_GUILD_MS = 190_000_000_000


class World:
    """All users, guilds, channels and uploads, and the events that changing them gives off."""

    def __init__(self, emit: Callable[[str, Json, Guild | None], None]) -> None:
        self.emit = emit
        self.ids = Snowflakes()
        self.cdn_url = ""
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.uploads: dict[int, Upload] = {}
        self._dms: dict[int, Channel] = {}
        self._guild_numbers = itertools.count()
        self.bot = self.enrol(User(self.ids.next(), "aiterms", bot=True))
        self.owner = self.enrol(User(self.ids.next(), "operator"))

    def enrol(self, user: UserT) -> UserT:
        """File a user."""
        self.users[user.id] = user
        return user

    def add_guild(
        self,
        name: str = "Lab",
        *,
        locale: str = "en-US",
        permissions: int = INVITE,
        installed: bool = True,
        size: Size | None = None,
        owner: User | None = None,
    ) -> Guild:
        """Found a guild. `permissions` are those of the bot's own role; without `installed` the bot is not in it."""
        ms = _FIRST_GUILD_MS + next(self._guild_numbers)
        guild = Guild(ms << 22 | 1, name, locale, installed, size=size or Size())
        guild.owner_id = (owner or self.owner).id
        # @everyone holds nothing, people hold EVERYONE by a role: so the bot has exactly what its own role says.
        guild.roles[guild.id] = Role(guild.id, "@everyone", 0, position=0)
        guild.people = Role(self.ids.next(), "people", EVERYONE)
        guild.roles[guild.people.id] = guild.people
        self.guilds[guild.id] = guild
        if installed:
            role = Role(self.ids.next(), self.bot.name, permissions, bot_id=self.bot.id)
            guild.roles[role.id] = role
            guild.members[self.bot.id] = Member(self.bot, guild, [role])
            self.emit("GUILD_CREATE", {}, guild)
        return guild

    def set_bot_permissions(self, guild: Guild, permissions: int) -> None:
        """Give the bot's own role other permissions."""
        role = next(role for role in guild.members[self.bot.id].roles if role.bot_id)
        role.permissions = permissions
        self.emit("GUILD_ROLE_UPDATE", {"guild_id": str(guild.id), "role": payloads.role(role)}, guild)

    def join(self, guild: Guild, user: User, *, permissions: int = 0, nick: str | None = None) -> Member:
        """Make `user` a member; `permissions` beyond the usual ones come as a role."""
        member = guild.members[user.id] = Member(user, guild, [guild.people], nick)
        if permissions:
            role = Role(self.ids.next(), f"{user.name}'s role", permissions)
            guild.roles[role.id] = role
            member.roles.append(role)
            self.emit("GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": payloads.role(role)}, guild)
        data = {**payloads.member(member), "guild_id": str(guild.id)}
        self.emit("GUILD_MEMBER_ADD", data, guild)
        return member

    def add_channel(
        self,
        guild: Guild,
        name: str = "general",
        *,
        kind: int = TEXT,
        overwrites: dict[int, tuple[int, int]] | None = None,
    ) -> Channel:
        """Add a text channel or (kind FORUM) a forum; `overwrites` maps a role or user id to (allow, deny)."""
        channel = Channel(self.ids.next(), kind, guild, name, overwrites=overwrites or {})
        guild.channels[channel.id] = self.channels[channel.id] = channel
        self.emit("CHANNEL_CREATE", payloads.channel(channel), guild)
        return channel

    def set_overwrite(self, channel: Channel, target: int, *, allow: int = 0, deny: int = 0) -> None:
        """Allow or deny bits to a role or user in one channel."""
        channel.overwrites[target] = (allow, deny)
        self.emit("CHANNEL_UPDATE", payloads.channel(channel), channel.guild)

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel or thread."""
        self.channels.pop(channel.id, None)
        if channel.guild is not None:
            channel.guild.channels.pop(channel.id, None)
        name = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        self.emit(name, payloads.channel(channel), channel.guild)

    def add_thread(
        self, parent: Channel, name: str, owner: User, *, archived: bool = False, locked: bool = False, number: int = 0
    ) -> Channel:
        """Open a thread, or a post if `parent` is a forum; `number` is the id of the message it grows from, if any."""
        thread = Channel(number or self.ids.next(), PUBLIC_THREAD, parent.guild, name, parent, owner_id=owner.id)
        thread.archived, thread.locked = archived, locked
        self.channels[thread.id] = thread
        if parent.guild is not None:
            parent.guild.channels[thread.id] = thread
        self.emit("THREAD_CREATE", {**payloads.channel(thread), "newly_created": True}, parent.guild)
        return thread

    def set_archived(self, thread: Channel, archived: bool, locked: bool | None = None) -> None:
        """Archive or reopen a thread."""
        thread.archived = archived
        thread.locked = thread.locked if locked is None else locked
        self.emit("THREAD_UPDATE", payloads.channel(thread), thread.guild)

    def dm(self, user: User) -> Channel:
        """Return the DM between `user` and the bot."""
        if user.id not in self._dms:
            channel = Channel(self.ids.next(), DM, recipients=[user])
            self._dms[user.id] = self.channels[channel.id] = channel
        return self._dms[user.id]

    def private_channel(self, *people: User) -> Channel:
        """Open a DM of two people, or a group DM of more, without the bot: only user-installed apps work there."""
        kind = DM if len(people) == 2 else GROUP_DM
        channel = Channel(self.ids.next(), kind, recipients=list(people), owner_id=people[0].id)
        self.channels[channel.id] = channel
        return channel

    def is_bot_dm(self, channel: Channel) -> bool:
        """Tell whether `channel` is a DM with the bot itself."""
        return channel.type == DM and len(channel.recipients) == 1

    def host(self, channel: Channel, upload: Upload) -> Upload:
        """Put a file on the loopback CDN."""
        upload.id = upload.id or self.ids.next()
        upload.url = f"{self.cdn_url}/attachments/{channel.id}/{upload.id}/{quote(upload.filename)}"
        self.uploads[upload.id] = upload
        return upload

    def may(self, user: User, channel: Channel, permission: int) -> bool:
        """Tell whether `user` holds all bits of `permission` in `channel` (in private channels: takes part)."""
        if channel.guild is None:
            return user in channel.recipients or (user is self.bot and self.is_bot_dm(channel))
        if user.id not in channel.guild.members and user.id != channel.guild.owner_id:
            return False
        return channel.guild.permissions_of(user, channel) & permission == permission

    def sees(self, user: User, message: Message) -> bool:
        """Tell whether `user` sees `message` now."""
        if message.deleted or (message.seen_by is not None and message.seen_by is not user):
            return False
        return message.seen_by is user or self.may(user, message.channel, Permission.VIEW_CHANNEL)
