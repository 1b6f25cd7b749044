"""Search: from a question as typed to the names it holds, the words around them, and terms that fit its description."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz.distance import OSA

from bot.core import asking, text
from bot.core.asking import Ask, Part
from bot.core.describing import Described, Descriptions, Phrasings
from bot.core.glossary import Term
from bot.core.names import Hit, NameIndex, Words, edits_allowed

LONGEST_QUESTION = 4000
"""Characters; Discord's longest message. Longer ones are not searched."""
# Words of Taiwan that our texts, written for the mainland, would say otherwise; characters are converted before.
_MAINLAND = {
    "杂讯": "噪声",
    "资料": "数据",
    "程式": "程序",
    "网路": "网络",
    "影像": "图像",
    "影片": "视频",
    "资讯": "信息",
    "萤幕": "屏幕",
    "记忆体": "内存",
    "显示卡": "显卡",
    "使用者": "用户",
    "智慧": "智能",
    "软体": "软件",
    "硬体": "硬件",
    "演算法": "算法",
    "伺服器": "服务器",
    "字元": "字符",
}
_TAIWAN = re.compile("|".join(_MAINLAND))
# Things of other fields that are spelled like names of ours.
_OTHER_THINGS = frozenset(
    "data mining|image segmentation|openapi|open api|opengl|opencl|openssl|opencv|lorawan|loran|transform|transformed|transistor"
    "|formation|generation|regulation|organization|authentication|immunization|equalization|visualization|virtualization"
    "|initialization|localization|serialization|internationalization|quarantine|embedder|attenuation|interference".split(
        "|"
    )
)
_PLACE_BEFORE = frozenset({"in", "within", "inside", "for", "during", "from"})
_PLACE_AFTER = frozenset({"里", "中", "内"})
_LONGEST_BARE = 8
_SHORTEST = 4
_ORDINARY_WORDS = 1
_ORDINARY_HAN = 2
SIZE_TERM = "model-size"
"""The term that explains 7B, 175B and 8x7B."""

_SIZE = re.compile(
    r"\d{1,5}(?:\.\d+)?b|\d{1,3}x\d{1,4}(?:\.\d+)?b|\d{1,5}b-?a\d{1,4}(?:\.\d+)?b|a\d{1,4}(?:\.\d+)?b|e\d{1,2}b|\d{1,3}\.\d{1,2}t"
)
_SIZE_QUESTION = re.compile(
    r"\bhow (?:big|large|many (?:param|billion)|much (?:v?ram|memory|param))|\bsizes?\b|\bparam(?:eter)?s?\b|\bbillions?\b|\bb (?:mean|stand)"
    r"|\b\d[\w.]*b\b[^.?!]{0,40}\b(?:mean|stand)|多大|多少.{0,3}(?:参数|亿|显存|内存)|参数|代表|(?:这个|那个|里的|后面的|的) ?b\b|\bb(?:代表|是|指|到底)|什么概念"
)
_ADDRESS = re.compile(r"<?((?i:https?)://[^\s<>]{4,300})>?")
_ANY_ADDRESS = re.compile(r"<?(?i:https?)://[^\s<>\u3000-\u9fff\uff00-\uffef]*>?")
_PAIR = re.compile(r"(?=([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff].))", re.DOTALL)
_ENGLISH = re.compile(r"[a-z]{4,}")
# Words that point at one particular thing: "what is the temperature" asks for a reading, not for a meaning.
_POINTING = re.compile(
    r"\b(?:the|this|that|these|those|my|your|our|his|her|their|today'?s?|current|new)\b|多少|几个|我的|你的|我们|咱们|你们|什么时候|昨天|今天|现在|当前"
)


