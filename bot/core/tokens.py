"""Counts the tokens of a text: exactly where the vocabulary is at hand, and saying so where it is not.

Everything here runs in the worker process (bot/ops/workers.py): arguments and results are small and can be pickled.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.core import pictures, token_cost, token_pieces
from bot.core.errors import UserError
from bot.core.files import Decoded, File, decode
from bot.core.token_models import Basis, Both, Content, Model, Models, Vocabulary, load
from bot.core.token_vocabularies import Encoder, Vocabularies, clean

MAX_CHARACTERS = 200_000
MAX_MODELS = 25
_BASE = "o200k_base"

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_HAN_LETTER = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# For counting words in ASCII: letters and digits become "a", white space a blank, the rest nothing.
_LETTERS = bytes(97 if chr(c).isalnum() else 32 for c in range(128)) + bytes(128)
_NEITHER = bytes(c for c in range(128) if not chr(c).isalnum() and not chr(c).isspace())
# Measured on pieces of 1,500 characters: 99 % of English prose holds under 3.3 % of these signs, 95 % of Python over 4 %.
_SIGNS = rb"{}[]()<>=_*+#/\|&%$@;"
_CODE_FROM = 0.04
# The control tokens of most families, as far as one form tells.
_CONTROL = re.compile(r"<\|[a-zA-Z0-9_]{1,40}\|>|<｜[^｜>\s]{1,40}｜>|\[/?INST\]")
_PROSE_FROM_WORDS = 20
# English prose is a quarter to a half such words; other languages in Latin letters share few of them.
_EVERYDAY = re.compile(
    r"\b(?:the|of|and|to|a|in|is|that|for|it|on|with|as|are|be|this|was|by|or|you|not|from|have|at)\b", re.IGNORECASE
)
_EVERYDAY_FROM = 0.12
_SAMPLE = 5_000
_FOREIGN_FROM = 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """How many tokens a text has for one model."""

    model: str
    """Id in the table, or the name as it was typed."""
    name: str
    known: bool
    """Whether the table holds the model; if not, its family or an estimate counts."""
    nearest: tuple[str, ...]
    """For a name that nothing knows: the models that look most like it."""
    vocabulary: str
    """What was counted with: a vocabulary's name."""
    basis: Basis
    note: Both
    """Why the figure is assumed or estimated; empty where it is exact."""
    tokens: int
    low: int
    """For an estimate: 5th percentile; else `tokens`."""
    high: int
    """For an estimate: 95th percentile; else `tokens`."""
    context: int | None
    """Tokens that question and answer may have together."""
    input: int | None
    """Tokens that the question alone may have, where that is less."""
    output: int | None
    """Tokens that one answer may have; 0 for a model that gives none."""
    source: str
    """Where the last three come from."""
    cost: token_cost.Cost | None

    @property
    def share(self) -> float | None:
        """Part of the context window that the text takes; above 1 it does not fit."""
        return self.tokens / self.context if self.context else None

    @property
    def left(self) -> int | None:
        """Tokens that the context window leaves for the answer, before the output cap."""
        return max(0, self.context - self.tokens) if self.context else None

    @property
    def answer(self) -> int | None:
        """Tokens that the answer can have: what is left, or the output cap where that is less."""
        limits = [limit for limit in (self.left, self.output) if limit is not None]
        return min(limits) if limits else None

    @property
    def fits(self) -> bool | None:
        """Whether the model takes the text at all; None where no limit is known."""
        limit = self.input or self.context
        return self.tokens <= limit if limit else None


@dataclass(frozen=True, slots=True)
class Report:
    """A counted text."""

    characters: int
    """Unicode code points."""
    han: int
    """Chinese characters among them."""
    words: int
    """Words as a word processor counts them; a Chinese character is one."""
    content: Content
    """What the text mostly is, of what factors were measured on."""
    is_english: bool
    """Whether its words are mostly English ones, judged by its beginning."""
    is_foreign: bool
    """Whether it is mostly in letters on which no factor was measured: neither Latin nor Chinese."""
    has_controls: bool
    """Whether the text holds something like <|endoftext|>, which counts as ordinary text."""
    encoding: str
    """How the file was read; empty without one."""
    encoding_assumed: bool
    """Whether that was guessed from its bytes."""
    rows: tuple[Row, ...]
    checked: datetime.date
    """The day on which context windows and output caps were read."""
    at: datetime.datetime
    """The moment for which the prices hold."""

    def per_character(self, row: Row) -> float:
        """Return tokens per character: what Chinese readers count by."""
        return row.tokens / self.characters

    def per_word(self, row: Row) -> float | None:
        """Return tokens per word; None for a text without words."""
        return row.tokens / self.words if self.words else None

    @property
    def is_english_prose(self) -> bool:
        """Whether "100 tokens are about 75 words" says anything about this text."""
        return self.content == "english" and self.is_english and not self.han and self.words >= _PROSE_FROM_WORDS


