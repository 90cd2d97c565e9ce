"""The ledger's tables on DuckDB: what is read of them, and what is written."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from infra.loading.duckdb_engine import Connection, globbed, relation
from infra.loading.ledger import Ledger, Version
from infra.loading.raw_schema import Column, RawTable, Table
from infra.warehouse import identifier, quoted


class LedgerTables:
    """load_runs, load_files and load_rejects, reached through one connection."""

    def __init__(self, connection: Connection, tables: dict[str, Table]) -> None:
        self._connection = connection
        self._tables = tables

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

    def append(self, name: str, rows: Iterable[dict[str, Any]], folder: Path) -> None:
        """Appends rows to a table; moments are microseconds since 1970-01-01 UTC."""
        path = folder / f"{name}.ndjson"
        with path.open("wb") as file:
            for row in rows:
                file.write(orjson.dumps(row))
                file.write(b"\n")
        self.append_file(name, path)

    def append_file(self, name: str, path: Path) -> None:
        """Appends the rows of a newline-delimited file to a table."""
        if not path.stat().st_size:
            return
        table = self._tables[name]
        types = ", ".join(
            f"{quoted(column.name)}: {quoted(_read_type(column))}"
            for column in table.columns
        )
        values = ", ".join(
            f"make_timestamp({identifier(column.name)})"
            if column.type == "timestamp"
            else identifier(column.name)
            for column in table.columns
        )
        self._connection.execute(
            f"insert into {relation(table)} select {values} from read_json("
            f"{quoted(globbed(path))}, format = 'newline_delimited', "
            f"hive_partitioning = false, columns = {{{types}}})"
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
    ) -> None:
        """Gives the ledger's rows of these versions another status."""
        if versions:
            self._connection.execute(
                f"update {self._relation('load_files')} as files "
                "set status = $status, note = coalesce($note, note) "
                "from (select unnest($uris) as uri, unnest($loads) as load_id, "
                "unnest($statuses) as status) as changed "
                "where files.target = $target and files.uri = changed.uri "
                "and files.load_id = changed.load_id and files.status = changed.status",
                {
                    "status": status,
                    "note": note,
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


def _read_type(column: Column) -> str:
    return "bigint" if column.type == "timestamp" else column.type
