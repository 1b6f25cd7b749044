"""Forms (modals): what was typed into them, wherever Discord nests it."""

from collections.abc import Iterator, Sequence
from typing import Any

import discord


def typed(components: Sequence[Any]) -> dict[str, str]:
    """Return what was typed, by the custom_id of the field."""
    return dict(_typed(components))


def _typed(components: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield str(component.get("custom_id", "")), str(component["value"] or "")
        inner = component.get("components") or ([component["component"]] if "component" in component else [])
        yield from _typed(inner)


def field(
    custom_id: str, label: str, value: str, *, longest: int, required: bool, long: bool = False, hint: str | None = None
) -> discord.ui.Label[Any]:
    """Return one field of a form, filled in."""
    entry: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=custom_id,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        max_length=longest,
        required=required,
        default=value[:longest] or None,
    )
    return discord.ui.Label(text=label, description=hint, component=entry)
