"""Growth as an SVG: figures by size in, four small charts out. Colours and shapes both tell the lines apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log10
from typing import Final

WIDTH, HEIGHT, LEFT, TOP, INNER_W, INNER_H = 420, 270, 62, 44, 330, 150
COLOURS: Final = ("#1b5e9e", "#b3470d", "#2c7a3f", "#7a3f8f")
DASHES: Final = ("", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Chart:
    """`lines`: name → points (x, y); x is drawn on a logarithmic scale."""

    title: str
    x: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def svg(charts: Sequence[Chart]) -> str:
    rows = ceil(len(charts) / 2)
    drawn = "".join(
        f'<g transform="translate({WIDTH * (i % 2)},{HEIGHT * (i // 2)})">{_chart(chart)}</g>' for i, chart in enumerate(charts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {rows * HEIGHT}" role="img" '
        f'aria-label="{escape("; ".join(chart.title for chart in charts))}" font-family="sans-serif" font-size="12" fill="#222">'
        f'<rect width="100%" height="100%" fill="#fff"/>{drawn}</svg>\n'
    )


def _chart(chart: Chart) -> str:
    xs = sorted({x for points in chart.lines.values() for x, _ in points})
    top = _rounded(max((y for points in chart.lines.values() for _, y in points), default=1.0))
    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(chart.title)}</text>']
    for step in range(5):
        y = TOP + INNER_H * (1 - step / 4)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{LEFT + INNER_W}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{_short(top * step / 4)}</text>')
    parts += [f'<text x="{_x(x, xs):.1f}" y="{TOP + INNER_H + 18}" text-anchor="middle">{_short(x)}</text>' for x in xs]
    parts.append(f'<text x="{LEFT + INNER_W / 2}" y="{TOP + INNER_H + 36}" text-anchor="middle">{escape(chart.x)}</text>')
    for number, (name, points) in enumerate(chart.lines.items()):
        colour, dash = COLOURS[number % 4], DASHES[number % 4]
        path = " ".join(f"{_x(x, xs):.1f},{TOP + INNER_H * (1 - y / top):.1f}" for x, y in sorted(points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts += [f'<circle cx="{at.split(",")[0]}" cy="{at.split(",")[1]}" r="3.5" fill="{colour}"/>' for at in path.split()]
        x = LEFT + number * INNER_W / max(1, len(chart.lines))
        parts.append(f'<line x1="{x}" y1="31" x2="{x + 18}" y2="31" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts.append(f'<text x="{x + 22}" y="35">{escape(name)}</text>')
    return "".join(parts)


def _x(x: float, xs: Sequence[float]) -> float:
    low, high = log10(xs[0]), log10(xs[-1])
    return LEFT + INNER_W * (0.06 + 0.88 * ((log10(x) - low) / (high - low) if high > low else 0.5))


def _rounded(value: float) -> float:
    """The next 1, 2, 4 or 8 times a power of ten."""
    power = 10.0 ** int(log10(value)) if value >= 1 else 1.0
    return next(step * power for step in (1, 2, 4, 8, 10, 20) if step * power >= value)


def _short(value: float) -> str:
    for limit, letter in ((1e6, " M"), (1e3, " k")):
        if value >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"
