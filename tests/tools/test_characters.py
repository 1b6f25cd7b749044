"""The table of Traditional characters is what OpenCC's own makes of them."""

import opencc
import pytest

from bot.core import characters, text


def test_each_character_becomes_what_opencc_makes_of_it() -> None:
    every = [chr(code) for code in range(0x3400, 0xA000)]
    converted = opencc.OpenCC("t2s").convert("\n".join(every)).split("\n")
    expected = {a: b for a, b in zip(every, converted, strict=True) if a != b}
    kept = dict(zip(characters.TRADITIONAL, characters.SIMPLIFIED, strict=True))
    assert kept == expected, "OpenCC's tables have changed: run python tools/characters.py"


@pytest.mark.parametrize("word", ["反覆", "回覆", "答覆", "重覆", "瞭解", "藉由", "藉此", "覆蓋", "顛覆"])
def test_words_of_questions_become_what_opencc_makes_of_them(word: str) -> None:
    assert text.simplified(word) == opencc.OpenCC("t2s").convert(word)


@pytest.mark.parametrize(
    ("typed", "simple"),
    [
        ("強化學習", "强化学习"),
        ("向量資料庫", "向量资料库"),
        ("嵌入 embedding", "嵌入 embedding"),
        ("LLM", "LLM"),
        ("", ""),
    ],
)
def test_traditional_text_meets_simplified_names(typed: str, simple: str) -> None:
    assert text.simplified(typed) == simple
    assert text.is_traditional(typed) is (typed != simple)
