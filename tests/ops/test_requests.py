import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bot.ops.metrics import Metrics
from bot.ops.requests import BAN, LIMIT, PAUSE, WARN, WINDOW, PausedError, Requests


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def storm(requests: Requests, status: int, times: int, *, interaction: bool = False) -> int:
    """Send as long as that is allowed, each refused with `status`; return how many were sent."""
    sent = 0
    for _ in range(times):
        if requests.may_send(interaction=interaction):
            sent += 1
            requests.ended(status, interaction=interaction)
    return sent


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_storm_of_refusals_stops_at_the_limit(status: int) -> None:
    requests = Requests(Metrics(), clock=Clock())
    assert storm(requests, status, 100_000) == LIMIT
    assert requests.paused


def test_a_storm_that_lasts_a_day_stays_far_below_what_discord_allows() -> None:
    clock, sent = Clock(), []
    requests = Requests(Metrics(), clock=clock)
    for second in range(24 * 3600):
        clock.now = 1000.0 + second
        sent += [second] * storm(requests, 403, 20)
    worst = max(sum(1 for s in sent if start <= s < start + WINDOW) for start in range(0, 24 * 3600, 60))
    assert worst <= LIMIT + WINDOW / PAUSE
    assert len(sent) < LIMIT + 24 * 3600 / PAUSE + 2


def test_interactions_are_answered_until_twice_the_limit() -> None:
    requests = Requests(Metrics(), clock=Clock())
    storm(requests, 403, LIMIT)
    assert not requests.may_send()
    assert requests.may_send(interaction=True)
    assert storm(requests, 401, 100_000, interaction=True) == LIMIT
    assert not requests.may_send(interaction=True)


@pytest.mark.parametrize(("status", "scope"), [(200, ""), (404, ""), (400, ""), (500, ""), (429, "shared")])
def test_what_discord_does_not_count_is_not_counted(status: int, scope: str) -> None:
    requests = Requests(Metrics(), clock=Clock())
    for _ in range(2 * LIMIT):
        requests.ended(status, scope=scope)
    assert requests.refused == 0
    assert requests.may_send()


def test_after_a_pause_one_request_decides() -> None:
    clock = Clock()
    requests = Requests(Metrics(), clock=clock)
    storm(requests, 403, LIMIT)
    clock.now += PAUSE
    assert not requests.paused
    assert requests.may_send()
    # As long as nobody knows what came of it, the others wait.
    assert not requests.may_send()
    requests.ended(403)
    clock.now += PAUSE - 1
    assert not requests.may_send()
    clock.now += 1
    assert requests.may_send()
    requests.ended(200)
    assert requests.may_send()
    assert requests.may_send()


def test_a_trial_without_an_end_is_followed_by_another() -> None:
    clock = Clock()
    requests = Requests(Metrics(), clock=clock)
    storm(requests, 403, LIMIT)
    clock.now += PAUSE
    assert requests.may_send()
    clock.now += 31
    assert requests.may_send()


def test_an_answered_interaction_does_not_end_the_pause_of_messages() -> None:
    requests = Requests(Metrics(), clock=Clock())
    storm(requests, 403, LIMIT)
    requests.ended(204, interaction=True)
    assert requests.paused


def test_old_refusals_are_forgotten() -> None:
    clock = Clock()
    requests = Requests(Metrics(), clock=clock)
    storm(requests, 403, LIMIT - 1)
    clock.now += WINDOW
    assert storm(requests, 403, LIMIT - 1) == LIMIT - 1
    assert not requests.paused


def test_a_ban_stops_everything_for_a_while() -> None:
    clock = Clock()
    requests = Requests(Metrics(), clock=clock)
    requests.ended(429, via=False)
    assert requests.paused
    assert not requests.may_send()
    assert not requests.may_send(interaction=True)
    clock.now += BAN
    assert not requests.paused
    assert requests.may_send()


def test_the_log_warns_once_says_when_it_stops_and_when_it_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock, metrics = Clock(), Metrics()
    requests = Requests(metrics, clock=clock)
    storm(requests, 403, WARN + 20)
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    storm(requests, 403, LIMIT)
    assert [r.levelname for r in caplog.records] == ["WARNING", "ERROR"]
    assert "no messages are sent for 300 s" in caplog.text
    clock.now += PAUSE
    assert requests.may_send()
    requests.ended(200)
    assert "Discord takes requests again" in caplog.text
    assert metrics.value("invalid_requests_total", status="403") == LIMIT


@pytest_asyncio.fixture
async def address() -> AsyncIterator[str]:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]), headers={"Via": "1.1 google"})

    async def gateway(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    application = web.Application()
    application.router.add_get("/{status:\\d+}{rest:.*}", refuse)
    application.router.add_get("/gateway", gateway)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.asyncio
async def test_every_request_of_a_session_passes(address: str) -> None:
    metrics = Metrics()
    requests = Requests(metrics)
    async with aiohttp.ClientSession(trace_configs=[requests.trace()]) as session:

        async def get(path: str) -> int:
            async with session.get(f"http://{address}/{path}") as response:
                return response.status

        assert [await get("200"), await get("403"), await get("401/interactions/1")] == [200, 403, 401]
        assert requests.refused == 2
        storm(requests, 403, LIMIT)
        with pytest.raises(PausedError):
            await get("200")
        assert await get("200/interactions/1/token/callback") == 200
        # The way back to the gateway stays open.
        async with session.ws_connect(f"ws://{address}/gateway") as socket:
            await socket.receive()
    assert metrics.value("invalid_requests_total", status="401") == 1
