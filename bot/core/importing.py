"""Import: a glossary file in Markdown, CSV or TOML becomes terms of one's own."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pydantic import ValidationError

from bot.core import own, text
from bot.core.drafts import Draft, Finding, excerpt, source, text_fields
from bot.core.errors import UserError
from bot.core.files import File, decode, empty, shown_name
from bot.core.files import read_file as read_from_disk
from bot.core.glossary import DETAIL_LIMIT, ID, Source, Term
from bot.core.headwords import id_for, is_category, name_fields
from bot.core.rows import is_table, read_csv, read_toml

SIZE_LIMIT = 5 * 1024 * 1024
"""Largest glossary that is read, in bytes."""

_MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd", ".txt", ".text", ""})
_CSV = frozenset({".csv", ".tsv", ".tab"})
_TOML = frozenset({".toml"})


@dataclass(frozen=True, slots=True)
class Import:
    """What a file gave."""

    terms: tuple[Term, ...]
    """Valid terms of the own profile, in the order of the file, with ids that are unique among them."""
    skipped: tuple[Finding, ...]
    """What was left out or changed, in the order of the file; the terms stand without it."""
    faults: tuple[Finding, ...]
    """Rows that should be terms and cannot be: whoever stores the terms refuses them all while there is one."""


def read_file(path: Path, *, strict: bool = False) -> Import:
    """Read the glossary at `path` (at most 5 MiB).

    Raises:
        UserError: the file as a whole cannot be read; see `read_bytes`.
    """
    return read_bytes(read_from_disk(path, SIZE_LIMIT).data, path.name, strict=strict)


def read_bytes(data: bytes, filename: str, *, strict: bool = False, ids_tell: bool = False) -> Import:
    """Read a glossary; the ending of `filename` tells its kind (.md, .txt, .csv, .tsv, .toml).

    `strict` makes a fault of a text that is over 1,800 characters, instead of cutting it at a sentence.
    With `ids_tell` terms that both have ids may share a name: that is how a server's terms are exported. A folder of
    terms takes such only where they list the name as shared.
    Names of other terms under `related` are taken as they are: only a whole glossary can judge them.

    Raises:
        UserError: empty, too large, not text, of another kind, not TOML, or a table without names or definitions.
    """
    ending = PurePath(filename).suffix.casefold()
    if ending not in _MARKDOWN | _CSV | _TOML:
        # Word and PDF files get their own advice there.
        decode(File(data, filename), SIZE_LIMIT)
        name = shown_name(filename)
        raise UserError(
            f"{name}: {ending} files are not read: save the glossary as Markdown (.md), CSV (.csv) or TOML (.toml).",
            f"{name}：不支持 {ending} 文件，请把词汇表存为 Markdown（.md）、CSV（.csv）或 TOML（.toml）。",
        )
    content = decode(File(data, filename), SIZE_LIMIT).text.replace("\r\n", "\n").replace("\r", "\n")
    if not content.strip():
        raise empty(filename)
    if ending in _TOML:
        drafts, skipped, faults = read_toml(content, filename)
    elif ending in _CSV or is_table(content):
        drafts, skipped, faults = read_csv(content)
    else:
        from bot.core.markdown import read_markdown

        drafts, skipped = read_markdown(content)
        faults = []
    return _Assembly(drafts, skipped, faults, strict=strict, ids_tell=ids_tell).run()


class _Assembly:
    """Makes terms of one file's drafts: names that clash are settled, ids given, each term checked."""

    def __init__(
        self, drafts: list[Draft], skipped: list[Finding], faults: list[Finding], *, strict: bool, ids_tell: bool
    ) -> None:
        self._drafts = drafts
        self._skipped = skipped
        self._faults = faults
        self._strict = strict
        self._ids_tell = ids_tell
        self._shared: defaultdict[int, list[str]] = defaultdict(list)
        """Names that several drafts carry, by the draft's place."""

    def run(self) -> Import:
        self._drafts = [d for d in self._drafts if self._may_stay(d)]
        self._settle_own_names()
        self._settle_other_names()
        terms = self._settle_exact_names([t for t in map(self._term, range(len(self._drafts))) if t])
        return Import(tuple(self._with_ids(terms)), tuple(sorted(self._skipped)), tuple(sorted(self._faults)))

    def _fault(self, draft: Draft, en: str, zh: str) -> None:
        self._faults.append(Finding(draft.line, draft.what, en, zh))

    def _may_stay(self, draft: Draft) -> bool:
        """Report a draft without a name or with characters that no term may hold."""
        if not all(own.is_clean(n, in_line=True) for n in draft.names) or not all(
            own.is_clean(p.text, in_line=False) for p in draft.passages
        ):
            self._fault(draft, "holds a control character: remove it", "含有控制字符，请删除")
            return False
        if not draft.names and not draft.fields.get("name"):
            what = excerpt(draft.passages[0].text) if draft.passages else ""
            self._faults.append(Finding(draft.line, what, "no name: add one", "没有名称，请补上"))
            return False
        return True

    # --- names --------------------------------------------------------------------------------------------

    def _settle_own_names(self) -> None:
        """Refuse an entry whose own name is that of an earlier one."""
        first: dict[str, Draft] = {}
        kept: list[Draft] = []
        for draft in self._drafts:
            if not draft.names:
                kept.append(draft)
                continue
            other = first.setdefault(text.key(draft.names[0]), draft)
            if other is draft:
                kept.append(draft)
            else:
                self._twice(draft, draft.names[0], other.line)
        self._drafts = kept

    def _twice(self, draft: Draft, name: str, line: int) -> None:
        name = excerpt(name)
        self._fault(
            draft,
            f"{name!r} is already a name in line {line}: remove one of lines {line} and {draft.line}, or rename it",
            f"“{name}”在第 {line} 行已经出现：请在第 {line} 行和第 {draft.line} 行中保留一个，或改名",
        )

    def _settle_other_names(self) -> None:
        """Leave out further names that are another entry's own; those of several entries become shared names."""
        own = {text.key(d.names[0]): d for d in self._drafts if d.names}
        carriers: defaultdict[str, list[int]] = defaultdict(list)
        for place, draft in enumerate(self._drafts):
            for name in draft.names[1:]:
                carriers[text.key(name)].append(place)
        for place, draft in enumerate(self._drafts):
            for name in list(draft.names[1:]):
                key = text.key(name)
                owner = own.get(key)
                other = next((self._drafts[p] for p in carriers[key] if p != place), None)
                said = excerpt(name)
                if owner is draft:
                    draft.names.remove(name)
                elif owner:
                    draft.names.remove(name)
                    self._note(
                        draft,
                        f"{said!r} was left out: it is the name of the entry in line {owner.line}",
                        f"别名“{said}”未采用：它是第 {owner.line} 行词条的名称",
                    )
                elif other:
                    draft.names.remove(name)
                    self._shared[place].append(name)
                    self._note(
                        draft,
                        f"{said!r} is also a name in line {other.line}: typed alone, both are offered",
                        f"“{said}”也是第 {other.line} 行词条的名称：单独输入时会列出两者",
                    )

    def _note(self, draft: Draft, en: str, zh: str) -> None:
        self._skipped.append(Finding(draft.line, draft.what, en, zh))

    def _settle_exact_names(self, terms: Sequence[tuple[Draft, Term]]) -> list[tuple[Draft, Term]]:
        """Refuse a term that carries a name of an earlier one, unless both mean it."""
        first: dict[str, tuple[int, bool]] = {}
        kept: list[tuple[Draft, Term]] = []
        for draft, term in terms:
            shared = set(map(text.key, term.shared))
            names = {text.key(n): n for n in term.all_names}
            meant = {k: k in shared or bool(self._ids_tell and term.id) for k in names}
            clash = next((k for k in names if k in first and not (meant[k] and first[k][1])), None)
            if clash is not None:
                self._twice(draft, names[clash], first[clash][0])
                continue
            for key in names:
                first.setdefault(key, (draft.line, meant[key]))
            kept.append((draft, term))
        return kept

    # --- terms --------------------------------------------------------------------------------------------

    def _term(self, place: int) -> tuple[Draft, Term] | None:
        draft = self._drafts[place]
        fields = name_fields(draft.names)
        if draft.names and self._shared[place]:
            fields["shared"] = tuple(self._shared[place])
        written, lost = text_fields(draft.passages)
        sources = self._sources(draft)
        fields |= written
        if sources:
            fields["sources"] = sources
        fields |= draft.fields
        try:
            term = Term.model_validate(fields)
        except ValidationError as error:
            objections = own.objections(error)
        else:
            objections = _bad_place(term) or own.faults_of(term)
            if lost and self._strict:
                objections.append(
                    (
                        f"the text is {lost:,} characters too long (at most {DETAIL_LIMIT:,}): shorten it",
                        f"正文超出 {lost} 个字符（最多 {DETAIL_LIMIT} 个），请缩短",
                    )
                )
            if not objections:
                if lost:
                    self._note(
                        draft,
                        f"the text was {lost:,} characters too long (at most {DETAIL_LIMIT:,}) and was cut",
                        f"正文超出 {lost} 个字符（最多 {DETAIL_LIMIT} 个），已截去",
                    )
                return draft, term
        for en, zh in objections:
            self._fault(draft, en, zh)
        return None

    def _sources(self, draft: Draft) -> tuple[Source, ...]:
        found: dict[str, Source] = {}
        for title, url in draft.sources:
            made = source(title, url)
            if made:
                found.setdefault(made.url, made)
            else:
                self._note(
                    draft,
                    f"the link {excerpt(url)} was left out: not an http address of at most 500 characters",
                    f"链接 {excerpt(url)} 未采用：不是 500 个字符以内的 http 网址",
                )
        return tuple(found.values())

    def _with_ids(self, terms: Sequence[tuple[Draft, Term]]) -> list[Term]:
        """Refuse an id that stands twice, and give ids to terms that have none."""
        lines: dict[str, int] = {}
        kept: list[Term] = []
        for draft, term in terms:
            if term.id in lines:
                self._fault(
                    draft,
                    f"the id {term.id!r} stands in line {lines[term.id]} already: change one",
                    f"id“{term.id}”在第 {lines[term.id]} 行已经出现，请改一个",
                )
                continue
            if term.id:
                lines[term.id] = draft.line
            kept.append(term)
        for place, term in enumerate(kept):
            if not term.id:
                id_ = id_for(term.names, lines)
                lines[id_] = 0
                kept[place] = term.model_copy(update={"id": id_})
        return kept


def _bad_place(term: Term) -> list[own.Objection]:
    """Return what is wrong with a term's id and category as names of a file and a folder."""
    found: list[own.Objection] = []
    if term.id and not ID.fullmatch(term.id):
        said = excerpt(term.id)
        found.append(
            (
                f"id {said!r}: only lower-case letters, digits and single hyphens",
                f"id“{said}”：只能用小写字母、数字和单个连字符",
            )
        )
    if not is_category(term.category):
        said = excerpt(term.category)
        found.append(
            (
                f"category {said!r}: only lower-case letters, digits, single hyphens and slashes",
                f"category“{said}”：只能用小写字母、数字、单个连字符和斜杠",
            )
        )
    return found
