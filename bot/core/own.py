"""What a term of one's own must keep, beyond the shape of `Term`: told to its owner in both languages."""

import unicodedata
from collections.abc import Iterator
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.core import text
from bot.core.drafts import excerpt
from bot.core.drafts import source as address
from bot.core.glossary import Term

ALIAS_LIMIT = 100
QUESTION_LIMIT = 300
LIST_LIMIT = 50
"""Most entries of one list: aliases, questions, relations, sources."""

Objection = tuple[str, str]
"""What is wrong and what to do, in English and Chinese."""

_NAMES = ("name", "name_zh", "full_name", "aliases", "aliases_zh", "shared")
_QUESTIONS = ("asked_as", "asked_as_zh")
_TEXTS = frozenset({"short", "short_zh", "detail", "detail_zh"})


def faults_of(term: Term) -> list[Objection]:
    """Return what keeps a term from being one's own; nothing if it may be stored.

    Control characters and lone surrogates are refused, since they cannot be shown; all other text is the owner's and
    stays as it is. Relations are not judged: only a whole glossary can.
    """
    return _unfit(term) or _bad_names(term)


def _unfit(term: Term) -> list[Objection]:
    found: list[Objection] = []
    for field, values in _strings(term):
        if not all(is_clean(value, in_line=field not in _TEXTS) for value in values):
            found.append((f"{field}: holds a control character: remove it", f"{field}：含有控制字符，请删除"))
        limit = QUESTION_LIMIT if field in _QUESTIONS else ALIAS_LIMIT if field in _NAMES[3:] else None
        if limit and any(len(value) > limit for value in values):
            found.append(
                (f"{field}: too long: at most {limit} characters each", f"{field}：太长，每个最多 {limit} 个字符")
            )
        # A source has two strings.
        if len(term.sources if field == "sources" else values) > LIST_LIMIT:
            found.append((f"{field}: too many: at most {LIST_LIMIT}", f"{field}：太多，最多 {LIST_LIMIT} 个"))
    for source in term.sources:
        if address(source.title, source.url) is None:
            said = excerpt(source.url)
            found.append(
                (
                    f"sources: {said} is no address: write one that begins with https:// or http://",
                    f"sources：{said} 不是网址，请填写以 https:// 或 http:// 开头的地址",
                )
            )
    if not term.short and not term.short_zh:
        found.append(("no definition: write a sentence or two", "没有解释：请写一两句话"))
    return found


def _strings(term: Term) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the strings of each field that holds any."""
    for field in Term.model_fields:
        value: object = getattr(term, field)
        if field == "sources":
            yield field, tuple(s for source in term.sources for s in (source.title, source.url))
        elif isinstance(value, str):
            yield field, (value,)
        elif isinstance(value, tuple):
            yield field, cast("tuple[str, ...]", value)


def is_clean(value: str, *, in_line: bool) -> bool:
    """Tell whether a text holds no control character and no lone surrogate; line ends and tabs count `in_line`."""
    allowed = "" if in_line else "\n\t"
    return all(c.isprintable() or c in allowed or unicodedata.category(c) not in ("Cc", "Cs") for c in value)


def _bad_names(term: Term) -> list[Objection]:
    found: list[Objection] = []
    seen: dict[str, str] = {}
    for field in _NAMES:
        value: str | tuple[str, ...] = getattr(term, field)
        for name in (value,) if isinstance(value, str) else value:
            key = text.key(name)
            if not name and field in ("name_zh", "full_name"):
                continue
            if not key:
                found.append((f"{field}: {name!r} has no letter or digit", f"{field}：“{name}”里没有文字或数字"))
            # A term that is not translated has its name in both fields.
            elif key in seen and not (field == "name_zh" and key == text.key(term.name)):
                found.append(
                    (
                        f"{name!r} is the same name as {seen[key]!r}: keep one",
                        f"“{name}”与“{seen[key]}”是同一个名称，请保留一个",
                    )
                )
            seen.setdefault(key, name)
    return found


def objections(error: ValidationError) -> list[Objection]:
    """Return the faults that the model itself found, in words."""
    return [_in_words(detail) for detail in error.errors(include_url=False)]


def _in_words(detail: ErrorDetails) -> Objection:
    field = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in detail["loc"]).lstrip(".")
    field = excerpt(field)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{field}: unknown key: remove it", f"{field}：未知的键，请删除"
    if kind == "missing":
        return f"{field}: missing: add it", f"{field}：缺少，请补上"
    if kind == "string_too_long":
        most = context.get("max_length")
        return f"{field}: too long: at most {most} characters", f"{field}：太长，最多 {most} 个字符"
    if kind == "string_too_short":
        return f"{field}: empty: fill it in", f"{field}：是空的，请填写"
    if kind == "string_type":
        return f"{field}: not a text: put it into quotes", f"{field}：应为文字，请加引号"
    if kind.startswith("date"):
        return f"{field}: not a date: write it as 2026-01-31", f"{field}：不是日期，请写成 2026-01-31"
    message = detail["msg"].removeprefix("Value error, ")
    english = f"{field}: {message[:1].lower()}{message[1:]}"
    if kind == "literal_error":
        expected = str(context.get("expected", "")).replace(", ", "、").replace(" or ", " 或 ")
        return english, f"{field}：只能是 {expected}"
    return english, f"{field}：{_KINDS.get(kind, '值的类型或格式不对，请更正')}"


_KINDS = {
    "tuple_type": "应为列表，请用方括号括起来",
    "list_type": "应为列表，请用方括号括起来",
    "model_type": "应为带键的条目",
    "model_attributes_type": "应为带键的条目",
    "value_error": "应为 true、false 或名称列表",
}
