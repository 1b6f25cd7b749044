"""The registered commands, and what a user's client makes of them: who sees which, and the typed options."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import payloads
from .interactions import owners
from .model import (
    USE_APPLICATION_COMMANDS,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Json,
    Message,
    Permission,
    Role,
    Upload,
    User,
)
from .rules_commands import GROUP, SUBCOMMAND

if TYPE_CHECKING:
    from .server import DiscordServer

CREATES_A_DAY = 200


class CannotError(AssertionError):
    """Discord's client would not let the user do this."""


class Commands:
    """Global and guild commands (scope None or a guild's id)."""

    def __init__(self, server: "DiscordServer") -> None:
        self.server = server
        self.scopes: dict[int | None, dict[tuple[int, str], Json]] = {}
        self.created = 0
        # Every bulk overwrite so far: (scope, how many commands).
        self.overwrites: list[tuple[int | None, int]] = []

    def all(self, scope: int | None = None) -> list[Json]:
        """Return the commands of one scope."""
        return list(self.scopes.get(scope, {}).values())

    def put(self, scope: int | None, definitions: list[Json]) -> list[Json]:
        """Replace the commands of a scope; a command that keeps its name keeps its id."""
        self.overwrites.append((scope, len(definitions)))
        old = self.scopes.get(scope, {})
        new = [self._complete(scope, definition, old) for definition in definitions]
        self.scopes[scope] = {(c["type"], c["name"]): c for c in new}
        return new

    def add(self, scope: int | None, definition: Json) -> Json:
        """Create or replace one command."""
        commands = self.scopes.setdefault(scope, {})
        command = self._complete(scope, definition, commands)
        commands[command["type"], command["name"]] = command
        return command

    def remove(self, scope: int | None, command: Json) -> None:
        """Delete a command."""
        del self.scopes[scope][command["type"], command["name"]]

    def by_id(self, scope: int | None, number: str) -> Json | None:
        """Find a command by its id."""
        return next((c for c in self.all(scope) if c["id"] == number), None)

    def _complete(self, scope: int | None, definition: Json, old: dict[tuple[int, str], Json]) -> Json:
        ids = self.server.world.ids
        command = {
            "name_localizations": None,
            "description": "",
            "description_localizations": None,
            "default_member_permissions": None,
            "nsfw": False,
            "options": [],
            **{key: value for key, value in definition.items() if value is not None},
            "type": definition.get("type") or 1,
            "application_id": str(self.server.application_id),
            "version": str(ids.next()),
        }
        if command["default_member_permissions"] is not None:
            command["default_member_permissions"] = str(command["default_member_permissions"])
        known = old.get((command["type"], command["name"]))
        self.created += known is None
        command["id"] = known["id"] if known else str(ids.next())
        if scope is None:
            command.setdefault("integration_types", [0])
            command.setdefault("contexts", None)
            command.setdefault("dm_permission", True)
        else:
            command["guild_id"] = str(scope)
            command["integration_types"], command["contexts"] = [0], [0]
        return command

    # -- what users see -----------------------------------------------------------------------------------------

    def visible(self, user: User, channel: Channel) -> Iterator[Json]:
        """Yield the commands that `user` finds in `channel`; a guild's own hide global ones of the same name."""
        guild = channel.guild
        seen = set[tuple[int, str]]()
        for scope in ([guild.id] if guild else []) + [None]:
            for key, command in self.scopes.get(scope, {}).items():
                if key not in seen and self.refusal(command, user, channel) is None:
                    seen.add(key)
                    yield command

    def refusal(self, command: Json, user: User, channel: Channel) -> str | None:
        """Say why `user` does not find `command` in `channel`, or None."""
        world, guild = self.server.world, channel.guild
        context = 0 if guild else 1 if world.is_bot_dm(channel) else 2
        contexts = command.get("contexts")
        if contexts is None:
            contexts = [0, 1, 2] if command.get("dm_permission", True) else [0]
        if context not in contexts:
            return f"not in context {context}"
        if not owners(self.server, user, channel, command["integration_types"]):
            return "the app is installed neither here nor by the user in a way that the command allows"
        if guild is None:
            return None if user in channel.recipients else "not their channel"
        if user.id not in guild.members:
            return "not a member"
        held = guild.permissions_of(user, channel)
        if not held & USE_APPLICATION_COMMANDS or not held & VIEW_CHANNEL:
            return "no permission to use commands here"
        wanted = command.get("default_member_permissions")
        if wanted is not None and "0" in owners(self.server, user, channel, command["integration_types"]):
            bits = int(wanted) or int(Permission.ADMINISTRATOR)
            if held & bits != bits:
                return f"needs permissions {bits}"
        return None

    def find(self, user: User, channel: Channel, name: str, kind: int = 1) -> Json:
        """Return the command that `user` picks, or raise CannotError."""
        for command in self.visible(user, channel):
            if command["type"] == kind and command["name"] == name:
                return command
        known = [c for scope in self.scopes.values() for c in scope.values() if (c["type"], c["name"]) == (kind, name)]
        why = self.refusal(known[0], user, channel) if known else "no such command is registered"
        raise CannotError(f"{user.name} cannot use {name!r} here: {why}")


