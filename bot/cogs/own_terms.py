"""/term: a server's own terms, which win over the built-in ones there."""

import asyncio
import io
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.cogs import _own_form, _own_import, _own_lists
from bot.cogs._host import Host, Interaction
from bot.cogs._own_texts import own_text
from bot.cogs._reply import Message, fit
from bot.cogs._rights import demand_editor
from bot.cogs.tokens import read_attachment
from bot.core.errors import UserError
from bot.core.exporting import csv_file, files_of, toml_file
from bot.core.files import check_size
from bot.core.importing import SIZE_LIMIT
from bot.core.languages import Language
from bot.core.text import key

_CHOICES = 25
_LATER = 20.0
_FORMATS = [app_commands.Choice(name="TOML", value="toml"), app_commands.Choice(name="CSV", value="csv")]


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class OwnTerms(
    commands.GroupCog,
    name="OwnTerms",
    group_name=locale_str("term", zh="自定义术语"),
    group_description=locale_str("This server's own terms", zh="本服务器的自定义术语"),
):
    """Adds, changes, removes, lists, imports and exports a server's own terms."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    async def _demand_editor(self, interaction: Interaction) -> Language:
        view = await self.bot.own_view(interaction)
        demand_editor(interaction, view.settings)
        return await self.bot.language_of(interaction)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a form that was sent."""
        data: Any = interaction.data or {}
        is_form = interaction.type is discord.InteractionType.modal_submit
        if is_form and str(data.get("custom_id", "")).startswith(_own_form.FORM_PREFIX):
            await self.bot.guarded(interaction, _own_form.take_form, limited=False)

    @app_commands.command(name=locale_str("add", zh="添加"), description=locale_str("Add a term", zh="添加一个术语"))
    async def add(self, interaction: Interaction) -> None:
        """Open the empty form."""
        await _own_form.open_form(interaction, await self.bot.language_of(interaction))

    @app_commands.command(
        name=locale_str("edit", zh="修改"), description=locale_str("Change a term", zh="修改一个术语")
    )
    @app_commands.describe(term=locale_str("One of this server's own terms", zh="本服务器的一个自定义术语"))
    @app_commands.rename(term=locale_str("term", zh="术语"))
    async def edit(self, interaction: Interaction, term: app_commands.Range[str, 1, 100]) -> None:
        """Open the form with the term."""
        id_ = await self._id_of(interaction, term)
        await _own_form.open_edit(interaction, await self.bot.language_of(interaction), id_)

    @app_commands.command(
        name=locale_str("remove", zh="删除"), description=locale_str("Remove a term", zh="删除一个术语")
    )
    @app_commands.describe(term=locale_str("One of this server's own terms", zh="本服务器的一个自定义术语"))
    @app_commands.rename(term=locale_str("term", zh="术语"))
    async def remove(self, interaction: Interaction, term: app_commands.Range[str, 1, 100]) -> None:
        """Show the term and ask whether it is the one."""
        language = await self._demand_editor(interaction)
        id_ = await self._id_of(interaction, term)
        await self.bot.send(interaction, await _own_lists.own_message(interaction, id_, language, ask=True))

    @edit.autocomplete("term")
    @remove.autocomplete("term")
    async def complete(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest own terms: those with a word that begins with what was typed, then those it may be a slip of."""
        view = await self.bot.view(interaction)
        if not view.own:
            return []
        names, wanted = view.answering.search.names, key(typed)
        if wanted:
            # The index knows them: going through five thousand terms would take longer than others should wait.
            ids = [i for _, _, found in sorted(names.beginning(wanted, {})) for i in found]
            ids += [i for _, hit in names.near(wanted, _CHOICES) for i in hit.ids]
        else:
            ids = sorted(view.own, key=lambda i: view.own[i].term.name.casefold())
        chosen = [i for i in dict.fromkeys(ids) if i in view.own][:_CHOICES]
        return [app_commands.Choice(name=fit(view.own[i].term.name, 100), value=i) for i in chosen]

    async def _id_of(self, interaction: Interaction, typed: str) -> str:
        """Return the id of the own term that was chosen, or typed by one of its names."""
        view = await self.bot.own_view(interaction)
        if typed in view.own:
            return typed
        named = [i for i in view.answering.search.names.lookup(key(typed)) if i in view.own]
        if not named:
            raise UserError(own_text("not-there", "en"), own_text("not-there", "zh"))
        return named[0]

    @app_commands.command(
        name=locale_str("list", zh="列表"),
        description=locale_str("This server's own terms", zh="列出本服务器的自定义术语"),
    )
    async def list_(self, interaction: Interaction) -> None:
        """List the own terms; everybody may."""
        language = await self.bot.language_of(interaction)
        await self.bot.send(interaction, await _own_lists.list_message(interaction, 1, language))

    @app_commands.command(
        name=locale_str("history", zh="历史"),
        description=locale_str("Who changed what, and taking it back", zh="谁改了什么，以及撤销"),
    )
    async def history(self, interaction: Interaction) -> None:
        """Show the changes."""
        language = await self._demand_editor(interaction)
        await self.bot.send_when_made(interaction, _own_lists.history_message(interaction, language), private=True)

    @app_commands.command(
        name=locale_str("import", zh="导入"),
        description=locale_str("Import a glossary: Markdown, CSV or TOML", zh="导入词表：Markdown、CSV 或 TOML"),
    )
    @app_commands.describe(
        file=locale_str("A Markdown, CSV or TOML file, up to 5 MiB", zh="Markdown、CSV 或 TOML 文件，最大 5 MiB"),
        replace=locale_str(
            "Replace terms that are there already (otherwise they stay)", zh="替换已有的术语（否则保持不变）"
        ),
    )
    @app_commands.rename(file=locale_str("file", zh="附件"), replace=locale_str("replace", zh="替换"))
    async def import_(self, interaction: Interaction, file: discord.Attachment, replace: bool = True) -> None:
        """Show what a file would change."""
        language = await self._demand_editor(interaction)
        check_size(file.size, file.filename, SIZE_LIMIT)
        making = self._preview(interaction, file, replace, language)
        await self.bot.send_when_made(interaction, making, private=True)

    async def _preview(
        self, interaction: Interaction, file: discord.Attachment, replace: bool, language: Language
    ) -> Message:
        read = await read_attachment(file)
        return await _own_import.preview_message(interaction, file, read.data, replace=replace, language=language)

    @app_commands.command(
        name=locale_str("export", zh="导出"),
        description=locale_str("A file with all of this server's own terms", zh="把本服务器的自定义术语导出为文件"),
    )
    @app_commands.describe(
        format=locale_str("TOML keeps everything, CSV opens in spreadsheets", zh="TOML 或 CSV（可用表格软件打开）")
    )
    @app_commands.rename(format=locale_str("format", zh="格式"))
    @app_commands.choices(format=_FORMATS)
    async def export(self, interaction: Interaction, format: str = "toml") -> None:  # noqa: A002 - shown to people
        """Send the file."""
        language = await self._demand_editor(interaction)
        if not (await self.bot.own_view(interaction)).own:
            raise UserError(own_text("list-empty", "en"), own_text("list-empty", "zh"))
        await self.bot.first(interaction, lambda: interaction.response.defer(ephemeral=True, thinking=True))
        terms = [o.term for o in await self.bot.servers.store.terms(interaction.guild_id or 0)]
        ending = "csv" if format == "csv" else "toml"
        parts = await asyncio.to_thread(files_of, terms, csv_file if ending == "csv" else toml_file, SIZE_LIMIT)
        for number, data in enumerate(parts, 1):
            file = discord.File(io.BytesIO(data), f"terms{f'-{number}' if len(parts) > 1 else ''}.{ending}")
            said = own_text("exported", language, count=len(terms))
            if len(parts) > 1:
                said = own_text("exported-parts", language, count=len(terms), number=number, parts=len(parts))
            async with asyncio.timeout(_LATER):
                await interaction.followup.send(said, file=file, ephemeral=True)


ITEMS = (*_own_form.ITEMS, *_own_import.ITEMS, *_own_lists.ITEMS)
