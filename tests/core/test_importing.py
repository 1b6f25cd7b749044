import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import UserError
from bot.core.exporting import csv_file, toml_file
from bot.core.glossary import Term
from bot.core.importing import Import, read_bytes, read_file
from bot.core.own import faults_of


def table(text: str, filename: str = "terms.csv") -> Import:
    return read_bytes(text.encode(), filename)


def pairs(result: Import) -> list[tuple[str, str]]:
    return [(t.name, t.short or t.short_zh) for t in result.terms]


# --- files that cannot be read --------------------------------------------------------------------------------


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>RAG</w:t>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "filename", "said"),
    [
        (b"", "a.md", "a.md is empty"),
        (b" \n\t\n", "a.csv", "a.csv is empty"),
        (b"\xef\xbb\xbf", "a.md", "a.md is empty"),
        (_zip(), "a.docx", "a.docx is a ZIP archive (Word, Excel"),
        (_zip(), "a.md", "a.md is a ZIP archive (Word, Excel"),
        (b"%PDF-1.7 ...", "a.pdf", "a.pdf is a PDF, not text. Copy the text out of it"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.md", "a.md is a picture"),
        (bytes(range(256)) * 8, "a.md", "a.md is not text"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "terms", "terms is a program, not text"),
        (b"RAG\0x", "a.csv", "a.csv is not text"),
        (b"x" * (5 * 1024 * 1024 + 1), "a.md", "a.md has 5.0 MiB; files up to 5 MiB can be read"),
        (b"{}", "a.json", "a.json: .json files are not read: save the glossary as Markdown"),
        (b"name = ", "a.toml", "The file is not TOML: Invalid value (at end of document)"),
        (b"a=" + b"[" * 100_000, "a.toml", "The file is not TOML: nested too deeply"),
        (b"a." * 100_000 + b"b=1", "a.toml", "The file is not TOML: a key has too many parts"),
        (b"a=" + b"9" * 10_000, "a.toml", "The file is not TOML"),
        (b"one column\nRAG\n", "a.csv", "The table needs a column for names and one for definitions"),
        (b"term,owner\nRAG,me\n", "a.csv", "The table needs a column for names and one for definitions"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_line(data: bytes, filename: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read_bytes(data, filename)
    assert error.value.en.startswith(said)
    for message in (error.value.en, error.value.zh):
        assert "\n" not in message
        assert len(message) < 300
    assert error.value.zh != error.value.en


def test_a_path_that_is_no_file_is_told_in_one_line(tmp_path: Path) -> None:
    big = tmp_path / "big.md"
    with big.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (tmp_path / "folder.md").mkdir()
    for path, said in [
        (tmp_path / "missing.md", "missing.md does not exist: check the path."),
        (tmp_path / "folder.md", "folder.md is a folder: name one file in it."),
        (big, "big.md has 50.0 MiB; files up to 5 MiB can be read. Split it."),
        (tmp_path / "null\0.md", "null_.md cannot be read"),
        (tmp_path / ("n" * 300), "n" * 40 + "…" + "n" * 15 + " cannot be read"),
        (Path("/dev/null"), "null is empty."),
    ]:
        with pytest.raises(UserError) as error:
            read_file(path)
        assert error.value.en.startswith(said)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["big.md", "folder.md"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "术语,解释\n微调,用业务数据继续训练\n"),
        ("utf-8-sig", "术语,解释\n微调,用业务数据继续训练\n"),
        ("utf-16", "术语,解释\n微调,用业务数据继续训练\n"),
        ("gb18030", "术语,解释\n微调,用业务数据继续训练\n"),
        ("big5", "術語,解釋\n微調,用業務資料繼續訓練模型\n強化學習,從獎勵中學習的方法\n"),
        ("cp1252", "term,definition\nNaïve Bayes,“simple” – and good\n"),
    ],
)
def test_encodings_that_spreadsheets_write(encoding: str, text: str) -> None:
    rows = [tuple(line.split(",")) for line in text.splitlines()[1:]]
    for content in (text, text.replace("\n", "\r\n")):
        assert pairs(read_bytes(content.encode(encoding), "a.csv")) == rows


# --- CSV ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "term,definition\nRAG,Looks things up.\nLoRA,Adapts.\n",
        "term;definition\nRAG;Looks things up.\nLoRA;Adapts.\n",
        "term\tdefinition\nRAG\tLooks things up.\nLoRA\tAdapts.\n",
        "Term | Definition\nRAG | Looks things up.\nLoRA | Adapts.\n",
        '"Term" , "What it is"\n"RAG" , "Looks things up."\n\n , \n"LoRA", Adapts.\n'.replace('" ,', '",'),
        "名称,释义\nRAG,Looks things up.\nLoRA,Adapts.\n",
        "定義,英文名稱\nLooks things up.,RAG\nAdapts.,LoRA\n",
        # Without titles: the name first, the definition second.
        "RAG,Looks things up.\nLoRA,Adapts.\n",
    ],
)
def test_tables_in_many_forms(text: str) -> None:
    assert pairs(table(text)) == [("RAG", "Looks things up."), ("LoRA", "Adapts.")]
    if "\t" in text:
        assert pairs(table(text, "terms.txt")) == [("RAG", "Looks things up."), ("LoRA", "Adapts.")]


