"""Fills the staging tables of a DuckDB warehouse: all tables in one transaction."""

import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import duckdb
import orjson

from infra.errors import LoadError
from infra.loading.raw_schema import RawTable
from infra.loading.scan import RawFile, batches
from infra.warehouse import quoted

# Every load replaces everything, so there is one load in the tables. The ledger of
# loads will number them.
LOAD_ID = 1

Files = Iterable[RawFile]
Landing = Callable[[RawTable], Files]

_LINE = re.compile(r"in line (\d+)")


def create_tables(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[RawTable]
) -> None:
    """Makes the raw tables that do not exist yet, empty."""
    for table in tables:
        connection.execute(f"create schema if not exists {table.schema}")
        connection.execute(
            f"create table if not exists {table.relation} ({_definition(table)})"
        )


def replace_rows(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[RawTable],
    files_of: Landing,
) -> dict[str, int]:
    """Replaces the tables' content with the files' and returns the rows of each table.

    All or nothing: an error, a kill or a full disk leaves every table as it was.
    """
    connection.begin()
    try:
        rows = {
            table.name: _replace(connection, table, files_of(table)) for table in tables
        }
        connection.commit()
    except BaseException:
        with suppress(duckdb.TransactionException):  # a full disk ended it already
            connection.rollback()
        raise
    return rows


def _definition(table: RawTable) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in table.columns)


def _replace(
    connection: duckdb.DuckDBPyConnection, table: RawTable, files: Files
) -> int:
    connection.execute(f"create schema if not exists {table.schema}")
    connection.execute(
        f"create or replace table {table.relation} ({_definition(table)})"
    )
    with tempfile.TemporaryDirectory(prefix="sparkify-load-") as folder:
        for batch in batches(files):
            path = Path(folder) / "batch.ndjson"
            path.write_bytes(batch)
            _insert(connection, table, path)
    _refuse_rows_of_nothing(connection, table)
    _refuse_infinite_numbers(connection, table)
    (rows,) = connection.execute(f"select count(*) from {table.relation}").fetchall()
    return int(rows[0])


def _insert(connection: duckdb.DuckDBPyConnection, table: RawTable, path: Path) -> None:
    try:
        connection.execute(insert_statement(table, path))
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise LoadError(_explained(str(error), path)) from error


def insert_statement(table: RawTable, path: Path) -> str:
    """The INSERT that copies a newline-delimited file into the table.

    Columns are explicit, because guessing turns the artist 311 into a number, and
    folders named `year=1999` must not override what a record says.
    """
    names = ", ".join(column.name for column in table.raw_columns)
    keys = ", ".join(f'"{column.json}"' for column in table.raw_columns)
    types = ", ".join(
        f"{quoted(column.json)}: {quoted(column.type)}" for column in table.raw_columns
    )
    return (
        f"insert into {table.relation} ({names}, _load_id, _source_uri, _line) "
        f"select {keys}, {LOAD_ID}, _source_uri, _line "
        f"from read_json({quoted(str(path))}, format = 'newline_delimited', "
        f"hive_partitioning = false, columns = {{{types}, "
        "'_source_uri': 'varchar', '_line': 'integer'})"
    )


def _refuse_rows_of_nothing(
    connection: duckdb.DuckDBPyConnection, table: RawTable
) -> None:
    """An object without any known key, as `{}`, would be a row of nulls: an error."""
    nothing = " and ".join(f"{column.name} is null" for column in table.raw_columns)
    _refuse(connection, table, nothing, f"none of the keys of {table.name}")


def _refuse_infinite_numbers(
    connection: duckdb.DuckDBPyConnection, table: RawTable
) -> None:
    """DuckDB takes `NaN` and 1e999, which no JSON number can be: an error."""
    infinite = " or ".join(
        f"not isfinite({column.name})"
        for column in table.raw_columns
        if column.type == "double precision"
    )
    _refuse(connection, table, infinite, "a number that is NaN or infinite")


def _refuse(
    connection: duckdb.DuckDBPyConnection, table: RawTable, rows: str, reason: str
) -> None:
    """Raises for the first of the rows that a condition describes."""
    row = connection.execute(
        f"select _source_uri, _line from {table.relation} where {rows} limit 1"
    ).fetchone()
    if row:
        raise LoadError(
            f"{row[0]}, line {row[1]}: {reason}. "
            "Mend the file or take it out of the landing folder."
        )


def _explained(message: str, path: Path) -> str:
    """Names the raw file and line behind DuckDB's complaint about a joined file.

    DuckDB counts lines of the joined file, one too many for malformed JSON, so the
    first line that does not parse wins over the line it names.
    """
    reason = message.split("\n", maxsplit=1)[0].split(": ", 2)[-1]
    named = _LINE.search(message)
    lines = path.read_bytes().split(b"\n")
    for line in lines:
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError as error:
            return f"{_origin(line)}: not valid JSON ({str(error).split(':')[0]})."
    if "maximum_object_size" in message:
        return f"{_origin(max(lines, key=len))}: an object of more than 16 MB."
    if named:
        return f"{_origin(lines[int(named[1]) - 1])}: {reason}"
    return reason


def _origin(line: bytes) -> str:
    uri, number = re.match(rb'\{"_source_uri":(".*?"),"_line":(\d+)', line).groups()  # type: ignore[union-attr] # scan put it there
    return f"{orjson.loads(uri)}, line {int(number)}"