@lru_cache(maxsize=2)
def _models(knowledge: Path, edition: int) -> Models:
    _ = edition
    return load(knowledge / "tokens.toml")


@lru_cache(maxsize=2)
def _vocabularies(knowledge: Path) -> Vocabularies:
    return Vocabularies(knowledge / "tiktoken")


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts with what lies in a `knowledge` folder. It can be pickled; a process opens each vocabulary once."""

    knowledge: Path
    edition: int = 0
    """Grows when the table of models has changed, so that a process that has read it reads it again."""

    def count(
        self, written: str, models: Sequence[str] = (), *, at: datetime.datetime, file: File | None = None
    ) -> Report:
        """Count the tokens of a text, a file or both together, for `models` by name or one model of each family.

        `at` is the moment for which prices are shown. Raises UserError for an empty or too long text, a file that is
        not text, and if a vocabulary is missing or damaged.
        """
        written, decoded = _together(written, file)
        if len(models) > MAX_MODELS:
            raise UserError(f"Name at most {MAX_MODELS} models at once.", f"一次最多比较 {MAX_MODELS} 个模型。")
        table, vocabularies = _models(self.knowledge, self.edition), _vocabularies(self.knowledge)
        asked: dict[str, tuple[Model, tuple[str, ...]]] = {}
        for name in models:
            model = table.resolve(name)
            # Two names of one model are one row.
            asked.setdefault(model.id, (model, _nearest(table, name)))
        counting = _Counting(written, vocabularies)
        rows = [counting.row(*one, at) for one in asked.values() or ((model, ()) for model in table.default)]
        return Report(
            characters=len(written),
            han=counting.han,
            words=counting.words,
            content=max(counting.content, key=lambda kind: counting.content[kind]),
            is_english=_is_english(written[:_SAMPLE]),
            is_foreign=_is_foreign(written[:_SAMPLE]),
            rows=tuple(rows),
            has_controls=_CONTROL.search(written) is not None,
            encoding=decoded.encoding if decoded else "",
            encoding_assumed=decoded.assumed if decoded else False,
            checked=table.checked,
            at=at,
        )

    def pieces(self, written: str, model: str, limit: int = 500, *, file: File | None = None) -> token_pieces.Cut:
        """Cut a text where the model's tokens end, at most `limit` pieces, no character torn apart.

        Raises UserError where the model's vocabulary is not at hand: an estimate has no boundaries.
        """
        written, _ = _together(written, file)
        table, vocabularies = _models(self.knowledge, self.edition), _vocabularies(self.knowledge)
        found = table.resolve(model)
        encoder = _encoder(found.vocabulary, vocabularies, len(written))
        if encoder is None:
            raise UserError(
                f"The vocabulary of {found.name} is not at hand, so nobody can say where its tokens end. "
                "Pick a model whose count is exact, such as GPT-4o or DeepSeek-V3.",
                f"没有 {found.name} 的词表，所以说不出它的 token 边界在哪里。请换一个能精确计数的模型，例如 GPT-4o 或 "
                "DeepSeek-V3。",
            )
        return token_pieces.cut(encoder, written, limit)

    def draw(self, written: str, model: str, limit: int = 500, *, file: File | None = None) -> bytes | None:
        """Draw the pieces as a PNG; None where no font is at hand for the text. Raises as `pieces` does."""
        return pictures.draw_pieces(self.pieces(written, model, limit, file=file))


def as_json(report: Report) -> dict[str, object]:
    """Return the object that `aiterms tokens --json` prints."""
    counts = [
        {"model": row.model, "tokens": row.tokens, "basis": row.basis, "vocabulary": row.vocabulary}
        for row in report.rows
    ]
    return {"characters": report.characters, "words": report.words, "counts": counts}


def check_length(characters: int) -> None:
    """Raise UserError if a text of so many characters is too long to count, or empty."""
    if characters == 0:
        raise UserError("There is no text to count.", "没有可以计数的文字。")
    if characters > MAX_CHARACTERS:
        raise UserError(
            f"The text has {characters:,} characters; at most {MAX_CHARACTERS:,} can be counted at once. "
            "Cut it into parts.",
            f"这段文字有 {characters:,} 个字符，一次最多能数 {MAX_CHARACTERS:,} 个，请分段发送。",
        )


def _together(written: str, file: File | None) -> tuple[str, Decoded | None]:
    """Return the text to count: what was written, then what the file holds; and how the file was read."""
    decoded = decode(file) if file else None
    if decoded:
        written = f"{written}\n\n{decoded.text}" if written else decoded.text
    check_length(len(written))
    return clean(written), decoded


def _nearest(table: Models, name: str) -> tuple[str, ...]:
    if table.find(name):
        return ()
    return tuple(model.name for model in table.nearest(name, 3))


def _encoder(vocabulary: Vocabulary, vocabularies: Vocabularies, characters: int) -> Encoder | None:
    if vocabulary.tokenizer is None or characters > (vocabulary.limit or MAX_CHARACTERS):
        return None
    return vocabularies.get(vocabulary.tokenizer)


def _measured(written: str) -> tuple[int, int, Mapping[Content, float]]:
    """Return the Chinese characters, the words, and how much is Chinese and how much English prose or code.

    A word is what a word processor counts: a Chinese character, or else a run without white space that holds a letter
    or digit. The shares make 1. All three take a small part of the time that counting takes.
    """
    han, rest = 0, written
    if not written.isascii() and _HAN.search(written):
        rest, found = _HAN.subn(" ", written)
        han = len(written) - len(rest) + found
    data = rest.encode()
    if rest.isascii():
        words = (b" " + data.translate(_LETTERS, _NEITHER)).count(b" a")
    else:
        runs = rest.split()
        words = len(runs) - sum(1 for run in runs if not run[0].isalnum() and not any(map(str.isalnum, run)))
    signs = len(data) - len(data.translate(None, _SIGNS))
    visible = len(written) - sum(map(written.count, " \n\t\r")) or 1
    shares: dict[Content, float] = {"english": 0.0, "chinese": han / visible, "code": 0.0}
    other: Content = "code" if signs / visible >= _CODE_FROM else "english"
    shares[other] = 1 - shares["chinese"]
    return han, han + words, shares


def _is_english(sample: str) -> bool:
    words = len(sample.split())
    return words > 0 and len(_EVERYDAY.findall(sample)) >= _EVERYDAY_FROM * words


def _is_foreign(sample: str) -> bool:
    if sample.isascii():
        return False
    letters = [c for c in sample if c.isalpha()]
    # Beyond Latin with its accents; Chinese characters are counted apart.
    foreign = sum(c > "\u024f" for c in letters) - len(_HAN_LETTER.findall(sample))
    return foreign > _FOREIGN_FROM * max(1, len(letters))


class _Counting:
    """One text being counted; a vocabulary that several models share counts it once."""

    def __init__(self, written: str, vocabularies: Vocabularies) -> None:
        self._written = written
        self._vocabularies = vocabularies
        self._counts: dict[str, int] = {}
        self.han, self.words, self.content = _measured(written)

    def row(self, model: Model, nearest: tuple[str, ...], at: datetime.datetime) -> Row:
        tokens, low, high, basis, note = self._tokens(model)
        title = model.vocabulary.title if basis != "estimate" else _BASE
        return Row(
            model=model.id,
            name=model.name,
            known=model.known,
            nearest=nearest,
            vocabulary=title,
            basis=basis,
            note=note,
            tokens=tokens,
            low=low,
            high=high,
            context=model.context,
            input=model.input,
            output=model.output,
            source=model.source,
            cost=token_cost.cost(model.price, tokens, at) if model.price else None,
        )

    def _tokens(self, model: Model) -> tuple[int, int, int, Basis, Both]:
        vocabulary = model.vocabulary
        encoder = _encoder(vocabulary, self._vocabularies, len(self._written))
        if encoder is not None:
            if vocabulary.id not in self._counts:
                self._counts[vocabulary.id] = len(encoder.encode(self._written))
            tokens = self._counts[vocabulary.id]
            return tokens, tokens, tokens, model.basis, model.note
        base = self._base()
        tokens, low, high = (max(1, round(base * ratio)) for ratio in self._ratios(vocabulary))
        return tokens, low, high, "estimate", self._why(model)

    def _base(self) -> int:
        if _BASE not in self._counts:
            encoder = self._vocabularies.get(_BASE)
            assert encoder, "OpenAI's vocabularies are always there, or an error says so"
            self._counts[_BASE] = len(encoder.encode(self._written))
        return self._counts[_BASE]

    def _ratios(self, vocabulary: Vocabulary) -> Iterator[float]:
        """Yield the ratios (median, low, high) for what the text is made of.

        Tokens, not characters, are what the ratios multiply; the shares of characters are close enough for them.
        """
        for rank in range(3):
            yield sum(share * vocabulary.ratios[kind][rank] for kind, share in self.content.items())

    def _why(self, model: Model) -> Both:
        vocabulary = model.vocabulary
        if vocabulary.tokenizer is None:
            return model.note
        if len(self._written) > (vocabulary.limit or MAX_CHARACTERS):
            return Both(
                f"The vocabulary {vocabulary.title} is counted exactly up to {vocabulary.limit:,} characters; this text "
                "is longer, so o200k_base times a measured factor stands in for it.",
                f"{vocabulary.title} 词表只对 {vocabulary.limit:,} 个字符以内的文字精确计数；这段更长，"
                "所以按 o200k_base 的数量乘以实测系数估算。",
            )
        return Both(
            f"The vocabulary {vocabulary.title} is not installed here (splintr-rs), so o200k_base times a measured "
            "factor stands in for it.",
            f"这里没有安装 {vocabulary.title} 词表（splintr-rs），所以按 o200k_base 的数量乘以实测系数估算。",
        )
