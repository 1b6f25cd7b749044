"""The JSON that Discord sends for each thing. Ids are strings there, and so they are here."""

from datetime import UTC, datetime
from typing import Any

from .model import (
    DM,
    EPOCH_MS,
    FORUM,
    GROUP_DM,
    TEXT,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Permission,
    Role,
    Upload,
    User,
)

_FIXED_TIME = "2024-01-01T00:00:00.000000+00:00"


def moment(time: datetime) -> str:
    """Write a time as Discord does."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def created_at(snowflake: int) -> datetime:
    """Return the time inside an id."""
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH_MS) / 1000, UTC)


def user(who: User) -> Json:
    """Return a user object."""
    data: Json = {
        "id": str(who.id),
        "username": who.name,
        "discriminator": "0" if not who.bot else "0000",
        "global_name": None if who.bot else who.name.title(),
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "primary_guild": None,
        "clan": None,
    }
    if who.bot:
        data["bot"] = True
    return data


def me(who: User) -> Json:
    """Return the bot's own user object, as READY and GET /users/@me give it."""
    return {**user(who), "verified": True, "mfa_enabled": False, "email": None, "locale": who.locale}


def role(what: Role) -> Json:
    """Return a role object."""
    data: Json = {
        "id": str(what.id),
        "name": what.name,
        "description": None,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": what.position,
        "permissions": str(what.permissions),
        "managed": what.bot_id is not None,
        "mentionable": False,
        "flags": 0,
    }
    if what.bot_id is not None:
        data["tags"] = {"bot_id": str(what.bot_id)}
    return data


def member(who: Member, *, with_user: bool = True) -> Json:
    """Return a member object; inside messages and resolved data it comes without its user."""
    data: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": _FIXED_TIME,
        "nick": who.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(r.id) for r in who.roles],
        "mute": False,
        "deaf": False,
    }
    if with_user:
        data["user"] = user(who.user)
    return data


def overwrites(what: Channel) -> list[Json]:
    """Return the permission overwrites of a channel."""
    roles = what.guild.roles if what.guild else {}
    return [
        {"id": str(target), "type": 0 if target in roles else 1, "allow": str(allow), "deny": str(deny)}
        for target, (allow, deny) in what.overwrites.items()
    ]


def channel(what: Channel, permissions: int | None = None) -> Json:
    """Return a channel object; `permissions` are added where an interaction carries it."""
    data: Json = {"id": str(what.id), "type": what.type, "flags": 0}
    data["last_message_id"] = str(what.last_message_id) if what.last_message_id else None
    if what.type in (DM, GROUP_DM):
        data["recipients"] = [user(u) for u in what.recipients]
        if what.type == GROUP_DM:
            data |= {"name": what.name, "icon": None, "owner_id": str(what.owner_id)}
        return data
    data |= {"name": what.name, "parent_id": str(what.parent.id) if what.parent else None, "rate_limit_per_user": 0}
    if what.guild is not None:
        data["guild_id"] = str(what.guild.id)
    if what.is_thread:
        data |= {
            "owner_id": str(what.owner_id),
            "message_count": max(len(what.messages) - 1, 0),
            "total_message_sent": len(what.messages),
            "member_count": 2,
            "applied_tags": [str(t) for t in what.applied_tags],
            "thread_metadata": {
                "archived": what.archived,
                "locked": what.locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": moment(created_at(what.id)),
                "create_timestamp": moment(created_at(what.id)),
            },
        }
    else:
        data |= {"position": 0, "nsfw": False, "topic": what.topic, "permission_overwrites": overwrites(what)}
    if what.type == FORUM:
        data |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
        data |= {"default_forum_layout": 0, "template": ""}
    if permissions is not None:
        data["permissions"] = str(permissions)
    return data


def attachment(what: Upload) -> Json:
    """Return an attachment object."""
    data: Json = {
        "id": str(what.id),
        "filename": what.filename,
        "size": len(what.data) if what.claimed_size is None else what.claimed_size,
        "url": what.url,
        "proxy_url": what.url,
    }
    if what.content_type is not None:
        data["content_type"] = what.content_type
    if what.description is not None:
        data["description"] = what.description
    return data


