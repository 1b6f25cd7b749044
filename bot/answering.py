"""The use case: a question, who asks and where -> a reply."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from bot.core import languages, text
from bot.core.asking import Ask
from bot.core.decide import Candidate, Decision, Mode, Outcome, decide
from bot.core.glossary import Category, Glossary, Term
from bot.core.languages import Language
from bot.core.names import How
from bot.core.search import LONGEST_QUESTION, SIZE_TERM, Found, Search, topic_text

if TYPE_CHECKING:
    from bot.core.sizes import SizeBook, SizeReply

# Sizes carry a number or ask how big something is; the tables behind them are not opened for other questions.
_MAY_BE_SIZE = re.compile(r"\d|how (?:big|large|many)|size of|多大|多少|参数|參數|几个", re.IGNORECASE)

# Words by which a question means something in the talk around it, or somebody there.
_POINTS = re.compile(
    r"\b(?:that|this|these|those|it|its|you|your|u|ur|up|he|she|they|i|my|me|we|our|us|there|here|wrong|happening)\b"
    r"|[这那你您它我他她咱]|什么意思",
    re.IGNORECASE,
)
_MOST_NAMED = 2048
"""Replies to bare names that are kept: people pick most of them from what is suggested while they type."""
LONGEST_GAP = 80
"""Characters of a question that may be noted as missing; longer ones are messages."""
_GAP_WORDS, _GAP_HAN = 6, 16

Reason = Literal["", "empty", "too-long", "unknown"]


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, and where."""

    mode: Mode = Mode.ASKED
    language: Language | None = None
    """The language asked for; None lets the question decide."""
    fallback: Language = "en"
    """The asker's or the server's language, for questions that show none."""
    strict: bool = False
    """In channels: only terms that are named as they are written, in a message that plainly asks."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say to a question."""

    question: str
    outcome: Outcome
    language: Language
    terms: tuple[Term, ...] = ()
    """The answer (two where `compared`), or the suggestions; best first."""
    scores: tuple[float, ...] = ()
    compared: bool = False
    reason: Reason = ""
    """Why there is nothing to show."""
    nearest: tuple[Term, ...] = ()
    """Where the outcome is none: what comes closest."""
    gap: str = ""
    """Where the outcome is none: what may be noted as missing; empty where that would say more than a term."""
    size: "SizeReply | None" = None
    """The concrete size that was asked about ("how big is 8x7b"), beside the term on sizes."""


class Answering:
    """Answers from one snapshot of the knowledge; a new snapshot is a new object."""

    def __init__(
        self,
        glossary: Glossary,
        open_sizes: "Callable[[], SizeBook | None] | None" = None,
        *,
        search: Search | None = None,
        own_links: bool = False,
    ) -> None:
        """Index the glossary, or take a `search` that goes through it already."""
        self.own_links = own_links
        """Whether links in own terms may be followed."""
        self.glossary = glossary
        self.search = search or Search(glossary.terms)
        self._open_sizes = open_sizes
        self._by_name: dict[tuple[str, Language | None, Language], Reply] = {}

    def with_own(self, own: Iterable[Term], *, links: bool = False) -> "Answering":
        """Return what answers from `own` terms and from these, the own ones first; it costs as much as they do alone.

        `links` tells whether the links of the own terms may be followed.
        """
        terms = {t.id: t for t in own}
        layer = Search(terms, self.search)
        return Answering(Glossary(terms, {}).over(self.glossary), lambda: self.sizes, search=layer, own_links=links)

    @cached_property
    def sizes(self) -> "SizeBook | None":
        """The book of model sizes, opened when the first question may be about one."""
        return self._open_sizes() if self._open_sizes else None

    def reply(self, question: str, context: Context) -> Reply:
        """Answer `question`; never raises, whatever the question is."""
        asked = (question, context.language, context.fallback)
        known = self._by_name.get(asked) if context.mode is Mode.ASKED else None
        if known:
            return known
        if len(question) > LONGEST_QUESTION:
            return self._nothing(question, context, "too-long")
        found = self.search.find(question)
        if not text.words(found.cleaned) and not self.search.at_address(question):
            return self._nothing(question, context, "empty")
        decision = decide(self.search, found, context.mode)
        language = self._language(question, found, context)
        size = self._size(question, context.mode, language)
        if size:
            asked = Decision(Outcome.ANSWER, (Candidate(SIZE_TERM, 0.95),))
            return replace(self._known(question, asked, language), size=size)
        if context.strict and context.mode is Mode.CHANNEL and not _plainly_asked(found, decision):
            decision = Decision(Outcome.NONE)
        if decision.outcome is Outcome.NONE:
            nearest = self._nearest(found) if context.mode is Mode.ASKED else ()
            gap = gap_text(topic_text(found), question) if context.mode is Mode.ASKED else ""
            return Reply(question, Outcome.NONE, language, reason="unknown", nearest=nearest, gap=gap)
        reply = self._known(question, decision, language)
        if context.mode is Mode.ASKED and len(self._by_name) < _MOST_NAMED and _is_name(found):
            self._by_name[asked] = reply
        return reply

    def define(self, id_: str, language: Language) -> Reply | None:
        """Return the reply that shows one term; None if there is no such term."""
        if id_ not in self.glossary.terms:
            return None
        return self._known(id_, Decision(Outcome.ANSWER, (Candidate(id_, 1.0),)), language)

    def compare(self, first: str, second: str, language: Language) -> Reply:
        """Return the reply that shows two terms (ids) side by side."""
        both = Decision(Outcome.ANSWER, (Candidate(first, 1.0), Candidate(second, 1.0)), compared=True)
        return self._known(f"{first} {second}", both, language)

    def asks(self, question: str) -> bool:
        """Tell whether a text plainly asks what something is, or is nothing but a known name.

        What points at something ("what is that?") or at somebody asks so only where it also names a term.
        """
        found = self.search.find(question)
        if _is_name(found):
            return True
        strong = [topic for topic in found.topics if topic.part.ask >= Ask.STRONG]
        named = any(h.how <= How.PLURAL and not self.search.is_weak(h) for topic in strong for h in topic.hits)
        return bool(strong) and re.search("[?？]", question) is not None and (named or not _POINTS.search(question))

    def terms_in(self, *texts: str) -> tuple[Term, ...]:
        """Return the terms that texts name, in order of place; general ones (AI, model) and mere everyday words last.

        Names shared by several terms are left out: a message that was not meant for us cannot be asked back. Of each
        text the first 4,000 characters are read.
        """
        topics = [t for text in texts for t in self.search.find(text[:LONGEST_QUESTION]).topics]
        hits = [h for t in topics for h in t.hits if len(h.ids) == 1 and h.how <= How.PLURAL]
        weak = {h.ids[0] for h in hits if self.search.is_weak(h)}
        ids = dict.fromkeys(h.ids[0] for h in hits)
        return tuple(self.glossary.terms[i] for i in sorted(ids, key=lambda i: i in weak))

    def category(self, term: Term) -> Category | None:
        """Return the category of a term; own terms have none."""
        return self.glossary.categories.get(term.category)

    def _size(self, question: str, mode: Mode, language: Language) -> "SizeReply | None":
        """Explain the size that `question` is about; in channels only where it asks."""
        if SIZE_TERM not in self.glossary.terms or not may_be_size(question) or self.sizes is None:
            return None
        size = self.sizes.explain(question, language)
        return size if size and (size.asks or mode is Mode.ASKED) else None

    def _known(self, question: str, decision: Decision, language: Language) -> Reply:
        terms = tuple(self.glossary.terms[c.id] for c in decision.candidates)
        scores = tuple(c.score for c in decision.candidates)
        return Reply(question, decision.outcome, language, terms, scores, decision.compared)

    def _nothing(self, question: str, context: Context, reason: Reason) -> Reply:
        shown = question[:LONGEST_QUESTION]
        language = context.language or languages.of_question(shown, text.clean(shown)) or context.fallback
        return Reply(question, Outcome.NONE, language, reason=reason)

    def _language(self, question: str, found: Found, context: Context) -> Language:
        if context.language:
            return context.language
        names = [h.name for t in found.topics for h in t.hits]
        return languages.of_question(question, found.cleaned, names[0] if len(names) == 1 else "") or context.fallback

    def _nearest(self, found: Found) -> tuple[Term, ...]:
        near = [hit.ids[0] for _, hit in self.search.names.near(text.key(found.question), 2)]
        near += [d.id for d in self.search.described(found.cleaned) if d.covered > 0.2]
        return tuple(self.glossary.terms[i] for i in dict.fromkeys(near))[:3]


