"""Export: terms written as TOML or CSV that `bot.core.importing` reads back without loss."""

import csv
import datetime
import io
import json
import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bot.core.columns import NAME_LISTS, SENTENCE_LISTS, split_list
from bot.core.errors import UserError
from bot.core.glossary import ID, Source, Term
from bot.core.headwords import is_category
from bot.core.rows import FORMULA, read_sources
from bot.core.rules import file_of

_FROM_PATH = frozenset({"id", "category"})
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_LINE_WIDTH = 110


def term_toml(term: Term) -> str:
    """Return the file of one term; its id and category are told by the file's name and folder."""
    return _table(term, "", _FROM_PATH)


def toml_file(terms: Iterable[Term]) -> str:
    """Return one TOML file of many terms, a table `[id]` each.

    Raises:
        UserError: a term's id or category cannot be written, or an id stands twice.
    """
    checked = _checked(terms)
    return "\n".join(f"[{t.id}]\n{_table(t, f'{t.id}.', frozenset({'id'}))}" for t in checked)


def csv_file(terms: Iterable[Term]) -> str:
    """Return a CSV file of many terms, one a row, with a byte order mark for spreadsheets.

    Columns that no term fills are left out. A cell that a spreadsheet would run as a formula has a quote before it.

    Raises:
        UserError: as for `toml_file`.
    """
    rows = [_row(term) for term in _checked(terms)]
    columns = [f for f in Term.model_fields if f in ("id", "name") or any(row[f] for row in rows)]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([row[c] for c in columns] for row in rows)
    return "\ufeff" + buffer.getvalue()


def files_of(terms: Sequence[Term], write: Callable[[Sequence[Term]], str], limit: int) -> list[bytes]:
    """Return the files that `write` makes of terms, each of at most `limit` bytes: one, or as few halves as it takes.

    Raises:
        UserError: as for `toml_file`, or a term alone is over the limit.
    """
    data = write(terms).encode("utf-8")
    if len(data) <= limit:
        return [data]
    if len(terms) == 1:
        raise UserError(f"The term {terms[0].id} is too large for a file.", f"术语 {terms[0].id} 太大，无法写入文件。")
    middle = len(terms) // 2
    return files_of(terms[:middle], write, limit) + files_of(terms[middle:], write, limit)


def write_folder(terms: Sequence[Term], out: Path) -> None:
    """Write one TOML file a term into the folder `out`, which must be new or empty; all of them or none.

    Raises:
        UserError: no terms, ids that cannot be files, a folder that holds something, or a disk that refuses.
    """
    checked = _checked(terms)
    if not checked:
        raise UserError("There are no terms to write.", "没有可写入的词条。")
    try:
        target = out.resolve()
        _check_target(target, out)
        _write_beside(checked, target)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"{out} could not be written ({reason}): nothing was written.",
            f"无法写入 {out}（{reason}）：没有写入任何内容。",
        ) from error


def _check_target(target: Path, shown: Path) -> None:
    if target.exists() and not target.is_dir():
        raise UserError(
            f"{shown} is a file: name a new or an empty folder.", f"{shown} 是文件，请指定新的或空的文件夹。"
        )
    if target.is_dir() and any(target.iterdir()):
        raise UserError(
            f"{shown} is not empty: name a new or an empty folder.", f"{shown} 不是空文件夹，请指定新的或空的文件夹。"
        )
    if not target.parent.is_dir():
        raise UserError(
            f"The folder {shown.parent} does not exist: create it first.", f"文件夹 {shown.parent} 不存在，请先创建。"
        )


def _write_beside(terms: Sequence[Term], target: Path) -> None:
    """Write into a new folder beside `target` and give it that name: a reader sees all files or none."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    draft.mkdir()
    try:
        for term in terms:
            path = draft / file_of(term)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(term_toml(term).encode("utf-8"))
        if target.is_dir():
            draft.chmod(target.stat().st_mode)
            target.rmdir()
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _checked(terms: Iterable[Term]) -> list[Term]:
    checked: dict[str, Term] = {}
    for term in terms:
        if not ID.fullmatch(term.id) or not is_category(term.category):
            raise UserError(
                f"{term.name}: {file_of(term)!r} is no file name for a term.",
                f"{term.name}：{file_of(term)!r} 不能作为词条的文件名。",
            )
        if term.id in checked:
            raise UserError(f"The id {term.id} stands twice.", f"id“{term.id}”重复。")
        checked[term.id] = term
    return list(checked.values())


# --- TOML ------------------------------------------------------------------------------------------------------


def _table(term: Term, prefix: str, without: frozenset[str]) -> str:
    lines: list[str] = []
    for field in Term.model_fields:
        value: object = getattr(term, field)
        if field in without or field == "sources" or value == Term.model_fields[field].default:
            continue
        lines.append(f"{field} = {_value(value)}")
    for source in term.sources:
        lines += ["", f"[[{prefix}sources]]", *(f"{k} = {_value(v)}" for k, v in _filled(source).items())]
    return "\n".join(lines) + "\n"


def _filled(source: Source) -> dict[str, object]:
    """Return the fields of a source that differ from what stands where nothing is written."""
    return {f: v for f in Source.model_fields if (v := getattr(source, f)) != Source.model_fields[f].default}


def _value(value: object) -> str:
    if isinstance(value, str):
        return _long_string(value) if "\n" in value else _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, tuple):
        items = [_string(str(item)) for item in value]  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        line = f"[{', '.join(items)}]"
        return line if len(line) <= _LINE_WIDTH else "\n".join(("[", *(f"    {item}," for item in items), "]"))
    raise TypeError(f"no TOML for {type(value).__name__}")


def _string(value: str) -> str:
    return f'"{"".join(map(_escaped, value))}"'


def _long_string(value: str) -> str:
    """Return a string over several lines; the line end behind the opening quotes does not belong to it."""
    body = value.rstrip('"')
    lines = "".join(c if c in '\n\t"' else _escaped(c) for c in body).replace('"""', '""\\"')
    return f'"""\n{lines}{"".join(map(_escaped, value[len(body) :]))}"""'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character < " " or character == "\x7f":
        return f"\\u{ord(character):04x}"
    return character


# --- CSV -------------------------------------------------------------------------------------------------------


def _row(term: Term) -> dict[str, str]:
    return {field: _cell(field, getattr(term, field)) for field in Term.model_fields}


def _cell(field: str, value: object) -> str:
    if field in NAME_LISTS or field in SENTENCE_LISTS:
        items: list[str] = list(value)  # pyright: ignore[reportArgumentType,reportUnknownArgumentType,reportUnknownVariableType]
        cell = "; ".join(items)
        # The form that people write where it reads back the same, else JSON.
        exact = split_list(cell, sentences=field in SENTENCE_LISTS) == items
        cell = cell if exact or not items else json.dumps(items, ensure_ascii=False)
    elif field == "sources":
        cell = _sources_cell(value)  # pyright: ignore[reportArgumentType]
    elif isinstance(value, datetime.date):
        cell = value.isoformat()
    elif isinstance(value, bool):
        cell = "true" if value else ""
    else:
        cell = str(value or "")
    return f"'{cell}" if FORMULA.match(cell) else cell


def _sources_cell(sources: tuple[Source, ...]) -> str:
    cell = "\n".join(f"[{s.title}]({s.url})" for s in sources)
    if not sources or read_sources(cell) == sources:
        return cell
    return json.dumps([s.model_dump(mode="json", exclude_none=True) for s in sources], ensure_ascii=False)
