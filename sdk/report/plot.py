"""Points of a front as an SVG drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _MARGIN, _BELOW = 720, 440, 80, 30, 60
_COLOUR, _CHOSEN = "#1f5fa8", "#c8401e"


def front_svg(
    points: Sequence[tuple[float, float]], chosen: tuple[float, float], title: str, x_label: str, y_label: str
) -> str:
    """A drawing of a front: x from 0, y with a logarithmic scale, the chosen point marked.

    Args:
        points: x and y, y >= 0; an y of 0 is drawn at the bottom.
        chosen: one more point.
        title: above the drawing.
        x_label: below it.
        y_label: beside it.
    """
    positive = [y for _, y in (*points, chosen) if y > 0] or [1.0]
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    high = max(high, low + 1)
    most = 1.05 * max(x for x, _ in (*points, chosen))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        height = (math.log10(max(point[1], 10.0**low)) - low) / (high - low)
        wide, tall = _WIDTH - _LEFT - _MARGIN, _HEIGHT - _MARGIN - _BELOW
        return _LEFT + wide * point[0] / most, _MARGIN + tall * (1 - height)

    right, bottom = _WIDTH - _MARGIN, _HEIGHT - _BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif"'
        ' font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_WIDTH / 2, 18, title, "middle"),
        _text((_LEFT + right) / 2, _HEIGHT - 15, x_label, "middle"),
        f'<g transform="rotate(-90 18 {_HEIGHT / 2})">{_text(18, _HEIGHT / 2, y_label, "middle")}</g>',
    ]
    for power in range(low, high + 1):
        y = place((0.0, 10.0**power))[1]
        parts.append(f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{10.0**power:g}", "end"))
    step = 10.0 ** math.floor(math.log10(most)) / 2
    for index in range(int(most / step) + 1):
        x = place((index * step, 1.0))[0]
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_MARGIN}" y2="{bottom}" stroke="#eee"/>')
        parts.append(_text(x, bottom + 16, f"{index * step:,.0f}", "middle"))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, sorted(points)))
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_COLOUR}"/>')
    for point, colour, radius in (*((p, _COLOUR, 4) for p in points), (chosen, _CHOSEN, 6)):
        x, y = place(point)
        told = escape(f"{point[0]:,.0f}: {point[1]:.4g}")
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"><title>{told}</title></circle>')
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, content: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'
