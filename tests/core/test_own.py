import re
from datetime import date

import pytest
from pydantic import ValidationError

from bot.core.glossary import Source, Term
from bot.core.own import faults_of, objections


@pytest.mark.parametrize(
    ("fields", "objection"),
    [
        ({}, None),
        ({"name": "@everyone"}, None),
        ({"name": "<script>alert(1)</script>"}, None),
        ({"name": "[link](https://e.org)"}, None),
        ({"short": "a\nb\tc"}, None),
        ({"related": ("somewhere-else",)}, None),
        ({"as_of": date(2026, 1, 1)}, None),
        ({"name": "a\nb"}, "name: holds a control character: remove it"),
        ({"aliases": ("\ud800x",)}, "aliases: holds a control character: remove it"),
        ({"short": "\x00"}, "short: holds a control character: remove it"),
        ({"detail": "\x9b31m"}, "detail: holds a control character: remove it"),
        (
            {"sources": (Source(title="a\x07", url="https://e.org", kind="book"),)},
            "sources: holds a control character: remove it",
        ),
        (
            {"sources": (Source(title="a", url="javascript:alert(1)", kind="docs"),)},
            "sources: javascript:alert(1) is no address: write one that begins with https:// or http://",
        ),
        (
            {"sources": (Source(title="a", url="https:// e.org", kind="docs"),)},
            "sources: https:// e.org is no address: write one that begins with https:// or http://",
        ),
        ({"sources": (Source(title="a", url="http://e.org/ä?b=c", kind="docs"),)}, None),
        ({"short": ""}, "no definition: write a sentence or two"),
        ({"name": "…"}, "name: '…' has no letter or digit"),
        ({"aliases": ("n",)}, "'n' is the same name as 'N': keep one"),
        ({"aliases": ("a" * 101,)}, "aliases: too long: at most 100 characters each"),
        ({"asked_as": ("a" * 301,)}, "asked_as: too long: at most 300 characters each"),
        ({"related": tuple(f"r{n}" for n in range(51))}, "related: too many: at most 50"),
        ({"aliases": ("",)}, "aliases: '' has no letter or digit"),
    ],
)
def test_what_keeps_a_term_from_being_stored(fields: dict[str, object], objection: str | None) -> None:
    term = Term.model_construct(**{**dict(Term(name="N", short="x")), **fields})  # type: ignore[arg-type]
    assert [en for en, _ in faults_of(term)] == ([objection] if objection else [])


def test_what_the_model_refuses_is_told_in_words() -> None:
    with pytest.raises(ValidationError) as error:
        Term.model_validate(
            {
                "name": "n" * 101,
                "short": 1,
                "as_of": "soon",
                "everyday": "?",
                "colour": "red",
                "sources": [{"title": ""}],
            }
        )
    assert sorted(en for en, _ in objections(error.value)) == [
        "as_of: not a date: write it as 2026-01-31",
        "colour: unknown key: remove it",
        "everyday: must be true, false, or a list of names",
        "name: too long: at most 100 characters",
        "short: not a text: put it into quotes",
        "sources[1].kind: missing: add it",
        "sources[1].title: empty: fill it in",
        "sources[1].url: missing: add it",
    ]
    assert all(en != zh for en, zh in objections(error.value))


def test_chinese_readers_are_told_in_chinese_alone() -> None:
    wrong = {
        "name": "甲",
        "short": "乙",
        "everyday": "?",
        "aliases": 1,
        "related": {"a": 1},
        "sources": [
            {"title": "t", "url": "https://e.org", "kind": "blog"},
            7,
            {"title": 1, "url": "u", "kind": "docs"},
        ],
    }
    with pytest.raises(ValidationError) as error:
        Term.model_validate(wrong)
    told = [zh for _, zh in objections(error.value)]
    assert len(told) == 6
    # Fields and values stand as they are written in the file; the rest is Chinese.
    for line in told:
        words = line.partition("：")[2]
        assert re.search("[\u4e00-\u9fff]", words), line
        assert not set(re.findall("[A-Za-z]+", words)) - {
            "paper",
            "docs",
            "code",
            "book",
            "article",
            "true",
            "false",
        }, line
