"""`aiterms run` and `aiterms sync` as processes, connected to the stand-in in this one."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store.store import Store
from tests.discord_server import Channel, DiscordServer, Guild, Person

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).parents[1]
CONFIGURATION = 78
REGISTERED = "bot.cogs._registration: registered "


@dataclass
class Process:
    """The program, and what it has written to stderr so far."""

    process: asyncio.subprocess.Process
    written: list[str]
    reading: "asyncio.Task[None]"

    @property
    def log(self) -> str:
        return "".join(self.written)

    async def end(self, number: int | None = None, within: float = 20) -> int:
        """Send a signal, if one is given, and return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), within)
        await self.reading
        return code

    async def says(self, words: str, within: float = 10) -> None:
        """Wait until the words stand in the log."""
        async with asyncio.timeout(within):
            while words not in self.log:  # noqa: ASYNC110 - the other end is a process
                await asyncio.sleep(0.02)


@dataclass
class Place:
    """A server at the stand-in, and a folder to run in."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    asker: Person
    folder: Path

    @property
    def mention(self) -> str:
        return f"<@{self.server.application_id}>"

    @asynccontextmanager
    async def program(self, *command: str, **environment: str | None) -> AsyncIterator[Process]:
        """Run the program with a clean environment while the block runs; None removes a variable."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("AITERMS_", "DISCORD_", "LC_", "LANG"))}
        plain |= {
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "default,ignore:'audioop':DeprecationWarning",
            "DISCORD_TOKEN": self.server.token,
            "AITERMS_DISCORD__API_URL": self.server.api_url,
            "AITERMS_DATA": str(self.folder / "data"),
            "AITERMS_LOG__FORMAT": "plain",
            "AITERMS_HEALTH__PORT": "0",
            "LANG": "C.UTF-8",
        }
        plain |= {k: v for k, v in environment.items() if v is not None}
        for gone in (k for k, v in environment.items() if v is None):
            plain.pop(gone, None)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *(command or ("run",)),
            cwd=self.folder,
            env=plain,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        written: list[str] = []

        async def read() -> None:
            assert process.stderr
            async for line in process.stderr:
                written.append(line.decode())  # noqa: PERF401 - to be read while it grows

        running = Process(process, written, asyncio.create_task(read()))
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await running.reading
            assert self.server.token not in running.log

    async def sessions_closed_with(self, count: int) -> list[str]:
        """Wait for so many ends of connections and return their codes."""
        async with asyncio.timeout(5):
            while len(codes := [e.detail for e in self.server.transcript if e.what == "disconnected"]) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return codes


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with DiscordServer() as server:
        guild = server.add_guild()
        yield Place(server, guild, server.add_channel(guild), server.add_user("Ada", guild), tmp_path)
        assert [str(v) for v in server.violations] == []


