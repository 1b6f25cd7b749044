"""The decision: answer, suggest, or stay silent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core import asking, text
from bot.core.asking import Ask
from bot.core.names import Hit, How
from bot.core.search import SIZE_TERM, Found, Search, Topic, is_everyday


class Mode(StrEnum):
    """Whether the bot was asked, or listens in a Q&A channel."""

    ASKED = "asked"
    CHANNEL = "channel"


class Outcome(StrEnum):
    """What the bot does."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term and how sure we are of it, from 0 to 1."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome and its terms, best first. `compared`: the first two are to stand side by side."""

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How sure is sure enough for a term that is only described; found on the tuning questions (docs/evaluation.md)."""

    score: float
    """BM25 score below which a description counts for nothing: all its words were common ones."""
    covered: float
    """Share of the description's weight that the term must cover to be the answer, where a name is asked for."""
    covered_field: float
    """The same where AI is spoken of only."""
    covered_blind: float
    """The same where neither is, in asked mode; in channel mode such a message is nobody's question to us."""
    covered_agreed: float
    """The same where the term is also the one that people ask for in such words."""
    alike: float
    """Likeness to one way of asking that is enough by itself, where AI or a name is spoken of."""
    alike_special: float
    """The same where the message names a special term, which is then more likely the topic."""
    alike_agreed: float
    """Likeness that lowers the share demanded of the same term."""
    suggest: float
    """Share covered from which it is worth suggesting."""


THRESHOLDS = Thresholds(
    score=4.0,
    covered=0.36,
    covered_field=0.42,
    covered_blind=0.55,
    covered_agreed=0.28,
    alike=0.42,
    alike_special=0.7,
    alike_agreed=0.25,
    suggest=0.3,
)
_LEAD = 1.05
_ALIKE_LEAD = 1.15
_VERBATIM = 0.85
_VERBATIM_WORDS = 3
_MOST = 5
_FEWEST_NAMING = 2
_FEWEST = 3
_LONG_HAN = 6
NOTHING = Decision(Outcome.NONE)


def decide(search: Search, found: Found, mode: Mode, thresholds: Thresholds = THRESHOLDS) -> Decision:
    """Choose what to do with what was found. In channel mode only what is sure is said, and suggestions never are."""
    if mode is Mode.ASKED:
        cited = search.at_address(found.question)
        if cited:
            candidates = tuple(Candidate(i, 0.9) for i in cited[:_MOST])
            return Decision(Outcome.ANSWER if len(cited) == 1 else Outcome.SUGGEST, candidates)
    decision = _named(search, found, mode)
    # In "what do you call it when a model invents facts", "model" is no topic but part of the description.
    rest = sum(len(t.rest) for t in found.topics)
    only_part = found.naming and rest > 0
    if decision.outcome is not Outcome.ANSWER or only_part or rest >= _VERBATIM_WORDS:
        described = _described(search, found, mode, thresholds)
        if (
            described.outcome is Outcome.ANSWER
            or decision.outcome is Outcome.NONE
            or (only_part and asking.is_generic(search.terms[decision.candidates[0].id].name))
        ):
            decision = described
    if mode is Mode.CHANNEL and decision.outcome is Outcome.SUGGEST:
        return NOTHING
    return decision


def _named(search: Search, found: Found, mode: Mode) -> Decision:
    best: tuple[tuple[bool, float, int], Decision] = ((False, 0.0, 0), NOTHING)
    for topic in found.topics:
        if not topic.hits:
            continue
        decision = _topic(search, found, topic, mode)
        if decision.candidates and decision.outcome is not Outcome.NONE:
            rank = (decision.outcome is Outcome.ANSWER, decision.candidates[0].score, topic.part.ask)
            if rank > best[0]:
                best = (rank, decision)
    return best[1]


