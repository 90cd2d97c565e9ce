"""The project a task works on: where it is, how it is set, what it connects to."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra import profile, settings
from infra.errors import ConfigurationError
from infra.landing.s3 import Bucket
from infra.loading.raw_schema import RawTable, Table, ledger_tables, raw_tables
from infra.profile import Profile
from infra.settings import Settings
from infra.steps import FOLDER


@dataclass(frozen=True)
class Project:
    """A checkout of this project."""

    root: Path

    @cached_property
    def settings(self) -> Settings:
        """The validated settings."""
        return settings.load(self.root)

    @cached_property
    def profile(self) -> Profile:
        """The connection that dbt uses."""
        return profile.read(self.root)

    @property
    def raw_tables(self) -> tuple[RawTable, ...]:
        """The raw tables as `_sources.yml` defines them."""
        return raw_tables(self.root)

    @property
    def ledger_tables(self) -> dict[str, Table]:
        """The tables of the ledger as `_ledger.yml` defines them, by name."""
        return ledger_tables(self.root)

    @property
    def notes(self) -> Path:
        """Where tasks keep notes on this machine."""
        return self.root / FOLDER

    @property
    def landing_folder(self) -> Path:
        """The landing as a folder on this machine; an error where it is on S3."""
        landing = self.settings.landing
        if isinstance(landing, Bucket):
            raise ConfigurationError(
                f"The setting landing is {landing}; this needs a folder here."
            )
        return landing

    def shown(self, path: Path | Bucket) -> str:
        """A path as people type it: relative to the project where it lies inside."""
        if isinstance(path, Path) and path.is_relative_to(self.root):
            return str(path.relative_to(self.root))
        return str(path)
