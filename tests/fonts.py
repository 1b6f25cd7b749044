"""The fonts that pictures are drawn with: people may do without them, the project's own check may not."""

import os

import pytest

from bot.core.pictures import FONT_FOLDERS


def has_font(*names: str) -> bool:
    """Tell whether one of these font files is installed."""
    return any(path.name in names for folder in FONT_FOLDERS for path in folder.rglob("*.tt[fc]"))


HAS_LATIN = has_font("DejaVuSansMono.ttf")
HAS_CHINESE = has_font("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc")
needs_latin = pytest.mark.skipif(not HAS_LATIN, reason="fonts-dejavu-core is not installed")


def are_there_where_they_must_be() -> bool:
    """Tell whether nothing is missing, or nobody demands it."""
    return (HAS_LATIN and HAS_CHINESE) or os.environ.get("CI") != "true"
