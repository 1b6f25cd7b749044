"""Text as people type it, brought to one form for comparing. Nothing here is shown to anybody."""

import re
import unicodedata
from collections.abc import Iterator

from bot.core.characters import SIMPLIFIED, TRADITIONAL

# Format characters (zero width, bidi marks, soft hyphen), controls, private use, surrogates and combining
# marks left over after NFKC (zalgo) carry no meaning in a name; variation selectors are among the marks.
_DROPPED_CATEGORIES = frozenset({"Cf", "Cc", "Co", "Cs", "Cn", "Mn", "Me"})
_ODD = re.compile(r"[^\w\s\x21-\x7e\u3001-\u301f]+")
# A word is a run of letters and digits of one script, or one Chinese character. The dot of a number,
# and + and # behind a letter, belong to it: Qwen2.5 is not Qwen25, C++ and C# are not C.
_WORD = re.compile(r"(?:[^\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|(?<=\d)\.(?=\d))+(?:\+\+|#)?|[^\W_]")
_SIMPLIFIED = str.maketrans(TRADITIONAL, SIMPLIFIED)
# Characters that both scripts have, but not in these words: 反覆, 瞭解, 藉由.
_IN_WORDS = re.compile("(?<=[反回答重])覆|瞭|藉")
_AS_SIMPLIFIED = {"覆": "复", "瞭": "了", "藉": "借"}
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def has_han(text: str) -> bool:
    """Tell whether `text` holds a Chinese character."""
    return not text.isascii() and _HAN.search(text) is not None


def count_han(text: str) -> int:
    """Count the Chinese characters in `text`."""
    return len(_HAN.findall(text))


def is_traditional(text: str) -> bool:
    """Tell whether `text` holds a character that only Traditional Chinese uses."""
    return not text.isascii() and text.translate(_SIMPLIFIED) != text


def simplified(text: str) -> str:
    """Convert Traditional characters to Simplified ones (OpenCC's `t2s`, its words as far as questions hold them)."""
    if text.isascii():
        return text
    return _IN_WORDS.sub(lambda m: _AS_SIMPLIFIED[m.group()], text.translate(_SIMPLIFIED))


def is_plain(text: str) -> bool:
    """Tell whether every character of `text` can be stored and shown (no lone surrogate, no NUL)."""
    return not any(c == "\0" or 0xD800 <= ord(c) <= 0xDFFF for c in text)


def clean(text: str) -> str:
    """Fold width, case and script variants and drop invisible characters; words and punctuation stay.

    NFKC, case folding, Traditional to Simplified; white space becomes single blanks, line breaks stay as one each.
    """
    if text.isascii():
        if text.isprintable():
            # No line breaks, and nothing to fold but the case.
            return " ".join(text.split()).lower()
        text = _ODD.sub(" ", text)
    else:
        text = _ODD.sub(_without_meaning, unicodedata.normalize("NFKC", text))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return simplified("\n".join(line for line in lines if line).casefold())


def _without_meaning(odd: re.Match[str]) -> str:
    return "".join(c for c in odd.group() if unicodedata.category(c) not in _DROPPED_CATEGORIES)


def words(cleaned: str) -> list[str]:
    """Cut a cleaned text into words: runs of letters and digits, and single Chinese characters."""
    return _WORD.findall(cleaned)


def spans(cleaned: str) -> Iterator[re.Match[str]]:
    """Yield the words of a cleaned text as matches, for those who need their places."""
    return _WORD.finditer(cleaned)


def one_line(text: str) -> str:
    """Return a text that people wrote as one line that can be printed: no line breaks, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def spaced(words: list[str]) -> str:
    """Join words as people read them: blanks between all but Chinese characters."""
    joined = ""
    for word in words:
        joined += word if not joined or (has_han(word) and has_han(joined[-1])) else f" {word}"
    return joined


def key(name: str) -> str:
    """Return the form under which two spellings of a name are the same name.

    Case, width, script, blanks, hyphens, underscores, slashes, quotes and brackets do not count, nor do dots outside
    numbers, so that "R.L.H.F.", "Lo-RA" and "nvidia_smi" meet their names, and "C++" is not "C".
    """
    return "".join(words(clean(name)))
