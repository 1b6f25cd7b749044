"""What Discord shows of the commands: complete in three languages, and named as Discord demands."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from discord import app_commands

from bot.cogs import _settings_panel
from bot.cogs._registration import register
from bot.cogs._texts import _TEXTS, COMMANDS, text
from bot.core.languages import LANGUAGES
from tests.cogs.conftest import Lab

pytestmark = pytest.mark.asyncio

OURS = {"en-US", "zh-CN", "zh-TW"}
# Discord: application commands, naming. Letters and digits of any script, no upper case where there is case.
NAME = re.compile(r"[-_\w]{1,32}")


def named(commands: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield every named thing: what it is, its payload, whether its name is bound by the rule for slash commands."""
    for command in commands:
        yield f"/{command['name']}", command, command["type"] == 1
        yield from _inside(f"/{command['name']}", command)


def _inside(where: str, thing: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield sub-commands, options, and theirs."""
    for option in thing.get("options") or []:
        yield f"{where} {option['name']}", option, True
        yield from _inside(f"{where} {option['name']}", option)


async def test_every_command_and_option_in_three_languages(lab: Lab) -> None:
    commands = lab.server.commands.all()
    assert {c["name"] for c in commands} >= {"define", "compare", "terms", "about", "privacy", "Explain AI terms"}
    for where, thing, strict in named(commands):
        names = thing["name_localizations"]
        assert set(names) == OURS, where
        assert names["en-US"] == thing["name"]
        for name in names.values():
            assert 1 <= len(name) <= 32
            assert not strict or (NAME.fullmatch(name) and name == name.lower()), (where, name)
        assert len(set(names.values())) == 3 or names["zh-CN"] == names["zh-TW"]
        if thing.get("description"):
            described = thing["description_localizations"]
            assert set(described) == OURS, where
            assert described["en-US"] == thing["description"]
            assert all(1 <= len(d) <= 100 for d in described.values())
            assert described["zh-CN"] != described["en-US"]


async def test_names_side_by_side_differ_in_every_language(lab: Lab) -> None:
    commands = lab.server.commands.all()
    places = [[c for c in commands if c["type"] == kind] for kind in (1, 3)]
    places += [thing.get("options") or [] for _, thing, _ in named(commands)]
    for things in places:
        for language in OURS:
            names = [t["name_localizations"][language] for t in things]
            assert len(names) == len(set(names)), names


async def test_a_translation_that_was_changed_is_registered(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not await register(lab.bot)
    group = lab.bot.tree.get_command("term")
    assert isinstance(group, app_commands.Group)
    [added] = [c for c in group.commands if c.name == "add"]
    assert added._locale_description
    monkeypatch.setitem(added._locale_description.extras, "zh", "加一个新术语")
    assert await register(lab.bot)
    assert not await register(lab.bot)
    [term] = [c for c in lab.server.commands.all() if c["name"] == "term"]
    [shown] = [o["description_localizations"] for o in term["options"] if o["name"] == "add"]
    assert (shown["zh-CN"], shown["zh-TW"]) == ("加一个新术语", "加一個新術語")


async def test_the_choices_of_a_language_name_themselves(lab: Lab) -> None:
    [define] = [c for c in lab.server.commands.all() if c["name"] == "define"]
    [choices] = [o["choices"] for o in define["options"] if o["name"] == "language"]
    assert [(c["name"], c["value"]) for c in choices] == [("English", "en"), ("简体中文", "zh"), ("繁體中文", "zh-TW")]


async def test_commands_are_for_servers_users_and_private_channels(lab: Lab) -> None:
    of_servers = {"term", "settings", "gaps"}
    for command in lab.server.commands.all():
        for_servers_only = command["name"] in of_servers
        assert command["integration_types"] == ([0] if for_servers_only else [0, 1])
        assert command["contexts"] == ([0] if for_servers_only else [0, 1, 2])
    assert of_servers < {c["name"] for c in lab.server.commands.all()}


@pytest.mark.parametrize("key", sorted(_TEXTS))
async def test_every_text_in_every_language(key: str) -> None:
    fields = set(re.findall(r"{(\w+)}", _TEXTS[key][0]))
    assert fields == set(re.findall(r"{(\w+)}", _TEXTS[key][1]))
    shown = [text(key, language, **dict.fromkeys(fields, "7")) for language in LANGUAGES]
    assert all(shown)
    assert all(len(s) <= 2000 for s in shown)
    # What converting characters does not tell apart: behind and queen, in and village.
    assert not re.search("里|天后", shown[LANGUAGES.index("zh-TW")])


@pytest.mark.parametrize("key", sorted(_settings_panel._TEXTS))
async def test_every_text_of_the_panel_is_written_for_traditional_readers_too(key: str) -> None:
    values = {"name": "X", "role": "X", "channels": "X"}
    assert not re.search("里|天后", _settings_panel.panel_text(key, "zh-TW", **values))


async def test_nothing_is_translated_that_is_not_used(lab: Lab) -> None:
    used = {
        thing[part]
        for _, thing, _ in named(lab.server.commands.all())
        for part in ("name", "description")
        if part in thing
    }
    assert set(COMMANDS) <= used