def message(what: Message, *, hide: bool = False, nested: bool = False) -> Json:
    """Return a message object.

    `hide` leaves out what the Message Content intent guards (gateway: message content intent).
    """
    data: Json = {
        "id": str(what.id),
        "channel_id": str(what.channel.id),
        "type": what.type,
        "author": user(what.author),
        "content": "" if hide else what.content,
        "embeds": [] if hide else what.embeds,
        "components": [] if hide else what.components,
        "attachments": [] if hide else [attachment(a) for a in what.attachments],
        "mentions": [user(u) for u in what.mentions],
        "mention_roles": [str(r) for r in what.mention_roles],
        "mention_everyone": what.mention_everyone,
        "timestamp": moment(what.created),
        "edited_timestamp": moment(what.edited) if what.edited else None,
        "flags": what.flags,
        "pinned": False,
        "tts": False,
    }
    if what.nonce is not None:
        data["nonce"] = what.nonce
    if what.webhook_id is not None:
        data["webhook_id"] = str(what.webhook_id)
        if what.interaction is not None:
            data["application_id"] = str(what.webhook_id)
    if what.interaction is not None:
        data["interaction_metadata"] = what.interaction
    if what.forwarded is not None:
        origin = what.forwarded
        data["message_reference"] = {"type": 1, "message_id": str(origin.id), "channel_id": str(origin.channel.id)}
        snapshot = message(origin, hide=hide)
        kept = ("type", "content", "embeds", "attachments", "components", "mentions", "mention_roles", "flags")
        data["message_snapshots"] = [{"message": {k: snapshot[k] for k in (*kept, "timestamp", "edited_timestamp")}}]
    if what.reply_to is not None and what.type != 0:
        data["message_reference"] = {"type": 0, "message_id": str(what.reply_to), "channel_id": str(what.channel.id)}
        if what.channel.guild is not None:
            data["message_reference"]["guild_id"] = str(what.channel.guild.id)
        if not nested:
            gone = what.referenced is None or what.referenced.deleted
            data["referenced_message"] = None if gone else message(what.referenced, hide=hide, nested=True)  # type: ignore[arg-type]
    return data


def message_event(what: Message, *, hide: bool = False) -> Json:
    """Return a message as MESSAGE_CREATE and MESSAGE_UPDATE carry it: with its guild and its author's membership."""
    data = message(what, hide=hide)
    guild = what.channel.guild
    if guild is not None:
        data["guild_id"] = str(guild.id)
        author = guild.members.get(what.author.id)
        if author is not None:
            data["member"] = member(author, with_user=False)
        for entry, mentioned in zip(data["mentions"], what.mentions, strict=True):
            if mentioned.id in guild.members:
                entry["member"] = member(guild.members[mentioned.id], with_user=False)
    return data


def _filler(what: Guild) -> tuple[list[Json], list[Json], list[Json], list[Json], list[Json]]:
    """Return made-up channels, roles, emojis, members and voice states, to the guild's size."""
    size, base = what.size, what.id + 1000
    everyone = {"id": str(what.id), "type": 0, "allow": "0", "deny": str(int(Permission.MENTION_EVERYONE))}
    channels: list[Json] = [
        {
            **channel(
                Channel(base + n, TEXT, what, f"channel-{n}", topic="What this channel is about, in a few words")
            ),
            "position": n,
            "permission_overwrites": [everyone],
        }
        for n in range(size.channels)
    ]
    roles = [role(Role(base + 10_000 + n, f"role-{n}", 0, n + 2)) for n in range(size.roles)]
    emojis: list[Json] = [
        {"id": str(base + 20_000 + n), "name": f"emoji_{n}", "roles": [], "require_colons": True}
        | {"managed": False, "animated": False, "available": True}
        for n in range(size.emojis)
    ]
    people = [Member(User(base + 30_000 + n, f"member{n}"), what) for n in range(size.members)]
    voices: list[Json] = [
        {
            "channel_id": str(base),
            "user_id": str(p.user.id),
            "session_id": f"v{p.user.id}",
            "deaf": False,
            "mute": False,
        }
        | {"self_deaf": False, "self_mute": False, "self_video": False, "suppress": False}
        | {"request_to_speak_timestamp": None}
        for p in people[: size.voice]
    ]
    return channels, roles, emojis, [member(p) for p in people], voices


def guild(what: Guild) -> Json:
    """Return a guild object as GET /guilds/{id} gives it, its emojis and roles included."""
    _, roles, emojis, _, _ = _filler(what)
    return _guild(what, roles, emojis)


def _guild(what: Guild, roles: list[Json], emojis: list[Json]) -> Json:
    nothing: dict[str, Any] = dict.fromkeys(
        "icon splash discovery_splash banner description afk_channel_id application_id widget_channel_id "
        "system_channel_id rules_channel_id public_updates_channel_id safety_alerts_channel_id vanity_url_code "
        "home_header max_presences incidents_data".split()
    )
    return nothing | {
        "id": str(what.id),
        "name": what.name,
        "owner_id": str(what.owner_id),
        "region": "deprecated",
        "afk_timeout": 300,
        "widget_enabled": False,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(r) for r in what.roles.values()] + roles,
        "emojis": emojis,
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "system_channel_flags": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": what.locale,
        "max_members": 500_000,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "nsfw": False,
        "nsfw_level": 0,
    }


def guild_create(what: Guild, bot: User, *, all_members: bool) -> Json:
    """Return the guild as GUILD_CREATE carries it. Without the members intent only the bot is listed."""
    channels, roles, emojis, people, voices = _filler(what)
    listed = what.members.values() if all_members else [m for m in what.members.values() if m.user is bot]
    own = [c for c in what.channels.values() if not c.is_thread]
    return _guild(what, roles, emojis) | {
        "joined_at": _FIXED_TIME,
        "large": len(what.members) + len(people) >= 250,
        "unavailable": False,
        "member_count": len(what.members) + len(people),
        "voice_states": voices,
        "members": [member(m) for m in listed] + (people if all_members else []),
        "channels": [channel(c) for c in own] + channels,
        "threads": [channel(c) for c in what.channels.values() if c.is_thread and not c.archived],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
