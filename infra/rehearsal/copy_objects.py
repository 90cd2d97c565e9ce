"""The objects a COPY reads, and how S3's refusals look in Redshift."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.rehearsal.copy_command import CopyCommand, S3Path
from infra.rehearsal.tokens import Refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 8
_MISSING = {"NoSuchKey", "404"}


@dataclass(frozen=True)
class Object:
    """An object as it was read."""

    path: S3Path
    content: bytes
    size: int
    etag: str
    modified: dt.datetime

    def unpacked(self) -> bytes:
        """What is packed in it; one that cannot be unpacked fails the whole COPY."""
        try:
            return gzip.decompress(self.content)
        except (OSError, EOFError, zlib.error) as error:
            raise Refused(f"The file {self.path} is no sound gzip: {error}") from error


class Bucket:
    """S3 as Redshift sees it from its region, or the one that COPY names."""

    def __init__(self, s3: S3Client, region: str) -> None:
        self._s3, self._region = s3, region
        self._checked: set[str] = set()

    def objects(self, command: CopyCommand) -> list[Object]:
        """Reads all that the command names; raises Refused."""
        paths = (
            self._listed(command.source)
            if not command.is_manifest
            else self._manifest(command.source)
        )
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(lambda each: self._entry(*each), paths))
        objects = [each for each in found if each is not None]
        if not objects:
            raise Refused(f"no file of the manifest {command.source} exists")
        return objects

    def read(self, path: S3Path) -> Object:
        """One object."""
        self._check(path.bucket)
        with _faults_told():
            answer = self._s3.get_object(Bucket=path.bucket, Key=path.key)
            content = answer["Body"].read()
        return Object(
            path,
            content,
            len(content),
            answer["ETag"].strip('"'),
            answer["LastModified"].replace(tzinfo=None),
        )

    def _entry(self, path: S3Path, is_mandatory: bool) -> Object | None:
        try:
            return self.read(path)
        except _Missing as missing:
            if is_mandatory:
                raise Refused(f"{missing}: the mandatory file {path}") from missing
            return None

    def _listed(self, prefix: S3Path) -> list[tuple[S3Path, bool]]:
        self._check(prefix.bucket)
        pages = self._s3.get_paginator("list_objects_v2")
        with _faults_told():
            keys = [
                each["Key"]
                for page in pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key)
                for each in page.get("Contents", [])
            ]
        if not keys:
            raise Refused(f"The specified S3 prefix '{prefix.key}' does not exist")
        return [(S3Path(prefix.bucket, key), True) for key in keys]

    def _manifest(self, path: S3Path) -> list[tuple[S3Path, bool]]:
        try:
            manifest = json.loads(self.read(path).content)
            entries = [
                (S3Path.parse(entry["url"]), entry.get("mandatory", False))
                for entry in manifest["entries"]
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(
                f"Problem reading manifest file - {path}: {error!r}"
            ) from error
        except _Missing as missing:
            raise Refused(f"Problem reading manifest file - {missing}") from missing
        if any(key.key.endswith("/") or not key.key for key, _ in entries):
            raise Refused(
                "COPY with MANIFEST parameter requires full path of an Amazon S3 object"
            )
        return entries

    def _check(self, bucket: str) -> None:
        """Refuses a bucket of another region, as S3 does."""
        if bucket in self._checked:
            return
        with _faults_told():
            answer: Any = self._s3.get_bucket_location(Bucket=bucket)
        # The oldest region calls itself by no name
        if (answer["LocationConstraint"] or "us-east-1") != self._region:
            raise Refused(
                "S3ServiceException:The bucket you are attempting to access must be "
                "addressed using the specified endpoint. Please send all future "
                "requests to this endpoint.,Status 301,Error PermanentRedirect"
            )
        self._checked.add(bucket)


class _Missing(Refused):
    """There is no such object."""


@contextmanager
def _faults_told() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        answer: Any = error.response
        code = answer["Error"].get("Code", "")
        text = (
            f"S3ServiceException:{answer['Error'].get('Message', '')},Status "
            f"{answer['ResponseMetadata'].get('HTTPStatusCode')},Error {code}"
        )
        raise (_Missing if code in _MISSING else Refused)(text) from error
    except BotoCoreError as error:
        raise Refused(f"S3CurlException: {error}") from error
