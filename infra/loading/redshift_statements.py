"""Statements on Redshift, and rows on their way into a table.

Few rows go in an INSERT; many by COPY, which is what Redshift is made for.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.errors import SparkifyError
from infra.loading import redshift_faults as faults
from infra.loading.raw_schema import Column, RawTable, Table
from infra.loading.redshift_stage import (
    MOST_ERRORS,
    Part,
    Source,
    Stage,
    copy_statement,
)
from infra.warehouse import identifier

EVENLY = "diststyle even"
FEW = 50  # rows that an INSERT may have
REBUILT = "__rebuilt"  # a raw table that a full refresh fills beside the old one


class Statements:
    """What a load says to Redshift; `heard` hears each statement before it runs.

    `connect` opens a connection. What Redshift refuses is a RedshiftError.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        region: str,
        folder: Path,
        heard: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._connect = connect
        self._connection = connect()
        self._is_idle = True  # every statement was answered
        self._region = region
        self.folder = folder
        self._heard = heard
        self.stage: Stage | None = None  # only a load has one
        self._copies = 0
        self._paths: dict[tuple[str, ...], str] = {}  # addresses of JSONPaths

    def run(self, statement: str, given: Sequence[Any] = ()) -> int:
        """Runs a statement; returns how many rows it changed."""
        with self._answered(statement, given) as cursor:
            return int(cursor.rowcount)

    def rows(self, statement: str, given: Sequence[Any] = ()) -> list[Sequence[Any]]:
        """The rows of a query."""
        with self._answered(statement, given) as cursor:
            return list(cursor.fetchall())

    def number(self, statement: str, given: Sequence[Any] = ()) -> int:
        """The one number of a query."""
        ((found,),) = self.rows(statement, given)
        return int(found)

    @contextmanager
    def _answered(self, statement: str, given: Sequence[Any]) -> Iterator[Any]:
        """The driver's cursor after the statement."""
        from redshift_connector.error import Error  # noqa: PLC0415 - an extra

        self._heard(statement)
        self._is_idle = False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, list(given) or None)
                yield cursor
        except (Error, *faults.BROKEN) as error:
            self._is_idle = not faults.is_lost(error)
            raise faults.told(error, statement) from error
        self._is_idle = True

    def roll_back(self) -> None:
        """Ends the transaction; without one it does nothing.

        Where a statement was not answered, as the connection is lost or somebody
        pressed Ctrl-C, it goes on with a new connection: the old one would answer what
        it was asked before. Its transaction ends with it.
        """
        if self._is_idle:
            try:
                self.run("rollback")
            except faults.RedshiftError:
                if self._is_idle:
                    raise
        if not self._is_idle:
            with suppress(Exception):
                self._connection.close()
            try:
                self._connection = self._connect()
            except SparkifyError as error:
                raise faults.RedshiftError(str(error)) from error
            self._is_idle = True

    @cached_property
    def slices(self) -> int:
        """How many parts of a load the cluster works on side by side."""
        return max(self.number("select count(*) from stv_slices"), 1)

    # Tables

    def create_tables(self, tables: Sequence[Table]) -> None:
        """Makes the tables that do not exist yet, empty."""
        for schema in dict.fromkeys(table.schema for table in tables):
            self.run(f"create schema if not exists {identifier(schema)}")
        for table in tables:
            self.run(creation(table))

    def misses_columns(self, table: Table) -> bool:
        """Whether the table has other columns than its definition says."""
        found = self.rows(
            "select column_name from information_schema.columns "
            "where table_schema = %s and table_name = %s order by ordinal_position",
            [table.schema, table.name],
        )
        return [name for (name,) in found] != [each.name for each in table.columns]

    # Rows

    def append(
        self, table: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Appends rows of these columns to a table."""
        names = [column.name for column in columns]
        if len(rows) <= FEW:
            self._insert(table, names, rows)
            return
        path = self.folder / "appended.json.gz"
        with gzip.open(path, "wt", encoding="utf-8") as file:
            for row in rows:
                named = dict(zip(names, row, strict=True))
                file.write(json.dumps(named, ensure_ascii=False) + "\n")
        self.copy(table, names, [path])

    def fill_temporary(
        self, name: str, columns: str, like: str, rows: Sequence[Sequence[Any]]
    ) -> None:
        """Makes a temporary table of some columns of another, with these rows."""
        self.run(
            f"create temp table {name} as select {columns} from {like} where false"
        )
        names = columns.split(", ")
        if len(rows) <= FEW:
            self._insert(name, names, rows)
        else:
            self.append(
                name, [Column(each, "varchar(1)", each) for each in names], rows
            )

    def _insert(
        self, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        if rows:
            row = f"({', '.join(['%s'] * len(names))})"
            self.run(
                f"insert into {table} ({', '.join(map(identifier, names))}) "
                f"values {', '.join([row] * len(rows))}",
                [value for row in rows for value in row],
            )

    def copy(
        self, table: str, names: Sequence[str], files: Sequence[Path], errors: int = 0
    ) -> list[Part]:
        """Copies packed files of objects, with these names for keys, into a table.

        Returns the files as they were put where COPY reads them.
        """
        stage, name = self._stage_for(table)
        parts = stage.put_files(name, files)
        manifest = stage.put_manifest(f"{name}.manifest", [each.url for each in parts])
        source = Source(manifest, self._paths_of(names), max_errors=errors)
        self.run(copy_statement(table, names, source, self._region))
        return parts

    def copy_object(
        self, table: str, columns: Sequence[Column], url: str, *, is_packed: bool
    ) -> None:
        """Copies an object that lies elsewhere; each column has a key in it."""
        stage, name = self._stage_for(table)
        manifest = stage.put_manifest(f"{name}.manifest", [url])
        paths = self._paths_of([column.json for column in columns])
        source = Source(manifest, paths, is_packed, MOST_ERRORS)
        names = [column.name for column in columns]
        self.run(copy_statement(table, names, source, self._region))

    def _paths_of(self, keys: Sequence[str]) -> str:
        """Where the JSONPaths of these keys are."""
        wanted = tuple(keys)
        if self.stage and wanted not in self._paths:
            name = f"{len(self._paths)}.jsonpaths"
            self._paths[wanted] = self.stage.put_paths(name, keys)
        return self._paths[wanted]

    def _stage_for(self, table: str) -> tuple[Stage, str]:
        """The stage, and how names in it begin for the COPY that comes now."""
        if self.stage is None:
            raise AssertionError("only a load copies")
        self._copies += 1
        return self.stage, f"{self._copies}-{re.sub('[^a-z_]', '-', table)}"


def relation(table: Table, suffix: str = "") -> str:
    """A table as a statement names it."""
    return f"{identifier(table.schema)}.{identifier(table.name + suffix)}"


def definition(table: Table) -> str:
    """The columns of a table as a statement that makes it has them."""
    columns = (f"{identifier(column.name)} {column.type}" for column in table.columns)
    return ", ".join(columns)


def creation(table: Table) -> str:
    """What makes the table where there is none."""
    return (
        f"create table if not exists {relation(table)} ({definition(table)}) "
        f"{design(table)}"
    )


def design(table: Table) -> str:
    """How the rows of a table lie: on all slices alike, the ledger's by their load.

    Nothing joins raw rows before dbt has read them all. They are backed up, as a
    snapshot with the ledger and without its rows would be no warehouse.
    """
    return EVENLY if isinstance(table, RawTable) else f"{EVENLY} sortkey (load_id)"
