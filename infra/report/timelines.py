"""Charts over days: stacked columns, and lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from infra.report.canvas import WIDTH, data, described
from infra.report.figure import Spec
from infra.report.palette import light


def stacked_days(rows: Sequence[Mapping[str, Any]], levels: Mapping[str, str]) -> Spec:
    """A column for each day, of a part for each level; rows have `date`.

    `levels` leads from a level, which names its colour, to its column of the rows.
    """
    values = [
        {"date": row["date"].isoformat(), "level": level, "value": row[column]}
        for row in rows
        for level, column in levels.items()
    ]
    chart = alt.Chart(data(values), width=WIDTH, height=260).mark_bar()
    return described(
        chart.encode(
            x=_days([row["date"] for row in rows], "utcyearmonthdate"),
            y=_numbers("value:Q"),
            color=_named(list(levels)),
        )
    )


def lines(
    rows: Sequence[Mapping[str, Any]], series: Mapping[str, tuple[str, str]]
) -> Spec:
    """A line for each series over the days; a day without a value breaks it.

    `series` leads from a name to its column of the rows and its colour.
    """
    values = [
        {"date": row["date"].isoformat(), "series": name, "value": row[column]}
        for row in rows
        for name, (column, _) in series.items()
    ]
    point = alt.OverlayMarkDef(size=18) if len(rows) <= 45 else False
    chart = alt.Chart(data(values), width=WIDTH, height=260)
    chart = chart.mark_line(point=point, strokeWidth=2)
    return described(
        chart.encode(
            x=_days([row["date"] for row in rows], None),
            y=_numbers("value:Q"),
            color=_named(list(series), [colour for _, colour in series.values()]),
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
            title=None, format="%-d %b", values=marks, grid=False, labelOverlap=True
        ),
        **given,
    )


def _numbers(field: str) -> alt.Y:
    return alt.Y(
        field,
        axis=alt.Axis(title=None, tickCount=5, format=",d", tickMinStep=1),
        scale=alt.Scale(zero=True),
    )


def _named(names: list[str], colours: Sequence[str] = ()) -> alt.Color:
    """A colour for each name: its own, or the one of its place."""
    shown = [light(colour) for colour in colours or names]
    field = "series:N" if colours else "level:N"
    legend = alt.Legend(orient="top", title=None, symbolType="square", symbolSize=120)
    return alt.Color(
        field, scale=alt.Scale(domain=names, range=shown), sort=names, legend=legend
    )
