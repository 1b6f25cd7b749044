"""Replies as plain text: for pipes, for `--json`, and as the base of what the console draws."""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering import Reply, both_names, in_language, names_of
from bot.core.decide import Outcome
from bot.core.glossary import Source, Term
from bot.core.languages import Language, say
from bot.core.search import LONGEST_QUESTION

if TYPE_CHECKING:
    from bot.core.sizes import SizeReply

_CODE = re.compile(r"(```[^\n`]*\n?.*?```|`[^`\n]*`)", re.DOTALL)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


def json_line(value: object) -> str:
    """Return one line of JSON; escaped where it holds characters that cannot be written as they are."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return line


def without_markdown(markdown: str) -> str:
    """Return Discord Markdown as plain text: emphasis and code marks go, lists and line breaks stay."""
    parts = _CODE.split(markdown)
    for i, part in enumerate(parts):
        if i % 2:
            fenced = part.startswith("```")
            parts[i] = part[3:-3].split("\n", 1)[-1].rstrip("\n") if fenced else part[1:-1]
        else:
            parts[i] = _ITALIC.sub(r"\1", _BOLD.sub(r"\1", part))
    return "".join(parts)


def reply_text(reply: Reply, known: Mapping[str, Term] | None = None) -> str:
    """Return a reply as plain text. `known` gives the names of related terms, where they are to be listed."""
    language = reply.language
    if reply.size:
        return f"{size_text(reply.size)}\n\n{term_text(reply.terms[0], language, brief=True)}"
    if reply.outcome is Outcome.ANSWER:
        shown = reply.terms if reply.compared else reply.terms[:1]
        return "\n\n".join(term_text(t, language, known, brief=reply.compared) for t in shown)
    if reply.outcome is Outcome.SUGGEST:
        rows = [f"{n}. {both_names(t, language)}" for n, t in enumerate(reply.terms, 1)]
        return "\n".join([say("did-you-mean", language), *rows])
    return nothing_text(reply)


def size_text(reply: "SizeReply", why: str = "") -> str:
    """Return an explained size as plain text: words, table, formulas (`why`), sources."""
    rows = [f"  {n}. {s.title} {s.url}" for n, s in enumerate(reply.sources, 1)]
    sources = "\n".join([f"{say('sources', reply.language)}:", *rows]) if rows else ""
    blocks = [reply.title, without_markdown(reply.words), reply.table, without_markdown(why), sources]
    return "\n\n".join(b for b in blocks if b)


def nothing_text(reply: Reply, safe: Callable[[str, Term], str] = lambda name, _: name) -> str:
    """Return what is said where there is no answer: why, and what to do; `safe` writes the name of a term."""
    language = reply.language
    if reply.reason == "too-long":
        return say("too-long", language, characters=len(reply.question), limit=LONGEST_QUESTION)
    if reply.reason == "empty":
        return say("empty", language)
    lines = [say("unknown", language)]
    if reply.nearest:
        names = [safe(both_names(t, language), t) for t in reply.nearest]
        lines.append(say("nearest", language, names=say("separator", language).join(names)))
    lines.append(say("unknown-hint", language))
    return "\n".join(lines)


def term_text(term: Term, language: Language, known: Mapping[str, Term] | None = None, *, brief: bool = False) -> str:
    """Return a term as plain text: names, short, detail (not where `brief`), sources, related terms."""
    main = _term_text(term, language, brief)
    related = [known[i] for i in term.related if i in known] if known and not brief else []
    if not related:
        return main
    return f"{main}\n\n{say('related', language)}: {names_of(related, language)}"


@lru_cache(maxsize=4096)
def _term_text(term: Term, language: Language, brief: bool) -> str:
    blocks = [heading(term, language), in_language(term, "short", language)]
    detail = in_language(term, "detail", language)
    if detail and not brief:
        blocks.append(without_markdown(detail))
    blocks.append(sources_text(term, language))
    return "\n\n".join(b for b in blocks if b)


def heading(term: Term, language: Language) -> str:
    """Return the first lines of a term: both names, and what an abbreviation stands for."""
    title = both_names(term, language)
    return f"{title}\n{term.full_name}" if term.full_name and term.full_name not in title else title


def sources_text(term: Term, language: Language) -> str:
    """Return the numbered sources of a term, or the line that says there are none."""
    if not term.sources:
        return f"{say('sources', language)}: {say('no-source', language)}"
    rows = [f"  {n}. {source_text(s, language)} {s.url}" for n, s in enumerate(term.sources, 1)]
    return "\n".join([f"{say('sources', language)}:", *rows])


def source_text(source: Source, language: Language) -> str:
    """Return a source in words: its title, what it is, and when it was checked."""
    facts = [say(f"kind-{source.kind}", language)]
    if source.checked:
        facts.append(say("checked", language, date=source.checked.isoformat()))
    return f"{source.title} ({', '.join(facts)})"
