"""The rows that a load puts into one of Redshift's raw tables, by way of the bucket.

COPY takes them into a temporary table first. What it says of them is compared with what
it was given, and only then they go on into the raw table.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from infra.loading import redshift_answer
from infra.loading.duckdb_rows import Reading
from infra.loading.engine import REFUSED, Refusal, Whole
from infra.loading.raw_schema import LINEAGE, RawTable
from infra.loading.redshift_answer import RefusedRow
from infra.loading.redshift_faults import CopyRefusedError
from infra.loading.redshift_poison import PoisonedError
from infra.loading.redshift_stage import MOST_ERRORS, Part, exported
from infra.loading.redshift_statements import REBUILT, relation
from infra.warehouse import identifier

if TYPE_CHECKING:
    from infra.loading.redshift_session import RedshiftSession

INCOMING = "incoming_rows"


class RedshiftRows:
    """The rows that one load puts into one raw table, by way of the bucket."""

    def __init__(
        self, session: RedshiftSession, table: RawTable, *, rebuilt: bool, patient: bool
    ) -> None:
        self._session = session
        self._table = table
        self._into = relation(table, REBUILT if rebuilt else "")
        self._reading = Reading(session.reader, table, patient=patient)
        self.refused: list[Refusal] = []

    def insert_whole(self, files: Sequence[Whole]) -> int:
        """Inserts the lines of clean files; returns how many, the refused ones too."""
        return self._insert(self._reading.whole(files)) if files else 0

    def insert_parts(self, parts: Sequence[Path], excluded: Sequence[str] = ()) -> int:
        """Inserts the rows of parts, which carry their lineage; returns how many."""
        given: dict[str, object] = {"excluded": list(excluded)} if excluded else {}
        return self._insert(self._reading.parts(parts, excluded), given)

    def take_back(self, uris: Sequence[str]) -> None:
        """Deletes this load's rows of these files."""
        self._session.delete_of(self._into, {self._session.load_id: list(uris)})
        self.refused = [each for each in self.refused if each.uri not in uris]

    def counts(self) -> dict[str, int]:
        """The rows of this load by uri, the refused ones too."""
        rows = self._session.sql.rows(
            f"select _source_uri, count(*) from {self._into} where _load_id = %s "
            "group by _source_uri",
            [self._session.load_id],
        )
        counts = defaultdict(int, {str(uri): int(count) for uri, count in rows})
        for each in self.refused:
            counts[each.uri] += 1
        return counts

    def _insert(self, query: str, given: dict[str, object] | None = None) -> int:
        """Inserts the rows of a query; returns how many it has."""
        session = self._session
        rows = f"select *, {session.load_id} as _load_id from ({query})"
        files, count = exported(
            session.reader, rows, session.folder, session.sql.slices, given
        )
        if files:
            self._copy(files, count)
        for path in files:
            path.unlink()
        return count

    def _copy(self, files: Sequence[Path], count: int) -> None:
        """Copies files of so many rows, and has Redshift's answer to each."""
        sql = self._session.sql
        raw = [column.name for column in self._table.raw_columns]
        names = [*raw, *LINEAGE]
        sql.run(f"create temp table {INCOMING} (like {self._into})")
        try:
            parts = sql.copy(INCOMING, names, files, MOST_ERRORS)
        except CopyRefusedError as refused:
            raise PoisonedError(refused, self._table, names, files) from refused
        loaded = sql.number(f"select count(*) from {INCOMING}")
        found = redshift_answer.of_parts(sql, parts, loaded, count)
        self.refused += _in_their_files(found, parts)
        listed = ", ".join(map(identifier, names))
        sql.run(f"insert into {self._into} ({listed}) select {listed} from {INCOMING}")
        sql.run(f"drop table {INCOMING}")


def _in_their_files(
    refused: Collection[RefusedRow], parts: Collection[Part]
) -> Iterator[Refusal]:
    """The refused rows as those of the raw files that their lines came from."""
    by_part: dict[str, dict[int, RefusedRow]] = defaultdict(dict)
    for each in refused:
        by_part[each.file][each.line] = each
    for part in parts:
        if rows := by_part.get(part.url):
            with gzip.open(part.path) as lines:
                for number, line in enumerate(lines, start=1):
                    if number in rows:
                        yield _refusal(rows[number], orjson.loads(line))


def _refusal(row: RefusedRow, values: dict[str, object]) -> Refusal:
    uri, line = values["_source_uri"], values["_line"]
    return Refusal(str(uri), int(str(line)), row.column or None, REFUSED, row.message)
