"""Finds terms by what is said about them, for questions that name no term ("when a model makes things up")."""

import math
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import accumulate

from bot.core import text
from bot.core.glossary import Term

# Words without content of their own, English only: in Chinese, pairs of characters that stand everywhere weigh
# little by their frequency.
_STOP = frozenset(
    "a an the this that these those it its it's i im me my we us our you your u ur they them their he she is are am was "
    "were be been being do does did doing has have had having can could may might must shall should will would and or "
    "but so if then than as of to in on at by for from with into onto over per via not no yes there here what whats "
    "which who whom whose why how when where just only very really too also about some any all one ones "
    "someone something thing things stuff like get gets got called call name named term word s t re ve ll d m".split()
)
_STOP_HAN = frozenset(
    "的了着过吗嘛呢呀啊吧哦么是在和与跟这那个些就都也又还很太什啥叫做怎如何为哪里我你他它们您请问一种把被让给"
)
_SUFFIX = re.compile(r"(?<=[a-z]{3})(?:ing|edly|ed|es|s|ly|er|ers|ation|ations|ion|ions|ment|ments)$")
_K1 = 1.2
_B = 0.4
_FIELD_WEIGHTS = {"names": 1.5, "asked": 1.0, "short": 0.6}
_LEAST_IDF = 0.3
"""That of a feature in three of four terms."""
_LEAST_SQUARE = 2.0
"""Squared IDF, that of a feature in one of four ways of asking."""
_MANY = 2000
"""Scores from which a heap of the best is faster than sorting all."""


@dataclass(frozen=True, slots=True)
class Described:
    """A term that fits a description: its BM25 score, and the share of the question's weight that it covers."""

    id: str
    score: float
    covered: float
    """From 0 to 1."""
    words: float
    """How many words with content the question had, two Chinese characters counted as one; few say little."""


def features(cleaned: str) -> dict[str, int]:
    """Return what a text is compared by, with counts: English stems, Chinese characters single and in pairs."""
    found: dict[str, int] = {}
    previous = ""
    for word in text.words(cleaned):
        if word.isascii() or not text.has_han(word):
            previous = ""
            if word not in _STOP:
                stem = _stem(word)
                found[stem] = found.get(stem, 0) + 1
        elif word in _STOP_HAN:
            previous = ""
        else:
            found[word] = found.get(word, 0) + 1
            if previous:
                pair = previous + word
                found[pair] = found.get(pair, 0) + 1
            previous = word
    return found


def _stem(word: str) -> str:
    stem = _SUFFIX.sub("", word)
    if len(stem) > 3 and stem[-1] == stem[-2]:
        stem = stem[:-1]
    return stem.removesuffix("e") if len(stem) > 3 else stem


def _weights(term: Term) -> dict[str, float]:
    """Return the features of what a term says of itself, each with its weight."""
    weights: dict[str, float] = {}
    fields: dict[str, Sequence[str]] = {
        "names": term.all_names,
        "asked": (*term.asked_as, *term.asked_as_zh),
        "short": (term.short, term.short_zh),
    }
    for field, texts in fields.items():
        for value in texts:
            for feature, count in features(text.clean(value)).items():
                weights[feature] = weights.get(feature, 0.0) + _FIELD_WEIGHTS[field] * count
    return weights


def _numbered(found: Iterable[str], places: dict[str, int]) -> "array[int]":
    """Return the place of each feature; new ones get the next."""
    return array("I", [places.setdefault(feature, len(places)) for feature in found])


def _counted(rows: "Iterable[array[int]]", places: int) -> list[int]:
    """Return how many rows hold each of so many places."""
    found = [0] * places
    for row in rows:
        for place in row:
            found[place] += 1
    return found


