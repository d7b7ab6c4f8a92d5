"""A line chart as SVG without a library: grey and two colours that can be read on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

Points = Sequence[tuple[float, float]]

_COLOURS: Final = ("#2f81f7", "#e5700f", "#2da44e", "#a371f7")
_GREY: Final = "#6e7781"
_WIDTH, _HEIGHT = 760, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 110, 44, 46
_TICKS: Final = 5


def line_chart(lines: Mapping[str, Points], *, title: str, x_title: str) -> str:
    """One line with dots for each name, named at its end; both axes begin at zero. Points are in order of x."""
    x_step, y_step = (_step(max(point[axis] for points in lines.values() for point in points)) for axis in (0, 1))
    x_end, y_end = (
        step * math.ceil(max(point[axis] for points in lines.values() for point in points) / step)
        for axis, step in ((0, x_step), (1, y_step))
    )

    def at(x: float, y: float) -> tuple[float, float]:
        across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return round(_LEFT + across * x / x_end, 1), round(_HEIGHT - _BOTTOM - down * y / y_end, 1)

    parts = [_text(_LEFT - 36, 20, title, weight="600"), _text(at(x_end / 2, 0)[0], _HEIGHT - 8, x_title, "middle")]
    for i in range(round(y_end / y_step) + 1):
        (x0, y), (x1, _) = at(0, i * y_step), at(x_end, i * y_step)
        parts.append(f'<path d="M{x0} {y}H{x1}" stroke="{_GREY}" stroke-opacity="{1 if i == 0 else 0.25}"/>')
        parts.append(_text(x0 - 8, y + 4, f"{i * y_step:g}", "end"))
    for i in range(round(x_end / x_step) + 1):
        x, y = at(i * x_step, 0)
        parts.append(_text(x, y + 18, f"{i * x_step:g}", "middle"))
    for colour, (name, points) in zip(_COLOURS, lines.items(), strict=False):
        places = [at(*point) for point in points]
        path = "L".join(f"{x} {y}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        parts.append(_text(x + 10, y + 4, name, colour=colour, weight="600"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12">\n'
        f"<title>{escape(title)}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _step(largest: float) -> float:
    """The distance of the ticks: 1, 2 or 5 times a power of ten, about five of them up to the largest."""
    power = 10.0 ** math.floor(math.log10(largest / _TICKS))
    return min((power * factor for factor in (1, 2, 5, 10)), key=lambda step: abs(largest / step - _TICKS))


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = _GREY, weight: str = "400") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}">{escape(text)}</text>'
