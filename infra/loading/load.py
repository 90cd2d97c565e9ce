"""`invoke load`: raw files into the raw tables, each version of each file once.

    list → identify → decide → stage → check → record → commit

Every raw table is listed, and every file identified, before anything is touched. Then
one transaction changes the raw tables and the ledger together; a kill at any moment
leaves the old state or the new one.
"""

import contextlib
import gc
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import duckdb

from infra.console import Bar
from infra.errors import LoadError
from infra.landing.source import Source
from infra.loading import duckdb_engine as engine
from infra.loading import holder
from infra.loading.duckdb_ledger import LedgerTables
from infra.loading.duckdb_rows import Rows
from infra.loading.intake import JOINED, Intake, Place, changed
from infra.loading.ledger import Ledger
from infra.loading.options import Options
from infra.loading.raw_schema import SOURCES, RawTable
from infra.loading.recording import Recording
from infra.loading.staging import Staging
from infra.loading.target import Reached, Target, decided, silent
from infra.project import Project
from infra.warehouse import reader, writer

DISTRIBUTION = "sparkify-warehouse"

# What `reached` hears of, in this order; from the second to the third, and from the
# fifth to the sixth, once for each raw table (those again where a key comes twice)
STEPS = (
    *("noted", "listed", "identified", "decided", "deleted", "inserted"),
    *("checked", "recorded", "swapped", "committed"),
)


@dataclass(frozen=True)
class Loaded:
    """A load that went well."""

    load_id: int
    targets: list[Target]

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to do."""
        return all(each.decisions.is_nothing for each in self.targets)


def plan(project: Project, options: Options, progress: Bar) -> list[Target]:
    """Says what a load would do about each file, and changes nothing."""
    ledgers = {table: Ledger({}, {}) for table in project.raw_tables}
    if project.profile.path.exists() and not options.full_refresh:
        with reader(project.profile) as connection:
            if engine.has(connection, project.ledger_tables.values()):
                kept = LedgerTables(connection, project.ledger_tables)
                ledgers = {table: kept.read(table) for table in ledgers}
    with closing(Source(project)) as source:
        return [
            decided(
                source,
                Intake(Place(project.root, source.base), table, ledger),
                options,
                progress,
            )
            for table, ledger in ledgers.items()
        ]


def load(
    project: Project,
    progress: Bar,
    options: Options | None = None,
    reached: Reached = silent,
) -> Loaded:
    """Brings the raw tables up to what the landing holds now.

    Raises LoadError when more is rejected than is tolerated: the raw tables are then
    as they were, and the ledger knows the rejects. The same files again are nothing.
    """
    with (
        _without_collector(),
        closing(Source(project)) as source,
        writer(project.profile) as connection,
    ):
        profile = project.profile
        engine.prepare(connection, {**profile.config_options, **profile.settings})
        engine.create_tables(
            connection, [*project.raw_tables, *project.ledger_tables.values()]
        )
        ledger = LedgerTables(connection, project.ledger_tables)
        ledger.check()
        ledger.interrupt_stale_runs()
        load_id = ledger.next_load_id()
        with holder.working(project.profile.path, load_id) as folder:
            asked = options or Options()
            job = Job(project, source, asked, progress, load_id, folder)
            loaded = _Run(connection, ledger, job).noted(reached)
    source.tidy()
    return loaded


def _version() -> str | None:
    """The version of this project; None where it runs without being installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Pauses Python's search for reference cycles.

    A load makes none, but half a million small objects; looking through them over and
    over takes a quarter of its time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Job(NamedTuple):
    """What a run is to do, and where it may put temporary files."""

    project: Project
    source: Source
    options: Options
    progress: Bar
    load_id: int
    folder: Path


