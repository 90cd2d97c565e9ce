"""Large objects, which Redshift copies by itself from where they lie.

Each has a COPY of its own, for COPY cannot write down which file a row came from. That
happens before the transaction, into a temporary table which only this session sees: a
file that fails costs no other one its work, and tables are locked for moments only.
"""

from __future__ import annotations

import re
from itertools import count

from infra.landing.files import LandedFile, RefusedFile
from infra.loading import redshift_answer
from infra.loading.engine import REFUSED, Copied, Refusal
from infra.loading.intake import changed
from infra.loading.raw_schema import RawTable
from infra.loading.redshift_answer import Answer, RefusedRow
from infra.loading.redshift_faults import (
    CopyDeniedError,
    CopyRefusedError,
    RedshiftError,
)
from infra.loading.redshift_stage import MOST_ERRORS
from infra.loading.redshift_statements import (
    REBUILT,
    Statements,
    definition,
    relation,
)
from infra.warehouse import identifier

MEGABYTE = 1_000_000

# What Redshift's "Load error reference" calls by number, in the words of our checks
_REASONS = {
    1204: "out_of_range",
    1205: "wrong_type",
    1206: "wrong_type",
    1207: "wrong_type",
    1208: "wrong_type",
    1209: "wrong_type",
    1210: "wrong_type",
    1216: "malformed_json",
    1218: "nul_char",
    1219: "invalid_utf8",
    1220: "invalid_utf8",
    1222: "out_of_range",
    1224: "malformed_json",
}
_DENIED = (
    "Redshift cannot read {uri}, which it copies by itself: {said}. Nothing was "
    "loaded. `invoke up --target redshift` lets its role read what copy_from says, in "
    "aws_region; with a greater copy_directly_from_mb the file goes by way of this "
    "machine."
)
_CHECKED_HERE = "With a greater copy_directly_from_mb its lines are checked here."
# COPY makes a row of NULLs of an object whose keys it does not know, and of {}
_NO_KEY = (
    "{:,} of its objects have no key that the table knows; COPY does not tell which. "
    f"{_CHECKED_HERE}"
)


class RedshiftDirect:
    """Copies large objects of the landing, and knows them until the load ends.

    `least` is the size of the smallest one, in bytes.
    """

    def __init__(self, sql: Statements, load_id: int, least: int) -> None:
        self._sql = sql
        self._load_id = load_id
        self.least = least
        self._numbers = count(1)

    def copy(
        self, table: RawTable, file: LandedFile, *, is_packed: bool, rebuilt: bool
    ) -> Copied | RefusedFile:
        """Copies an object's rows aside, or tells why it cannot be copied at all.

        Raises LoadError where it is no longer the one that was listed.
        """
        sql, aside = self._sql, f"direct_rows_{next(self._numbers)}"
        shape = definition(table) if rebuilt else f"like {relation(table)}"
        sql.run(f"create temp table {aside} ({shape})")
        try:
            sql.copy_object(aside, table.raw_columns, file.uri, is_packed=is_packed)
        except CopyDeniedError as denied:
            sentence = _DENIED.format(uri=file.uri, said=denied.said)
            raise RedshiftError(sentence) from denied
        except CopyRefusedError as refused:
            return self._refused(file, refused)
        rows, nulls = self._counts(table, aside)
        told = redshift_answer.answer(
            sql, lambda each: len(each.files) > 0 and _are_all(each, rows)
        )
        _hold_to(file, {etag for _, etag in told.files})
        if nulls:
            return RefusedFile(file.uri, "no_known_key", _NO_KEY.format(nulls))
        refusals = [_refusal(file.uri, each) for each in told.refused]
        return Copied(file.uri, rows, refusals, aside)

    def insert(self, table: RawTable, copied: Copied, *, rebuilt: bool) -> None:
        """Inserts rows that were copied aside, in a transaction.

        They stay aside: it may be rolled back and begin anew.
        """
        into = relation(table, REBUILT if rebuilt else "")
        names = ", ".join(identifier(each.name) for each in table.raw_columns)
        self._sql.run(
            f"insert into {into} ({names}, _source_uri, _load_id) "
            f"select {names}, %s, {self._load_id} from {copied.aside}",
            [copied.uri],
        )

    def _counts(self, table: RawTable, aside: str) -> tuple[int, int]:
        """The rows that were copied, and those of them that are nothing but NULLs."""
        empty = " and ".join(f"{identifier(c.name)} is null" for c in table.raw_columns)
        ((rows, nulls),) = self._sql.rows(
            f"select count(*), count(case when {empty} then 1 end) from {aside}"
        )
        return int(rows), int(nulls)

    def _refused(self, file: LandedFile, refused: CopyRefusedError) -> RefusedFile:
        said = refused.said
        if refused.has_too_many:
            first = redshift_answer.first_refused(self._sql)
            said = f"it refuses {MOST_ERRORS:,} of its rows, as {first}"
        told = f"Redshift cannot copy it: {said}. {_CHECKED_HERE}"
        return RefusedFile(file.uri, reason_of_whole(refused.said), told)


def _are_all(told: Answer, rows: int) -> bool:
    """Whether nothing seems to be missing. What seems so is waited for, no more."""
    return rows + len(told.refused) >= told.lines


def _hold_to(file: LandedFile, found: set[str]) -> None:
    """Raises LoadError where COPY did not read the object that was listed."""
    etag, _, _ = (file.etag or "").rpartition("-")
    if not found:
        raise RedshiftError(
            f"Redshift does not say which version of {file.uri} it has copied. Nothing "
            "was loaded; run the load again."
        )
    if found != {etag}:
        raise changed(file.uri)


def _refusal(uri: str, row: RefusedRow) -> Refusal:
    return Refusal(uri, row.line, row.column or None, reason_of_row(row), row.message)


def reason_of_row(row: RefusedRow) -> str:
    """The word for a row that Redshift refuses, as far as its number tells."""
    if row.code == 1204 and "char" in row.type:
        return "too_long"
    return _REASONS.get(row.code, REFUSED)


def reason_of_whole(said: str) -> str:
    """The word for an object of which Redshift takes nothing, as far as it tells."""
    if re.search("gzip|inflate|zlib|decompress", said, re.IGNORECASE):
        return "bad_gzip"
    return REFUSED