@dataclass(frozen=True, slots=True)
class Rest:
    """Content that belongs to no name: an English word, or a run of Chinese without its filler."""

    text: str
    start: int
    end: int
    open_start: bool
    open_end: bool
    """Whether it reaches to that end of its place, so that a name beside it is part of a longer expression."""

    def joins(self, hit: Hit) -> bool:
        """Tell whether it stands directly beside `hit`: "batch normalization" is no kind of "batch"."""
        beside = (self.end == hit.start and self.open_end) or (self.start == hit.end and self.open_start)
        # Between Chinese and English runs the border of a word: in 欧盟 AI Act, 欧盟 is an attribute.
        return beside and text.has_han(self.text) == text.has_han(hit.name)


@dataclass(frozen=True, slots=True)
class Topic:
    """One part of a message and what it speaks of."""

    part: Part
    hits: tuple[Hit, ...]
    """The names in it, in order of place."""
    rest: tuple[Rest, ...]
    foreign: bool
    """There is content that our texts never mention: the name may be meant in another sense."""
    pointing: bool
    """It speaks of one particular thing (the, my, how many) and uses no word of defining."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that a question gave."""

    question: str
    cleaned: str
    topics: tuple[Topic, ...]
    field: bool
    """It speaks of AI besides the names found."""
    size: bool
    """It asks about a model size."""
    naming: bool
    """It describes something in order to learn its name."""