class Descriptions:
    """BM25 over what the terms say of themselves and how people ask for them (Robertson and Zaragoza 2009).

    A few terms laid over a `base` are weighed by its statistics, so that the scores of both can be compared.
    """

    def __init__(self, terms: Iterable[Term], base: "Descriptions | None" = None) -> None:
        self._base = base
        self._ids: list[str] = []
        # Where a feature lies in the arrays: numbers in dictionaries of their own would take ten times the memory.
        self._places: dict[str, int] = {}
        rows: list[tuple[array[int], array[float]]] = []
        for term in terms:
            weights = _weights(term)
            self._ids.append(term.id)
            rows.append((_numbered(weights, self._places), array("d", weights.values())))
        lengths = [sum(weights) for _, weights in rows]
        self.average: float = base.average if base else (sum(lengths) / len(lengths)) if lengths else 1.0
        count = len(rows)
        self.unknown_idf: float = base.unknown_idf if base else math.log(1 + (count + 0.5) / 0.5)
        found = _counted((places for places, _ in rows), len(self._places))
        self._idfs = array(
            "d",
            (
                base.idf(f) if base else math.log(1 + (count - found[p] + 0.5) / (found[p] + 0.5))
                for f, p in self._places.items()
            ),
        )
        # Features of nearly every term tell none from another; looking them up would cost most of the time.
        told = [n if idf >= _LEAST_IDF else 0 for n, idf in zip(found, self._idfs, strict=True)]
        self._starts = array("I", accumulate(told, initial=0))
        self._numbers, self._weights = array("I", bytes(4 * self._starts[-1])), array("d", bytes(8 * self._starts[-1]))
        free = self._starts[:-1]
        for number, (places, weights) in enumerate(rows):
            norm = _K1 * (1 - _B + _B * lengths[number] / self.average)
            for place, weight in zip(places, weights, strict=True):
                if told[place]:
                    self._numbers[free[place]] = number
                    self._weights[free[place]] = weight * (_K1 + 1) / (weight + norm)
                    free[place] += 1

    def idf(self, feature: str) -> float:
        """Return how much a feature tells terms apart."""
        place = self._places.get(feature)
        if place is None:
            return self._base.idf(feature) if self._base else self.unknown_idf
        return self._idfs[place]

    def find(self, cleaned: str, limit: int = 3) -> list[Described]:
        """Return the terms that fit best what `cleaned` says, best first."""
        found = self._find(features(cleaned), limit)
        if self._base:
            replaced = set(self._ids)
            found += [d for d in self._base.find(cleaned, limit) if d.id not in replaced]
            found.sort(key=lambda d: -d.score)
        return found[:limit]

    def _find(self, wanted: dict[str, int], limit: int) -> list[Described]:
        scores: dict[int, float] = {}
        found: list[tuple[float, int, int]] = []
        total = 0.0
        for feature in wanted:
            idf = self.idf(feature)
            total += idf
            place = self._places.get(feature)
            if place is not None:
                start, end = self._starts[place], self._starts[place + 1]
                found.append((idf, start, end))
                for number, weight in zip(self._numbers[start:end], self._weights[start:end], strict=True):
                    scores[number] = scores.get(number, 0.0) + idf * weight
        han = sum(1 for f in wanted if len(f) == 1 and text.has_han(f))
        words = sum(1 for f in wanted if not text.has_han(f)) + han / 2
        return [
            Described(
                self._ids[n], scores[n], sum(i * min(1.0, self._weight(n, *at)) for i, *at in found) / total, words
            )
            for n in _best(scores, limit)
        ]

    def _weight(self, number: int, start: int, end: int) -> float:
        place = bisect_left(self._numbers, number, start, end)
        return self._weights[place] if place < end and self._numbers[place] == number else 0.0


class Phrasings:
    """The ways in which people ask for a term without its name, each compared as a whole (cosine of IDF weights)."""

    def __init__(self, phrasings: Iterable[tuple[str, str]], base: "Phrasings | None" = None) -> None:
        """Take (id, phrase) pairs, cleaned; laid over a `base` they are weighed by its statistics."""
        self._base = base
        self._ids: list[str] = []
        self._places: dict[str, int] = {}
        rows: list[array[int]] = []
        for id_, phrase in phrasings:
            self._ids.append(id_)
            rows.append(_numbered(features(phrase), self._places))
        count = len(rows)
        self.unknown: float = base.unknown if base else math.log(1 + (count + 0.5) / 0.5) ** 2
        found = _counted(rows, len(self._places))
        self._squares = array(
            "d",
            (
                base.square(f) if base else math.log(1 + (count - found[p] + 0.5) / (found[p] + 0.5)) ** 2
                for f, p in self._places.items()
            ),
        )
        self._starts = array("I", accumulate(found, initial=0))
        self._numbers = array("I", bytes(4 * self._starts[-1]))
        free = self._starts[:-1]
        for number, places in enumerate(rows):
            for place in places:
                self._numbers[free[place]] = number
                free[place] += 1
        squares = self._squares
        self._norms = array("d", (math.sqrt(sum(squares[p] for p in places)) or 1.0 for places in rows))

    def find(self, cleaned: str, limit: int = 3) -> list[tuple[str, float]]:
        """Return the terms with the most similar phrase, as (id, similarity from 0 to 1), best first."""
        found = self._find(set(features(cleaned)), limit)
        if self._base:
            own = set(self._ids)
            found += [row for row in self._base.find(cleaned, limit) if row[0] not in own]
            found.sort(key=lambda row: -row[1])
        return found[:limit]

    def square(self, feature: str) -> float:
        """Return the squared IDF of a feature."""
        place = self._places.get(feature)
        if place is None:
            return self._base.square(feature) if self._base else self.unknown
        return self._squares[place]

    def _find(self, wanted: set[str], limit: int) -> list[tuple[str, float]]:
        products: dict[int, float] = {}
        for feature in wanted:
            place = self._places.get(feature)
            if place is not None and (square := self._squares[place]) >= _LEAST_SQUARE:
                for number in self._numbers[self._starts[place] : self._starts[place + 1]]:
                    products[number] = products.get(number, 0.0) + square
        norm = math.sqrt(sum(map(self.square, wanted))) or 1.0
        norms = self._norms
        likeness = {number: product / norms[number] for number, product in products.items()}
        best: dict[str, float] = {}
        for number in _best(likeness, limit * 4):
            best.setdefault(self._ids[number], products[number] / norm / norms[number])
        return list(best.items())[:limit]


def _best(scores: dict[int, float], limit: int) -> list[int]:
    """Return the numbers with the highest scores, best first, the earlier first among equals."""
    if len(scores) > _MANY:
        return nlargest(limit, scores, key=scores.__getitem__)
    return sorted(scores, key=scores.__getitem__, reverse=True)[:limit]
