"""What dbt built in two warehouses, found from its manifests and compared cell by cell.

Text, whole numbers, truths, dates and moments have to be the same; a number with a
fraction may differ by a billionth of itself. The order of rows does not count.
"""

import datetime as dt
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Self

CLOSE = 1e-9
TOLD = 3  # differences of a relation
_HOLD_ROWS = {"model", "seed", "snapshot"}
# Rows that say when each warehouse was loaded, which was not at one moment
_OWN = {"model.sparkify.data_quality": "measure = 'last_load'"}


class Rows(NamedTuple):
    """What a query answers."""

    columns: list[str]
    cells: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Warehouse:
    """What dbt built in one place: its manifest, and what answers queries there."""

    manifest: dict[str, Any]
    ask: Callable[[str], Rows]

    @classmethod
    def of(cls, project: Path, ask: Callable[[str], Rows]) -> Self:
        """The one that dbt was last run for in a project."""
        path = project / "target" / "manifest.json"
        return cls(json.loads(path.read_text(encoding="utf-8")), ask)

    @property
    def relations(self) -> dict[str, str]:
        """Everything of dbt's that holds rows, by dbt's id: raw tables, models, seeds.

        Raw tables are the sources that the loader fills from the landing.
        """
        nodes = {
            node["unique_id"]: _named(node["schema"], node["alias"])
            for node in self.manifest["nodes"].values()
            if node["resource_type"] in _HOLD_ROWS
            and node["config"]["materialized"] != "ephemeral"
        }
        sources = {
            source["unique_id"]: _named(source["schema"], source["identifier"])
            for source in self.manifest["sources"].values()
            if "landing" in source["config"].get("meta", {})
        }
        return nodes | sources

    def rows(self, unique_id: str) -> Rows:
        """All rows of a relation that both engines can have."""
        left_out = _OWN.get(unique_id, "false")
        return self.ask(
            f"select * from {self.relations[unique_id]} where not ({left_out})"
        )


def _named(schema: str, name: str) -> str:
    return f'"{schema}"."{name}"'


class Compared(NamedTuple):
    """What two warehouses have in common, and where they differ: by dbt's id."""

    counts: dict[str, int]
    differences: dict[str, list[str]]


def compared(first: Warehouse, second: Warehouse) -> Compared:
    """Compares every relation; that only one of the two knows it is a difference."""
    ids = first.relations.keys()
    differences = {
        unique_id: ["only one of the two manifests has it"]
        for unique_id in ids ^ second.relations.keys()
    }
    counts = {}
    for unique_id in sorted(ids & second.relations.keys()):
        rows = first.rows(unique_id)
        counts[unique_id] = len(rows.cells)
        if told := unlike(rows, second.rows(unique_id)):
            differences[unique_id] = told
    return Compared(counts, differences)


def unlike(first: Rows, second: Rows) -> list[str]:
    """Where two sets of rows differ, in whatever order they come; the first few."""
    if first.columns != second.columns:
        return [f"the columns {first.columns}, and {second.columns}"]
    if len(first.cells) != len(second.cells):
        return [f"{len(first.cells)} rows, and {len(second.cells)}"]
    fractions = {
        index
        for rows in (first, second)
        for row in rows.cells
        for index, cell in enumerate(row)
        if isinstance(cell, float | Decimal)
    }
    pairs = zip(
        *(_sorted(rows.cells, fractions) for rows in (first, second)), strict=True
    )
    told = [
        f"{name}: {mine!r}, and {other!r} in {others}"
        for row, others in pairs
        for name, mine, other in zip(first.columns, row, others, strict=True)
        if not _alike(mine, other)
    ]
    return [each[:2000] for each in told[:TOLD]]


def _sorted(
    cells: Sequence[tuple[Any, ...]], fractions: set[int]
) -> list[tuple[Any, ...]]:
    """The rows in an order that a number's last digits do not change.

    What has to be the same comes first; fractions part only rows that agree in that.
    """

    def order(row: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
        exact = [_text(cell) for i, cell in enumerate(row) if i not in fractions]
        return exact, [_size(row[index]) for index in sorted(fractions)]

    return sorted(cells, key=order)


def _text(cell: Any) -> tuple[bool, str]:  # noqa: ANN401 - cells hold anything
    if isinstance(cell, dt.date):
        return False, cell.isoformat()
    return cell is None, str(cell)


def _size(cell: Any) -> tuple[int, float]:  # noqa: ANN401 - as above
    if not isinstance(cell, int | float | Decimal):
        return 2, 0.0
    return (1, 0.0) if cell != cell else (0, float(cell))  # noqa: PLR0124 - NaN


def _alike(one: Any, other: Any) -> bool:  # noqa: ANN401 - as above
    numbers = (int, float, Decimal)
    if isinstance(one, bool) or isinstance(other, bool) or one is None:
        return one is other
    if isinstance(one, numbers) and isinstance(other, numbers):
        kinds = {type(one), type(other)}
        if int in kinds:  # a DECIMAL may be as whole, a float may not
            return float not in kinds and one == other
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=CLOSE)
    return bool(one == other)
