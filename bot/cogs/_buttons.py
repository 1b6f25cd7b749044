"""Buttons and selects whose whole state is in their custom_id, so that they outlive restarts."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import discord
from discord.ui import DynamicItem

from bot.cogs._texts import text
from bot.core.glossary import LONGEST_ID
from bot.core.languages import Language

if TYPE_CHECKING:
    from bot.cogs._host import Host, Interaction

LANGUAGE = r"(?P<language>en|zh-TW|zh)"
"""The language of the message that the item stands on, as part of a template."""
_TERM = rf"(?P<term>[a-z0-9-]{{1,{LONGEST_ID}}}):{LANGUAGE}"
REPORT_PREFIX = "aiterms:report:"
REPORT_TEXT = "text"
_LABEL = 80


class Stateless(DynamicItem[discord.ui.Item[Any]], template="aiterms:never"):
    """What all items share: the state read back from the custom_id, and the rules that hold for each use."""

    limited = True
    """Whether a use counts as a question; turning pages, removing, and what only editors may do, does not."""

    def __init__(self, item: discord.ui.Item[Any], state: Mapping[str, str]) -> None:
        super().__init__(item)
        self.state = state

    @property
    def language(self) -> Language:
        """The language of the message that the item stands on."""
        return self.state["language"]  # pyright: ignore[reportReturnType]

    @classmethod
    def button(cls, custom_id: str, label: str, **options: Any) -> Self:
        """Return a new button of this class."""
        shown = label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"
        button: discord.ui.Button[Any] = discord.ui.Button(label=shown, custom_id=custom_id, **options)
        return cls(button, {})

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the item that was used."""
        _ = interaction
        return cls(item, match.groupdict())

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the item says; errors are told to the user like those of a command."""
        client: Host = interaction.client
        await client.guarded(interaction, self.act, limited=self.limited)

    async def act(self, interaction: "Interaction") -> None:
        """Answer the use of the item."""
        raise NotImplementedError


class Pick(Stateless, template="aiterms:pick:" + _TERM):
    """Shows one of several offered terms."""

    @classmethod
    def make(cls, term: str, language: Language, label: str) -> Self:
        """Return the button for `term`."""
        return cls.button(f"aiterms:pick:{term}:{language}", label)

    async def act(self, interaction: "Interaction") -> None:
        """Show the term to the one who pressed."""
        await interaction.client.show_term(interaction, self.state["term"], self.language)


class More(Stateless, template="aiterms:more:" + _TERM):
    """Shows the whole of a term."""

    @classmethod
    def make(cls, term: str, language: Language) -> Self:
        """Return the button for `term`."""
        style = discord.ButtonStyle.primary
        return cls.button(f"aiterms:more:{term}:{language}", text("more", language), style=style)

    async def act(self, interaction: "Interaction") -> None:
        """Show all of it to the one who pressed."""
        await interaction.client.show_term(interaction, self.state["term"], self.language, whole=True)


class OtherLanguage(Stateless, template="aiterms:lang:" + _TERM):
    """Shows a term in the other language."""

    @classmethod
    def make(cls, term: str, language: Language) -> Self:
        """Return the button for `term`, shown in `language`."""
        return cls.button(f"aiterms:lang:{term}:{language}", text("other-language", language))

    async def act(self, interaction: "Interaction") -> None:
        """Show it in the other language to the one who pressed; Chinese as that person's Discord writes it."""
        other: Language = "en"
        if self.language == "en":
            other = "zh-TW" if interaction.locale is discord.Locale.taiwan_chinese else "zh"
        await interaction.client.show_term(interaction, self.state["term"], other)


class Wrong(Stateless, template="aiterms:wrong:" + _TERM):
    """Opens the form for reporting a mistake."""

    @classmethod
    def make(cls, term: str, language: Language) -> Self:
        """Return the button for `term`."""
        return cls.button(f"aiterms:wrong:{term}:{language}", text("wrong", language))

    async def act(self, interaction: "Interaction") -> None:
        """Open the form; what it sends is recognised by its custom_id, so that it outlives a restart too."""
        language = self.language
        form = discord.ui.Modal(
            title=text("report-title", language), custom_id=f"{REPORT_PREFIX}{self.state['term']}:{language}"
        )
        entry: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
            custom_id=REPORT_TEXT, style=discord.TextStyle.paragraph, max_length=1000
        )
        form.add_item(
            discord.ui.Label(
                text=text("report-label", language), description=text("report-hint", language), component=entry
            )
        )
        await interaction.client.first(interaction, lambda: interaction.response.send_modal(form))


class Choose(Stateless, template=rf"aiterms:choose:{LANGUAGE}(?::\d)?"):
    """A select of terms: shows the chosen one."""

    @classmethod
    def make(
        cls, language: Language, options: Sequence[discord.SelectOption], placeholder: str, *, number: int = 0
    ) -> Self:
        """Return the select; an option's value is the id of its term. Of several in a message each has its `number`."""
        custom_id = f"aiterms:choose:{language}" + (f":{number}" if number else "")
        select: discord.ui.Select[Any] = discord.ui.Select(
            placeholder=placeholder, options=list(options), custom_id=custom_id
        )
        return cls(select, {})

    async def act(self, interaction: "Interaction") -> None:
        """Show the chosen term."""
        data: Any = interaction.data
        await interaction.client.show_term(interaction, str(data["values"][0]), self.language)


class Remove(Stateless, template=rf"aiterms:remove:(?P<asker>\d{{1,20}}):{LANGUAGE}"):
    """Lets the asker and moderators remove an answer that was given unasked."""

    limited = False

    @classmethod
    def make(cls, asker: int, language: Language) -> Self:
        """Return the button for an answer to `asker`."""
        return cls.button(f"aiterms:remove:{asker}:{language}", text("remove", language), emoji="🗑️")

    async def act(self, interaction: "Interaction") -> None:
        """Remove the answer."""
        host = interaction.client
        if interaction.user.id != int(self.state["asker"]) and not interaction.permissions.manage_messages:
            await host.tell(interaction, "not-yours")
            return
        await host.first(interaction, interaction.response.defer)
        # Pressed twice, or by two people: it is gone, which is what they want.
        with suppress(discord.NotFound):
            await host.first(interaction, interaction.delete_original_response)


ITEMS: tuple[type[Stateless], ...] = (Pick, More, OtherLanguage, Wrong, Choose, Remove)
