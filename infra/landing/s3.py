"""Raw files in an S3 bucket: where they lie, and which there are.

boto3 is an extra and takes a while to import, so only functions import it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from infra.errors import ConfigurationError
from infra.landing import s3_faults
from infra.landing.files import LandedFile, Listing, RefusedFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

THREADS = 16
_SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SUFFIXES = (".json", ".json.gz")
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")


@dataclass(frozen=True)
class Bucket:
    """A bucket and the prefix, without slashes around it, that raw files lie below."""

    name: str
    prefix: str

    def __str__(self) -> str:
        return self.url

    @property
    def url(self) -> str:
        """The address as a person writes it."""
        return f"{_SCHEME}{self.name}/{self.prefix}".rstrip("/")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `s3://bucket/prefix`; a ValueError says what it must be."""
        name, _, prefix = text.removeprefix(_SCHEME).partition("/")
        if not text.startswith(_SCHEME) or not _BUCKET.fullmatch(name):
            raise ValueError(
                "s3://BUCKET or s3://BUCKET/PREFIX; BUCKET has 3 to 63 lower-case "
                "letters, digits, . and -, and starts and ends with none of . and -"
            )
        return cls(name, prefix.strip("/"))

    def below(self, folder: str) -> str:
        """What the keys in a folder start with: `prefix/folder/`."""
        return f"{self.prefix}/{folder}/".lstrip("/")

    def uri(self, key: str) -> str:
        """The whole address of an object."""
        return f"{_SCHEME}{self.name}/{key}"

    def key(self, uri: str) -> str:
        """The key of an object of this bucket."""
        return uri.removeprefix(self.uri(""))


def connect() -> S3Client:
    """A client for S3 by boto3's own rules: its chain of credentials, its variables.

    `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_S3` lead to other stores than Amazon's.
    Without any credentials the requests are unsigned, which public buckets allow.
    Credentials that there are, are used: when S3 refuses them the load fails and says
    whom it refused. It does not go on anonymously: what can be read would then depend
    on whether a login has expired. A bucket in another region is found by itself:
    botocore follows S3's redirect. Threads may share the client; close it in the end.
    """
    try:
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise ConfigurationError(
            'Reading from S3 needs boto3: pip install -e ".[redshift]" '
            "-c constraints.txt."
        ) from error
    try:
        session = boto3.Session()
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()  # a login that has expired says so
        return session.client(
            "s3",
            config=Config(
                signature_version=UNSIGNED if credentials is None else None,
                retries={"mode": "standard", "total_max_attempts": 3},
                connect_timeout=5,
                read_timeout=20,
                max_pool_connections=THREADS,
            ),
        )
    except (BotoCoreError, ClientError, ValueError) as error:
        raise s3_faults.unusable(error) from error


def listed(client: S3Client, bucket: Bucket, folder: str) -> Listing:
    """Lists the `.json` and `.json.gz` objects below `prefix/folder/`, by uri.

    Keys with a part that starts with `.` or `_` are left alone. `etag` and `stamp` are
    S3's ETag, without quotes, and the size: `d41d8…-0`. The ETag is an MD5 of the
    content only where S3 says so; elsewhere it still changes when the content does.
    Nothing below the prefix is an empty listing: see `nothing_below`.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    below = bucket.below(folder)
    request = s3_faults.Request(client, "s3:ListBucket", bucket.name, bucket.uri(below))
    files: list[LandedFile] = []
    refused: list[RefusedFile] = []
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket.name, Prefix=below, OptionalObjectAttributes=["RestoreStatus"]
    )
    try:
        for page in pages:
            for found in page.get("Contents", ()):
                if not _is_raw(found["Key"].removeprefix(below)):
                    continue
                uri = bucket.uri(found["Key"])
                if _is_archived(found):
                    refused.append(_archived(uri))
                else:
                    files.append(_landed(uri, found))
    except (BotoCoreError, ClientError) as error:
        raise s3_faults.told(error, request) from error
    except RecursionError:  # how botocore follows redirects that lead to redirects
        raise s3_faults.led_in_circles(request) from None
    return Listing(sorted(files), sorted(refused))


def nothing_below(bucket: Bucket, folder: str) -> str:
    """The sentence for an empty listing."""
    below = bucket.uri(bucket.below(folder))
    return (
        f"There are no .json or .json.gz objects below {below}. Put the raw files "
        "there, or correct `landing` in invoke.yaml."
    )


def _is_raw(name: str) -> bool:
    """Whether a key, below its folder, is a raw file's; those of folders end in `/`."""
    hidden = any(part.startswith((".", "_")) for part in name.split("/"))
    return name.lower().endswith(_SUFFIXES) and not hidden


def _is_archived(found: ObjectTypeDef) -> bool:
    """Whether reading fails; a copy restored for some days has an end of them."""
    restored = "RestoreExpiryDate" in found.get("RestoreStatus", {})
    return found.get("StorageClass") in _ARCHIVES and not restored


def _archived(uri: str) -> RefusedFile:
    return RefusedFile(
        uri,
        "archived",
        f"{uri} is archived in Glacier; restore it in S3 and run the load again.",
    )


def _landed(uri: str, found: ObjectTypeDef) -> LandedFile:
    etag = "{}-{}".format(found["ETag"].strip('"'), found["Size"])
    return LandedFile(
        uri=uri,
        size=found["Size"],
        modified_at=found["LastModified"].timestamp(),
        stamp=etag,
        etag=etag,
    )
