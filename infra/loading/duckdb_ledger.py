"""The ledger's tables on DuckDB: what is read of them, and what is written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from infra.errors import LoadError
from infra.loading.duckdb_engine import (
    Connection,
    globbed,
    misses_columns,
    relation,
)
from infra.loading.engine import Columns
from infra.loading.ledger import Ledger, Version
from infra.loading.raw_schema import LEDGER, Column, RawTable, Table
from infra.warehouse import identifier, quoted

ROWS = 5000  # of columns that are written at once
OBJECT = 1 << 20  # bytes; DuckDB has buffers of some objects for each core


class LedgerTables:
    """load_runs, load_files and load_rejects, reached through one connection."""

    def __init__(self, connection: Connection, tables: dict[str, Table]) -> None:
        self._connection = connection
        self._tables = tables

    def check(self) -> None:
        """Raises LoadError where a table has other columns than its definition."""
        for table in self._tables.values():
            if misses_columns(self._connection, table):
                raise LoadError(
                    f"{table.relation} has other columns than {LEDGER} says. Run "
                    "`invoke down up load` to make the warehouse anew."
                )

    def read(self, table: RawTable) -> Ledger:
        """The versions of the raw table's files that count."""
        rows = self._connection.execute(
            "select uri, etag, coalesce(stamp, ''), files.status, files.load_id, "
            f"sample from {self._relation('load_files')} as files "
            f"left join {self._relation('load_runs')} as runs "
            "on files.load_id = runs.load_id and files.target = runs.target "
            "where files.target = ? and files.status <> 'superseded'",
            [table.name],
        ).fetchall()
        versions = [Version(*row) for row in rows]
        return Ledger(
            live={each.uri: each for each in versions if each.status != "rejected"},
            rejected={each.uri: each for each in versions if each.status == "rejected"},
        )

    def rows(self, table: RawTable) -> int:
        """The rows that the raw table has by the ledger."""
        rows = self._connection.execute(
            f"select coalesce(sum(rows_staged), 0) from {self._relation('load_files')} "
            "where target = ? and status in ('loaded', 'gone')",
            [table.name],
        ).fetchall()
        return int(rows[0][0])

    def next_load_id(self) -> int:
        """The number of the load that starts now."""
        rows = self._connection.execute(
            f"select coalesce(max(load_id), 0) + 1 from {self._relation('load_runs')}"
        ).fetchall()
        return int(rows[0][0])

    def is_running(self, load_id: int) -> bool:
        """Whether the ledger does not know yet how this load ended."""
        rows = self._connection.execute(
            f"select count(*) from {self._relation('load_runs')} "
            "where load_id = ? and status = 'running'",
            [load_id],
        ).fetchall()
        return bool(rows[0][0])

    def append(self, name: str, columns: Columns, folder: Path) -> None:
        """Appends rows to a table, given as columns of one length; others are null.

        Moments are microseconds since 1970-01-01 UTC.
        """
        path = folder / f"{name}.columns.ndjson"
        count, longest = len(next(iter(columns.values()))), OBJECT
        with path.open("wb") as file:
            for start in range(0, count, ROWS):
                rows = slice(start, start + ROWS)
                line = {column: values[rows] for column, values in columns.items()}
                longest = max(longest, file.write(orjson.dumps(line) + b"\n"))
        given = [each for each in self._tables[name].columns if each.name in columns]
        types = {each.name: f"{_read_type(each)}[]" for each in given}
        names = [identifier(each.name) for each in given]
        lists = ", ".join(f"unnest({each}) as {each}" for each in names)
        self._insert(name, given, f"select {lists} from {_read(path, types, longest)}")

    def append_file(self, name: str, path: Path) -> None:
        """Appends the rows of a newline-delimited file to a table."""
        if path.stat().st_size:
            columns = self._tables[name].columns
            types = {column.name: _read_type(column) for column in columns}
            self._insert(name, columns, f"from {_read(path, types)}")

    def _insert(self, name: str, columns: Sequence[Column], rows: str) -> None:
        names = ", ".join(identifier(column.name) for column in columns)
        values = ", ".join(
            f"make_timestamp({identifier(column.name)})"
            if column.type == "timestamp"
            else identifier(column.name)
            for column in columns
        )
        self._connection.execute(
            f"insert into {self._relation(name)} ({names}) "
            f"select {values} from ({rows})"
        )

    def interrupt_stale_runs(self) -> None:
        """Marks runs as failed that a kill ended: whoever runs holds the warehouse."""
        self._connection.execute(
            f"update {self._relation('load_runs')} set status = 'failed', "
            "message = 'It was interrupted; nothing of it was loaded.' "
            "where status = 'running'"
        )

    def update_run(
        self,
        load_id: int,
        target: str,
        changes: dict[str, Any],
    ) -> None:
        """Writes the outcome of a run into its row."""
        names = ", ".join(f"{identifier(name)} = ?" for name in changes)
        self._connection.execute(
            f"update {self._relation('load_runs')} set {names} "
            "where load_id = ? and target = ?",
            [*changes.values(), load_id, target],
        )

    def set_status(
        self,
        table: RawTable,
        versions: Sequence[Version],
        status: str,
        note: str | None = None,
        by: int | None = None,
    ) -> None:
        """Gives the ledger's rows of these versions another status.

        `by` is the load that supersedes them, if that is their new status.
        """
        if versions:
            self._connection.execute(
                f"update {self._relation('load_files')} as files "
                "set status = $status, note = coalesce($note, note), "
                "superseded_by = $by "
                "from (select unnest($uris) as uri, unnest($loads) as load_id, "
                "unnest($statuses) as status) as changed "
                "where files.target = $target and files.uri = changed.uri "
                "and files.load_id = changed.load_id and files.status = changed.status",
                {
                    "status": status,
                    "note": note,
                    "by": by,
                    "target": table.name,
                    "uris": [each.uri for each in versions],
                    "loads": [each.load_id for each in versions],
                    "statuses": [each.status for each in versions],
                },
            )

    def set_stamps(self, table: RawTable, stamps: dict[str, str]) -> None:
        """Remembers new stamps of files whose content is the same."""
        if stamps:
            self._connection.execute(
                f"update {self._relation('load_files')} as files "
                "set stamp = seen.stamp from (select unnest($uris) as uri, "
                "unnest($stamps) as stamp) as seen where files.target = $target "
                "and files.uri = seen.uri and files.status in ('loaded', 'duplicate')",
                {
                    "target": table.name,
                    "uris": list(stamps),
                    "stamps": list(stamps.values()),
                },
            )

    def _relation(self, name: str) -> str:
        return relation(self._tables[name])


def _read(path: Path, types: Mapping[str, str], longest: int = OBJECT) -> str:
    """A file of objects as a statement reads it, none of more bytes than `longest`."""
    columns = ", ".join(f"{quoted(name)}: {quoted(types[name])}" for name in types)
    return (
        f"read_json({quoted(globbed(path))}, format = 'newline_delimited', "
        f"hive_partitioning = false, maximum_object_size = {longest}, "
        f"columns = {{{columns}}})"
    )


def _read_type(column: Column) -> str:
    return "bigint" if column.type == "timestamp" else column.type
