"""`invoke rejects`: what could not be loaded, and why.

By default the open rejects, those a person has to look at now. A reject is open when

* it was found in the newest version of its file, and that version is loaded or
  rejected: neither has the file been mended since, nor is it gone; or
* its load is the last of the raw table that rejected anything, and failed, and none
  has succeeded since.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from rich.text import Text

from infra import console
from infra.asking import Asking, asking
from infra.errors import ConfigurationError
from infra.project import Project
from infra.query import print_json

EXAMPLES = 3  # of each group

COLUMNS = 'load_id, target, uri, "line", "column", reason, message, "raw", "at"'

OPEN = f"""
with newest_versions as (
    select target, uri, load_id, status
    from load_files as files
    qualify row_number() over (partition by target, uri order by load_id desc) = 1
),

succeeded_loads as (
    select target, max(load_id) as load_id
    from load_runs
    where status in ('ok', 'nothing')
    group by target
),

failed_loads as (
    select load_rejects.target, max(load_rejects.load_id) as load_id
    from load_rejects
    left join succeeded_loads
        on load_rejects.target = succeeded_loads.target
    where load_rejects.load_id > coalesce(succeeded_loads.load_id, -1)
    group by load_rejects.target
)

select {COLUMNS}
from load_rejects
where
    (target, uri, load_id) in (
        select target, uri, load_id
        from newest_versions
        where status in ('loaded', 'rejected')
    )
    or (target, load_id) in (select target, load_id from failed_loads)
"""


class Reject(NamedTuple):
    """An object, line or file that was not loaded; `line` is None for a whole file."""

    load_id: int
    target: str
    uri: str
    line: int | None
    column: str | None
    reason: str
    message: str | None
    raw: str | None
    at: datetime

    @property
    def group(self) -> tuple[str, str, str]:
        """What it is counted under: raw table, reason and column."""
        return self.target, self.reason, self.column or ""


def report(project: Project, load_id: str, everything: bool, as_json: bool) -> str:
    """Prints the open rejects, one load's, or all; returns how many there are."""
    wanted = _number(load_id, everything=everything)
    with ledger(project) as connection:
        if wanted is not None:
            _refuse_unknown(connection, wanted)
        rejects = _find(connection, wanted, everything=everything)
    if as_json:
        rows = [tuple(reject) for reject in rejects]
        print_json(list(Reject._fields), rows, in_utc=True)
    else:
        for _, group in groupby(rejects, key=lambda reject: reject.group):
            _print_group(list(group))
    return _told(rejects, wanted, everything=everything)


@contextmanager
def ledger(project: Project) -> Iterator[Asking]:
    """Opens the warehouse to ask the ledger, whose tables go by their bare names."""
    missing = "There is no ledger of loads yet; run `invoke load`."
    with asking(project, missing) as asked:
        yield asked


def counted(number: int, noun: str) -> str:
    """`1 file`, `1,234 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def indented(text: str, by: int, *, cut: bool = False) -> None:
    """Prints text from data `by` columns in, folded to the width or cut to one line."""
    whole, width = console.cell_text(text), console.out.width - by
    if cut:
        whole.truncate(width, overflow="ellipsis")
    for line in whole.wrap(console.out, width, overflow="fold"):
        line.rstrip()
        console.out.print(Text(" " * by) + line, soft_wrap=True)


def _number(text: str, *, everything: bool) -> int | None:
    """The load that --load-id names, None when it names none."""
    if not text:
        return None
    if everything:
        raise ConfigurationError("--load-id and --all exclude each other; choose one.")
    if not re.fullmatch("[0-9]{1,18}", text):
        raise ConfigurationError(
            f"--load-id takes the number of a load, not {text!r}; "
            "`invoke load-status` shows them."
        )
    return int(text)


def _refuse_unknown(connection: Asking, load_id: int) -> None:
    """An unknown load is a mistake: it has not simply rejected nothing."""
    known = "select 1 from load_runs where load_id = ?"
    if not connection.execute(known, [load_id]).fetchone():
        raise ConfigurationError(
            f"There is no load {load_id}; `invoke load-status` shows which there are."
        )


def _find(connection: Asking, load_id: int | None, *, everything: bool) -> list[Reject]:
    """The rejects in the order of their groups, of each the newest first."""
    statement, given = OPEN, list[Any]()
    if everything:
        statement = f"select {COLUMNS} from load_rejects"
    elif load_id is not None:
        statement = f"select {COLUMNS} from load_rejects where load_id = ?"
        given = [load_id]
    order = 'target, reason, "column" nulls first, load_id desc, uri, "line"'
    rows = connection.execute(f"{statement} order by {order}", given).fetchall()
    return [Reject(*row) for row in rows]


def _print_group(rejects: Sequence[Reject]) -> None:
    target, reason, column = rejects[0].group
    where = f" in {column}" if column else ""
    indented(f"{target}, {reason}{where}: {_counts(rejects)}", 0)
    for reject in rejects[:EXAMPLES]:
        line = "" if reject.line is None else f":{reject.line}"
        indented(f"{reject.uri}{line} (load {reject.load_id})", 2)
        if reject.message:
            indented(reject.message, 4)
        if reject.raw:
            indented(reject.raw, 4, cut=True)
    if (more := len(rejects) - EXAMPLES) > 0:
        indented(f"and {more:,} more", 2)


def _counts(rejects: Iterable[Reject]) -> str:
    """`12 rows in 2 files`, and files that were rejected as a whole."""
    rows = [reject.uri for reject in rejects if reject.line is not None]
    files = counted(len(set(rows)), "file")
    whole = counted(len({each.uri for each in rejects if each.line is None}), "file")
    parts = (f"{counted(len(rows), 'row')} in {files}", f"{whole} as a whole")
    return ", ".join(part for part in parts if not part.startswith("0 "))


def _told(rejects: Sequence[Reject], load_id: int | None, *, everything: bool) -> str:
    if not rejects:
        if load_id is not None:
            return f"load {load_id} rejected nothing"
        return "nothing was ever rejected" if everything else "no reject is open"
    reasons = len({reject.reason for reject in rejects})
    files = len({(reject.target, reject.uri) for reject in rejects})
    return (
        f"{counted(len(rejects), 'reject')} of {counted(reasons, 'reason')} "
        f"in {counted(files, 'file')}"
    )
