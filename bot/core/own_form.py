"""A term of one's own as people write it in a form of five fields, and what an import would change."""

import json
import re
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.core import own, text
from bot.core.columns import split_list
from bot.core.drafts import is_chinese, source
from bot.core.errors import UserError
from bot.core.glossary import LONGEST_ID, Source, Term
from bot.core.headwords import id_for, stands_for
from bot.core.languages import Language

LONGEST_FIELD = 4000
"""Characters that a field of a form can hold; what does not fit is not shown, and stays as it is."""
_LONGEST_FULL_NAME = 150
_ADDRESS = re.compile(r"(?:(?P<title>[^\n]*?)[:：]?\s*)?(?P<url>https?://\S+)")


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields."""

    name: str = ""
    others: str = ""
    """Other names in any language, separated by commas; a JSON list where a name holds a comma itself."""
    short: str = ""
    short_zh: str = ""
    more: str = ""
    """The longer text; lines at its end that are only a link, with or without a title, are sources."""

    @classmethod
    def of(cls, term: Term, language: Language = "en") -> "Form":
        """Return the fields filled with a term; of two longer texts, the one in the reader's `language`."""
        links = [_link(s) for s in _shown_sources(term, language)]
        more = "\n".join(part for part in (_detail(term, language), *links) if part)
        return cls(term.name, _list(_shown_names(term)), term.short, term.short_zh, more)

    def term(
        self,
        before: Term | None,
        taken: Container[str] = (),
        built_in: Container[str] = (),
        language: Language = "en",
    ) -> Term:
        """Return the term that the fields describe; what they do not show stays as it was `before`.

        A new term gets an id that is neither `taken` by an own term nor `built_in`. `language` is the one that the fields were filled in for. A form that nobody touched gives the same term.

        Raises:
            UserError: what is wrong and what to do, for each field.
        """
        name = " ".join(self.name.split())
        names = self._other_names(name, before)
        detail, links = self._more(before, language)
        fields: dict[str, Any] = {
            **(before.model_dump() if before else {}),
            "name": name,
            **_deal(before, name, names),
            **self._shorts(before),
            **_with_detail(before, detail, language),
            "sources": _sources(before, links, language),
            "category": "",
        }
        fields["id"] = before.id if before else _free(own_id(id_for([name, *names]), built_in), taken, built_in)
        try:
            term = Term.model_validate(fields)
        except ValidationError as error:
            raise refused(own.objections(error)) from None
        faults = own.faults_of(term)
        if faults:
            raise refused(faults)
        return term

    def _other_names(self, name: str, before: Term | None) -> list[str]:
        """Return the other names, without those that only repeat the name, and with those that were not shown."""
        kept = before.name_zh if before else ""
        written = [n for n in split_list(self.others) if n == kept or text.key(n) != text.key(name)]
        return written + (_other_names(before)[len(_shown_names(before)) :] if before else [])

    def _more(self, before: Term | None, language: Language) -> tuple[str, list[tuple[str, str]]]:
        """Return the longer text, and the titles and addresses of the links at its end."""
        old = _detail(before, language) if before else ""
        written = self.more.replace("\r\n", "\n").strip()
        # A text that was not touched is not searched: its last line may be a link of its own.
        fixed = old if old and written.startswith(old) and written[len(old) :][:1] in ("", "\n") else ""
        lines = written[len(fixed) :].strip().splitlines()
        links: list[tuple[str, str]] = []
        while lines and (match := _ADDRESS.fullmatch(lines[-1].strip())):
            links.insert(0, (match["title"] or "", match["url"]))
            lines.pop()
        return "\n".join(part for part in (fixed, "\n".join(lines).strip()) if part), links

    def _shorts(self, before: Term | None) -> dict[str, str]:
        """Return both short texts, each in the field of its language where the other one is empty."""
        short, short_zh = self.short.strip(), self.short_zh.strip()
        if before and (short, short_zh) == (before.short, before.short_zh):
            return {}
        if short and not short_zh and is_chinese(short):
            short, short_zh = "", short
        elif short_zh and not short and not text.has_han(short_zh):
            short, short_zh = short_zh, ""
        return {"short": short, "short_zh": short_zh}


