"""COPY from S3 into a table, whole or not at all.

What it read and what it could not load is written by another connection, so it is there
even if the client rolls back. PG_LAST_COPY_ID changes when loading begins: not for a
COPY that does not get at its files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.rehearsal import copy_command, copy_rows
from infra.rehearsal.copy_command import CopyCommand
from infra.rehearsal.copy_objects import Bucket, Object
from infra.rehearsal.copy_rows import Column, Fault, Row
from infra.rehearsal.tokens import Refused, unknown
from infra.rehearsal.wire import Backend

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NAMES = {
    "character varying": "varchar",
    "character": "char",
    "timestamp without time zone": "timestamp",
}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_COLUMNS = """
select
    attname, format_type(atttypid, null), atttypmod - 4, attnotnull, attrelid
from pg_attribute
where attrelid = cast($1 as regclass) and attnum > 0 and not attisdropped
order by attnum
"""
_STARTED = """
insert into pg_redshift.last_copies values ($1, nextval('pg_redshift.queries'))
on conflict (session_id) do update set query_id = excluded.query_id
returning query_id
"""
_FILE = """
insert into sys_load_detail values (
    (select usesysid from pg_user where usename = $1), $2, $3, $4, $5,
    $6, 1, $7, $6, $8, $9)
"""
_ERROR = """
insert into sys_load_error_detail values (
    (select usesysid from pg_user where usename = $1), $2, 0, $3, $4, $5,
    $6, $7, $8, $9, $10, $11, 0, $12, $13)
"""


def _client(region: str) -> S3Client:
    import boto3  # noqa: PLC0415 - an extra, and slow to import

    return boto3.client("s3", region_name=region)


@dataclass(frozen=True)
class Cluster:
    """What a COPY depends on besides its text.

    `roles` are the ARNs attached to the cluster, `default_role` one of them. `s3` makes
    the client for a region; boto3's own honours AWS_ENDPOINT_URL.
    """

    region: str = "us-east-1"
    roles: Sequence[str] = ()
    default_role: str | None = None
    s3: Callable[[str], S3Client] = _client


@dataclass(frozen=True)
class Copy:
    """COPY for one session. `system` opens the other connection to its database."""

    cluster: Cluster
    system: Callable[[], AbstractContextManager[Backend]]
    user: str
    database: str

    def __call__(self, sql: str, backend: Backend, session: int) -> list[str]:
        """Runs the statement inside the client's batch; returns Redshift's remarks.

        Raises Refused, and Failed for what PostgreSQL refuses.
        """
        command = copy_command.parse(sql)
        self._check_role(command)
        columns, table = self._columns(command, backend)
        bucket = Bucket(
            self.cluster.s3(region := command.region or self.cluster.region), region
        )
        if command.paths:
            found = copy_rows.by_paths(bucket.read(command.paths).content, columns)
        else:
            found = copy_rows.by_name(columns, ignores_case=command.ignores_case)
        lines: list[bytes] = []
        faults: list[tuple[Object, Fault]] = []
        objects = bucket.objects(command)
        with self.system() as system:
            ((query,),) = system.run(_STARTED, str(session))
            started = _now()
            for each in objects:
                content = each.unpacked() if command.is_gzip else each.content
                before = len(lines) + len(faults)
                for row in copy_rows.rows(content, columns, command, found):
                    if isinstance(row, Fault):
                        faults.append((each, row))
                    else:
                        lines.append(_line(row))
                system.run(
                    *(_FILE, self.user, query, str(each.path), str(each.size)),
                    *(str(len(lines) + len(faults) - before), _now(), started),
                    *(each.etag, str(each.modified)),
                )
            for each, fault in faults:
                self._note(system, each, fault, [query, str(session), table, started])
        if faults and len(faults) >= max(command.max_errors, 1):
            raise Refused(
                f"Load into table '{_name(command)}' failed.  Check "
                "'sys_load_error_detail' system table for details."
            )
        names = ", ".join(f'"{column.name}"' for column in columns)
        backend.copy_in(f"copy {command.table} ({names}) from stdin", lines)
        return _remarks(_name(command), len(lines), len(faults))

    def _check_role(self, command: CopyCommand) -> None:
        role = command.role
        if role == "default":
            role = self.cluster.default_role
            if role is None:
                raise Refused("The cluster has no default IAM role", "22023")
        if role not in self.cluster.roles:
            raise Refused(
                f"User is not authorized to assume IAM Role {role}: it is not attached "
                "to the cluster",
                "42501",
            )

    def _columns(
        self, command: CopyCommand, backend: Backend
    ) -> tuple[list[Column], str]:
        """The columns to fill, in their order, and the number of the table."""
        found = backend.run_within(_COLUMNS, command.table)
        table, known = "0", {}
        for name, kind, length, is_required, number in found:
            plain = _NAMES.get(kind or "", kind or "")
            known[name] = Column(
                name or "",
                plain,
                int(length or 0) if plain in ("varchar", "char") else None,
                is_required == "t",
            )
            table = number or "0"
        wanted = command.columns or tuple(str(name) for name in known)
        if missing := [name for name in wanted if name not in known]:
            raise Refused(
                f'column "{missing[0]}" of relation "{_name(command)}" does not exist',
                "42703",
            )
        columns = [known[name] for name in wanted]
        for column in columns:
            if column.type not in copy_rows.TYPES:
                raise unknown(f"COPY into the type {column.type}")
        return columns, table

    def _note(
        self, system: Backend, file: Object, fault: Fault, about: list[str | None]
    ) -> None:
        column = fault.column
        query, session, table, started = about
        system.run(
            *(_ERROR, self.user, query, session, self.database, table, started),
            *(str(file.path), str(fault.line), column.name if column else ""),
            *(column.type[:10] if column else "",),
            str(column.length) if column and column.length else "",
            *(str(fault.code), fault.message),
        )


def _line(row: Row) -> bytes:
    cells = ("\\N" if cell is None else cell.translate(_ESCAPES) for cell in row)
    return ("\t".join(cells) + "\n").encode()


def _name(command: CopyCommand) -> str:
    return command.table.rpartition(".")[2].strip('"')


def _now() -> str:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(" ")


def _remarks(table: str, loaded: int, failed: int) -> list[str]:
    remarks = [
        f"Load into table '{table}' completed, {loaded} record(s) loaded successfully."
    ]
    if failed:
        remarks.append(
            f"Load into table '{table}' completed, {failed} record(s) could not be "
            "loaded.  Check 'sys_load_error_detail' system table for details."
        )
    return remarks