def command_data(
    server: "DiscordServer",
    command: Json,
    path: list[str],
    values: dict[str, Any],
    channel: Channel,
    *,
    focused: str | None = None,
    checked: bool = True,
) -> Json:
    """Return the `data` of a slash command as a user's client fills it in.

    With `checked` it refuses what the client refuses: unknown, missing and over-long options. `focused` names the
    option that is being typed, for autocomplete.
    """
    options = command.get("options") or []
    parents: list[Json] = []
    for part in path:
        found = next((o for o in options if o["name"] == part and o["type"] in (SUBCOMMAND, GROUP)), None)
        if found is None:
            raise CannotError(f"/{command['name']} has no sub-command {part!r}")
        parents.append(found)
        options = found.get("options") or []
    if any(o["type"] in (SUBCOMMAND, GROUP) for o in options):
        raise CannotError(f"/{command['name']} {' '.join(path)} needs a sub-command")
    names = {o["name"]: o for o in options}
    if unknown := values.keys() - names.keys():
        raise CannotError(f"/{command['name']} has no option {sorted(unknown)}")
    resolved: Json = {}
    filled: list[Json] = []
    for option in options:
        if option["name"] not in values:
            if option.get("required") and checked and focused is None:
                raise CannotError(f"/{command['name']} needs {option['name']}")
            continue
        value = values[option["name"]]
        if checked and option["name"] != focused:
            _check_value(option, value)
        entry = {"name": option["name"], "type": option["type"], "value": _resolve(server, value, channel, resolved)}
        if option["name"] == focused:
            entry["focused"] = True
        filled.append(entry)
    for parent in reversed(parents):
        filled = [{"name": parent["name"], "type": parent["type"], "options": filled}]
    data: Json = {"id": command["id"], "name": command["name"], "type": 1, "options": filled}
    if resolved:
        data["resolved"] = resolved
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data


_KINDS: dict[int, type | tuple[type, ...]] = {
    3: str,
    4: int,
    5: bool,
    6: User,
    7: Channel,
    8: Role,
    9: (User, Role),
    10: (int, float),
    11: Upload,
}


def _check_value(option: Json, value: Any) -> None:
    name, kind = option["name"], option["type"]
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != 5):
        raise CannotError(f"{name} is of type {kind}, not {value!r}")
    choices = [c["value"] for c in option.get("choices") or []]
    if choices and value not in choices:
        raise CannotError(f"{name} is one of {choices}, not {value!r}")
    if isinstance(value, str):
        low, high = option.get("min_length") or 0, option.get("max_length") or 6000
        if not value or not low <= len(value) <= high:
            raise CannotError(f"{name} takes {low} to {high} characters, not {len(value)}")
    elif isinstance(value, (int, float)):
        low, high = option.get("min_value"), option.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise CannotError(f"{name} goes from {low} to {high}, not {value}")


def _resolve(server: "DiscordServer", value: Any, channel: Channel, resolved: Json) -> Any:
    """Return the option's value; users, roles, channels and files become ids, described in `resolved`."""
    if not isinstance(value, (User, Channel, Role, Upload)):
        return value
    if isinstance(value, Upload):
        server.world.host(channel, value)
        resolved.setdefault("attachments", {})[str(value.id)] = {**payloads.attachment(value), "ephemeral": True}
    elif isinstance(value, User):
        resolve_user(resolved, value, channel.guild)
    elif isinstance(value, Role):
        resolved.setdefault("roles", {})[str(value.id)] = payloads.role(value)
    else:
        resolved.setdefault("channels", {})[str(value.id)] = payloads.channel(value, 0)
    return str(value.id)


def resolve_user(resolved: Json, user: User, guild: Guild | None) -> None:
    """Describe a user, and the membership if there is one."""
    resolved.setdefault("users", {})[str(user.id)] = payloads.user(user)
    if guild is not None and user.id in guild.members:
        data = payloads.member(guild.members[user.id], with_user=False)
        data["permissions"] = str(guild.permissions_of(user))
        resolved.setdefault("members", {})[str(user.id)] = data


def menu_data(command: Json, target: Message | User, guild: Guild | None) -> Json:
    """Return the `data` of a message or user menu. The bot reads the message whatever its intents."""
    resolved: Json = {}
    if isinstance(target, User):
        resolve_user(resolved, target, guild)
    else:
        resolved["messages"] = {str(target.id): payloads.message(target)}
    return {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "target_id": str(target.id),
        "resolved": resolved,
    }
