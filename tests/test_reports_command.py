"""`aiterms reports`: what people have reported, for whoever runs the bot."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store.store import Store

ROOT = Path(__file__).parents[1]


def aiterms(data: Path, *arguments: str, url: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bot", "reports", *arguments],
        cwd=ROOT,
        env={**os.environ, "AITERMS_DATA": str(data), "AITERMS_STORE__URL": url, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def _report(data: Path) -> None:
    store = await Store.open(f"sqlite:///{data / 'aiterms.db'}")
    await store.add_report("rlhf", "wrong\nyear \x1b[31m", user=1 << 60, server=5, request=1)
    await store.add_report("rag", "第二个", user=2, server=None, request=2)
    await store.close()


def test_reports_are_listed_for_people_and_for_programs(tmp_path: Path) -> None:
    asyncio.run(_report(tmp_path))
    lines = aiterms(tmp_path).stdout.splitlines()
    assert [line.partition("  ")[2].partition("  ")[2] for line in lines] == ["rlhf: wrong year [31m", "rag: 第二个"]
    [row] = [json.loads(line) for line in aiterms(tmp_path, "--json", "--after", "1").stdout.splitlines()]
    assert (row["term"], row["text"], row["user"], row["server"]) == ("rag", "第二个", "2", None)


def test_no_reports_are_said_to_be_none(tmp_path: Path) -> None:
    done = aiterms(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No reports.\n")


def test_a_storage_that_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "aiterms.db").mkdir()
    done = aiterms(tmp_path)
    assert done.returncode == 1
    assert "cannot be read at the moment" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "data/aiterms.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://ada:hunter2@host/aiterms",
        "postgresql://ada:hunter2@host:port/aiterms",
        "postgresql://ada:hunter2@host",
    ],
)
def test_an_address_that_makes_no_sense_is_told_in_words_without_its_password(tmp_path: Path, url: str) -> None:
    done = aiterms(tmp_path, url=url)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("store.url is no address that can be used: write sqlite:///")
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
