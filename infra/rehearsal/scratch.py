"""A copy of the project to rehearse in: the person's own is only read."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.errors import SparkifyError
from infra.steps import FOLDER

# All that tasks and dbt read of a checkout, where it is there
PARTS = (
    *("tasks.py", "invoke.yaml", "profiles.yml.example", "pyproject.toml", "infra"),
    *("dbt_project.yml", "models", "macros", "seeds", "snapshots", "analyses"),
    "tests/data",
)
# What earlier rehearsals made there and dbt finds its way by, quicker than without
KEPT = ("target",)


class RehearsalBusy(SparkifyError):  # noqa: N818 - names a state, as its siblings do
    """Another rehearsal has the folder."""


@dataclass(frozen=True)
class Scratch:
    """The folder of a rehearsal, below the project's notes. It stays."""

    folder: Path

    @property
    def project(self) -> Path:
        """The copy of the project."""
        return self.folder / "project"

    @property
    def home(self) -> Path:
        """An empty folder in place of the person's own."""
        return self.folder / "home"


@contextmanager
def taken(root: Path) -> Iterator[Scratch]:
    """The folder for a rehearsal of this checkout, as long as the block runs.

    Raises RehearsalBusy where another one is at it.
    """
    scratch = Scratch(root / FOLDER / "rehearsal")
    scratch.folder.mkdir(parents=True, exist_ok=True)
    with (scratch.folder / "lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise RehearsalBusy(
                f"Another rehearsal of this checkout is running (process "
                f"{lock.read().strip() or 'unknown'}): wait for it, or stop it with "
                "Ctrl-C."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _copy(root, scratch.project)
        shutil.rmtree(scratch.home, ignore_errors=True)
        scratch.home.mkdir()
        yield scratch


def discard(root: Path) -> None:
    """Removes what rehearsals of this checkout left, unless one is running."""
    folder = root / FOLDER / "rehearsal"
    if not folder.exists():
        return
    with (folder / "lock").open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(folder)


def _copy(root: Path, into: Path) -> None:
    into.mkdir(exist_ok=True)
    for old in into.iterdir():
        if old.name in KEPT:
            continue
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for part in PARTS:
        source, copy = root / part, into / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=ignored)
        elif source.exists():
            shutil.copy2(source, copy)
