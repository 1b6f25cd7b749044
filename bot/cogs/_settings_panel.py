"""The panel of /settings: what a server has chosen, and the fields to change it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord

from bot.cogs._reply import Message
from bot.cogs._texts import fill
from bot.core.languages import Language
from bot.store.records import ServerSettings, Strictness

MOST_CHANNELS = 25
_KINDS = [discord.ChannelType.text, discord.ChannelType.forum, discord.ChannelType.news]
_NAMES: Mapping[Language, str] = {"en": "English", "zh": "简体中文", "zh-TW": "繁體中文"}
_OPERATORS = "default"
_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Settings of this server", "本服务器的设置"),
    "channels": ("Q&A channels and forums", "问答频道与论坛"),
    "channels-hint": (
        "there I answer without being mentioned, when I am sure",
        "在这些频道中，有把握时无需 @ 我也会回答",
    ),
    "none": ("none", "无"),
    "language": ("Language", "语言"),
    "language-hint": ("where neither a question nor its asker shows one", "问题和提问者都看不出语言时使用"),
    "not-chosen": ("not chosen here ({name})", "未在这里指定（{name}）"),
    "strictness": ("In Q&A channels", "问答频道中的回答条件"),
    "normal": ("answer when sure, typos and descriptions too", "有把握就回答，包括写错的和只作描述的"),
    "strict": ("answer only plain questions about a term as it is written", "只回答写法正确、明确提问的术语"),
    "role": ("Who may change terms", "谁可以修改术语"),
    "managers": ("members with Manage Server", "拥有“管理服务器”权限的成员"),
    "and-role": ("members with Manage Server, and {role}", "拥有“管理服务器”权限的成员，以及 {role}"),
    "gaps": ("Count what was asked and not known (/gaps)", "统计问过但词库里没有的词（/gaps）"),
    "links": ("Links in own terms can be followed", "自定义术语里的链接可以点击"),
    "on": ("on", "开"),
    "off": ("off", "关"),
    "pick-channels": ("Choose the Q&A channels", "选择问答频道"),
    "pick-language": ("Choose the language", "选择语言"),
    "pick-strictness": ("When to answer in Q&A channels", "问答频道中何时回答"),
    "pick-role": ("Choose a role that may change terms", "选择可以修改术语的身份组"),
    "saved": ("Saved.", "已保存。"),
    "conflict": (
        "Not saved: somebody else changed the settings meanwhile. This is how they stand now.",
        "没有保存：期间有别人改了设置。下面是现在的内容。",
    ),
    "no-intent": (
        "⚠ Q&A channels stay silent: the operator of this bot has not switched on reading messages.",
        "⚠ 问答频道不会有回答：本机器人的运营者没有开启读取消息。",
    ),
    "no-permission": (
        "⚠ I may not view and write in {channels}: give me View Channel, Send Messages (and Send Messages in Threads) there.",
        "⚠ 我在 {channels} 没有查看和发言的权限：请给我“查看频道”“发送消息”（以及“在子区内发送消息”）权限。",
    ),
}


def panel_text(key: str, language: Language, **values: object) -> str:
    """Return a text of the panel."""
    return fill(_TEXTS[key], language, **values)


def changed(settings: ServerSettings, what: str, values: list[str]) -> ServerSettings:
    """Return the settings with what was chosen in one field; a button flips what it stands for."""
    first = values[0] if values else ""
    if what == "channels":
        return replace(settings, channels=frozenset(int(v) for v in values[:MOST_CHANNELS] if v.isdecimal()))
    if what == "language":
        return replace(settings, language=first if first in _NAMES else None)  # pyright: ignore[reportArgumentType]
    if what == "strictness":
        return replace(settings, strictness=Strictness(first))
    if what == "role":
        return replace(settings, editor_role=int(first) if first.isdecimal() else None)
    if what == "gaps":
        return replace(settings, gaps=not settings.gaps)
    return replace(settings, links=not settings.links)


def panel_embed(
    settings: ServerSettings, language: Language, default: Language, troubles: list[str], note: str = ""
) -> discord.Embed:
    """Return what is chosen now, with what stands in its way."""

    def say(key: str, **values: object) -> str:
        return panel_text(key, language, **values)

    role = f"<@&{settings.editor_role}>"
    chosen = {
        "channels": " ".join(f"<#{c}>" for c in sorted(settings.channels)) or say("none"),
        "language": _NAMES[settings.language] if settings.language else say("not-chosen", name=_NAMES[default]),
        "strictness": say(settings.strictness.value),
        "role": say("and-role", role=role) if settings.editor_role else say("managers"),
        "gaps": say("on" if settings.gaps else "off"),
        "links": say("on" if settings.links else "off"),
    }
    embed = discord.Embed(title=say("title"), description="\n\n".join([note, *troubles] if note else troubles) or None)
    for key, value in chosen.items():
        hint = f"\n-# {say(f'{key}-hint')}" if f"{key}-hint" in _TEXTS else ""
        embed.add_field(name=say(key), value=value + hint, inline=False)
    return embed


def language_options(settings: ServerSettings, language: Language, default: Language) -> list[discord.SelectOption]:
    """Return the languages to choose from, the present one marked."""
    rows = [(_OPERATORS, panel_text("not-chosen", language, name=_NAMES[default])), *_NAMES.items()]
    return [discord.SelectOption(label=n, value=v, default=v == (settings.language or _OPERATORS)) for v, n in rows]


def strictness_options(settings: ServerSettings, language: Language) -> list[discord.SelectOption]:
    """Return the conditions to choose from, the present one marked."""
    return [
        discord.SelectOption(label=panel_text(s.value, language), value=s.value, default=s is settings.strictness)
        for s in Strictness
    ]


def channel_select(settings: ServerSettings, language: Language, custom_id: str) -> discord.ui.ChannelSelect[Any]:
    """Return the field for the Q&A channels."""
    kept = sorted(settings.channels)[:MOST_CHANNELS]
    return discord.ui.ChannelSelect(
        custom_id=custom_id,
        channel_types=_KINDS,
        placeholder=panel_text("pick-channels", language),
        min_values=0,
        max_values=MOST_CHANNELS,
        default_values=[discord.SelectDefaultValue(id=c, type=discord.SelectDefaultValueType.channel) for c in kept],
    )


def role_select(settings: ServerSettings, language: Language, custom_id: str) -> discord.ui.RoleSelect[Any]:
    """Return the field for the role of editors."""
    kept = [settings.editor_role] if settings.editor_role else []
    return discord.ui.RoleSelect(
        custom_id=custom_id,
        placeholder=panel_text("pick-role", language),
        min_values=0,
        max_values=1,
        default_values=[discord.SelectDefaultValue(id=r, type=discord.SelectDefaultValueType.role) for r in kept],
    )


def private(embed: discord.Embed, items: list[discord.ui.Item[Any]]) -> Message:
    """Return the panel as a message that only the asker sees."""
    return Message(embeds=(embed,), items=tuple(items), private=True)
