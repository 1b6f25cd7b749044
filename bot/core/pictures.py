"""The pieces of a text as a picture: one coloured box a piece, drawn with whatever fonts the machine has.

Debian's packages are looked for: fonts-dejavu-core (Latin, Greek, Cyrillic, Arabic), fonts-noto-cjk or
fonts-wqy-microhei (Chinese, Japanese, Korean), fonts-noto-color-emoji, fonts-symbola. Nothing is downloaded.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.token_pieces import Cut, Piece

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
# File names in order of preference, with the face in a collection: index 2 of Noto's is the mainland Chinese one.
_TEXT_FONTS = (
    ("DejaVuSansMono.ttf", 0),
    ("DejaVuSans.ttf", 0),
    ("NotoSansCJK-Regular.ttc", 2),
    ("wqy-microhei.ttc", 0),
    ("Symbola_hint.ttf", 0),
)
_EMOJI_FONT = "NotoColorEmoji.ttf"
_EMOJI_SIZE = 109  # the only size that its bitmaps have
_UNASSIGNED = "\U0010ffff"

_WIDTH = 1000
_MARGIN = 20
_SIZE = 28
_LINE = 46
_PAD = 3
_MAX_HEIGHT = 4000
_FEW = 0.9
_INK = "#1f2328"
_FAINT = "#57606a"
_PAPER = "#ffffff"
# Five light grounds that differ in brightness as well, for those who see colours otherwise.
_GROUNDS = ("#cfe8ff", "#ffe2b8", "#d3f2d0", "#f6d3ea", "#e6e0ff")
_LOOKS_LIKE_EMOJI = r"\p{Emoji_Presentation}|\uFE0F|\u20E3|\p{RI}"
# Signs that stand in for what cannot be seen; the letters of code points have a box of their own.
_SPACE = "·"


@dataclass
class _Fonts:
    """Fonts in order of preference, and which of them has a glyph for what."""

    text: "list[FreeTypeFont]"
    emoji: "FreeTypeFont | None"
    _chosen: "dict[str, FreeTypeFont | None]" = field(default_factory=dict)

    def choose(self, cluster: str) -> "FreeTypeFont | None":
        """Return the font for one character as people see it, or None where no font has it."""
        if cluster not in self._chosen:
            self._chosen[cluster] = self._choose(cluster)
        return self._chosen[cluster]

    def _choose(self, cluster: str) -> "FreeTypeFont | None":
        import regex

        if self.emoji and regex.search(_LOOKS_LIKE_EMOJI, cluster) and _has(self.emoji, cluster[0]):
            return self.emoji
        fonts = [*self.text, *([self.emoji] if self.emoji else [])]
        having = [font for font in fonts if _has(font, cluster[0])]
        # Best a font with every accent of the character, else one with the letter.
        return next((font for font in having if all(_has(font, c) for c in cluster[1:])), having[0] if having else None)


def _has(font: "FreeTypeFont", character: str) -> bool:
    # A font draws the same sign for everything that it lacks.
    return character.isspace() or _drawn(font, character) != _drawn(font, _UNASSIGNED)


def _drawn(font: "FreeTypeFont", character: str) -> bytes:
    from PIL import Image, ImageDraw

    stamp = Image.new("L", (2 * _EMOJI_SIZE, 2 * _EMOJI_SIZE))
    ImageDraw.Draw(stamp).text((10, 10), character, font=font, fill=255)
    return stamp.tobytes()


@lru_cache(maxsize=2)
def _fonts(folders: Sequence[Path]) -> _Fonts:
    from PIL import ImageFont, features

    paths = {path.name: path for folder in folders for path in sorted(folder.rglob("*.tt[fc]"))}
    # Without Raqm an emoji of several code points cannot be put together, nor Arabic letters joined.
    layout = ImageFont.Layout.RAQM if features.check("raqm") else ImageFont.Layout.BASIC
    text = [
        ImageFont.truetype(str(paths[name]), _SIZE, index=index, layout_engine=layout)
        for name, index in _TEXT_FONTS
        if name in paths
    ]
    emoji = paths.get(_EMOJI_FONT)
    return _Fonts(text, ImageFont.truetype(str(emoji), _EMOJI_SIZE, layout_engine=layout) if emoji else None)


@dataclass(frozen=True, slots=True)
class _Glyph:
    """One character as people see it, ready to be drawn."""

    text: str
    font: "FreeTypeFont"
    width: int
    faint: bool = False


def draw_pieces(cut: Cut, folders: Sequence[Path] = FONT_FOLDERS) -> bytes | None:
    """Draw the pieces as a PNG, at most 1,000 pixels wide; None where no font is at hand for at least 90 % of the text.

    What fits into 4,000 pixels of height is drawn; the last line says how many of the tokens that is, if not all.
    """
    from PIL import Image, ImageDraw

    fonts = _fonts(tuple(folders))
    if not fonts.text or not cut.pieces or _share_covered(cut, fonts) < _FEW:
        return None
    page = Image.new("RGB", (_WIDTH, _MAX_HEIGHT), _PAPER)
    pen = _Pen(page, ImageDraw.Draw(page), fonts)
    drawn = 0
    for number, piece in enumerate(cut.pieces):
        if pen.y + 2 * _LINE + _MARGIN > _MAX_HEIGHT:
            break
        pen.piece(piece, _GROUNDS[number % len(_GROUNDS)])
        drawn += piece.tokens
    if drawn < cut.tokens:
        pen.remark(f"… {drawn:,} / {cut.tokens:,} tokens")
    file = io.BytesIO()
    page.crop((0, 0, pen.right + _MARGIN, pen.bottom + _MARGIN)).save(file, "PNG", optimize=True)
    return file.getvalue()


def _share_covered(cut: Cut, fonts: _Fonts) -> float:
    # What is written out anyway (blanks, control characters) needs no glyph of its own.
    clusters = [c for piece in cut.pieces for c in _clusters(piece.text) if c.strip() and Piece(c).shown == c]
    return sum(fonts.choose(c) is not None for c in clusters) / len(clusters) if clusters else 1.0


def _clusters(text: str) -> Iterator[str]:
    import regex

    return (match.group() for match in regex.finditer(r"\X", text))


class _Pen:
    """Writes from left to right, line after line."""

    def __init__(self, page: "Image", draw: "ImageDraw", fonts: _Fonts) -> None:
        self._page = page
        self._draw = draw
        self._fonts = fonts
        self._x = _MARGIN
        self.y = _MARGIN
        self.right = self.bottom = _MARGIN
        """How far the page is written on."""

    def piece(self, piece: Piece, ground: str) -> None:
        """Draw one piece on its ground; it goes on in the next line where this one ends."""
        glyphs = [glyph for cluster in _clusters(piece.text) for glyph in self._glyphs(cluster)]
        if piece.tokens > 1:
            glyphs += self._written(piece.shown.removeprefix(Piece(piece.text).shown), faint=True)
        width = sum(glyph.width for glyph in glyphs)
        if self._x > _MARGIN and self._x + width + 2 * _PAD > _WIDTH - _MARGIN:
            self._break()
        run: list[_Glyph] = []
        for glyph in glyphs:
            if run and self._x + sum(g.width for g in run) + glyph.width + 2 * _PAD > _WIDTH - _MARGIN:
                self._box(run, ground)
                self._break()
                run = []
            run.append(glyph)
        self._box(run, ground)
        if "\n" in piece.text:
            self._break(piece.text.count("\n"))

    def remark(self, words: str) -> None:
        """Write a line of its own below the pieces."""
        if self._x > _MARGIN:
            self._break()
        for glyph in self._written(words, faint=True):
            self._draw_glyph(glyph)

    def _glyphs(self, cluster: str) -> Iterator[_Glyph]:
        if cluster == " ":
            yield from self._written(_SPACE, faint=True)
            return
        # A line break, a control character or one that no font has is written out, faintly.
        shown = Piece(cluster).shown
        if shown != cluster:
            yield from self._written(shown, faint=True)
        elif font := self._fonts.choose(cluster):
            yield _Glyph(cluster, font, self._width(cluster, font))
        else:
            yield from self._written("".join(f"⟨{ord(c):X}⟩" for c in cluster), faint=True)

    def _written(self, words: str, *, faint: bool) -> Iterator[_Glyph]:
        for character in words:
            font = self._fonts.choose(character) or self._fonts.text[0]
            yield _Glyph(character, font, self._width(character, font), faint)

    def _width(self, text: str, font: "FreeTypeFont") -> int:
        width = font.getlength(text)
        return max(1, round(width * _SIZE / _EMOJI_SIZE if font is self._fonts.emoji else width))

    def _box(self, glyphs: Sequence[_Glyph], ground: str) -> None:
        width = sum(glyph.width for glyph in glyphs) + 2 * _PAD
        box = (self._x, self.y + 2, self._x + width - 2, self.y + _LINE - 4)
        self._draw.rounded_rectangle(box, radius=5, fill=ground)
        self._x += _PAD - 1
        for glyph in glyphs:
            self._draw_glyph(glyph)
        self._x += _PAD + 1

    def _draw_glyph(self, glyph: _Glyph) -> None:
        if glyph.font is self._fonts.emoji:
            self._paste_emoji(glyph)
        else:
            ink = _FAINT if glyph.faint else _INK
            self._draw.text((self._x, self.y + _LINE - 15), glyph.text, font=glyph.font, fill=ink, anchor="ls")
        self._x += glyph.width
        self.right, self.bottom = max(self.right, self._x), self.y + _LINE

    def _paste_emoji(self, glyph: _Glyph) -> None:
        from PIL import Image, ImageDraw

        length = max(1, round(glyph.font.getlength(glyph.text)))
        stamp = Image.new("RGBA", (length, 128))
        ImageDraw.Draw(stamp).text((0, 0), glyph.text, font=glyph.font, embedded_color=True)
        stamp.thumbnail((glyph.width, _LINE), Image.Resampling.LANCZOS)
        self._page.paste(stamp, (self._x, self.y + (_LINE - stamp.height) // 2 - 1), stamp)

    def _break(self, lines: int = 1) -> None:
        self._x = _MARGIN
        self.y += _LINE * min(lines, 3)
