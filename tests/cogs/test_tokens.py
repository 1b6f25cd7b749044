"""Counting tokens on Discord: what people see of it, bad input included, in English and Chinese."""

import asyncio
import io
import random
import re
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.cogs import _host, tokens
from bot.cogs._token_reply import PUBLIC_UP_TO
from bot.core.files import MAX_BYTES
from bot.ops.workers import Workers
from tests.cogs.conftest import Lab
from tests.discord_server import Exchange, Message, Person, Upload
from tests.fonts import HAS_CHINESE, HAS_LATIN

pytestmark = pytest.mark.asyncio

EN, ZH, TW = "en-US", "zh-CN", "zh-TW"
CHINESE = "大语言模型把文字切成词元。"
ENGLISH = "A language model reads tokens, and a common English word is usually one of them; longer words are cut up. "
CODE = (
    "def double(values: list[int]) -> list[int]:\n"
    "    # 每个值乘以二\n"
    "    return [2 * value for value in values if value is not None]\n\n\n"
) * 20
FAMILIES = ("GPT-5.5", "GPT-4", "Claude", "Gemini", "DeepSeek", "Qwen3", "GLM-4.5", "Kimi", "Llama 3.3", "Mistral")
FETCHING = "GET /cdn/**"


def person(lab: Lab, locale: str) -> Person:
    """Return a new member, so that no cooldown is met by accident."""
    return lab.server.add_user("Ada", lab.guild, locale=locale)


async def shown(exchange: Exchange) -> Message:
    """Return the answer once it is there, checked for what must hold of each."""
    message = await exchange.shown(30)
    assert not message.pings
    for embed in message.embeds:
        assert embed["description"].count("```") in (0, 2)
        for field in embed.get("fields") or []:
            assert field["value"].count("```") == 2
            assert field["value"].endswith("\n```")
    return message


async def count(lab: Lab, locale: str, /, **options: Any) -> Message:
    return await shown(person(lab, locale).slash(lab.channel, "tokens", checked=False, **options))


def fetched(lab: Lab) -> bool:
    return any(entry.who == "cdn" for entry in lab.server.transcript)