def test_every_column_finds_its_field() -> None:
    result = table(
        "术语,英文名,缩写,别名,解释,英文解释,备注,来源,负责人,分类\n"
        '大语言模型,Large language model,LLM,"大模型、大型语言模型","生成文本的模型。\n\n参数很多。",Writes text.,例如 GPT,'
        '"[Survey](https://arxiv.org/abs/2303.18223); https://example.org",小王,模型\n'
    )
    assert result.faults == ()
    term = result.terms[0]
    assert term.id == "large-language-model"
    assert (term.name, term.name_zh, term.aliases, term.aliases_zh) == (
        "Large language model",
        "大语言模型",
        ("LLM",),
        ("大模型", "大型语言模型"),
    )
    assert term.short_zh == "生成文本的模型。"
    assert term.detail_zh == "参数很多。\n\n例如 GPT"
    assert term.short == "Writes text."
    assert term.category == "mo-xing"
    assert [(s.title, s.url) for s in term.sources] == [
        ("Survey", "https://arxiv.org/abs/2303.18223"),
        ("example.org", "https://example.org"),
    ]
    assert [str(s) for s in result.skipped] == ["line 1: 负责人: a column that is not known"]


def test_a_missing_row_of_titles_is_told() -> None:
    assert [str(s) for s in table("RAG,Looks up.\nLoRA,Adapts.\n").skipped] == [
        "line 1: RAG: no row of titles: the first column is taken as the name, the second as the definition"
    ]


def test_bad_rows_are_named_with_their_lines() -> None:
    result = table(
        "term,definition\n"
        '"RAG","Two\nlines"\n'
        "LoRA\n"
        "DPO,one,two\n"
        ",nameless\n"
        "rag,again\n"
        "G\x07PT,bell\n"
        "!!!,no letters\n"
        f"{'n' * 101},long\n"
    )
    assert pairs(result) == [("RAG", "Two lines")]
    assert [str(f) for f in result.faults] == [
        "line 4: LoRA: no definition: write a sentence or two",
        "line 5: DPO: 3 cells under 2 titles: put cells that hold the delimiter into quotes",
        "line 6: nameless: no name: add one",
        "line 7: rag: 'rag' is already a name in line 2: remove one of lines 2 and 7, or rename it",
        "line 8: G?PT: holds a control character: remove it",
        "line 9: !!!: name: '!!!' has no letter or digit",
        f"line 10: {'n' * 59}…: name: too long: at most 100 characters",
    ]


def test_broken_quotes_are_told_with_their_line() -> None:
    result = table('term,definition\nRAG,"never closed\nLoRA,x\n')
    assert [f.line for f in result.faults] == [2]
    assert result.faults[0].why_en.startswith("the quotes are broken")


# --- TOML -----------------------------------------------------------------------------------------------------


def test_a_toml_file_of_one_term_is_named_by_its_file() -> None:
    text = 'name = "RAG"\nshort = "Looks up."\n[[sources]]\ntitle = "t"\nurl = "https://e.org"\nkind = "paper"\n'
    for filename, id_ in [("my-rag.toml", "my-rag"), ("folder/my-rag.toml", "my-rag"), ("My Terms.toml", "rag")]:
        result = read_bytes(text.encode(), filename)
        assert [(t.id, t.name, t.sources[0].kind) for t in result.terms] == [(id_, "RAG", "paper")]


@pytest.mark.parametrize(
    "text",
    [
        '[rag]\nname = "RAG"\nshort = "a"\naliases = ["x"]\n\n[lora]\nname = "LoRA"\nshort = "b"\n',
        '[[terms]]\nid = "rag"\nname = "RAG"\nshort = "a"\n[[terms]]\nname = "LoRA"\nshort = "b"\n',
        '[RAG]\nshort = "a"\n["LoRA"]\nshort = "b"\n',
    ],
)
def test_a_toml_file_of_many_terms(text: str) -> None:
    result = read_bytes(text.encode(), "terms.toml")
    assert result.faults == ()
    assert [(t.id, t.name, t.short) for t in result.terms] == [("rag", "RAG", "a"), ("lora", "LoRA", "b")]


