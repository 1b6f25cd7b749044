"""The glossary: terms, their loading from TOML files, and the rules that a term must keep."""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import tomli
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

Kind = Literal["paper", "docs", "code", "book", "article"]
Seen = Literal["page", "copy", "canonical"]
Profile = Literal["built-in", "own"]

SHORT_LIMIT = 300
DETAIL_LIMIT = 1800
ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_ID = 64
"""Characters of an id: buttons carry it."""
PRIMARY_KINDS: frozenset[Kind] = frozenset({"paper", "docs", "code", "book"})


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Source(_Strict):
    """Where a statement can be read."""

    title: str = Field(
        min_length=1, max_length=200, description="Title of the paper, page or repository, as it stands there."
    )
    url: str = Field(min_length=1, max_length=500, description="Address, https wherever the site has it.")
    kind: Kind = Field(description="What it is; primary sources (paper, docs, code, book) stand before articles.")
    seen: Seen = Field(
        default="canonical",
        description="`page`: the page itself was read; `copy`: a stored copy, or a repository that cites it; `canonical`: not read.",
    )
    checked: datetime.date | None = Field(
        default=None, description="Date of that reading; stands only where the source was seen."
    )


class Term(_Strict):
    """One entry of a glossary. The file name is the id, the folder the category."""

    id: str = Field(default="", description="Taken from the file name; never written in the file.")
    category: str = Field(default="", description="Taken from the folder; never written in the file.")
    name: str = Field(
        min_length=1,
        max_length=100,
        description="The name as the field writes it, in English where there is an English one.",
    )
    name_zh: str = Field(
        default="",
        max_length=100,
        description="The common name in mainland China; the English name where the field does not translate it.",
    )
    full_name: str = Field(default="", max_length=150, description="What an abbreviation stands for.")
    aliases: tuple[str, ...] = Field(default=(), description="Other English names, abbreviations, common misspellings.")
    aliases_zh: tuple[str, ...] = Field(
        default=(), description="Other Chinese names, and Traditional names that character conversion does not give."
    )
    shared: tuple[str, ...] = Field(
        default=(),
        description="Names that other terms carry as well (ANN, 推理): typed alone, they ask back instead of guessing.",
    )
    asked_as: tuple[str, ...] = Field(
        default=(), description="Questions that people ask without knowing the name, in English."
    )
    asked_as_zh: tuple[str, ...] = Field(
        default=(), description="Questions that people ask without knowing the name, in Chinese."
    )
    everyday: bool | tuple[str, ...] = Field(
        default=False,
        description="The name is an ordinary word as well (token, agent): never answered unasked without other "
        "evidence. A list names those names; true means the short ones.",
    )
    short: str = Field(
        default="", max_length=SHORT_LIMIT, description="One or two sentences that stand alone, in English."
    )
    short_zh: str = Field(
        default="", max_length=SHORT_LIMIT, description="One or two sentences that stand alone, in Chinese."
    )
    detail: str = Field(
        default="",
        max_length=DETAIL_LIMIT,
        description="How it works, why it matters, an example or a figure, the usual mistake; Discord Markdown.",
    )
    detail_zh: str = Field(default="", max_length=DETAIL_LIMIT, description="The same in Chinese, written as Chinese.")
    related: tuple[str, ...] = Field(default=(), description="Ids of neighbouring terms; relations go both ways.")
    sources: tuple[Source, ...] = Field(default=(), description="Primary sources first.")
    as_of: datetime.date | None = Field(
        default=None, description="The date for which sizes, versions, addresses and law in the text hold."
    )

    @field_validator("everyday", mode="before")
    @classmethod
    def _everyday_is_yes_no_or_names(cls, value: object) -> object:
        if isinstance(value, bool | tuple) or (isinstance(value, list) and all(isinstance(n, str) for n in value)):  # pyright: ignore[reportUnknownVariableType]
            return value  # pyright: ignore[reportUnknownVariableType]
        raise ValueError("must be true, false, or a list of names")

    def __hash__(self) -> int:
        """Agree with equality, and cost little: terms are keys of caches."""
        return hash((self.id, self.name))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name and alias that means this term alone, the main ones first, each once."""
        main = (self.name, self.name_zh, self.full_name)
        return tuple(dict.fromkeys(n for n in (*main, *self.aliases, *self.aliases_zh) if n))

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names, and those that it shares with other terms."""
        return tuple(dict.fromkeys((*self.names, *self.shared)))


