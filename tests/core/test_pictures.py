"""Pictures of pieces. What they look like was looked at; here stands that they hold what they should."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.core import pictures
from bot.core.pictures import draw_pieces
from bot.core.tokens import Counter
from tests.fonts import HAS_CHINESE, HAS_LATIN, are_there_where_they_must_be, has_font, needs_latin

COUNTER = Counter(Path(__file__).parents[2] / "knowledge")


def drawn(text: str, model: str = "gpt-4o") -> Image.Image:
    png = COUNTER.draw(text, model)
    assert png
    return Image.open(io.BytesIO(png)).convert("RGB")


def colours(image: Image.Image) -> set[str]:
    found = image.getcolors(1_000_000)
    assert found
    return {f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b) in found}  # pyright: ignore[reportGeneralTypeIssues]


@needs_latin
def test_neighbouring_pieces_have_different_grounds_and_one_piece_has_one() -> None:
    grounds = set(pictures._GROUNDS)
    assert len(colours(drawn("word")) & grounds) == 1
    assert len(colours(drawn("Large language models")) & grounds) == 3
    assert len(colours(drawn("one two three four five six seven")) & grounds) == 5


@needs_latin
def test_long_texts_go_on_in_the_next_line_and_short_ones_take_little_room() -> None:
    short, long = drawn("word"), drawn("word " * 200)
    assert short.width < 150
    assert long.width <= 1_000
    assert long.height > 5 * short.height


@needs_latin
def test_a_piece_longer_than_a_line_is_broken_not_cut_off() -> None:
    assert drawn(" " * 60).width <= 1_000
    assert drawn(" " * 60).height > drawn(" ").height


@needs_latin
def test_line_breaks_begin_a_line() -> None:
    assert drawn("a\nb\nc").height > drawn("a b c").height


@needs_latin
def test_what_does_not_fit_is_left_out() -> None:
    png = draw_pieces(COUNTER.pieces("a\n" * 500, "gpt-4o", limit=500))
    assert png
    assert Image.open(io.BytesIO(png)).height <= 4_000


def test_chinese_is_drawn_as_characters_or_not_at_all() -> None:
    if HAS_LATIN and HAS_CHINESE:
        assert drawn("喜").tobytes() != drawn("欢").tobytes()
    else:
        assert COUNTER.draw("喜欢", "gpt-4o") is None


def test_an_emoji_of_many_tokens_is_drawn_once_in_colour_or_not_at_all() -> None:
    if HAS_LATIN and has_font("NotoColorEmoji.ttf"):
        family = drawn("👨‍👩‍👧‍👦")
        assert family.width < 150
        assert len(colours(family)) > 100
    elif not has_font("Symbola_hint.ttf"):
        assert COUNTER.draw("👨‍👩‍👧‍👦", "gpt-4o") is None


@needs_latin
@pytest.mark.parametrize(
    "text", ["a\0b\x1b[31m", "\u202eabc\u202c", "\ud800", "Z\u0335\u0321\u0327", "\ue000 x", " ", "\n\n", "\u200b"]
)
def test_odd_characters_are_written_out(text: str) -> None:
    assert drawn(text + " and enough plain text to be drawn at all").height > 0


@needs_latin
def test_a_script_that_no_font_has_gives_no_picture() -> None:
    assert COUNTER.draw("\U00012000\U00012001\U00012002", "gpt-4o") is None


def test_without_fonts_there_is_no_picture(tmp_path: Path) -> None:
    assert draw_pieces(COUNTER.pieces("hello", "gpt-4o"), folders=(tmp_path,)) is None


def test_the_fonts_are_there_where_the_project_is_checked() -> None:
    assert are_there_where_they_must_be(), "install fonts-dejavu-core and fonts-noto-cjk"
