"""The beginning of an object that is too large to be worth downloading."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from infra.landing.s3_faults import Request, told

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from infra.landing.files import LandedFile
    from infra.landing.s3 import Bucket

BYTES = 64 * 1024


def fetch(client: S3Client, bucket: Bucket, file: LandedFile) -> bytes:
    """The object's first BYTES, or all of it; it must still be the one listed.

    Raises a LandingError where S3 refuses, or the object was changed or deleted.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    etag, _, _ = (file.etag or "").rpartition("-")
    try:
        answer = client.get_object(
            Bucket=bucket.name,
            Key=bucket.key(file.uri),
            IfMatch=f'"{etag}"',
            Range=f"bytes=0-{BYTES - 1}",
        )
        with closing(answer["Body"]) as body:
            return body.read()
    except (BotoCoreError, ClientError) as error:
        request = Request(client, "s3:GetObject", bucket.name, file.uri)
        raise told(error, request) from error
