"""The small table of readings against pypinyin itself."""

import os

import pytest

from bot.core import pinyin, text


def test_every_chinese_character_is_read_as_pypinyin_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PYPINYIN_NO_PHRASES", "true")
    import pypinyin

    characters = [c for c in map(chr, range(0x3400, 0xFB00)) if text.has_han(c)]
    known = 0
    for character in characters:
        expected = pypinyin.pinyin(character, style=pypinyin.Style.NORMAL, heteronym=True)[0]
        assert list(dict.fromkeys(pinyin.readings(character))) == expected, character
        known += expected != [character]
    assert known > 20_000


@pytest.mark.parametrize(
    ("character", "expected"),
    [("型", ["xing"]), ("调", ["diao", "tiao"]), ("律", ["lv"]), ("x", ["x"]), ("𠮷", ["𠮷"]), ("㐃", ["㐃"])],
)
def test_readings_have_no_tones(character: str, expected: list[str]) -> None:
    assert list(dict.fromkeys(pinyin.readings(character)))[: len(expected)] == expected
