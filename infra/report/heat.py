"""Heat maps: cells as dark as their value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt

from infra.report.canvas import SIZE, WIDTH, data, described
from infra.report.figure import Spec
from infra.report.palette import FIRST_HIGH, HEAT, light


class Cell(NamedTuple):
    """A cell of a heat map; without a value it stays empty."""

    column: str
    row: str
    value: float | None
    told: str = ""


def heat(
    cells: Sequence[Cell], limits: Sequence[float], across: str, legend: str = ""
) -> Spec:
    """Cells as dark as their value; `limits` are the values at which a shade begins.

    `across` is the title below the columns. Cells hold their texts, or where the
    legend has a title, there is that instead.
    """
    values = [cell._asdict() for cell in cells if cell.value is not None]
    axis: dict[str, Any] = {"domain": False, "ticks": False, "grid": False}
    columns, rows = _in_order(cells, "column"), _in_order(cells, "row")
    shades = alt.Scale(
        type="threshold", domain=list(limits), range=[light(name) for name in HEAT]
    )
    shown = columns[:: 1 + len(columns) // 12]
    below = alt.Axis(title=across, labelAngle=0, values=shown, **axis)
    height = 34 * len(rows) + 50 * (1 + bool(legend))
    base = alt.Chart(data(values), width=WIDTH, height=height).encode(
        x=alt.X("column:N", sort=columns, scale=_banded(columns), axis=below),
        y=alt.Y(
            "row:N", sort=rows, scale=_banded(rows), axis=alt.Axis(title=None, **axis)
        ),
    )
    cell = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color(
            "value:Q", scale=shades, legend=_shades(legend, limits) if legend else None
        )
    )
    if legend:
        return described(cell)
    is_high = alt.datum.value >= limits[FIRST_HIGH - 1]
    text = base.mark_text(fontSize=SIZE).encode(
        text="told:N",
        color=alt.condition(
            is_high, alt.value(light("on-high")), alt.value(light("on-low"))
        ),
    )
    return described(alt.layer(cell, text))


def limits(most: float) -> list[float]:
    """Where the shades of a heat map from 0 to `most` begin, at round numbers."""
    shades = len(HEAT)
    nice = nice_step(most / shades if most > 0 else 1.0)
    return [round(nice * place, 9) for place in range(1, shades)]


def nice_step(least: float) -> float:
    """The next round number: 1, 2, 2.5 or 5, or one of these times a power of ten."""
    size: float = 10 ** math.floor(math.log10(least))
    return next(size * by for by in (1, 2, 2.5, 5, 10) if size * by >= least * 0.999)


def _banded(names: list[str]) -> alt.Scale:
    return alt.Scale(domain=names, paddingInner=0.06)


def _shades(title: str, limits: Sequence[float]) -> alt.Legend:
    """A legend with short numbers: thousands as k, millions as M."""
    return alt.Legend(
        orient="bottom",
        direction="horizontal",
        title=title,
        titleOrient="left",
        titleFontWeight="normal",
        titlePadding=12,
        format="~s" if limits[0] >= 1000 else "~f",
        gradientLength=230,
        gradientThickness=12,
    )


def _in_order(cells: Sequence[Cell], field: str) -> list[str]:
    return list(dict.fromkeys(getattr(cell, field) for cell in cells))
