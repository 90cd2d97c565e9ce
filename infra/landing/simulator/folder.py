"""The landing folder: made whole or not at all, and removed only if it is ours."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.errors import LandingError

FORMAT = "sparkify-simulator/1"
TRUTH = "truth.json"
BUFFER = 1_048_576


class Files:
    """Files written below a folder, and what identifies them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folders: set[Path] = set()
        self._sizes: dict[str, int] = {}

    def write(self, name: str, content: Iterable[bytes]) -> None:
        """Write one file by its relative POSIX name; its folders are made."""
        path = self._folder / name
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        with path.open("wb", buffering=BUFFER) as file:
            file.writelines(content)
            self._sizes[name] = file.tell()

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of files by kind, their bytes and their digest."""
        return _identity(self._sizes)


def is_simulated(landing: Path) -> bool:
    """Return whether the folder holds a truth.json that this simulator wrote."""
    return _truth(landing) is not None


def remove(landing: Path) -> None:
    """Delete a simulated landing that is as it was made.

    Raises LandingError, with nothing deleted, if there is none or anything differs.
    """
    landing = landing.resolve()
    if not is_simulated(landing):
        raise LandingError(
            f"{landing} does not hold a simulated sample; nothing was deleted"
        )
    _check_unchanged(landing)
    with faults_named(landing, "deleted"):
        doomed = _beside(landing, "old")
        landing.rename(doomed)
        shutil.rmtree(doomed)


def check_vacant(landing: Path, *, replace: bool) -> None:
    """Raise LandingError unless a sample may take this place."""
    if landing.is_dir() and not any(landing.iterdir()):
        return
    truth = _truth(landing)
    if truth is None:
        if landing.exists():
            raise LandingError(
                f"{landing} holds files that were not simulated; move them away or "
                "simulate into another folder"
            )
        return
    if not replace:
        plan = truth.get("plan", {})
        raise LandingError(
            f"{landing} already holds a simulated sample (users={plan.get('users')}, "
            f"seed={plan.get('seed')}); use --replace"
        )
    _check_unchanged(landing)


@contextmanager
def faults_named(landing: Path, done: str) -> Iterator[None]:
    """Turn what the system refuses into a LandingError that names the folder."""
    try:
        yield
    except OSError as fault:
        raise LandingError(
            f"{landing} could not be {done} ({fault.strerror}: {fault.filename}); "
            "see to that, or choose another folder"
        ) from fault


@contextmanager
def in_place_of(landing: Path) -> Iterator[Path]:
    """Give an empty folder that takes the landing's place when the block succeeds.

    Until then the landing is untouched. If the block fails the folder is deleted.
    """
    partial = _beside(landing, "partial")
    partial.mkdir(parents=True)
    try:
        yield partial
        _swap(partial, landing)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _swap(partial: Path, landing: Path) -> None:
    if not landing.exists():
        partial.rename(landing)
        return
    old = _beside(landing, "old")
    landing.rename(old)
    try:
        partial.rename(landing)
    except BaseException:
        old.rename(landing)
        raise
    shutil.rmtree(old)


def _beside(landing: Path, role: str) -> Path:
    """Return a name beside the landing that only this process uses, and is free."""
    path = landing.with_name(f"{landing.name}.{role}-{os.getpid()}")
    if path.exists():  # of a killed process that had the same number
        shutil.rmtree(path)
    return path


def _truth(landing: Path) -> dict[str, Any] | None:
    try:
        truth = json.loads((landing / TRUTH).read_bytes())
    except (OSError, ValueError):
        return None
    ours = isinstance(truth, dict) and truth.get("format") == FORMAT
    return truth if ours else None


def is_unchanged(landing: Path) -> bool:
    """Return whether the landing holds just the files that a simulation left there."""
    truth = _truth(landing)
    return truth is not None and truth.get("files") == _identity(
        dict(_found(landing, ""))
    )


def _check_unchanged(landing: Path) -> None:
    if not is_unchanged(landing):
        raise LandingError(
            f"{landing} holds a simulated sample that was changed since (files were "
            "added, removed or edited); move what is yours, then delete the folder"
        )


def _found(folder: Path, under: str) -> Iterator[tuple[str, int]]:
    """Yield the name and size of everything but truth.json and real folders."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{under}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _found(Path(entry.path), f"{name}/")
            elif name != TRUTH:
                yield name, entry.stat(follow_symlinks=False).st_size


def _identity(sizes: dict[str, int]) -> dict[str, Any]:
    lines = "".join(f"{name}\t{size}\n" for name, size in sorted(sizes.items()))
    return {
        "song_files": sum(name.startswith("song_data/") for name in sizes),
        "log_files": sum(name.startswith("log_data/") for name in sizes),
        "bytes": sum(sizes.values()),
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }
