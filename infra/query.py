"""`invoke sql`: a query on the warehouse, printed as a table, CSV or JSON."""

import csv
import json
import math
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from infra import console
from infra import profile as profiles
from infra.asking import Answer as Answered
from infra.errors import ConfigurationError
from infra.profile import Profile
from infra.project import Project
from infra.warehouse import reader

Answer = tuple[list[str], list[tuple[Any, ...]]]  # headers, rows

ROWS_SHOWN = 100
NARROWEST_COLUMN = 9  # characters, with the gap to the next


def run(project: Project, statement: str, form: str) -> None:
    """Runs a statement and prints its rows as `form`; the warehouse is read-only."""
    if not statement.strip():
        raise ConfigurationError(
            'No query given; try: invoke sql "select count(*) from songplays"'
        )
    cluster = profiles.default_redshift(project.root)
    headers, rows = (
        _asked(project.profile, statement)
        if cluster is None
        else asked_redshift(cluster, statement)
    )
    show(headers, rows, form)


def show(headers: list[str], rows: list[tuple[Any, ...]], form: str) -> None:
    """Prints rows as `form`; a table has the first of them and how many there are."""
    if form == "json":
        print_json(headers, rows)
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([headers, *rows])
    else:
        _print_rows(headers, rows[:ROWS_SHOWN])
        count = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
        rest = f", the first {ROWS_SHOWN} shown" if len(rows) > ROWS_SHOWN else ""
        console.say(f"({count}{rest})")


def _asked(profile: Profile, statement: str) -> Answer:
    with reader(profile) as connection:
        try:
            if len(connection.extract_statements(statement)) > 1:
                raise ConfigurationError("One query at a time, please.")
            result = connection.execute(statement)
            if result is None:  # nothing but a comment or a semicolon
                raise ConfigurationError("That holds no statement.")
            return headers_of(result), result.fetchall()
        except duckdb.Error as error:
            raise ConfigurationError(_explained(str(error).strip())) from error


def _explained(reason: str) -> str:
    """DuckDB's words, and what they mean here."""
    if "attached in read-only mode" in reason:
        return "`invoke sql` asks and changes nothing; models are what dbt builds from."
    if "Table with name" in reason:
        return f"{reason}\n`invoke status` lists what there is."
    return reason


def asked_redshift(cluster: profiles.Redshift, statement: str) -> Answer:
    """Headers and rows of a query on a cluster, which may only read."""
    from infra import redshift_reader  # noqa: PLC0415 - its driver is an extra

    with redshift_reader.reader(cluster) as connection:
        cursor = connection.execute(statement)
        headers = headers_of(cursor)
        return headers, [tuple(row) for row in cursor.fetchall()] if headers else []


def headers_of(answer: Answered) -> list[str]:
    """The names of its columns; the driver of Redshift has them as bytes."""
    return [
        name.decode() if isinstance(name, bytes) else str(name)
        for name, *_ in answer.description or []
    ]


def _print_rows(headers: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Prints a table, or where columns would be crushed a block per row."""
    if len(headers) * NARROWEST_COLUMN <= console.out.width:
        console.table(headers, rows)
        return
    for number, row in enumerate(rows, start=1):
        console.say(f"row {number}")
        console.table(("column", "value"), zip(headers, row, strict=True))


def form(*, csv: bool, json: bool) -> str:
    """The form that two flags ask for."""
    if csv and json:
        raise ConfigurationError("--csv and --json exclude each other; choose one.")
    return "csv" if csv else "json" if json else "table"


def print_json(
    headers: list[str], rows: list[tuple[Any, ...]], *, in_utc: bool = False
) -> None:
    """Prints a list of objects; moments as ISO 8601, decimals as numbers.

    `in_utc` adds the zone to moments that have none, where it is known to be UTC.
    """
    twice = sorted({header for header in headers if headers.count(header) > 1})
    if twice:
        raise ConfigurationError(
            f"Several columns are named {', '.join(twice)}; name them apart for --json."
        )
    objects = [
        {
            name: _finite(_zoned(value) if in_utc else value)
            for name, value in zip(headers, row, strict=True)
        }
        for row in rows
    ]
    print_document(objects)


def print_document(document: object) -> None:
    """Prints a JSON document, as a program reads it."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write("\n")


def _zoned(value: object) -> object:
    """The value; a moment without a zone as one in UTC."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _finite(value: object) -> object:
    """The value, or null for NaN and infinities, which JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value)
