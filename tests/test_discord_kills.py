"""kill -9 in a load of writes, seen from Discord: five moments here, two hundred in `make soak`."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.discord_server import DiscordServer
from tests.soak.discord_kills import Flight, Load, differences, killed

MOMENTS = 5


@pytest.mark.asyncio
async def test_nothing_acknowledged_is_lost_and_nothing_is_half_written(tmp_path: Path) -> None:
    load, wrong = await killed(tmp_path, MOMENTS, random.randrange(10**6))
    assert wrong == []
    # Otherwise nothing was tried.
    assert load.acknowledged > MOMENTS


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ({"a": "1", "b": "2"}, 0),
        ({"a": "1", "b": "2", "c": "3", "d": "4"}, 0),
        ({"a": "1", "b": "2", "c": "3"}, 1),
        ({"a": "1"}, 1),
        ({"a": "1", "b": "old"}, 1),
        ({"a": "1", "b": "2", "x": "never written"}, 1),
    ],
    ids=["not done", "done", "half of it", "lost", "an old state", "from nowhere"],
)
def test_the_comparison_finds_what_is_lost_and_what_is_half_there(found: dict[str, str], wrong: int) -> None:
    unused: Any = None
    load = Load(DiscordServer(), unused, unused, random.Random(1), state={"a": "1", "b": "2"})
    load.flights[0] = Flight(unused, {"c": "3", "d": "4"}, "Imported:")
    assert len(differences(found, load)) == wrong
