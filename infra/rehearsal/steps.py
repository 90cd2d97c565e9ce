"""The steps of a rehearsal as a person sees them: banners, seconds, counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.markup import escape

from infra.console import out, say, table
from infra.errors import SparkifyError
from infra.steps import Stopwatch

BANNER = "REHEARSAL: no AWS, nothing costs"


class RehearsalFailed(SparkifyError):  # noqa: N818 - says what happened
    """A step of the rehearsal did not succeed."""


class Step(NamedTuple):
    """A step that has ended, and how."""

    name: str
    seconds: float
    outcome: str


@dataclass
class Steps:
    """Steps in their order; `total` is how many there are to be."""

    total: int
    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows a step's beginning and end, and keeps how long it took."""
        _banner(f"{len(self.done) + 1} of {self.total}: {name}")
        watch, outcome = Stopwatch.start(), "failed"
        try:
            yield
            outcome = "ok"
        except KeyboardInterrupt:
            outcome = "interrupted"
            raise
        finally:
            self.done.append(Step(name, watch.seconds, outcome))
            _banner(f"{name}: {outcome} after {watch.seconds:.1f} s")

    def report(self) -> None:
        """Prints how long each step took."""
        if self.done:
            say("")
            table(
                ("step", "", "seconds"),
                [
                    (each.name, each.outcome, f"{each.seconds:.1f}")
                    for each in self.done
                ],
            )


def report_counts(counts: Mapping[str, int]) -> None:
    """Prints the rows of the star's tables."""
    say("")
    table(
        ("table of the star", "rows"),
        [(name, f"{count:,}") for name, count in counts.items()],
    )


def _banner(text: str) -> None:
    out.print(f"[bold black on yellow] {BANNER} [/] [bold]{escape(text)}[/]")
