"""From a question to a reply, on the built-in knowledge: outcome, term, language."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.answering import Answering, Context
from bot.core.decide import Mode, Outcome
from bot.core.glossary import Glossary, Term
from bot.core.search import LONGEST_QUESTION
from bot.knowledge import data_folder, load
from bot.plain import reply_text


@pytest.fixture(scope="module")
def answering() -> Answering:
    return Answering(load(data_folder("knowledge")))


ANSWERED_EVERYWHERE = {
    "RLHF": "rlhf",
    "R.L.H.F.": "rlhf",
    "what is rag?": "rag",
    "wtf is quantization": "quantization",
    "can some1 explain lora pls": "lora",
    "chain of thougth meaning": "chain-of-thought",
    "self attention, how does it work": "self-attention",
    "My prof kept saying overfitting in the lecture. What is that?": "overfitting",
    "什么是思维链": "chain-of-thought",
    "思维炼是什么": "chain-of-thought",
    "请问各位大佬，知识蒸馏到底是什么东西啊": "knowledge-distillation",
    "昨天开会老板一直在讲 RAG，这个到底怎么理解": "rag",
    "什麼是向量資料庫": "vector-database",
    "KV cache 是干嘛的": "kv-cache",
    "175B 是什么意思": "model-size",
    "how big is an 8x7b model": "model-size",
    "what is a 0.6B model": "model-size",
    "how do you call it when an AI invents sources that do not exist": "hallucination",
}
ASKED_BACK = {
    "推理": {"inference", "reasoning-model"},
    "ANN": {"ann-search", "neural-network"},
    "蒸馏": {"knowledge-distillation", "dataset-distillation", "data-distillation"},
}
COMPARED = {
    "LoRA vs QLoRA": ("lora", "qlora"),
    "difference between top-p and top-k": ("top-p", "top-k"),
    "知识蒸馏和数据集蒸馏有什么区别": ("knowledge-distillation", "dataset-distillation"),
    "fp16 or bf16, whats the diff": ("fp16", "bf16"),
    "RAG 和微调怎么选": ("rag", "fine-tuning"),
}
# Nobody asked us, or about something that the base does not hold: never a term as the answer, in either mode.
NOT_ANSWERED = [
    "good morning everyone",
    "my step-down transformer hums, what should I do",
    "wheel alignment cost near me",
    "what is the temperature in Berlin today",
    "今天温度多少",
    "推理小说哪本好看",
    "how to train my dog",
    "define photosynthesis",
    "what is a nematode",
    "KPI是什么意思",
    "什么是区块链",
    "what is quantum annealing",
    "token ring network topology",
    "what is LoRaWAN",
    "what is OpenCL",
    "what is Groq",
    "what is GPRS",
    "what is SGML",
    "what is transformer oil",
    "what is data mining",
    "what is OpenAPI",
    "I passed my exam with attention to detail",
    "白酒蒸馏工艺流程",
]
SILENT_IN_CHANNELS = [
    "token",
    "温度",
    "agent",
    "I finally fixed my agent",
    "lora run finished, thanks",
    "推理",
    "ok",
    "👍",
]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("question", ANSWERED_EVERYWHERE)
def test_answered_when_asked_and_in_channels(answering: Answering, question: str, mode: Mode) -> None:
    reply = answering.reply(question, Context(mode))
    assert reply.outcome is Outcome.ANSWER, [t.id for t in reply.terms]
    assert reply.terms[0].id == ANSWERED_EVERYWHERE[question]


@pytest.mark.parametrize("question", ASKED_BACK)
def test_shared_names_ask_back(answering: Answering, question: str) -> None:
    reply = answering.reply(question, Context())
    assert reply.outcome is Outcome.SUGGEST
    assert {t.id for t in reply.terms} >= ASKED_BACK[question]
    assert reply_text(reply).count("\n") == len(reply.terms)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("question", COMPARED)
def test_two_terms_are_compared(answering: Answering, question: str, mode: Mode) -> None:
    reply = answering.reply(question, Context(mode))
    assert reply.compared
    assert tuple(t.id for t in reply.terms[:2]) == COMPARED[question]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("question", NOT_ANSWERED)
def test_what_is_not_ours_is_not_answered(answering: Answering, question: str, mode: Mode) -> None:
    assert answering.reply(question, Context(mode)).outcome is not Outcome.ANSWER


@pytest.mark.parametrize("question", SILENT_IN_CHANNELS)
def test_channels_stay_quiet_without_a_question(answering: Answering, question: str) -> None:
    reply = answering.reply(question, Context(Mode.CHANNEL))
    assert reply.outcome is Outcome.NONE
    assert reply.terms == ()


@pytest.mark.parametrize(
    ("question", "fallback", "language"),
    [
        ("what is rag", "zh", "en"),
        ("RAG 是什么", "en", "zh"),
        ("RAG 是什麼", "en", "zh-TW"),
        ("RAG", "zh", "zh"),
        ("RAG", "zh-TW", "zh-TW"),
        ("rlhf???", "en", "en"),
        ("強化學習", "en", "zh-TW"),
        ("强化学习", "en", "zh"),
    ],
)
def test_the_language_is_that_of_the_question_then_that_of_the_asker(
    answering: Answering, question: str, fallback: str, language: str
) -> None:
    reply = answering.reply(question, Context(fallback=fallback))  # pyright: ignore[reportArgumentType]
    assert reply.language == language


def test_traditional_readers_get_traditional_characters(answering: Answering) -> None:
    said = reply_text(answering.reply("什麼是強化學習", Context()))
    assert "強化學習" in said
    assert "奖励" not in said


def test_nothing_known_says_what_is_nearest_and_what_to_do(answering: Answering) -> None:
    said = reply_text(answering.reply("what is quantum annealing", Context()))
    assert said.startswith("I don't know this one.")
    assert said.splitlines()[-1].startswith("Check the spelling")


def test_an_empty_question_is_told_what_can_be_asked(answering: Answering) -> None:
    assert "what is RLHF" in reply_text(answering.reply("  ", Context()))


def test_an_over_long_question_is_refused_in_words(answering: Answering) -> None:
    reply = answering.reply("what is rag " * 1000, Context())
    assert reply.outcome is Outcome.NONE
    assert f"at most {LONGEST_QUESTION}" in reply_text(reply)


def test_an_address_leads_to_the_term_that_it_is_about(answering: Answering) -> None:
    assert answering.reply("https://arxiv.org/abs/2106.09685", Context()).terms[0].id == "lora"
    assert answering.reply("https://arxiv.org/abs/2106.09685", Context(Mode.CHANNEL)).outcome is Outcome.NONE


def test_the_terms_of_a_message_come_special_ones_first(answering: Answering) -> None:
    found = answering.terms_in("I use an AI model with LoRA and a KV cache; the transformers library is nice")
    ids = [t.id for t in found]
    assert ids[:2] == ["lora", "kv-cache"]
    assert "artificial-intelligence" in ids


def test_own_terms_replace_built_in_ones_and_need_only_one_language(answering: Answering) -> None:
    own = Glossary({"rag": Term(id="rag", name="RAG", short_zh="我们的红黄绿状态表。")}, {})
    ours = Answering(own.over(answering.glossary))
    reply = ours.reply("what is rag", Context())
    assert reply.terms[0].short_zh == "我们的红黄绿状态表。"
    assert "我们的红黄绿状态表。" in reply_text(reply)
    assert "no source given" in reply_text(reply)


def test_the_knowledge_is_found_without_regard_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(load(data_folder("knowledge"))) > 40


def test_a_bare_name_gets_the_same_reply_again_as_at_first(answering: Answering) -> None:
    glossary = answering.glossary
    kept = Answering(glossary, search=answering.search)
    fresh = Answering(glossary, search=answering.search)
    contexts = [Context(), Context(language="zh"), Context(fallback="zh-TW")]
    for term in glossary:
        for name in term.all_names[:4]:
            for context in contexts:
                first = kept.reply(name, context)
                assert kept.reply(name, context) == first, name
                assert fresh.reply(f" {name}  ", context) == replace(first, question=f" {name}  "), name
    # What is asked in a channel is judged anew, whatever was said to the one who asked by command.
    assert kept.reply("agent", Context(Mode.CHANNEL)).outcome is Outcome.NONE


def test_replies_that_are_kept_are_bounded(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.answering._MOST_NAMED", 3)
    kept = Answering(answering.glossary, search=answering.search)
    for name in ("rlhf", "RLHF", "Rlhf", "RlHf", "rLHF", "what is rlhf", "rlhf?"):
        assert kept.reply(name, Context()).terms[0].id == "rlhf"
    assert len(kept._by_name) == 3
