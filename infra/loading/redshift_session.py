"""Redshift as a load sees it: its lock held, and the statements of its tables.

Raw files are read, checked and joined on this machine exactly as for DuckDB, which also
reads their rows; these go packed into a bucket of ours, and COPY takes them from there.
So both engines come to the same rows, rejects and line numbers, and COPY meets few
large files instead of thousands of small ones. Only objects that are too large to be
brought here are copied from where they lie.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from infra.errors import WarehouseBusy
from infra.landing import s3
from infra.landing.files import RefusedFile
from infra.loading import duckdb_engine, reference
from infra.loading.engine import Told
from infra.loading.ledger import Ledger, Version
from infra.loading.raw_schema import RawTable, Table
from infra.loading.redshift_direct import MEGABYTE, RedshiftDirect
from infra.loading.redshift_faults import RedshiftError
from infra.loading.redshift_ledger import RedshiftLedger
from infra.loading.redshift_lock import Lock
from infra.loading.redshift_poison import PoisonedError, Search
from infra.loading.redshift_rows import RedshiftRows
from infra.loading.redshift_stage import staging
from infra.loading.redshift_statements import (
    REBUILT,
    Statements,
    definition,
    design,
    relation,
)
from infra.profile import SCHEMA
from infra.project import Project
from infra.redshift import connected
from infra.warehouse import identifier, quoted

if TYPE_CHECKING:
    from infra.landing.s3 import Bucket
    from infra.profile import Redshift

_GONE = "gone_files"


class RedshiftSession:
    """A connection with the lock held, for one load."""

    name = "redshift"

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of an open cluster
        self,
        sql: Statements,
        ledger: RedshiftLedger,
        load_id: int,
        reader: duckdb.DuckDBPyConnection,
        lock: Lock,
        direct: RedshiftDirect,
    ) -> None:
        self.sql = sql
        self.ledger = ledger
        self.load_id = load_id
        self.folder = sql.folder
        self.reader = reader
        self.direct = direct
        self.faults: tuple[type[Exception], ...] = (RedshiftError, duckdb.Error)
        self.holder = f"process {os.getpid()} on {socket.gethostname()}"
        self._lock = lock
        self._has_staged = False

    def begin(self) -> None:
        """Starts the transaction."""
        self.sql.run("begin")

    def commit(self) -> None:
        """Ends it; everything has happened.

        Rows that were staged while the lock was lost are a RedshiftError.
        """
        if self._has_staged:
            self._lock.check()
        self.sql.run("commit")

    def rollback(self) -> None:
        """Ends it; nothing has happened. Without a transaction it does nothing."""
        self._has_staged = False
        self.sql.roll_back()

    def is_refused_line(self, error: Exception) -> bool:
        """Whether the quick reading met a line that it cannot take."""
        return isinstance(error, duckdb.InvalidInputException)

    def poison(self, error: Exception, told: Told) -> list[RefusedFile]:
        """The files for which a COPY failed as a whole, if that was the error.

        To find them it ends the transaction.
        """
        if not isinstance(error, PoisonedError) or not error.may_be_found:
            return []
        self.rollback()
        return Search(self.sql, error, told).files()

    def misses_columns(self, table: RawTable) -> bool:
        """Whether the table has other columns than its definition says."""
        return self.sql.misses_columns(table)

    def start_rebuild(self, table: RawTable) -> None:
        """Makes an empty table beside the raw table."""
        self.sql.run(f"drop table if exists {relation(table, REBUILT)}")
        self.sql.run(
            f"create table {relation(table, REBUILT)} ({definition(table)}) "
            f"{design(table)}"
        )

    def finish_rebuild(self, table: RawTable) -> None:
        """Puts the table that was rebuilt in the raw table's place.

        Views without schema binding, as dbt makes them, do not mind.
        """
        self.sql.run(f"drop table {relation(table)}")
        self.sql.run(
            f"alter table {relation(table, REBUILT)} rename to {identifier(table.name)}"
        )

    def delete_rows(self, table: RawTable, versions: Sequence[Version]) -> None:
        """Deletes the staged rows of these versions. DELETE, for TRUNCATE commits."""
        by_load: dict[int, list[str]] = {}
        for each in versions:
            by_load.setdefault(each.load_id, []).append(each.uri)
        self.delete_of(relation(table), by_load)

    def delete_of(self, table: str, by_load: dict[int, list[str]]) -> None:
        """Deletes rows of files, by the load that brought them."""
        gone = [(load, uri) for load, uris in by_load.items() for uri in uris]
        if not gone:
            return
        self.sql.fill_temporary(_GONE, "_load_id, _source_uri", table, gone)
        self.sql.run(
            f"delete from {table} using {_GONE} where {table}._load_id = "
            f"{_GONE}._load_id and {table}._source_uri = {_GONE}._source_uri"
        )
        self.sql.run(f"drop table {_GONE}")

    def rows(self, table: RawTable, *, rebuilt: bool, patient: bool) -> RedshiftRows:
        """The rows that this load puts into the table, or into the rebuilt one."""
        self._has_staged = True
        return RedshiftRows(self, table, rebuilt=rebuilt, patient=patient)

    def count(self, table: RawTable, *, rebuilt: bool) -> int:
        """Rows of the table, or of the rebuilt one."""
        suffix = REBUILT if rebuilt else ""
        return self.sql.number(f"select count(*) from {relation(table, suffix)}")


@contextmanager
def opened(
    project: Project,
    profile: Redshift,
    stage: Bucket,
    heard: Callable[[str], None] = lambda _: None,
) -> Iterator[RedshiftSession]:
    """The cluster of the profile, its tables made where absent, with the load's lock.

    The lock is held by a connection of its own: the load's may roll back.
    """
    ledger_tables = project.ledger_tables
    tables: list[Table] = [*project.raw_tables, *ledger_tables.values()]
    with (
        ExitStack() as connections,
        connected(profile) as guard,
        tempfile.TemporaryDirectory(prefix="sparkify-load-") as folder,
        duckdb.connect() as reader,
    ):
        duckdb_engine.prepare(reader, {})
        reader.execute(f"set temp_directory = {quoted(folder)}")
        sql = Statements(
            lambda: connections.enter_context(connected(profile)),
            profile.region,
            Path(folder),
            heard,
        )
        ledger = RedshiftLedger(sql, ledger_tables)
        lock = Lock(guard, ledger_tables["load_runs"].schema)
        if not lock.take():
            raise WarehouseBusy(
                f"Another load is at work on the cluster: {ledger.running()}. Wait for "
                "it; if its process is gone, its lock goes with its connection."
            )
        try:
            sql.create_tables(tables)
            _make_reference(project, sql)
            ledger.check()
            ledger.interrupt_stale_runs()
            load_id = ledger.next_load_id()
            with closing(s3.connect()) as client, staging(client, stage, load_id) as at:
                sql.stage = at
                least = project.settings.copy_directly_from_mb * MEGABYTE
                direct = RedshiftDirect(sql, load_id, least)
                yield RedshiftSession(sql, ledger, load_id, reader, lock, direct)
        finally:
            lock.release()


def _make_reference(project: Project, sql: Statements) -> None:
    schema = SCHEMA + reference.SUFFIX
    found = sql.rows(
        "select table_name from information_schema.tables where table_schema = %s",
        [schema],
    )
    known = {name for (name,) in found}
    reference.make_missing(project.root, schema, known, sql.run, "%s")


def ledgers(project: Project, profile: Redshift) -> dict[RawTable, Ledger]:
    """What the ledger knows of each raw table, read without a lock."""
    known = {table: Ledger({}, {}) for table in project.raw_tables}
    with connected(profile) as connection:
        sql = Statements(lambda: connection, profile.region, Path())
        kept = RedshiftLedger(sql, project.ledger_tables)
        if kept.exists():
            known = {table: kept.read(table) for table in known}
    return known
