"""`invoke tables`: how large the tables are, and on Redshift how well they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from infra import profile as profiles
from infra.asking import Asking, asking
from infra.console import say, table
from infra.errors import WarehouseMissing
from infra.project import Project
from infra.query import print_json
from infra.rejects import counted, indented
from infra.warehouse import ALIAS, identifier, quoted

STAR = "sparkify"  # dbt puts every schema of its own behind this name
MOST_SKEW = 4  # times the rows of the slice that has least, on that which has most
MOST_UNSORTED = 20  # percent of the rows
MOST_STALE = 10  # percent by which statistics may be off
_NOTHING = "There are no tables yet; run `invoke load build`."

_ON_REDSHIFT = """
select
    schema, "table", tbl_rows, size, diststyle, sortkey1, skew_rows, unsorted, stats_off
from svv_table_info
order by schema, "table"
"""

_LOCAL_NAMES = """
select schema_name, table_name
from duckdb_tables()
where database_name = ? and not internal
"""
_BLOCK = "(select max(block_size) / 1e6 from pragma_database_size())"  # in megabytes
_NO_ROW = "select 1 where false"


class Table(NamedTuple):
    """A table: rows, megabytes; on Redshift how it is distributed and sorted.

    `skew_rows` is the quotient of the fullest and the emptiest slice, None where rows
    are not distributed. `unsorted` and `stats_off` are percentages; None is unknown.
    """

    schema: str
    table: str
    rows: int
    size_mb: float
    diststyle: str | None = None
    sortkey1: str | None = None
    skew_rows: float | None = None
    unsorted: float | None = None
    stats_off: float | None = None

    @property
    def name(self) -> str:
        """`schema.table`, as SQL names it."""
        return f"{self.schema}.{self.table}"

    @property
    def advice(self) -> Iterator[str]:
        """What would make queries of it quicker, a sentence each."""
        if (self.skew_rows or 0) > MOST_SKEW:
            yield (
                f"{self.name}: one slice has {self.skew_rows:,.1f} times the rows of "
                f"another, and the others wait for it; dist='even' in its config "
                "spreads them."
            )
        if (self.unsorted or 0) > MOST_UNSORTED:
            yield (
                f"{self.name}: {self.unsorted:.0f} % of its rows are not sorted, so "
                f"ranges read too much; `vacuum {self.name}`, or build it anew."
            )
        if (self.stats_off or 0) > MOST_STALE:
            yield (
                f"{self.name}: its statistics are {self.stats_off:.0f} % off, so plans "
                f"are guesses; `analyze {self.name}`."
            )


def report(project: Project, as_json: bool) -> str:
    """Prints the tables, and advice where there is any; returns how many of each."""
    is_local = profiles.default_redshift(project.root) is None
    with asking(project, _NOTHING) as asked:
        found = _local(asked) if is_local else _on_redshift(project, asked)
    if not found:
        raise WarehouseMissing(_NOTHING)
    shown = Table._fields[:4] if is_local else Table._fields
    if as_json:
        print_json(list(shown), [each[: len(shown)] for each in found])
    else:
        _print(found, is_local=is_local)
    advice = [sentence for each in found for sentence in each.advice]
    if not as_json:
        for sentence in advice:
            indented(sentence, 0)
    told = f"{counted(len(found), 'table')}, {sum(each.size_mb for each in found):,.1f}"
    return f"{told} MB" + (f", {len(advice)} to look at" if advice else "")


def _on_redshift(project: Project, asked: Asking) -> list[Table]:
    """The tables of our schemas; Redshift leaves out those without rows."""
    kept = (*project.raw_tables, *project.ledger_tables.values())
    raw = {each.schema for each in kept}
    return [
        Table(schema, name, int(rows), float(size), dist, sort, *map(_number, measures))
        for schema, name, rows, size, dist, sort, *measures in asked.execute(
            _ON_REDSHIFT
        ).fetchall()
        if schema in raw or f"{schema}_".startswith(f"{STAR}_")
    ]


def _number(value: Decimal | float | None) -> float | None:
    return None if value is None else float(value)


def _local(asked: Any) -> list[Table]:  # noqa: ANN401 - DuckDB's connection
    """The tables of the warehouse file. A block that two share counts for both."""
    names = asked.execute(_LOCAL_NAMES, [ALIAS]).fetchall()
    statement = " union all ".join(
        f"select {quoted(schema)}, {quoted(name)}, "
        f"(select count(*) from {_place(schema, name)}), "
        f"(select count(distinct block_id) from pragma_storage_info("
        f"{quoted(_place(schema, name))}) where block_id >= 0) * {_BLOCK}"
        for schema, name in names
    )
    return sorted(
        Table(schema, name, rows, round(size, 3))
        for schema, name, rows, size in asked.execute(statement or _NO_ROW).fetchall()
    )


def _place(schema: str, name: str) -> str:
    return f"{ALIAS}.{identifier(schema)}.{identifier(name)}"


def _print(found: Sequence[Table], *, is_local: bool) -> None:
    """Prints a table per schema, as narrow as a terminal."""
    headers = ["table", "rows", "MB", "dist", "sort", "skew", "unsorted", "stats off"]
    for number, (schema, group) in enumerate(
        groupby(found, key=lambda each: each.schema)
    ):
        if number:
            say("")
        say(schema)
        cells = [_cells(each) for each in group]
        columns = 3 if is_local else len(headers)
        table(headers[:columns], [row[:columns] for row in cells])


def _cells(each: Table) -> list[str]:
    return [
        *(each.table, f"{each.rows:,}", f"{each.size_mb:,.1f}"),
        *(each.diststyle or "-", each.sortkey1 or "-"),
        "-" if each.skew_rows is None else f"{each.skew_rows:,.1f}",
        "-" if each.unsorted is None else f"{each.unsorted:.0f} %",
        "-" if each.stats_off is None else f"{each.stats_off:.0f} %",
    ]