def own_id(id_: str, built_in: Container[str]) -> str:
    """Return the id that an own term has, where the built-in one of the same id is another term.

    With an id in common, the other names of the built-in term would lead to the own one.
    """
    return f"{id_}-own" if id_ in built_in else id_


def _free(id_: str, *taken: Container[str]) -> str:
    """Return `id_`, with a number where it is taken."""
    free, number = id_, 1
    while any(free in ids for ids in taken):
        number += 1
        free = f"{id_}-{number}"
    return free


# --- names -----------------------------------------------------------------------------------------------------


def _other_names(term: Term) -> list[str]:
    names = (term.name_zh, term.full_name, *term.aliases, *term.aliases_zh)
    return [n for n in dict.fromkeys(names) if n and n != term.name]


def _list(names: Sequence[str]) -> str:
    """Return names as people write them, where that reads back the same."""
    plain = ", ".join(names)
    return plain if split_list(plain) == list(names) else json.dumps(list(names), ensure_ascii=False)


def _shown_names(term: Term) -> list[str]:
    names = _other_names(term)
    while len(_list(names)) > LONGEST_FIELD:
        names.pop()
    return names


def _deal(before: Term | None, name: str, names: Sequence[str]) -> dict[str, object]:
    """Deal the other names out to the fields that they had; new ones go where such names belong."""
    old = before or Term(name=name)
    name_zh = old.name_zh if old.name_zh in names else ""
    if before and before.name_zh == before.name:
        name_zh = name
    full = old.full_name if old.full_name in names or old.full_name == name else ""
    rest = [n for n in dict.fromkeys(names) if n not in (name_zh, full)] if before else list(names)
    new = [n for n in rest if n not in (*old.aliases, *old.aliases_zh)]
    if not name_zh and not text.has_han(name):
        name_zh = next((n for n in new if text.has_han(n)), "")
    if not full:
        long = (n for n in new if n != name_zh and len(n) <= _LONGEST_FULL_NAME and stands_for(name, n))
        full = next(long, "")
    for used in (name_zh, full):
        if used in rest:
            rest.remove(used)
    chinese = {n for n in rest if n in old.aliases_zh or (n not in old.aliases and text.has_han(n))}
    return {
        "name_zh": name_zh,
        "full_name": full,
        "aliases": tuple(n for n in rest if n not in chinese),
        "aliases_zh": tuple(n for n in rest if n in chinese),
    }


# --- the longer text and the sources -----------------------------------------------------------------------------


def _detail_field(term: Term, language: Language) -> str:
    if term.detail and term.detail_zh:
        return "detail" if language == "en" else "detail_zh"
    return "detail_zh" if term.detail_zh else "detail"


def _detail(term: Term, language: Language) -> str:
    return str(getattr(term, _detail_field(term, language)))


def _with_detail(before: Term | None, written: str, language: Language) -> dict[str, str]:
    """Put the longer text where it stood; where there was none in the other language, its own language tells."""
    if before and written == _detail(before, language):
        return {}
    if before and before.detail and before.detail_zh:
        return {_detail_field(before, language): written}
    field = "detail_zh" if written and is_chinese(written) else "detail"
    return {"detail": "", "detail_zh": "", field: written}


def _link(shown: Source) -> str:
    return f"{shown.title}: {shown.url}"


def _shown_sources(term: Term, language: Language) -> tuple[Source, ...]:
    """Return the sources that a form shows: those at the beginning that fit and can be read back."""
    room = LONGEST_FIELD - len(_detail(term, language))
    for number, each in enumerate(term.sources):
        match = _ADDRESS.fullmatch(_link(each))
        room -= len(_link(each)) + 1
        if room < 0 or match is None or (match["title"], match["url"]) != (each.title, each.url):
            return term.sources[:number]
    return term.sources


