"""Scripted users: what people do on Discord, within what its client lets them do, and what they see of it."""

import re
from typing import TYPE_CHECKING, Any

from . import interactions, messages, payloads
from .commands import CannotError, command_data, menu_data, resolve_user
from .interactions import Exchange
from .model import COMPONENTS_V2, FORUM, HAS_SNAPSHOT, Channel, Json, Message, Permission, Upload, User, walk_components

if TYPE_CHECKING:
    from .server import DiscordServer

BUTTON, STRING_SELECT, TEXT_INPUT = 2, 3, 4
_SELECTS = (3, 5, 6, 7, 8)


class Said:
    """A message that a user has sent, and what the bot says to it."""

    def __init__(self, server: "DiscordServer", message: Message) -> None:
        self.server = server
        self.message = message

    @property
    def replies(self) -> list[Message]:
        """What the bot has written here since: replies to this message, and messages that reply to nothing."""
        channel, own = self.message.channel, self.message.id
        return [
            m
            for m in self.server.bot_messages(channel)
            if m.id > own and m.reply_to in (own, None) and m.interaction is None and not m.ephemeral
        ]

    async def reply(self, index: int = 0, within: float = 5.0) -> Message:
        """Wait for the bot's reply (the next ones: `index`) and return it."""
        channel = self.message.channel
        await channel.changed.until(lambda: len(self.replies) > index, within)
        return self.replies[index]

    async def unanswered(self, quiet: float = 0.3) -> bool:
        """Wait until the bot is idle and tell whether it has kept silent."""
        await self.server.idle(quiet)
        return not self.replies


