"""Questions to the warehouse of the default target, whichever engine it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from infra import profile as profiles
from infra.errors import WarehouseMissing
from infra.warehouse import reader

if TYPE_CHECKING:
    from infra.project import Project


class Answer(Protocol):
    """What a statement answers."""

    @property
    def description(self) -> Any:  # noqa: ANN401 - as each driver has it
        """A tuple for each column, its name first."""

    def fetchall(self) -> Any:  # noqa: ANN401 - rows, as tuples or lists
        """All rows."""

    def fetchone(self) -> Any:  # noqa: ANN401 - as above
        """The first row, or None."""


class Asking(Protocol):
    """Something that answers SQL and changes nothing; bare table names work."""

    def execute(self, statement: str, given: Sequence[Any] = (), /) -> Answer:
        """Runs a statement that both engines take; `?` stands for each value given."""


@contextmanager
def asking(project: Project, missing: str) -> Iterator[Asking]:
    """The warehouse, to be asked; `missing` is said where a table is not there yet."""
    cluster = profiles.default_redshift(project.root)
    if cluster is None:
        with reader(project.profile) as connection:
            try:
                yield connection
            except duckdb.CatalogException as error:
                raise WarehouseMissing(missing) from error
        return
    from infra import redshift_reader  # noqa: PLC0415 - its driver is an extra

    with redshift_reader.reader(cluster) as asked:
        try:
            yield asked
        except redshift_reader.RelationMissingError as error:
            raise WarehouseMissing(missing) from error