def _sources(
    before: Term | None, links: Sequence[tuple[str, str]], language: Language
) -> tuple[dict[str, object], ...]:
    """Return the sources: those that were there as they were, then new ones, then those that were not shown."""
    old = before.sources if before else ()
    found: list[Source] = []
    wrong: list[own.Objection] = []
    for title, url in links:
        known = next((s for s in old if s.url == url), None)
        made = known.model_copy(update={"title": title}) if known and 0 < len(title) <= 200 else source(title, url)
        if made is None:
            wrong.append((f"sources: {url[:60]}: no address", f"sources：{url[:60]}：不是网址"))
        else:
            found.append(made)
    if wrong:
        raise refused(wrong)
    hidden = old[len(_shown_sources(before, language)) :] if before else ()
    return tuple(s.model_dump() for s in (*found, *hidden))


def refused(objections: Sequence[own.Objection]) -> UserError:
    """Return the error that names everything that is wrong."""
    english = "\n".join(f"- {en}" for en, _ in objections[:10])
    chinese = "\n".join(f"- {zh}" for _, zh in objections[:10])
    return UserError(f"Not saved:\n{english}", f"没有保存：\n{chinese}")


# --- imports -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do to the terms that are there."""

    terms: tuple[Term, ...]
    """What would be stored, as a server stores it."""
    added: tuple[Term, ...]
    changed: tuple[tuple[Term, tuple[str, ...]], ...]
    """Terms that are there already, with the fields that differ."""
    same: int
    """How many are there already as they are."""
    shared: tuple[tuple[str, str], ...]
    """Names that another term of the server carries already, with that term's name."""
    categories: bool
    """Whether the file sorts terms into categories, which a server's own terms do not have."""


def preview(present: Mapping[str, Term], new: Sequence[Term], built_in: Container[str] = ()) -> Preview:
    """Compare the terms of an import with those that are there; takes long for thousands.

    A term that has no counterpart by its id has one by its name; new ones get another id than `built_in` terms have. Categories are left out: only the built-in knowledge
    is shown with formatting and links.

    Raises:
        UserError: an id is too long for a server.
    """
    long = next((t for t in new if len(t.id) > LONGEST_ID), None)
    if long:
        raise UserError(
            f"The id {long.id[:80]} is too long: at most {LONGEST_ID} characters. Shorten it in the file.",
            f"id {long.id[:80]} 太长，最多 {LONGEST_ID} 个字符，请在文件中改短。",
        )
    by_name = {text.key(t.name): t.id for t in present.values()}
    ids = {t.id for t in new}
    terms: list[Term] = []
    added: list[Term] = []
    changed: list[tuple[Term, tuple[str, ...]]] = []
    for term in new:
        known = by_name.get(text.key(term.name))
        id_ = term.id
        if id_ not in present and known and known not in ids:
            id_ = known
        elif id_ not in present and id_ in built_in:
            id_ = _free(own_id(id_, built_in), ids, built_in)
        ids.add(id_)
        kept = term.model_copy(update={"id": id_, "category": ""})
        terms.append(kept)
        old = present.get(id_)
        if old is None:
            added.append(kept)
        elif old != kept:
            fields = (f for f in Term.model_fields if getattr(old, f) != getattr(kept, f))
            changed.append((kept, tuple(fields)))
    same = len(terms) - len(added) - len(changed)
    categories = any(t.category for t in new)
    return Preview(tuple(terms), tuple(added), tuple(changed), same, _shared(present, terms), categories)


def _shared(present: Mapping[str, Term], terms: Sequence[Term]) -> tuple[tuple[str, str], ...]:
    replaced = {t.id for t in terms}
    owners: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for term in (*(t for t in present.values() if t.id not in replaced), *terms):
        for name in term.names:
            owners[text.key(name)][term.id] = term.name
    found: list[tuple[str, str]] = []
    for term in terms:
        for name in term.names:
            others = [owner for id_, owner in owners[text.key(name)].items() if id_ != term.id]
            found += [(name, others[0])] if others else []
    return tuple(found)
