"""Importing terms of a server's own: read in the worker, shown before anything is changed, confirmed by a button."""

import asyncio
import logging
import pickle
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import TYPE_CHECKING, Self

import discord

from bot.cogs._buttons import LANGUAGE, Stateless
from bot.cogs._own_texts import field_names, own_text
from bot.cogs._reply import Message, literal
from bot.cogs._rights import demand_editor
from bot.core.drafts import Finding
from bot.core.errors import UserError
from bot.core.glossary import Term
from bot.core.importing import Import, read_bytes
from bot.core.languages import Language, traditional
from bot.core.own_form import Preview, preview
from bot.store.records import MOST_TERMS, ConflictError, FullError

if TYPE_CHECKING:
    from bot.cogs._host import Interaction

log = logging.getLogger(__name__)

READING = 20.0
"""Seconds for reading a glossary in the worker."""
_NAMED = 15
_LINES = 10


@dataclass(frozen=True, slots=True)
class Pending:
    """An import that was shown and waits for a yes."""

    server: int
    user: int
    terms: tuple[Term, ...]
    replace: bool
    expected: int
    """The version of the server's terms that it was compared with."""
    request: int
    """The interaction that showed it; it is carried out once, however often it is confirmed."""


class Confirm(Stateless, template=rf"aiterms:import:(?P<token>[0-9a-f]{{16}}):(?P<answer>yes|no):{LANGUAGE}"):
    """Carries a shown import out, or drops it."""

    limited = False

    @classmethod
    def make(cls, token: str, answer: str, language: Language) -> Self:
        """Return the button for one of the two answers."""
        style = discord.ButtonStyle.success if answer == "yes" else discord.ButtonStyle.secondary
        label = own_text(f"import-{answer}", language)
        return cls.button(f"aiterms:import:{token}:{answer}:{language}", label, style=style)

    async def act(self, interaction: "Interaction") -> None:
        """Do what was confirmed."""
        host = interaction.client
        key = f"import:{self.state['token']}"
        pending = host.kept.get(key, Pending)
        if pending is None or (pending.server, pending.user) != (interaction.guild_id, interaction.user.id):
            raise UserError(
                "This import is no longer kept: upload the file again with /term import.",
                "这次导入已不再保留，请用 /term import 重新上传文件。",
            )
        if self.state["answer"] == "no":
            host.kept.drop(key)
            await host.update(interaction, Message(own_text("cancelled", self.language), private=True))
            return
        await host.update_when_made(interaction, self._import(interaction, pending, key))

    async def _import(self, interaction: "Interaction", pending: Pending, key: str) -> Message:
        host = interaction.client
        demand_editor(interaction, (await host.own_view(interaction)).settings)
        writing = host.servers.store.import_terms(
            pending.server,
            pending.terms,
            replace=pending.replace,
            expected=pending.expected,
            by=interaction.user.id,
            request=pending.request,
        )
        try:
            added, changed = await host.servers.write(pending.server, writing)
        except ConflictError as conflict:
            host.kept.drop(key)
            raise UserError(
                "Not imported, nothing changed: somebody else changed this server's terms since the preview. Upload the file again.",
                "没有导入，一切保持原样：预览之后有别人改了本服务器的术语，请重新上传文件。",
            ) from conflict
        # Pressed once more, it is the same import, and says the same.
        host.kept.put(key, replace(pending, terms=()))
        return Message(own_text("imported", self.language, added=added, changed=changed), private=True)


def parse(data: bytes, filename: str) -> bytes:
    """Read a glossary; return the pickled `Import`, for a thread to unpickle: thousands of terms take their time."""
    return pickle.dumps(read_bytes(data, filename, ids_tell=True))


async def preview_message(
    interaction: "Interaction", attachment: discord.Attachment, data: bytes, *, replace: bool, language: Language
) -> Message:
    """Return what an import would do, with a button to do it.

    Raises:
        UserError: the file cannot be read, or holds rows that cannot be terms: nothing of it is taken then.
    """
    host, server = interaction.client, interaction.guild_id or 0
    read = await host.workers.run(parse, data, attachment.filename, timeout=READING)
    found: Import = await asyncio.to_thread(pickle.loads, read)
    if found.faults:
        raise _all_or_nothing(found.faults)
    if not found.terms:
        raise UserError(
            "I found no terms in that file. Markdown headings, bold bullets, tables, definition lists, CSV and TOML are read.",
            "文件里没有找到术语。支持 Markdown 标题、加粗列表项、表格、定义列表，以及 CSV 和 TOML。",
        )
    version = await host.servers.store.terms_version(server)
    present = {o.term.id: o.term for o in await host.servers.store.terms(server)}
    plan = await asyncio.to_thread(preview, present, found.terms, host.answering.glossary.terms)
    if len(present) + len(plan.added) > MOST_TERMS:
        raise FullError(len(present) + len(plan.added))
    embed = _embed(plan, found.skipped, attachment.filename, replace=replace, language=language)
    if not plan.added and not (replace and plan.changed):
        return Message(own_text("preview-nothing", language), embeds=(embed,), private=True)
    token = token_hex(8)
    pending = Pending(server, interaction.user.id, plan.terms, replace, version, interaction.id)
    host.kept.put(f"import:{token}", pending, weight=len(plan.terms))
    items = tuple(Confirm.make(token, answer, language) for answer in ("yes", "no"))
    return Message(embeds=(embed,), items=items, private=True)


def _embed(
    plan: Preview, skipped: tuple[Finding, ...], filename: str, *, replace: bool, language: Language
) -> discord.Embed:
    parts: list[str] = []
    if plan.added:
        parts.append(_named("preview-added", [t.name for t in plan.added], language))
    if plan.changed:
        names = [f"{t.name} ({field_names(fields, language)})" for t, fields in plan.changed]
        parts.append(_named("preview-changed" if replace else "preview-kept", names, language))
    if plan.same:
        parts.append(own_text("preview-same", language, count=plan.same))
    if plan.shared:
        parts.append(_named("preview-shared", [f"{name} ({owner})" for name, owner in plan.shared], language))
    if plan.categories:
        parts.append(own_text("preview-categories", language))
    if skipped:
        parts.append(own_text("preview-skipped", language, count=len(skipped), lines=_lines(skipped, language)))
    title = own_text("preview", language, file=literal(filename[:80]))
    return discord.Embed(title=title[:256], description="\n\n".join(parts)[:4000])


def _named(key: str, names: list[str], language: Language) -> str:
    more = " …" if len(names) > _NAMED else ""
    return own_text(key, language, count=len(names), names=literal(", ".join(names[:_NAMED]))[:900] + more)


def _lines(findings: tuple[Finding, ...], language: Language) -> str:
    lines = [f"- {literal(_said(f, language))[:150]}" for f in findings[:_LINES]]
    return "\n".join(lines + (["- …"] if len(findings) > _LINES else []))


def _said(finding: Finding, language: Language) -> str:
    said = finding.text(language)
    return traditional(said) if language == "zh-TW" else said


def _all_or_nothing(faults: tuple[Finding, ...]) -> UserError:
    count = len(faults)
    return UserError(
        f"Not imported, nothing changed. Places that cannot be taken: {count}. Correct them and upload the file again.\n"
        + _lines(faults, "en"),
        f"没有导入，一切保持原样：有 {count} 处无法使用，请改正后重新上传。\n" + _lines(faults, "zh"),
    )


ITEMS: tuple[type[Stateless], ...] = (Confirm,)
