"""docs/operating.md names every figure, and none that there is not."""

import re
from pathlib import Path

from bot.ops.operations import Operations

DOCUMENT = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")


def figures() -> set[str]:
    """Return the names of all figures, counters as they are asked for."""
    operations = Operations()
    operations.metrics.watch("store_up", "As watch_store does, which needs a loop.", lambda: 1.0)
    families = [*operations.metrics.registry.collect()]
    named = {f.name + ("_total" if f.type == "counter" else "") for f in families}
    # Those that take a loop, a reload or a connection before they are there.
    absent = {
        "aiterms_reloads_total",
        "aiterms_reloads_refused_total",
        "aiterms_gateway_latency_seconds",
        "aiterms_gateway_silence_seconds",
        "aiterms_guilds",
    }
    return {n for n in named if n.startswith("aiterms_")} | absent


def test_every_figure_is_documented_and_no_other() -> None:
    section = DOCUMENT[DOCUMENT.index("### Figures") : DOCUMENT.index("### Alerts")]
    assert set(re.findall(r"aiterms_\w+", section)) == figures()


def test_alerts_ask_for_figures_that_there_are() -> None:
    section = DOCUMENT[DOCUMENT.index("### Alerts") :]
    asked = {n.removesuffix("_bucket") for n in re.findall(r"aiterms_\w+", section)}
    assert asked <= figures()