class Person(User):
    """A user who can act. Everything that Discord's client would refuse raises CannotError."""

    def __init__(self, server: "DiscordServer", number: int, name: str, *, bot: bool, locale: str) -> None:
        super().__init__(number, name, bot, locale)
        self.server = server

    # -- messages -----------------------------------------------------------------------------------------------

    @property
    def dm(self) -> Channel:
        """The DM with the bot."""
        return self.server.world.dm(self)

    def sees(self, message: Message) -> bool:
        """Tell whether the user sees a message."""
        return self.server.world.sees(self, message)

    def reads(self, channel: Channel) -> list[Message]:
        """Return the messages that the user sees in a channel, oldest first."""
        return [m for m in channel.messages.values() if self.sees(m)]

    def _may(self, channel: Channel, permission: int) -> None:
        if not self.server.world.may(self, channel, permission):
            raise CannotError(f"{self.name} may not do that in {channel.name}")

    def say(
        self,
        channel: Channel,
        content: str = "",
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        files: list[Upload] | None = None,
        webhook: bool = False,
        embeds: list[Json] | None = None,
        components: list[Json] | None = None,
        forwarded: Message | None = None,
    ) -> Said:
        """Send a message. `ping` is the switch of a reply; `webhook`, `embeds`, `components` are for those that can.

        With `forwarded` it is that message, and has no text of its own (message: forwards).
        """
        self._may(channel, Permission.VIEW_CHANNEL)
        if channel.type == FORUM:
            raise CannotError("forums take posts, not messages")
        if len(content) > 4000 or not (content.strip() or files or embeds or components or forwarded):
            raise CannotError("a message has 1 to 4,000 characters, or a file")
        world = self.server.world
        message = messages.new(world, channel, self)
        message.content, message.embeds = content, embeds or []
        if components:
            message.components, message.flags = components, COMPONENTS_V2
        if forwarded is not None:
            if not self.sees(forwarded):
                raise CannotError("the message to forward is not there")
            message.forwarded, message.flags = forwarded, HAS_SNAPSHOT
        if reply_to is not None:
            if not self.sees(reply_to):
                raise CannotError("the message to reply to is not there")
            message.type, message.reply_to, message.referenced = 19, reply_to.id, reply_to
        message.attachments = [world.host(channel, upload) for upload in files or []]
        if webhook:
            message.webhook_id = world.ids.next()
        allowed = None if ping else {"parse": ["users", "roles", "everyone"], "replied_user": False}
        messages.find_mentions(world, message, content, allowed, interaction=False)
        if channel.archived:
            world.set_archived(channel, archived=False)
        self.server.post(message)
        return Said(self.server, message)

    def edit(self, message: Message, content: str) -> None:
        """Edit one's own message."""
        if message.author is not self or message.deleted:
            raise CannotError("not one's own message, or gone")
        messages.edited(message)
        message.content = content
        messages.find_mentions(self.server.world, message, content, None, interaction=False)
        self.server.gateway.emit_message("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Delete one's own message, or another's with Manage Messages."""
        if message.author is not self:
            if message.channel.guild is None:
                raise CannotError("not one's own message")
            self._may(message.channel, Permission.MANAGE_MESSAGES)
        self.server.delete(message)

    def react(self, message: Message, emoji: str) -> None:
        """Add a reaction."""
        guild = message.channel.guild
        data: Json = {
            "user_id": str(self.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "message_author_id": str(message.author.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        if guild is not None:
            data |= {"guild_id": str(guild.id), "member": payloads.member(guild.members[self.id])}
        self.server.gateway.emit("MESSAGE_REACTION_ADD", data, guild)

    def post(self, forum: Channel, title: str, content: str, files: list[Upload] | None = None) -> tuple[Channel, Said]:
        """Open a forum post and return it with its first message."""
        self._may(forum, Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
        if forum.type != FORUM:
            raise CannotError(f"{forum.name} is not a forum")
        world = self.server.world
        thread = world.add_thread(forum, title, self)
        message = messages.new(world, thread, self)
        # The first message of a post has the id of the post.
        message.id, message.content = thread.id, content
        message.attachments = [world.host(thread, upload) for upload in files or []]
        messages.find_mentions(world, message, content, None, interaction=False)
        self.server.post(message)
        return thread, Said(self.server, message)

    def open_thread(self, channel: Channel, name: str, message: Message | None = None) -> Channel:
        """Open a thread, at a message or on its own."""
        self._may(channel, Permission.CREATE_PUBLIC_THREADS)
        return self.server.world.add_thread(channel, name, self, number=message.id if message else 0)

    # -- commands -----------------------------------------------------------------------------------------------

    def command_names(self, channel: Channel, kind: int = 1) -> dict[str, str]:
        """Return the commands that the user finds here: default name -> name as shown in the user's language."""
        found = [c for c in self.server.commands.visible(self, channel) if c["type"] == kind]
        return {c["name"]: (c.get("name_localizations") or {}).get(self.locale, c["name"]) for c in found}

    def _command(
        self, channel: Channel, name: str, values: dict[str, Any], kind: int, focus: str | None, *, checked: bool
    ) -> Exchange:
        first, *path = name.split()
        command = self.server.commands.find(self, channel, first)
        data = command_data(self.server, command, path, values, channel, focused=focus, checked=checked)
        owners = interactions.owners(self.server, self, channel, command["integration_types"])
        return self.server.open(Exchange(self.server, kind, self, channel, data, owners=owners))

    def slash(self, channel: Channel, name: str, /, checked: bool = True, **options: Any) -> Exchange:
        """Use a slash command; sub-commands follow the name after a blank.

        Options go by their default names. `checked=False` sends what the client would not let through.
        """
        return self._command(channel, name, options, interactions.COMMAND, None, checked=checked)

    def autocomplete(self, channel: Channel, name: str, /, focus: str | None = None, **options: Any) -> Exchange:
        """Type into an option: `focus`, or else the last one given."""
        focus = focus or list(options)[-1]
        return self._command(channel, name, options, interactions.AUTOCOMPLETE, focus, checked=True)

    def menu(self, name: str, target: Message | User, channel: Channel | None = None) -> Exchange:
        """Use a message menu on a message, or a user menu on a user (in `channel`)."""
        if isinstance(target, Message):
            if not self.sees(target):
                raise CannotError("the message is not there")
            channel = target.channel
        assert channel is not None, "a user menu needs a channel"
        kind = 3 if isinstance(target, Message) else 2
        command = self.server.commands.find(self, channel, name, kind)
        owners = interactions.owners(self.server, self, channel, command["integration_types"])
        data = menu_data(command, target, channel.guild)
        return self.server.open(Exchange(self.server, interactions.COMMAND, self, channel, data, owners=owners))

    def unknown_command(self, channel: Channel, name: str) -> Exchange:
        """Use a command that the user's client still shows though the bot no longer has it."""
        ids = self.server.world.ids
        data: Json = {"id": str(ids.next()), "name": name, "type": 1, "options": []}
        owners = interactions.owners(self.server, self, channel, [0, 1])
        return self.server.open(Exchange(self.server, interactions.COMMAND, self, channel, data, owners=owners))

    # -- components and modals ----------------------------------------------------------------------------------

    def _find(self, message: Message, types: tuple[int, ...], custom_id: str | None, label: str | None) -> Json:
        if not self.sees(message):
            raise CannotError(f"{self.name} does not see the message")
        found = [
            part
            for part in message.parts(*types)
            if (custom_id is None or re.fullmatch(custom_id, part.get("custom_id") or ""))
            and (label is None or label in ((part.get("label") or ""), (part.get("emoji") or {}).get("name")))
        ]
        if len(found) != 1:
            shown = [(p.get("custom_id"), p.get("label")) for p in message.parts(*types)]
            raise CannotError(f"{len(found)} of {shown} fit custom_id={custom_id!r} label={label!r}")
        if found[0].get("disabled"):
            raise CannotError("it is disabled")
        return found[0]

    def _component(self, message: Message, data: Json) -> Exchange:
        owners = (message.interaction or {}).get("authorizing_integration_owners")
        if owners is None:
            owners = interactions.owners(self.server, self, message.channel, [0])
        exchange = Exchange(
            self.server, interactions.COMPONENT, self, message.channel, data, source=message, owners=owners
        )
        return self.server.open(exchange)

    def click(self, message: Message, custom_id: str | None = None, *, label: str | None = None) -> Exchange:
        """Click the one button whose custom_id fits the regular expression, or that shows `label` or that emoji."""
        button = self._find(message, (BUTTON,), custom_id, label)
        if button["style"] in (5, 6):
            raise CannotError("links and premium buttons do not reach the bot")
        data: Json = {"component_type": BUTTON, "custom_id": button["custom_id"], "id": button["id"]}
        return self._component(message, data)

    def choose(self, message: Message, *values: Any, custom_id: str | None = None) -> Exchange:
        """Choose in the one select that fits: options by value or label; users and roles as they are."""
        select = self._find(message, _SELECTS, custom_id, None)
        chosen, resolved = _choice(select, values, message.channel)
        data: Json = {"component_type": select["type"], "custom_id": select["custom_id"], "id": select["id"]}
        data["values"] = chosen
        if resolved:
            data["resolved"] = resolved
        return self._component(message, data)

    def press_old(self, message: Message, custom_id: str, component_type: int = BUTTON, *values: str) -> Exchange:
        """Use a component that the message does not have: one left over from an older version of the bot."""
        data: Json = {"component_type": component_type, "custom_id": custom_id, "id": 1}
        if component_type != BUTTON:
            data["values"] = list(values)
        return self._component(message, data)

    def submit(self, opened: Exchange, values: dict[str, Any], *, checked: bool = True) -> Exchange:
        """Submit the modal that an interaction opened; fields that are left out keep what they show."""
        modal = opened.modal
        left = dict(values)
        rows: list[Json] = []
        for number, row in enumerate(modal["components"], 1):
            numbered: Json = {"type": row["type"], "id": row.get("id") or number * 10}
            if row["type"] == 1:
                numbered["components"] = [_filled(row["components"][0], left, opened.channel, checked=checked)]
            elif row["type"] == 18:
                numbered["component"] = _filled(row["component"], left, opened.channel, checked=checked)
            rows.append(numbered)
        if left:
            known = [c.get("custom_id") for c in walk_components(modal["components"])]
            raise CannotError(f"the modal has no {sorted(left)}, only {known}")
        data: Json = {"custom_id": modal["custom_id"], "components": rows}
        exchange = Exchange(
            self.server,
            interactions.MODAL_SUBMIT,
            self,
            opened.channel,
            data,
            source=opened.source,
            owners=opened.owners,
        )
        return self.server.open(exchange)


def _choice(select: Json, values: tuple[Any, ...], channel: Channel) -> tuple[list[str], Json]:
    """Return the values of a choice as the client sends them, within the select's limits."""
    low, high = select.get("min_values"), select.get("max_values")
    if not (1 if low is None else low) <= len(values) <= (high or 1):
        raise CannotError(f"choose {low} to {high}, not {len(values)}")
    resolved: Json = {}
    if select["type"] != STRING_SELECT:
        for value in values:
            if isinstance(value, User):
                resolve_user(resolved, value, channel.guild)
        return [str(value.id) for value in values], resolved
    known = {o["label"]: o["value"] for o in select["options"]} | {o["value"]: o["value"] for o in select["options"]}
    if missing := [value for value in values if value not in known]:
        raise CannotError(f"{missing} not among {list(known)}")
    return [known[value] for value in values], resolved


def _filled(field: Json, values: dict[str, Any], channel: Channel, *, checked: bool) -> Json:
    """Fill in one field of a modal as the client does."""
    data: Json = {"type": field["type"], "custom_id": field["custom_id"], "id": field.get("id") or 1}
    given = values.pop(field["custom_id"], None)
    needed = field.get("required", True) is not False
    if field["type"] == TEXT_INPUT:
        text = field.get("value") or "" if given is None else given
        low, high = field.get("min_length") or 0, field.get("max_length") or 4000
        if checked and ((needed and not text) or (text and not low <= len(text) <= high)):
            raise CannotError(f"{field['custom_id']} takes {low} to {high} characters, not {len(text)}")
        return data | {"value": text}
    if field["type"] in _SELECTS:
        chosen = given if isinstance(given, (list, tuple)) else [] if given is None else [given]
        if given is None:
            chosen = [o["value"] for o in field.get("options") or [] if o.get("default")]
        if not chosen and not needed:
            return data | {"values": []}
        return data | {"values": _choice(field, tuple(chosen), channel)[0]}
    if field["type"] == 22:
        return data | {"values": list(given or [])}
    return data | {"value": given}
