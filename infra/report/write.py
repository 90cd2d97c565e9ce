"""`invoke report`: asks, draws, and writes the page; the pictures too if wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from infra import atomic, steps
from infra import profile as profiles
from infra.errors import ConfigurationError
from infra.landing import simulator
from infra.report import answers as questions
from infra.report import drawing, page
from infra.report.drawing import titled
from infra.report.wording import counted

if TYPE_CHECKING:
    from infra.console import Bar
    from infra.project import Project
    from infra.report.answers import Answers
    from infra.report.figure import Figure, Section

PAGE = Path("target/report.html")
Drawn = TypeVar("Drawn", str, bytes)
_NEEDED = ("altair", "vl_convert")


def write(project: Project, pictures: str, bar: Bar) -> tuple[Path, str]:
    """Writes the page, and into the folder `pictures` a PNG of each chart.

    Returns the page's path and what was written. Files of an earlier run are replaced.
    """
    _refuse_missing_libraries()
    folder, target = _folder(pictures), _target(project)
    with drawing.studio() as studio:
        found = questions.ask(project, bar)
        sections: list[Section] = []
        svgs: dict[str, Future[str]] = {}
        for section in told(found, steps.read(project.root)):
            sections.append(section)  # drawn while the next one is made
            svgs |= {f.name: studio.svg(f.chart) for f in section.figures if f.chart}
        when = page.period(found["headline"][0])
        pngs = {
            each.name: studio.png(titled(each.chart, each.finding, each.unit, when))
            for each in figures(sections)
            if each.chart and folder
        }
        drawn = _finished(svgs, bar, "drawing")
        origin = page.Origin(target, datetime.now(UTC), _is_simulated(project))
        text = page.rendered(found, sections, drawn, origin)
        atomic.write(project.root / PAGE, text.encode())
        said = f"wrote {PAGE}: {counted(len(drawn), 'chart')}, {_megabytes(text)}"
        if folder is None:
            return project.root / PAGE, said
        for name, picture in _finished(pngs, bar, "drawing pictures").items():
            atomic.write(folder / f"{name}.png", picture)
    also = f"{counted(len(pngs), 'picture')} in {project.shown(folder)}"
    return project.root / PAGE, f"{said}, {also}"


def _finished(
    drawings: dict[str, Future[Drawn]], bar: Bar, label: str
) -> dict[str, Drawn]:
    return {name: drawings[name].result() for name in bar.track([*drawings], label)}


def _megabytes(text: str) -> str:
    return f"{len(text.encode()) / 1e6:.2f} MB"


def told(found: Answers, done: Sequence[steps.Step]) -> Iterator[Section]:
    """Makes the sections of the page, in order.

    Altair would check each part of a chart against Vega-Lite's schema as it is made,
    half of the time this takes; tests check the charts as a whole.
    """
    from altair.utils.schemapi import debug_mode  # noqa: PLC0415 - slow to import

    from infra.report import (  # noqa: PLC0415 - Altair takes a second to import
        catalogue,
        health,
        listening,
        people,
        places,
    )

    with debug_mode(False):
        yield listening.section(found)
        yield catalogue.section(found)
        yield people.section(found)
        yield places.section(found)
        yield health.section(found, done)


def figures(sections: Sequence[Section]) -> list[Figure]:
    """All figures, in order."""
    return [figure for section in sections for figure in section.figures]


def _refuse_missing_libraries() -> None:
    if lacking := [name for name in _NEEDED if find_spec(name) is None]:
        raise ConfigurationError(
            f"The report is drawn with {' and '.join(lacking)}, which this Python "
            "lacks; run `pip install -e . -c constraints.txt`."
        )


def _folder(pictures: str) -> Path | None:
    """The folder for pictures, made if it is not there; None when none are wanted."""
    if not pictures:
        return None
    folder = Path(pictures).expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigurationError(
            f"--png {pictures}: that is a file; name a folder, there or to be made."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"--png {pictures}: the folder cannot be made ({error.strerror})."
        ) from None
    return folder


def _is_simulated(project: Project) -> bool:
    """Whether the raw files here are a sample of the simulator."""
    landing = project.settings.landing
    is_local = profiles.default_redshift(project.root) is None
    return is_local and isinstance(landing, Path) and simulator.is_simulated(landing)


def _target(project: Project) -> str:
    cluster = profiles.default_redshift(project.root)
    if cluster is None:
        return f"{project.profile.target} ({project.profile.type})"
    return f"{profiles.REDSHIFT} ({cluster.cluster})"
