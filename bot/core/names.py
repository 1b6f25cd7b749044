"""The index of names: finds the names of terms in a text, whole, mistyped, or written as they sound."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import islice, product

import ahocorasick
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core import pinyin, text
from bot.core.glossary import Term


class How(IntEnum):
    """How a name was met; the lower, the surer."""

    EXACT = 0
    PLURAL = 1
    TYPO = 2
    SOUND = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """A name met in a text: whose it is, and which words it covers."""

    ids: tuple[str, ...]
    """The terms that carry the name; several for a shared name."""
    name: str
    """The name as the glossary writes it."""
    start: int
    end: int
    """The words from `start` up to `end`, not included."""
    how: How = How.EXACT
    distance: int = 0
    """Edits between the typed and the true name."""
    context: bool = False
    """It only tells where the topic belongs: "chunking in RAG", RAG 里的分块."""


class Words:
    """A cleaned text cut into words, with what matching needs to know about their borders."""

    __slots__ = ("blank", "ends", "joined", "list", "starts")

    def __init__(self, cleaned: str) -> None:
        self.list: list[str] = []
        self.blank: list[bool] = []
        """Whether white space (not a hyphen or nothing) stands between a word and the one before."""
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        offset = 0
        last = 0
        for match in text.spans(cleaned):
            begin, end = match.span()
            self.starts[offset] = len(self.list)
            self.blank.append(" " in cleaned[last:begin])
            self.list.append(match.group())
            offset += end - begin
            last = end
            self.ends[offset] = len(self.list)
        self.joined = "".join(self.list)


# A typed name may differ from the true one by so many edits; shorter names must be typed right. Found on the tuning
# questions: one more edit at any length brings wrong answers, one less loses typos.
# Four letters one edit away from four letters are mostly another word: Groq is not Grok. One letter too many is a slip.
_SHORTEST_TYPO = 4
_SHORTEST_TYPED = 5
_EDITS_BY_LENGTH = ((9, 1), (13, 2), (10_000, 3))
_EDITS_BY_HAN = ((4, 0), (10, 1), (10_000, 2))
# GenAI and FP16 are one word, but two parts to the eye: "gen AI", "fp 16".
_INNER_BORDER = re.compile(r"[a-z][A-Z]|[A-Za-z]\d")
_MOST_EDITS = 3
_SOLID_SPLIT = 7
_LONGEST_NAME = 80
_MOST_READINGS = 3
_MOST_SOUNDS = 16


_Pieces = dict[str, int | list[int]]
"""The names with a piece: mostly one, so that lists for all would take half as much again."""


def _add(pieces: _Pieces, piece: str, number: int) -> None:
    known = pieces.get(piece)
    if known is None:
        pieces[piece] = number
    elif isinstance(known, int):
        pieces[piece] = [known, number]
    else:
        known.append(number)


def edits_allowed(key: str) -> int:
    """Return how many edits a typed form of `key` may be away from it."""
    return _edits(len(key), chinese=_is_chinese(key))


def _is_chinese(key: str) -> bool:
    return text.count_han(key) * 2 > len(key)


def _edits(length: int, *, chinese: bool) -> int:
    if not chinese and length < _SHORTEST_TYPO:
        return 0
    return next(edits for below, edits in (_EDITS_BY_HAN if chinese else _EDITS_BY_LENGTH) if length < below)


def _pieces(key: str, edits: int) -> Iterator[tuple[int, int, str]]:
    """Cut `key` into `edits + 2` pieces, as (number, start, piece): at least one of them survives that many edits (Pass-Join, Li et al. 2011).

    One more piece than Pass-Join needs for insertions, deletions and substitutions, because a transposition across a
    border spoils two.
    """
    count = min(edits + 2, len(key))
    short, extra = divmod(len(key), count)
    start = 0
    for number in range(count):
        end = start + short + (number >= count - extra)
        yield number, start, key[start:end]
        start = end


class NameIndex:
    """All names of a set of terms, ready to be searched. Parts that only some questions need are built when needed.

    An index may lie over another one, which it neither copies nor changes: both are searched, and a name that both hold
    means the upper one's terms.
    """

    def __init__(self, terms: Iterable[Term], base: "NameIndex | None" = None) -> None:
        self._base = base
        self._names: list[str] = []
        self._keys: list[str] = []
        self._owners: list[tuple[str, ...]] = []
        self._solid: list[bool] = []
        numbers: dict[str, int] = {}
        for term in terms:
            alone = (term.id,)
            for name in term.all_names:
                cleaned = text.clean(name)
                words = text.words(cleaned)
                key = "".join(words)
                if not key or len(key) > _LONGEST_NAME:
                    continue
                number = numbers.get(key)
                if number is None:
                    numbers[key] = len(self._keys)
                    self._keys.append(key)
                    self._names.append(name)
                    self._owners.append(alone)
                    self._solid.append(len(words) == 1 and not _INNER_BORDER.search(name))
                elif term.id not in self._owners[number]:
                    self._owners[number] += alone
        self._numbers = numbers
        self._probes: dict[tuple[bool, int], dict[tuple[int, int], list[_Pieces]]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    @cached_property
    def _automaton(self) -> ahocorasick.Automaton:
        automaton = ahocorasick.Automaton()
        for number, key in enumerate(self._keys):
            automaton.add_word(key, number)
        if self._keys:
            automaton.make_automaton()
        return automaton

    def warm(self) -> None:
        """Build every part now, so that no question pays for it; first what takes most on the way."""
        self.sounding("预热")
        self.beginning("w", {})
        self.candidates(Words("x"), {})
        self.slips("warm", 1)

    def lookup(self, key: str) -> tuple[str, ...]:
        """Return the terms that carry exactly this name (see `bot.core.text.key`)."""
        number = self._numbers.get(key)
        if number is None:
            return self._base.lookup(key) if self._base else ()
        return self._owners[number]

    def exact(self, words: Words) -> list[Hit]:
        """Return the names in `words` that cover it best: the longest ones, none overlapping, in order of place."""
        if not words.joined:
            return []
        found = self.candidates(words, {})
        if self._base:
            found += self._base.candidates(words, self._numbers)
        return _best_cover(found)

    def candidates(self, words: Words, hidden: Mapping[str, int]) -> list[tuple[int, Hit]]:
        """Return every name of this index in `words` with its length, without those that are `hidden`."""
        found: list[tuple[int, Hit]] = []
        if not self._keys:
            return found
        for last, number in self._automaton.iter(words.joined):
            key = self._keys[number]
            if (len(key) == 1 and len(words.joined) > 1) or key in hidden:
                continue
            hit = self._hit(words, last + 1 - len(key), last + 1, number)
            if hit:
                found.append((len(key), hit))
        return found

    def _hit(self, words: Words, begin: int, end: int, number: int) -> Hit | None:
        first = words.starts.get(begin)
        if first is None:
            return None
        how = How.EXACT
        last = words.ends.get(end)
        if last is None and words.joined.startswith("s", end):
            last = words.ends.get(end + 1)
            how = How.PLURAL
        if last is None:
            return None
        # "no de" is not "node": a name that is one word may be typed as several only where that is no accident.
        if last - first > 1 and self._solid[number] and any(words.blank[first + 1 : last]):
            spelled = last - first > 2 and all(len(w) == 1 for w in words.list[first:last])
            if not spelled and len(self._keys[number]) < _SOLID_SPLIT:
                return None
        return Hit(self._owners[number], self._names[number], first, last, how)

    @cached_property
    def _by_piece(self) -> dict[tuple[bool, int, int], _Pieces]:
        """Names by script, length, number of the piece, and the piece."""
        index: dict[tuple[bool, int, int], _Pieces] = {}
        for number, key in enumerate(self._keys):
            chinese = _is_chinese(key)
            edits = _edits(len(key), chinese=chinese)
            if edits:
                for piece_number, _, piece in _pieces(key, edits):
                    _add(index.setdefault((chinese, len(key), piece_number), {}), piece, number)
        return index

    def near(self, key: str, limit: int = 5) -> list[tuple[int, Hit]]:
        """Return the names nearest to a mistyped `key`, as (edits, hit), nearest first; exact names are not typos.

        The hits cover no words: the caller knows what it passed.
        """
        if not (3 if text.has_han(key) else _SHORTEST_TYPED) <= len(key) <= _LONGEST_NAME:
            return []
        found = self.slips(key, limit)
        if self._base:
            found += [row for row in self._base.slips(key, limit) if text.key(row[1].name) not in self._numbers]
        # People get the first letter right: it breaks ties. Sorting keeps the upper index's names before equals.
        found.sort(key=lambda f: (f[0], text.key(f[1].name)[:1] != key[:1]))
        return found[:limit]

    def slips(self, key: str, limit: int) -> list[tuple[int, Hit]]:
        """Return what `near` does, of this index alone and in no order."""
        candidates = self._near_candidates(key)
        if not candidates:
            return []
        numbers = sorted(candidates)
        scored = process.extract(
            key,
            [self._keys[n] for n in numbers],
            scorer=OSA.distance,
            processor=None,
            score_cutoff=_MOST_EDITS,
            limit=limit * 4,
        )
        found: list[tuple[int, Hit]] = []
        for name, distance, place in scored:
            if 0 < distance <= edits_allowed(name) and text.has_han(name) <= text.has_han(key):
                number = numbers[place]
                hit = Hit(self._owners[number], self._names[number], 0, 0, How.TYPO, int(distance))
                found.append((int(distance), hit))
        return found

    def _near_candidates(self, key: str) -> set[int]:
        plan_of = (_is_chinese(key), len(key))
        plan = self._probes.get(plan_of)
        if plan is None:
            plan = self._probes[plan_of] = self._plan(*plan_of)
        known, found = self._known_pieces, set[int]()
        for (begin, end), places in plan.items():
            piece = key[begin:end]
            # Most pieces stand in no name: one look-up tells so for all the places where they might.
            if piece in known:
                for by_piece in places:
                    match by_piece.get(piece):
                        case None:
                            pass
                        case int(number):
                            found.add(number)
                        case numbers:
                            found.update(numbers)
        return found

    @cached_property
    def _known_pieces(self) -> frozenset[str]:
        return frozenset(piece for by_piece in self._by_piece.values() for piece in by_piece)

    def _plan(self, chinese: bool, length: int) -> dict[tuple[int, int], list[_Pieces]]:
        """Return where to look for each piece, by its place, of a typed key of `length`: in the names within reach."""
        plan: dict[tuple[int, int], list[_Pieces]] = {}
        for target in range(max(1, length - _MOST_EDITS), length + _MOST_EDITS + 1):
            edits = _edits(target, chinese=chinese)
            if edits < abs(length - target) or not edits:
                continue
            for number, start, piece in _pieces("x" * target, edits):
                by_piece = self._by_piece.get((chinese, target, number))
                if by_piece:
                    for begin in range(max(0, start - edits), min(length - len(piece), start + edits) + 1):
                        plan.setdefault((begin, begin + len(piece)), []).append(by_piece)
        return plan

    @cached_property
    def _by_sound(self) -> tuple["array[int]", "array[int]"]:
        """Hashes of all sounds in order, and the name of each: the sounds themselves would take more than twice the memory."""
        rows = sorted(
            (hash(sound), number)
            for number, key in enumerate(self._keys)
            if text.count_han(key) > 1
            for sound in sounds(key)
        )
        return array("q", (h for h, _ in rows)), array("I", (n for _, n in rows))

    def _sounds_like(self, sound: str) -> Iterator[int]:
        hashes, numbers = self._by_sound
        for place in range(bisect_left(hashes, hash(sound)), bisect_right(hashes, hash(sound))):
            number = numbers[place]
            if sound in sounds(self._keys[number]):
                yield number

    def sounding(self, key: str) -> list[Hit]:
        """Return the names that sound like `key` in Mandarin but are written with other characters."""
        if text.count_han(key) < 2 or len(key) > _LONGEST_NAME:
            return []
        numbers = dict.fromkeys(n for sound in sounds(key) for n in self._sounds_like(sound))
        found = [Hit(self._owners[n], self._names[n], 0, 0, How.SOUND, 1) for n in numbers if self._keys[n] != key]
        if self._base:
            found += [hit for hit in self._base.sounding(key) if text.key(hit.name) not in self._numbers]
        return found

    @cached_property
    def _suffixes(self) -> tuple["array[int]", "array[int]"]:
        """Where words begin in the keys, in the order of what follows: the numbers of the names, and the places."""
        rows: list[tuple[str, int, int]] = []
        for number, name in enumerate(self._names):
            place = 0
            for word in text.words(text.clean(name)):
                rows.append((self._keys[number][place:], number, place))
                place += len(word)
        rows.sort()
        return array("I", (r[1] for r in rows)), array("H", (r[2] for r in rows))

    def complete(self, typed: str, limit: int) -> list[tuple[str, tuple[str, ...]]]:
        """Return names for what was typed so far, best first: as (name, ids), each set of ids once.

        Names that begin with it come first, then names with a word that does, then mistyped ones.
        """
        key = text.key(typed)
        if not key:
            return []
        begun = self.beginning(key, {})
        if self._base:
            begun += self._base.beginning(key, self._numbers, order=1)
            begun.sort(key=lambda row: row[0])
        rows = [(name, ids) for _, name, ids in begun]
        if len(rows) < limit:
            rows += [(h.name, h.ids) for _, h in self.near(key, limit)]
            rows += [(h.name, h.ids) for h in self.sounding(key)]
        best: dict[tuple[str, ...], str] = {}
        for name, ids in rows:
            best.setdefault(ids, name)
            if len(best) == limit:
                break
        return [(name, ids) for ids, name in best.items()]

    def beginning(
        self, key: str, hidden: Mapping[str, int], *, order: int = 0
    ) -> list[tuple[tuple[bool, int, int, str], str, tuple[str, ...]]]:
        """Return the names of this index with a word that begins with `key`, best first, each with its rank."""
        numbers, places = self._suffixes
        keys = self._keys
        begin = bisect_left(range(len(numbers)), key, key=lambda row: keys[numbers[row]][places[row] :])
        # A prefix of one letter stands in a great many names; the first thousand are as good as all.
        found: set[int] = set()
        for number, place in zip(numbers[begin : begin + 1000], places[begin : begin + 1000], strict=True):
            if not keys[number].startswith(key, place):
                break
            if keys[number] not in hidden:
                found.add(number)
        rows = [
            (
                (not self._keys[n].startswith(key), order, len(self._keys[n]), self._keys[n]),
                self._names[n],
                self._owners[n],
            )
            for n in found
        ]
        rows.sort(key=lambda row: row[0])
        return rows


def _best_cover(found: Sequence[tuple[int, Hit]]) -> list[Hit]:
    """Choose hits that do not overlap: more words first, then more letters, then exact ones, then the leftmost."""
    if len(found) > 1:
        found = sorted(found, key=lambda f: (-f[0], f[1].how, f[1].start))
    taken: list[Hit] = []
    for _, hit in found:
        if all(hit.end <= t.start or hit.start >= t.end for t in taken):
            taken.append(hit)
    return sorted(taken, key=lambda h: h.start)


# What the ear does not tell apart in many regions of China, and input methods take as one.
_MERGED = ((re.compile(r"^([zcs])h"), r"\1"), (re.compile(r"ng$"), "n"), (re.compile(r"^l"), "n"))


@lru_cache(maxsize=8192)
def _syllables(han: str) -> tuple[str, ...]:
    """Return the merged readings of a character, the common ones first."""
    merged: list[str] = []
    for syllable in pinyin.readings(han):
        for pattern, one in _MERGED:
            syllable = pattern.sub(one, syllable)
        merged.append(syllable)
    return tuple(dict.fromkeys(merged))[:_MOST_READINGS]


def sounds(key: str) -> list[str]:
    """Return how `key` may sound: merged Pinyin without tones for Chinese characters, other characters as they are.

    Some characters have several readings (调 is diao or tiao); there are at most 16 combinations.
    """
    readings = [_syllables(c) if text.has_han(c) else (c,) for c in key]
    return [" ".join(r) for r in islice(product(*readings), _MOST_SOUNDS)]
