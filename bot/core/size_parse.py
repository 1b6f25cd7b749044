"""Reads a question about a size: the size or model, the number format, the context, and whether it is to be trained."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core import text
from bot.core.size_data import Format, Model, SizeData, format_key, label_of
from bot.core.size_numbers import Size, SizeError, check_context, take_batch, take_context, take_sizes

Purpose = Literal["run", "train", "lora", "qlora"]
Cue = Literal["strong", "weak", ""]

LONGEST = 200
_MOST_WORDS = 40
_MOST_CANDIDATES = 6
_MOST_UNKNOWN_WORDS = 3

_PURPOSES: tuple[tuple[Purpose, re.Pattern[str]], ...] = (
    ("qlora", re.compile(r"(?<![a-z])qlora(?![a-z])")),
    ("lora", re.compile(r"(?<![a-z])lora(?![a-z])")),
    (
        "train",
        re.compile(
            r"(?<![a-z])(?:(?:pre-?|full )?train(?:ing|ed)?|(?:full )?fine-?\s?tun(?:e|ing|ed))(?![a-z])|预训练|训练|全参微调|全量微调|微调"
        ),
    ),
)
_FORMAT = re.compile(
    r"(?<![a-z0-9])(?:"
    r"(?:ud[_\-])?i?q\d(?:[_\-]?(?:k|nl|xxs|xs|xl|s|m|l|[01])(?![a-z0-9]))*(?:[_\-]?k[_\-]?[sml])?|tq[12][_\-]0"
    r"|(?:u?int|fp|bf|nf|float|bfloat|mxfp|nvfp)[\s_\-]?\d{1,3}(?:[_\-](?:dq|moe))?|[fi](?:4|8|16|32|64)|e[45]m[23]"
    r"|\d{1,2}[\s\-]?bits?|w\d{1,2}a\d{1,2}(?:-fp8)?|(?:awq|gptq)(?:-int4)?|bnb[\s\-]?(?:4(?:-?bit)?|nf4)|half(?: precision)?|single precision"
    r")(?![a-z0-9])|\d{1,2}\s?(?:位|比特)|半精度|单精度"
)
_KV_FORMAT = re.compile(rf"(?<![a-z])kv(?:[\s_\-]?cache)?\s?[:=]?\s?({_FORMAT.pattern})")
_SHARD = re.compile(r"[\-_.]\d{5}-of-\d{5}")
_GLUED = re.compile(r"(?<![a-z])([a-z]{3,})(\d+(?:\.\d+)?[bt])(?![a-z0-9])")
# Makers who have never said how large these models are (model-facts: sizes nobody has published).
_UNPUBLISHED = re.compile(
    r"(?<![a-z])(chat-?\s?gpt|gpt-?\s?(?:3\.5|[4-9](?:\.\d+)?)(?:o|v)?(?:[\s\-](?:turbo|mini|nano|pro))?|o[134](?:[\s\-](?:mini|pro|preview))?"
    r"|claude(?:[\s\-][a-z0-9.]+)?|gemini(?!\s?nano)(?:[\s\-][a-z0-9.]+)?)(?![a-z0-9])"
)

# What stands beside a size or a name without changing what is meant.
_QUALIFIERS = frozenset(
    """instruct chat it base gguf ggml hf safetensors preview exp thinking fp8 pt sft dpo rlhf moe dense text model models
    llm llms file version meta google openai mistralai qwen alibaba unsloth bartowski thebloke lmstudio community deepseek
    ai microsoft nvidia moonshotai zai zhipu org tii allenai xai huggingfacetb mlx ollama 2407 2501 2503 2507 2512 0528 0324
    0711 0905 latest v0.1 v0.2 v0.3 v1 v1.0 00001 imat imatrix i1 qat abliterated uncensored vllm llama.cpp llamacpp""".split()
)
_FILLERS = frozenset(
    """how big is are large the a an of on in to for with what what's whats does mean means size sized sizes much many do i
    we can could my me need needs needed require requires required requirement requirements run runs running serve serving
    host load memory vram ram gpu gpus card cards hardware disk space gb take takes it its that this at use using used
    parameter parameters param params weight weights fit fits will would should get estimate calculate calculator tell
    explain about please and or inference deploy local locally quantized quantised quantization precision kv cache context
    token tokens just only there really actually when you say have has had b stand stands meaning letter letters number numbers called bytes gigabytes gigabyte bits read write written
    least most minimum maximum single single-gpu typical roughly approximately have has which total own people hello hi hey thanks name be as from s vs""".split()
)
_HAN_FILLERS = frozenset(
    "是什么意思啥多大要少需显存内参数量模型的跑运行部署推理能吗呢用占有个化版本规地么卡件硬几张精度下在上我想怎如何可以才得呀啊请问一下说指代表"
    "叫做和与或为到底究竟这那个种到了起来够不算占据容空间磁盘文件名字里后面前跟带写着含义解释谢谢你好大家常见级别缓长加载本机单双仅至少最低概念亿万单位法理解看懂数字母约大概相当于总共一共"
)
_STRONG = re.compile(
    r"(?<![a-z])(?:how (?:big|large|much|many)|vrams?|memory|size of|sized?|fits?|runs?|running|needs?|requires?|requirements?|gpus?|parameters?|params)(?![a-z])"
    r"|多大|多少(?!钱|元|块|人)|显存|内存|参数|能跑|跑|部署|占用|显卡"
)
_WEAK = re.compile(
    r"(?<![a-z])(?:what(?:'?s| is| are| does)|explain|means?|meaning|stands? for|how (?:do|to))(?![a-z])|是什么|是啥|指什么|啥意思|什么意思|代表|意味|概念|理解|单位|怎么|[?？]"
)
_NEGATIVE = re.compile(r"(?:^|(?<=\s))[-−]\s?(\d+(?:\.\d+)?\s?[bmt])(?![a-z0-9])")
_ALMOST: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([bmt])\2+(?![a-z0-9])"), r"\1\2"),
    (re.compile(r"(?<![a-z0-9.])(\d+\.\d+)(?:\.\d+)+\s?([bmt])(?![a-z0-9])"), r"\1\2"),
    (re.compile(r"(?<![a-z0-9.])(\d+)\s?[x×*](?!\s?\d)"), r"\1x7b"),
    (re.compile(r"(?<![a-z0-9.])[x×*]\s?(\d+(?:\.\d+)?[bmt])(?![a-z0-9])"), r"8x\1"),
    (re.compile(r"(?<![a-z0-9.+\-])(\d{1,3}(?:\.\d+)?)(?![a-z0-9.\-])"), r"\1b"),
)
_BYTES = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)\s?([kmgt])i?b(?![a-z0-9])")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question about a size asks."""

    question: str
    size: Size | None
    """As typed; None where only a model was named."""
    model: Model | None = None
    near: bool = False
    """Whether the model was found by a similar name only."""
    typed: str = ""
    """The name as typed, where it is `near` or none that is known."""
    candidates: tuple[Model, ...] = ()
    """Models that the same words or the same size may mean."""
    format: Format | None = None
    kv_format: Format | None = None
    context: int | None = None
    batch: int = 1
    purpose: Purpose | None = None
    """What for; None where the question does not say."""
    leftover: tuple[str, ...] = ()
    """Words that mean nothing here: there are none in a question about nothing else."""
    cue: Cue = ""
    """Whether the words ask about a size or memory (strong), what something is (weak), or neither."""


