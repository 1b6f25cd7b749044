"""From the body of a request to a message, and what it pings (resources/message: allowed mentions)."""

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from . import payloads
from .model import Channel, Json, Message, Permission, Upload, User, walk_components
from .world import World

_MENTION = re.compile(r"<@(&?)!?(\d{15,20})>")
# Inline and block code shows mentions as text.
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)

# What Discord adds to a component where the request leaves it out, by component type.
_ONE_VALUE: Json = {"min_values": 1, "max_values": 1}
_DEFAULTS: dict[int, Json] = {
    **dict.fromkeys((3, 5, 6, 7, 8), _ONE_VALUE),
    11: {"description": None, "spoiler": False},
    13: {"spoiler": False},
    14: {"spacing": 1, "divider": True},
    17: {"accent_color": None, "spoiler": False},
}


def apply(world: World, message: Message, data: Json, files: Iterable[Upload], *, interaction: bool) -> None:
    """Set what `data` sets in `message`, new or old; fields that are left out stay as they are."""
    if "content" in data:
        message.content = data["content"] or ""
    if "attachments" in data:
        kept = {str(entry["id"]) for entry in data["attachments"] or []}
        message.attachments = [a for a in message.attachments if str(a.id) in kept]
    described = {str(e.get("id")): e.get("description") for e in data.get("attachments") or []}
    for index, upload in enumerate(files):
        upload.description = described.get(str(index))
        message.attachments.append(world.host(message.channel, upload))
    urls = {f"attachment://{a.filename}": a.url for a in message.attachments}
    if "embeds" in data:
        message.embeds = [_embed(e, urls) for e in data["embeds"] or [] if set(e) - {"type"}]
    if "components" in data:
        components: list[Json] = data["components"] or []
        used = {c["id"] for c in walk_components(components) if c.get("id")}
        free = (n for n in itertools.count(1) if n not in used)
        message.components = [_component(c, free, urls) for c in components]
    if data.get("flags"):
        message.flags |= data["flags"]
    text = "\n".join([message.content, *(c["content"] for c in message.parts(10))])
    find_mentions(world, message, text, data.get("allowed_mentions"), interaction=interaction)


def _embed(sent: Json, urls: dict[str, str]) -> Json:
    """Return an embed as Discord keeps it: without what is empty, with its defaults and the addresses of its media."""
    embed: Json = {key: value for key, value in sent.items() if value is not None and key != "flags"}
    embed["type"] = "rich"
    for name in ("image", "thumbnail"):
        if isinstance(embed.get(name), dict) and embed[name].get("url"):
            url = urls.get(embed[name]["url"], embed[name]["url"])
            embed[name] = {"url": url, "proxy_url": url, "width": 1, "height": 1}
    if embed.get("fields"):
        embed["fields"] = [{"inline": False, **field} for field in embed["fields"]]
    return embed


def _component(sent: Json, free: Iterator[int], urls: dict[str, str]) -> Json:
    """Return a component as Discord keeps it, and all below it: numbered, with its defaults, attached media resolved."""
    component = {key: value for key, value in sent.items() if value is not None}
    if not component.get("id"):
        component["id"] = next(free)
    for key, value in _DEFAULTS.get(component["type"], {}).items():
        component.setdefault(key, value)
    _resolve(component, urls)
    if "emoji" in component:
        component["emoji"] = _emoji(component["emoji"])
    if component.get("options"):
        component["options"] = [
            {**o, "emoji": _emoji(o["emoji"])} if o.get("emoji") else o for o in component["options"]
        ]
    if component.get("items"):
        items: list[Json] = [{"description": None, "spoiler": False, **item} for item in component["items"]]
        for item in items:
            _resolve(item, urls)
        component["items"] = items
    if component["type"] == 13:
        component |= {"name": component["file"]["url"].rpartition("/")[2], "size": 0}
    if component.get("components"):
        component["components"] = [_component(c, free, urls) for c in component["components"]]
    for name in ("accessory", "component"):
        if isinstance(component.get(name), dict):
            component[name] = _component(component[name], free, urls)
    return component


def _emoji(emoji: Json) -> Json:
    return {key: value for key, value in emoji.items() if key != "id" or value is not None}


def _resolve(holder: Json, urls: dict[str, str]) -> None:
    for name in ("media", "file"):
        if isinstance(holder.get(name), dict) and "url" in holder[name]:
            url = urls.get(holder[name]["url"], holder[name]["url"])
            holder[name] = {"id": "0", "url": url, "proxy_url": url, "loading_state": 2, "flags": 0}


def find_mentions(world: World, message: Message, text: str, allowed: Any, *, interaction: bool) -> None:
    """Work out whom `text` mentions and pings.

    `allowed` is the request's allowed_mentions. Left out, messages ping users, roles and everyone, interactions users
    only; mentions that are not allowed show but do not ping, and are not listed either.
    """
    text = _CODE.sub("", text)
    everything = ["users"] if interaction else ["users", "roles", "everyone"]
    parse = everything if allowed is None else allowed.get("parse") or []
    users = {int(i) for i in (allowed or {}).get("users") or []}
    roles = {int(i) for i in (allowed or {}).get("roles") or []}
    guild = message.channel.guild
    message.mentions, message.mention_roles, message.mention_everyone = [], [], False
    message.pings = set()
    for kind, raw in _MENTION.findall(text):
        number = int(raw)
        if kind:
            known = guild is not None and number in guild.roles and ("roles" in parse or number in roles)
            if known and number not in message.mention_roles:
                message.mention_roles.append(number)
        elif number in world.users and ("users" in parse or number in users):
            user = world.users[number]
            if user not in message.mentions:
                message.mentions.append(user)
    if guild is not None and "everyone" in parse and re.search(r"@(everyone|here)\b", text):
        may = guild.permissions_of(message.author, message.channel) & Permission.MENTION_EVERYONE
        message.mention_everyone = bool(may)
    replied = message.referenced.author if message.referenced is not None else None
    if replied is not None and replied not in message.mentions and (allowed or {}).get("replied_user", allowed is None):
        message.mentions.append(replied)
    message.pings.update(u.id for u in message.mentions)
    message.pings.update(message.mention_roles)
    if message.mention_everyone:
        message.pings.add("everyone")


def new(world: World, channel: Channel, author: User) -> Message:
    """Return an empty message, not yet filed."""
    return Message(world.ids.next(), channel, author, created=datetime.now(UTC))


def edited(message: Message) -> None:
    """Remember the present text before an edit, and date the edit."""
    message.history.append((message.content, message.embeds))
    message.edited = datetime.now(UTC)


def merged(message: Message, data: Json) -> Json:
    """Return the fields that decide whether `message` shows anything after an edit."""
    return {
        "content": data.get("content", message.content),
        "embeds": data.get("embeds", message.embeds),
        "components": data.get("components", message.components),
        "attachments": data.get("attachments", [payloads.attachment(a) for a in message.attachments]),
    }
