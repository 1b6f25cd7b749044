"""What operators start the bot with: valid by the tools of their own field, and naming settings that exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
KUBERNETES = ROOT / "config" / "kubernetes"
COMPOSE = ROOT / "config" / "compose.yaml"


def ran(*command: object, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [str(c) for c in command], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def rendered(shards: int) -> str:
    return ran("sh", KUBERNETES / "render.sh", shards).stdout


def test_compose_is_valid() -> None:
    ran(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


@pytest.mark.parametrize("shards", [1, 2, 16])
def test_the_manifests_are_valid_for_any_number_of_shards(shards: int, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(rendered(shards), "utf-8")
    said = ran(BIN / "kubernetes-validate", "--strict", tmp_path / "all.yaml").stdout
    assert said.count("resource deployment/") == shards
    assert f"deployment/aiterms-{shards}-{shards - 1}" in said


def test_the_example_of_the_secret_is_valid_and_never_applied_with_the_rest() -> None:
    ran(BIN / "kubernetes-validate", "--strict", KUBERNETES / "secret.example.yaml")
    assert "kind: Secret" not in rendered(2)


def test_each_shard_is_told_which_one_it_is() -> None:
    manifests = rendered(3)
    for shard in range(3):
        assert f'{{name: AITERMS_DISCORD__SHARD_ID, value: "{shard}"}}' in manifests
    assert manifests.count('{name: AITERMS_DISCORD__SHARD_COUNT, value: "3"}') == 3
    assert "SHARDS" not in re.sub(r"#.*|SHARD_COUNT|SHARD_ID", "", manifests)


@pytest.mark.parametrize("wrong", ["", "0", "two", "-1"])
def test_a_number_of_shards_that_is_none_is_refused(wrong: str) -> None:
    done = subprocess.run(["sh", str(KUBERNETES / "render.sh"), wrong], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "NUMBER_OF_SHARDS" in done.stderr


def _names(model: type[BaseModel], prefix: str = "AITERMS_") -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names |= _names(inner, f"{prefix}{name.upper()}__")
        else:
            names.add(f"{prefix}{name.upper()}")
    return names


@pytest.mark.parametrize(
    "file",
    [COMPOSE, *sorted(KUBERNETES.glob("*.yaml")), ROOT / "Dockerfile", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda p: p.name,
)
def test_only_settings_that_exist_are_named(file: Path) -> None:
    named = set(re.findall(r"\bAITERMS_[A-Z_]+[A-Z]", file.read_text("utf-8")))
    assert named <= _names(Settings) | {"AITERMS_SERVER"}


def test_the_password_of_the_database_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "password"
    secret.write_text("p@ss/word:1\n", "utf-8")
    monkeypatch.setenv("AITERMS_STORE__URL", "postgresql://aiterms@db.example/aiterms")
    monkeypatch.setenv("AITERMS_STORE__PASSWORD_FILE", str(secret))
    settings = load_settings(ROOT / "config")
    assert settings.store_url() == "postgresql://aiterms:p%40ss%2Fword%3A1@db.example/aiterms"
    assert "p@ss" not in repr(settings)
