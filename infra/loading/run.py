"""One run of the loader, on whichever engine, with the warehouse's lock held."""

import contextlib
from dataclasses import dataclass
from importlib import metadata
from typing import NamedTuple

from infra.console import Bar
from infra.errors import LoadError
from infra.landing.files import RefusedFile
from infra.landing.source import Source
from infra.loading.engine import Engine
from infra.loading.intake import JOINED, Intake, Place, changed
from infra.loading.ledger import Ledger
from infra.loading.options import Options
from infra.loading.raw_schema import SOURCES, RawTable
from infra.loading.recording import Recording
from infra.loading.staging import Staging
from infra.loading.target import Reached, Target, decided
from infra.project import Project

DISTRIBUTION = "sparkify-warehouse"

# What `reached` hears of, in this order; from the second to the third, and from the
# sixth to the seventh, once for each raw table (those again where staging has to begin
# anew)
STEPS = (
    *("noted", "listed", "identified", "decided", "copied", "deleted", "inserted"),
    *("checked", "recorded", "swapped", "committed"),
)


def _version() -> str | None:
    """The version of this project; None where it runs without being installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None


class Job(NamedTuple):
    """What a run is to do."""

    project: Project
    source: Source
    options: Options
    progress: Bar


@dataclass(frozen=True)
class Loaded:
    """A load that went well."""

    load_id: int
    targets: list[Target]

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to do."""
        return all(each.decisions.is_nothing for each in self.targets)


class Run:
    """One run of the loader, with the warehouse's lock held."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self._engine = engine
        self._project = job.project
        self._source = job.source
        self._options = job.options
        self._progress = job.progress
        self._targets: list[Target] = []
        self._recording = Recording(engine.ledger, engine.load_id, engine.folder)

    def noted(self, reached: Reached) -> Loaded:
        """Loads, with a row in the ledger that says so whatever happens."""
        tables = self._project.raw_tables
        facts = {
            "engine": self._engine.name,
            "code_version": _version(),
            "landing": self._source.told,
            "sample": self._source.sample,
            "args": self._options.told(),
            "message": self._engine.holder,
        }
        self._recording.start([table.name for table in tables], facts)
        try:
            reached("noted")
            self._load(reached)
        except BaseException as error:
            # A ledger that cannot be written must not hide why the load failed
            with contextlib.suppress(*self._engine.faults, OSError):
                self._engine.rollback()
                self._note_failure(error)
            raise
        return Loaded(self._engine.load_id, self._targets)

    def _load(self, reached: Reached) -> None:
        for table in self._project.raw_tables:
            self._targets.append(self._decided(table, reached))
        reached("decided")
        for target in self._targets:
            self._copy_directly(target)
        reached("copied")
        own: tuple[type[Exception], ...] = (LoadError, OSError)
        mishaps = own + self._engine.faults
        self._engine.begin()
        try:
            self._stage_all(reached)
        except mishaps:
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
                self._engine.finish_rebuild(target.table)
        self._hold_to_files()
        reached("swapped")
        self._engine.commit()
        reached("committed")

    def _decided(self, table: RawTable, reached: Reached) -> Target:
        ledger = Ledger({}, {})
        if not self._options.full_refresh:
            if self._engine.misses_columns(table):
                raise LoadError(
                    f"{table.relation} has other columns than {SOURCES} says. Run "
                    "`invoke load --full-refresh` to make it anew."
                )
            ledger = self._engine.ledger.read(table)
        engine, source, options = self._engine, self._source, self._options
        # Of what is copied directly, only keys at the beginning are seen
        least = engine.direct.least if engine.direct and not options.freeze else None
        place = Place(self._project.root, source.base, engine.folder, least)
        intake = Intake(place, table, ledger)
        return decided(source, intake, options, self._progress, reached)

    def _copy_directly(self, target: Target) -> None:
        """Has the warehouse copy large objects aside; refuses those that it cannot."""
        direct = self._engine.direct
        files = [each for each in target.decisions.to_load if each.uri in target.heads]
        if direct is None or not files:
            return
        label = f"copying {target.table.landing}"
        for number, file in enumerate(files):
            self._progress.update(number, len(files), label)
            found = direct.copy(
                target.table,
                file,
                is_packed=target.heads[file.uri].is_packed,
                rebuilt=self._options.full_refresh,
            )
            if isinstance(found, RefusedFile):
                target.refuse(found)
            else:
                target.copied.append(found)

    def _stage_all(self, reached: Reached) -> None:
        """Stages all targets; begins anew where staging meets something odd.

        With patience, where it meets a line that the quick reading does not take;
        without files for which a statement failed as a whole.
        """
        patient = False
        while True:
            try:
                for target in self._targets:
                    self._stage(target, reached, patient=patient)
            except self._engine.faults as error:
                if self._engine.is_refused_line(error) and not patient:
                    patient = True
                    self._engine.rollback()
                else:
                    self._refuse_poison(error)
                self._engine.begin()
            else:
                return

    def _refuse_poison(self, error: Exception) -> None:
        """Refuses the files that made staging fail; raises the error if none did."""

        def told(done: int, of: int) -> None:
            self._progress.update(done, of, "looking for the file that is refused")

        found = self._engine.poison(error, told)
        if not found:
            raise error
        for refused in found:
            for target in self._targets:
                if any(refused.uri == each.uri for each in target.decisions.to_load):
                    target.refuse(refused)

    def _stage(self, target: Target, reached: Reached, *, patient: bool) -> None:
        """Deletes the rows that are replaced and inserts the new ones."""
        engine, table, decisions = self._engine, target.table, target.decisions
        rebuilt = self._options.full_refresh
        if rebuilt:
            engine.start_rebuild(table)
        engine.delete_rows(table, [*decisions.replaced, *decisions.pruned])
        reached("deleted")
        rows = engine.rows(table, rebuilt=rebuilt, patient=patient)
        Staging(target, rows, engine.load_id, engine.folder, self._progress).stage()
        if engine.direct:
            for copied in target.copied:
                engine.direct.insert(table, copied, rebuilt=rebuilt)
        target.total = engine.count(table, rebuilt=rebuilt)
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
        if not self._engine.ledger.is_running(self._engine.load_id):
            return  # it came after the commit
        message = str(error) or "Somebody stopped it; nothing of it was loaded."
        targets = {target.table.name: target for target in self._targets}
        self._engine.begin()
        for table in self._project.raw_tables:
            self._recording.fail(table.name, targets.get(table.name), message)
        self._engine.commit()
