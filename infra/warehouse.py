"""DuckDB's file: opened for as short as possible, by one process at a time.

A writer excludes everybody, readers exclude writers. So no connection outlives the
task's work, and dbt runs as a process of its own.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from infra.errors import (
    ConfigurationError,
    SparkifyError,
    WarehouseBusy,
    WarehouseMissing,
)
from infra.loading import holder
from infra.profile import FILE as PROFILE
from infra.profile import Profile

# For dbt and DuckDB's own shell the file's name is the catalog's, and it equals the
# star's schema, which DuckDB calls ambiguous. Readers see the file as `warehouse`.
ALIAS = "warehouse"

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # a search path holds no other
_HOLDER = re.compile(r"lock is held in (?P<program>\S+) \(PID (?P<pid>\d+)\)")


@contextmanager
def writer(profile: Profile) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the file for writing, made if absent; closes it with its lock."""
    profile.path.parent.mkdir(parents=True, exist_ok=True)
    with _people_errors(profile.path):
        connection = duckdb.connect(
            str(profile.path), config=dict(profile.config_options)
        )
    try:
        _apply_settings(connection, profile)
        yield connection
    finally:
        connection.close()


@contextmanager
def reader(profile: Profile) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the file read-only, the star's schema first in the search path."""
    if not profile.path.exists():
        raise WarehouseMissing(
            f"There is no warehouse at {profile.path}; run `invoke up load build`."
        )
    connection = duckdb.connect()
    try:
        with _people_errors(profile.path):
            connection.execute(
                f"attach {quoted(str(profile.path))} as {ALIAS} (read_only)"
            )
        _apply_settings(connection, profile)
        connection.execute(
            f"set search_path = {quoted(_search_path(connection, profile))}"
        )
        yield connection
    finally:
        connection.close()


def _apply_settings(connection: duckdb.DuckDBPyConnection, profile: Profile) -> None:
    for name, value in profile.settings.items():
        try:
            connection.execute(f"set {name} = {quoted(str(value))}")
        except duckdb.Error as error:
            raise ConfigurationError(
                f"{PROFILE}: DuckDB refuses the setting {name} = {value!r}: {error}"
            ) from error


def lock_holder(profile: Profile) -> str | None:
    """Says who holds the file, or None when a writer could have it now."""
    if not profile.path.exists():
        return None
    try:
        with writer(profile):
            return None
    except WarehouseBusy as busy:
        return str(busy)


def relations(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of every table and view of the attached warehouse."""
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = ? order by table_schema, table_name",
        [ALIAS],
    ).fetchall()
    return [(str(schema), str(name)) for schema, name in rows]


def quoted(text: str) -> str:
    """Text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as SQL takes any name."""
    return '"' + name.replace('"', '""') + '"'


def _search_path(connection: duckdb.DuckDBPyConnection, profile: Profile) -> str:
    """The star's schema first, then the others, then main: bare table names work."""
    found = {
        schema for schema, _ in relations(connection) if _PLAIN_NAME.fullmatch(schema)
    }
    ordered = sorted(found, key=lambda name: (name != profile.schema, name))
    return ",".join(f"{ALIAS}.{name}" for name in [*ordered, "main"])


@contextmanager
def _people_errors(path: Path) -> Iterator[None]:
    """Turns DuckDB's errors of opening a file into sentences."""
    try:
        yield
    except duckdb.Error as error:
        message = str(error)
        if found := _HOLDER.search(message):
            raise WarehouseBusy(
                f"{path} is in use by {Path(found['program']).name} (PID "
                f"{found['pid']}{holder.told(path, int(found['pid']))}). DuckDB lets "
                "one process write at a time: wait for it, or close that program, and "
                "try again."
            ) from error
        if "Could not set lock" in message:
            raise WarehouseBusy(
                f"{path} is in use by another process: wait for it, or close that "
                "program, and try again."
            ) from error
        if "not a valid DuckDB" in message:
            raise SparkifyError(
                f"{path} is not a DuckDB file, so it was left alone. Move it away, or "
                "set `warehouse` in invoke.yaml to another name."
            ) from error
        raise SparkifyError(f"{path} cannot be opened: {message}") from error
