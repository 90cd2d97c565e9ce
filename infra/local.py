"""The warehouse on this machine, as `invoke up` makes it."""

from dataclasses import dataclass

from infra import profile as profiles
from infra import sample
from infra.console import Bar, say, warn
from infra.errors import ConfigurationError
from infra.landing import folder
from infra.landing.s3 import Bucket
from infra.loading import duckdb_engine
from infra.made import Made, digest
from infra.project import Project
from infra.warehouse import writer


@dataclass(frozen=True)
class Readied:
    """A thing the warehouse needs, and whether `up` made it now or found it."""

    what: str
    made: bool


def up(project: Project, progress: Bar) -> list[Readied]:
    """Makes what is missing: profiles.yml, the warehouse file, raw files to load.

    A second run makes nothing. What a person made or edited is left as it is.
    """
    return [
        Readied(profiles.FILE, ensure_profile(project, profiles.LOCAL)),
        _ensure_warehouse(project),
        _ensure_landing(project, progress),
    ]


def refuse_options(**given: bool) -> None:
    """Raises for an option that has a meaning on AWS only, as `--plan`."""
    for name, value in given.items():
        if value:
            option = name.replace("_", "-")
            raise ConfigurationError(
                f"--{option} is for the warehouse on AWS; add --target "
                f"{profiles.REDSHIFT}, or leave it out."
            )


def announce(readied: list[Readied]) -> str:
    """Prints a line for each thing and returns how many were made."""
    for each in readied:
        say(f"  {'made ' if each.made else 'found'} {each.what}")
    made = sum(each.made for each in readied)
    return f"made {made}, found {len(readied) - made}"


def ensure_profile(project: Project, target: str = "") -> bool:
    """Writes profiles.yml unless a person's own is there; says whether it wrote.

    The default target stays what it is, unless one is given.
    """
    present, redshift = profiles.written(project.root)
    return write_profile(project, redshift, target or present)


def write_profile(
    project: Project, redshift: profiles.Redshift | None, target: str
) -> bool:
    """Writes profiles.yml with this cluster and default target, as above."""
    made = Made.read(project.root)
    path = project.root / profiles.FILE
    text = profiles.text_for(project.root, project.settings.warehouse, redshift, target)
    if path.exists():
        present = path.read_bytes()
        if present == text.encode():
            return False
        if digest(present) != made.profile:
            _warn_of_an_edit(project, redshift, target)
            return False
    path.write_text(text, encoding="utf-8")
    made.noting(project.root, profile=digest(text.encode()))
    return True


def _warn_of_an_edit(
    project: Project, redshift: profiles.Redshift | None, target: str
) -> None:
    """Says what profiles.yml, which a person edited, lacks of what it should hold."""
    present = profiles.written(project.root)
    left = f"{profiles.FILE} was edited, so it is left as it is"
    lacking = [] if target == present[0] else [f"`target: {target}` in it"]
    if redshift and redshift != present[1]:
        lacking.append(f"this below `outputs`:\n{redshift.text()}")
    if lacking:
        warn(f"{left}; put {' and '.join(lacking)}")
    if present[1] and not redshift:
        warn(f"{left}; its output {profiles.REDSHIFT} leads nowhere now.")
    if target == profiles.LOCAL and present[0] == target:
        _warn_of_another_warehouse(project)


def _warn_of_another_warehouse(project: Project) -> None:
    profile = project.profile
    if profile.path != project.settings.warehouse:
        warn(
            f"{profiles.FILE} was edited and names {project.shown(profile.path)}, the "
            f"setting names {project.shown(project.settings.warehouse)}; "
            f"{profiles.FILE} counts."
        )


def _ensure_warehouse(project: Project) -> Readied:
    profile = project.profile
    absent = not profile.path.exists()
    tables = [*project.raw_tables, *project.ledger_tables.values()]
    with writer(profile) as connection:
        duckdb_engine.create_tables(connection, tables)
    if absent:
        Made.read(project.root).noting(project.root, warehouse=str(profile.path))
    return Readied(project.shown(profile.path), absent)


def _ensure_landing(project: Project, progress: Bar) -> Readied:
    landing = project.settings.landing
    shown = project.shown(landing)
    if isinstance(landing, Bucket):
        return Readied(f"raw files: `load` lists {shown}", made=False)
    counts = count_files(project)
    if any(counts.values()):
        found = ", ".join(f"{count:,} in {name}" for name, count in counts.items())
        if not all(counts.values()):
            warn("`load` needs both, songs and events.")
        return Readied(f"raw files in {shown}: {found}", made=False)
    told = sample.simulate(
        landing, sample.plan(project.settings), progress, replace=False
    )
    Made.read(project.root).noting(project.root, landing=str(landing))
    return Readied(f"{shown}, simulated: {told}", True)


def count_files(project: Project) -> dict[str, int]:
    """Raw files by landing folder; 0 where there are none, nothing for S3."""
    landing = project.settings.landing
    if isinstance(landing, Bucket):
        return {}
    return {
        table.landing: len(folder.listed(landing, table.landing).files)
        for table in project.raw_tables
    }
