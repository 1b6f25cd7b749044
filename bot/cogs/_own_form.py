"""The form for a term of a server's own: opening it, taking what was sent, and giving nothing of it up for lost."""

import logging
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.cogs import _forms
from bot.cogs._buttons import LANGUAGE, Stateless
from bot.cogs._own_texts import own_text
from bot.cogs._reply import Message, fit, literal, term_embed
from bot.cogs._rights import demand_editor
from bot.cogs._texts import told
from bot.core import text
from bot.core.errors import UserError
from bot.core.glossary import LONGEST_ID, SHORT_LIMIT, Term
from bot.core.languages import Language
from bot.core.own_form import LONGEST_FIELD, Form
from bot.servers import View
from bot.store.records import ConflictError, OwnTerm, TakenError

if TYPE_CHECKING:
    from bot.cogs._host import Interaction

log = logging.getLogger(__name__)

FORM_PREFIX = "aiterms:form:"
NEW = "-"
"""Stands for the id of a term that is not there yet."""
_STATE = rf"(?P<term>-|[a-z0-9-]{{1,{LONGEST_ID}}}):(?P<version>\d{{1,9}})"
_CONTENT = 2000
_MOST_CLOSED = 10
"""Gaps that a new term closes at once, by so many of its names."""


class ClashError(UserError):
    """Another own term of the server carries the name already."""

    def __init__(self, name: str, other: OwnTerm) -> None:
        said, owner = literal(name), literal(other.term.name)
        super().__init__(
            f"Not saved: “{said}” is already a name of this server's term “{owner}”. Edit that one, or leave the name out.",
            f"没有保存：“{said}”已经是本服务器术语“{owner}”的名称。请编辑那个术语，或去掉这个名称。",
        )
        self.other = other


class Again(Stateless, template=rf"aiterms:form-again:{_STATE}:{LANGUAGE}"):
    """Opens the form again with what could not be taken."""

    limited = False

    @classmethod
    def make(cls, term: str, version: int, language: Language) -> Self:
        """Return the button; `version` is the one that the next try is about."""
        style = discord.ButtonStyle.primary
        return cls.button(f"aiterms:form-again:{term}:{version}:{language}", own_text("again", language), style=style)

    async def act(self, interaction: "Interaction") -> None:
        """Open the form."""
        form = interaction.client.kept.get(kept_key(interaction, self.state["term"]), Form)
        if form is None:
            raise UserError(
                "What you typed is no longer kept. Please start anew with /term.",
                "之前填写的内容已不再保留，请用 /term 重新开始。",
            )
        await open_form(
            interaction, self.language, form=form, term=self.state["term"], version=int(self.state["version"])
        )


class Edit(Stateless, template=rf"aiterms:own-edit:(?P<term>[a-z0-9-]{{1,{LONGEST_ID}}}):{LANGUAGE}"):
    """Opens the form with a term as it is now."""

    limited = False

    @classmethod
    def make(cls, term: str, language: Language) -> Self:
        """Return the button."""
        return cls.button(f"aiterms:own-edit:{term}:{language}", own_text("edit", language))

    async def act(self, interaction: "Interaction") -> None:
        """Open the form."""
        await open_edit(interaction, self.language, self.state["term"])


def kept_key(interaction: "Interaction", term: str) -> str:
    """Return under which key a refused form is kept: one for each term that somebody is about."""
    return f"form:{interaction.guild_id}:{interaction.user.id}:{term}"


async def open_edit(interaction: "Interaction", language: Language, id_: str) -> None:
    """Open the form with a term as it is now."""
    view = await interaction.client.own_view(interaction)
    demand_editor(interaction, view.settings)
    own = view.own.get(id_)
    if own is None:
        raise UserError(own_text("not-there", "en"), own_text("not-there", "zh"))
    await open_form(interaction, language, form=Form.of(own.term, language), term=id_, version=own.version)


async def open_form(
    interaction: "Interaction",
    language: Language,
    *,
    form: Form | None = None,
    name: str = "",
    term: str = NEW,
    version: int = 0,
) -> None:
    """Open the form, empty but for a `name`, or filled with `form`; not where nothing could be stored."""
    view = await interaction.client.own_view(interaction)
    demand_editor(interaction, view.settings)
    shown = form or Form(name=name)

    def say(key: str) -> str:
        return own_text(key, language)

    title = say("form-new" if term == NEW else "form-edit")
    modal = discord.ui.Modal(title=title, custom_id=f"{FORM_PREFIX}{term}:{version}:{language}")
    for item in (
        _forms.field("name", say("form-name"), shown.name, longest=100, required=True),
        _forms.field(
            "others",
            say("form-others"),
            shown.others,
            longest=LONGEST_FIELD,
            required=False,
            hint=say("form-others-hint"),
        ),
        _forms.field("short", say("form-short"), shown.short, longest=SHORT_LIMIT, required=False, long=True),
        _forms.field("short_zh", say("form-short-zh"), shown.short_zh, longest=SHORT_LIMIT, required=False, long=True),
        _forms.field(
            "more",
            say("form-more"),
            shown.more,
            longest=LONGEST_FIELD,
            required=False,
            long=True,
            hint=say("form-more-hint"),
        ),
    ):
        modal.add_item(item)
    await interaction.client.first(interaction, lambda: interaction.response.send_modal(modal))