class _Run:
    """One run of the loader, with the warehouse's lock held."""

    def __init__(
        self, connection: engine.Connection, ledger: LedgerTables, job: Job
    ) -> None:
        self._connection = connection
        self._ledger = ledger
        self._project = job.project
        self._source = job.source
        self._options = job.options
        self._progress = job.progress
        self._load_id = job.load_id
        self._folder = job.folder
        self._targets: list[Target] = []
        self._recording = Recording(ledger, job.load_id, job.folder)

    def noted(self, reached: Reached) -> Loaded:
        """Loads, with a row in the ledger that says so whatever happens."""
        tables = self._project.raw_tables
        facts = {
            "engine": self._project.profile.type,
            "code_version": _version(),
            "landing": self._source.told,
            "sample": self._source.sample,
            "args": self._options.told(),
        }
        self._recording.start([table.name for table in tables], facts)
        try:
            reached("noted")
            self._load(reached)
        except BaseException as error:
            with contextlib.suppress(duckdb.TransactionException):
                self._connection.rollback()  # a full disk has ended it already
            # A ledger that cannot be written must not hide why the load failed
            with contextlib.suppress(duckdb.Error, OSError):
                self._note_failure(error)
            raise
        return Loaded(self._load_id, self._targets)

    def _load(self, reached: Reached) -> None:
        for table in self._project.raw_tables:
            self._targets.append(self._decided(table, reached))
        reached("decided")
        self._connection.begin()
        try:
            try:
                self._stage_all(reached)
            except duckdb.InvalidInputException:  # a key comes twice, as a rule
                self._connection.rollback()
                self._connection.begin()
                self._stage_all(reached, patient=True)
        except (LoadError, OSError, duckdb.Error):
            self._hold_to_files()  # who writes to one is the reason, not what was met
            raise
        for target in self._targets:
            self._hold_to_tolerance(target)
            self._hold_to_freeze(target)
        reached("checked")
        for target in self._targets:
            self._recording.record(target, anew=self._options.full_refresh)
        reached("recorded")
        for target in self._targets:
            if self._options.full_refresh:
                engine.finish_rebuild(self._connection, target.table)
        self._hold_to_files()
        reached("swapped")
        self._connection.commit()
        reached("committed")

    def _decided(self, table: RawTable, reached: Reached) -> Target:
        ledger = Ledger({}, {})
        if not self._options.full_refresh:
            if engine.misses_columns(self._connection, table):
                raise LoadError(
                    f"{table.relation} has other columns than {SOURCES} says. Run "
                    "`invoke load --full-refresh` to make it anew."
                )
            ledger = self._ledger.read(table)
        place = Place(self._project.root, self._source.base, self._folder)
        intake = Intake(place, table, ledger)
        return decided(self._source, intake, self._options, self._progress, reached)

    def _stage_all(self, reached: Reached, *, patient: bool = False) -> None:
        """Stages all targets, in a transaction that has changed nothing else yet."""
        for target in self._targets:
            self._stage(target, reached, patient=patient)

    def _stage(self, target: Target, reached: Reached, *, patient: bool) -> None:
        """Deletes the rows that are replaced and inserts the new ones."""
        connection, table, decisions = self._connection, target.table, target.decisions
        rebuilt = engine.REBUILT if self._options.full_refresh else ""
        if rebuilt:
            engine.start_rebuild(connection, table)
        engine.delete_rows(connection, table, [*decisions.replaced, *decisions.pruned])
        reached("deleted")
        rows = Rows(connection, table, self._load_id, rebuilt, patient=patient)
        Staging(target, rows, self._load_id, self._folder, self._progress).stage()
        target.total = engine.count(connection, table, rebuilt)
        reached("inserted")

    def _hold_to_files(self) -> None:
        """Raises when a file is no longer the one that was read.

        Of the joined ones the bytes that were identified are those that are staged.
        """
        for target in self._targets:
            wanted = {file.uri for file in target.decisions.to_load}
            for uri, taken in target.intake.taken.items():
                is_held = taken.route != JOINED and uri in wanted
                if is_held and not taken.is_unchanged():
                    raise changed(uri)

    def _hold_to_tolerance(self, target: Target) -> None:
        why = self._options.tolerance.refuses(
            target.rows, target.rejected, target.decisions.refused
        )
        known = target.decisions.still_refused
        if self._options.tolerance.minds_links and known:
            raise LoadError(
                f"{known[0]} was rejected by an earlier load; --strict "
                "tolerates none. `invoke rejects` shows why."
            )
        if why:
            raise LoadError(
                f"{why}. {target.table.name} is as it was. `invoke rejects` shows "
                "each; mend the files, or allow more with --max-rejects."
            )

    def _hold_to_freeze(self, target: Target) -> None:
        if not self._options.freeze:
            return
        for uri, outcome in target.outcomes.items():
            if keys := [*outcome.extra_keys, *outcome.missing_keys]:
                raise LoadError(
                    f"{uri}: keys that are new or missing: {', '.join(keys)}. "
                    "--freeze holds the columns to what they are: nothing was loaded."
                )

    def _note_failure(self, error: BaseException) -> None:
        """Says in the ledger that the load failed and why, and keeps its rejects."""
        if not self._ledger.is_running(self._load_id):
            return  # it came after the commit
        message = str(error) or "Somebody stopped it; nothing of it was loaded."
        targets = {target.table.name: target for target in self._targets}
        self._connection.begin()
        for table in self._project.raw_tables:
            self._recording.fail(table.name, targets.get(table.name), message)
        self._connection.commit()
