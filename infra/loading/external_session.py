"""The views on the raw files, made on the cluster and tried out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from infra.errors import LoadError
from infra.loading import external
from infra.loading.redshift_faults import BROKEN
from infra.loading.redshift_statements import creation
from infra.redshift import connected
from infra.warehouse import identifier

if TYPE_CHECKING:
    from infra.loading.raw_schema import Table
    from infra.profile import Redshift
    from infra.project import Project

PATIENCE = 300  # seconds for a statement; without a way to Glue it waits for longer
_ADVICE = (
    "The cluster's role must be allowed to read Glue's database and the raw files, and "
    "the cluster needs a way to Glue: `invoke up --target redshift` sees to both where "
    "external_tables is true and aws_access is my-address."
)


def register(project: Project, profile: Redshift, database: str) -> None:
    """Makes the views over Glue's database, and reads a row of each.

    Makes the ledger, too, where no load has: the tests of its tables want it. Raises
    LoadError with what Redshift says; nothing that a load brought was touched.
    """
    tables = project.raw_tables
    everything = [
        f"set statement_timeout to {PATIENCE * 1000}",
        *external.statements(tables, database),
        *_ledger(project.ledger_tables.values()),
        *external.looks(tables),
    ]
    with connected(profile) as connection:
        for statement in everything:
            _say(connection, statement)


def _ledger(tables: Collection[Table]) -> Iterator[str]:
    for schema in dict.fromkeys(table.schema for table in tables):
        yield f"create schema if not exists {identifier(schema)}"
    for table in tables:
        yield creation(table)


def _say(connection: Any, statement: str) -> None:  # noqa: ANN401 - no types
    from redshift_connector.error import Error  # noqa: PLC0415 - an extra

    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except (Error, *BROKEN) as error:
        words = " ".join(statement.split()[:6])
        raise LoadError(
            f"Redshift does not take `{words} …`: {_said(error)}. {_ADVICE} Then run "
            "`invoke load --external` again; nothing that was loaded is touched."
        ) from error


def _said(error: Exception) -> str:
    """Redshift's own text, or the driver's, on one line."""
    told = error.args[0] if error.args else ""
    text = told.get("M", told) if isinstance(told, dict) else told or type(error)
    return " ".join(str(text).split()).rstrip(".")
