"""Finds the files for which a COPY fails as a whole, by halves.

A COPY that is refused names no file, and after it the transaction is lost. So once that
has ended, COPYs into a table that nobody sees tell which half of the files is refused,
and which half of these, down to single ones.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import orjson

from infra.landing.files import RefusedFile
from infra.loading.engine import REFUSED, Told
from infra.loading.raw_schema import RawTable
from infra.loading.redshift_faults import CopyRefusedError, RedshiftError
from infra.loading.redshift_stage import MOST_ERRORS
from infra.loading.redshift_statements import Statements, definition

MOST = 8  # files that are looked for at once; after so many the load is tried again
PROBED = "probed_rows"


class PoisonedError(RedshiftError):
    """A COPY of rows from many files failed as a whole, for something in them.

    `parts` are these rows, as packed lines with the keys `names`.
    """

    def __init__(
        self,
        refused: CopyRefusedError,
        table: RawTable,
        names: Sequence[str],
        parts: Sequence[Path],
    ) -> None:
        super().__init__(str(refused))
        self.may_be_found = not refused.has_too_many
        self.table = table
        self.names = names
        self.parts = parts


class Lot(NamedTuple):
    """Some files and a packed file of their rows."""

    uris: list[str]
    path: Path


class Search:
    """Looks for the files that are at fault, outside any transaction.

    `told` hears how many COPYs are done, and of about how many.
    """

    def __init__(self, sql: Statements, poisoned: PoisonedError, told: Told) -> None:
        self._sql = sql
        self._poisoned = poisoned
        self._told = told
        self._copies = 0
        self._about = 0
        self._numbers = count()
        self._found: dict[str, str] = {}  # what was said of each

    def files(self) -> list[RefusedFile]:
        """The files for each of which alone a COPY fails; the first MOST of them.

        None of them where a COPY of no rows fails too, as the reason is then another.
        It takes at most 1 + MOST * (1 + 2 * log2 of the number of files) COPYs.
        """
        whole = self._whole()
        self._about = 2 + 2 * (len(whole.uris) - 1).bit_length()
        nothing = self._written([], iter(()))
        self._sql.run(
            f"create temp table {PROBED} ({definition(self._poisoned.table)})"
        )
        if self._refusal(nothing) is None:
            self._look_into(whole, "")
        self._sql.run(f"drop table {PROBED}")
        return [
            RefusedFile(uri, REFUSED, f"Redshift copies no row of it: {said}")
            for uri, said in self._found.items()
        ]

    def _look_into(self, lot: Lot, said: str) -> None:
        """Finds those of a lot of which one at least is at fault.

        `said` is what was said of this lot; empty where it was not tried by itself.
        """
        if len(self._found) >= MOST:
            return
        if len(lot.uris) == 1:
            if told := said or self._refusal(lot):
                self._found[lot.uris[0]] = told
            return
        first, second = self._halves(lot)
        refusal = self._refusal(first)
        if refusal:
            self._look_into(first, refusal)
            refusal = self._refusal(second)
            if refusal:
                self._look_into(second, refusal)
        else:
            self._look_into(second, "")

    def _refusal(self, lot: Lot) -> str | None:
        """What Redshift says to a COPY of this lot; None where it takes it."""
        self._copies += 1
        self._told(self._copies, max(self._about, self._copies))
        try:
            self._sql.copy(PROBED, self._poisoned.names, [lot.path], MOST_ERRORS)
        except CopyRefusedError as refused:
            return None if refused.has_too_many else refused.said
        return None

    # Lots

    def _whole(self) -> Lot:
        """All rows: packed files one after another are a packed file."""
        path = self._path()
        with path.open("wb") as whole:
            for part in self._poisoned.parts:
                with part.open("rb") as rows:
                    shutil.copyfileobj(rows, whole)
                part.unlink()
        return Lot(sorted({uri for uri, _ in _lines(path)}), path)

    def _halves(self, lot: Lot) -> tuple[Lot, Lot]:
        middle = len(lot.uris) // 2
        halves = lot.uris[:middle], lot.uris[middle:]
        first, second = (self._written(uris, _lines(lot.path)) for uris in halves)
        lot.path.unlink()
        return first, second

    def _written(self, uris: list[str], lines: Iterator[tuple[str, bytes]]) -> Lot:
        wanted, path = set(uris), self._path()
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.writelines(line for uri, line in lines if uri in wanted)
        return Lot(uris, path)

    def _path(self) -> Path:
        return self._sql.folder / f"lot-{next(self._numbers)}.json.gz"


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """The rows of a packed file, each with the file that it came from."""
    with gzip.open(path) as lines:
        for line in lines:
            yield str(orjson.loads(line)["_source_uri"]), line
