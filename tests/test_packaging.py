"""What a plain `pip install` gets."""

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_knowledge_settings_and_vocabularies(tmp_path: Path) -> None:
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "knowledge" / "terms").rglob("*.toml"):
        assert f"bot/_data/{path.relative_to(ROOT).as_posix()}" in names
    assert "bot/_data/config/defaults.toml" in names
    assert sum(n.startswith("bot/_data/knowledge/tiktoken/") for n in names) >= 3
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/"))]


def test_the_locks_hold_hashes_and_no_addresses() -> None:
    for lock in ("requirements.lock", "requirements-build.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text("utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text
