"""`invoke check`: what this machine lacks for the main job, before it is missed."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

from infra.console import table
from infra.errors import SparkifyError, WarehouseMissing
from infra.landing.source import Source
from infra.profile import FILE as PROFILE
from infra.project import Project
from infra.warehouse import lock_holder

DISTRIBUTION = "sparkify-warehouse"
OLDEST_PYTHON = (3, 11)
SPARE_DISK_GB = 1.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy` is empty when it is well."""

    subject: str
    found: str
    remedy: str = ""


def findings(project: Project) -> list[Finding]:
    """Looks at everything; changes nothing."""
    return [
        *machine(),
        _profile(project),
        _landing(project),
        _disk(project),
        _lock(project),
    ]


def machine(extra: str = "") -> list[Finding]:
    """What any place needs: Python and the packages, an extra's with them."""
    return [_python(), *_packages(extra)]


def _python() -> Finding:
    version = sys.version_info
    well = version >= OLDEST_PYTHON
    return Finding(
        "Python",
        ".".join(str(part) for part in version[:3]),
        "" if well else "install Python 3.11 or newer and make .venv with it",
    )


def _packages(extra: str) -> Iterator[Finding]:
    """Every package of the job, in one line unless something is wrong with it."""
    what = f'".[{extra}]"' if extra else "."
    install = f"pip install -e {what} -c constraints.txt"
    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Finding("packages", f"{DISTRIBUTION} is not installed", install)
        return
    well = 0
    for requirement in map(Requirement, required):
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Finding(requirement.name, "not installed", install)
            continue
        if requirement.specifier.contains(version):
            well += 1
        else:
            yield Finding(
                requirement.name, f"{version}, not {requirement.specifier}", install
            )
    yield Finding("packages", f"{well} as required")


def _profile(project: Project) -> Finding:
    try:
        profile = project.profile
    except SparkifyError as error:
        return Finding(PROFILE, str(error), "invoke up")
    return Finding(PROFILE, f"target {profile.target}, {project.shown(profile.path)}")


def _landing(project: Project) -> Finding:
    try:
        with closing(Source(project)) as source:
            counts = {
                raw.landing: len(source.listed(raw.landing).files)
                for raw in project.raw_tables
            }
    except SparkifyError as error:
        return Finding("landing", str(error), "see there")
    found = ", ".join(f"{count:,} files in {name}" for name, count in counts.items())
    remedy = "" if all(counts.values()) else "put raw files there, or invoke generate"
    return Finding(
        "landing", f"{project.shown(project.settings.landing)}: {found}", remedy
    )


def _disk(project: Project) -> Finding:
    spare = shutil.disk_usage(project.root).free / 1e9
    remedy = "" if spare >= SPARE_DISK_GB else f"free at least {SPARE_DISK_GB:.0f} GB"
    return Finding("free disk", f"{spare:,.1f} GB", remedy)


def _lock(project: Project) -> Finding:
    try:
        if not project.profile.path.exists():
            return Finding("warehouse", "none yet")
        holder = lock_holder(project.profile)
    except WarehouseMissing:
        return Finding("warehouse", "none yet")
    except SparkifyError as error:
        return Finding("warehouse", str(error), "see there")
    return Finding("warehouse", holder or "free to write", "wait" if holder else "")


def report(found: list[Finding]) -> int:
    """Prints the findings and returns their number; raises when one needs a remedy."""
    lacking = [each for each in found if each.remedy]
    columns = 3 if lacking else 2
    table(
        ("looked at", "found", "to do")[:columns],
        [(each.subject, each.found, each.remedy)[:columns] for each in found],
    )
    if lacking:
        raise SparkifyError(
            f"{len(lacking)} of {len(found)} need attention, see the last column."
        )
    return len(found)
