"""`invoke down` on this machine: removes what `up` and `load` made, nothing else."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from infra import profile as profiles
from infra.console import agreed, say
from infra.errors import SparkifyError, WarehouseBusy
from infra.landing import simulator
from infra.landing.s3 import Bucket
from infra.landing.source import CACHE
from infra.loading import holder
from infra.made import Made, digest
from infra.project import Project
from infra.warehouse import reader, relations, writer

REHEARSAL = "rehearsal"  # what earlier rehearsals left in the notes
TEST_FAILURES = "_dbt_test__audit"  # where `dbt test --store-failures` writes


@dataclass(frozen=True)
class Removal:
    """What `down` would remove, and what it leaves with the reason."""

    remove: list[Path]
    leave: list[str]


def plan(project: Project) -> Removal:
    """Finds what `up` and `load` made. Reads only."""
    made = Made.read(project.root)
    removal = Removal([], [])
    _plan_warehouse(project, made, removal)
    _plan_landing(project, made, removal)
    path = project.root / profiles.FILE
    if path.exists():
        if profiles.written(project.root)[1]:
            removal.leave.append(
                f"{profiles.FILE}: it leads to the cluster on AWS, which `invoke down "
                f"--target {profiles.REDSHIFT}` takes down"
            )
        elif digest(path.read_bytes()) == made.profile:
            removal.remove.append(path)
        else:
            removal.leave.append(f"{profiles.FILE}: edited since `up` wrote it")
    return removal


def _plan_warehouse(project: Project, made: Made, removal: Removal) -> None:
    try:
        path = project.profile.path
    except SparkifyError as error:
        removal.leave.append(f"the warehouse: {error}")
        return
    if not path.exists():
        return
    shown = project.shown(path)
    if made.warehouse != str(path):
        removal.leave.append(f"{shown}: it was there before `up`")
        return
    try:
        with writer(project.profile):
            pass  # who holds the file must not lose it: this refuses when somebody does
        strangers = _strangers(project)
    except WarehouseBusy:
        raise
    except SparkifyError as error:
        removal.leave.append(f"{shown}: {error}")
        return
    if strangers:
        removal.leave.append(f"{shown}: it also holds {', '.join(strangers)}")
        return
    removal.remove.append(path)


def _strangers(project: Project) -> list[str]:
    """Relations of the file that neither the loader nor dbt makes, by schema.name."""
    star = project.profile.schema
    built = {path.stem for path in (project.root / "models").glob("**/*.sql")}
    built |= {path.stem for path in (project.root / "seeds").glob("*.csv")}
    loaded = [*project.raw_tables, *project.ledger_tables.values()]
    raw = {table.relation for table in loaded}
    with reader(project.profile) as connection:
        found = relations(connection)
    return [
        f"{schema}.{name}"
        for schema, name in found
        if f"{schema}.{name}" not in raw
        and not (schema.startswith(star) and name in built)
        and schema != f"{star}{TEST_FAILURES}"
    ]


def _plan_landing(project: Project, made: Made, removal: Removal) -> None:
    landing = project.settings.landing
    if isinstance(landing, Bucket) or not landing.exists():
        return  # what lies on S3 is never ours
    shown = project.shown(landing)
    if landing.is_symlink():
        removal.leave.append(f"{shown}: a link, and what it leads to")
    elif made.landing != str(landing) or not simulator.is_simulated(landing):
        removal.leave.append(f"{shown}: raw files that `up` did not make")
    elif not simulator.is_unchanged(landing):
        removal.leave.append(f"{shown}: its files were changed since `up` made them")
    else:
        removal.remove.append(landing)


def remove(project: Project, removal: Removal) -> None:
    """Removes what the plan names; then the notes, unless something of it stays."""
    for path in removal.remove:
        if path == project.settings.landing:
            simulator.remove(path)
        else:
            path.unlink(missing_ok=True)
            path.with_name(path.name + ".wal").unlink(missing_ok=True)
            holder.discard(path)
        _remove_empty_parents(path, project.root)
    if removal.leave:
        return
    notes = project.notes
    for file in notes.glob("*.json*"):  # also the .partial of a killed run
        file.unlink()
    if (notes / CACHE).exists():
        shutil.rmtree(notes / CACHE)
    if (notes / REHEARSAL).exists():
        from infra.rehearsal import scratch  # noqa: PLC0415 - it knows who is at it

        scratch.discard(project.root)
    if notes.exists() and not any(notes.iterdir()):
        notes.rmdir()


def _remove_empty_parents(path: Path, root: Path) -> None:
    """Removes folders that stand empty between the project and what was in them."""
    for parent in path.parents:
        if not parent.is_relative_to(root) or parent == root or any(parent.iterdir()):
            return
        parent.rmdir()


def announce(project: Project, removal: Removal) -> None:
    """Prints what goes and what stays, with the reasons."""
    for path in removal.remove:
        say(f"  remove {project.shown(path)}")
    for reason in removal.leave:
        say(f"  leave  {reason}")


def carry_out(project: Project, removal: Removal, *, yes: bool) -> str:
    """Asks, removes, and says what was done."""
    if not removal.remove:
        return "nothing here was made by `up` or `load`"
    if not agreed("Remove?", yes=yes):
        return "nothing removed"
    remove(project, removal)
    count = len(removal.remove)
    return "removed 1 thing" if count == 1 else f"removed {count} things"
