"""Queries on Redshift that cannot change anything, with bare table names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra.errors import ConfigurationError
from infra.redshift import connected

if TYPE_CHECKING:
    from infra.profile import Redshift

# The star first; then what dbt and the loader keep beside it
_SCHEMAS = ("sparkify", "sparkify_marts", "sparkify_staging", "staging", "load")


class Reader:
    """Runs statements in a transaction that may only read."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - the driver has no types
        self._connection = connection

    def execute(self, statement: str) -> Any:  # noqa: ANN401 - a cursor, as above
        """The cursor of a statement; what Redshift refuses is a ConfigurationError."""
        from redshift_connector.error import Error  # noqa: PLC0415 - an extra

        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
        except Error as error:
            raise ConfigurationError(f"Redshift says: {_told(error)}") from error
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


def _told(error: Exception) -> str:
    """The sentence in what the driver raises: fields of the protocol, by letter."""
    fields = error.args[0] if error.args else ""
    return str(fields.get("M", fields)) if isinstance(fields, dict) else str(fields)
