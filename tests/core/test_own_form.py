"""Forms for own terms: a form that nobody touched changes nothing; what is typed lands where it belongs."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import own
from bot.core.errors import UserError
from bot.core.glossary import Source, Term
from bot.core.languages import LANGUAGES, Language
from bot.core.own_form import LONGEST_FIELD, Form, preview

PAPER = Source(
    title="A paper", url="https://arxiv.org/abs/1", kind="paper", seen="page", checked=datetime.date(2026, 1, 2)
)
ODD: dict[str, Term] = {
    "plain": Term(id="a", name="A", short="x"),
    "both languages": Term(
        id="a", name="LLM", name_zh="大模型", full_name="Large Language Model", short="x", short_zh="甲", detail="long",
        detail_zh="长文", aliases=("big one",), aliases_zh=("巨模型",),
    ),
    "Chinese alone": Term(id="a", name="护栏", name_zh="护栏", aliases_zh=("围栏",), short_zh="甲"),
    "no Chinese name but aliases": Term(id="a", name="A", aliases_zh=("围栏", "护栏"), short="x"),
    "names with commas": Term(id="a", name="A", aliases=("Attention, multi-head", "x; y", "[z"), short="x"),
    "names in the other field": Term(id="a", name="A", aliases=("Q学习",), aliases_zh=("Z",), short="x"),
    "the Chinese name in other letters": Term(id="a", name="Token", name_zh="token", short="x"),
    "what no form shows": Term(
        id="a", name="A", short="x", shared=("B",), asked_as=("what",), related=("b",), everyday=True,
        as_of=datetime.date(2026, 1, 1),
    ),
    "sources with what is known of them": Term(
        id="a", name="A", short="x", detail="t", sources=(PAPER, Source(title="T", url="https://x.org", kind="book"))
    ),
    "a title that holds an address": Term(
        id="a", name="A", short="x",
        sources=(Source(title="see https://y.org now", url="https://x.org", kind="docs"), PAPER),
    ),
    "a text that ends with a link": Term(id="a", name="A", short="x", detail="Text.\nhttps://x.org", sources=(PAPER,)),
    "a text that is a link": Term(id="a", name="A", short="x", detail="https://x.org/a"),
    "more names than a field holds": Term(
        id="a", name="A", short="x", aliases=tuple(f"{n:02}{'x' * 97}" for n in range(50)),
        aliases_zh=tuple(f"{n:02}{'好' * 97}" for n in range(50)),
    ),
    "more sources than a field holds": Term(
        id="a", name="A", short="x", detail="d" * 1800,
        sources=tuple(Source(title="t" * 150, url=f"https://x.org/{n}", kind="code") for n in range(50)),
    ),
    "English in the Chinese field": Term(id="a", name="A", short_zh="English", detail_zh="English again"),
    "Chinese in the English field": Term(id="a", name="A", short="中文", detail="中文在此"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_that_nobody_touched_gives_the_same_term(case: str, language: Language) -> None:
    term = ODD[case]
    assert not own.faults_of(term)
    form = Form.of(term, language)
    assert max(map(len, (form.name, form.others, form.short, form.short_zh, form.more))) <= LONGEST_FIELD
    assert form.term(term, language=language) == term


_WORD = st.text(st.sampled_from("aB1,;|、，[\"' :()好中-\\"), min_size=1, max_size=12)
_LIST = st.lists(_WORD, max_size=4).map(tuple)
_SOURCES = st.lists(
    st.builds(Source, title=_WORD.filter(lambda w: bool(w.strip())), url=st.sampled_from(["https://a.b/c", "http://x"]),
              kind=st.sampled_from(["paper", "code"])),
    max_size=3, unique_by=lambda s: s.url,
).map(tuple)  # fmt: skip


@given(
    st.builds(
        Term,
        id=st.just("a"),
        name=_WORD.filter(lambda w: bool(w.strip())),
        name_zh=st.one_of(st.just(""), _WORD),
        full_name=st.one_of(st.just(""), _WORD),
        aliases=_LIST,
        aliases_zh=_LIST,
        short=_WORD,
        detail=st.one_of(st.just(""), _WORD, st.just("a\nhttps://a.b/c")),
        detail_zh=st.one_of(st.just(""), _WORD),
        sources=_SOURCES,
    )
)
def test_any_term_that_may_be_stored_survives_an_untouched_form(term: Term) -> None:
    # Names as the readers of files and forms leave them: without blanks around, and more than one inside.
    tidy = all(n == " ".join(n.split()) for n in term.names)
    if tidy and not own.faults_of(term):
        for language in LANGUAGES:
            assert Form.of(term, language).term(term, language=language) == term


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (Form("QXN", "夸网, Quux X Net", "Ours."), {"name_zh": "夸网", "full_name": "Quux X Net", "id": "qxn"}),
        (Form("护栏", "围栏、guardrail", "", "甲"), {"name_zh": "", "aliases_zh": ("围栏",), "id": "guardrail"}),
        (Form("A", "", "这是中文。"), {"short": "", "short_zh": "这是中文。"}),
        (Form("A", "", "", "English."), {"short": "English.", "short_zh": ""}),
        (Form("A", "", "x", "", "这是一段中文。"), {"detail": "", "detail_zh": "这是一段中文。"}),
        (Form("A", "a, A", "x"), {"aliases": ()}),
        (Form(" A   B ", "", "x"), {"name": "A B", "id": "a-b"}),
    ],
)
def test_what_is_typed_lands_where_it_belongs(form: Form, wanted: dict[str, object]) -> None:
    term = form.term(None)
    assert {f: getattr(term, f) for f in wanted} == wanted


@pytest.mark.parametrize(
    ("more", "detail", "links"),
    [
        ("Text.", "Text.", []),
        ("Text.\nhttps://x.org", "Text.", [("x.org", "https://x.org")]),
        ("Text.\n\nOne: https://x.org\r\nTwo：https://y.org/", "Text.", [("One", "https://x.org"), ("Two", "https://y.org/")]),
        ("https://x.org\nText.", "https://x.org\nText.", []),
        ("https://x.org", "", [("x.org", "https://x.org")]),
    ],
)  # fmt: skip
def test_links_at_the_end_are_sources(more: str, detail: str, links: list[tuple[str, str]]) -> None:
    term = Form("A", "", "x", "", more).term(None)
    assert (term.detail, [(s.title, s.url) for s in term.sources]) == (detail, links)


def test_one_language_is_edited_and_the_other_stays() -> None:
    before = ODD["both languages"]
    cases: list[tuple[Language, str, str]] = [("en", "detail", "detail_zh"), ("zh", "detail_zh", "detail")]
    for language, field, other in cases:
        shown = Form.of(before, language)
        after = Form(shown.name, shown.others, shown.short, shown.short_zh, "New 新").term(before, language=language)
        assert getattr(after, field) == "New 新"
        assert getattr(after, other) == getattr(before, other)


def test_what_is_known_of_a_source_survives_a_new_title() -> None:
    before = Term(id="a", name="A", short="x", sources=(PAPER,))
    [changed] = Form("A", "", "x", "", "Better: https://arxiv.org/abs/1").term(before).sources
    assert changed == PAPER.model_copy(update={"title": "Better"})
    assert Form("A", "", "x").term(before).sources == ()


def test_an_address_that_cannot_be_stored_is_refused_and_not_dropped() -> None:
    with pytest.raises(UserError, match="no address"):
        Form("A", "", "x", "", f"https://x.org/{'a' * 600}").term(None)


# --- imports -----------------------------------------------------------------------------------------------------


def test_a_preview_tells_new_changed_and_same_apart() -> None:
    present = {i: Term(id=i, name=i.upper(), short="old") for i in ("a", "b", "c")}
    new = [Term(id="a", name="A", short="old"), Term(id="b", name="B", short="new"), Term(id="d", name="D", short="x")]
    found = preview(present, new)
    assert [t.id for t in found.added] == ["d"]
    assert [(t.id, fields) for t, fields in found.changed] == [("b", ("short",))]
    assert (found.same, found.shared, found.categories) == (1, (), False)
    assert found.terms == tuple(new)


def test_a_term_is_known_by_its_name_where_its_id_is_another() -> None:
    present = {"rag-2": Term(id="rag-2", name="R.A.G.", short="old")}
    found = preview(present, [Term(id="rag", name="RAG", short="new")])
    assert [(t.id, fields) for t, fields in found.changed] == [("rag-2", ("name", "short"))]
    # Unless the file names that id itself.
    two = [Term(id="rag", name="RAG", short="new"), Term(id="rag-2", name="Rags", short="x")]
    assert [t.id for t in preview(present, two).terms] == ["rag", "rag-2"]


def test_an_own_term_never_has_the_id_of_a_built_in_one() -> None:
    built_in = {"rag", "rag-own-2"}
    assert Form("RAG", "", "x").term(None, (), built_in).id == "rag-own"
    assert Form("RAG", "", "x").term(None, {"rag-own"}, built_in).id == "rag-own-3"
    new = [Term(id="rag", name="RAG", short="x"), Term(id="rag-own", name="Rags", short="x")]
    assert [t.id for t in preview({}, new[:1], built_in).terms] == ["rag-own"]
    assert [t.id for t in preview({}, new, built_in).terms] == ["rag-own-3", "rag-own"]
    # What is there keeps its id, also where the built-in knowledge has grown since.
    present = {"rag": Term(id="rag", name="RAG", short="old")}
    assert [t.id for t in preview(present, new[:1], built_in).terms] == ["rag"]


def test_categories_are_left_out_and_said() -> None:
    found = preview({}, [Term(id="a", name="A", short="x", category="training")])
    assert found.categories
    assert found.terms[0].category == ""


def test_names_that_another_term_carries_are_told() -> None:
    present = {"a": Term(id="a", name="Alpha", aliases=("Al",), short="x")}
    found = preview(present, [Term(id="b", name="Beta", aliases=("AL", "Be"), short="x")])
    assert found.shared == (("AL", "Alpha"),)
    assert preview(present, [Term(id="a", name="Alpha", aliases=("Al",), short="y")]).shared == ()


def test_an_id_too_long_for_a_button_is_refused() -> None:
    with pytest.raises(UserError, match="at most 64"):
        preview({}, [Term(id="a" * 65, name="A", short="x")])
