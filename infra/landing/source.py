"""Where the raw files come from: a folder, or a prefix on S3."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.console import Bar
from infra.errors import LandingError
from infra.landing import folder, s3, s3_cache, s3_start
from infra.landing.files import LandedFile, Listing
from infra.loading.ledger import Ledger
from infra.project import Project

TRUTH = "truth.json"
CACHE = "s3"  # below the project's notes: copies of S3 objects on this machine


class Source:
    """The landing of a project, listed and brought to this machine."""

    def __init__(
        self, project: Project, landing: Path | s3.Bucket | None = None
    ) -> None:
        self._project = project
        self._landing = landing or project.settings.landing
        self._seen: list[LandedFile] = []

    @property
    def told(self) -> str:
        """The landing as people name it."""
        return str(self._landing)

    @cached_property
    def sample(self) -> str | None:
        """What identifies a simulated sample that lies there; None for other files."""
        landing = self._landing
        if isinstance(landing, s3.Bucket) or not (landing / TRUTH).is_file():
            return None
        from infra.landing import simulator  # noqa: PLC0415 - slow, seldom needed

        if not simulator.is_simulated(landing):
            return None
        return hashlib.sha256((landing / TRUTH).read_bytes()).hexdigest()

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - boto3 makes its clients' types at run time
        return s3.connect()

    def listed(self, name: str) -> Listing:
        """All raw files of one kind."""
        if isinstance(self._landing, s3.Bucket):
            listing = s3.listed(self._client, self._landing, name)
            self._seen.extend(listing.files)
            return listing
        return folder.listed(self._landing, name)

    def is_empty(self, name: str) -> LandingError:
        """The error of a landing without files of a kind: never what was meant."""
        if isinstance(self._landing, s3.Bucket):
            return LandingError(s3.nothing_below(self._landing, name))
        return LandingError(
            f"There are no .json files under {self._landing / name}. Put the raw "
            "files there, set `landing` in invoke.yaml, or run `invoke generate`."
        )

    def sorted_by_etag(
        self, files: Sequence[LandedFile], ledger: Ledger
    ) -> tuple[list[LandedFile], list[LandedFile]]:
        """The files that their listing shows to be known, and those to be looked at."""
        known: list[LandedFile] = []
        unknown: list[LandedFile] = []
        for file in files:
            is_known = file.etag is not None and any(
                version.etag == file.etag for version in ledger.known(file.uri)
            )
            (known if is_known else unknown).append(file)
        return known, unknown

    def fetched(self, files: Sequence[LandedFile], bar: Bar) -> Sequence[LandedFile]:
        """The files with their bytes on this machine."""
        if not isinstance(self._landing, s3.Bucket) or not files:
            return files
        return s3_cache.fetch(self._client, self._landing, files, self._cache, bar)

    def start_of(self, file: LandedFile) -> bytes:
        """The first bytes of an object, which stays where it is."""
        if not isinstance(self._landing, s3.Bucket):
            raise TypeError("only objects are looked into")
        return s3_start.fetch(self._client, self._landing, file)

    @property
    def base(self) -> str:
        """What stands in front of a uri where the file is read in its place."""
        return f"{self._landing}/"

    def tidy(self) -> None:
        """Drops copies of objects that are listed no more."""
        if isinstance(self._landing, s3.Bucket):
            s3_cache.prune(self._cache, self._seen)

    def close(self) -> None:
        """Ends the connections to S3, if there are any."""
        if "_client" in self.__dict__:
            self._client.close()

    @property
    def _cache(self) -> Path:
        return self._project.notes / CACHE
