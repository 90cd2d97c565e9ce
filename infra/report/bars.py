"""Bars and columns: one for each thing, of one colour or of parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt

from infra.report.canvas import SIZE, WIDTH, data, described
from infra.report.figure import Spec
from infra.report.palette import light
from infra.report.wording import fitted

_ROW = 37  # pixels of a bar with what stands above it


class Bar(NamedTuple):
    """A bar with what stands above it."""

    label: str
    value: float
    told: str
    colour: str = "accent"


class Split(NamedTuple):
    """A bar of parts, each named as its colour, with what stands above it."""

    label: str
    parts: Mapping[str, float]
    told: str


def bars(rows: Sequence[Bar]) -> Spec:
    """Bars from the left, each below its label and its number."""
    room = _room([row.told for row in rows])
    values = [
        {
            "place": place,
            **row._asdict(),
            "colour": light(row.colour),
            "label": fitted(row.label, room, SIZE),
        }
        for place, row in enumerate(rows)
    ]
    most = max((row.value for row in rows), default=0) or 1
    base = _rows(values)
    bar = base.mark_bar(height=12, yOffset=9, cornerRadiusEnd=2).encode(
        x=alt.X("value:Q", axis=None, stack=None, scale=alt.Scale(domain=[0, most])),
        color=alt.Color("colour:N", scale=None),
    )
    return described(alt.layer(bar, *_above(base)))


def splits(rows: Sequence[Split]) -> Spec:
    """Bars of one length, each of parts in proportion, the first on the left."""
    room = _room([row.told for row in rows])
    values = [
        {"place": place, "told": row.told, "label": fitted(row.label, room, SIZE)}
        for place, row in enumerate(rows)
    ]
    parts = [
        {"place": place, "part": light(part), "begin": begin, "end": end}
        for place, row in enumerate(rows)
        for part, begin, end in _laid(row.parts)
    ]
    base = _rows(values)
    bar = (
        _rows(parts)
        .mark_bar(height=12, yOffset=9, stroke=light("card"), strokeWidth=2)
        .encode(
            x=alt.X("begin:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
            x2="end:Q",
            color=alt.Color("part:N", scale=None),
        )
    )
    return described(alt.layer(bar, *_above(base)))


def columns(rows: Sequence[Bar]) -> Spec:
    """Columns side by side, each below its number."""
    values = [{**row._asdict(), "colour": light(row.colour)} for row in rows]
    base = alt.Chart(data(values), width=WIDTH, height=240).encode(
        x=alt.X("label:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", axis=None, stack=None),
    )
    column = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.Color("colour:N", scale=None)
    )
    told = base.mark_text(dy=-9, fontSize=SIZE, color=light("ink")).encode(
        text="told:N"
    )
    return described(alt.layer(column, told))


def _laid(parts: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    """Parts with the places between 0 and 1 at which they begin and end."""
    whole, begin = sum(parts.values()) or 1, 0.0
    for part, value in parts.items():
        yield part, begin, begin + value / whole
        begin += value / whole


def _rows(values: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """One below the other, as high as there are places."""
    places = {value["place"] for value in values}
    return alt.Chart(data(values), width=WIDTH, height=_ROW * len(places)).encode(
        y=alt.Y("place:O", axis=None)
    )


def _room(told: Sequence[str]) -> float:
    """The pixels that labels have before the numbers on the right begin."""
    return WIDTH - 30 - 8 * max(map(len, told), default=0)


def _above(base: alt.Chart) -> list[alt.Chart]:
    """The label on the left, the number on the right."""
    text: dict[str, Any] = {"baseline": "middle", "dy": -7, "fontSize": SIZE}
    label = base.mark_text(align="left", x=0, color=light("ink"), **text)
    number = base.mark_text(align="right", color=light("muted"), **text)
    return [
        label.encode(text="label:N"),
        number.encode(text="told:N", x=alt.value("width")),
    ]
