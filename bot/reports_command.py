"""`aiterms reports`: what people have reported, on the terminal or as JSON."""

import asyncio
import sys

from bot.core.text import one_line
from bot.plain import json_line
from bot.store.records import Report
from bot.store.store import Store

_PATIENCE = 20.0


def print_reports(url: str, after: int, *, as_json: bool) -> None:
    """Print the reports with larger numbers than `after`, oldest first; with `as_json` one object a line.

    Raises:
        SchemaError: the database is newer than this program.
        UserError: the database cannot be read.
    """
    found = asyncio.run(_read(url, after))
    for report in found:
        if as_json:
            row = {"id": report.id, "at": report.at.isoformat(), "term": report.term_id, "text": report.text}
            print(json_line(row | {"user": str(report.user), "server": str(report.server) if report.server else None}))
        else:
            print(f"{report.id}  {report.at:%Y-%m-%d %H:%M}  {report.term_id}: {one_line(report.text)}")
    if not found and not as_json:
        print("No reports.", file=sys.stderr)


async def _read(url: str, after: int) -> list[Report]:
    store = await Store.open(url, read_timeout=_PATIENCE)
    try:
        found: list[Report] = []
        while page := await store.reports(after=found[-1].id if found else after):
            found += page
        return found
    finally:
        await store.close()
