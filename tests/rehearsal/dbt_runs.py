"""dbt in both checkouts of a lab, as an executable of its own, and what it built."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from parity import Rows, Warehouse
from two_engines import DUCKDB, ENGINES, REDSHIFT, REPOSITORY, Lab

from infra.project import Project
from infra.warehouse import reader

PARTS = ("dbt_project.yml", "models", "macros", "seeds", "analyses", "tests/data")
BUILD = ("build", "--exclude-resource-type", "unit_test")  # as `invoke build` does
RUN = ("build", "--exclude-resource-type", "test", "unit_test")  # seeds, models


def run_both(lab: Lab, words: Mapping[str, Sequence[str]]) -> None:
    """Runs dbt on both engines at once, with the words for each; both succeed."""
    running = {engine: start(lab, engine, *words[engine]) for engine in ENGINES}
    for engine, process in running.items():
        told, _ = process.communicate()
        assert process.returncode == 0, f"{engine}: {told[-6000:]}"


def start(lab: Lab, engine: str, *words: str) -> subprocess.Popen[str]:
    """Starts dbt in an engine's checkout, which gets the models if it lacks them.

    The machine's zone has summer time: nothing may depend on it.
    """
    root = lab.projects[engine].root
    if not (root / "dbt_project.yml").exists():
        copy_models(root)
    return subprocess.Popen(
        [Path(sysconfig.get_path("scripts")) / "dbt", "--no-use-colors", *words],
        cwd=root,
        env=os.environ | lab.environment() | {"TZ": "America/New_York"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def copy_models(root: Path) -> None:
    """Copies all of the project that dbt reads, except what a checkout has already."""
    for part in PARTS:
        source, copy = REPOSITORY / part, root / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, dirs_exist_ok=True)
        elif source.exists():
            shutil.copyfile(source, copy)


@contextmanager
def warehouses(lab: Lab) -> Iterator[tuple[Warehouse, Warehouse]]:
    """What dbt built on DuckDB and on Redshift, open to be asked."""
    local, cluster = (lab.projects[engine].root for engine in (DUCKDB, REDSHIFT))
    with (
        reader(Project(local).profile) as duckdb,
        closing(lab.standin.connected(database=lab.name)) as connection,
        connection.cursor() as cursor,
    ):
        yield (
            Warehouse.of(local, lambda query: answered(duckdb.execute(query))),
            Warehouse.of(cluster, lambda query: answered(cursor.execute(query))),
        )


def answered(answer: Any) -> Rows:  # noqa: ANN401 - either driver's
    """What a query answered."""
    columns = [
        name.decode() if isinstance(name, bytes) else str(name)
        for name, *_ in answer.description
    ]
    return Rows(columns, [tuple(row) for row in answer.fetchall()])
