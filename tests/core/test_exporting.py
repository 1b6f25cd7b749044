import csv
import io
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core import text
from bot.core.errors import UserError
from bot.core.exporting import csv_file, files_of, term_toml, toml_file, write_folder
from bot.core.glossary import Source, Term, read_terms
from bot.core.importing import Import, read_bytes
from bot.core.own import faults_of

FULL = Term(
    id="rag",
    category="search/own",
    name="RAG",
    name_zh="检索增强生成",
    full_name="retrieval-augmented generation",
    aliases=("grounding", 'with "quotes"', "a; b", "c, d"),
    aliases_zh=("检索增强", "知识库、问答"),
    shared=("检索",),
    asked_as=("how do I let it read my files; safely", "what, then?"),
    asked_as_zh=("怎么让模型读文档？",),
    everyday=True,
    short='Looks things up, "then" answers.',
    short_zh="先检索，再回答。",
    detail='Line one\n\n```toml\nx = """y"""\n```\n\ttab \\ "',
    detail_zh="=1+1\n- 步骤",
    related=("lora", "elsewhere"),
    sources=(
        Source(
            title="Paper", url="https://arxiv.org/abs/2005.11401", kind="paper", seen="page", checked=date(2026, 1, 2)
        ),
        Source(title="[odd] title", url="https://e.org/(x)", kind="book"),
    ),
    as_of=date(2026, 2, 3),
)
PLAIN = Term(id="lora", name="=LoRA", short="-x")


def read_back(content: str, filename: str) -> Import:
    result = read_bytes(content.encode(), filename)
    assert result.faults == ()
    assert result.skipped == ()
    return result


# --- arbitrary terms ------------------------------------------------------------------------------------------

ODD = st.sampled_from(list("\"'\\;,|、，；[](){}=+-@`*_#<>~.:：/。？ \u202e\u200b\ufeff\u2028\U0001f680é微调Aa1"))
CHARACTERS = st.one_of(ODD, st.characters(exclude_categories=("Cs", "Cc")))
LINES = st.text(CHARACTERS, max_size=30)
NAMES = LINES.filter(text.key)
TEXTS = st.lists(st.one_of(CHARACTERS, st.sampled_from(["\n", "\t", '"""', "```", "\n\n"])), max_size=60).map("".join)
IDS = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,3})?", fullmatch=True)
CATEGORIES = st.one_of(st.just(""), IDS, st.builds("{}/{}".format, IDS, IDS))
DATES = st.one_of(st.none(), st.dates())
SOURCES = st.builds(
    Source,
    title=LINES.filter(str.strip),
    url=st.one_of(LINES.filter(str.strip), st.just("https://e.org/a"), st.just("https://arxiv.org/abs/1")),
    kind=st.sampled_from(["paper", "docs", "code", "book", "article"]),
    seen=st.sampled_from(["page", "copy", "canonical"]),
    checked=DATES,
)


def many(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(strategy, max_size=3).map(tuple)


TERMS = st.fixed_dictionaries(
    {"id": IDS, "name": NAMES, "short": TEXTS.filter(str.strip)},
    optional={
        "category": CATEGORIES,
        "name_zh": LINES,
        "full_name": LINES,
        "aliases": many(NAMES),
        "aliases_zh": many(NAMES),
        "shared": many(NAMES),
        "asked_as": many(LINES),
        "asked_as_zh": many(LINES),
        "everyday": st.booleans(),
        "short_zh": TEXTS,
        "detail": TEXTS,
        "detail_zh": TEXTS,
        "related": many(IDS),
        "sources": many(SOURCES),
        "as_of": DATES,
    },
).map(Term.model_validate)


@st.composite
def glossaries(draw: st.DrawFn) -> list[Term]:
    """Own terms that may be stored together: valid, with ids and names of their own."""
    found: list[Term] = []
    keys: set[str] = set()
    for term in draw(st.lists(TERMS, min_size=1, max_size=3)):
        own = {text.key(n) for n in term.all_names}
        if not faults_of(term) and not own & keys and term.id not in {t.id for t in found}:
            found.append(term)
            keys |= own
    assume(found)
    return found


@settings(deadline=None)
@given(glossaries())
def test_every_export_reads_back_as_the_same_terms(terms: list[Term]) -> None:
    assert read_back(toml_file(terms), "terms.toml").terms == tuple(terms)
    assert read_back(csv_file(terms), "terms.csv").terms == tuple(terms)
    for term in terms:
        alone = term.model_copy(update={"category": ""})
        assert read_back(term_toml(term), f"{term.id}.toml").terms == (alone,)


# --- how the files look ---------------------------------------------------------------------------------------


def test_a_full_and_a_plain_term_read_back() -> None:
    for content, filename in ((toml_file([FULL, PLAIN]), "a.toml"), (csv_file([FULL, PLAIN]), "a.csv")):
        assert read_back(content, filename).terms == (FULL, PLAIN)


def test_what_is_not_set_is_not_written() -> None:
    assert term_toml(PLAIN) == 'name = "=LoRA"\nshort = "-x"\n'
    assert tomllib.loads(toml_file([PLAIN])) == {"lora": {"name": "=LoRA", "short": "-x"}}


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    content = csv_file([FULL, PLAIN])
    assert content.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(content[1:], newline="")))
    assert [r[2] for r in rows] == ["name", "RAG", "'=LoRA"]
    assert all(cell[:1] not in ("=", "+", "-", "@", "\t") for row in rows for cell in row)