def _topic(search: Search, found: Found, topic: Topic, mode: Mode) -> Decision:
    hits = _distinct(topic.hits)
    asked = max(t.part.ask for t in found.topics)
    if (
        found.size
        and any(SIZE_TERM in h.ids for h in hits)
        and asked > Ask.STATEMENT
        and (mode is Mode.ASKED or not topic.foreign)
    ):
        return Decision(Outcome.ANSWER, (Candidate(SIZE_TERM, 0.95),))
    if topic.part.ask is Ask.COMPARE and len(hits) > 1:
        return _compared(search, found, topic, hits, mode)
    hits = _ranked(search, topic, hits)
    first = hits[0]
    sure = _sureness(search, found, topic, first, mode)
    candidates = tuple(Candidate(i, round(sure, 3)) for i in dict.fromkeys(i for h in hits for i in h.ids))[:_MOST]
    if len(first.ids) > 1:
        return Decision(Outcome.SUGGEST if sure > 0 else Outcome.NONE, candidates)
    return Decision(Outcome.ANSWER if sure >= 0.5 else Outcome.SUGGEST if sure > 0 else Outcome.NONE, candidates)


def _sureness(search: Search, found: Found, topic: Topic, hit: Hit, mode: Mode) -> float:
    """Return how sure it is that `topic` asks about `hit`: 0.5 and more answers, less suggests, 0 is silence."""
    if topic.rest and asking.is_generic(hit.name):
        # "AI" in "what is a foo in AI" tells where foo belongs.
        return 0.2 if mode is Mode.ASKED else 0.0
    everyday = is_everyday(search.terms[hit.ids[0]], hit) and not _is_spelled_out(hit.name, found.question)
    typed = {How.EXACT: 1.0, How.PLURAL: 1.0, How.TYPO: 0.9, How.SOUND: 0.85}[hit.how]
    if hit.how is How.TYPO and text.has_han(hit.name) and len(text.key(hit.name)) < _LONG_HAN:
        # One other character mostly makes another word: 半监督学习 is no typo of 无监督学习.
        return 0.4
    ask = topic.part.ask
    asked = mode is Mode.ASKED
    if asked and ask < Ask.WEAK and not topic.rest:
        ask = Ask.STRONG
    if not asked and (topic.pointing if ask is Ask.WEAK else ask < Ask.WEAK and asking.is_chatty(found.cleaned)):
        # "When do we get the new GPUs?" speaks of ours, not of what one is.
        return 0.0
    if not topic.rest:
        if ask in (Ask.STRONG, Ask.COMPARE):
            return 0.3 if everyday and topic.pointing and not found.field else typed
        if ask is Ask.BARE:
            return 0.3 if everyday and not found.field else 0.9 * typed
        if ask is Ask.WEAK:
            return 0.3 if everyday and not found.field else 0.7 * typed
        return 0.0
    if everyday and not found.field:
        return 0.2 if asked else 0.0
    if any(r.joins(hit) for r in topic.rest):
        return 0.4
    if topic.foreign:
        return 0.4 if asked else 0.0
    loose = len(topic.rest) <= (4 if asked else 3)
    if ask in (Ask.STRONG, Ask.COMPARE) and loose and hit.how <= How.PLURAL:
        return 0.6
    if ask is Ask.WEAK and loose and hit.how <= How.PLURAL:
        return 0.55
    return 0.4 if asked else 0.0


def _is_spelled_out(name: str, question: str) -> bool:
    """Tell whether a name stands in the question with its capitals: "ReAct" is not "react"."""
    return not name[1:].islower() and not name.islower() and name.isascii() and name in question


def _compared(search: Search, found: Found, topic: Topic, hits: Sequence[Hit], mode: Mode) -> Decision:
    special = [h for h in hits if not asking.is_generic(h.name)]
    pair = (special if len(special) > 1 else hits)[:2]
    everyday = [is_everyday(search.terms[h.ids[0]], h) for h in pair]
    candidates = tuple(Candidate(i, 1.0) for h in pair for i in h.ids)[:_MOST]
    if any(len(h.ids) > 1 for h in pair):
        return Decision(Outcome.SUGGEST, candidates)
    # "Do llamas differ from alpacas?" is no question to us; token and parameter belong together.
    related = len({search.terms[h.ids[0]].category for h in pair}) == 1
    if all(everyday) and not found.field and not related:
        return Decision(Outcome.SUGGEST if mode is Mode.ASKED else Outcome.NONE, candidates)
    if len(topic.rest) > 3 and mode is Mode.CHANNEL:
        return Decision(Outcome.NONE, candidates)
    return Decision(Outcome.ANSWER, candidates, compared=True)


