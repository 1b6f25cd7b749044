"""The log: one JSON object a line where a machine reads it, plain lines where a person does; never a token.

Standard logging with a formatter of our own. structlog would bring in rich and pygments on import: 5 MiB and 60 ms for
what all its processors would do here, since discord.py, aiohttp and our own modules log through the standard library.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

Format = Literal["auto", "plain", "json"]

_PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
# An interaction's token stands in the address of every answer to it: whoever has it can answer in our name.
_ADDRESS_TOKEN = re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.~%-]+")
_MASK = "***"


def set_up(level: str, form: Format = "auto", *, secrets: tuple[str, ...] = (), stream: TextIO | None = None) -> None:
    """Send every logger's lines to `stream` (stderr), plain on a terminal and JSON elsewhere unless `form` says which.

    `secrets` are masked wherever they turn up, in tracebacks too: nothing should write them, and this is the last net.
    The debug output of discord.py (message contents, tokens of interactions) and aiosqlite (what is stored) is left out.
    """
    target: TextIO = stream or sys.stderr
    handler = logging.StreamHandler(target)
    plain = form == "plain" or (form == "auto" and target.isatty())
    handler.setFormatter(_Masking(logging.Formatter(_PLAIN) if plain else _Json(), secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for library in ("discord", "aiosqlite"):
        logging.getLogger(library).setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level.upper()]))
    client = logging.getLogger("discord.client")
    client.removeFilter(_in_one_line)
    client.addFilter(_in_one_line)


class _Json(logging.Formatter):
    """A line of JSON: time (UTC), level, logger, message, what was given as `extra`, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {k: v for k, v in vars(record).items() if k not in _KNOWN}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _Masking(logging.Formatter):
    """Another formatter's line without secrets, and without what cannot be encoded."""

    def __init__(self, inner: logging.Formatter, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = tuple(s for s in secrets if s)

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        line = _ADDRESS_TOKEN.sub(rf"\1{_MASK}", line)
        return line.encode("utf-8", "backslashreplace").decode()


def _in_one_line(record: logging.LogRecord) -> bool:
    """Say what broke a connection in one line: discord.py logs a traceback of eighty at every attempt."""
    if record.exc_info and record.msg.startswith("Attempting a reconnect"):
        record.msg += f" ({record.exc_info[0].__name__ if record.exc_info[0] else ''})"
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
    return True