class Search:
    """Searches a glossary; or a few terms together with a glossary that is searched already, which is left as it is."""

    def __init__(self, terms: Mapping[str, Term], base: "Search | None" = None) -> None:
        self._own = terms
        self._base = base
        self.terms: Mapping[str, Term] = {**base.terms, **terms} if base else terms
        self.names = NameIndex(terms.values(), base.names if base else None)
        # Deciding and saying what comes nearest both ask, one right after the other.
        self._last_described: tuple[str, list[Described]] = ("", [])

    @cached_property
    def descriptions(self) -> Descriptions:
        """The index for questions that name no term, built on first use."""
        return Descriptions(self._own.values(), self._base.descriptions if self._base else None)

    @cached_property
    def _known_words(self) -> frozenset[str]:
        """English words that our own texts use: whoever types one did not misspell another."""
        texts = (v for t in self._own.values() for v in (*t.all_names, t.short, t.detail, *t.asked_as))
        return frozenset(w for v in texts for w in _ENGLISH.findall(v.casefold()))

    @cached_property
    def _known_pairs(self) -> "array[int]":
        """Pairs of Chinese characters that our own texts use, as sorted numbers: there are too many to be kept as texts."""
        texts = (v for t in self._own.values() for v in (*t.all_names, t.short_zh, t.detail_zh, *t.asked_as_zh))
        return array("Q", sorted(map(_packed, {pair for v in texts for pair in _PAIR.findall(v)})))

    def knows_word(self, word: str) -> bool:
        """Tell whether our texts use an English word."""
        return word in self._known_words or (self._base is not None and self._base.knows_word(word))

    def knows_pair(self, pair: str) -> bool:
        """Tell whether our texts use a pair of Chinese characters."""
        number, known = _packed(pair), self._known_pairs
        place = bisect_left(known, number)
        if place < len(known) and known[place] == number:
            return True
        return self._base is not None and self._base.knows_pair(pair)

    def _is_ours(self, content: str) -> bool:
        """Tell whether our texts speak of such a thing; numbers and single characters say nothing either way."""
        if text.has_han(content):
            return all(self.knows_pair(content[i : i + 2]) for i in range(len(content) - 1))
        return len(content) < _SHORTEST or not content.isalpha() or not content.isascii() or self.knows_word(content)

    @cached_property
    def phrasings(self) -> Phrasings:
        """The ways in which people ask without a name, built on first use."""
        return Phrasings(
            ((t.id, _as_said(text.clean(p))) for t in self._own.values() for p in (*t.asked_as, *t.asked_as_zh)),
            self._base.phrasings if self._base else None,
        )

    def phrased(self, cleaned: str) -> list[tuple[str, float]]:
        """Return the terms that people ask for in words most like these, with the likeness from 0 to 1."""
        return self.phrasings.find(_as_said(cleaned))

    def warm(self) -> None:
        """Build all that is otherwise built on first use; what takes most on the way first, so that the rest fills it."""
        self.names.sounding("预热")
        self._is_ours("预热")
        self._is_ours("warm")
        self.names.warm()
        self.described("warm")
        self.phrased("warm")

    def described(self, cleaned: str) -> list[Described]:
        """Return the terms that a question without names describes best."""
        last = self._last_described
        if cleaned != last[0]:
            # Read once and written whole: long messages are answered from threads.
            self._last_described = last = cleaned, self.descriptions.find(_as_said(cleaned))
        return last[1]

    @cached_property
    def _addresses(self) -> dict[str, dict[str, bool]]:
        """Terms by the addresses that they cite, and whether each cites it first."""
        addresses: dict[str, dict[str, bool]] = {}
        for term in self._own.values():
            for number, source in enumerate(term.sources):
                addresses.setdefault(_bare_address(source.url), {})[term.id] = number == 0
        return addresses

    def at_address(self, question: str) -> tuple[str, ...]:
        """Return the terms that a lone address stands for: by name, or those that cite it; () for any other question."""
        found = _ADDRESS.fullmatch(question.strip())
        if not found:
            return ()
        address = _bare_address(found.group(1))
        named = self.names.lookup(text.key(address))
        if named:
            return named
        citing = self.citing(address)
        first = tuple(i for i, leads in citing.items() if leads)
        return first if len(first) == 1 else tuple(citing)

    def citing(self, address: str) -> dict[str, bool]:
        """Return the terms that cite an address, and whether each does so first."""
        return self._addresses.get(address) or (self._base.citing(address) if self._base else {})

    def is_weak(self, hit: Hit) -> bool:
        """Tell whether a name says little by itself: an everyday word, or a general one (AI, model)."""
        return is_everyday(self.terms[hit.ids[0]], hit) or asking.is_generic(hit.name)

    def find(self, question: str) -> Found:
        """Find the names in `question` and what else it says; an over-long question gives nothing."""
        if len(question) > LONGEST_QUESTION:
            return Found(question, "", (), field=False, size=False, naming=False)
        # What stands in an address says nothing of what is asked; one alone is looked up by `at_address`.
        cleaned = text.clean(_ANY_ADDRESS.sub(" ", question))
        parts = asking.read(cleaned)
        asked = any(p.ask >= Ask.STRONG for p in parts)
        topics = [self._topic(part, referred=asked) for part in parts]
        if len(topics) > 1:
            topics = _refer_back(topics)
        sized = any(SIZE_TERM in h.ids for t in topics for h in t.hits) and bool(_SIZE_QUESTION.search(cleaned))
        return Found(
            question,
            cleaned,
            tuple(topics),
            field=asking.names_the_field(cleaned),
            size=sized,
            naming=any(t.rest or not t.hits for t in topics) and asking.wants_name(cleaned),
        )

    def _topic(self, part: Part, *, referred: bool) -> Topic:
        words = Words(part.focus)
        hits = self.names.exact(words)
        if SIZE_TERM in self.terms:
            hits = _with_sizes(words, hits)
        rest = _rest(words, hits)
        if rest and "的" in part.focus:
            words, hits, rest = self._without_de(part.focus, words, hits, rest)
        # A lone 提示次 is 提示词 misspelt, though 提示 and filler would cover it.
        loose = part.ask is Ask.BARE and sum(h.end - h.start for h in hits) < len(words.list) <= _LONGEST_BARE
        # A statement is searched for slips only where a question may refer to it ("reinforcment lerning, explain plz").
        told = part.ask is Ask.STATEMENT and (not referred or len(words.list) > _LONGEST_BARE)
        if not told and (rest or loose or not hits):
            whole = self._whole(part.focus, hits)
            if whole:
                hits, rest = [replace(whole, start=0, end=len(words.list))], []
            elif rest:
                hits, rest = self._mistyped(words, hits, rest)
        if part.wants_verb and hits:
            rest = [replace(r, open_start=False) if r.start == hits[-1].end else r for r in rest]
        if len(hits) > 1:
            hits = [replace(h, context=_is_context(words, h)) for h in hits]
        foreign = bool(rest) and not all(self._is_ours(r.text) for r in rest)
        pointing = not part.defining and _POINTING.search(part.focus) is not None
        return Topic(part, tuple(hits), tuple(rest), foreign, pointing)

    def _without_de(
        self, focus: str, words: Words, hits: list[Hit], rest: list[Rest]
    ) -> tuple[Words, list[Hit], list[Rest]]:
        """Read the focus without 的, where that makes more of it a name (OpenAI 的分词器网页)."""
        shorter = Words(focus.replace("的", ""))
        found = self.names.exact(shorter)
        left = _rest(shorter, found)
        return (shorter, found, left) if len(left) < len(rest) and len(found) <= len(hits) else (words, hits, rest)

    def _whole(self, focus: str, hits: list[Hit]) -> Hit | None:
        """Return the name that the whole focus is a misspelling of, filler at its ends left out."""
        tried = {text.key(h.name) for h in hits}
        for field in (False, True):
            typed = _trim(focus, field=field)
            key = "".join(typed)
            if not key or key in tried:
                continue
            tried.add(key)
            sounding = self.names.sounding(key)
            if sounding:
                return sounding[0]
            near = self._near(typed)
            if near:
                return near
        return None

    def _near(self, typed: list[str]) -> Hit | None:
        """Return the name that the words are a misspelling of; short words in it must be right: SFT is no typo of GPT."""
        near = self.names.near("".join(typed), 3)
        if not near:
            return None
        if " ".join(typed) in _OTHER_THINGS:
            return None
        known = all(map(self.knows_word, typed))
        if known and len(typed) == 1:
            return None
        for _, hit in near:
            name = text.words(text.clean(hit.name))
            if known and len(name) != len(typed):
                # "token ring" is two words, not a slip of "tokenizing".
                continue
            if len(name) != len(typed) or all(
                a == b or text.has_han(b) or _is_slip(a, b) for a, b in zip(typed, name, strict=True)
            ):
                return hit
        return None

    def _mistyped(self, words: Words, hits: list[Hit], rest: list[Rest]) -> tuple[list[Hit], list[Rest]]:
        """Look for misspelt names among the words that belong to no name."""
        for start, end in _runs(words, hits):
            near = self._near(words.list[start:end])
            if near:
                hits = sorted([*hits, replace(near, start=start, end=end)], key=lambda h: h.start)
                rest = _rest(words, hits)
        return hits, rest


