"""How long each step of the last run took; `invoke verify` and the reports show it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from infra import atomic
from infra.console import table

FOLDER = ".sparkify"
FILE = "steps.json"


@dataclass(frozen=True)
class Step:
    """A finished step; `finished_at` is ISO 8601 in UTC."""

    name: str
    seconds: float
    finished_at: str


@dataclass
class Stopwatch:
    """Seconds since it was started."""

    started: float

    @classmethod
    def start(cls) -> Self:
        """A watch that runs from now."""
        return cls(time.monotonic())

    @property
    def seconds(self) -> float:
        """Seconds since the start, on a clock that never jumps."""
        return time.monotonic() - self.started


@contextmanager
def timed(root: Path, name: str) -> Iterator[Stopwatch]:
    """Times the block and, when it succeeds, notes the step."""
    watch = Stopwatch.start()
    yield watch
    _note(
        root,
        Step(
            name, round(watch.seconds, 3), datetime.now(UTC).isoformat("T", "seconds")
        ),
    )


def read(root: Path) -> list[Step]:
    """The last run of each step, oldest first; none when nothing ran or notes broke."""
    try:
        noted = json.loads((root / FOLDER / FILE).read_text(encoding="utf-8"))
        steps = [Step(**step) for step in noted]
    except (OSError, ValueError, TypeError):
        return []  # notes are a convenience: losing them loses no data
    return sorted(steps, key=lambda step: step.finished_at)


def report(root: Path) -> None:
    """Prints the last run of each step, when there was any."""
    if done := read(root):
        table(
            ("step", "last run, UTC", "seconds"),
            [
                (
                    step.name,
                    step.finished_at[:19].replace("T", " "),
                    f"{step.seconds:.1f}",
                )
                for step in done
            ],
        )


def _note(root: Path, step: Step) -> None:
    steps = [other for other in read(root) if other.name != step.name]
    text = json.dumps([asdict(noted) for noted in [*steps, step]], indent=2)
    # The work is done: a folder that takes no notes is no reason to fail
    with suppress(OSError):
        atomic.write(root / FOLDER / FILE, text.encode())