def pieces(message: Message) -> str:
    [field] = message.embeds[0]["fields"]
    return field["value"].removeprefix("```\n").removesuffix("\n```")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (EN, ["Token count", "13 characters · 12 words · 12 Chinese characters", "per char.", "estimate", "assumed"]),
        (ZH, ["Token 数", "13 个字符 · 其中汉字 12 个", "每字", "估算", "推定", "GPT-5.5 的切分"]),
        (TW, ["Token 數", "13 個字元 · 其中漢字 12 個", "每字", "估算", "推定", "GPT-5.5 的切分"]),
    ],
)
async def test_a_beginners_chinese_sentence(lab: Lab, locale: str, said: list[str]) -> None:
    message = await count(lab, locale, text=CHINESE)
    assert not message.ephemeral
    for part in (*said, *FAMILIES):
        assert part in message.text, part
    # Ten models, each with its tokens for one character.
    assert re.search(r"GPT-5\.5 +10 +0\.77", message.text)
    assert re.search(r"DeepSeek-V4-Pro +9 +0\.69", message.text)
    # The text is shown as it was typed, whatever script the reader prefers.
    assert pieces(message) == "大│语言│模型│把│文字│切│成│词│元│。"
    assert "75" not in message.text
    if not HAS_CHINESE:
        # The pieces stand in the text as well.
        assert message.attachments == []
        return
    [picture] = message.attachments
    assert picture.data.startswith(b"\x89PNG")
    assert picture.description
    assert message.embeds[0]["image"]["url"].endswith("tokens.png")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            EN,
            [
                "GPT-4o: 23 tokens (exact",
                "100 tokens are about 87 words here",
                "Context window 128,000: <0.1% used, up to 16,384 left for the answer (its output cap)",
                "Cost at OpenAI: $0.000058 as a question, $0.00023 as an answer (genai-prices ",
            ],
        ),
        (
            ZH,
            [
                "GPT-4o：23 个 token（精确",
                "100 个 token 约合 87 个单词",
                "上下文窗口 128,000：占用 <0.1%，回答最多还能用 16,384（单次输出上限）",
                "费用（OpenAI）：作为输入 $0.000058，作为输出 $0.00023（genai-prices ",
            ],
        ),
    ],
)
async def test_one_model_in_depth(lab: Lab, locale: str, said: list[str]) -> None:
    message = await count(lab, locale, text=ENGLISH.strip(), model="gpt4o")
    assert not message.ephemeral
    for part in said:
        assert part in message.text
    assert pieces(message).startswith("A│ language│ model│ reads│ tokens│,")
    assert len(message.attachments) == HAS_LATIN


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (EN, ["read as UTF-8", "per word", "Only you see this", "more than 300 characters"]),
        (ZH, ["按 UTF-8 读取", "每词", "只有你能看到", "超过 300 个字符"]),
    ],
)
async def test_a_code_file(lab: Lab, locale: str, said: list[str]) -> None:
    message = await count(lab, locale, file=Upload("double.py", CODE.encode()))
    assert message.ephemeral
    for part in (*said, *FAMILIES):
        assert part in message.text, part
    assert "75" not in message.text
    assert pieces(message).startswith("def│ double│(values│:")
    assert pieces(message).endswith("│…")
    opened = await count(lab, locale, file=Upload("double.py", CODE.encode()), private=False)
    assert not opened.ephemeral
    assert said[-2] not in opened.text


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            EN,
            [
                "Context window 128,000: 18.0% used",
                "Cost at OpenAI",
                "Cost at Anthropic",
                "100 tokens are about 87 words",
            ],
        ),
        (ZH, ["上下文窗口 128,000：占用 18.0%", "费用（OpenAI）", "费用（Anthropic）", "100 个 token 约合 87 个单词"]),
    ],
)
async def test_a_long_article_for_three_models(lab: Lab, locale: str, said: list[str]) -> None:
    article = Upload("article.md", (ENGLISH * 1_000).encode())
    message = await count(lab, locale, file=article, model="gpt-4o, claude-sonnet-5-5，deepseek-v4-pro")
    assert message.ephemeral
    for part in (*said, "GPT-4o", "Claude Sonnet 5.5", "DeepSeek-V4-Pro", "ctok"):
        assert part in message.text, part
    assert re.search(r"GPT-4o +23,001 ", message.text)
    assert re.search(r"Claude Sonnet 5\.5 +≈ [23]\d,\d{3} ", message.text)
    assert "GPT-5.5" not in message.text


async def test_a_text_and_a_file_are_counted_together(lab: Lab) -> None:
    message = await count(lab, EN, text="one two", file=Upload("a.txt", b"three"), model="gpt-4o")
    assert "14 characters · 3 words" in message.text


async def test_long_texts_are_private_unless_asked_otherwise(lab: Lab) -> None:
    for text, private, alone in (
        ("x" * PUBLIC_UP_TO, None, False),
        ("x" * (PUBLIC_UP_TO + 1), None, True),
        ("x" * (PUBLIC_UP_TO + 1), False, False),
        ("x", True, True),
    ):
        asked = {} if private is None else {"private": private}
        message = await count(lab, EN, text=text, **asked)
        assert message.ephemeral is alone
        assert ("Only you see this" in message.text) == (alone and private is None)


# --- bad input -------------------------------------------------------------------------------------------------


def _archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>text</w:t>")
    return file.getvalue()


