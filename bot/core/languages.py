"""Languages: which one a question is in, and texts of our own in each."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from bot.core import text

Language = Literal["en", "zh", "zh-TW"]
LANGUAGES: tuple[Language, ...] = ("en", "zh", "zh-TW")


@lru_cache(maxsize=256)
def of_locale(locale: str | None) -> Language | None:
    """Return our language for a locale such as "zh-CN", "zh_TW.UTF-8" or "en-GB"; None for any other language."""
    language, *parts = re.split(r"[-_.@]", (locale or "").casefold())
    if language == "zh":
        return "zh-TW" if {"tw", "hk", "mo", "hant"}.intersection(parts) else "zh"
    return "en" if language == "en" else None


def of_question(question: str, cleaned: str, named: str = "") -> Language | None:
    """Return the language of a question; None where it shows none, such as a bare name in Latin letters.

    `cleaned` is the question as `bot.core.text.clean` gives it. `named` is the one name in it: a lone "RLHF" is neither
    English nor Chinese.
    """
    if text.has_han(question):
        return "zh-TW" if text.is_traditional(question) else "zh"
    bare = len(cleaned) < _LONGEST_NAME and "".join(text.words(cleaned)) == text.key(named)
    return None if bare or not any(c.isascii() and c.isalpha() for c in question) else "en"


_LONGEST_NAME = 150


# Key: English, Simplified Chinese. `{x}` is filled in by `say`; Traditional Chinese is converted.
_MESSAGES: Mapping[str, tuple[str, str]] = {
    "sources": ("Sources", "来源"),
    "no-source": ("no source given", "未注明来源"),
    "related": ("Related", "相关"),
    "checked": ("checked {date}", "{date} 查证"),
    "as-of": ("as of {date}", "截至 {date}"),
    "kind-paper": ("paper", "论文"),
    "kind-docs": ("documentation", "文档"),
    "kind-code": ("code", "代码"),
    "kind-book": ("book", "书"),
    "kind-article": ("article", "文章"),
    "did-you-mean": ("I am not sure which one you mean:", "不确定你问的是哪一个："),
    "unknown": ("I don't know this one.", "这个我还不知道。"),
    "nearest": ("Nearest in my glossary: {names}.", "词库里最接近的有：{names}。"),
    "unknown-hint": (
        "Check the spelling, or ask with fewer words: just the term.",
        "请检查一下写法，或者只输入术语本身。",
    ),
    "too-long": (
        "This question is too long ({characters} characters; at most {limit}). Ask with the term alone.",
        "问题太长（{characters} 个字符，最多 {limit} 个）。请只输入术语本身。",
    ),
    "empty": ("Ask me about an AI term, for example: what is RLHF", "想问哪个 AI 术语？例如：RLHF 是什么"),
    "own-term": ("this server's own term", "本服务器自定义的术语"),
    "separator": (", ", "、"),
}


def say(key: str, language: Language, **values: object) -> str:
    """Return one of our own texts in `language`, its placeholders filled in."""
    english, chinese = _MESSAGES[key]
    if language == "en":
        return english.format(**values)
    filled = chinese.format(**values)
    return traditional(filled) if language == "zh-TW" else filled


def traditional(simplified: str) -> str:
    """Convert a Simplified Chinese text for readers of Traditional Chinese; the tables are loaded on first use."""
    from bot.core.traditional import to_traditional

    return to_traditional(simplified)