class Category(_Strict):
    """A group of built-in terms."""

    name: str = Field(min_length=1)
    name_zh: str = Field(min_length=1)
    colour: int = Field(ge=0, le=0xFFFFFF)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong in one place of one file, and what to do about it."""

    file: str
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.field}" if self.field else self.file
        return f"{where}: {self.message}"


class KnowledgeError(Exception):
    """A knowledge folder cannot be used; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Glossary:
    """Terms by id, and the categories they lie in."""

    terms: Mapping[str, Term]
    categories: Mapping[str, Category]

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms.values())

    def __len__(self) -> int:
        return len(self.terms)

    def over(self, base: "Glossary") -> "Glossary":
        """Return `base` with the terms of this glossary laid over it; an equal id replaces the base's term."""
        return Glossary({**base.terms, **self.terms}, {**base.categories, **self.categories})


def term_from_table(table: Mapping[str, object], id_: str, category: str, file: str) -> tuple[Term | None, list[Fault]]:
    """Validate one TOML table; return the term if it can be read, and its faults."""
    faults = [
        Fault(file, field, "remove it: the file name gives the id, the folder the category")
        for field in ("id", "category")
        if field in table
    ]
    if not ID.fullmatch(id_):
        faults.append(
            Fault(file, "", f"rename the file: {id_!r} is no id (lower-case letters, digits, single hyphens)")
        )
        return None, faults
    if len(id_) > LONGEST_ID:
        faults.append(Fault(file, "", f"rename the file: its id has {len(id_)} characters, at most {LONGEST_ID}"))
        return None, faults
    known = {k: v for k, v in table.items() if k in Term.model_fields}
    faults += [_fault(file, (k,), "extra_forbidden", "", {}) for k in table if k not in known]
    try:
        # An unknown key does not keep the other rules from being checked: every fault is told at once.
        return _slim(Term.model_validate({**known, "id": id_, "category": category})), faults
    except ValidationError as error:
        found = [_fault(file, e["loc"], e["type"], e["msg"], e.get("ctx", {})) for e in error.errors()]
        return None, faults + found


def _slim(term: Term) -> Term:
    """Let models share the set that says which fields were given: it is larger than many of the models themselves."""
    for model in (term, *term.sources):
        object.__setattr__(model, "__pydantic_fields_set__", _one(frozenset(model.model_fields_set)))
    return term


@lru_cache(maxsize=256)
def _one(fields: frozenset[str]) -> set[str]:
    # A set: copying a model copies it and adds to the copy. The models themselves are frozen.
    return set(fields)


def _fault(file: str, loc: tuple[int | str, ...], kind: str, message: str, context: Mapping[str, object]) -> Fault:
    field = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".")
    if kind == "extra_forbidden":
        message = "unknown key: remove it, or see knowledge/README.md for the known ones"
    elif kind == "missing":
        message = "missing: add it"
    elif kind == "string_too_long":
        message = f"too long: at most {context['max_length']} characters"
    elif kind == "string_too_short":
        message = "empty: fill it in"
    else:
        message = message.removeprefix("Value error, ")
        message = f"{message[0].lower()}{message[1:]}"
    return Fault(file, field, message)


# tomli is the standard library's parser, compiled: three times as fast, which the cold start of `aiterms ask` feels.
def _read_toml(path: Path, file: str) -> tuple[dict[str, object] | None, Fault | None]:
    try:
        return tomli.loads(path.read_bytes().decode("utf-8")), None
    except UnicodeDecodeError as error:
        return None, Fault(file, "", f"not UTF-8 (byte {error.start + 1}): save it as UTF-8")
    except tomli.TOMLDecodeError as error:
        return None, Fault(file, "", f"not TOML: {error}")
    except OSError as error:
        return None, Fault(file, "", f"cannot be read: {error.strerror}")


def read_terms(folder: Path) -> tuple[list[Term], list[Fault]]:
    """Read every `*.toml` below `folder`; return the terms that are valid by themselves and all faults.

    A sub-folder is a category; files in `folder` itself have none.
    """
    terms: list[Term] = []
    faults: list[Fault] = []
    for path in sorted(folder.rglob("*.toml")):
        file = path.relative_to(folder).as_posix()
        table, fault = _read_toml(path, file)
        if table is None:
            if fault:
                faults.append(fault)
            continue
        category = "" if path.parent == folder else path.parent.relative_to(folder).as_posix()
        term, found = term_from_table(table, path.stem, category, file)
        faults += found
        if term:
            terms.append(term)
    return terms, faults


def read_categories(path: Path) -> tuple[dict[str, Category], list[Fault]]:
    """Read `categories.toml`; return the categories in the order of the file, and all faults."""
    table, fault = _read_toml(path, path.name)
    if table is None:
        return {}, [fault] if fault else []
    categories: dict[str, Category] = {}
    faults: list[Fault] = []
    for name, row in table.items():
        try:
            categories[name] = Category.model_validate(row)
        except ValidationError as error:
            faults += [
                _fault(path.name, (name, *e["loc"]), e["type"], e["msg"], e.get("ctx", {})) for e in error.errors()
            ]
    return categories, faults