JAPANESE = "大規模言語モデルは次のトークンを予測します。「コンテキスト」とは何ですか？"
REFUSED: dict[str, tuple[Callable[[], dict[str, Any]], str, str]] = {
    "nothing": (dict, "Give me a text", "请给出文字"),
    "empty text": (lambda: {"text": ""}, "Give me a text", "请给出文字"),
    "too long a text": (lambda: {"text": "的" * 200_001}, "at most 200,000", "最多能数 200,000 个"),
    "a million a's": (
        lambda: {"file": Upload("a.txt", b"a" * 1_000_000)},
        "has 1,000,000 characters",
        "1,000,000 个字符",
    ),
    "a million 的": (lambda: {"file": Upload("a.txt", "的".encode("gb18030") * 500_000)}, "500,000", "500,000"),
    "a million spaces": (lambda: {"file": Upload("a.txt", b" " * 1_000_000)}, "at most 200,000", "最多能数 200,000 个"),
    "over 1 MiB by its size": (
        lambda: {"file": Upload("big.txt", b"x", claimed_size=3 * MAX_BYTES)},
        "big.txt has 3.0 MiB; files up to 1 MiB can be read",
        "big.txt 有 3.0 MiB，最大只能读 1 MiB",
    ),
    "over 1 MiB in spite of its size": (
        lambda: {"file": Upload("big.txt", b"x" * (2 * MAX_BYTES), claimed_size=100)},
        "big.txt has 2.0 MiB",
        "big.txt 有 2.0 MiB",
    ),
    "an empty file": (lambda: {"file": Upload("none.txt", b"")}, "none.txt is empty", "none.txt 是空文件"),
    "a picture called .txt": (
        lambda: {"file": Upload("notes.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")},
        "notes.txt is a picture, not text",
        "notes.txt 是图片，不是文本",
    ),
    "a zip": (lambda: {"file": Upload("essay.docx", _archive())}, "ZIP archive (Word", "ZIP 压缩包（Word"),
    "binary": (lambda: {"file": Upload("a.bin", bytes(range(256)) * 40)}, "is not text", "不是文本"),
    "damaged UTF-16": (lambda: {"file": Upload("a.txt", b"\xff\xfeh\0e")}, "is damaged", "内容已损坏"),
    "lone surrogates as UTF-16": (
        lambda: {"file": Upload("a.txt", b"\xff\xfe" + "ab\ud800cd".encode("utf-16-le", "surrogatepass"))},
        "is damaged",
        "内容已损坏",
    ),
    "too many models": (
        lambda: {"text": "hello", "model": ",".join(f"gpt-{n}" for n in range(11))},
        "at most 10 models",
        "最多比较 10 个模型",
    ),
    "a hostile file name": (
        lambda: {"file": Upload("@everyone `**x**` [a](https://evil.example).txt", b"")},
        "_everyone ___x___ _a_(https___evil.example).txt is empty",
        "_everyone ___x___ _a_(https___evil.example).txt 是空文件",
    ),
}


@pytest.mark.parametrize("locale", [EN, ZH])
async def test_what_cannot_be_counted_is_told_to_the_asker_alone(lab: Lab, locale: str) -> None:
    for name, (options, en, zh) in REFUSED.items():
        message = await count(lab, locale, **options())
        assert message.ephemeral, name
        assert (en if locale == EN else zh) in message.text, name
        assert "://" not in message.text, name
        assert not message.attachments, name


async def test_a_size_is_judged_before_anything_is_fetched(lab: Lab) -> None:
    await count(lab, EN, file=Upload("big.txt", b"x", claimed_size=MAX_BYTES + 1))
    await count(lab, EN, file=Upload("none.txt", b"", claimed_size=0))
    assert not fetched(lab)
    await count(lab, EN, file=Upload("a.txt", b"hello"))
    assert fetched(lab)


@pytest.mark.parametrize(
    ("locale", "status", "said"),
    [
        (EN, 404, "a.txt can no longer be read: it was deleted, or its link has expired"),
        (ZH, 404, "a.txt 读不到了"),
        (EN, 403, "a.txt can no longer be read"),
        (EN, 500, "Discord did not hand over a.txt"),
        (ZH, 503, "没能从 Discord 取到 a.txt"),
    ],
)
async def test_a_file_that_is_gone_or_not_handed_over(lab: Lab, locale: str, status: int, said: str) -> None:
    lab.server.faults.error(FETCHING, status, 0, "gone", times=None)
    message = await count(lab, locale, file=Upload("a.txt", b"hello"))
    assert message.ephemeral
    assert said in message.text


