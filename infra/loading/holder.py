"""The folder beside the warehouse in which a load works, and who works there.

DuckDB's own lock lets one process in. The folder adds what the lock cannot tell: on
which machine, since when and with what number the holder loads. Whoever has the lock
owns the folder, so what a killed load left there is thrown away by the next.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from infra.errors import LoadError

SUFFIX = ".loading"
NOTE = "holder.json"


def work_folder(warehouse: Path) -> Path:
    """Where a load of this warehouse keeps its temporary files."""
    return warehouse.with_name(warehouse.name + SUFFIX)


@contextmanager
def working(warehouse: Path, load_id: int) -> Iterator[Path]:
    """Makes the folder, says in it who works there, and takes it away afterwards.

    To be entered with DuckDB's lock held.
    """
    folder = work_folder(warehouse)
    discard(warehouse)
    folder.mkdir()
    try:
        note = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(" ", "seconds"),
            "load_id": load_id,
        }
        (folder / NOTE).write_text(json.dumps(note), encoding="utf-8")
        yield folder
    finally:
        discard(warehouse)


def discard(warehouse: Path) -> None:
    """Takes away what a load left, if anything."""
    folder = work_folder(warehouse)
    if not folder.exists() and not folder.is_symlink():
        return
    ours = (
        not folder.is_symlink()
        and folder.is_dir()
        and ((folder / NOTE).exists() or not any(folder.iterdir()))
    )
    if not ours:
        raise LoadError(
            f"{folder} is where loads keep temporary files, and holds something else. "
            "Move it away."
        )
    for path in folder.iterdir():  # the note last: it says that the folder is ours
        if path.name != NOTE:
            path.unlink()
    shutil.rmtree(folder)


def told(warehouse: Path, pid: int) -> str:
    """What the process that holds the warehouse says of itself; nothing if it does not.

    What an earlier load left says nothing of another process.
    """
    try:
        note = json.loads((work_folder(warehouse) / NOTE).read_text(encoding="utf-8"))
        if note["pid"] != pid:
            return ""
        since = note["since"][:19]
        return f", load {note['load_id']} on {note['host']} since {since} UTC"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
