"""What all charts have in common: one width, the light colours, letters of one size.

Texts come from the warehouse by way of `answers`, which leaves nothing in them that a
drawing could not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from infra.report.figure import Spec
from infra.report.palette import light

WIDTH = 420  # pixels of every chart; the page scales them
SIZE = 13
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # where there is no page


def data(values: Sequence[Mapping[str, Any]]) -> alt.Data:
    """Rows as a chart holds them."""
    return alt.Data(values=[dict(value) for value in values])  # type: ignore[no-untyped-call]


def described(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> Spec:
    """The chart as Vega-Lite takes it, with what all have in common."""
    words: dict[str, Any] = {"labelColor": light("muted"), "labelFontSize": SIZE}
    words |= {"titleColor": light("muted"), "titleFontSize": SIZE}
    styled = chart.properties(
        autosize=alt.AutoSizeParams(type="fit", contains="padding"), padding=4
    ).configure(
        aria=False,  # the page describes the chart
        background=light("card"),
        font=_FONT,
        view=alt.ViewConfig(stroke=None),
        legend=alt.LegendConfig(labelLimit=200, **words),
        axis=alt.AxisConfig(
            domainColor=light("line"),
            tickColor=light("line"),
            gridColor=light("grid"),
            titleFontWeight="normal",
            labelLimit=150,
            **words,
        ),
    )
    return dict(styled.to_dict(validate=False))