def _is_name(found: Found) -> bool:
    """Tell whether a question is nothing but a name, as the suggestions are that come while one is typed."""
    hits = found.topics[0].hits if len(found.topics) == 1 else ()
    return len(hits) == 1 and hits[0].how is How.EXACT and found.cleaned == text.clean(hits[0].name)


def _plainly_asked(found: Found, decision: Decision) -> bool:
    """Tell whether each term of the decision is named as it is written, where the message asks."""
    named = {i for t in found.topics if t.part.ask >= Ask.STRONG for h in t.hits if h.how <= How.PLURAL for i in h.ids}
    shown = decision.candidates[:2] if decision.compared else decision.candidates[:1]
    return decision.outcome is Outcome.ANSWER and all(c.id in named for c in shown)


@lru_cache(maxsize=4096)
def both_names(term: Term, language: Language) -> str:
    """Return the heading of a term: its name in the reader's language first, then the other one."""
    chinese = languages.traditional(term.name_zh) if language == "zh-TW" else term.name_zh
    names = (term.name, chinese) if language == "en" else (chinese, term.name)
    return " · ".join(dict.fromkeys(n for n in names if n))


def in_language(term: Term, field: Literal["short", "detail"], language: Language) -> str:
    """Return a text of a term in `language`, or in the other one where only that exists (own terms)."""
    english, chinese = (term.short, term.short_zh) if field == "short" else (term.detail, term.detail_zh)
    if language == "en":
        return english or chinese
    if not chinese:
        return english
    return languages.traditional(chinese) if language == "zh-TW" else chinese


def gap_text(topic: str, question: str) -> str:
    """Return what may be kept of a `question` about a `topic` that was not known: a term at most, or nothing.

    Whole sentences, addresses, names of accounts, and long numbers could say something of somebody.
    """
    words = text.words(topic)
    letters = sum(c.isalpha() for c in topic)
    personal = re.search(r"@|://|www\.|\d{5}|\.(?:com|org|net|io|cn)\b", question)
    long = len(topic) > LONGEST_GAP or len(words) > (_GAP_HAN if text.has_han(topic) else _GAP_WORDS)
    return "" if long or personal or letters < 2 else topic


def may_be_size(question: str) -> bool:
    """Tell whether a question might be about a model size."""
    return _MAY_BE_SIZE.search(question) is not None


def names_of(terms: Sequence[Term], language: Language) -> str:
    """Return the names of several terms as a list in a sentence."""
    return languages.say("separator", language).join(both_names(t, language) for t in terms)
