"""What a listing of raw files says, wherever they lie."""

from pathlib import Path
from typing import NamedTuple


class LandedFile(NamedTuple):
    """A raw file as it was listed.

    `uri` is the name the ledger knows it by: the path below a landing folder, or the
    whole `s3://` address. `etag` identifies the content where the listing tells it
    (S3); of a file on this machine only reading tells. `stamp` changes whenever the
    content may have changed. `path` is where the copy of an S3 object is, None until it
    is fetched. `modified_at` is in seconds since 1970-01-01 UTC.
    """

    uri: str
    size: int
    modified_at: float
    stamp: str
    etag: str | None = None
    path: Path | None = None


class RefusedFile(NamedTuple):
    """A raw file that cannot be read at all; `reason` is one word of the ledger's.

    `etag` is the content that was refused, where it shows without reading the file.
    """

    uri: str
    reason: str
    message: str
    etag: str | None = None

    @property
    def known_as(self) -> str:
        """What the ledger remembers it by: the same again is nothing new."""
        return self.etag or self.reason


class Listing(NamedTuple):
    """All raw files of one kind, in the order of their uris."""

    files: list[LandedFile]
    refused: list[RefusedFile]
