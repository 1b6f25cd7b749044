"""Where tokens end, shown without ever tearing a character apart.

A token may hold only some of a character's bytes: then the tokens of that character make one piece, which says how
many they are. The rule holds for what people take for one character, accents and emoji joined by ZWJ included.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.core.token_vocabularies import Encoder

SEPARATOR = "│"
_MORE = f"{SEPARATOR}…"
# A heap of accents (zalgo) is cut nevertheless after so many code points, so that a piece stays small.
_MAX_CLUSTER = 32
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that belong together, and the tokens that make them."""

    text: str
    tokens: int = 1

    @property
    def shown(self) -> str:
        """The text with everything made visible that would not be seen or would turn the line round.

        A small figure says how many tokens it has where that is more than one.
        """
        return "".join(map(_visible, self.text)) + (str(self.tokens).translate(_SUBSCRIPT) if self.tokens > 1 else "")


@dataclass(frozen=True, slots=True)
class Cut:
    """The first pieces of a text."""

    pieces: tuple[Piece, ...]
    tokens: int
    """Tokens of the whole text."""
    shown: int
    """Tokens in `pieces`."""

    @property
    def text(self) -> str:
        """The pieces in one text with `│` between them; code and lists keep their lines."""
        return SEPARATOR.join(map(_with_lines, self.pieces))

    def text_within(self, characters: int) -> str:
        """Return as many whole pieces of `text` as fit into so many characters, with `…` where some are left out."""
        text = ""
        for number, piece in enumerate(self.pieces):
            longer = f"{text}{SEPARATOR}{_with_lines(piece)}" if number else _with_lines(piece)
            is_last = number + 1 == len(self.pieces) and self.shown == self.tokens
            if len(longer) + (0 if is_last else len(_MORE)) > characters:
                return text + _MORE
            text = longer
        return text if self.shown == self.tokens else text + _MORE


def _with_lines(piece: Piece) -> str:
    return piece.shown + "\n" * piece.text.count("\n")


def cut(encoder: Encoder, text: str, limit: int) -> Cut:
    """Cut `text` (without lone surrogates) at the ends of its tokens; at most `limit` pieces."""
    ids = encoder.encode(text)
    read = encoder.as_read(text)
    data = read.encode()
    # Vocabularies of the SentencePiece kind put a blank before every text.
    reached = 1 - sum(len(encoder.token_bytes(id_)) for id_ in encoder.encode("a"))
    ends = _character_ends(read)
    end = next(ends, None)
    pieces: list[Piece] = []
    done = waiting = shown = 0
    for id_ in ids:
        if len(pieces) == limit:
            break
        reached += len(encoder.token_bytes(id_))
        waiting += 1
        while end is not None and end < reached:
            end = next(ends, None)
        if end == reached:
            pieces.append(Piece(data[done:reached].decode(), waiting))
            done, shown, waiting = reached, shown + waiting, 0
    return Cut(tuple(pieces), len(ids), shown)


def _character_ends(text: str) -> Iterator[int]:
    """Yield where characters end, in bytes of UTF-8."""
    # Loaded where it is used: in the worker, not in the process that talks to Discord.
    import regex

    size = 0
    for match in regex.finditer(r"\X", text):
        cluster = match.group()
        edges = [*range(0, len(cluster), _MAX_CLUSTER), len(cluster)]
        for start, stop in pairwise(edges):
            size += len(cluster[start:stop].encode())
            yield size


def _joins(code: int) -> bool:
    return code in {0x200C, 0x200D} or 0xE0020 <= code <= 0xE007F


def _visible(character: str) -> str:
    if character == "\n":
        return "⏎"
    if character == "\t":
        return "⇥"
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    # Joiners and the letters of a flag belong to the character they stand in; other format characters (bidi controls,
    # zero-width blanks), private use and unassigned ones would be invisible or turn the line round.
    if unicodedata.category(character) in {"Cf", "Co", "Cn", "Zl", "Zp", "Cc"} and not _joins(code):
        return f"⟨{code:X}⟩"
    return character
