"""`invoke rehearse`: the whole way to Redshift and back, without AWS.

The tasks are those of the project, typed as a person types them, each a process of its
own in the scratch copy. What differs is where their requests go.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from infra import sample
from infra.console import Bar, bar, say
from infra.errors import ConfigurationError
from infra.landing import simulator
from infra.landing.source import TRUTH
from infra.project import Project
from infra.rehearsal import children, handout, postgres, scratch
from infra.rehearsal.rehearsal import Rehearsal
from infra.rehearsal.steps import RehearsalFailed, Steps, report_counts

# What the extra brings and the rest of the project can do without
NEEDED = (
    *("boto3", "cryptography", "dbt.adapters.redshift", "moto", "redshift_connector"),
    *("sqlglot", "werkzeug"),
)
FILES = "raw files"
TARGET = ("--target", "redshift")
THERE: tuple[tuple[str, ...], ...] = (
    ("check", *TARGET),
    ("up", *TARGET, "--yes"),
    ("load",),
    ("build",),
    ("verify",),
    ("docs",),
    ("status",),
)
STANDSTILL = (("pause",), ("resume",), ("load",))
BACK = (("down", "--yes", "--purge", "--no-final-snapshot"), ("leftovers",))


def rehearse(project: Project, landing: str, *, keep: bool) -> str:
    """Goes all the way, and shows it; returns what came of it.

    Raises RehearsalFailed for the first step that fails; nothing is left running then.
    """
    refuse_missing()
    raw = _folder(landing) if landing else None
    steps = Steps(1 + len(THERE) + len(STANDSTILL) + len(BACK))
    with scratch.taken(project.root) as place, Rehearsal(place) as running:
        try:
            counts = _rehearsed(running, steps, raw, keep=keep)
        finally:
            steps.report()
    report_counts(counts)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return f"{len(steps.done)} steps: {told}"


def refuse_missing() -> None:
    """Raises where the extra, or PostgreSQL, is not there."""
    if missing := [name for name in NEEDED if not _is_there(name)]:
        raise ConfigurationError(
            f"A rehearsal needs its stand-ins ({missing[0]} is not installed): "
            f"{postgres.INSTALL}."
        )
    postgres.binaries()


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it would be in
        return False


def _folder(landing: str) -> Path:
    folder = Path(landing).expanduser().resolve()
    if not folder.is_dir():
        raise ConfigurationError(f"--landing {landing}: must be a folder here.")
    return folder


def _rehearsed(
    running: Rehearsal, steps: Steps, raw: Path | None, *, keep: bool
) -> dict[str, int]:
    with steps.step(FILES), bar("simulating") as progress:
        landing = raw or _simulated(running, progress)
        count = running.put(landing, progress)
        say(f"  {count:,} raw files are in {running.settings.copy_from}")
    before = running.things()
    for words in THERE:
        _invoke(running, steps, words)
    counts = running.counts()
    _refuse_untrue(counts, landing)
    for words in STANDSTILL:
        _invoke(running, steps, words)
    _refuse_forgetful(running, counts)
    if keep:
        handout.hand_out(running)
        _wait()
    for words in BACK:
        _invoke(running, steps, words)
    if left := sorted(running.things() - before):
        raise RehearsalFailed(
            f"`invoke down` has left {len(left)} things that it does not know of: "
            f"{', '.join(left)}."
        )
    return counts


def _simulated(running: Rehearsal, progress: Bar) -> Path:
    landing = running.scratch.folder / "landing"
    shutil.rmtree(landing, ignore_errors=True)
    plan = sample.plan(running.settings)
    say(f"  simulated: {sample.simulate(landing, plan, progress, replace=False)}")
    return landing


def _invoke(running: Rehearsal, steps: Steps, words: Sequence[str]) -> None:
    """Runs a task in the scratch copy; raises RehearsalFailed."""
    typed = f"invoke {' '.join(words)}"
    project = running.scratch.project
    command = [sys.executable, "-m", "invoke", *words]
    with steps.step(typed):
        code = children.run(command, project, running.environment)
        if code:
            raise RehearsalFailed(
                f"`{typed}` failed with exit code {code}, see above. What it worked on "
                f"is in {project}, dbt's log in logs/ there."
            )


def _refuse_untrue(counts: dict[str, int], landing: Path) -> None:
    """Raises where a simulated sample knows better what the star must hold."""
    if not simulator.is_simulated(landing):
        return
    truth = json.loads((landing / TRUTH).read_text(encoding="utf-8"))["counts"]
    wrong = [
        f"{name} has {count:,} rows, not {truth[name]:,}"
        for name, count in counts.items()
        if truth.get(name, count) != count
    ]
    if wrong:
        raise RehearsalFailed(
            f"The star differs from the sample's {TRUTH}: {'; '.join(wrong)}."
        )


def _refuse_forgetful(running: Rehearsal, counts: dict[str, int]) -> None:
    """Raises where the pause has cost data, or the second load has found some."""
    if (now := running.counts()) != counts:
        raise RehearsalFailed(f"The pause changed the star: {counts}, then {now}.")
    if (ended := running.last_load()) != {"nothing"}:
        raise RehearsalFailed(
            f"The second load was to find nothing new, and ended {', '.join(ended)}."
        )


def _wait() -> None:
    """Waits for Ctrl-C, which ends the wait alone."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say("")