def test_bad_tables_are_named_with_their_lines() -> None:
    text = '''# terms
[rag]
name = "RAG"
short = """
[not-a-header]
"""
[empty]
name = "Empty"

[odd] # comment
name = "Odd"
short = "x"
colour = "red"
as_of = "soon"
[[odd.sources]]
title = "t"

[again]
name = "Again"
aliases = ["r a g"]
short_zh = "又来"
[up]
name = "Up"
short = "x"
category = "../up"
[bell]
name = "Bell\\u0007"
short = "x"
'''
    result = read_bytes(text.encode(), "terms.toml")
    assert [t.id for t in result.terms] == ["rag"]
    assert [str(f) for f in result.faults] == [
        "line 7: Empty: no definition: write a sentence or two",
        "line 10: Odd: as_of: not a date: write it as 2026-01-31",
        "line 10: Odd: colour: unknown key: remove it",
        "line 10: Odd: sources[1].kind: missing: add it",
        "line 10: Odd: sources[1].url: missing: add it",
        "line 18: Again: 'r a g' is already a name in line 2: remove one of lines 2 and 18, or rename it",
        "line 22: Up: category '../up': only lower-case letters, digits, single hyphens and slashes",
        "line 26: Bell?: name: holds a control character: remove it",
    ]


def test_ids_that_stand_twice_are_refused() -> None:
    text = 'terms = [{id="a", name="A", short="x"}, {id="a", name="B", short="y"}, {name="a a", short="z"}]'
    result = read_bytes(text.encode(), "terms.toml")
    assert [(t.id, t.name) for t in result.terms] == [("a", "A"), ("a-a", "a a")]
    assert [f.why_en for f in result.faults] == ["the id 'a' stands in line 1 already: change one"]


def test_names_may_be_shared_where_both_terms_say_so() -> None:
    text = '[a]\nname = "Inference"\nshort = "x"\nshared = ["推理"]\n[b]\nname = "Reasoning"\nshort = "y"\nshared = ["推理"]\n'
    assert [t.shared for t in read_bytes(text.encode(), "a.toml").terms] == [("推理",), ("推理",)]
    half = read_bytes(text.replace("shared", "aliases", 1).encode(), "a.toml")
    assert [(f.line, f.what) for f in half.faults] == [(5, "Reasoning")]


# --- anything at all -------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.md", "a.csv", "a.toml", "a.txt", "a"]))
def test_any_bytes_give_valid_terms_or_one_clear_line(data: bytes, filename: str) -> None:
    try:
        result = read_bytes(data, filename)
    except UserError as error:
        message = f"{error.en}{error.zh}"
    else:
        message = ""
        assert all(faults_of(t) == [] for t in result.terms)
    assert "\n" not in message


CELLS = st.sampled_from(
    ["RAG", "微调", "term", "definition", "解释", "id", "name", "short", '"', ",", ";", "\t", "\n", "\r\n"]
)
TOML = st.sampled_from(
    [
        "[rag]",
        "[[terms]]",
        "name",
        "short",
        " = ",
        '"RAG"',
        '"""',
        "\n",
        "[",
        "]",
        "{",
        "}",
        "1",
        "2026-01-01",
        "'",
        "#",
        ".",
    ]
)
MORE = st.one_of(
    st.text(max_size=8), st.sampled_from(["[", '["a"]', "https://e.org", "'=1", json.dumps([{"title": 1}])])
)


@settings(deadline=None)
@given(st.lists(st.one_of(CELLS, MORE), max_size=40).map("".join), st.sampled_from(["a.csv", "a.tsv", "a.txt"]))
def test_any_table_gives_valid_terms_or_says_why_not(text: str, filename: str) -> None:
    try:
        result = read_bytes(text.encode("utf-8", "surrogatepass"), filename)
    except UserError:
        return
    assert all(faults_of(t) == [] for t in result.terms)
    assert all(f.line >= 1 for f in (*result.skipped, *result.faults))


@settings(deadline=None)
@given(st.lists(st.one_of(TOML, MORE), max_size=40).map("".join))
def test_any_toml_gives_valid_terms_or_says_why_not(text: str) -> None:
    try:
        result = read_bytes(text.encode("utf-8", "surrogatepass"), "a.toml")
    except UserError:
        return
    assert all(faults_of(t) == [] for t in result.terms)


def test_terms_with_ids_may_share_names_where_a_server_takes_them_but_not_in_a_folder() -> None:
    terms = [
        Term(id="rag", name="RAG", short="Red, amber, green.", aliases=("traffic light",)),
        Term(id="rag-2", name="Rag week", short="A week.", aliases=("RAG",)),
        Term(id="light", name="traffic light", short="A light."),
    ]
    for data, filename in ((toml_file(terms), "terms.toml"), (csv_file(terms), "terms.csv")):
        assert read_bytes(data.encode(), filename, ids_tell=True).terms == tuple(terms)
        refused = read_bytes(data.encode(), filename)
        assert ["is already a name in line" in f.text("en") for f in refused.faults] == [True, True]
    without_ids = "name,aliases,short\nRAG,,One.\nRag week,RAG,Two.\n"
    [note] = read_bytes(without_ids.encode(), "terms.csv", ids_tell=True).skipped
    assert "'RAG' was left out" in note.text("en")
