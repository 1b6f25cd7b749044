"""A server's own terms beside the built-in ones: how they are found, and that nothing else changes."""

import tomllib
from pathlib import Path

import pytest

from bot.answering import Answering, Context
from bot.app import open_answering
from bot.core.decide import Mode, Outcome
from bot.core.glossary import Term
from bot.knowledge import data_folder
from bot.settings import load_settings

HERE = Path(__file__).parent
CHANNEL = Context(Mode.CHANNEL)


def own(id_: str, name: str, short: str = "Ours.", **fields: object) -> Term:
    return Term.model_validate({"id": id_, "name": name, "short": short, **fields})


OWN = (
    own(
        "ftl",
        "FTL",
        "The ledger in which every feature is entered before it ships.",
        full_name="Feature Tracking Ledger",
    ),
    own("rag-cleaning", "RAG", "The weekly round of cleaning rags in the workshop."),
    own("huo-ban", "伙伴计划", "与合作方共同推进的项目。", aliases=("partner programme",)),
    own("rlhf", "RLHF", "How we say it here."),
    own("nova-one", "Nova", "Our first cluster.", aliases=("cluster one",)),
    own("nova-two", "Nova Two", "Our second cluster.", shared=("the big one",)),
    own("nova-three", "Nova Three", "Our third cluster.", shared=("the big one",)),
    own(
        "blue-page",
        "Blue Page",
        "The page that tells who is on duty.",
        asked_as=("where do I see who has to answer the pager tonight",),
    ),
    own("sprint", "sprint", "Two weeks of work."),
    own("lead", "Lead", "Who decides in a team."),
    own("bug", "bug", "What is filed in the tracker."),
    own("zhou-hui", "周会", "每周一上午的例会。"),
)


@pytest.fixture(scope="module")
def base() -> Answering:
    return open_answering(load_settings(data_folder("config")))


@pytest.fixture(scope="module")
def layered(base: Answering) -> Answering:
    return base.with_own(OWN)


@pytest.mark.parametrize(
    ("question", "id_"),
    [
        ("FTL", "ftl"),
        ("what is the ftl?", "ftl"),
        ("feature traking ledger", "ftl"),
        ("伙伴计划是什么", "huo-ban"),
        ("夥伴計劃是什麼", "huo-ban"),
        ("火伴计划", "huo-ban"),
        ("partner program", "huo-ban"),
        ("RAG", "rag-cleaning"),
        ("what is rag", "rag-cleaning"),
        ("retrieval-augmented generation", "rag"),
        ("rlhf", "rlhf"),
        ("cluster one", "nova-one"),
        ("where do i see who has to answer the pager tonight", "blue-page"),
        ("what is a sprint", "sprint"),
        ("sprint", "sprint"),
        ("周会是什么", "zhou-hui"),
        ("what is quantization", "quantization"),
    ],
)
def test_asked_for_the_own_term_is_found_however_it_is_typed(layered: Answering, question: str, id_: str) -> None:
    reply = layered.reply(question, Context())
    assert (reply.outcome, reply.terms[0].id) == (Outcome.ANSWER, id_)


def test_an_own_term_replaces_the_built_in_one_of_its_id(layered: Answering, base: Answering) -> None:
    assert (
        layered.reply("reinforcement learning from human feedback", Context()).terms[0].short == "How we say it here."
    )
    assert base.reply("rlhf", Context()).terms[0].short != "How we say it here."
    assert len(layered.glossary) == len(base.glossary) + len(OWN) - 1


def test_a_name_of_two_own_terms_asks_back(layered: Answering) -> None:
    reply = layered.reply("the big one", Context())
    assert reply.outcome is Outcome.SUGGEST
    assert {t.id for t in reply.terms} == {"nova-two", "nova-three"}


def test_an_own_term_is_compared_with_a_built_in_one(layered: Answering) -> None:
    reply = layered.reply("FTL vs LoRA", Context())
    assert reply.compared
    assert [t.id for t in reply.terms] == ["ftl", "lora"]


@pytest.mark.parametrize(
    ("typed", "first"), [("ftl", "FTL"), ("nov", "Nova"), ("ra", "RAG"), ("feature tr", "Feature Tracking Ledger")]
)
def test_own_names_come_first_while_one_types(layered: Answering, typed: str, first: str) -> None:
    assert layered.search.names.complete(typed, 5)[0][0] == first


def test_own_terms_are_found_in_messages(layered: Answering) -> None:
    ids = [t.id for t in layered.terms_in("We enter it in the FTL and serve it with vLLM")]
    assert ids[:2] == ["ftl", "vllm"]


@pytest.mark.parametrize("question", ["what is the FTL?", "What does FTL mean?", "伙伴计划是什么？"])
def test_channels_hear_of_own_terms(layered: Answering, question: str) -> None:
    assert layered.reply(question, CHANNEL).outcome is Outcome.ANSWER


def test_ordinary_words_as_names_make_nobody_talkative(layered: Answering, base: Answering) -> None:
    groups = tomllib.loads((HERE / "data" / "chatter.toml").read_text("utf-8"))
    lines = [line for group in groups.values() for line in group]
    spoken = [line for line in lines if layered.reply(line, CHANNEL).outcome is Outcome.ANSWER]
    more = [
        "this sprint is going to be the end of me",
        "who is the lead on this?",
        "any news on the lead from yesterday?",
        "found a bug in prod, who can look?",
        "is the bug fixed?",
        "what about the sprint review?",
        "周会几点开？",
        "周会改到下午了",
        "is lead poisonous?",
    ]
    spoken += [line for line in more if layered.reply(line, CHANNEL).outcome is Outcome.ANSWER]
    assert [line for line in spoken if base.reply(line, CHANNEL).outcome is not Outcome.ANSWER] == []


def test_strict_channels_want_the_name_and_a_question(layered: Answering) -> None:
    strict = Context(Mode.CHANNEL, strict=True)
    for question in ("what is RLHF?", "LoRA 是什么？", "what is the difference between LoRA and QLoRA?"):
        assert layered.reply(question, strict).outcome is Outcome.ANSWER, question
    for question in ("what is reinforcment lerning", "LoRA", "what do you call it when a model makes things up?"):
        assert layered.reply(question, strict).outcome is Outcome.NONE, question


def test_built_in_answers_do_not_change(layered: Answering, base: Answering) -> None:
    unrelated = base.with_own([own("ftl", "FTL"), own("huo-ban", "伙伴计划"), own("blue-page", "Blue Page")])
    questions = tomllib.loads((HERE / "questions.toml").read_text("utf-8"))["questions"]
    for mode in Mode:
        for question in questions:
            before, after = (a.reply(question["q"], Context(mode)) for a in (base, unrelated))
            assert (after.outcome, [t.id for t in after.terms]) == (before.outcome, [t.id for t in before.terms])


def test_nothing_own_is_nothing_new(base: Answering) -> None:
    empty = base.with_own([])
    assert empty.reply("what is rlhf", Context()).terms == base.reply("what is rlhf", Context()).terms
    assert empty.search.names.complete("rl", 5) == base.search.names.complete("rl", 5)
