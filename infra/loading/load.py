"""`invoke load`: the landing folder into the staging tables."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.console import Bar
from infra.loading import duckdb_engine
from infra.loading.raw_schema import RawTable
from infra.loading.scan import RawFile, scan
from infra.project import Project
from infra.warehouse import writer


@dataclass(frozen=True)
class Loaded:
    """Rows and files of each raw table after a load."""

    rows: dict[str, int]
    files: dict[str, int]

    def told(self) -> str:
        """One line for a person."""
        return ", ".join(
            f"{rows:,} {name.removeprefix('staging_')} from {self.files[name]:,} files"
            for name, rows in self.rows.items()
        )


def load(project: Project, progress: Bar) -> Loaded:
    """Replaces the staging tables' rows with what the landing folder holds now.

    The same files give the same rows. Every file is listed before anything is touched,
    so an absent folder changes nothing.
    """
    tables = project.raw_tables
    landing = project.settings.landing
    listed = {table.name: scan(landing, table.landing) for table in tables}

    def files_of(table: RawTable) -> Iterable[RawFile]:
        return progress.track(listed[table.name], f"loading {table.landing}")

    with writer(project.profile) as connection:
        rows = duckdb_engine.replace_rows(connection, tables, files_of)
    return Loaded(rows, {name: len(files) for name, files in listed.items()})