@pytest.mark.parametrize("breaks", ["hang", "reset"])
async def test_a_file_that_never_comes(lab: Lab, breaks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "READING", 0.3)
    getattr(lab.server.faults, breaks)(FETCHING, times=None)
    message = await count(lab, EN, file=Upload("a.txt", b"hello"))
    assert message.ephemeral
    assert "Discord did not hand over a.txt" in message.text


@pytest.mark.parametrize(
    ("data", "name", "en", "zh"),
    [
        (CHINESE.encode("utf-16"), "a.txt", "read as UTF-16", "按 UTF-16 读取"),
        ((CHINESE * 5).encode("gb18030"), "a.txt", "read as GB18030 (assumed)", "按 GB18030 读取（推测）"),
        (JAPANESE.encode("shift_jis"), "a.txt", "read as Shift-JIS (assumed)", "按 Shift-JIS 读取（推测）"),
        (CHINESE.encode("utf-8-sig"), "picture.png", "read as UTF-8", "按 UTF-8 读取"),
        (b"plain words, an odd name", "archive.zip", "read as UTF-8", "按 UTF-8 读取"),
    ],
)
async def test_files_are_judged_by_what_they_hold(lab: Lab, data: bytes, name: str, en: str, zh: str) -> None:
    assert en in (await count(lab, EN, file=Upload(name, data))).text
    assert zh in (await count(lab, ZH, file=Upload(name, data))).text


SPECIAL = (
    "<|endoftext|> <|fim_prefix|> <|im_start|> <|begin_of_text|> <|eot_id|> <bos> <start_of_turn> <｜begin▁of▁sentence｜> "
    "<｜User｜> [gMASK] <sop> [INST] [TOOL_CALLS] <|im_system|> </s> <unk>"
)
ODD: dict[str, tuple[str, str]] = {
    "special tokens": (SPECIAL, "count as ordinary text"),
    "spaces": (" " * 6000, "6,000 characters"),
    "a": ("a" * 6000, "6,000 characters"),
    "的": ("的" * 6000, "6,000 Chinese characters"),
    "joined emoji": ("👨‍👩‍👧‍👦" * 850, "characters"),
    "NUL": ("\0" * 3000, "␀"),
    "right to left": ("النموذج \u202e اللغوي \u2066" * 40, "⟨202E⟩"),
    "zalgo": ("Z̸̡̢͓̳̜̪̟̳̠̻̖͐̂̍̅̔̂͋͂͐l̸̢̹̣̤̙͚̱͓̖̹̻̣͇͗͂̃̈͝a̸̢̡̬͕͕̰̖͍̮̪̬̍̏̎̕͘ͅv̸̢̛̠̟̄̿i̵̮͌̑ǫ̶̖͓͎̝͈̰̹̫͚͓̠̜̓̈́̇̆̑͜ͅ" * 20, "characters"),
    "code fences": ("``` ```` `` ` ```` @everyone\n```\n" * 30, "`\u200b`"),
    "markdown": ("**bold** @everyone <@&1> [x](https://evil.example) ||spoiler|| > quote\n# head", "│"),
    "all of Unicode": ("".join(chr(c) for c in range(1, 0x3000)), "12,287 characters"),
}


@pytest.mark.parametrize("model", [None, "gpt-4o", "claude"])
async def test_odd_texts_are_counted_and_break_nothing(lab: Lab, model: str | None) -> None:
    for name, (text, said) in ODD.items():
        message = await count(lab, EN, text=text, **({"model": model} if model else {}))
        if model != "claude" or said in ("count as ordinary text", "characters"):
            assert said in message.text, name
        outside = "".join(message.text.split("```")[::2])
        assert "@everyone" not in outside, name
        assert "://" not in outside, name


