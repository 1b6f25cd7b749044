"""A small line chart as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 800, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 50, 50


@dataclass(frozen=True)
class Line:
    """One line: its name, its colour, its points."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]


def plot(title: str, unit: str, lines: Sequence[Line]) -> str:
    """Draw lines over a common x axis, the y axis from 0; `unit` names the x axis."""
    most_x = max(x for line in lines for x, _ in line.points)
    step = _step(max(y for line in lines for _, y in line.points))
    most_y = step * 5

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
        return round(_LEFT + x / most_x * across, 1), round(HEIGHT - _BOTTOM - y / most_y * up, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for n in range(6):
        _, y = at(0, n * step)
        parts.append(f'<path d="M{_LEFT} {y}H{WIDTH - _RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{n * step:g}</text>')
    for n in range(6):
        x, _ = at(most_x * n / 5, 0)
        parts.append(f'<text x="{x}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">{most_x * n / 5:,.0f}</text>')
    parts.append(f'<text x="{WIDTH // 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(unit)}</text>')
    for n, line in enumerate(lines):
        points = " ".join(f"{x},{y}" for x, y in (at(*p) for p in line.points))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="2"/>')
        parts.append(f'<text x="{_LEFT + n * 140}" y="40" fill="{line.colour}">{escape(line.name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _step(most: float) -> float:
    """Return a round fifth of an axis that holds `most`."""
    magnitude = 10.0 ** (len(str(int(most / 5))) - 1)
    return next(s * magnitude for s in (1, 2, 2.5, 4, 5, 10, 20) if s * magnitude * 5 >= most)