def _asks(found: Found) -> bool:
    return any(t.part.ask >= Ask.WEAK for t in found.topics)


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    seen: dict[tuple[str, ...], Hit] = {}
    for hit in hits:
        seen.setdefault(hit.ids, hit)
    return list(seen.values())


def _ranked(search: Search, topic: Topic, hits: list[Hit]) -> list[Hit]:
    """Put the likeliest topic first.

    General names (AI, model) are mostly context for a more special one; then names that stand by themselves before
    those in a longer expression, technical names before everyday words, well-typed ones before others, the first.
    """
    return sorted(
        hits,
        key=lambda h: (
            asking.is_generic(h.name),
            h.context,
            any(r.joins(h) for r in topic.rest),
            # A Chinese compound has its head last: 测试集数据泄露 is a 泄露.
            any(h.end == other.start and text.has_han(h.name) and text.has_han(other.name) for other in hits),
            is_everyday(search.terms[h.ids[0]], h),
            h.how > How.PLURAL,
            h.start,
        ),
    )


def _described(search: Search, found: Found, mode: Mode, thresholds: Thresholds) -> Decision:
    """Judge the terms that a message describes without naming them."""
    # Likeness is worked out only where it can count: it takes longer than all the rules.
    verbatim = sum(len(t.rest) for t in found.topics) >= _VERBATIM_WORDS
    phrased = search.phrased(found.cleaned) if verbatim else []
    if phrased and phrased[0][1] >= _VERBATIM:
        said, alike = phrased[0]
        return Decision(Outcome.ANSWER, (Candidate(said, round(alike, 3)),))
    if any(t.part.ask is Ask.COMPARE for t in found.topics):
        return NOTHING
    if not found.naming and any(t.part.ask is Ask.STRONG and t.part.opens for t in found.topics):
        # "what is a foo" names what it asks about; what is not in the base is not to be guessed at.
        return NOTHING
    if mode is Mode.CHANNEL and not found.naming and asking.is_chatty(found.cleaned) and not _asks(found):
        return NOTHING
    rows = search.described(found.cleaned)
    if not rows or rows[0].words < (_FEWEST_NAMING if found.naming else _FEWEST):
        return NOTHING
    ours = found.naming or found.field
    if mode is Mode.CHANNEL and not ours:
        return NOTHING
    phrased = phrased or search.phrased(found.cleaned)
    said, alike = phrased[0] if phrased else ("", 0.0)
    next_alike = phrased[1][1] if len(phrased) > 1 else 0.0
    best = rows[0]
    special = any(not asking.is_generic(h.name) for t in found.topics for h in t.hits)
    if (
        ours
        and alike >= (thresholds.alike_special if special else thresholds.alike)
        and alike >= _ALIKE_LEAD * next_alike
    ):
        return Decision(Outcome.ANSWER, (Candidate(said, round(min(0.8, alike), 3)),))
    candidates = tuple(Candidate(r.id, round(min(0.8, r.covered), 3)) for r in rows)
    if (special and not found.naming) or best.score < thresholds.score:
        return NOTHING
    enough = (
        thresholds.covered if found.naming else thresholds.covered_field if found.field else thresholds.covered_blind
    )
    if said == best.id and alike >= thresholds.alike_agreed:
        enough = thresholds.covered_agreed if ours else thresholds.covered
    lead = best.score / rows[1].score if len(rows) > 1 else _LEAD
    if best.covered >= enough and lead >= _LEAD:
        return Decision(Outcome.ANSWER, candidates[:1])
    if best.covered >= thresholds.suggest:
        return Decision(Outcome.SUGGEST, candidates)
    return NOTHING
