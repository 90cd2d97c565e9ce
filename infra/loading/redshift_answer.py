"""What Redshift tells of the last COPY: the files it read, the rows it refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from infra.loading.redshift_faults import RedshiftError
from infra.loading.redshift_stage import Part
from infra.loading.redshift_statements import Statements

PATIENCE = 20.0  # seconds that the views may lag behind; nothing says that they do
PAUSE = 0.5

_FILES = """
select trim(file_name), replace(trim(file_etag), '"', ''), sum(lines_scanned)
from sys_load_detail
where query_id = pg_last_copy_id()
group by 1, 2
"""
_REFUSED = """
select
    trim(file_name), line_number, trim(column_name), trim(column_type), error_code,
    trim(error_message)
from sys_load_error_detail
where query_id = pg_last_copy_id()
order by file_name, line_number
"""


class RefusedRow(NamedTuple):
    """A row that COPY left out, by the line on which it ends."""

    file: str
    line: int
    column: str
    type: str
    code: int
    text: str

    @property
    def message(self) -> str:
        """Why, in Redshift's words."""
        return f"Redshift: {' '.join(self.text.split())} (error {self.code})"


class Answer(NamedTuple):
    """The files that COPY read, each (address, ETag), and the rows it left out.

    `lines` are those of the files, but what counts as one in JSON no document says.
    """

    files: set[tuple[str, str]]
    refused: list[RefusedRow]
    lines: int = 0


def answer(sql: Statements, is_complete: Callable[[Answer], bool]) -> Answer:
    """What the system views tell; asks again for a while until it is complete."""
    end = time.monotonic() + PATIENCE
    while True:
        found = _told(sql)
        if is_complete(found) or time.monotonic() >= end:
            return found
        time.sleep(PAUSE)


def _told(sql: Statements) -> Answer:
    """One reading of the views. Of several complaints about a line the first counts."""
    read = sql.rows(_FILES)
    files = {(str(name), str(etag)) for name, etag, _ in read}
    refused: dict[tuple[str, int], RefusedRow] = {}
    for row in sql.rows(_REFUSED):
        each = RefusedRow(*row)
        refused.setdefault((each.file, each.line), each)
    return Answer(files, list(refused.values()), sum(int(lines) for *_, lines in read))


def first_refused(sql: Statements) -> str:
    """What was wrong with the first row of a COPY that gave up at too many."""
    for each in _told(sql).refused:
        return f"line {each.line}, {each.column or 'the whole'}: {each.message}"
    return "it does not say which"


def of_parts(
    sql: Statements, parts: Collection[Part], loaded: int, given: int
) -> list[RefusedRow]:
    """The rows that COPY refused of those in the parts.

    Raises a RedshiftError where it read other files than were put there, or other
    bytes, or where rows are neither loaded nor refused.
    """
    put = {(part.url, part.etag) for part in parts}
    told = answer(
        sql,
        lambda each: (
            len(each.files) >= len(put) and loaded + len(each.refused) >= given
        ),
    )
    if told.files != put:
        odd = sorted(url for url, _ in told.files ^ put)
        raise RedshiftError(
            f"Redshift read other files than the load has put there, as {odd[0]}. "
            "Nothing was loaded; run the load again."
        )
    if loaded + len(told.refused) != given:
        raise RedshiftError(
            f"Redshift took {loaded:,} of {given:,} rows and says that it refused "
            f"{len(told.refused):,}. Nothing was loaded; run the load again."
        )
    return told.refused
