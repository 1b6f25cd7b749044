"""Who may change what in a server. Discord hides commands by the same rules, but its answer alone is not relied on."""

from typing import Any

import discord

from bot.core.errors import UserError
from bot.store.records import ServerSettings


def may_manage(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether somebody may change the settings of the server: Manage Server, or Administrator."""
    allowed = interaction.permissions
    return interaction.guild_id is not None and (allowed.manage_guild or allowed.administrator)


def may_edit(interaction: discord.Interaction[Any], settings: ServerSettings) -> bool:
    """Tell whether somebody may change terms and see gaps: who may manage the server, and those with the chosen role."""
    roles = {r.id for r in interaction.user.roles} if isinstance(interaction.user, discord.Member) else set[int]()
    return may_manage(interaction) or (settings.editor_role is not None and settings.editor_role in roles)


def demand_manager(interaction: discord.Interaction[Any]) -> None:
    """Raise UserError unless somebody may manage the server."""
    if not may_manage(interaction):
        raise UserError(
            "Only members with the permission Manage Server may do this.", "只有拥有“管理服务器”权限的成员才能这样做。"
        )


def demand_editor(interaction: discord.Interaction[Any], settings: ServerSettings) -> None:
    """Raise UserError unless somebody may change terms."""
    if not may_edit(interaction, settings):
        raise UserError(
            "Only members with the permission Manage Server, or with the role that they chose in /settings, may do this.",
            "只有拥有“管理服务器”权限的成员，或拥有 /settings 中指定身份组的成员，才能这样做。",
        )
