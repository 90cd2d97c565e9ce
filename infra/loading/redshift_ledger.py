"""The ledger's tables on Redshift: what is read of them, and what is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.errors import LoadError
from infra.loading.engine import Columns
from infra.loading.ledger import Ledger, Version
from infra.loading.raw_schema import LEDGER, RawTable, Table
from infra.loading.redshift_statements import Statements, relation
from infra.warehouse import identifier

Row = Sequence[Any]
_CHANGED = "changed_versions"


class RedshiftLedger:
    """load_runs, load_files and load_rejects, reached through one connection."""

    def __init__(self, statements: Statements, tables: dict[str, Table]) -> None:
        self._sql = statements
        self._tables = tables

    def exists(self) -> bool:
        """Whether all its tables are there."""
        found = self._sql.rows(
            "select table_schema, table_name from information_schema.tables"
        )
        named = {(str(schema), str(name)) for schema, name in found}
        return all((each.schema, each.name) in named for each in self._tables.values())

    def check(self) -> None:
        """Raises LoadError where a table has other columns than its definition."""
        for table in self._tables.values():
            if self._sql.misses_columns(table):
                raise LoadError(
                    f"{table.relation} has other columns than {LEDGER} says. Take the "
                    "warehouse down and up again, or mend the table by hand."
                )

    def read(self, table: RawTable) -> Ledger:
        """The versions of the raw table's files that count."""
        rows = self._sql.rows(
            "select files.uri, files.etag, coalesce(files.stamp, ''), files.status, "
            f"files.load_id, runs.sample from {self._relation('load_files')} as files "
            f"left join {self._relation('load_runs')} as runs "
            "on files.load_id = runs.load_id and files.target = runs.target "
            "where files.target = %s and files.status <> 'superseded'",
            [table.name],
        )
        versions = [Version(*row) for row in rows]
        return Ledger(
            live={each.uri: each for each in versions if each.status != "rejected"},
            rejected={each.uri: each for each in versions if each.status == "rejected"},
        )

    def rows(self, table: RawTable) -> int:
        """The rows that the raw table has by the ledger."""
        return self._sql.number(
            f"select coalesce(sum(rows_staged), 0) from {self._relation('load_files')} "
            "where target = %s and status in ('loaded', 'gone')",
            [table.name],
        )

    def next_load_id(self) -> int:
        """The number of the load that starts now."""
        runs = self._relation("load_runs")
        return self._sql.number(f"select coalesce(max(load_id), 0) + 1 from {runs}")

    def is_running(self, load_id: int) -> bool:
        """Whether the ledger does not know yet how this load ended."""
        return bool(
            self._sql.number(
                f"select count(*) from {self._relation('load_runs')} "
                "where load_id = %s and status = 'running'",
                [load_id],
            )
        )

    def running(self) -> str:
        """Who loads, as far as the ledger knows."""
        if not self.exists():
            return "it has just begun"
        rows = self._sql.rows(
            f"select load_id, message, started_at from {self._relation('load_runs')} "
            "where status = 'running' order by load_id desc limit 1"
        )
        if not rows:
            return "it has just begun"
        load_id, message, started = rows[0]
        since = f"{started:%Y-%m-%d %H:%M:%S} UTC"
        return f"load {load_id}, {message or 'unknown'}, since {since}"

    def interrupt_stale_runs(self) -> None:
        """Marks runs as failed that a kill ended: whoever runs holds the lock."""
        self._sql.run(
            f"update {self._relation('load_runs')} set status = 'failed', "
            "message = 'It was interrupted; nothing of it was loaded.' "
            "where status = 'running'"
        )

    def append(self, name: str, columns: Columns, folder: Path) -> None:
        """Appends rows to a table, given as columns of one length; others are null.

        Moments are microseconds since 1970-01-01 UTC.
        """
        del folder
        table = self._tables[name]
        given = [each for each in table.columns if each.name in columns]
        moments = {each.name for each in given if each.type == "timestamp"}
        rows = [
            [
                _moment(value) if column.name in moments else value
                for column, value in zip(given, row, strict=True)
            ]
            for row in zip(*(columns[each.name] for each in given), strict=True)
        ]
        self._sql.append(relation(table), given, rows)

    def append_file(self, name: str, path: Path) -> None:
        """Appends the rows of a newline-delimited file to a table."""
        with path.open("rb") as lines:
            objects = [json.loads(line) for line in lines]
        if objects:
            names = [each.name for each in self._tables[name].columns]
            columns = {key: [each.get(key) for each in objects] for key in names}
            self.append(name, columns, path.parent)

    def update_run(self, load_id: int, target: str, changes: dict[str, Any]) -> None:
        """Writes the outcome of a run into its row."""
        names = ", ".join(f"{identifier(name)} = %s" for name in changes)
        self._sql.run(
            f"update {self._relation('load_runs')} set {names} "
            "where load_id = %s and target = %s",
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
        if not versions:
            return
        files = self._relation("load_files")
        changed = [(each.uri, each.load_id, each.status) for each in versions]
        self._sql.fill_temporary(_CHANGED, "uri, load_id, status", files, changed)
        self._sql.run(
            f"update {files} set status = %s, note = coalesce(%s, {files}.note), "
            "superseded_by = cast(%s as bigint) "
            f"from {_CHANGED} where {files}.target = %s "
            f"and {files}.uri = {_CHANGED}.uri "
            f"and {files}.load_id = {_CHANGED}.load_id "
            f"and {files}.status = {_CHANGED}.status",
            [status, note, by, table.name],
        )
        self._sql.run(f"drop table {_CHANGED}")

    def set_stamps(self, table: RawTable, stamps: dict[str, str]) -> None:
        """Remembers new stamps of files whose content is the same."""
        if not stamps:
            return
        files = self._relation("load_files")
        self._sql.fill_temporary(_CHANGED, "uri, stamp", files, list(stamps.items()))
        self._sql.run(
            f"update {files} set stamp = {_CHANGED}.stamp from {_CHANGED} "
            f"where {files}.target = %s and {files}.uri = {_CHANGED}.uri "
            f"and {files}.status in ('loaded', 'duplicate')",
            [table.name],
        )
        self._sql.run(f"drop table {_CHANGED}")

    def _relation(self, name: str) -> str:
        return relation(self._tables[name])


def _moment(microseconds: int | None) -> str | None:
    if microseconds is None:
        return None
    moment = datetime.fromtimestamp(microseconds / 1_000_000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
