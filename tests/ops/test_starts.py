import json
from pathlib import Path

import pytest

from bot.ops.starts import FREE, LONGEST_WAIT, WINDOW, Starts

pytestmark = pytest.mark.asyncio


class Time:
    """A clock that only sleeping moves."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def starts(place: Path, time: Time) -> Starts:
    """Return what a new process makes of the file."""
    return Starts(place / "starts.json", clock=time, sleep=time.sleep)


async def start(place: Path, time: Time) -> float:
    """Begin a session as a new process does; return the seconds waited before."""
    new = starts(place, time)
    waited = await new.wait()
    await new.note()
    return waited


def sizes(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_size for p in folder.iterdir()}


async def test_the_first_starts_are_free_then_the_wait_doubles(tmp_path: Path) -> None:
    time = Time()
    waited = [round(await start(tmp_path, time)) for _ in range(FREE + 8)]
    assert waited == [0] * FREE + [5, 10, 20, 40, 80, 160, 300, 300]
    assert time.slept == [w for w in waited if w]


@pytest.mark.parametrize("lives", [0.0, 1.0, 30.0])
async def test_a_bot_that_crashes_all_day_spends_a_third_of_the_identifies(tmp_path: Path, lives: float) -> None:
    time, begun = Time(), []
    end = time.now + 24 * 3600
    while time.now < end:
        await start(tmp_path, time)
        begun.append(time.now)
        time.now += lives
    assert len(begun) < 1000 / 2
    assert len(begun) > 24


async def test_the_time_that_a_bot_ran_counts_as_waiting(tmp_path: Path) -> None:
    time = Time()
    for _ in range(FREE):
        await start(tmp_path, time)
    time.now += 4
    assert await start(tmp_path, time) == pytest.approx(1)
    time.now += 60
    assert await start(tmp_path, time) == 0


async def test_after_a_quiet_hour_all_is_forgotten(tmp_path: Path) -> None:
    time = Time()
    for _ in range(FREE + 3):
        await start(tmp_path, time)
    time.now += WINDOW
    assert await start(tmp_path, time) == 0


@pytest.mark.parametrize("jump", [-3600.0, -86400.0 * 365, 3600.0, 86400.0 * 365])
async def test_a_clock_that_jumps_costs_no_more_than_the_longest_wait(tmp_path: Path, jump: float) -> None:
    time = Time()
    for _ in range(FREE + 10):
        await start(tmp_path, time)
    time.now += jump
    waited = [await start(tmp_path, time) for _ in range(30)]
    assert max(waited) <= LONGEST_WAIT
    # Set forward, an hour's starts are forgotten, and the next crashes are spaced out again; set back, none are.
    assert sum(waited) > 3600


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "7", '{"starts": 3}', '{"starts": ["x"]}', '{"starts": [null]}', '{"starts": [NaN]}', "\x00" * 80],
)
async def test_a_spoilt_file_counts_as_none_and_is_mended(tmp_path: Path, content: str) -> None:
    (tmp_path / "starts.json").write_text(content)
    time = Time()
    assert await start(tmp_path, time) == 0
    assert json.loads((tmp_path / "starts.json").read_text()) == {"starts": [time.now]}


async def test_where_nothing_can_be_written_it_starts_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    assert await start(tmp_path / "data", Time()) == 0
    assert "cannot be kept" in caplog.text


async def test_no_draft_is_left_behind_and_the_file_does_not_grow(tmp_path: Path) -> None:
    time = Time()
    for _ in range(200):
        await start(tmp_path, time)
        time.now += 10
    assert list(sizes(tmp_path)) == ["starts.json"]
    assert sizes(tmp_path)["starts.json"] < 2000


async def test_what_never_came_to_a_start_is_not_counted(tmp_path: Path) -> None:
    time = Time()
    for _ in range(30):
        assert await starts(tmp_path, time).wait() == 0
    assert sizes(tmp_path) == {}
