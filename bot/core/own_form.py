"""A term of one's own as people write it in a form of five fields, and what an import would change."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.core import own, text
from bot.core.columns import split_list
from bot.core.drafts import is_chinese, source
from bot.core.errors import UserError
from bot.core.glossary import Source, Term
from bot.core.headwords import id_for

LONGEST_ID = 64
"""Characters of an own term's id: buttons carry it."""
_ADDRESS = re.compile(r"(?:(?P<title>[^\n]*?)[:：]?\s*)?(?P<url>https?://\S+)")


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields."""

    name: str = ""
    others: str = ""
    """Other names in any language, separated by commas."""
    short: str = ""
    short_zh: str = ""
    more: str = ""
    """The longer text; lines at its end that are only a link, with or without a title, are sources."""

    @classmethod
    def of(cls, term: Term) -> "Form":
        """Return the fields filled with a term."""
        names = (term.name_zh, term.full_name, *term.aliases, *term.aliases_zh)
        links = [f"{s.title}: {s.url}" for s in term.sources]
        more = "\n".join(part for part in (term.detail or term.detail_zh, *links) if part)
        others = ", ".join(dict.fromkeys(n for n in names if n and n != term.name))
        return cls(term.name, others, term.short, term.short_zh, more)

    def term(self, before: Term | None, taken: Mapping[str, object]) -> Term:
        """Return the term that the fields describe; what they do not show stays as it was `before`.

        Raises:
            UserError: what is wrong and what to do, for each field.
        """
        text_part, sources = _split_sources(self.more)
        old = before.model_dump() if before else {}
        name = " ".join(self.name.split())
        names = [
            n for n in split_list(self.others.replace("，", ",").replace("、", ",")) if text.key(n) != text.key(name)
        ]
        chinese = [n for n in names if text.has_han(n)]
        fields: dict[str, Any] = {
            **old,
            "name": name,
            "short": self.short.strip(),
            "short_zh": self.short_zh.strip(),
            "sources": sources,
            **_names(before, names, chinese),
            **_detail(before, text_part),
        }
        if not fields["short_zh"] and text.has_han(fields["short"]) and is_chinese(fields["short"]):
            fields["short"], fields["short_zh"] = "", fields["short"]
        fields["id"] = before.id if before else id_for([name, *names], taken)[:LONGEST_ID]
        fields["category"] = ""
        try:
            term = Term.model_validate(fields)
        except ValidationError as error:
            raise refused(own.objections(error)) from None
        faults = own.faults_of(term)
        if faults:
            raise refused(faults)
        return term


def _names(before: Term | None, names: list[str], chinese: list[str]) -> dict[str, Any]:
    """Deal the other names out to the fields that they had; new ones are aliases."""
    kept = {"name_zh": before.name_zh if before else "", "full_name": before.full_name if before else ""}
    fields: dict[str, Any] = {k: v if v in names else "" for k, v in kept.items()}
    if not fields["name_zh"] and chinese:
        fields["name_zh"] = chinese[0]
    rest = [n for n in names if n not in fields.values()]
    fields["aliases"] = tuple(n for n in rest if not text.has_han(n))
    fields["aliases_zh"] = tuple(n for n in rest if text.has_han(n))
    return fields


def _detail(before: Term | None, written: str) -> dict[str, str]:
    """Put the longer text where it stood, or where its language belongs."""
    if before and before.detail and before.detail_zh:
        return {"detail": written}
    field = "detail_zh" if written and is_chinese(written) else "detail"
    return {"detail": "", "detail_zh": "", field: written}


def _split_sources(more: str) -> tuple[str, list[dict[str, object]]]:
    """Take the links off the end of the longer text."""
    lines = more.strip().splitlines()
    found: list[Source] = []
    while lines and (match := _ADDRESS.fullmatch(lines[-1].strip())):
        made = source(match["title"] or "", match["url"])
        if made is None:
            break
        found.insert(0, made)
        lines.pop()
    return "\n".join(lines).strip(), [s.model_dump() for s in found]


def refused(objections: Sequence[own.Objection]) -> UserError:
    """Return the error that names everything that is wrong."""
    english = "\n".join(f"- {en}" for en, _ in objections[:10])
    chinese = "\n".join(f"- {zh}" for _, zh in objections[:10])
    return UserError(f"Not saved:\n{english}", f"没有保存：\n{chinese}")


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do to the terms that are there."""

    added: tuple[Term, ...]
    changed: tuple[tuple[Term, tuple[str, ...]], ...]
    """Terms whose id is taken, with the fields that differ."""
    same: int
    """How many are there already as they are."""


def preview(present: Mapping[str, Term], new: Sequence[Term]) -> Preview:
    """Compare the terms of an import with those that are there.

    Raises:
        UserError: an id is too long for a server.
    """
    long = next((t for t in new if len(t.id) > LONGEST_ID), None)
    if long:
        raise UserError(
            f"The id {long.id[:80]} is too long: at most {LONGEST_ID} characters. Shorten it in the file.",
            f"id {long.id[:80]} 太长，最多 {LONGEST_ID} 个字符，请在文件中改短。",
        )
    added: list[Term] = []
    changed: list[tuple[Term, tuple[str, ...]]] = []
    same = 0
    for term in new:
        old = present.get(term.id)
        if old is None:
            added.append(term)
        elif old == term:
            same += 1
        else:
            fields = (f for f in Term.model_fields if getattr(old, f) != getattr(term, f))
            changed.append((term, tuple(fields)))
    return Preview(tuple(added), tuple(changed), same)
