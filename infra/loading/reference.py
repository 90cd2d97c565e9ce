"""dbt's seeds, made where a warehouse has none, so that a plain `dbt run` finds them.

`dbt seed` and `dbt build` fill these tables anew whenever they run; what is there is
dbt's, and is not touched here.
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from infra.errors import ConfigurationError
from infra.loading.raw_schema import Column, Table
from infra.warehouse import identifier

FOLDER = Path("seeds")
SUFFIX = "_reference"  # what dbt_project.yml puts behind the profile's schema

Run = Callable[[str, Sequence[Any]], object]  # a statement and its parameters
Row = tuple[str | int | None, ...]


class Seed(NamedTuple):
    """A table and all its rows."""

    table: Table
    rows: list[Row]


def make_missing(
    project: Path, schema: str, known: set[str], run: Run, mark: str
) -> None:
    """Makes the seeds that are not among the known tables of their schema.

    All or none. `mark` stands for a parameter in a statement.
    """
    paths = sorted((project / FOLDER).glob("*.csv"))
    seeds = [_seed(path, schema) for path in paths if path.stem not in known]
    if not seeds:
        return
    run("begin", ())
    run(f"create schema if not exists {identifier(schema)}", ())
    for table, rows in seeds:
        relation = f"{identifier(table.schema)}.{identifier(table.name)}"
        types = [f"{identifier(each.name)} {each.type}" for each in table.columns]
        run(f"create table {relation} ({', '.join(types)})", ())
        marks = f"({', '.join([mark] * len(types))})"
        values = ", ".join([marks] * len(rows))
        if rows:
            run(
                f"insert into {relation} values {values}",
                [cell for row in rows for cell in row],
            )
    run("commit", ())


def _seed(path: Path, schema: str) -> Seed:
    """A seed as its two files say: `.csv` has the rows, `.yml` the types."""
    try:
        document = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))
        (seed,) = (each for each in document["seeds"] if each["name"] == path.stem)
        types = seed["config"]["column_types"]
        with path.open(encoding="utf-8", newline="") as file:
            names, *lines = csv.reader(file)
        columns = tuple(Column(name, types[name], name) for name in names)
        return Seed(
            Table(schema, path.stem, columns),
            [
                tuple(_value(*each) for each in zip(columns, line, strict=True))
                for line in lines
            ],
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{FOLDER / path.stem}.csv and .yml do not define a seed ({error!r}). Each "
            "column needs its type under config.column_types."
        ) from error


def _value(column: Column, text: str) -> str | int | None:
    """A cell; as dbt reads them, an empty one is null."""
    if not text:
        return None
    return int(text) if column.kind == "integer" else text
