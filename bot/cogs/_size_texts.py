"""What only /modelsize shows on Discord. Traditional Chinese is converted."""

from collections.abc import Mapping

from bot.cogs._texts import fill
from bot.core.languages import Language

_TEXTS: Mapping[str, tuple[str, str]] = {
    "why": ("Why? Show the formulas", "计算过程"),
    "why-title": ("How this was computed", "计算过程"),
    "table": ("Weights by format", "各格式的权重"),
    "legend": (
        "~ estimated, the rest computed. Right: the smallest device here that holds it with room to spare, KV cache included.",
        "~ 为估算值，其余为计算值。右列：连同 KV 缓存，能宽裕放下的最小设备。",
    ),
    "picture": (
        "Bars: memory by number format for {title}, from weights and KV cache to runtime; dashed lines: memory of devices. The table has the same figures.",
        "条形：{title} 在各数值格式下所需的内存（权重、KV 缓存、运行时开销）；虚线：设备内存。数字与表格相同。",
    ),
    "term": ("What is model size?", "什么是模型规模？"),
}


def size_text(key: str, language: Language, **values: object) -> str:
    """Return a text of this module in `language`, its placeholders filled in."""
    return fill(_TEXTS[key], language, **values)
