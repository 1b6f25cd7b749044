"""The settings: config/defaults.toml, then .env, then the environment and secret files."""

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.core.errors import UserError
from bot.core.languages import Language


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscordSettings(_Section):
    """What concerns Discord; see config/defaults.toml."""

    api_url: str
    message_content: bool
    channels: frozenset[int]
    sync: bool
    shard_id: int = Field(ge=0)
    shard_count: int = Field(ge=1)

    @model_validator(mode="after")
    def _shard_is_one_of_them(self) -> Self:
        if self.shard_id >= self.shard_count:
            raise ValueError("shard_id counts from 0: it must be below shard_count")
        return self


class StoreSettings(_Section):
    """What concerns the storage."""

    url: SecretStr
    password_file: str


class ReloadSettings(_Section):
    """What concerns knowledge that changes while the bot runs."""

    every: float = Field(ge=0)


class LogSettings(_Section):
    """What concerns the log."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["auto", "plain", "json"]


class HealthSettings(_Section):
    """Where the bot tells how it is; port 0 is nowhere."""

    host: str
    port: int = Field(ge=0, le=65535)


class Settings(BaseSettings):
    """All settings. Unknown ones are refused."""

    model_config = SettingsConfigDict(
        env_prefix="AITERMS_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    terms: tuple[Path, ...]
    language: Language
    data: Path
    discord: DiscordSettings
    store: StoreSettings
    reload: ReloadSettings
    log: LogSettings
    health: HealthSettings
    token: SecretStr | None = Field(default=None, validation_alias=AliasChoices("token", "DISCORD_TOKEN"))
    token_file: Path | None = Field(default=None, validation_alias=AliasChoices("token_file", "DISCORD_TOKEN_FILE"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the file of defaults last."""
        _ = file_secret_settings
        defaults = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, defaults

    def store_url(self) -> str:
        """Return the address of the database, password included.

        Raises:
            UserError: the file with the password cannot be read or is empty, or the address has no user that it is for.
        """
        url = self.store.url.get_secret_value()
        if not url:
            return f"sqlite:///{self.data / 'aiterms.db'}"
        if not self.store.password_file:
            return url
        password = quote(_secret(Path(self.store.password_file), "AITERMS_STORE__PASSWORD_FILE"), safe="")
        whole, found = re.subn(r"^(postgresql(?:\+\w+)?://[^:@/]+)(?::[^@/]*)?@", rf"\1:{password}@", url)
        if not found:
            raise UserError(
                "AITERMS_STORE__PASSWORD_FILE: AITERMS_STORE__URL names no user for it. Write postgresql://USER@HOST/NAME.",
                "AITERMS_STORE__PASSWORD_FILE：AITERMS_STORE__URL 中没有用户名，请写成 postgresql://USER@HOST/NAME。",
            )
        return whole

    def discord_token(self) -> SecretStr | None:
        """Return the token from the secret file, else from the environment; None where neither is given.

        Raises:
            UserError: the file cannot be read or is empty, or what is there can be no token.
        """
        if self.token_file is None:
            return _checked(self.token.get_secret_value(), "DISCORD_TOKEN") if self.token else None
        return _checked(_secret(self.token_file, "DISCORD_TOKEN_FILE"), "DISCORD_TOKEN_FILE")


def _secret(place: Path, setting: str) -> str:
    """Return what a secret file holds. Raises UserError if it cannot be read or is empty."""
    try:
        secret = place.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "no text"
        raise UserError(
            f"{setting}: {place} cannot be read ({why}). Point it to the file with the secret.",
            f"{setting}：无法读取 {place}（{why}）。请指向存放密钥的文件。",
        ) from None
    if not secret:
        raise UserError(
            f"{setting}: {place} is empty. Put the secret into it.", f"{setting}：{place} 是空文件，请写入密钥。"
        )
    return secret


def _checked(token: str, place: str) -> SecretStr | None:
    """Return a token that can stand in a header; None for a blank one."""
    token = token.strip()
    if not re.fullmatch(r"[!-~]*", token):
        raise UserError(
            f"{place}: that is no token; it has blanks, line breaks or other characters that no token has. Copy it anew.",
            f"{place}：这不是令牌，其中有空格、换行或其他令牌不会有的字符。请重新复制。",
        )
    return SecretStr(token) if token else None


def load_settings(config: Path, env_file: Path | None = None) -> Settings:
    """Read the settings from the folder `config`, `env_file` and the environment.

    Raises:
        UserError: a line for every setting that is unknown or has no sense; values are not repeated. Or the token
            cannot be read.
    """

    class Located(Settings):
        model_config = SettingsConfigDict(
            toml_file=config / "defaults.toml", env_file=env_file, env_file_encoding="utf-8"
        )

    try:
        settings = Located()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise UserError("Settings that cannot be used:\n" + "\n".join(lines)) from None
    except (OSError, ValueError) as error:
        raise UserError(f"The settings cannot be read: {error}") from None
    settings.discord_token()
    settings.store_url()
    return settings