async def ready(place: Place, times: int = 1) -> None:
    gateway = place.server.gateway
    await gateway.changed.until(
        lambda: gateway.identifies >= times and any(s.told and s.connection for s in gateway.sessions.values()), 20
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_answers_and_ends_in_order(place: Place, number: int) -> None:
    async with place.program() as bot:
        await ready(place)
        answer = await place.asker.slash(place.channel, "define", term="rlhf")
        assert "RLHF" in answer.embeds[0]["title"]
        assert await bot.end(number) == 0
        assert await place.sessions_closed_with(1) == ["1000"]
        assert "Traceback" not in bot.log
        assert "Warning" not in bot.log
        assert "to invite the bot: https://discord.com/oauth2/authorize?client_id=" in bot.log


async def test_an_answer_in_flight_is_finished_before_the_end(place: Place) -> None:
    async with place.program() as bot:
        await ready(place)
        place.server.faults.slow("POST /interactions/*/*/callback", 1.0, times=1)
        place.server.faults.slow("POST /channels/*/messages", 1.5, times=1)
        answer = place.asker.slash(place.channel, "define", term="rlhf")
        said = place.asker.say(place.channel, f"{place.mention} what is LoRA?")
        await asyncio.sleep(0.3)
        bot.process.send_signal(signal.SIGTERM)
        await bot.says("finishing what is in flight")
        late = place.asker.say(place.channel, f"{place.mention} what is RAG?")
        late_command = place.asker.slash(place.channel, "define", term="dpo")
        assert (await answer).embeds
        assert (await late_command).embeds
        assert (await said.reply()).embeds
        # What is asked while others wait for their answers is answered too.
        assert "Retrieval" in (await late.reply()).text
        assert await bot.end() == 0
        assert await place.sessions_closed_with(1) == ["1000"]


async def test_own_terms_and_the_language_that_the_command_line_names_hold_on_discord_too(place: Place) -> None:
    folder = place.folder / "own"
    folder.mkdir()
    (folder / "ftl.toml").write_text('name = "FTL"\nshort = "The forms that the lab fills in."\n', "utf-8")
    reader = place.server.add_user("Yuki", place.guild, locale="ja")
    async with place.program("run", "--server", str(folder), "--language", "zh") as bot:
        await ready(place)
        assert "fills in" in (await place.asker.slash(place.channel, "define", term="FTL")).text
        assert (await reader.slash(place.channel, "define", term="RLHF")).embeds[0]["title"].startswith("基于")
        assert await bot.end(signal.SIGTERM) == 0


async def test_a_second_signal_ends_at_once(place: Place) -> None:
    async with place.program() as bot:
        await ready(place)
        place.server.faults.hang("POST /channels/*/messages")
        place.asker.say(place.channel, f"{place.mention} what is LoRA?")
        await asyncio.sleep(0.3)
        bot.process.send_signal(signal.SIGTERM)
        await bot.says("finishing what is in flight")
        assert await bot.end(signal.SIGTERM, within=5) == 0


async def test_a_bot_that_crashes_in_a_row_waits_before_it_spends_another_identify(place: Place) -> None:
    async with place.program() as bot:
        await ready(place)
        assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
    kept = place.folder / "data" / "starts-0.json"
    [started] = json.loads(kept.read_text())["starts"]
    # As though it had crashed nine times just now: the tenth start waits for more than a minute.
    kept.write_text(json.dumps({"starts": [started + n for n in range(9)]}))
    async with place.program() as bot:
        await bot.says("many sessions were begun within the hour: waiting", within=30)
        # Told to stop, it does not wait to the end.
        assert await bot.end(signal.SIGTERM) == 0
    assert place.server.gateway.identifies == 1


async def test_its_health_is_asked_by_a_command(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    async with place.program(AITERMS_HEALTH__PORT=port) as bot:
        await ready(place)
        await bot.says("health page: http://127.0.0.1:")
        async with place.program("health", AITERMS_HEALTH__PORT=port) as asked:
            assert await asked.end() == 0
        assert await bot.end(signal.SIGTERM) == 0
    async with place.program("health", "--ready", AITERMS_HEALTH__PORT=port) as asked:
        assert await asked.end() == 1
        assert f"no answer from http://127.0.0.1:{port}/readyz" in asked.log
    async with place.program("health") as asked:
        assert await asked.end() == CONFIGURATION
        assert asked.log == "The health page is off: health.port is 0.\n"


async def test_buttons_outlive_a_killed_process(place: Place) -> None:
    async with place.program(
        AITERMS_DISCORD__MESSAGE_CONTENT="true", AITERMS_DISCORD__CHANNELS=f"[{place.channel.id}]"
    ) as bot:
        await ready(place)
        answer = await place.asker.slash(place.channel, "define", term="rlhf")
        offered = await place.asker.slash(place.channel, "define", term="推理")
        listed = await place.asker.slash(place.channel, "terms")
        unasked = await place.asker.say(place.channel, "what is LoRA?").reply()
        form = await place.asker.click(answer.message, "aiterms:wrong:.*")
        assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
    async with place.program() as bot:
        await ready(place, 2)
        assert (await place.asker.click(answer.message, "aiterms:lang:.*")).embeds[0]["title"].startswith("基于")
        assert (await place.asker.click(answer.message, "aiterms:more:.*")).ephemeral
        assert (await place.asker.choose(answer.message, "dpo")).embeds
        assert (await place.asker.click(offered.message, "aiterms:pick:inference:.*")).embeds
        assert (await place.asker.submit(form, {"text": "wrong year"})).ephemeral
        store = await Store.open(f"sqlite:///{place.folder / 'data' / 'aiterms.db'}")
        assert len(await store.reports()) == 1
        await store.close()
        other = place.server.add_user("Bea", place.guild)
        assert "Only the person who asked" in (await other.click(unasked, "aiterms:remove:.*")).text
        third = place.server.add_user("Cleo", place.guild)
        listed.message.seen_by = third
        assert "page 2" in (await third.click(listed.message, label="▶")).text
        await asyncio.sleep(0.1)
        fourth = place.server.add_user("Mo", place.guild, permissions=1 << 13)
        await fourth.click(unasked, "aiterms:remove:.*")
        await place.server.idle()
        assert unasked.deleted
        assert await bot.end(signal.SIGTERM) == 0


async def test_commands_are_registered_once(place: Place) -> None:
    for start in (1, 2):
        async with place.program() as bot:
            await ready(place, start)
            assert (REGISTERED in bot.log) is (start == 1)
            assert await bot.end(signal.SIGTERM) == 0
    [kept] = (place.folder / "data").glob("commands-*-global")
    kept.write_text("of another version")
    async with place.program() as bot:
        await ready(place, 3)
        assert REGISTERED in bot.log
        assert await bot.end(signal.SIGTERM) == 0


async def test_it_runs_where_nothing_can_be_written(place: Place) -> None:
    (place.folder / "data").write_text("a file where the folder should be")
    async with place.program() as bot:
        await ready(place)
        assert "the hash of the commands cannot be kept" in bot.log
        assert (await place.asker.slash(place.channel, "define", term="rlhf")).embeds
        assert await bot.end(signal.SIGTERM) == 0


async def test_commands_that_cannot_be_registered_do_not_keep_it_from_starting(place: Place) -> None:
    place.server.faults.error("PUT /applications/*/commands", 403, 50001, "Missing Access")
    async with place.program() as bot:
        await ready(place)
        assert "could not be registered" in bot.log
        assert (await place.asker.say(place.channel, f"{place.mention} rlhf").reply()).embeds
        assert await bot.end(signal.SIGTERM) == 0


# -- the token ----------------------------------------------------------------------------------------------------


async def test_the_token_from_a_file(place: Place) -> None:
    secret = place.folder / "token"
    secret.write_text(place.server.token + "\n")
    async with place.program(DISCORD_TOKEN=None, DISCORD_TOKEN_FILE=str(secret)) as bot:
        await ready(place)
        assert await bot.end(signal.SIGTERM) == 0


async def test_the_token_and_settings_from_env_file(place: Place) -> None:
    (place.folder / ".env").write_text(
        f"DISCORD_TOKEN={place.server.token}\nAITERMS_LANGUAGE=zh\nAITERMS_DISCORD__API_URL={place.server.api_url}\n"
    )
    async with place.program(DISCORD_TOKEN=None, AITERMS_DISCORD__API_URL=None) as bot:
        await ready(place)
        assert (
            (await place.asker.say(place.channel, f"{place.mention} rlhf").reply())
            .embeds[0]["title"]
            .startswith("基于")
        )
        assert await bot.end(signal.SIGTERM) == 0


async def test_an_empty_variable_counts_as_none(place: Place) -> None:
    (place.folder / ".env").write_text(f"DISCORD_TOKEN={place.server.token}\n")
    async with place.program(DISCORD_TOKEN="", DISCORD_TOKEN_FILE="", AITERMS_LANGUAGE="") as bot:
        await ready(place)
        assert await bot.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("name", "environment", "says"),
    [
        ("a missing file", {"DISCORD_TOKEN_FILE": "nowhere/token"}, "cannot be read (No such file or directory)"),
        ("a folder", {"DISCORD_TOKEN_FILE": "."}, "cannot be read (Is a directory)"),
        ("an empty file", {"DISCORD_TOKEN_FILE": "empty"}, "is empty"),
        ("no text", {"DISCORD_TOKEN_FILE": "binary"}, "cannot be read (no text)"),
        ("no token", {"DISCORD_TOKEN": "Bot se cret"}, "that is no token"),
        ("no token in a file", {"DISCORD_TOKEN_FILE": "lines"}, "that is no token"),
        ("a wrong token", {"DISCORD_TOKEN": "not-the-token"}, "Discord refuses the token"),
        ("a setting without sense", {"AITERMS_LANGUAGE": "tlh"}, "language"),
        ("channels that are none", {"AITERMS_DISCORD__CHANNELS": "general"}, "settings"),
    ],
)
async def test_what_cannot_run_says_why_and_does_not_try_again(
    place: Place, name: str, environment: dict[str, str], says: str
) -> None:
    (place.folder / "empty").write_text("\n")
    (place.folder / "binary").write_bytes(b"\xff\xfe\x00")
    (place.folder / "lines").write_text("one\ntwo three")
    async with place.program(**environment) as bot:
        assert await bot.end() == CONFIGURATION, name
        assert says in bot.log
        lines = [line for line in bot.log.splitlines() if " INFO " not in line]
        assert len(lines) <= 2, bot.log
        assert "Traceback" not in bot.log
        for secret in ("se cret", "not-the-token", "two three"):
            assert secret not in bot.log
    assert place.server.gateway.identifies == 0


async def test_a_storage_of_a_newer_version_ends_it_in_words(place: Place) -> None:
    path = place.folder / "data" / "aiterms.db"
    path.parent.mkdir()
    await (await Store.open(f"sqlite:///{path}")).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    async with place.program() as bot:
        assert await bot.end() == CONFIGURATION
        assert "made by a newer version of aiterms" in bot.log
        assert "Traceback" not in bot.log
    assert place.server.gateway.identifies == 0


async def test_a_token_that_is_reset_while_running_ends_it(place: Place) -> None:
    async with place.program() as bot:
        await ready(place)
        old, place.server.token = place.server.token, "another"
        place.server.gateway.close(4004)
        assert await bot.end() == CONFIGURATION
        assert "the token was reset" in bot.log
        assert old not in bot.log
        place.server.token = old


async def test_without_a_token_it_explains_and_opens_the_console(place: Place) -> None:
    async with place.program(DISCORD_TOKEN=None) as bot:
        assert await bot.end() == 0
        assert "No Discord token" in bot.log
        assert "permissions=274877991936" in bot.log
        assert bot.process.stdout
        assert b"RLHF" in await bot.process.stdout.read()
    assert place.server.rest.requests == 0


async def test_a_refused_intent_costs_one_line(place: Place) -> None:
    place.server.refuse_intents()
    async with place.program(AITERMS_DISCORD__MESSAGE_CONTENT="true", AITERMS_LOG__LEVEL="debug") as bot:
        await ready(place)
        assert "Message Content Intent" in bot.log
        assert (await place.asker.say(place.channel, f"{place.mention} what is zebrafish rlhf").reply()).text
        token = (await place.asker.slash(place.channel, "define", term="zebrafish")).token
        assert await bot.end(signal.SIGTERM) == 0
        assert "Traceback" not in bot.log
        assert "zebrafish" not in bot.log
        assert token not in bot.log


# -- sync ---------------------------------------------------------------------------------------------------------


async def synced(place: Place, *arguments: str, **environment: str) -> tuple[int, str, str]:
    async with place.program("sync", *arguments, **environment) as program:
        code = await program.end()
        assert program.process.stdout
        return code, (await program.process.stdout.read()).decode(), program.log


async def test_sync_everywhere_and_for_one_server(place: Place) -> None:
    code, said, log = await synced(place)
    count = len(place.server.commands.all())
    assert (code, said, log) == (0, f"{count} commands registered everywhere\n", "")
    assert place.asker.command_names(place.channel)
    code, said, log = await synced(place, "--server-id", str(place.guild.id))
    assert (code, said, log) == (0, f"{count} commands registered for server {place.guild.id}\n", "")
    assert place.server.commands.overwrites == [(None, count), (place.guild.id, count)]
    code, said, log = await synced(place, "--server-id", str(place.guild.id), "--remove")
    assert (code, said, log) == (0, f"nothing is registered for server {place.guild.id} any more\n", "")
    assert place.server.commands.overwrites == [(None, count), (place.guild.id, count), (place.guild.id, 0)]
    assert place.asker.command_names(place.channel)
    assert place.server.gateway.identifies == 0


async def test_sync_takes_nothing_away_everywhere(place: Place) -> None:
    code, said, log = await synced(place, "--remove")
    assert (code, said) == (2, "")
    assert "--server-id" in log
    assert place.server.commands.overwrites == []


async def test_sync_for_a_server_in_which_the_bot_is_not(place: Place) -> None:
    elsewhere = place.server.add_guild("Elsewhere", installed=False)
    code, said, log = await synced(place, "--server-id", str(elsewhere.id))
    assert (code, said) == (CONFIGURATION, "")
    assert "is not in the server" in log
    assert "Traceback" not in log
    for server, exit_code, says in ((elsewhere.id, CONFIGURATION, "is not in the server"), (0, 2, "--server-id")):
        code, said, log = await synced(place, "--server-id", str(server), "--remove")
        assert (code, said) == (exit_code, "")
        assert says in log
        assert "Traceback" not in log


async def test_sync_with_a_wrong_token_or_an_outage(place: Place) -> None:
    code, said, log = await synced(place, DISCORD_TOKEN="wrong")
    assert (code, said) == (CONFIGURATION, "")
    assert "Discord refuses the token" in log
    for fault in ("error", "offline"):
        if fault == "error":
            place.server.faults.error("PUT /applications/*/commands", 400, 50035, "Invalid Form Body")
        else:
            place.server.faults.offline = True
        # Nothing that is set is wrong: starting again may help.
        code, said, log = await synced(place)
        assert (code, said) == (1, "")
        assert "The commands were not changed" in log
        assert "Traceback" not in log
