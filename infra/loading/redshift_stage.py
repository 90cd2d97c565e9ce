"""The bucket of ours by which rows reach Redshift: what COPY reads, for minutes.

DuckDB writes the rows, already checked, as packed lines; each COPY gets a manifest of
exactly these objects, and the JSONPaths of their columns.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from infra.landing.s3 import Bucket
from infra.loading.redshift_faults import RedshiftError
from infra.warehouse import identifier, quoted

if TYPE_CHECKING:
    import duckdb
    from mypy_boto3_s3 import S3Client

ROWS_A_FILE = 250_000  # COPY reads files side by side, one for each slice or more
PACKED = "gzip"
KEYS = 1000  # that S3 deletes at once


class Stage:
    """A folder in the bucket, for one load."""

    def __init__(self, client: S3Client, bucket: Bucket, load_id: int) -> None:
        self._client = client
        self._bucket = bucket
        self._below = bucket.below(f"load-{load_id}-{secrets.token_hex(4)}")
        self._keys: list[str] = []

    def put(self, name: str, content: bytes) -> str:
        """Writes an object; returns its address."""
        key = self._below + name
        self._put(key, content)
        return self._bucket.uri(key)

    def put_files(self, name: str, files: Sequence[Path]) -> str:
        """Writes files, and a manifest of them; returns the manifest's address."""
        urls = []
        for number, path in enumerate(files):
            key = f"{self._below}{name}-{number}.json.gz"
            with path.open("rb") as file:
                self._put(key, file)
            urls.append(self._bucket.uri(key))
        entries = [{"url": url, "mandatory": True} for url in urls]
        text = json.dumps({"entries": entries}).encode()
        return self.put(f"{name}.manifest", text)

    def put_paths(self, name: str, columns: Sequence[str]) -> str:
        """Writes the JSONPaths of these columns; returns their address."""
        paths = {"jsonpaths": [f"$['{column}']" for column in columns]}
        return self.put(f"{name}.jsonpaths", json.dumps(paths).encode())

    def clear(self) -> None:
        """Deletes what was written. What is left, the bucket deletes in a day."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        while self._keys:
            keys, self._keys = self._keys[:KEYS], self._keys[KEYS:]
            with suppress(BotoCoreError, ClientError):
                self._client.delete_objects(
                    Bucket=self._bucket.name,
                    Delete={"Objects": [{"Key": key} for key in keys]},
                )

    def _put(self, key: str, content: bytes | BinaryIO) -> None:
        """Writes an object; raises RedshiftError."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self._keys.append(key)
        try:
            self._client.put_object(Bucket=self._bucket.name, Key=key, Body=content)
        except (BotoCoreError, ClientError) as error:
            answer: Any = getattr(error, "response", None) or {}
            why = (answer.get("Error") or {}).get("Code") or type(error).__name__
            raise RedshiftError(
                f"The load cannot write to its bucket {self._bucket.name} ({why}), by "
                "which rows reach Redshift. Nothing was loaded. `invoke up --target "
                "redshift` makes the bucket; whoever loads needs s3:PutObject there."
            ) from error


@contextmanager
def staging(client: S3Client, bucket: Bucket, load_id: int) -> Iterator[Stage]:
    """A stage, cleared afterwards."""
    stage = Stage(client, bucket, load_id)
    try:
        yield stage
    finally:
        stage.clear()


def exported(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    folder: Path,
    given: dict[str, object] | None = None,
) -> tuple[list[Path], int]:
    """Writes the rows of a query as packed lines of JSON; the files, and the rows.

    Each file has at most some rows, so that COPY can read several at a time.
    """
    table = f"rows_{secrets.token_hex(4)}"
    connection.execute(f"create temp table {table} as {query}", given)
    try:
        ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
        files = []
        for number in range(-(-rows // ROWS_A_FILE)):
            path = folder / f"{table}.{number}.json.gz"
            first = number * ROWS_A_FILE
            connection.execute(
                f"copy (select * from {table} where rowid >= {first} "
                f"and rowid < {first + ROWS_A_FILE}) to {quoted(str(path))} "
                f"(format json, compression {PACKED})"
            )
            files.append(path)
    finally:
        connection.execute(f"drop table {table}")
    return files, int(rows)


def copy_statement(
    table: str,
    columns: Sequence[str],
    manifest: str,
    paths: str,
    region: str,
) -> str:
    """The COPY of a manifest into a table.

    Nothing that changes data in silence is among its options, and no row may fail:
    each was checked before it was written.
    """
    names = ", ".join(map(identifier, columns))
    return (
        f"copy {table} ({names}) from {quoted(manifest)} iam_role default "
        f"region {quoted(region)} manifest gzip format json {quoted(paths)} "
        "maxerror 0 compupdate off statupdate off"
    )
