"""kill -9 at 200 random moments of a load of writes, on SQLite and on PostgreSQL."""

import asyncio
import random
import tempfile

from tests.store.postgres import Postgres
from tests.store.writer import Told, faults_of, kill_while_writing

MOMENTS = 200


def main() -> int:
    """Print what was acknowledged and what was found; 1 if anything was lost or is there by halves."""
    bad = 0
    postgres = Postgres()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, url in (("SQLite", f"sqlite:///{folder}/aiterms.db"), ("PostgreSQL", postgres.new_database())):
                chance, told = random.Random(), Told()
                for number in range(1, MOMENTS + 1):
                    kill_while_writing(url, chance.uniform(0.0, 0.4), number, told)
                faults = asyncio.run(faults_of(url, told))
                print(f"{name}: killed {MOMENTS} times, {len(told.done):,} writes acknowledged, {len(faults)} faults")
                for fault in faults[:20]:
                    print(f"  {fault}")
                bad += len(faults)
    finally:
        postgres.remove()
    return int(bad > 0)