def looks_like_size(question: str) -> bool:
    """Tell cheaply whether `parse` is worth the while; True for anything with a size or a model's number in it."""
    return len(question) <= LONGEST and any(c.isdigit() or c == "亿" for c in question)


def parse(question: str, data: SizeData, *, precision: str = "", context: int | None = None) -> Reading:
    """Read `question`; `precision` and `context` count more than what it says itself.

    Raises:
        SizeError: nothing in it can be read as a size; the text says why, with the nearest readings.
    """
    if len(question) > LONGEST:
        raise SizeError(
            f"That is too long for a size ({len(question):,} characters). Type a size or a model: 70B int4, qwen3-32b.",
            f"内容太长（{len(question):,} 个字符）。请只输入参数量或模型名，例如 70B int4、qwen3-32b。",
        )
    rest = " ".join(text.clean(question).split())
    cue: Cue = "strong" if _STRONG.search(rest) else "weak" if _WEAK.search(rest) else ""
    rest = _SHARD.sub("", re.sub(r"\.(gguf|safetensors|bin)\b", "", rest))
    purpose, rest = _take_purpose(rest)
    found_context, rest = take_context(rest)
    batch, rest = take_batch(rest)
    kv_format, rest = _take_format(_KV_FORMAT, rest, data)
    number_format, rest = _take_format(_FORMAT, rest, data)
    if precision.strip():
        number_format, left = _take_format(_FORMAT, " ".join(text.clean(precision).split()), data)
        if number_format is None or text.words(left):
            raise _unknown_format(precision.strip(), data)
    if context is not None:
        found_context = check_context(context)
    negative = _NEGATIVE.search(rest)
    if negative:
        raise SizeError(
            f"A size is not negative. Did you mean {negative[1].upper()}?",
            f"参数量不会是负数。是想问 {negative[1].upper()} 吗？",
        )
    reading = _Reader(question, _GLUED.sub(r"\1 \2", rest), data).read()
    return Reading(
        question,
        reading.size,
        reading.model,
        reading.near,
        reading.typed,
        reading.candidates,
        number_format,
        kv_format,
        found_context,
        batch,
        purpose,
        reading.leftover,
        cue,
    )


