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
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from infra.landing.s3 import Bucket
from infra.loading.redshift_faults import RedshiftError
from infra.warehouse import identifier, quoted

if TYPE_CHECKING:
    import duckdb
    from mypy_boto3_s3 import S3Client

# COPY reads files side by side, a slice each; one of few rows is not worth it
ROWS_A_FILE = 250_000
WORTH_A_FILE = 20_000
PACKED = "gzip"
MOST_ERRORS = 100_000  # rows that a COPY may refuse, at most; how many may be is ours
KEYS = 1000  # that S3 deletes at once


class Source(NamedTuple):
    """What a COPY reads, by addresses. At `max_errors` bad rows it fails, or at one."""

    manifest: str
    paths: str
    is_packed: bool = True
    max_errors: int = 0


class Part(NamedTuple):
    """A packed file of rows: where COPY reads it, as what, and where it lies here."""

    url: str
    etag: str
    path: Path


class Stage:
    """A folder in the bucket, for one load."""

    def __init__(self, client: S3Client, bucket: Bucket, load_id: int) -> None:
        self._client = client
        self._bucket = bucket
        self._below = bucket.below(f"load-{load_id}-{secrets.token_hex(4)}")
        self._keys: list[str] = []

    def put(self, name: str, content: bytes | BinaryIO) -> tuple[str, str]:
        """Writes an object; returns its address and its ETag."""
        key = self._below + name
        return self._bucket.uri(key), self._put(key, content)

    def put_files(self, name: str, files: Sequence[Path]) -> list[Part]:
        """Writes files, each as an object."""
        parts = []
        for number, path in enumerate(files):
            with path.open("rb") as file:
                parts.append(Part(*self.put(f"{name}-{number}.json.gz", file), path))
        return parts

    def put_manifest(self, name: str, urls: Sequence[str]) -> str:
        """Writes a manifest of just these objects; returns its address."""
        entries = [{"url": url, "mandatory": True} for url in urls]
        return self.put(name, json.dumps({"entries": entries}).encode())[0]

    def put_paths(self, name: str, keys: Sequence[str]) -> str:
        """Writes the JSONPaths of these keys; returns their address."""
        paths = {"jsonpaths": [f"$['{key}']" for key in keys]}
        return self.put(name, json.dumps(paths).encode())[0]

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

    def _put(self, key: str, content: bytes | BinaryIO) -> str:
        """Writes an object; returns its ETag. Raises RedshiftError."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self._keys.append(key)
        try:
            put = self._client.put_object(
                Bucket=self._bucket.name, Key=key, Body=content
            )
            return put["ETag"].strip('"')
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
    slices: int,
    given: dict[str, object] | None = None,
) -> tuple[list[Path], int]:
    """Writes the rows of a query as packed lines of JSON; the files, and the rows.

    A line is a row. The files are one, or a multiple of the cluster's slices.
    """
    table = f"rows_{secrets.token_hex(4)}"
    connection.execute(f"create temp table {table} as {query}", given)
    try:
        ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
        count = file_count(rows, slices)
        files = []
        for number in range(count):
            path = folder / f"{table}.{number}.json.gz"
            first, last = rows * number // count, rows * (number + 1) // count
            connection.execute(
                f"copy (select * from {table} where rowid >= {first} "
                f"and rowid < {last}) to {quoted(str(path))} "
                f"(format json, compression {PACKED})"
            )
            files.append(path)
    finally:
        connection.execute(f"drop table {table}")
    return files, int(rows)


def file_count(rows: int, slices: int) -> int:
    """In how many files so many rows go."""
    if rows < slices * WORTH_A_FILE:
        return min(rows, 1)
    return slices * -(-rows // (slices * ROWS_A_FILE))


def copy_statement(
    table: str, columns: Sequence[str], source: Source, region: str
) -> str:
    """The COPY of a manifest into a table.

    Nothing that changes data in silence is among its options.
    """
    names = ", ".join(map(identifier, columns))
    packed = " gzip" if source.is_packed else ""
    return (
        f"copy {table} ({names}) from {quoted(source.manifest)} iam_role default "
        f"region {quoted(region)} manifest{packed} format json {quoted(source.paths)} "
        f"maxerror {source.max_errors} compupdate off statupdate off"
    )
