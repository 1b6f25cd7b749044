"""The dependency table of docs/architecture.md, and what follows from it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOT = ROOT / "bot"

# Room -> the other rooms that it may import.
MAY_IMPORT = {
    "core": set(),
    "store": {"core"},
    "ops": {"core"},
    "knowledge": {"core"},
    "links": {"core"},
    "settings": {"core"},
    "answering": {"core", "store", "ops"},
    "servers": {"core", "store", "answering"},
    "plain": {"core", "answering"},
    "console": {"core", "answering", "plain"},
    "size_command": {"core", "knowledge", "plain"},
    "token_command": {"core", "knowledge"},
    "terms_command": {"core", "answering", "plain"},
    "reports_command": {"core", "plain", "store"},
    "evaluate_command": {"core", "answering", "plain"},
    "cogs": {"core", "store", "ops", "answering", "servers", "plain", "settings"},
    "client": {"core", "store", "ops", "answering", "servers", "plain", "settings", "cogs"},
    "app": {"core", "store", "ops", "answering", "servers", "knowledge", "settings"},
    "cli": {
        "core",
        "answering",
        "plain",
        "console",
        "knowledge",
        "links",
        "settings",
        "app",
        "store",
        "ops",
        "client",
        "servers",
        "size_command",
        "token_command",
        "terms_command",
        "reports_command",
        "evaluate_command",
    },
    "__main__": {"cli"},
}
MAY_IMPORT_DISCORD = {"client", "cogs"}
NOT_IN_CORE = {
    "asyncio",
    "logging",
    "structlog",
    "os.environ",
    "socket",
    "aiohttp",
    "discord",
    "sqlalchemy",
    "time",
    "random",
}


def _modules() -> list[Path]:
    return [p for p in sorted(BOT.rglob("*.py")) if "_data" not in p.parts and "migrations" not in p.parts]


def _room(path: Path) -> str:
    return path.relative_to(BOT).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{a.name}" for a in node.names}
    return found


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(BOT)))
def test_a_room_imports_only_what_the_table_allows(path: Path) -> None:
    room = _room(path)
    if room == "__init__":
        assert not _imports(path)
        return
    assert room in MAY_IMPORT, f"{room} is not in the table"
    ours = {i.split(".")[1] for i in _imports(path) if i.startswith("bot.")}
    assert ours <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(BOT)))
def test_only_client_and_cogs_know_discord(path: Path) -> None:
    if _room(path) not in MAY_IMPORT_DISCORD:
        assert not {i for i in _imports(path) if i.split(".")[0] == "discord"}


@pytest.mark.parametrize("path", [p for p in _modules() if _room(p) == "core"], ids=lambda p: p.name)
def test_core_knows_no_clock_network_logging_or_environment(path: Path) -> None:
    imports = _imports(path)
    assert not {i for i in imports if i in NOT_IN_CORE or i.split(".")[0] in NOT_IN_CORE}


def test_asking_loads_neither_discord_nor_tiktoken() -> None:
    script = (
        "import sys; sys.argv = ['aiterms', 'ask', 'what is rlhf']\n"
        "from bot.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'discord', 'tiktoken', 'aiohttp', 'PIL', 'sqlalchemy', 'rich.console'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.strip() == "[]"
