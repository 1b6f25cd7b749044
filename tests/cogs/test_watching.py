"""What an operator sees of a running bot: the health page, the figures, /about; and how the account is protected."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from bot.answering import Answering
from bot.cogs import _guards
from bot.ops import requests
from bot.ops.health import Lag
from tests.cogs.conftest import Lab, connected, in_a_lab
from tests.discord_server import DiscordServer, Upload

pytestmark = pytest.mark.asyncio

CALLBACK = "POST /interactions/*/*/callback"
REPLY = "POST /channels/*/messages"


async def test_a_running_bot_is_alive_and_ready(lab: Lab) -> None:
    health = lab.bot.health
    await lab.bot.wait_until_ready()
    assert health.alive()[0] == health.ready()[0] == "ok"
    connection = lab.bot.gateway()
    assert connection.ready
    assert connection.guilds == 1
    # Each frame is noticed.
    await asyncio.sleep(0.3)
    assert (lab.bot.gateway().silent or 0) >= 0.25
    lab.asker.say(lab.channel, "good morning")
    await lab.server.idle(0.05)
    assert (lab.bot.gateway().silent or 9) < 0.25


async def test_a_half_open_connection_is_red_before_the_library_gives_up(
    server: DiscordServer, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ops.health.SILENT", 0.4)
    server.gateway.heartbeat_interval = 0.1
    async with in_a_lab(
        server, answering, tmp_path, prepare=lambda b: setattr(b._connection, "heartbeat_timeout", 1.5)
    ) as lab:
        await asyncio.sleep(0.6)
        assert lab.bot.health.alive()[0] == "ok"
        server.gateway.fall_silent()
        while lab.bot.health.alive()[0] == "ok":
            assert server.gateway.resumes == 0
            await asyncio.sleep(0.02)
        assert server.gateway.resumes == 0
        assert "nothing has come" in lab.bot.health.alive()[1]["gateway"][1]
        await server.gateway.changed.until(lambda: server.gateway.resumes == 1, 15)
        server.gateway.heartbeat_interval = 40
        assert lab.bot.health.alive()[0] == "ok"


@pytest.mark.usefixtures("hurried")
async def test_while_discord_is_away_it_is_alive_but_not_ready(lab: Lab) -> None:
    await lab.bot.wait_until_ready()
    lab.server.faults.offline = True
    lab.server.gateway.drop()
    await asyncio.sleep(0.3)
    assert lab.bot.health.alive()[0] == "ok"
    state, parts = lab.bot.health.ready()
    assert state == "red"
    assert parts["gateway"] == ("red", "not connected to Discord")
    lab.server.faults.offline = False
    await lab.server.gateway.changed.until(lambda: lab.server.gateway.resumes == 1, 15)
    await lab.server.idle(0.1)
    assert lab.bot.health.ready()[0] == "ok"


async def test_a_bot_that_stops_is_not_ready(lab: Lab) -> None:
    lab.bot.draining = True
    assert lab.bot.health.ready()[1]["gateway"] == ("red", "stopping")
    lab.bot.draining = False


async def test_what_people_do_is_counted_by_mode_and_outcome(qa: Lab) -> None:
    value = qa.bot.metrics.value
    assert value("identifies_total") == 1
    assert value("identifies_left") == qa.server.gateway.total
    await qa.asker.slash(qa.channel, "define", term="rlhf")
    await qa.asker.slash(qa.channel, "define", term="推理")
    await qa.asker.autocomplete(qa.channel, "define", term="rlh")
    await qa.asker.say(qa.channel, f"{qa.mention} what is a kumquat").reply()
    bea = qa.server.add_user("Bea", qa.guild)
    await bea.say(qa.channel, "what is LoRA?").reply()
    await bea.say(qa.channel, "lunch?").unanswered(0.1)
    await bea.slash(qa.channel, "compare", first="lora", second="qlora")
    await qa.server.idle(0.1)
    for mode, outcome, times in (
        ("asked", "answer", 2),
        ("asked", "suggest", 1),
        ("asked", "none", 1),
        ("channel", "answer", 1),
        ("channel", "none", 1),
    ):
        assert value("answers_total", mode=mode, outcome=outcome) == times, (mode, outcome)
    for kind, times in (("interaction", 3), ("completion", 1), ("message", 2)):
        assert value("first_response_seconds_count", kind=kind) == times, kind
        assert 0 < value("first_response_seconds_sum", kind=kind) < times * 2.5
    page = qa.bot.metrics.text().decode()
    for private in (str(qa.asker.id), str(qa.guild.id), str(qa.channel.id), "kumquat", "lora", "Ada", qa.server.token):
        assert private not in page


async def test_a_slow_answer_is_measured_from_the_arrival_of_its_event(lab: Lab) -> None:
    lab.server.faults.slow(CALLBACK, 0.4, times=1)
    await lab.asker.slash(lab.channel, "define", term="rlhf")
    await lab.server.idle(0.1)
    assert lab.bot.metrics.value("first_response_seconds_sum", kind="interaction") >= 0.4


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "For you, who run me"), ("zh-CN", "目前状态"), ("zh-TW", "目前狀態")]
)
async def test_the_operator_reads_in_about_what_is_wrong(
    server: DiscordServer, answering: Answering, tmp_path: Path, locale: str, words: str
) -> None:
    guild = server.add_guild()
    channel = server.add_channel(guild)
    other = server.add_user("Ada", guild, locale=locale, permissions=1 << 5)
    operator = server.world.owner = server.add_user("Operator", guild, locale=locale)
    async with connected(server, answering, tmp_path) as (bot, _):
        await bot.wait_until_ready()
        bot.health.parts["knowledge"] = lambda: ("degraded", "2 faults; terms/x.toml: short is too long")
        told = (await operator.slash(channel, "about")).text
        assert words in told
        assert "⚠️ knowledge: 2 faults; terms/x.toml: short is too long" in told
        assert "✅ gateway: last heard" in told
        assert "knowledge: 2 faults" not in (await other.slash(channel, "about")).text


# -- the account --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 429])
async def test_a_storm_of_refusals_stops_by_itself(
    server: DiscordServer,
    answering: Answering,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: pytest.LogCaptureFixture,
    status: int,
) -> None:
    monkeypatch.setattr(requests, "LIMIT", 30)
    # Each channel alone would be left alone after three refusals: here they are many.
    monkeypatch.setattr(_guards, "REFUSALS", 10_000)
    guild = server.add_guild()
    channels = [server.add_channel(guild, f"c{n}") for n in range(5)]
    if status == 403:
        server.faults.forbidden(REPLY)
    else:
        server.faults.rate_limit(REPLY, 0.01, times=None)
    async with connected(server, answering, tmp_path) as (bot, _):
        await bot.wait_until_ready()
        bot.cooldown = _guards.Cooldown(most=10_000)
        asker = server.add_user("Ada", guild)
        before = server.rest.requests
        for n in range(60):
            asker.say(channels[n % 5], f"<@{server.application_id}> what is RLHF?")
            if n % 10 == 0:
                await server.idle(0.05)
        await server.idle(0.3)
        sent = server.rest.requests - before
        assert 30 <= sent <= 30 + 15
        assert bot.requests.refused == sent
        assert "no messages are sent for 300 s" in logged.text
        assert bot.health.ready()[0] == "degraded"
        # Who asks by a command is still answered; who writes is not, without a request.
        assert (await asker.slash(channels[0], "define", term="rlhf")).embeds
        before = server.rest.requests
        assert await asker.say(channels[1], f"<@{server.application_id}> what is LoRA?").unanswered(0.1)
        assert server.rest.requests == before


async def test_a_ban_stops_interactions_too_without_an_error_for_each(
    lab: Lab, logged: pytest.LogCaptureFixture
) -> None:
    lab.server.faults.cloudflare_ban(REPLY, times=1)
    assert await lab.asker.say(lab.channel, f"{lab.mention} what is RLHF?").unanswered()
    before = lab.server.rest.requests
    answer = lab.asker.slash(lab.channel, "define", term="rlhf")
    await lab.server.idle(0.3)
    assert answer.type is None
    assert lab.server.rest.requests == before
    assert "Traceback" not in logged.text
    assert lab.bot.metrics.value("invalid_requests_total", status="429") == 1


@pytest.mark.usefixtures("hurried")
async def test_sessions_that_fall_again_and_again_are_spaced_out(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    gateway = lab.server.gateway
    for n in range(2, 9):
        gateway.invalidate(resumable=False)
        await gateway.changed.until(lambda n=n: gateway.identifies == n, 15)
        await lab.server.ready()
    waits = [
        int(r.getMessage().split("waiting ")[1].split()[0]) for r in logged.records if "waiting " in r.getMessage()
    ]
    assert waits == [5, 10, 20]
    assert len(json.loads((lab.data / "starts-0.json").read_text())["starts"]) == 8
    # An open connection cannot be held for longer: a new client waits before it connects.
    gateway.invalidate(resumable=False)
    with pytest.raises(ConnectionError, match="too many new sessions"):
        await asyncio.wait_for(asyncio.shield(lab.running), 15)


@pytest.mark.usefixtures("hurried")
async def test_the_last_identifies_are_spared_by_a_running_bot_too(lab: Lab, logged: pytest.LogCaptureFixture) -> None:
    lab.server.gateway.remaining = 5
    lab.server.gateway.invalidate(resumable=False)
    with pytest.raises(ConnectionError, match="too many new sessions"):
        await asyncio.wait_for(asyncio.shield(lab.running), 15)
    assert lab.server.gateway.identifies == 1
    assert lab.bot.metrics.value("identifies_left") == 5
    assert lab.server.token not in logged.text


async def test_nothing_that_people_send_holds_the_loop(lab: Lab) -> None:
    lag = Lag()
    measuring = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    hard = [b"a" * 199_000, b" " * 199_000, ("\U0001f468\u200d\U0001f469" * 50_000).encode(), b"[" * 199_000]
    people = [lab.server.add_user(f"P{n}", lab.guild) for n in range(len(hard))]
    counts = [p.slash(lab.channel, "tokens", file=Upload("x.txt", data)) for p, data in zip(people, hard, strict=True)]
    for text in ("what is " * 500, "(" * 3900, "\u0e01\u0e49" * 1900, "RLHF " * 780):
        person = lab.server.add_user("Q", lab.guild)
        person.say(lab.channel, f"{lab.mention} {text}"[:4000])
    shown = await asyncio.gather(*(c.shown(120) for c in counts))
    assert all(m.text for m in shown)
    await lab.server.idle(0.6)
    measuring.cancel()
    # A heartbeat is missed after ten seconds, a first response after three: this is far from both, on a slow machine too.
    assert lag.worst < 1.5


async def test_the_page_is_served_by_the_running_program(lab: Lab) -> None:
    await lab.bot.wait_until_ready()
    port = await lab.bot.health.open("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for page in ("/healthz", "/readyz"):
            async with session.get(page) as response:
                assert response.status == 200
                assert (await response.json())["parts"]["gateway"]["status"] == "ok"
        async with session.get("/metrics") as response:
            assert "aiterms_guilds 1.0" in await response.text()
    await lab.bot.health.close()
