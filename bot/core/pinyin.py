"""The readings of Chinese characters, from pypinyin's table of characters but without its dictionaries: they take 12 MB."""

import json
import unicodedata
from array import array
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_FIRST, _LAST = 0x3400, 0xFAFF
"""The characters that `core.text` takes for Chinese lie between these."""
_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))
_UMLAUT = "u\u0308"


def readings(character: str) -> list[str]:
    """Return how a character is read, without tones and with v for ü, the common reading first; itself if unknown."""
    places, known = _table()
    code = ord(character)
    place = places[code - _FIRST] if _FIRST <= code <= _LAST else 0
    if not place:
        return [character]
    plain = unicodedata.normalize("NFD", known[place]).translate(_TONES).replace(_UMLAUT, "v")
    return unicodedata.normalize("NFC", plain).split(",")


@cache
def _table() -> tuple["array[int]", list[str]]:
    """Return for each character the place of its readings in a list, 0 for none: many characters share them."""
    spec = find_spec("pypinyin")
    assert spec
    assert spec.origin
    table: dict[str, str] = json.loads(Path(spec.origin).with_name("pinyin_dict.json").read_text("utf-8"))
    places = array("H", bytes(2 * (_LAST - _FIRST + 1)))
    known: dict[str, int] = {"": 0}
    for code, read in table.items():
        if _FIRST <= int(code) <= _LAST:
            places[int(code) - _FIRST] = known.setdefault(read, len(known))
    return places, list(known)
