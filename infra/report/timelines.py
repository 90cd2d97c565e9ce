"""Charts over days: stacked columns, and lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from infra.report.canvas import WIDTH, data, described
from infra.report.figure import Spec
from infra.report.heat import nice_step
from infra.report.palette import light

_FEW = 45  # days of which each can be told apart
_DASHES = [[1, 0], [6, 3], [2, 2]]


def stacked_days(rows: Sequence[Mapping[str, Any]], levels: Mapping[str, str]) -> Spec:
    """A column for each day, of a part for each level; rows have `date`.

    `levels` leads from a level, which names its colour, to its column of the rows.
    """
    values = [
        {"date": row["date"].isoformat(), "level": level, "value": row[column]}
        for row in rows
        for level, column in levels.items()
    ]
    gap = 1 if len(rows) <= _FEW else 0  # between the parts, whatever their colours
    chart = alt.Chart(data(values), width=WIDTH, height=260)
    chart = chart.mark_bar(stroke=light("card"), strokeWidth=gap)
    most = max((sum(row[name] for name in levels.values()) for row in rows), default=0)
    return described(
        chart.encode(
            x=_days([row["date"] for row in rows], "utcyearmonthdate"),
            y=_numbers("value:Q", most),
            color=_named(list(levels)),
        )
    )


def lines(
    rows: Sequence[Mapping[str, Any]], series: Mapping[str, tuple[str, str]]
) -> Spec:
    """A line for each series over the days; a day without a value breaks it.

    `series` leads from a name to its column of the rows and its colour. Each line has
    dashes of its own, for whoever sees no difference between the colours.
    """
    values = [
        {"date": row["date"].isoformat(), "series": name, "value": row[column]}
        for row in rows
        for name, (column, _) in series.items()
    ]
    names = list(series)
    point = alt.OverlayMarkDef(size=18) if len(rows) <= _FEW else False
    chart = alt.Chart(data(values), width=WIDTH, height=260)
    chart = chart.mark_line(point=point, strokeWidth=2)
    dashes = alt.Scale(domain=names, range=_DASHES[: len(names)])
    return described(
        chart.encode(
            x=_days([row["date"] for row in rows], None),
            y=_numbers(
                "value:Q", max((row["value"] or 0 for row in values), default=0)
            ),
            color=_named(names, [colour for _, colour in series.values()]),
            strokeDash=alt.StrokeDash(
                "series:N", scale=dashes, sort=names, legend=_legend("stroke")
            ),
        )
    )


def _days(days: Sequence[date], unit: str | None) -> alt.X:
    """An axis of days in UTC, with whole days alone as labels."""
    spread = (max(days) - min(days)).days if days else 0
    every = max(1, math.ceil(spread / 5))
    marks = [each.isoformat() for each in sorted(set(days))][::every]
    given: dict[str, Any] = {"timeUnit": unit} if unit else {}
    return alt.X(
        "date:T",
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(
            title=None,
            format="%-d %b",
            values=marks,
            grid=False,
            labelOverlap=True,
            labelFlush=False,  # a label stands below its own day
            labelPadding=7,  # and the first one below the 0 of the other axis
        ),
        **given,
    )


def _numbers(field: str, most: float) -> alt.Y:
    """An axis of counts from 0, with at most five whole numbers above it."""
    step = nice_step(max(most, 1) / 5)
    step = max(1, math.ceil(step))
    marks = [step * place for place in range(math.ceil(max(most, 1) / step) + 1)]
    return alt.Y(
        field,
        axis=alt.Axis(title=None, format=",d", values=marks),
        scale=alt.Scale(domain=[0, marks[-1]]),
    )


def _named(names: list[str], colours: Sequence[str] = ()) -> alt.Color:
    """A colour for each name: its own, or the one of its place."""
    shown = [light(colour) for colour in colours or names]
    field = "series:N" if colours else "level:N"
    return alt.Color(
        field,
        scale=alt.Scale(domain=names, range=shown),
        sort=names,
        legend=_legend("stroke" if colours else "square"),
    )


def _legend(symbol: str) -> alt.Legend:
    size = {"stroke": 500, "square": 120}[symbol]
    return alt.Legend(orient="top", title=None, symbolType=symbol, symbolSize=size)