@pytest.mark.parametrize(
    ("locale", "model", "said"),
    [
        (EN, "gtp-4o", ["≈", "estimate", "No model is called", "Did you mean GPT-4o"]),
        (ZH, "gtp-4o", ["≈", "估算", "没有名为“gtp-4o”的模型", "GPT-4o"]),
        (EN, "flux capacitor", ["≈", "estimate", "flux capacitor"]),
        (EN, "**big** @everyone https://evil.example `x`", ["≈", r"\*\*big\*\*", "@\u200beveryone", "https\u200b://"]),
        (EN, "\u202eevil\u0000\u200b", ["≈", "evil"]),
        (EN, "# head", ["≈", r"\# head"]),
    ],
)
async def test_an_unknown_model_is_an_estimate_and_shown_literally(
    lab: Lab, locale: str, model: str, said: list[str]
) -> None:
    message = await count(lab, locale, text=ENGLISH, model=model)
    for part in said:
        assert part in message.text
    assert "@everyone" not in message.text
    assert not {"\u202e", "\0"} & set(message.text)


async def test_separators_alone_name_no_model(lab: Lab) -> None:
    assert "GPT-5.5" in (await count(lab, EN, text="hello", model=" , ，、; ")).text


# --- menu and completion ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "title"), [(EN, "Token count"), (ZH, "Token 数")])
async def test_the_menu_counts_a_message_for_the_asker_alone(lab: Lab, locale: str, title: str) -> None:
    asker, author = person(lab, locale), person(lab, EN)
    written = author.say(lab.channel, CHINESE).message
    message = await shown(asker.menu("Count tokens", written))
    assert message.ephemeral
    assert title in message.text
    assert pieces(message) == "大│语言│模型│把│文字│切│成│词│元│。"
    # A message that is only a file, and one that is neither.
    file = author.say(lab.channel, files=[Upload("message.txt", ENGLISH.encode())]).message
    assert re.search(r"GPT-5\.5 +24 ", (await shown(asker.menu("Count tokens", file))).text)
    picture = author.say(lab.channel, files=[Upload("cat.png", b"\x89PNG\r\n\x1a\n\0")]).message
    assert (await shown(asker.menu("Count tokens", picture))).ephemeral
    author.bot = True
    card = author.say(lab.channel, embeds=[{"title": "a card"}]).message
    nothing = await shown(asker.menu("Count tokens", card))
    assert nothing.ephemeral
    assert {EN: "There is no text in that message", ZH: "这条消息里没有文字"}[locale] in nothing.text


async def test_the_menu_is_named_in_each_language(lab: Lab) -> None:
    for locale, name, command in (
        (EN, "Count tokens", "tokens"),
        (ZH, "统计 token 数", "token计数"),
        (TW, "統計 token 數", "token計數"),
    ):
        someone = person(lab, locale)
        assert someone.command_names(lab.channel, 3)["Count tokens"] == name
        assert someone.command_names(lab.channel)["tokens"] == command


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", "gpt-5.5"),
        ("gpt-4o", "gpt-4o"),
        ("4o", "gpt-4o"),
        ("llama3.3", "llama-3.3"),
        ("claude, deep", "claude, deepseek"),
        ("GPT-4o，qwen", "GPT-4o, qwen"),
    ],
)
async def test_models_are_completed_one_after_the_other(lab: Lab, typed: str, first: str) -> None:
    choices = (await person(lab, EN).autocomplete(lab.channel, "tokens", text="x", model=typed, focus="model")).choices
    assert 1 <= len(choices) <= 25
    assert choices[0]["value"].startswith(first)
    answered = await count(lab, EN, text="hello", model=choices[0]["value"])
    assert "No model" not in answered.text


@pytest.mark.parametrize("typed", ["a" * 6000, "gpt-4o, " * 30, "🤖", "\u202e", ",,,", "(.*", "nothing like it at all"])
async def test_odd_typing_is_completed_or_not_but_never_fails(lab: Lab, typed: str) -> None:
    found = await person(lab, EN).autocomplete(lab.channel, "tokens", model=typed)
    assert len(found.choices) <= 25


@pytest.mark.parametrize("term", ["token", "max-tokens"])
@pytest.mark.parametrize("locale", [EN, ZH])
async def test_the_terms_lead_to_the_command(lab: Lab, term: str, locale: str) -> None:
    asker = person(lab, locale)
    answer = await asker.slash(lab.channel, "define", term=term)
    whole = await asker.click(answer.message, "aiterms:more:.*")
    assert "`/tokens`" in whole.text


