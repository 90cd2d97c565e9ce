"""Queries on Redshift that cannot change anything, with bare table names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra.errors import ConfigurationError
from infra.redshift import connected

if TYPE_CHECKING:
    from infra.profile import Redshift

# The star first; then what dbt and the loader keep beside it
_SCHEMAS = (
    *("sparkify", "sparkify_marts", "sparkify_reference", "sparkify_staging"),
    *("staging", "load"),
)


_NO_SUCH = ("42P01", "3F000")  # table, schema: PostgreSQL's codes, which Redshift has


class RelationMissingError(ConfigurationError):
    """A statement names a table that is not there."""


class Reader:
    """Runs statements in a transaction that may only read."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - the driver has no types
        self._connection = connection

    def execute(self, statement: str, given: Sequence[Any] = (), /) -> Any:  # noqa: ANN401 - a cursor, as above
        """The cursor of a statement; what Redshift refuses is a ConfigurationError."""
        from redshift_connector.error import Error  # noqa: PLC0415 - an extra

        cursor = self._connection.cursor()
        try:
            if given:
                cursor.execute(statement.replace("?", "%s"), list(given))
            else:
                cursor.execute(statement)
        except Error as error:
            code, told = _told(error)
            kind = RelationMissingError if code in _NO_SUCH else ConfigurationError
            raise kind(f"Redshift says: {told}") from error
        return cursor


@contextmanager
def reader(profile: Redshift) -> Iterator[Reader]:
    """A reader of the cluster; its transaction is taken back in the end."""
    with connected(profile) as connection:
        found = Reader(connection)
        found.execute(f"set search_path to {', '.join(_SCHEMAS)}")
        found.execute("begin read only")
        try:
            yield found
        finally:
            found.execute("rollback")


def _told(error: Exception) -> tuple[str, str]:
    """Code and sentence of what the driver raises: fields of the protocol."""
    fields = error.args[0] if error.args else ""
    if not isinstance(fields, dict):
        return "", str(fields)
    return str(fields.get("C", "")), str(fields.get("M", fields))
