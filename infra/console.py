"""What a person sees: progress while something runs, and one closing line per task."""

import os
import re
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from infra.errors import ConfigurationError

Item = TypeVar("Item")

PLAIN_EVERY_SECONDS = 5.0  # how often a step speaks up where no terminal shows a bar

# What a line of several starts with: an indent, and a word or two to the left
_LABEL = re.compile(r"\s*(?:\S+(?: \S+)?\s{2,}(?=\S))?")
_NUMBER = re.compile(r"null|-|-?[0-9][0-9,]*(\.[0-9]+)?( ?(%|s|MB|GB))?")

_NO_BREAK = "\N{NO-BREAK SPACE}"

WIDEST_IN_A_PIPE = 1000  # columns, where nobody says how many by COLUMNS

out = Console(highlight=False)
out.soft_wrap = not out.is_terminal  # lines in a pipe are for grep, not for the eye
if not out.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
    out.width = WIDEST_IN_A_PIPE


class Bar:
    """Progress of a step: a moving bar on a terminal, a line now and then elsewhere."""

    def __init__(self, label: str, progress: Progress | None) -> None:
        self._label = label
        self._progress = progress
        self._task = progress.add_task(label, total=None) if progress else None
        self._spoke = time.monotonic()
        self._done: int = 0
        self._total: int | None = None

    def update(self, done: int, total: int | None, label: str | None = None) -> None:
        """Shows that `done` of `total` is done; `label` says of what."""
        self._label = label or self._label
        self._done, self._total = done, total
        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task, completed=done, total=total, description=self._label
            )
        elif time.monotonic() - self._spoke > PLAIN_EVERY_SECONDS:
            self._spoke = time.monotonic()
            of = "" if total is None else f" of {total:,}"
            out.print(f"  {self._label}: {done:,}{of}", markup=False)

    def note(self, label: str) -> None:
        """Says what is going on at the point that was reached."""
        self.update(self._done, self._total, label)

    def track(self, items: Sequence[Item], label: str) -> Iterable[Item]:
        """Yields the items and shows how many have been taken."""
        for number, item in enumerate(items):
            if number % 100 == 0:
                self.update(number, len(items), label)
            yield item
        self.update(len(items), len(items), label)


class _Count(MofNCompleteColumn):
    """How many are done of how many; nothing before that is known."""

    def render(self, task: Task) -> Text:
        return Text() if task.total is None else super().render(task)


@contextmanager
def bar(label: str) -> Iterator[Bar]:
    """Shows a progress bar while the block runs, and takes it away afterwards."""
    if not out.is_terminal:
        out.print(f"  {label} …", markup=False)
        yield Bar(label, None)
        return
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=24),
        _Count(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True) as progress:
        yield Bar(label, progress)


def say(text: str) -> None:
    """Prints a line; where a terminal is too narrow it goes on below its text."""
    for line in visible(text).split("\n"):
        out.print(line if out.soft_wrap else hung(line, out.width), markup=False)


def hung(line: str, width: int) -> str:
    """A line as lines of a width: between words, the others below the first's text."""
    label = _LABEL.match(line)
    return textwrap.fill(
        line,
        width,
        subsequent_indent=" " * (label.end() if label else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )


def warn(text: str) -> None:
    """Prints a line that wants attention."""
    out.print(f"[yellow]warning:[/] {escape(visible(text))}")


def closing(task: str, text: str, seconds: float, next_step: str) -> None:
    """Prints what a task did, how long it took, and what comes next."""
    took = f"({seconds:.1f} s)"
    line = f"{task}  {visible(text)} {took.replace(' ', _NO_BREAK)}"
    told = Text(line if out.soft_wrap else hung(line, out.width))
    told.plain = told.plain.replace(_NO_BREAK, " ")
    told.stylize("bold green", 0, len(task))
    told.stylize("dim", len(told) - len(took))
    out.print(told)
    out.print(f"[dim]next:[/] {escape(next_step)}")


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table of at most the terminal's width; numbers stand to the right."""
    texts = [[cell_text(cell) for cell in row] for row in rows]
    whole = _whole_columns([[visible(each) for each in headers], *_plain(texts)])
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for index, header in enumerate(headers):
        cells = [row[index] for row in texts]
        right = bool(cells) and all(_NUMBER.fullmatch(cell.plain) for cell in cells)
        grid.add_column(
            Text(visible(header)),
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=index in whole,
        )
    for row in texts:
        grid.add_row(*row)
    if out.is_terminal:
        out.print(grid, soft_wrap=False)
        return
    with out.capture() as drawn:
        out.print(grid, soft_wrap=False)
    for line in drawn.get().splitlines():  # a file has no use for what fills them up
        out.print(Text(line.rstrip()), soft_wrap=True)


def _plain(rows: Iterable[Sequence[Text]]) -> list[list[str]]:
    return [[cell.plain for cell in row] for row in rows]


def _whole_columns(rows: Sequence[Sequence[str]]) -> set[int]:
    """The columns of single words, if those of many words can make room for them."""
    columns = list(zip(*rows, strict=True))
    least = [
        max(len(word) for cell in each for word in ["", *cell.split()])
        for each in columns
    ]
    if sum(least) + 2 * (len(columns) - 1) > out.width:
        return set()
    return {
        index
        for index, cells in enumerate(columns)
        if max(map(len, cells)) == least[index]
    }


def cell_text(value: object) -> Text:
    """A value as a cell: null in dim, booleans in lower case, the rest visible."""
    if value is None:
        return Text("null", style="dim")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Text(visible(text).replace("\n", "\\n"))


def visible(text: str) -> str:
    r"""Text from data, made harmless: control characters show as \x19 and the like.

    Raw ones could move the cursor or hide text; new lines and tabs would break a row.
    """
    return "".join(
        character
        if character.isprintable() or character == "\n"
        else ascii(character)[1:-1]
        for character in text
    )


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and out.is_terminal


def agreed(question: str, *, yes: bool) -> bool:
    """Whether to go ahead: told to on the command line, or a person answers yes."""
    if yes:
        return True
    if not is_interactive():
        raise ConfigurationError("There is nobody to ask; add --yes to go ahead.")
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False
