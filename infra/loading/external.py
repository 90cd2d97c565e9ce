"""The raw files as tables that Redshift reads from S3, without loading anything.

An external schema shows Glue's database; above it stand views with exactly the columns
of the raw tables, so that the models read either. Pure: statements as text.
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.loading.printed import LINE, LOAD_ID
from infra.loading.raw_schema import LINEAGE, Column, RawTable
from infra.warehouse import quoted

FILES = "landing"  # the external schema
VIEWS = "staging_external"  # what dbt reads, as `raw_schema`
CHOICE = f"--vars 'raw_schema: {VIEWS}'"  # how dbt is told to

# Of the lineage only the file is known: Redshift has it beside each external row
_KNOWN = dict(zip(LINEAGE, (LOAD_ID, '"$path"', LINE), strict=True))

_HEAD = """\
-- What `invoke load --external` says to Redshift after it has registered the raw files
-- with Glue: an external schema, and views with the columns of the raw tables.

"""


def statements(tables: Sequence[RawTable], database: str) -> list[str]:
    """What makes the views, whatever was there of them; the first stands for itself.

    The first cannot run in a transaction everywhere; the views change in one.
    """
    made = [each for table in tables for each in _view(table)]
    schema = f"create schema if not exists {VIEWS}"
    return [_external_schema(database), schema, "begin", *made, "commit"]


def looks(tables: Sequence[RawTable]) -> list[str]:
    """A query for each view that finds out whether it can be read at all."""
    return [f"select 1 as found from {VIEWS}.{table.name} limit 1" for table in tables]


def script(tables: Sequence[RawTable], database: str) -> str:
    """The statements as a text to read, or to run."""
    return _HEAD + "\n".join(f"{each};\n" for each in statements(tables, database))


def _external_schema(database: str) -> str:
    return (
        f"create external schema if not exists {FILES}\n"
        f"from data catalog database {quoted(database)}\n"
        "iam_role default"
    )


def _view(table: RawTable) -> list[str]:
    """A view over an external table, in place of the one that may be there.

    It cannot be bound to the table, nor be replaced by one with other columns. Types
    are said again: else Redshift chooses those of the lineage.
    """
    columns = ",\n".join(f"    {_column(column)}" for column in table.columns)
    view = f"{VIEWS}.{table.name}"
    return [
        f"drop view if exists {view}",
        f"create view {view} as\n"
        f"select\n{columns}\nfrom {FILES}.{table.name}\nwith no schema binding",
    ]


def _column(column: Column) -> str:
    value = _KNOWN.get(column.name, column.name)
    return f"cast({value} as {column.type}) as {column.name}"
