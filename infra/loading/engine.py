"""What a load asks of a warehouse, whichever engine it has.

`duckdb_session` and `redshift_session` answer. Nothing here decides anything: what a
load does about each file comes from outside, and so does the transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from infra.landing.files import LandedFile, RefusedFile
from infra.loading.ledger import Ledger, Version
from infra.loading.raw_schema import RawTable

Whole = tuple[str, Path, int]  # uri, path, lines
Columns = Mapping[str, Sequence[Any]]
Told = Callable[[int, int], None]

REFUSED = "refused_by_redshift"  # the reason of a reject where our checks have no word


class Refusal(NamedTuple):
    """A row that a warehouse did not take, by the line of its file."""

    uri: str
    line: int
    column: str | None
    reason: str
    message: str


class Copied(NamedTuple):
    """An object that a warehouse has copied itself: so many rows, in a table aside."""

    uri: str
    rows: int
    refused: list[Refusal]
    aside: str


class Rows(Protocol):
    """The rows that one load puts into one raw table.

    `refused` are those that the warehouse did not take, though they were checked; what
    is told of rows counts them with the others.
    """

    @property
    def refused(self) -> Sequence[Refusal]:
        """The rows that the warehouse did not take."""

    def insert_whole(self, files: Sequence[Whole]) -> int:
        """Inserts the lines of clean files; returns how many."""

    def insert_parts(self, parts: Sequence[Path], excluded: Sequence[str] = ()) -> int:
        """Inserts the rows of parts, which carry their lineage; returns how many.

        `excluded` are the uris in the parts whose rows are not wanted.
        """

    def take_back(self, uris: Sequence[str]) -> None:
        """Deletes this load's rows of these files."""

    def counts(self) -> dict[str, int]:
        """The rows of this load by uri."""


class Direct(Protocol):
    """How a warehouse reads large objects itself; they never come to this machine."""

    @property
    def least(self) -> int:
        """The least bytes of such an object."""

    def copy(
        self, table: RawTable, file: LandedFile, *, is_packed: bool, rebuilt: bool
    ) -> Copied | RefusedFile:
        """Copies an object's rows aside, or tells why it cannot be copied at all.

        Raises LoadError where it is no longer the one that was listed.
        """

    def insert(self, table: RawTable, copied: Copied, *, rebuilt: bool) -> None:
        """Inserts rows that were copied aside, in a transaction."""


class LedgerTables(Protocol):
    """load_runs, load_files and load_rejects."""

    def read(self, table: RawTable) -> Ledger:
        """The versions of the raw table's files that count."""

    def rows(self, table: RawTable) -> int:
        """The rows that the raw table has by the ledger."""

    def is_running(self, load_id: int) -> bool:
        """Whether the ledger does not know yet how this load ended."""

    def append(self, name: str, columns: Columns, folder: Path) -> None:
        """Appends rows to a table, given as columns of one length; others are null.

        Moments are microseconds since 1970-01-01 UTC.
        """

    def append_file(self, name: str, path: Path) -> None:
        """Appends the rows of a newline-delimited file to a table."""

    def update_run(self, load_id: int, target: str, changes: dict[str, Any]) -> None:
        """Writes the outcome of a run into its row."""

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

    def set_stamps(self, table: RawTable, stamps: dict[str, str]) -> None:
        """Remembers new stamps of files whose content is the same."""


class Engine(Protocol):
    """A warehouse with its lock held, ready for one load."""

    @property
    def name(self) -> str:
        """What the ledger calls it."""

    @property
    def holder(self) -> str | None:
        """Who loads, for others who want to; the ledger's message while it runs."""

    @property
    def ledger(self) -> LedgerTables:
        """The ledger in it."""

    @property
    def load_id(self) -> int:
        """The number of this load."""

    @property
    def folder(self) -> Path:
        """Where this load may put temporary files."""

    @property
    def faults(self) -> tuple[type[Exception], ...]:
        """The errors of its driver."""

    @property
    def direct(self) -> Direct | None:
        """How it reads large objects itself; None where it does not."""

    def begin(self) -> None:
        """Starts the transaction."""

    def commit(self) -> None:
        """Ends it; everything has happened."""

    def rollback(self) -> None:
        """Ends it, if it has not ended by itself; nothing has happened."""

    def is_refused_line(self, error: Exception) -> bool:
        """Whether the quick reading met a line that it cannot take."""

    def poison(self, error: Exception, told: Told) -> list[RefusedFile]:
        """The files that made a statement fail as a whole, if that was the error.

        To find them it ends the transaction. `told` hears how much is done, of what.
        """

    def misses_columns(self, table: RawTable) -> bool:
        """Whether the table has other columns than its definition says."""

    def start_rebuild(self, table: RawTable) -> None:
        """Makes an empty table beside the raw table."""

    def finish_rebuild(self, table: RawTable) -> None:
        """Puts the table that was rebuilt in the raw table's place."""

    def delete_rows(self, table: RawTable, versions: Sequence[Version]) -> None:
        """Deletes the staged rows of these versions."""

    def rows(self, table: RawTable, *, rebuilt: bool, patient: bool) -> Rows:
        """The rows that this load puts into the table, or into the rebuilt one."""

    def count(self, table: RawTable, *, rebuilt: bool) -> int:
        """Rows of the table, or of the rebuilt one."""
