"""`invoke load-status`: what the last loads did, and what they leave to look at."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from infra import rejects
from infra.asking import Asking
from infra.console import say
from infra.errors import ConfigurationError
from infra.project import Project
from infra.query import headers_of, print_json
from infra.rejects import counted, indented, ledger

NAMED = 3  # files or keys of a kind; the others are counted

Run = dict[str, Any]  # a row of load_runs by column

_FILES = ("new", "changed", "same", "duplicate", "gone", "rejected")

_RUNS = """
select *
from load_runs
where load_id in (select distinct load_id from load_runs order by load_id desc limit ?)
order by load_id desc, target
"""

# What is not as it should be with the versions of files that count
_FILES_TO_TELL = """
select status, target, uri, coalesce(rows_staged, 0), extra_keys
from load_files
where
    status in ('duplicate', 'rejected')
    or status = 'gone' and rows_staged > 0
    or status = 'loaded' and extra_keys is not null
order by target, uri
"""

_UNFINISHED = """
select load_id, target
from load_runs
where
    status = 'running'
    and not exists (
        select 1
        from load_runs as later
        where
            later.target = load_runs.target
            and later.load_id > load_runs.load_id
            and later.status in ('ok', 'nothing')
    )
order by load_id, target
"""


def report(project: Project, runs: str, as_json: bool) -> str:
    """Prints the last `runs` loads and what is open; returns how many of each."""
    limit = _limit(runs)
    with ledger(project) as connection:
        result = connection.execute(_RUNS, [limit])
        headers = headers_of(result)
        rows = result.fetchall()
        matters = list(_open_matters(connection))
    found = [dict(zip(headers, row, strict=True)) for row in rows]
    if as_json:
        print_json(headers, rows, in_utc=True)
    else:
        _print_runs(found)
        for number, matter in enumerate(matters):
            if number == 0:
                say("open")
            indented(matter, 2)
    loads = counted(len({run["load_id"] for run in found}), "load")
    what = counted(len(matters), "matter") if matters else "nothing"
    return f"{loads} shown, {what} open"


def _limit(runs: str) -> int:
    if re.fullmatch("0*[1-9][0-9]{0,8}", runs):
        return int(runs)
    raise ConfigurationError(f"--runs takes a number from 1 on, not {runs!r}.")


def _print_runs(runs: Sequence[Run]) -> None:
    """Prints a line per run and raw table, under a line per load."""
    width = max((len(run["target"]) for run in runs), default=0)
    for load_id, grouped in groupby(runs, key=lambda run: run["load_id"]):
        load = list(grouped)
        say(f"load {load_id}, {load[0]['started_at']:%Y-%m-%d %H:%M:%S} UTC")
        _print_load(load, width)


def _print_load(load: Sequence[Run], width: int) -> None:
    """Prints a line per raw table, and beneath why it failed: mostly all for one."""
    for run in load:
        seconds = "-" if run["seconds"] is None else f"{run['seconds']:,.1f} s"
        indented(
            f"{run['target']:<{width}}  {run['status']:<7}  {seconds:>7}  {_did(run)}",
            2,
        )
    for message in dict.fromkeys(run["message"] for run in load if run["message"]):
        for line in message.splitlines():
            indented(line, 4)


def _did(run: Run) -> str:
    """`files: 1 new, 29 same; rows: 485 staged`: what is not zero."""
    files = {word: run[f"files_{word}"] for word in _FILES}
    rows = {word: run[f"rows_{word}"] for word in ("staged", "rejected")}
    parts = [
        f"{kind}: " + ", ".join(f"{count:,} {word}" for word, count in counts.items())
        for kind, counts in (("files", _positive(files)), ("rows", _positive(rows)))
        if counts
    ]
    return "; ".join(parts)


def _positive(counts: dict[str, int | None]) -> dict[str, int]:
    return {word: count for word, count in counts.items() if count}


def _open_matters(connection: Asking) -> Iterator[str]:
    """What somebody should know of, a sentence each."""
    for load_id, target in connection.execute(_UNFINISHED).fetchall():
        yield (
            f"Load {load_id} of {target} was killed and changed nothing, or still runs."
        )
    yield from _open_rejects(connection)
    files = connection.execute(_FILES_TO_TELL).fetchall()
    uris, rows = defaultdict[Any, list[str]](list), defaultdict[Any, int](int)
    keys = defaultdict[str, set[str]](set)
    for status, target, uri, staged, extra_keys in files:
        uris[status, target].append(uri)
        rows[status, target] += staged
        if status == "loaded":
            keys[target].update(key.strip() for key in extra_keys.split(","))
    for (status, target), names in sorted(uris.items()):
        count = f"{target}: {counted(len(names), 'file')}"
        yield {
            "duplicate": f"{count} left out, another has the same content: "
            f"{_named(names)}.",
            "gone": f"{count} gone, {counted(rows[status, target], 'row')} kept; "
            f"`invoke load --prune` removes them: {_named(names)}.",
            "loaded": f"{count} with keys that the table does not know: "
            f"{_named(sorted(keys[target]))}.",
            "rejected": f"{count} rejected as a whole: {_named(names)}.",
        }[status]


def _open_rejects(connection: Asking) -> Iterator[str]:
    counts = connection.execute(
        f"select target, count(*) from ({rejects.OPEN}) group by target order by target"
    ).fetchall()
    for target, count in counts:
        yield f"{target}: {counted(count, 'reject')}; `invoke rejects` shows them."


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
