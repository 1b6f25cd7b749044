import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.ops.health import LAG, SILENT, Gateway, Health, Lag, ask
from bot.ops.metrics import Metrics
from bot.ops.operations import Operations

WELL = Gateway(ready=True, silent=3.0, latency=0.04, guilds=7, stopping=False)


class Bot:
    """What a health page asks."""

    def __init__(self) -> None:
        self.gateway: Gateway | None = WELL
        self.lag = 0.001
        self.metrics = Metrics()
        self.health = Health(self.metrics, lambda: self.gateway, lambda: self.lag)
        self.address = ""

    async def get(self, page: str) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.address}/{page}") as response:
            return response.status, json.loads(await response.text())


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[Bot]:
    made = Bot()
    made.address = f"http://127.0.0.1:{await made.health.open('127.0.0.1', 0)}"
    yield made
    await made.health.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("gateway", "lag", "alive", "ready", "part", "why"),
    [
        (WELL, 0.0, 200, 200, None, ""),
        # While Discord is away a restart would only cost an identify.
        (None, 0.0, 200, 503, "gateway", "starting"),
        (replace(WELL, ready=False, silent=None, latency=None), 0.0, 200, 503, "gateway", "not connected to Discord"),
        (replace(WELL, ready=False), 0.0, 200, 503, "gateway", "not connected to Discord"),
        (replace(WELL, stopping=True), 0.0, 200, 503, "gateway", "stopping"),
        # Silence between two heartbeats is nothing; beyond them the connection is half open.
        (replace(WELL, silent=45.0), 0.0, 200, 200, None, ""),
        (replace(WELL, silent=SILENT + 1), 0.0, 503, 503, "gateway", "connected, but nothing has come for 51 s"),
        (WELL, LAG + 1, 503, 503, "loop", "the event loop was 3.0 s late"),
    ],
)
async def test_which_part_is_red_and_why(
    bot: Bot, gateway: Gateway | None, lag: float, alive: int, ready: int, part: str | None, why: str
) -> None:
    bot.gateway, bot.lag = gateway, lag
    for page, wanted in (("healthz", alive), ("readyz", ready)):
        status, body = await bot.get(page)
        assert status == wanted
        assert body["status"] == ("ok" if wanted == 200 else "red")
        assert {n for n, p in body["parts"].items() if p["status"] == "red"} == ({part} if wanted == 503 else set())
        if wanted == 503 and part:
            assert body["parts"][part]["why"] == why


@pytest.mark.asyncio
async def test_what_people_get_answers_without_makes_it_poorer_not_red(bot: Bot) -> None:
    bot.health.parts["store"] = lambda: ("degraded", "away for 9 s")
    status, body = await bot.get("readyz")
    assert (status, body["status"]) == (200, "degraded")
    assert body["parts"]["store"] == {"status": "degraded", "why": "away for 9 s"}
    status, body = await bot.get("healthz")
    assert (status, body["status"]) == (200, "ok")


@pytest.mark.asyncio
async def test_the_store_is_asked_now_and_then() -> None:
    operations, answers = Operations(), asyncio.Queue[bool]()

    async def alive() -> bool:
        return await answers.get()

    operations.gateway = lambda: WELL
    operations.watch_store(alive, every=0)
    states = []
    for answer in (True, False, True):
        answers.put_nowait(answer)
        while not answers.empty():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        states.append((operations.health.ready()[0], operations.metrics.value("store_up")))
    assert states == [("ok", 1.0), ("degraded", 0.0), ("ok", 1.0)]
    await operations.aclose()


@pytest.mark.asyncio
async def test_the_figures_are_in_prometheus_format_and_name_nobody(bot: Bot) -> None:
    bot.metrics.answered("asked", "answer")
    bot.metrics.responded("interaction", 0.02)
    bot.metrics.failed(50013)
    bot.metrics.watch("worker_waiting", "Calls that wait.", lambda: 3.0)
    bot.metrics.watch("unknown_now", "Not known.", lambda: None)
    async with aiohttp.ClientSession() as session, session.get(f"{bot.address}/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = (await response.text()).splitlines()
    for line in (
        'aiterms_answers_total{mode="asked",outcome="answer"} 1.0',
        'aiterms_first_response_seconds_bucket{kind="interaction",le="0.025"} 1.0',
        'aiterms_errors_total{code="50013"} 1.0',
        "aiterms_worker_waiting 3.0",
        "aiterms_gateway_latency_seconds 0.04",
        "aiterms_guilds 7.0",
        "aiterms_ready 1.0",
    ):
        assert line in lines
    assert any(line.startswith("process_open_fds ") for line in lines)
    assert not [line for line in lines if line.startswith("aiterms_unknown_now ")]
    bot.gateway = None
    assert "aiterms_guilds" not in {line.split()[0] for line in bot.metrics.text().decode().splitlines() if line}


@pytest.mark.asyncio
async def test_a_port_that_is_taken_costs_nobody_an_answer(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    port = int(bot.address.rpartition(":")[2])
    other = Health(Metrics(), lambda: None, lambda: 0.0)
    assert await other.open("127.0.0.1", port) is None
    [line] = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert f"127.0.0.1:{port}" in line
    assert "Set health.port to another, or 0" in line
    assert (await bot.get("healthz"))[0] == 200
    await other.close()


@pytest.mark.asyncio
async def test_lag_is_how_late_the_loop_is_and_is_forgotten() -> None:
    now = 100.0
    lag = Lag(lambda: now)
    assert lag.worst == 0
    lag.note(0.3)
    lag.note(-0.1)
    now += 15
    lag.note(0.1)
    assert lag.worst == 0.3
    now += 10
    assert lag.worst == 0.1
    measured = Lag()
    task = asyncio.create_task(measured.run())
    await asyncio.sleep(0)
    # The loop is held while the measurement sleeps: it wakes too late.
    loop = asyncio.get_running_loop()
    end = loop.time() + 0.8
    while loop.time() < end:
        pass
    while not measured.worst:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)
    task.cancel()
    assert measured.worst >= 0.25


# -- aiterms health -----------------------------------------------------------------------------------------------


@contextmanager
def answering_with(raw: bytes) -> Iterator[int]:
    """Answer one connection on a port with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(raw)

        thread = Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


@pytest.mark.asyncio
async def test_asking_says_what_is_wrong_in_one_line(bot: Bot) -> None:
    port = int(bot.address.rpartition(":")[2])
    assert await asyncio.to_thread(ask, "0.0.0.0", port, "healthz") == (True, "ok")
    bot.gateway = replace(WELL, silent=70.0)
    well, told = await asyncio.to_thread(ask, "127.0.0.1", port, "healthz")
    assert not well
    assert told == "red; gateway: connected, but nothing has come for 70 s"
    bot.gateway = WELL
    bot.health.parts["store"] = lambda: ("degraded", "away for 9 s")
    assert await asyncio.to_thread(ask, "127.0.0.1", port, "readyz") == (True, "degraded; store: away for 9 s")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"status": "ok"}',
    ],
)
def test_what_is_no_health_page_is_not_well(raw: bytes) -> None:
    with answering_with(raw) as port:
        well, told = ask("127.0.0.1", port, "healthz")
    assert not well
    assert f"127.0.0.1:{port}" in told
    assert "\n" not in told


def test_where_nobody_answers_it_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        # Nobody takes the connection: a bot whose loop hangs.
        assert ask("127.0.0.1", port, "healthz", seconds=0.1)[0] is False
    well, told = ask("127.0.0.1", port, "healthz")
    assert not well
    assert told.startswith(f"no answer from http://127.0.0.1:{port}/healthz (")
