"""Models by the names that people type: which vocabulary counts for each, how much it reads and writes, what it costs."""

import datetime
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.core.glossary import Fault, KnowledgeError

Basis = Literal["exact", "assumed", "estimate"]
Content = Literal["english", "chinese", "code"]

_MAX_NAME = 100


class Both(NamedTuple):
    """One statement in both languages."""

    en: str
    zh: str

    def text(self, language: str) -> str:
        """Return it in `language` ("en", "zh" or "zh-TW"; the last is converted by the caller)."""
        return self.en if language == "en" else self.zh


class Ratio(NamedTuple):
    """Tokens for one token of o200k_base: median, 5th and 95th percentile."""

    middle: float
    low: float
    high: float


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Vocabulary(_Strict):
    """What a family of models counts with."""

    id: str
    title: str
    tokenizer: str | None = None
    """The name under which token_vocabularies opens it; None where nobody outside its makers can count."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Longest text in characters that it counts quickly enough."""
    ratios: Mapping[Content, Ratio]
    estimate: str = ""
    """Why there is only an estimate, and on what it rests."""
    estimate_zh: str = ""


class _Family(_Strict):
    pattern: re.Pattern[str]
    vocabulary: str
    basis: Basis = "estimate"
    note: str = ""
    note_zh: str = ""


class _Row(_Strict):
    id: str
    name: str
    aliases: tuple[str, ...] = ()
    context: Annotated[int, Field(gt=0)] | None = None
    input: Annotated[int, Field(gt=0)] | None = None
    output: Annotated[int, Field(ge=0)] | None = None
    source: str = ""
    price: str = ""


class _File(_Strict):
    checked: datetime.date
    default: tuple[str, ...]
    sources: Mapping[str, str]
    vocabularies: Mapping[str, Mapping[str, object]]
    families: tuple[_Family, ...]
    models: tuple[_Row, ...]


class Model(NamedTuple):
    """A model as asked for. One that the table does not hold has `known` false and only what its family gives."""

    id: str
    name: str
    vocabulary: Vocabulary
    basis: Basis
    """What a count with the vocabulary is worth."""
    note: Both
    """Why it is assumed or estimated; empty where it is exact."""
    known: bool = True
    context: int | None = None
    """Tokens of question and answer together."""
    input: int | None = None
    """Tokens of the question, where that is less than `context`."""
    output: int | None = None
    """Tokens of one answer; 0 for a model that gives none (embeddings)."""
    source: str = ""
    """Where the three figures come from."""
    price: str = ""
    """Provider and name in genai-prices, as "provider/name"."""


# What stands around a name, taken off step by step until a known one remains.
_BEFORE = re.compile(
    r"^(?:(?:us|eu|apac|global)\.)?(?:anthropic|meta|mistral|amazon|deepseek|qwen|openai|google)\.(?=[a-z])|^meta-(?=llama)"
)
_DATE = re.compile(r"[-@]20\d\d-?\d\d-?\d\d(?=-|$)")
_AFTER = (
    re.compile(r"[:-](?:free|beta|extended|thinking|online|nitro|floor|exacto|latest)$"),
    re.compile(r"-v\d+-0$|-v0\.\d$"),
    _DATE,
    # Months as in gpt-4-0613; Mistral's are versions that differ in more than the day.
    re.compile(r"(?<!tral-small)(?<!tral-medium)(?<!tral-large)-\d{4}$"),
    re.compile(r"[-.](?:gguf|awq|gptq(?:-int\d)?|fp8|bf16|fp16|int[48]|[48]bit|mlx|i?q\d\w*(?:-\w{1,3})*)$"),
    re.compile(r"-(?:preview|exp|instruct|chat|it|hf|base|versatile|instant|tee|turbo)$"),
    re.compile(r"-(?:\d+x)?\d+(?:\.\d+)?[bm](?:-a\d+(?:\.\d+)?b)?(?:-\d+e)?$"),
)
_SEPARATOR = re.compile(r"[\W_]+")


def _written(name: str) -> str:
    """Bring a typed name to one spelling: lower case, hyphens, no provider in front."""
    name = unicodedata.normalize("NFKC", name[: 4 * _MAX_NAME]).strip().casefold()
    if name.startswith("ft:"):
        name = name.split(":")[1]
    name = re.sub(r"[\s_]+", "-", name.rstrip("/").rsplit("/", 1)[-1])
    name = name.removesuffix(".gguf").replace(":", "-")
    return _BEFORE.sub("", name)[:_MAX_NAME]


def _key(name: str) -> str:
    return _SEPARATOR.sub("", name)


def _shorter(name: str) -> Iterator[str]:
    """Yield `name`, then what remains as dates, sizes, formats and such are taken off its end."""
    yield name
    shortened = True
    while shortened:
        shortened = False
        for pattern in _AFTER:
            rest = pattern.sub("", name)
            if rest and rest != name:
                name, shortened = rest, True
                yield name
                break