def _take_purpose(rest: str) -> tuple[Purpose | None, str]:
    purpose: Purpose | None = None
    for name, pattern in _PURPOSES:
        if pattern.search(rest):
            purpose = purpose or name
            rest = pattern.sub(" ", rest)
    return purpose, rest


def _take_format(pattern: re.Pattern[str], rest: str, data: SizeData) -> tuple[Format | None, str]:
    found = pattern.search(rest)
    if not found:
        return None, rest
    typed = found[1] if pattern is _KV_FORMAT else found[0]
    known = data.format_keys.get(format_key(typed)) or data.format_keys.get(format_key(typed.removesuffix("s")))
    if known is None:
        raise _unknown_format(typed, data)
    left = f"{rest[: found.start()]} {rest[found.end() :]}"
    # A file name may say the same twice (GPTQ-Int4): the first one counts.
    again = _FORMAT.search(left)
    if again and pattern is _FORMAT:
        left = f"{left[: again.start()]} {left[again.end() :]}"
    return known, left


def _unknown_format(typed: str, data: SizeData) -> SizeError:
    digits = re.search(r"\d+", typed)
    bits = float(digits[0]) if digits else 4.0
    digit = digits[0] if digits else "4"
    nearest = sorted(data.formats, key=lambda f: (digit not in f.name, abs(f.bits - bits), f.name))[:4]
    names = ", ".join(f.name for f in nearest)
    names_zh = "、".join(f.name for f in nearest)
    return SizeError(
        f"I know no number format “{typed[:20]}”. Nearest: {names}. Common ones: BF16, FP8, INT8, INT4, Q4_K_M, Q8_0.",
        f"没有“{typed[:20]}”这种数值格式。相近的有：{names_zh}。常用的有 BF16、FP8、INT8、INT4、Q4_K_M、Q8_0。",
    )


class UnpublishedError(SizeError):
    """The makers have never said how large the model is."""