async def take_form(interaction: "Interaction") -> None:
    """Store what a form holds, and show it; or say why not, and keep it for another try."""
    data: Any = interaction.data
    id_, version, tag = str(data["custom_id"]).removeprefix(FORM_PREFIX).split(":")
    language: Language = tag  # pyright: ignore[reportAssignmentType]
    values = _forms.typed(data.get("components", []))
    form = Form(*(values.get(f, "") for f in ("name", "others", "short", "short_zh", "more")))
    await interaction.client.send_when_made(
        interaction, _stored(interaction, form, id_, int(version), language), private=True
    )


async def _stored(interaction: "Interaction", form: Form, id_: str, version: int, language: Language) -> Message:
    kept, key = interaction.client.kept, kept_key(interaction, id_)
    # Kept before anything is tried: whatever goes wrong, what was typed is not lost.
    kept.put(key, form)
    try:
        own = await _store(interaction, form, id_, version, language)
    except ConflictError as conflict:
        if conflict.current is None:
            kept.put(kept_key(interaction, NEW), form)
        return _conflict(conflict, id_, language)
    except UserError as error:
        return _refusal(error, id_, version, language)
    kept.drop(key)
    return await _shown(interaction, own, id_ == NEW, language)


def _refusal(error: UserError, id_: str, version: int, language: Language) -> Message:
    """Say what is wrong, and offer the form again; where a name is taken, the term that has it, too."""
    said = told(error, language)
    items: list[Stateless] = [Again.make(id_, version, language)]
    other = error.other.term.id if isinstance(error, ClashError) else error.id if isinstance(error, TakenError) else ""
    if other:
        items.append(Edit.make(other, language))
    return Message(fit(said, _CONTENT), items=tuple(items), private=True)


async def _store(interaction: "Interaction", form: Form, id_: str, version: int, language: Language) -> OwnTerm:
    host, server, by, request = interaction.client, interaction.guild_id or 0, interaction.user.id, interaction.id
    view = await host.own_view(interaction)
    demand_editor(interaction, view.settings)
    store = host.servers.store
    if id_ == NEW:
        term = form.term(None, view.own, host.answering.glossary.terms, language)
        _refuse_clash(term, view)
        writing = store.add_term(server, term, by=by, request=request)
    else:
        # What the form does not show must be of the version that is replaced.
        present = view.own.get(id_)
        if present is None or present.version != version:
            raise ConflictError(present)
        term = form.term(present.term, language=language)
        _refuse_clash(term, view)
        writing = store.edit_term(server, term, version=version, by=by, request=request)
    return await host.servers.write(server, writing)


def _refuse_clash(term: Term, view: View) -> None:
    """Refuse a name that another own term has: whoever asks for it would have to be asked back."""
    for name in term.names:
        for id_ in view.answering.search.names.lookup(text.key(name)):
            other = view.own.get(id_)
            if other and id_ != term.id:
                raise ClashError(name, other)


async def _shown(interaction: "Interaction", own: OwnTerm, new: bool, language: Language) -> Message:
    """Return the term as people will see it, and what follows from its names."""
    host, server = interaction.client, interaction.guild_id or 0
    built_in = host.answering
    hidden = [n for n in own.term.names if built_in.search.names.lookup(text.key(n))]
    notes = [own_text("added" if new else "edited", language)]
    if hidden:
        notes.append(own_text("hides", language, names=literal(", ".join(hidden[:5]))))
    view = await host.view(interaction)
    embed, _ = term_embed(own.term, view.answering, language, most=None)
    try:
        for name in own.term.names[:_MOST_CLOSED]:
            await host.servers.store.close_gap(server, text.spaced(text.words(text.clean(name))))
    except UserError:
        # The term is saved, and that is what counts; a gap that stays can be dismissed.
        log.warning("the gaps that a new term closes could not be closed")
    content = fit("\n".join(notes), _CONTENT)
    return Message(content, embeds=(embed,), items=(Edit.make(own.term.id, language),), private=True)


def _conflict(conflict: ConflictError, id_: str, language: Language) -> Message:
    """Show the second of two editors what the first did, and let them go on from there."""
    said = told(conflict, language)
    current = conflict.current
    if not isinstance(current, OwnTerm):
        gone = own_text("gone-meanwhile", language)
        return Message(f"{said}\n{gone}", items=(Again.make(NEW, 0, language),), private=True)
    form = Form.of(current.term, language)
    embed = discord.Embed(title=fit(literal(current.term.name), 256))
    for key, value in (
        ("form-others", form.others),
        ("form-short", form.short),
        ("form-short-zh", form.short_zh),
        ("form-more", form.more),
    ):
        if value:
            embed.add_field(name=own_text(key, language), value=fit(literal(value), 1024), inline=False)
    embed.set_footer(text=own_text("changed-at", language, at=f"{current.changed_at:%Y-%m-%d %H:%M} UTC"))
    who = own_text("changed-by", language, user=f"<@{current.changed_by}>") if current.changed_by else ""
    items = (Again.make(id_, current.version, language), Edit.make(id_, language))
    return Message(f"{said}\n{who}".strip(), embeds=(embed,), items=items, private=True)


ITEMS: tuple[type[Stateless], ...] = (Again, Edit)
