"""Which engine a task works on: the one of the default target of profiles.yml."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infra import profile as profiles
from infra.landing.s3 import Bucket
from infra.loading import duckdb_session
from infra.loading.ledger import Ledger
from infra.loading.raw_schema import RawTable

if TYPE_CHECKING:
    from infra.loading.engine import Engine
    from infra.profile import Redshift
    from infra.project import Project


class Loading(NamedTuple):
    """What `load` needs of an engine: where it reads from, and how it is opened."""

    project: Project
    landing: Path | Bucket
    redshift: Redshift | None = None

    def opened(self) -> AbstractContextManager[Engine]:
        """The warehouse with its lock held."""
        if self.redshift is None:
            return duckdb_session.opened(self.project)
        from infra import redshift  # noqa: PLC0415 - its driver is an extra
        from infra.loading import redshift_session  # noqa: PLC0415 - as above

        stage = redshift.stage(self.redshift)
        return redshift_session.opened(self.project, self.redshift, stage)

    def ledgers(self) -> dict[RawTable, Ledger]:
        """What the ledger knows, read without a lock."""
        if self.redshift is None:
            return duckdb_session.ledgers(self.project)
        from infra.loading import redshift_session  # noqa: PLC0415 - as above

        return redshift_session.ledgers(self.project, self.redshift)


def loading(project: Project) -> Loading:
    """The engine of the default target. Redshift reads what its role may read."""
    redshift = profiles.default_redshift(project.root)
    if redshift is None:
        return Loading(project, project.settings.landing)
    return Loading(project, project.settings.copy_from, redshift)