class _Reader:
    """Finds the size and the model in what is left of a question."""

    def __init__(self, question: str, rest: str, data: SizeData) -> None:
        self.question = question
        self.rest = rest
        self.data = data
        self.spans = list(text.spans(rest))[:_MOST_WORDS]
        self.words = [s.group() for s in self.spans]
        self.sizes, self.without = take_sizes(rest)
        self.typed = " ".join(w for w in rest.split() if w.isascii() and w.strip("?!.,") not in _FILLERS)[:60].strip(
            "?!., "
        )

    def read(self) -> Reading:
        """Return size, model, candidates and leftover words."""
        models, left = self._named()
        if len(models) > 1:
            raise self._several(models)
        if models:
            model = models[0]
            self._check_one_size(model)
            strange = self._strange(left)
            other = next((m for w in strange if len(w) > 2 for m in self._beginning(w)), None)
            if other and not any(model in self._beginning(w) for w in strange):
                raise self._several([model, other])
            return Reading(self.question, None, model, leftover=strange)
        closed = _UNPUBLISHED.search(self.rest)
        if closed:
            raise _unpublished(closed[0])
        if len({s.label for s, _ in self.sizes}) > 1:
            labels = [s.label for s, _ in self.sizes][:4]
            raise SizeError(
                f"One size at a time: {' or '.join(labels)}?", f"一次只能问一个：{'、'.join(labels)} 中的哪一个？"
            )
        if self.sizes:
            return self._sized()
        return self._unsized()

    def _named(self) -> tuple[list[Model], list[str]]:
        """Return the models named in full, and the words beside their names; longer names win."""
        found: dict[str, Model] = {}
        left: list[str] = []
        at = 0
        keys = self.data.model_keys
        while at < len(self.words):
            for end in range(min(len(self.words), at + 10), at, -1):
                model = keys.get("".join(self.words[at:end]))
                if model and self._agrees(model, at, end):
                    found[model.name] = model
                    at = end
                    break
            else:
                left.append(self.words[at])
                at += 1
        return list(found.values()), left

    def _agrees(self, model: Model, start: int, end: int) -> bool:
        """Tell whether no size outside the name contradicts it: deepseek-r1-distill-qwen-32b is not DeepSeek-R1."""
        first, last = self.spans[start].start(), self.spans[end - 1].end()
        outside = [s for s, place in self.sizes if not first <= place < last]
        if "distill" in self.words or "蒸" in self.words:
            return False
        return all(0.9 < s.parameters / model.parameters < 1.12 for s in outside if s.plain)

    def _check_one_size(self, model: Model) -> None:
        active = [s for s, _ in self.sizes if s.active and not 0.9 < s.parameters / model.parameters < 1.12]
        if active:
            raise SizeError(
                f"{model.name} and {active[0].label} do not fit together. Ask about one of them.",
                f"{model.name} 与 {active[0].label} 对不上，请只问其中一个。",
            )

    def _strange(self, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(
            w
            for w in words
            if w not in _QUALIFIERS
            and label_of(w) != w
            and w not in _FILLERS
            and not (len(w) == 1 and (w in _HAN_FILLERS or (text.has_han(w) and w in _HAN_FILLERS)))
        )

    def _sized(self) -> Reading:
        size, place = self.sizes[0]
        words = [(s.group(), s.start()) for s in text.spans(self.without)]
        before = self._strange([w for w, at in words if at < place])
        after = self._strange([w for w, at in words if at > place])
        same = self.data.labels.get(size.label.casefold(), ())
        if not before and not after:
            family = self._family([w for w, at in words if at < place])
            if family:
                return self._among(family, size)
            if size.effective:
                return self._effective(size, same)
            model = same[0] if len(same) == 1 and not size.plain else None
            return Reading(self.question, None if model else size, model, candidates=() if model else same)
        if after and not _latin([*before, *after]):
            return Reading(self.question, size, candidates=same, leftover=(*before, *after))
        family = self._family([w for w, at in words if at < place])
        if family:
            reading = self._among(family, size)
            return Reading(
                reading.question,
                reading.size,
                reading.model,
                reading.near,
                reading.typed,
                reading.candidates,
                leftover=after,
            )
        numbers = [w for w in (*before, *after) if w.isdigit()]
        if after or numbers or len(before) > _MOST_UNKNOWN_WORDS or not _latin(before):
            return Reading(self.question, size, candidates=same, leftover=(*before, *after))
        near = self._near(f"{' '.join(before)}{size.label.casefold()}", size)
        if near:
            return Reading(self.question, None, near, near=True, typed=self.typed)
        # "foo-13b" and "qwen4 500b" are models that we do not know; "flat 12B" is an address.
        joined = re.search(rf"{re.escape(before[-1])}[-_/.]?\d", text.clean(self.question)) is not None
        if not joined and not any(c.isdigit() for w in before for c in w):
            return Reading(self.question, size, candidates=same, leftover=tuple(before))
        return Reading(self.question, size, typed=self.typed)

    def _effective(self, size: Size, same: tuple[Model, ...]) -> Reading:
        if not same:
            raise SizeError(
                f"{size.label} gives {size.label[1:]} effective parameters; how many there are in all is not in the label, "
                "so nothing can be computed. Type the model's name.",
                f"{size.label} 只说明“有效”参数为 {size.label[1:]}，总参数量看不出来，无法计算。请输入模型名。",
            )
        return Reading(self.question, None, same[-1], candidates=same[:-1])

    def _among(self, family: tuple[Model, ...], size: Size) -> Reading:
        if len(family) == 1:
            return Reading(self.question, None, family[0], near=True, typed=self.typed)
        return Reading(self.question, size, candidates=family)

    def _family(self, before: Sequence[str]) -> tuple[Model, ...]:
        """Return the models of a family (llama, qwen 2.5) that have the typed size."""
        names = [w for w in before if w not in _FILLERS and w.isascii() and w[0].isalpha()]
        if not names or not self.sizes or "distill" in before:
            return ()
        wanted, size = text.key("".join(names[:1])), self.sizes[0][0]
        return tuple(
            m
            for m in self.data.labels.get(size.label.casefold(), ())
            if any(text.key(n).startswith(wanted) for n in m.names)
        )[-_MOST_CANDIDATES:]

    def _beginning(self, word: str) -> list[Model]:
        """Return the models whose names begin with a word in Latin letters."""
        if not (word.isascii() and word.isalpha()):
            return []
        return [m for m in self.data.models if any(text.key(n).startswith(word) for n in m.names)]

    def _near(self, typed: str, size: Size | None) -> Model | None:
        from rapidfuzz import fuzz, process

        keys = self.data.model_keys
        if size is not None:
            label = size.label.casefold()
            keys = {k: m for k, m in keys.items() if m.label == label or 0.9 < size.parameters / m.parameters < 1.12}
        wanted = text.key(typed)
        if len(wanted) < 4:
            return None
        hits = process.extract(wanted, list(keys), scorer=fuzz.ratio, score_cutoff=85, limit=3)
        models = list(dict.fromkeys(keys[key].name for key, _, _ in hits))
        if not models or (len(models) > 1 and hits[0][1] - hits[1][1] < 3):
            return None
        return keys[hits[0][0]]

    def _unsized(self) -> Reading:
        strange = self._strange(self.words)
        typed = " ".join(w for w in strange if w.isascii())
        almost = self._almost()
        if almost:
            raise almost
        key = text.key("".join(w for w in strange if w.isascii()))
        named = self.data.model_keys.items() if len(key) > 2 else ()
        family = list({m.name: m for k, m in named if k.startswith(key)}.values())
        if len(family) > 1:
            raise self._several(sorted(family, key=lambda m: -m.year))
        if family:
            return Reading(self.question, None, family[0], near=True, typed=self.typed)
        near = self._near(typed, None) if typed and not typed.replace(" ", "").isdigit() else None
        if near and not any(text.has_han(w) for w in strange):
            return Reading(self.question, None, near, near=True, typed=self.typed)
        raise self._nothing()

    def _almost(self) -> SizeError | None:
        found = _BYTES.search(self.rest)
        if found:
            typed = f"{found[1]} {found[2].upper()}B"
            return SizeError(
                f"{typed} is an amount of memory; a size counts parameters, with B for billion: 7B, 70B, 8x7B.",
                f"{typed} 是存储容量。参数量用 B（十亿）表示，例如 7B、70B、8x7B。",
            )
        for pattern, better in _ALMOST:
            found = pattern.search(self.rest)
            if found and len(self._strange(self.words)) <= 2:
                nearest = found.expand(better).replace(" ", "")
                nearest = nearest.upper().replace("X", "x")
                typed = found[0].strip().upper()
                return SizeError(
                    f"“{typed}” is no size. Did you mean {nearest}?", f"“{typed}”不是参数量。是想问 {nearest} 吗？"
                )
        return None

    def _several(self, models: Sequence[Model]) -> SizeError:
        names = [m.name for m in models][:_MOST_CANDIDATES]
        return SizeError(f"Which one do you mean: {', '.join(names)}?", f"想问的是哪一个：{'、'.join(names)}？")

    def _nothing(self) -> SizeError:
        return SizeError(
            "I see no model size there. Type a size or a model: 70B, 8x7B int4, qwen3-32b q4_k_m ctx 32k.",
            "没有找到参数量。请输入参数量或模型名，例如 70B、8x7B int4、qwen3-32b q4_k_m ctx 32k。",
        )


def _latin(words: Sequence[str]) -> bool:
    return all(w.isascii() for w in words)


def _unpublished(typed: str) -> UnpublishedError:
    name = re.sub(r"\bgpt", "GPT", typed.strip().replace("chatgpt", "ChatGPT"))
    name = name[0].upper() + name[1:] if name[0] in "cg" else name
    return UnpublishedError(
        f"The size of {name} has never been published; figures in circulation are leaks or guesses. 175B is GPT-3 (2020), "
        "not ChatGPT.",
        f"{name} 的参数量从未公布，流传的数字都是传闻或猜测。175B 是 GPT-3（2020 年），不是 ChatGPT。",
    )


def refuse_leftover(reading: Reading) -> None:
    """Refuse a reading that leaves words over: an address or a sentence is no size.

    Raises:
        SizeError: with the nearest reading.
    """
    if not reading.leftover or reading.model:
        return
    words = " ".join(reading.leftover)[:40]
    nearest = reading.size.label if reading.size else ""
    raise SizeError(
        f"I can read {nearest} as a size, but not “{words}”. If you mean the model size, type {nearest} alone.",
        f"{nearest} 可以读作参数量，但“{words}”看不懂。如果问的是参数量，请只输入 {nearest}。",
    )
