"""The guards, with a clock of the test's own."""

import asyncio

import pytest

from bot.cogs._guards import PAUSE, PER_SECONDS, QUESTIONS, REFUSALS, Circuit, Cooldown, InFlight, Recent


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_five_questions_in_twenty_seconds() -> None:
    clock = Clock()
    cooldown = Cooldown(clock=clock)
    assert [cooldown.wait(1) for _ in range(QUESTIONS)] == [0.0] * QUESTIONS
    clock.now += 5
    assert cooldown.wait(1) == PER_SECONDS - 5
    assert cooldown.wait(2) == 0.0
    clock.now += PER_SECONDS - 5
    assert cooldown.wait(1) == 0.0


def test_refused_questions_do_not_prolong_the_wait() -> None:
    clock = Clock()
    cooldown = Cooldown(clock=clock)
    for _ in range(50):
        cooldown.wait(1)
    clock.now += PER_SECONDS
    assert cooldown.wait(1) == 0.0


def test_a_user_is_told_once_to_wait() -> None:
    clock = Clock()
    cooldown = Cooldown(clock=clock)
    assert [cooldown.to_be_told(1), cooldown.to_be_told(1), cooldown.to_be_told(2)] == [True, False, True]
    clock.now += PER_SECONDS
    assert cooldown.to_be_told(1)


def test_the_cooldown_forgets_users() -> None:
    clock = Clock()
    cooldown = Cooldown(clock=clock)
    for user in range(5000):
        cooldown.wait(user)
        clock.now += 1
    assert len(cooldown._asked) <= PER_SECONDS + 1


def test_a_channel_is_left_alone_after_three_refusals_and_tried_again_later() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    assert [circuit.refused(1) for _ in range(REFUSALS)] == [False, False, True]
    assert circuit.is_open(1)
    assert not circuit.is_open(2)
    assert circuit.channels() == [1]
    clock.now += PAUSE
    assert not circuit.is_open(1)
    assert circuit.channels() == []


def test_refusals_long_ago_do_not_count() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    for _ in range(10):
        assert not circuit.refused(1)
        clock.now += PAUSE / 2 + 1


def test_what_comes_twice_is_known() -> None:
    recent = Recent(most=3)
    assert [recent.first_time(i) for i in (1, 1, 2, 3, 4, 4, 1)] == [True, False, True, True, True, False, True]


@pytest.mark.asyncio
async def test_a_shutdown_waits_for_answers_that_begin_meanwhile() -> None:
    flight = InFlight()

    async def two_after_another() -> None:
        with flight:
            await asyncio.sleep(0)
        with flight:
            await asyncio.sleep(0.02)

    task = asyncio.create_task(two_after_another())
    await asyncio.sleep(0)
    assert await flight.drained(5)
    assert task.done()
    with flight:
        assert not await flight.drained(0.01)
