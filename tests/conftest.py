"""What all tests share."""

import os
from collections.abc import Iterator

import pytest

from tests.store.postgres import Postgres, is_installed


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI a skipped test is a failed one: what should have run did not."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if os.environ.get("CI") and skipped and session.exitstatus == pytest.ExitCode.OK:
        print(f"\n{skipped} tests were skipped, which CI does not accept")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server; people may do without it, the project's own check may not."""
    if not is_installed():
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed, and the project's check demands it")
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    server = Postgres()
    yield server
    server.remove()
