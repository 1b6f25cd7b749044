"""`aiterms evaluate`: how many questions of a file are answered rightly."""

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from bot.answering import Answering, Context
from bot.core.decide import Mode
from bot.core.evaluation import COLUMNS, Judged, Question, questions_from, summarise
from bot.plain import json_line


def read_questions(file: Path) -> list[Question]:
    """Read a TOML file of [[questions]].

    Raises:
        ValueError: it cannot be read; one line a fault.
    """
    try:
        return list(questions_from(tomllib.loads(file.read_bytes().decode("utf-8"))))
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg'][0].lower()}{e['msg'][1:]}" for e in error.errors())
        raise ValueError("\n".join(f"{file}: {line}" for line in lines)) from None
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def evaluate(questions: Sequence[Question], answering: Answering, mode: Mode, *, errors: int, as_json: bool) -> None:
    """Ask every question; print a table of how many are answered rightly, or JSON, and some mistakes to stderr."""
    judged: list[Judged] = []
    for question in questions:
        reply = answering.reply(question.text, Context(mode))
        judged.append(Judged(question, reply.outcome, tuple(t.id for t in reply.terms)))
    table = summarise(judged)
    if as_json:
        print(json_line(table))
    else:
        width = max(map(len, table))
        print(" ".join(["kind".ljust(width), *(c.rjust(7) for c in COLUMNS)]))
        for kind, row in table.items():
            cells = [_cell(row.get(c)) for c in COLUMNS]
            print(" ".join([kind.ljust(width), *(c.rjust(7) for c in cells)]))
    for row in [j for j in judged if j.mistaken][:errors]:
        found = f"{row.outcome.value} {list(row.ids[:3])}"
        print(
            f"{row.question.kind}: {row.question.text!r} expected {list(row.question.expect)}, {found}", file=sys.stderr
        )


def _cell(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{100 * value:.1f}"
