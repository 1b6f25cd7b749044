"""kill -9 at random moments of a load of writes: nothing acknowledged is lost, nothing is there by halves."""

import asyncio
import random

from tests.store.writer import Told, faults_of, kill_while_writing

MOMENTS = 20


def test_a_killed_process_loses_nothing_that_was_acknowledged(url: str) -> None:
    chance, told = random.Random(7), Told()
    for number in range(1, MOMENTS + 1):
        kill_while_writing(url, chance.uniform(0.0, 0.25), number, told)
    assert asyncio.run(faults_of(url, told)) == []
    assert len(told.done) > MOMENTS
