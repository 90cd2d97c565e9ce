"""DuckDB as a load sees it: the file's lock held, and the statements of its tables."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from infra.landing.files import RefusedFile
from infra.loading import duckdb_engine as statements
from infra.loading import holder, reference
from infra.loading.duckdb_ledger import LedgerTables
from infra.loading.duckdb_rows import Rows
from infra.loading.engine import Told
from infra.loading.ledger import Ledger, Version
from infra.loading.raw_schema import RawTable
from infra.project import Project
from infra.warehouse import reader, writer


class DuckDb:
    """An open file, for one load."""

    name = "duckdb"
    holder: str | None = None  # holder.json says more
    faults: tuple[type[Exception], ...] = (duckdb.Error,)
    direct = None  # it reads what lies on this machine

    def __init__(
        self,
        connection: statements.Connection,
        ledger: LedgerTables,
        load_id: int,
        folder: Path,
    ) -> None:
        self._connection = connection
        self.ledger = ledger
        self.load_id = load_id
        self.folder = folder

    def begin(self) -> None:
        """Starts the transaction."""
        self._connection.begin()

    def commit(self) -> None:
        """Ends it; everything has happened."""
        self._connection.commit()

    def rollback(self) -> None:
        """Ends it; a full disk, or an error, has done so already."""
        with contextlib.suppress(duckdb.TransactionException):
            self._connection.rollback()

    def is_refused_line(self, error: Exception) -> bool:
        """Whether the quick reading met a line that it cannot take.

        As a rule a key comes twice in it.
        """
        return isinstance(error, duckdb.InvalidInputException)

    def poison(self, error: Exception, told: Told) -> list[RefusedFile]:
        """None: what fails for one file is found by the careful reading."""
        del error, told
        return []

    def misses_columns(self, table: RawTable) -> bool:
        """Whether the table has other columns than its definition says."""
        return statements.misses_columns(self._connection, table)

    def start_rebuild(self, table: RawTable) -> None:
        """Makes an empty table beside the raw table."""
        statements.start_rebuild(self._connection, table)

    def finish_rebuild(self, table: RawTable) -> None:
        """Puts the table that was rebuilt in the raw table's place."""
        statements.finish_rebuild(self._connection, table)

    def delete_rows(self, table: RawTable, versions: Sequence[Version]) -> None:
        """Deletes the staged rows of these versions."""
        statements.delete_rows(self._connection, table, versions)

    def rows(self, table: RawTable, *, rebuilt: bool, patient: bool) -> Rows:
        """The rows that this load puts into the table, or into the rebuilt one."""
        suffix = statements.REBUILT if rebuilt else ""
        return Rows(self._connection, table, self.load_id, suffix, patient=patient)

    def count(self, table: RawTable, *, rebuilt: bool) -> int:
        """Rows of the table, or of the rebuilt one."""
        suffix = statements.REBUILT if rebuilt else ""
        return statements.count(self._connection, table, suffix)


@contextmanager
def opened(project: Project) -> Iterator[DuckDb]:
    """The project's file, made where it is absent, with its lock held."""
    profile = project.profile
    with writer(profile) as connection:
        statements.prepare(connection, {**profile.config_options, **profile.settings})
        statements.create_tables(
            connection, [*project.raw_tables, *project.ledger_tables.values()]
        )
        _make_reference(project, connection)
        ledger = LedgerTables(connection, project.ledger_tables)
        ledger.check()
        ledger.interrupt_stale_runs()
        load_id = ledger.next_load_id()
        with holder.working(profile.path, load_id) as folder:
            yield DuckDb(connection, ledger, load_id, folder)


def _make_reference(project: Project, connection: statements.Connection) -> None:
    schema = project.profile.schema + reference.SUFFIX
    found = connection.execute(
        "select table_name from information_schema.tables where table_schema = ?",
        [schema],
    ).fetchall()
    known = {name for (name,) in found}
    reference.make_missing(project.root, schema, known, connection.execute, "?")


def ledgers(project: Project) -> dict[RawTable, Ledger]:
    """What the ledger knows of each raw table, read without a lock."""
    known = {table: Ledger({}, {}) for table in project.raw_tables}
    if project.profile.path.exists():
        with reader(project.profile) as connection:
            if statements.has(connection, project.ledger_tables.values()):
                kept = LedgerTables(connection, project.ledger_tables)
                known = {table: kept.read(table) for table in known}
    return known
