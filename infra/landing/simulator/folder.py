"""The landing folder: made whole or not at all, and removed only if it is ours."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.errors import LandingError

FORMAT = "sparkify-simulator/1"
TRUTH = "truth.json"
BUFFER = 1_048_576

Mark = tuple[int, str]  # the size and the SHA-256 of a file


class Files:
    """Files written below a folder, and what identifies them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folders: set[Path] = set()
        self._marks: dict[str, Mark] = {}

    def write(self, name: str, content: Iterable[bytes]) -> None:
        """Write one file by its relative POSIX name; its folders are made."""
        path = self._folder / name
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        digest = hashlib.sha256()
        with path.open("wb", buffering=BUFFER) as file:
            for part in content:
                file.write(part)
                digest.update(part)
            self._marks[name] = file.tell(), digest.hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of files by kind, their bytes and their digest."""
        return _identity(self._marks)


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
    if landing.is_dir() and not any(_files(landing, "")):
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
def in_place_of(landing: Path, *, replace: bool) -> Iterator[Path]:
    """Give an empty folder that takes the landing's place when the block succeeds.

    Until then the landing is untouched, and what came into it meanwhile keeps its
    place. If the block fails the folder is deleted.
    """
    _sweep(landing)
    partial = _beside(landing, "partial")
    partial.mkdir(parents=True)
    try:
        yield partial
        check_vacant(landing, replace=replace)
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


def _sweep(landing: Path) -> None:
    """Delete what killed simulations left beside the landing."""
    name = re.compile(re.escape(landing.name) + r"\.partial-([0-9]+)")
    if not landing.parent.is_dir():
        return
    for path in landing.parent.iterdir():
        found = name.fullmatch(path.name)
        if found and not _is_running(int(found[1])):
            shutil.rmtree(path)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


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
        {name: _mark(path) for name, path in _files(landing, "") if name != TRUTH}
    )


def _check_unchanged(landing: Path) -> None:
    if not is_unchanged(landing):
        raise LandingError(
            f"{landing} holds a simulated sample that was changed since (files were "
            "added, removed or edited); move what is yours, then delete the folder"
        )


def _files(folder: Path, under: str) -> Iterator[tuple[str, Path]]:
    """Yield the relative name and the path of everything but real folders."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{under}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), f"{name}/")
            else:
                yield name, Path(entry.path)


def _mark(path: Path) -> Mark:
    """Return what tells a regular file from any other; of a link, that it is one."""
    if path.is_symlink() or not path.is_file():
        return -1, ""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _identity(marks: dict[str, Mark]) -> dict[str, Any]:
    lines = "".join(
        f"{name}\t{digest}\n" for name, (_, digest) in sorted(marks.items())
    )
    return {
        "song_files": sum(name.startswith("song_data/") for name in marks),
        "log_files": sum(name.startswith("log_data/") for name in marks),
        "bytes": sum(size for size, _ in marks.values()),
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }
