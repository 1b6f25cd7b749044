"""Draw the pictures of the README from what the bot really sends: `python -m tools.draw_replies [FOLDER]`.

The bot runs against the stand-in of the tests; scripted users ask; what they see is drawn as SVG.
"""

import asyncio
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.box import Box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from bot.app import open_answering
from bot.client import make_client
from bot.knowledge import data_folder
from bot.ops.operations import Operations
from bot.servers import Servers
from bot.settings import load_settings
from bot.store.store import Store
from tests.discord_server import DiscordServer, Message

WIDTH = 84
_INK, _GROUND, _DIM, _LINK, _MENTION = "#dbdee1", "#313338", "#949ba4", "#00a8fc", "#c9cdfb"
_THEME = TerminalTheme((0x31, 0x33, 0x38), (0xDB, 0xDE, 0xE1), [(0, 0, 0)] * 8, [(0, 0, 0)] * 8)
_MARK = re.compile(
    r"\*\*(?P<bold>.+?)\*\*|(?<!\*)\*(?P<italic>[^*\n]+)\*|```(?:\w+\n)?(?P<block>.*?)```|`(?P<code>[^`\n]+)`"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<address>[^)\n]+)\)",
    re.DOTALL,
)
_BAR = Box("▌   \n" * 8)
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_BUTTONS = {1: "#ffffff on #5865f2", 2: "#ffffff on #4e5058", 3: "#ffffff on #248046", 4: "#ffffff on #da373c"}


def marked(markdown: str, style: str = _INK) -> Text:
    """Return Discord Markdown as styled text."""
    text, last = Text(style=style), 0
    for match in _MARK.finditer(markdown):
        text.append(markdown[last : match.start()])
        last = match.end()
        if match["bold"]:
            text.append_text(marked(match["bold"], f"bold {style}"))
        elif match["italic"]:
            text.append(match["italic"], "italic")
        elif match["block"] or match["code"]:
            text.append(match["block"] or match["code"], "on #2b2d31")
        else:
            text.append(match["label"], _LINK)
    text.append(markdown[last:])
    return text


def embed(payload: dict[str, Any]) -> RenderableType:
    """Return an embed: a bar in its colour beside title, text, fields and footer."""
    parts: list[RenderableType] = []
    if payload.get("title"):
        parts.append(Text(payload["title"], f"bold {_LINK if payload.get('url') else _INK}"))
    if payload.get("description"):
        parts.append(marked(payload["description"]))
    for field in payload.get("fields") or []:
        parts += ["", Text(field["name"], f"bold {_INK}"), marked(field["value"])]
    if payload.get("footer"):
        parts += ["", Text(payload["footer"]["text"], _DIM)]
    framed = Panel(Group(*parts), box=_BAR, border_style=f"#{payload.get('color') or 0x64748B:06x}", style="on #2b2d31")
    return Padding(framed, (0, 0, 0, 2))


def components(message: Message) -> Iterator[RenderableType]:
    """Yield the rows of buttons, and the selects."""
    for row in message.components:
        inside = row.get("components") or []
        shown: list[RenderableType] = []
        for part in inside:
            if part["type"] == 2:
                emoji = (part.get("emoji") or {}).get("name", "")
                shown.append(Text(f" {emoji}{' ' if emoji else ''}{part.get('label') or ''} ", _BUTTONS[part["style"]]))
            else:
                shown.append(Text(f" {part.get('placeholder') or ''}  ▾ ", f"{_DIM} on #1e1f22"))
        yield Padding(Columns(shown, padding=(0, 1)), (1, 0, 0, 2))


def scene(asked: str, who: str, message: Message) -> RenderableType:
    """Return what was asked, and the answer as its reader sees it."""
    head = Table.grid(padding=(0, 1))
    head.add_row(Text(who, "bold #f0b232"), marked(asked))
    bot = Text.assemble(("aiterms", "bold #ffffff"), " ", (" APP ", "#ffffff on #5865f2"))
    parts: list[RenderableType] = [head, "", bot]
    if message.content:
        parts.append(Padding(marked(message.content), (0, 0, 0, 2)))
    parts += [embed(e) for e in message.embeds]
    parts += list(components(message))
    if message.ephemeral:
        parts += ["", Padding(Text("👁 Only you can see this", _DIM), (0, 0, 0, 2))]
    return Padding(Group(*parts), (1, 2), style=f"{_INK} on {_GROUND}")


def save(drawn: RenderableType, place: Path, title: str) -> None:
    """Write a picture as SVG, without fonts that would be loaded from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(drawn)
    svg = console.export_svg(title=title, theme=_THEME, unique_id=place.stem)
    svg = _FONT.sub("", svg).replace("Fira Code", "ui-monospace, Noto Sans Mono CJK SC")
    place.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")


async def draw(folder: Path) -> None:
    """Let people ask, and draw what they see."""
    async with DiscordServer() as server:
        guild = server.add_guild("Lab")
        general, team = server.add_channel(guild, "general"), server.add_channel(guild, "ask-ai")
        plain = load_settings(data_folder("config"))
        own = {"api_url": server.api_url, "message_content": True, "channels": frozenset({team.id})}
        with tempfile.TemporaryDirectory() as data:
            settings = plain.model_copy(update={"data": Path(data), "discord": plain.discord.model_copy(update=own)})
            servers = Servers(open_answering(settings), Store.at(settings.store_url()))
            bot = make_client(
                servers, settings, operations=Operations(), knowledge=data_folder("knowledge"), message_content=True
            )
            running = asyncio.create_task(bot.run_until_closed(server.token))
            await server.ready()
            ada, li = server.add_user("ada", guild), server.add_user("li", guild, locale="zh-CN")
            mei = server.add_user("mei", guild, locale="zh-TW")

            seen = (await ada.slash(general, "define", term="rlhf")).message
            save(scene("/define **term:** rlhf", "ada", seen), folder / "define.svg", "A term by command")
            seen = (await li.slash(general, "define", term="推理")).message
            save(scene("/术语 **术语:** 推理", "li", seen), folder / "choose.svg", "A name that two terms share")
            seen = (await mei.slash(general, "compare", first="lora", second="qlora")).message
            save(scene("/對比 **第一個:** lora **第二個:** qlora", "mei", seen), folder / "compare.svg", "Side by side")
            question = "请问什么是思维链？"
            seen = await li.say(team, question).reply()
            save(scene(question, "li", seen), folder / "channel.svg", "A question in a Q&A channel")
            await bot.shut_down()
            await running
        if server.violations:
            raise SystemExit("\n".join(map(str, server.violations)))


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs" / "pictures"))
