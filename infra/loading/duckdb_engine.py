"""The loader's statements on DuckDB's raw tables, inside a transaction.

Nothing here decides anything: what a load does about each file comes from outside, and
so does the transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import orjson

from infra.loading.ledger import Version
from infra.loading.raw_schema import Column, RawTable, Table
from infra.warehouse import identifier, quoted

REBUILT = "__rebuilt"  # a raw table that a full refresh fills beside the old one

Connection = duckdb.DuckDBPyConnection


# DuckDB would fill most of the machine's memory with blocks it has written already
MEGABYTES = 500
MEGABYTES_A_THREAD = 100  # for the buffers of its reader of JSON


def prepare(connection: Connection, settings: Mapping[str, object]) -> None:
    """Sets a connection up for loading; what the profile sets stays as it is."""
    connection.execute("set preserve_insertion_order = false")
    if "memory_limit" not in settings:
        limit = MEGABYTES + MEGABYTES_A_THREAD * _threads(connection)
        connection.execute(f"set memory_limit = '{limit}MB'")


def _threads(connection: Connection) -> int:
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


class Rows:
    """The rows that one load puts into one raw table."""

    def __init__(
        self, connection: Connection, table: RawTable, load_id: int, rebuilt: str = ""
    ) -> None:
        self._connection = connection
        self._table = table
        self._load_id = load_id
        self._relation = relation(table, rebuilt)
        fields = {column.json: _json_type(column) for column in table.raw_columns}
        self._threads = _threads(connection)
        self._row = _transformed(fields)
        lineage = {"_source_uri": "VARCHAR", "_line": "INTEGER"}
        self._lineage_row = _transformed(fields | lineage)

    def insert_whole(self, files: Sequence[tuple[str, Path, int]]) -> int:
        """Inserts the lines of clean files, each (uri, path, lines); returns how many.

        Every core reads a share of the files, in order, so that a line's position tells
        its number: in clean files no line is blank. A line that DuckDB does not take,
        as one that has a key twice, is left out.
        """
        branches = []
        for share in _shares(files, self._threads):
            paths = ", ".join(quoted(globbed(path)) for _, path, _ in share)
            starts, start = [], 0
            for uri, path, lines in share:
                starts.append(f"({quoted(str(path))}, {quoted(uri)}, {start})")
                start += lines
            branches.append(
                "select row, uri as _source_uri, position - start as _line from ("
                "select row, filename, row_number() over () as position "
                f"from (select {self._row} as row, filename "
                f"from read_ndjson_objects([{paths}], filename = true, "
                "ignore_errors = true, hive_partitioning = false))) as lines "
                f"join (values {', '.join(starts)}) as starts (filename, uri, start) "
                "on lines.filename = starts.filename"
            )
        return self._insert(" union all ".join(branches))

    def insert_part(self, part: Path, excluded: Sequence[str]) -> int:
        """Inserts the rows of a part, which carry their lineage; returns how many.

        `excluded` are the uris in the part whose rows are not wanted. A line that
        DuckDB does not take is left out.
        """
        rows = (
            "select row, row._source_uri as _source_uri, row._line as _line from ("
            "select row, row_number() over () as position from ("
            f"select {self._lineage_row} as row "
            f"from read_ndjson_objects({quoted(globbed(part))}, "
            "ignore_errors = true, hive_partitioning = false)))"
        )
        if excluded:
            uris = ", ".join(quoted(uri) for uri in excluded)
            rows = f"select * from ({rows}) where _source_uri not in ({uris})"
        return self._insert(rows)

    def take_back(self, uris: Sequence[str]) -> None:
        """Deletes this load's rows of these files."""
        self._connection.execute(
            f"delete from {self._relation} where _load_id = $load_id "
            "and _source_uri in (select unnest($uris))",
            {"load_id": self._load_id, "uris": list(uris)},
        )

    def counts(self) -> dict[str, int]:
        """The rows of this load by uri."""
        return dict(
            self._connection.execute(
                f"select _source_uri, count(*) from {self._relation} "
                "where _load_id = $load_id group by _source_uri",
                {"load_id": self._load_id},
            ).fetchall()
        )

    def _insert(self, rows: str) -> int:
        columns = self._table.raw_columns
        names = ", ".join(identifier(column.name) for column in columns)
        values = ", ".join(f"row.{identifier(column.json)}" for column in columns)
        inserted = self._connection.execute(
            f"insert into {self._relation} ({names}, _load_id, _source_uri, _line) "
            f"select {values}, {self._load_id}, _source_uri, _line from ({rows}) "
            "where row is not null"
        ).fetchall()
        return int(inserted[0][0])


def _shares(
    files: Sequence[tuple[str, Path, int]], threads: int
) -> list[list[tuple[str, Path, int]]]:
    """The files in as many shares as there are threads, alike in lines."""
    shares: list[list[tuple[str, Path, int]]] = [[] for _ in range(threads)]
    sizes = [0] * threads
    for file in sorted(files, key=lambda each: -each[2]):
        least = sizes.index(min(sizes))
        shares[least].append(file)
        sizes[least] += file[2]
    return [share for share in shares if share]


def _transformed(fields: dict[str, str]) -> str:
    """The object as a struct; null where a key is missing, twice, or does not fit."""
    return f"try(json_transform_strict(json, {quoted(orjson.dumps(fields).decode())}))"


def _json_type(column: Column) -> str:
    return "VARCHAR" if column.kind == "text" else column.type


def globbed(path: Path) -> str:
    """A path as DuckDB takes it literally: it reads `*`, `?` and `[` as patterns."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in str(path))
