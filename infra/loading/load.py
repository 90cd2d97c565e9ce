"""`invoke load`: raw files into the raw tables, each version of each file once.

    list → identify → decide → stage → check → record → commit

Every raw table is listed, and every file identified, before anything is touched. Then
one transaction changes the raw tables and the ledger together; a kill at any moment
leaves the old state or the new one.
"""

import contextlib
import gc
from collections.abc import Iterator
from contextlib import closing

from infra.console import Bar
from infra.engines import loading
from infra.landing.source import Source
from infra.loading.intake import Intake, Place
from infra.loading.ledger import Ledger
from infra.loading.options import Options
from infra.loading.run import STEPS, Job, Loaded, Run
from infra.loading.target import Reached, Target, decided, silent
from infra.project import Project

__all__ = ["STEPS", "Loaded", "load", "plan"]


def plan(project: Project, options: Options, progress: Bar) -> list[Target]:
    """Says what a load would do about each file, and changes nothing."""
    engine = loading(project)
    ledgers = {table: Ledger({}, {}) for table in project.raw_tables}
    if not options.full_refresh:
        ledgers = engine.ledgers()
    with closing(Source(project, engine.landing)) as source:
        return [
            decided(
                source,
                Intake(Place(project.root, source.base), table, ledger),
                options,
                progress,
            )
            for table, ledger in ledgers.items()
        ]


def load(
    project: Project,
    progress: Bar,
    options: Options | None = None,
    reached: Reached = silent,
) -> Loaded:
    """Brings the raw tables up to what the landing holds now.

    Raises LoadError when more is rejected than is tolerated: the raw tables are then
    as they were, and the ledger knows the rejects. The same files again are nothing.
    """
    engine = loading(project)
    with (
        _without_collector(),
        closing(Source(project, engine.landing)) as source,
        engine.opened() as warehouse,
    ):
        job = Job(project, source, options or Options(), progress)
        loaded = Run(warehouse, job).noted(reached)
    source.tidy()
    return loaded


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Pauses Python's search for reference cycles.

    A load makes none, but half a million small objects; looking through them over and
    over takes a quarter of its time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