class Models:
    """The table of `knowledge/tokens.toml`."""

    def __init__(self, file: _File, vocabularies: Mapping[str, Vocabulary]) -> None:
        self.checked = file.checked
        """The day on which the figures were read."""
        self._families = file.families
        self._vocabularies = vocabularies
        self._sources = file.sources
        self.models = {row.id: self._from_row(row) for row in file.models}
        self.default = tuple(self.models[id_] for id_ in file.default)
        """The models of the table that people see who name none."""
        self._names = {_key(_written(name)): row.id for row in file.models for name in (*row.aliases, row.name, row.id)}

    def find(self, name: str) -> Model | None:
        """Return the model that `name` means, or None where neither the table nor a family knows it.

        Case, blanks, hyphens, a provider in front, a date, size or format behind do not matter.
        """
        written = _written(name)
        for shorter in _shorter(written):
            if id_ := self._names.get(_key(shorter)):
                # What was taken off may have been a version: mistral-large-2407 is not Mistral Large 3.
                family = self._from_family(written) if shorter != written else None
                same = family is None or family.vocabulary.id == self.models[id_].vocabulary.id
                return self.models[id_] if same else family
        return self._from_family(written)

    def resolve(self, name: str) -> Model:
        """Return the model that `name` means; for an unknown name, one whose counts are estimates."""
        return self.find(name) or Model(
            (_written(name) or "?"), " ".join(name.split())[:_MAX_NAME] or "?", *self._estimated("unknown"), known=False
        )

    def nearest(self, name: str, limit: int = 5) -> list[Model]:
        """Return the models whose names look most like `name`, best first; none where nothing does."""
        from rapidfuzz import fuzz, process

        found = process.extract(_key(_written(name)), self._names.keys(), scorer=fuzz.ratio, limit=20, score_cutoff=60)
        return [self.models[id_] for id_ in dict.fromkeys(self._names[key] for key, _, _ in found)][:limit]

    def choices(self, typed: str, limit: int = 25) -> list[Model]:
        """Return the models to offer while somebody types a name: those that hold it, then those that look like it."""
        key = _key(_written(typed))
        if not key:
            ids = (*(model.id for model in self.default), *self.models)
            return [self.models[id_] for id_ in dict.fromkeys(ids)][:limit]
        holding = sorted((name.find(key), len(name), id_) for name, id_ in self._names.items() if key in name)
        ids = (*(id_ for _, _, id_ in holding), *(model.id for model in self.nearest(typed)))
        return [self.models[id_] for id_ in dict.fromkeys(ids)][:limit]

    def _from_row(self, row: _Row) -> Model:
        source = self._sources[row.source] if row.source else ""
        return Model(
            row.id, row.name, *self._of_family(row.id), True, row.context, row.input, row.output, source, row.price
        )

    def _from_family(self, written: str) -> Model | None:
        # Not with its date, which could pass for a version: claude-opus-4-20250514 is not Claude Opus 4.20.
        for shorter in _shorter(_DATE.sub("", written)):
            if any(f.pattern.fullmatch(shorter) for f in self._families):
                return Model(written, written, *self._of_family(shorter), known=False)
        return None

    def _of_family(self, name: str) -> tuple[Vocabulary, Basis, Both]:
        for family in self._families:
            if family.pattern.fullmatch(name):
                vocabulary = self._vocabularies[family.vocabulary]
                if vocabulary.tokenizer is None:
                    return self._estimated(family.vocabulary)
                return vocabulary, family.basis, Both(family.note, family.note_zh)
        return self._estimated("unknown")

    def _estimated(self, vocabulary: str) -> tuple[Vocabulary, Basis, Both]:
        found = self._vocabularies[vocabulary]
        return found, "estimate", Both(found.estimate, found.estimate_zh)


def load(path: Path) -> Models:
    """Read `knowledge/tokens.toml`. Raises KnowledgeError with every fault of the file."""
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
        file = _File.model_validate(table)
        vocabularies = TypeAdapter(dict[str, Vocabulary]).validate_python(
            {id_: {**row, "id": id_} for id_, row in file.vocabularies.items()}
        )
    except OSError as error:
        raise KnowledgeError([Fault(path.name, "", f"cannot be read: {error.strerror}")]) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KnowledgeError([Fault(path.name, "", f"not TOML: {error}")]) from error
    except ValidationError as error:
        rows = error.errors()
        raise KnowledgeError(Fault(path.name, ".".join(map(str, r["loc"])), r["msg"]) for r in rows) from error
    faults = [Fault(path.name, field, message) for field, message in _faults(file, vocabularies)]
    if faults:
        raise KnowledgeError(faults)
    return Models(file, vocabularies)


def _faults(file: _File, vocabularies: Mapping[str, Vocabulary]) -> Iterator[tuple[str, str]]:
    ids = [row.id for row in file.models]
    yield from ((f"default.{id_}", "no such model: correct it") for id_ in file.default if id_ not in ids)
    if "unknown" not in vocabularies:
        yield "vocabularies", "needs one named unknown, for models that nobody knows"
    for id_, vocabulary in vocabularies.items():
        if set(vocabulary.ratios) != {"english", "chinese", "code"}:
            yield f"vocabularies.{id_}.ratios", "needs english, chinese and code"
        if vocabulary.tokenizer is None and not (vocabulary.estimate and vocabulary.estimate_zh):
            yield f"vocabularies.{id_}", "has no tokenizer: say in both languages on what the estimate rests"
    for family in file.families:
        if family.vocabulary not in vocabularies:
            yield f"families.{family.pattern.pattern}", f"no vocabulary {family.vocabulary!r}"
        elif family.basis == "assumed" and not (family.note and family.note_zh):
            yield f"families.{family.pattern.pattern}", "is assumed: say in both languages why"
    for row in file.models:
        if row.source and row.source not in file.sources:
            yield f"models.{row.id}.source", f"no source {row.source!r}"
        if (row.context or row.output) and not row.source:
            yield f"models.{row.id}.source", "missing: say where the figures come from"
        if row.context and max(row.input or 0, row.output or 0) > row.context:
            yield f"models.{row.id}", "reads or writes more than its context holds"
    yield from _shared_names(file.models)


def _shared_names(rows: Iterable[_Row]) -> Iterator[tuple[str, str]]:
    owners: dict[str, str] = {}
    for row in rows:
        for name in (row.id, row.name, *row.aliases):
            owner = owners.setdefault(_key(_written(name)), row.id)
            if owner != row.id:
                yield f"models.{row.id}", f"{name!r} already means {owner}: remove it from one"
