import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.core import text
from bot.core.glossary import Term
from bot.core.names import How, NameIndex, Words, edits_allowed, sounds

TERMS = [
    Term(id="rl", name="Reinforcement learning", name_zh="强化学习", aliases=("RL",), short="x"),
    Term(id="lora", name="LoRA", name_zh="低秩适配", short="x"),
    Term(id="node", name="Node", short="x"),
    Term(id="transformer", name="Transformer", short="x"),
    Term(id="jupyterlab", name="JupyterLab", short="x"),
    Term(id="inference", name="Inference", name_zh="模型推理", shared=("推理",), short="x"),
    Term(id="reasoning", name="Reasoning", shared=("推理",), short="x"),
    Term(id="gqa", name="Grouped-query attention", aliases=("GQA",), short="x"),
    Term(id="self-attention", name="Self-attention", aliases=("attention",), short="x"),
    Term(id="context-window", name="Context window", name_zh="上下文窗口", short="x"),
    Term(id="r", name="R", short="x"),
]
INDEX = NameIndex(TERMS)


def found(question: str) -> list[tuple[tuple[str, ...], How]]:
    return [(h.ids, h.how) for h in INDEX.exact(Words(text.clean(question)))]


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("what is reinforcement learning", [("rl",)]),
        ("reinforcement-learning vs lora", [("rl",), ("lora",)]),
        ("什么是强化学习", [("rl",)]),
        ("強化學習", [("rl",)]),
        ("LoRA怎么用", [("lora",)]),
        ("lora微调", [("lora",)]),
        ("floral loran", []),
        ("many transformers", [("transformer",)]),
        ("jupyter lab", [("jupyterlab",)]),
        ("there is no de facto", []),
        ("G Q A", [("gqa",)]),
        ("推理", [("inference", "reasoning")]),
        ("模型推理", [("inference",)]),
        ("grouped query attention", [("gqa",)]),
        ("attention", [("self-attention",)]),
        ("R", [("r",)]),
        ("R is nice", []),
        ("", []),
        ("🤖", []),
    ],
)
def test_whole_names_are_found(question: str, ids: list[tuple[str, ...]]) -> None:
    assert [i for i, _ in found(question)] == ids


@pytest.mark.parametrize(
    ("typed", "id_"),
    [
        ("reinforcment learning", "rl"),
        ("re-enforcement learning", "rl"),
        ("tranformer", "transformer"),
        ("trasnformer", "transformer"),
        ("jupiterlab", "jupyterlab"),
        ("group querry attention", "gqa"),
        ("上下文窗囗", "context-window"),
    ],
)
def test_mistyped_names_are_found(typed: str, id_: str) -> None:
    nearest = INDEX.near(text.key(typed), 1)
    assert nearest[0][1].ids == (id_,)
    assert nearest[0][1].how is How.TYPO


@pytest.mark.parametrize("typed", ["lor", "loro1", "transit", "x", "强化", "", "a" * 500])
def test_what_is_too_far_off_is_no_typo(typed: str) -> None:
    assert INDEX.near(text.key(typed), 1) == []


@pytest.mark.parametrize(("typed", "id_"), [("强化学系", "rl"), ("墙画学习", "rl"), ("上下文床口", "context-window")])
def test_homophones_are_found(typed: str, id_: str) -> None:
    assert [h.ids for h in INDEX.sounding(text.key(typed))] == [(id_,)]


def test_sound_merges_what_the_ear_merges() -> None:
    assert set(sounds("知识")) & set(sounds("资斯"))
    assert not set(sounds("训练")) & set(sounds("推理"))


def test_characters_with_several_readings_sound_like_each() -> None:
    assert set(sounds("微调")) & set(sounds("微条"))
    assert len(sounds("调" * 30)) <= 16


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("rein", "rl"),
        ("learn", "rl"),
        ("lor", "lora"),
        ("强", "rl"),
        ("窗口", "context-window"),
        ("tranfsormer", "transformer"),
        ("推理", "inference"),
    ],
)
def test_completion_ranks_the_wanted_name_first(typed: str, first: str) -> None:
    assert first in INDEX.complete(typed, 25)[0][1]


def test_completion_of_nothing_is_nothing() -> None:
    assert INDEX.complete("", 25) == []
    assert INDEX.complete("🤖", 25) == []
    assert len(INDEX.complete("r", 2)) == 2


names = st.text(st.sampled_from("abcdefgh"), min_size=4, max_size=18)


@given(st.sets(names, min_size=1, max_size=40), names)
def test_the_index_finds_what_a_full_scan_finds(known: set[str], typed: str) -> None:
    index = NameIndex(Term(id=f"t{n}", name=name, short="x") for n, name in enumerate(sorted(known)))
    # The index may overlook a name whose every edit is a transposition across one of its borders; distances in
    # insertions, deletions and substitutions it must not.
    from rapidfuzz.distance import Levenshtein

    must = {n for n in known if 0 < Levenshtein.distance(n, typed) <= edits_allowed(n)}
    may = {n for n in known if 0 < OSA.distance(n, typed) <= edits_allowed(n)}
    got = {h.name for _, h in index.near(typed, 100)}
    if len(typed) == 4:
        # Four letters are mostly another word, so that they are never taken for a slip.
        assert not got
    else:
        assert must <= got <= may


@given(st.text(max_size=60))
def test_no_text_breaks_the_index(value: str) -> None:
    words = Words(text.clean(value))
    for hit in INDEX.exact(words):
        assert 0 <= hit.start < hit.end <= len(words.list)
    INDEX.near(text.key(value))
    INDEX.sounding(text.key(value))
    INDEX.complete(value, 5)