# --- time ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def other_workers(lab: Lab, **limits: Any) -> AsyncIterator[None]:
    kept, lab.bot.workers = lab.bot.workers, Workers(**limits)
    try:
        yield
    finally:
        await lab.bot.workers.aclose(0)
        lab.bot.workers = kept


@pytest.mark.parametrize("private", [True, False])
async def test_a_count_that_takes_a_moment_is_announced_as_it_will_be(
    lab: Lab, *, private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_host, "DEFER_AFTER", 0.0)
    exchange = person(lab, EN).slash(lab.channel, "tokens", text=CHINESE, private=private)
    message = await shown(exchange)
    assert exchange.deferred
    assert message.ephemeral is private
    assert re.search(r"GPT-5\.5 +10 ", message.text)
    assert len(message.attachments) == HAS_CHINESE


@pytest.mark.parametrize(("locale", "said"), [(EN, "took longer than 0.01 seconds"), (ZH, "处理超过 0.01 秒")])
async def test_a_count_that_overruns_is_stopped_and_the_next_one_served(lab: Lab, locale: str, said: str) -> None:
    async with other_workers(lab, timeout=0.01):
        message = await count(lab, locale, text=CHINESE, private=True)
        assert message.ephemeral
        assert said in message.text
    assert "GPT-5.5" in (await count(lab, locale, text=CHINESE)).text


async def test_too_many_at_once_are_told_so(lab: Lab) -> None:
    async with other_workers(lab, queue=1):
        asked = [person(lab, EN).slash(lab.channel, "tokens", text=ENGLISH * 20) for _ in range(6)]
        said = [(await shown(a)).text for a in asked]
    assert sum("Too many people are asking" in s for s in said) == 4
    assert sum("GPT-5.5" in s for s in said) == 2


async def test_a_broken_worker_costs_an_apology_and_no_text_in_the_log(
    lab: Lab, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lab.data / "empty").mkdir()
    cog: Any = lab.bot.get_cog("Tokens")
    monkeypatch.setattr(cog, "_counter", tokens.Counter(lab.data / "empty"))
    message = await count(lab, EN, text="my secret words")
    assert message.ephemeral
    assert "something went wrong on my side" in message.text
    assert "counting failed in the worker" in logged.text
    assert "my secret words" not in logged.text


async def test_thirty_bad_ones_at_once_from_ten_people_do_not_keep_others_waiting(lab: Lab) -> None:
    shuffled = random.Random(5)
    wild = "".join(chr(shuffled.randint(0x4E00, 0x9FFF)) for _ in range(199_000))
    hard: list[dict[str, Any]] = [
        {"file": Upload("a.txt", b"a" * 199_000)},
        {"file": Upload("b.txt", b" " * 199_000)},
        {"file": Upload("c.txt", ("👨‍👩‍👧‍👦" * 28_000).encode())},
        {"file": Upload("d.txt", wild.encode())},
        {"file": Upload("e.bin", bytes(range(256)) * 4_000)},
        {"text": SPECIAL},
        *({"text": text} for text, _ in ODD.values() if len(text) <= 6000),
        *(options() for options, _, _ in REFUSED.values()),
    ]
    people = [lab.server.add_user(f"P{n}", lab.guild) for n in range(10)]
    asked = [people[n % 10].slash(lab.channel, "tokens", checked=False, **o) for n, o in enumerate(hard[:30])]
    assert len(asked) == 30
    # Others ask meanwhile: each is answered within Discord's three seconds (or the wait fails), and never deferred.
    for n in range(10):
        other = lab.server.add_user(f"Q{n}", lab.guild)
        answer = await other.slash(lab.channel, "define", term="rlhf")
        assert not answer.deferred
        assert "RLHF" in answer.embeds[0]["title"]
        await asyncio.sleep(0.1)
    messages = await asyncio.gather(*(a.shown(120) for a in asked))
    assert all(m.text for m in messages)
    assert not any("went wrong" in m.text for m in messages)
    assert not any(m.pings for m in messages)