def _as_said(cleaned: str) -> str:
    """Return a message as descriptions are compared: without general words, Taiwan's words as the mainland's."""
    return _TAIWAN.sub(lambda m: _MAINLAND[m.group()], asking.without_general(cleaned))


def _is_slip(typed: str, word: str) -> bool:
    """Tell whether `typed` may stand for `word` inside a name; short words must be right, filler may be replaced."""
    if asking.is_filler(typed) and asking.is_filler(word):
        return True
    distance = OSA.distance(typed, word)
    return distance <= (2 if asking.is_filler(word) else max(1, edits_allowed(word)) if len(word) >= _SHORTEST else 0)


def _is_context(words: Words, hit: Hit) -> bool:
    """Tell whether words around a name say that it is the place of the topic: "in X", "X 里"."""
    before = words.list[hit.start - 1] if hit.start else ""
    after = words.list[hit.end] if hit.end < len(words.list) else ""
    return before in _PLACE_BEFORE or after in _PLACE_AFTER


def _bare_address(url: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", url.casefold()).split("#")[0].rstrip("/")


def _refer_back(topics: list[Topic]) -> list[Topic]:
    """Let a question without a name of its own ("what is it?", 这个怎么理解) ask about the name before it."""
    linked: list[Topic] = []
    for topic in topics:
        lacking = 2 if topic.part.ask is Ask.COMPARE else 1
        before = next((t for t in reversed(linked) if t.hits), None)
        if (
            before
            and topic.part.ask >= Ask.STRONG
            and len(topic.hits) < lacking
            and (topic.part.refers or not topic.rest)
        ):
            topic = replace(topic, hits=before.hits, rest=before.rest if lacking > 1 else ())
        linked.append(topic)
    return linked


def _with_sizes(words: Words, hits: list[Hit]) -> list[Hit]:
    """Add the model sizes that no name covers ("0.5B", "235B-A22B")."""
    if words.joined.isalpha():
        return hits
    covered = {i for h in hits for i in range(h.start, h.end)}
    sizes = [
        Hit((SIZE_TERM,), word, i, i + 1)
        for i, word in enumerate(words.list)
        if i not in covered and word[-1] in "bt" and _SIZE.fullmatch(word)
    ]
    return sorted([*hits, *sizes], key=lambda h: h.start) if sizes else hits


def _rest(words: Words, hits: list[Hit]) -> list[Rest]:
    """Return the content outside the hits."""
    covered = {i for h in hits for i in range(h.start, h.end)}
    rest: list[Rest] = []
    run_start: int | None = None
    for i in range(len(words.list) + 1):
        free = i < len(words.list) and i not in covered
        if free and text.has_han(words.list[i]):
            if run_start is None:
                run_start = i
            continue
        if run_start is not None:
            run = "".join(words.list[run_start:i])
            content = asking.without_filler(run)
            if content:
                filler_first, filler_last = asking.borders_filler(run)
                rest.append(Rest(content, run_start, i, not filler_first, not filler_last))
            run_start = None
        if free and not asking.is_filler(words.list[i]):
            rest.append(Rest(words.list[i], i, i + 1, open_start=True, open_end=True))
    return rest


def _trim(focus: str, *, field: bool) -> list[str]:
    """Return the words of `focus` without the filler at its ends, or with the field's own words left there."""
    if text.has_han(focus):
        focus = asking.trim_filler(focus) if field else asking.trim_frame(focus)
    words = text.words(focus)
    start, end = 0, len(words)
    while start < end and asking.is_filler(words[start], field=field):
        start += 1
    while end > start and asking.is_filler(words[end - 1], field=field):
        end -= 1
    return words[start:end]


def _runs(words: Words, hits: list[Hit]) -> Iterator[tuple[int, int]]:
    """Yield the runs of uncovered English words with content, as (start, end)."""
    covered = {i for h in hits for i in range(h.start, h.end)}
    start: int | None = None
    for i in range(len(words.list) + 1):
        inside = (
            i < len(words.list)
            and i not in covered
            and not text.has_han(words.list[i])
            and not asking.is_filler(words.list[i])
        )
        if inside and start is None:
            start = i
        elif not inside and start is not None:
            yield start, i
            start = None


def topic_text(found: Found) -> str:
    """Return the words that a question asks about, without the words of asking."""
    asked = max(found.topics, key=lambda t: t.part.ask, default=None)
    if asked is None:
        return ""
    return text.spaced(_trim(asked.part.focus, field=False))


def is_everyday(term: Term, hit: Hit) -> bool:
    """Tell whether `hit` is an ordinary word too: one of the names marked so, or a short name of a marked term."""
    if isinstance(term.everyday, tuple):
        return text.key(hit.name) in map(text.key, term.everyday)
    if not term.everyday:
        return not term.category and _looks_ordinary(hit.name)
    han = text.count_han(hit.name)
    return han <= _ORDINARY_HAN if han else hit.end - hit.start <= _ORDINARY_WORDS


def _looks_ordinary(name: str) -> bool:
    """Tell whether a name of an own term may be a word of everybody's language: nobody has marked those.

    "sprint", "Lead" and 周会 may be; "FTL", "v2" and "feature ledger" are not taken for such.
    """
    if text.has_han(name):
        return len(text.key(name)) <= _ORDINARY_HAN
    return name.isalpha() and (name.islower() or name.istitle())


def _packed(pair: str) -> int:
    """Return two characters as one number; a code point has 21 bits."""
    return ord(pair[0]) << 21 | ord(pair[1])