def test_lists_are_written_as_people_write_them_where_that_is_safe() -> None:
    term = Term(id="a", name="A", aliases=("b", "c d"), asked_as=("why, then?", "how?"), short="x")
    assert csv_file([term]).splitlines()[1] == 'a,A,b; c d,"why, then?; how?",x'


# --- folders --------------------------------------------------------------------------------------------------


def test_a_folder_of_terms_loads_as_it_was_written(tmp_path: Path) -> None:
    out = tmp_path / "own"
    write_folder([FULL, PLAIN], out)
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.toml")) == ["lora.toml", "search/own/rag.toml"]
    terms, faults = read_terms(out)
    assert faults == []
    assert {t.id: t for t in terms} == {"rag": FULL, "lora": PLAIN}
    assert [p.name for p in tmp_path.iterdir()] == ["own"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    out = tmp_path / "own"
    out.mkdir(mode=0o750)
    (tmp_path / "link").symlink_to(out)
    write_folder([PLAIN], tmp_path / "link")
    assert (out / "lora.toml").is_file()
    assert out.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    ("terms", "out", "said"),
    [
        ([], "new", "There are no terms to write."),
        ([PLAIN], "full", "is not empty: name a new or an empty folder."),
        ([PLAIN], "file", "is a file: name a new or an empty folder."),
        ([PLAIN], "missing/new", "does not exist: create it first."),
        ([PLAIN], "file/new", "does not exist: create it first."),
        ([PLAIN], "x" * 300, "nothing was written."),
        ([PLAIN], "nul\0l", "nothing was written."),
        ([PLAIN, PLAIN], "new", "The id lora stands twice."),
        ([PLAIN.model_copy(update={"id": "../up"})], "new", "is no file name for a term."),
        ([PLAIN.model_copy(update={"category": ".."})], "new", "is no file name for a term."),
        # The last of several cannot be encoded.
        ([PLAIN, PLAIN.model_copy(update={"id": "z", "name": "\ud800"})], "new", "nothing was written."),
    ],
)
def test_nothing_is_written_when_anything_is_wrong(tmp_path: Path, terms: list[Term], out: str, said: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as error:
        write_folder([*terms], tmp_path / out)
    assert error.value.en.endswith(said)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "full" / "note.txt").read_text() == "mine"


@pytest.mark.parametrize("write", [toml_file, csv_file])
def test_what_is_too_large_for_one_import_comes_in_parts_that_hold_everything(write: Any) -> None:
    terms = [Term(id=f"t-{n}", name=f"T{n}", short="s" * 250) for n in range(100)]
    assert files_of(terms, write, 10**6) == [write(terms).encode()]
    parts = files_of(terms, write, 5_000)
    assert all(len(part) <= 5_000 for part in parts)
    ending = "toml" if write is toml_file else "csv"
    assert [t for part in parts for t in read_bytes(part, f"t.{ending}").terms] == terms
    with pytest.raises(UserError, match="too large"):
        files_of(terms[:1], write, 100)
