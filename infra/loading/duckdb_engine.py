"""The loader's statements on DuckDB's raw tables, inside a transaction.

Nothing here decides anything: what a load does about each file comes from outside, and
so does the transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from infra.loading.ledger import Version
from infra.loading.raw_schema import RawTable, Table
from infra.warehouse import identifier

REBUILT = "__rebuilt"  # a raw table that a full refresh fills beside the old one

Connection = duckdb.DuckDBPyConnection


# DuckDB would fill most of the machine's memory with blocks it has written already
MEGABYTES = 500
MEGABYTES_A_THREAD = 100  # for the buffers of its reader of JSON


def prepare(connection: Connection, settings: Mapping[str, object]) -> None:
    """Sets a connection up for loading; what the profile sets stays as it is."""
    connection.execute("set preserve_insertion_order = false")
    if "memory_limit" not in settings:
        limit = MEGABYTES + MEGABYTES_A_THREAD * threads(connection)
        connection.execute(f"set memory_limit = '{limit}MB'")


def threads(connection: Connection) -> int:
    """How many cores DuckDB works on."""
    rows = connection.execute("select current_setting('threads')").fetchall()
    return int(rows[0][0])


# Tables


def create_tables(connection: Connection, tables: Iterable[Table]) -> None:
    """Makes the tables that do not exist yet, empty."""
    for table in tables:
        connection.execute(f"create schema if not exists {identifier(table.schema)}")
        connection.execute(
            f"create table if not exists {relation(table)} ({_definition(table)})"
        )


def has(connection: Connection, tables: Iterable[Table]) -> bool:
    """Whether all these tables are there."""
    found = set(
        connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    )
    return all((table.schema, table.name) in found for table in tables)


def misses_columns(connection: Connection, table: Table) -> bool:
    """Whether the table has other columns than its definition says."""
    found = connection.execute(
        "select column_name from information_schema.columns "
        "where table_schema = ? and table_name = ? order by ordinal_position",
        [table.schema, table.name],
    ).fetchall()
    return [name for (name,) in found] != [column.name for column in table.columns]


def start_rebuild(connection: Connection, table: RawTable) -> None:
    """Makes an empty table beside the raw table."""
    connection.execute(
        f"create or replace table {relation(table, REBUILT)} ({_definition(table)})"
    )


def finish_rebuild(connection: Connection, table: RawTable) -> None:
    """Puts the table that was rebuilt in the raw table's place."""
    connection.execute(f"drop table {relation(table)}")
    connection.execute(
        f"alter table {relation(table, REBUILT)} rename to {identifier(table.name)}"
    )


def count(connection: Connection, table: Table, rebuilt: str = "") -> int:
    """Rows of a table."""
    rows = connection.execute(f"select count(*) from {relation(table, rebuilt)}")
    return int(rows.fetchall()[0][0])


def relation(table: Table, suffix: str = "") -> str:
    """A table as a statement names it."""
    return f"{identifier(table.schema)}.{identifier(table.name + suffix)}"


def _definition(table: Table) -> str:
    columns = (f"{identifier(column.name)} {column.type}" for column in table.columns)
    return ", ".join(columns)


# Raw rows


def delete_rows(
    connection: Connection, table: RawTable, versions: Sequence[Version]
) -> None:
    """Deletes the staged rows of these versions.

    The number of the load stands in the statement for the sake of speed: rows of other
    loads are skipped by block, unread.
    """
    by_load: dict[int, list[str]] = {}
    for each in versions:
        by_load.setdefault(each.load_id, []).append(each.uri)
    for load_id, uris in by_load.items():
        connection.execute(
            f"delete from {relation(table)} where _load_id = $load_id "
            "and _source_uri in (select unnest($uris))",
            {"load_id": load_id, "uris": uris},
        )


def globbed(path: Path) -> str:
    """A path as DuckDB takes it literally: it reads `*`, `?` and `[` as patterns."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in str(path))
