"""The lock that a load on Redshift holds, for one load at a time."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from infra.loading.redshift_faults import BROKEN, RedshiftError, is_cancelled, told
from infra.warehouse import identifier

LOCK = "load_lock"
LOCK_SECONDS = 5  # that a load waits for another one's lock


class Lock:
    """The load's lock: a table that a connection of its own has locked.

    Who holds it cannot be asked, so the ledger tells: a load that runs is in it. The
    lock of a process that is gone went with its connection.
    """

    def __init__(self, connection: Any, schema: str) -> None:  # noqa: ANN401 - no types
        self._connection = connection
        self._name = f"{identifier(schema)}.{LOCK}"
        self._schema = schema

    def take(self) -> bool:
        """Whether it could be had within a few seconds."""
        from redshift_connector.error import Error  # noqa: PLC0415 - an extra

        made = (
            f"create schema if not exists {identifier(self._schema)}",
            f"create table if not exists {self._name} (held_by varchar(256))",
        )
        for statement in made:
            try:
                self._say(statement)
            except RedshiftError:  # perhaps another load made it at this moment
                self._say(statement)
        self._say(f"set statement_timeout to {LOCK_SECONDS * 1000}")
        self._say("begin")
        try:
            self._say(f"lock table {self._name}")
        except RedshiftError as fault:
            cause = fault.__cause__
            if isinstance(cause, Error) and is_cancelled(cause):
                return False
            raise
        return True

    def check(self) -> None:
        """Raises a RedshiftError where it is held no more."""
        self._say("select 1")

    def release(self) -> None:
        """Gives it up; one that is lost is no error any more."""
        with suppress(RedshiftError):
            self._say("rollback")

    def _say(self, statement: str) -> None:
        from redshift_connector.error import Error  # noqa: PLC0415 - an extra

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement)
        except (Error, *BROKEN) as error:
            raise told(error, statement) from error
