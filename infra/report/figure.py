"""What stands on the page: sections of figures, each with its chart and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Spec = dict[str, Any]  # a chart as Vega-Lite describes it


@dataclass(frozen=True)
class Table:
    """The numbers behind a chart, as texts; the first column names its row."""

    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    texts: int = 1  # how many columns, from the left, hold words and not numbers


@dataclass(frozen=True)
class Figure:
    """A chart with all that a reader needs who does not see it.

    `topic` says what it is about, `finding` what it shows, `unit` in what and of when.
    `chart` is None where there is nothing to draw; `finding` says so then.
    """

    name: str
    topic: str
    finding: str
    unit: str
    picture: str
    table: Table
    source: str
    chart: Spec | None
    notes: tuple[str, ...] = ()
    is_query: bool = True

    @property
    def alt(self) -> str:
        """The picture in words."""
        return f"{self.picture}: {self.finding}."


@dataclass(frozen=True)
class Section:
    """Figures that belong together."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
