"""The project a task works on: where it is, how it is set, what it connects to."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra import profile, settings
from infra.loading.raw_schema import RawTable, raw_tables
from infra.profile import Profile
from infra.settings import Settings


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

    def shown(self, path: Path) -> str:
        """A path as people type it: relative to the project where it lies inside."""
        return str(
            path.relative_to(self.root) if path.is_relative_to(self.root) else path
        )
