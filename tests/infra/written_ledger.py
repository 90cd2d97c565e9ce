"""A warehouse whose raw tables and ledger are written by hand, without the loader."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from checkout import REPOSITORY

from infra.loading.raw_schema import ledger_tables, raw_tables
from infra.project import Project

NOON = datetime(2026, 11, 21, 12, 0, 0)  # noqa: DTZ001 - the ledger's times are naive UTC
EVENTS, SONGS = "staging_events", "staging_songs"

RUN: dict[str, Any] = {
    "status": "ok",
    "started_at": NOON,
    "finished_at": NOON,
    "seconds": 0.4,
    "files_new": 0,
    "files_changed": 0,
    "files_same": 0,
    "files_duplicate": 0,
    "files_gone": 0,
    "files_rejected": 0,
    "rows_staged": 0,
    "rows_rejected": 0,
    "engine": "duckdb",
}
FILE: dict[str, Any] = {
    "etag": "0",
    "stamp": "0",
    "status": "loaded",
    "rows_in_file": 0,
    "rows_staged": 0,
    "rows_rejected": 0,
}
REJECT: dict[str, Any] = {
    "line": 1,
    "reason": "malformed_json",
    "message": "not valid JSON",
    "raw": '{"broken":',
    "at": NOON,
}


@dataclass(frozen=True)
class Pen:
    """Writes rows of the ledger and of the raw tables."""

    connection: duckdb.DuckDBPyConnection

    def run(self, load_id: int, target: str = EVENTS, **given: object) -> None:
        self._write(
            "load.load_runs", RUN, given | {"load_id": load_id, "target": target}
        )

    def file(
        self, load_id: int, uri: str, target: str = EVENTS, **given: object
    ) -> None:
        key = {"load_id": load_id, "target": target, "uri": uri}
        self._write("load.load_files", FILE, given | key)

    def reject(
        self, load_id: int, uri: str, target: str = EVENTS, **given: object
    ) -> None:
        key = {"load_id": load_id, "target": target, "uri": uri}
        self._write("load.load_rejects", REJECT, given | key)

    def row(self, load_id: int, uri: str, target: str = EVENTS) -> None:
        lineage = {"_load_id": load_id, "_source_uri": uri, "_line": 1}
        self._write(f"staging.{target}", {}, lineage)

    def _write(
        self, table: str, usual: dict[str, Any], given: dict[str, object]
    ) -> None:
        cells = usual | given
        names = ", ".join(f'"{name}"' for name in cells)
        marks = ", ".join("?" for _ in cells)
        self.connection.execute(
            f"insert into {table} ({names}) values ({marks})", [*cells.values()]
        )


def make_warehouse(root: Path) -> Project:
    """A project's folder that holds a profile and a warehouse with empty tables."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(REPOSITORY / "profiles.yml.example", root / "profiles.yml")
    project = Project(root)
    with duckdb.connect(project.profile.path) as connection:
        for table in (*raw_tables(REPOSITORY), *ledger_tables(REPOSITORY).values()):
            columns = ", ".join(f'"{each.name}" {each.type}' for each in table.columns)
            connection.execute(f"create schema if not exists {table.schema}")
            connection.execute(f"create table {table.relation} ({columns})")
    return project


@contextmanager
def writing(project: Project) -> Iterator[Pen]:
    """Opens the warehouse to write in it by hand."""
    with duckdb.connect(project.profile.path) as connection:
        yield Pen(connection)
