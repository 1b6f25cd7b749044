"""One reply as one Discord message: embeds, buttons, and Discord's limits."""

import io
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from weakref import ReferenceType, ref

import discord

from bot.answering import Answering, Reply, both_names, in_language
from bot.cogs import _buttons
from bot.cogs._texts import text
from bot.core.decide import Outcome
from bot.core.glossary import Term
from bot.core.languages import Language, say, traditional
from bot.plain import nothing_text, source_text

_TITLE = 256
_DESCRIPTION = 4096
_FIELD = 1024
_CONTENT = 2000
_ALL_EMBEDS = 6000
_OPTIONS = 25
_BUTTONS = _ROWS = 5
"""Buttons in a row, and rows of buttons or selects in a message."""
_LABEL = 100
_ALTERNATIVE = 1024
_SHOWN_DETAIL = {"en": 900, "zh": 450, "zh-TW": 450}
"""Characters of the detail shown at first: about one screen of a phone; Chinese ones are twice as wide."""
_SHOWN_COMPARED = {"en": 500, "zh": 250, "zh-TW": 250}
_NEUTRAL = 0x64748B
_MOST_KEPT = 1000
"""Messages of all servers together: each server with own terms has an answering of its own."""
_Key = tuple[int, tuple[str, ...], Language, bool, bool]
_KEPT: OrderedDict[_Key, tuple[ReferenceType[Answering], "Message"]] = OrderedDict()
_NOBODY = discord.AllowedMentions.none().to_dict()
_EPHEMERAL = discord.MessageFlags(ephemeral=True).value
_CHANNEL_MESSAGE = discord.InteractionResponseType.channel_message.value
# Between angle brackets Discord makes mentions, times, addresses, and links of mail addresses and telephone numbers.
_MARKS = re.compile(r"[\\*_~`|\[\]]|<(?=[@#:/+A-Za-z]|[^\s<>]*@)|^(?:#{1,3}(?= )|>|-#)", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[。！？；]|\n\n")


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that goes with a message."""

    name: str
    """File name; embeds show it as attachment://name."""
    data: bytes
    shows: str
    """What is to be seen, for those who cannot."""

    def file(self) -> discord.File:
        """Return it as discord.py sends it, once."""
        return discord.File(io.BytesIO(self.data), self.name, description=fit(self.shows, _ALTERNATIVE))


@dataclass(frozen=True)
class Message:
    """What is sent: everything that discord.py's `send` takes, and whether only the asker should see it."""

    content: str | None = None
    embeds: tuple[discord.Embed, ...] = ()
    items: tuple[discord.ui.Item[Any], ...] = field(default=())
    private: bool = False
    picture: Picture | None = None

    def view(self) -> discord.ui.View | None:
        """Return the buttons; a view is made once and may be sent any number of times."""
        return self._view

    @cached_property
    def _view(self) -> discord.ui.View | None:
        if not self.items:
            return None
        view = discord.ui.View(timeout=None)
        for item in self.items:
            view.add_item(item)
        # The buttons carry their whole state: the library need not keep the view, and does not keep a stopped one.
        view.stop()
        return view

    def arguments(self) -> dict[str, Any]:
        """Return what discord.py's calls for interactions take, beside the content; made anew for each call."""
        arguments: dict[str, Any] = {"embeds": list(self.embeds), "ephemeral": self.private}
        if self._view:
            arguments["view"] = self._view
        if self.picture:
            arguments["file"] = self.picture.file()
        return arguments

    @cached_property
    def body(self) -> bytes:
        """The whole as the first response to an interaction, without the picture: JSON, made once."""
        data: dict[str, Any] = {"allowed_mentions": _NOBODY}
        if self.content is not None:
            data["content"] = self.content
        if self.embeds:
            data["embeds"] = [embed.to_dict() for embed in self.embeds]
        if self._view:
            data["components"] = self._view.to_components()
        if self.private:
            data["flags"] = _EPHEMERAL
        return json.dumps({"type": _CHANNEL_MESSAGE, "data": data}, ensure_ascii=False, separators=(",", ":")).encode()

    def as_text(self) -> "Message":
        """Return the same message without embeds, for channels where they are not allowed."""
        parts = [self.content or ""]
        for embed in self.embeds:
            parts += [f"**{embed.title}**", embed.description or ""]
            parts += [f"**{f.name}**\n{f.value}" for f in embed.fields]
        content = cut_at_sentence("\n".join(p for p in parts if p), _CONTENT)
        return Message(content=content, items=self.items, private=self.private)


def message_for(reply: Reply, answering: Answering, *, private: bool = False, asker: int | None = None) -> Message:
    """Return the message that shows `reply`; `asker` may remove it, where that is offered."""
    if reply.size:
        # The cog on sizes is built on this module.
        from bot.cogs.sizes import size_message

        return _with_bin(size_message(reply.size, linked=True, private=private), reply.language, asker)
    pair = tuple({t.id: t for t in reply.terms[:2]}.values()) if reply.compared else ()
    if reply.outcome is Outcome.ANSWER and len(pair) > 1:
        message = _kept(
            pair, answering, reply.language, private=private, build=lambda: _compared(pair, answering, reply.language)
        )
        return _with_bin(message, reply.language, asker)
    if reply.outcome is Outcome.ANSWER:
        return term_message(reply.terms[0], answering, reply.language, private=private, asker=asker)
    if reply.outcome is Outcome.SUGGEST:
        return suggestions(reply.terms, text("suggest-title", reply.language), reply.language)
    near = tuple(_buttons.Pick.make(t.id, reply.language, both_names(t, reply.language)) for t in reply.nearest)
    return Message(content=nothing_text(reply, _safe), items=near, private=True)


def term_message(
    term: Term,
    answering: Answering,
    language: Language,
    *,
    private: bool = False,
    asker: int | None = None,
    whole: bool = False,
) -> Message:
    """Return the message that shows one term, with its buttons; `whole` leaves nothing out."""
    message = _kept(
        (term,),
        answering,
        language,
        private=private,
        whole=whole,
        build=lambda: _build(term, answering, language, whole=whole),
    )
    return _with_bin(message, language, asker)


def _kept(
    terms: tuple[Term, ...],
    answering: Answering,
    language: Language,
    *,
    private: bool,
    whole: bool = False,
    build: Callable[[], Message],
) -> Message:
    """Return what `build` makes, kept with its JSON as long as the knowledge is: that takes longer than the search."""
    if any(answering.glossary.terms.get(t.id) is not t for t in terms):
        return replace(build(), private=private)
    key = (id(answering), tuple(t.id for t in terms), language, private, whole)
    of, message = _KEPT.get(key, (None, None))
    # Another answering may have got the id of one that is gone.
    if message is None or of is None or of() is not answering:
        message = replace(build(), private=private)
        _KEPT[key] = (ref(answering), message)
        if len(_KEPT) > _MOST_KEPT:
            _KEPT.popitem(last=False)
    _KEPT.move_to_end(key)
    return message


def _build(term: Term, answering: Answering, language: Language, *, whole: bool) -> Message:
    embed, cut = term_embed(term, answering, language, most=None if whole else _SHOWN_DETAIL[language])
    items: list[discord.ui.Item[Any]] = []
    if cut:
        items.append(_buttons.More.make(term.id, language))
    if (term.short and term.short_zh) or (term.detail and term.detail_zh):
        items.append(_buttons.OtherLanguage.make(term.id, language))
    items.append(_buttons.Wrong.make(term.id, language))
    known = answering.glossary.terms
    related = [known[i] for i in term.related if i in known][:_OPTIONS]
    if related:
        options = [discord.SelectOption(label=fit(both_names(t, language), 100), value=t.id) for t in related]
        items.append(_buttons.Choose.make(language, options, text("related", language)))
    return Message(embeds=(embed,), items=tuple(items))


def _compared(pair: tuple[Term, ...], answering: Answering, language: Language) -> Message:
    most = _SHOWN_COMPARED[language]
    embeds = tuple(term_embed(t, answering, language, most=most)[0] for t in pair)
    items = tuple(_buttons.Pick.make(t.id, language, both_names(t, language)) for t in pair)
    return Message(embeds=embeds, items=items)


def side_by_side(replies: Sequence[Reply], answering: Answering) -> Message:
    """Return the message that shows two answers, of which one at least explains a size."""
    embeds: list[discord.Embed] = []
    items: list[discord.ui.Item[Any]] = []
    for reply in replies:
        if reply.size:
            embed = message_for(reply, answering).embeds[0].copy()
        else:
            term, language = reply.terms[0], reply.language
            embed, _ = term_embed(term, answering, language, most=_SHOWN_COMPARED[language])
            items.append(_buttons.Pick.make(term.id, language, both_names(term, language)))
        description = embed.description or ""
        embed.description = cut_at_sentence(description, _ALL_EMBEDS // len(replies) - len(embed) + len(description))
        embeds.append(embed)
    return Message(embeds=tuple(embeds), items=tuple(items))


def suggestions(terms: Sequence[Term], title: str, language: Language) -> Message:
    """Return the message that offers several terms to choose from; it is for the asker alone."""
    lines = [f"**{_safe(both_names(t, language), t)}** — {_safe(in_language(t, 'short', language), t)}" for t in terms]
    embed = discord.Embed(title=title, description=fit("\n\n".join(lines), 4000), colour=_NEUTRAL)
    items = tuple(_buttons.Pick.make(t.id, language, both_names(t, language)) for t in terms)
    return Message(embeds=(embed,), items=items, private=True)


def offered(terms: Sequence[Term], title: str, language: Language) -> Message:
    """Return the message that offers any number of terms, for the asker alone: few with their texts, many to choose from.

    Where there are more than fit, it says how many.
    """
    if len(terms) <= _BUTTONS:
        return suggestions(terms, title, language)
    most = _OPTIONS * _ROWS
    names = say("separator", language).join(_safe(both_names(t, language), t) for t in terms[:most])
    more = text("and-more", language, count=len(terms) - most) if len(terms) > most else ""
    description = fit(names, _DESCRIPTION - len(more)) + more
    embed = discord.Embed(title=f"{title} ({len(terms)})", description=description, colour=_NEUTRAL)
    items: list[discord.ui.Item[Any]] = []
    for first in range(0, min(len(terms), most), _OPTIONS):
        part = terms[first : first + _OPTIONS]
        placeholder = f"{text('open-term', language)} ({first + 1}–{first + len(part)})"
        items.append(_buttons.Choose.make(language, term_options(part, language), placeholder, number=len(items)))
    return Message(embeds=(embed,), items=tuple(items), private=True)


def term_options(terms: Sequence[Term], language: Language) -> list[discord.SelectOption]:
    """Return terms as the options of a `Choose`, at most 25."""
    return [
        discord.SelectOption(
            label=fit(both_names(t, language), _LABEL),
            value=t.id,
            description=fit(in_language(t, "short", language), _LABEL),
        )
        for t in terms
    ]


def term_embed(term: Term, answering: Answering, language: Language, *, most: int | None) -> tuple[discord.Embed, bool]:
    """Return a term as an embed with at most `most` characters of detail, and whether detail was left out."""
    category = answering.category(term)
    detail = _safe(in_language(term, "detail", language), term)
    shown = cut_at_sentence(detail, most) if most else detail
    full = f"*{_safe(term.full_name, term)}*\n" if term.full_name and term.full_name != term.name else ""
    body = f"{full}**{_safe(in_language(term, 'short', language), term)}**"
    if shown:
        body += f"\n\n{shown}" + (f" {text('cut', language)}" if shown != detail else "")
    embed = discord.Embed(
        title=fit(_safe(both_names(term, language), term), _TITLE),
        url=_address(term) if category or answering.own_links else None,
        description=fit(body, _DESCRIPTION),
        colour=category.colour if category else _NEUTRAL,
    )
    embed.add_field(
        name=say("sources", language),
        value=_sources(term, language, linked=category is not None or answering.own_links),
        inline=False,
    )
    embed.set_footer(text=_footer(term, answering, language))
    return embed, shown != detail


def _address(term: Term) -> str | None:
    """Return the address of the first source; Discord refuses a message with any other than these."""
    url = term.sources[0].url if term.sources else ""
    return url if url.casefold().startswith(("https://", "http://")) else None


def _footer(term: Term, answering: Answering, language: Language) -> str:
    category = answering.category(term)
    parts = [say("own-term", language)] if category is None else [category_name(answering, term.category, language)]
    if term.as_of:
        parts.append(say("as-of", language, date=term.as_of.isoformat()))
    return " · ".join(parts)


def category_name(answering: Answering, id_: str, language: Language) -> str:
    """Return the name of a category in `language`."""
    category = answering.glossary.categories[id_]
    if language == "en":
        return category.name
    return traditional(category.name_zh) if language == "zh-TW" else category.name_zh


def _sources(term: Term, language: Language, *, linked: bool) -> str:
    if not term.sources:
        return say("no-source", language)
    lines: list[str] = []
    for number, source in enumerate(term.sources, 1):
        words = _safe(source_text(source, language), term)
        line = f"{number}. {words}"
        if linked:
            # Brackets would end the link early.
            address = source.url.replace("(", "%28").replace(")", "%29")
            line = f"{number}. [{words.replace('[', '(').replace(']', ')')}]({address})"
        if len("\n".join([*lines, line])) > _FIELD:
            break
        lines.append(line)
    return "\n".join(lines) or fit(term.sources[0].title, _FIELD)


def _safe(value: str, term: Term) -> str:
    """Return a text as it is shown: ours as written, a server's own literally, without links, pings or formatting."""
    return value if term.category else literal(value)


def literal(value: str) -> str:
    """Return a text that is shown literally, without links, pings or formatting."""
    # The library's own escaping leaves whatever stands between a bracket and the last parenthesis of the line.
    escaped = discord.utils.escape_mentions(_MARKS.sub(r"\\\g<0>", value))
    # Whatever stands before: Discord links an address behind a Chinese character, too.
    return re.sub(r"(?i)(https?|steam|discord):(?=//)", "\\1\u200b:", escaped)


def _with_bin(message: Message, language: Language, asker: int | None) -> Message:
    return replace(message, items=(*message.items, _buttons.Remove.make(asker, language))) if asker else message


def cut_at_sentence(markdown: str, most: int) -> str:
    """Return at most `most` characters of `markdown`, cut behind a sentence, never inside bold or code."""
    if len(markdown) <= most:
        return markdown
    head = markdown[:most]
    ends = [m.end() for m in _SENTENCE_END.finditer(head) if m.end() > most // 3]
    ends += [head.rfind(" "), most]
    for end in sorted(ends[:-2], reverse=True) + ends[-2:]:
        part = head[: max(end, 0)].rstrip()
        if part and not any(part.count(mark) % 2 for mark in ("```", "**", "`")):
            return part
    # Nothing but one long piece of code or bold: show it without its marks rather than torn.
    return re.sub(r"[`*]", "", head).rstrip()


def fit(value: str, most: int) -> str:
    """Return `value` in at most `most` characters."""
    return value if len(value) <= most else value[: most - 1] + "…"
