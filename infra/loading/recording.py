"""What a load writes into the ledger about its runs and files."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.errors import LoadError
from infra.landing.files import LandedFile
from infra.loading.engine import Columns, LedgerTables
from infra.loading.staging import rejects_file
from infra.loading.target import Target

KEYS_WIDTH = 4096  # bytes of load_files.extra_keys


class Recording:
    """Writes the ledger's rows of one load."""

    def __init__(self, ledger: LedgerTables, load_id: int, folder: Path) -> None:
        self._ledger = ledger
        self._load_id = load_id
        self._folder = folder
        self._started = time.monotonic()

    def start(self, targets: list[str], facts: dict[str, Any]) -> None:
        """Says that a load of these raw tables runs."""
        count = len(targets)
        columns = {
            **{name: [fact] * count for name, fact in facts.items()},
            "load_id": [self._load_id] * count,
            "target": targets,
            "status": ["running"] * count,
            "started_at": [_microseconds(time.time())] * count,
        }
        self._append("load_runs", columns)

    def record(self, target: Target, *, anew: bool) -> None:
        """Writes what became of every file; holds the ledger to the table's rows.

        With `anew` no earlier version counts any more.
        """
        table, decisions = target.table, target.decisions
        if anew:
            before = self._ledger.read(table)
            decisions.forgotten.extend(
                [*before.live.values(), *before.rejected.values()]
            )
        live = target.intake.ledger.live
        returned = [live[file.uri] for file in decisions.returned]
        pruned = f"pruned by load {self._load_id}: its file was gone"
        old = [*decisions.replaced, *decisions.forgotten]
        by = self._load_id
        self._ledger.set_status(table, old, "superseded", by=by)
        self._ledger.set_status(table, decisions.pruned, "superseded", pruned, by=by)
        self._ledger.set_status(table, decisions.gone, "gone")
        self._ledger.set_status(table, returned, "loaded")
        stamps = {file.uri: file.stamp for file in decisions.touched}
        self._ledger.set_stamps(table, stamps)
        for columns in (_loaded(target), _duplicates(target), _refused(target)):
            self._append("load_files", columns, table.name)
        self.keep_rejects(target)
        expected = self._ledger.rows(table)
        if expected != target.total:
            raise LoadError(
                f"{table.relation} would hold {target.total:,} rows, the ledger knows "
                f"of {expected:,}: somebody else changed it. `invoke load "
                "--full-refresh` loads it anew."
            )
        status = "nothing" if decisions.is_nothing else "ok"
        self.finish(table.name, status, _counts(target))

    def keep_rejects(self, target: Target) -> None:
        """Writes the rejected rows and files."""
        path = rejects_file(self._folder, target.table.name)
        if path.exists():
            self._ledger.append_file("load_rejects", path)
        refused = target.decisions.refused
        columns: Columns = {
            "uri": [each.uri for each in refused],
            "reason": [each.reason for each in refused],
            "message": [each.message for each in refused],
            "at": [_microseconds(time.time())] * len(refused),
        }
        self._append("load_rejects", columns, target.table.name)

    def fail(self, name: str, target: Target | None, message: str) -> None:
        """Says that the load failed, why, and what it had rejected until then."""
        counts: dict[str, Any] = {}
        if target:
            counts = _counts(target) | {"rows_staged": 0}
            self.keep_rejects(target)
        self.finish(name, "failed", counts | {"message": message[:1000]})

    def finish(self, name: str, status: str, outcome: dict[str, Any]) -> None:
        """Writes how a run ended."""
        outcome = outcome | {
            "status": status,
            "message": outcome.get("message"),
            "finished_at": datetime.now(UTC).replace(tzinfo=None),
            "seconds": round(time.monotonic() - self._started, 3),
        }
        self._ledger.update_run(self._load_id, name, outcome)

    def _append(self, name: str, columns: Columns, target: str | None = None) -> None:
        """Appends rows, if there are any; those of a target are this load's."""
        if count := len(next(iter(columns.values()))):
            if target:
                loads, targets = [self._load_id] * count, [target] * count
                columns = {"load_id": loads, "target": targets, **columns}
            self._ledger.append(name, columns, self._folder)


def _loaded(target: Target) -> Columns:
    """The files whose rows were staged, as rows of load_files."""
    files = target.decisions.to_load
    outcomes = [target.outcomes[file.uri] for file in files]
    share = target.seconds / (sum(file.size for file in files) or 1)
    in_file = [each.rows + each.rejected for each in outcomes]
    return _seen(files) | {
        "status": ["loaded"] * len(files),
        "rows_in_file": in_file,
        "rows_staged": [each.rows for each in outcomes],
        "rows_rejected": [each.rejected for each in outcomes],
        "seconds": [round(share * file.size, 6) for file in files],
        "extra_keys": [_joined(each.extra_keys) for each in outcomes],
        "missing_keys": [_joined(each.missing_keys) for each in outcomes],
        "note": [None if rows else "empty" for rows in in_file],
    }


def _duplicates(target: Target) -> Columns:
    """The files that say what others say, as rows of load_files."""
    duplicates = target.decisions.duplicate
    notes = [f"same content as {each.original}"[:1000] for each in duplicates]
    return _seen([each.file for each in duplicates]) | {
        "status": ["duplicate"] * len(duplicates),
        "rows_staged": [0] * len(duplicates),
        "note": notes,
    }


def _refused(target: Target) -> Columns:
    """The files that cannot be read, as rows of load_files."""
    refused = target.decisions.refused
    return {
        "uri": [each.uri for each in refused],
        "etag": [each.known_as for each in refused],
        "status": ["rejected"] * len(refused),
        "rows_staged": [0] * len(refused),
        "note": [each.message for each in refused],
    }


def _seen(files: Sequence[LandedFile]) -> dict[str, list[Any]]:
    """What was seen of files themselves."""
    return {
        "uri": [file.uri for file in files],
        "etag": [file.etag for file in files],
        "stamp": [file.stamp or None for file in files],
        "bytes": [file.size for file in files],
        "modified_at": [_microseconds(file.modified_at) for file in files],
    }


def _counts(target: Target) -> dict[str, Any]:
    """A run's counts of files and rows."""
    decisions = target.decisions
    same = len(decisions.same) + len(decisions.returned) - decisions.known_duplicates
    return {
        "files_new": len(decisions.new),
        "files_changed": len(decisions.changed),
        "files_same": same,
        "files_duplicate": len(decisions.duplicate) + decisions.known_duplicates,
        "files_gone": len(decisions.gone) + decisions.known_gone,
        "files_rejected": len(decisions.refused) + len(decisions.still_refused),
        "rows_staged": target.staged,
        "rows_rejected": target.rejected,
    }


def _joined(keys: list[str]) -> str | None:
    """Keys as one text that fits, cut between keys; None when there are none."""
    if not keys:
        return None
    text = ""
    for key in keys:
        longer = f"{text}, {key}" if text else key
        if len(longer.encode()) > KEYS_WIDTH:
            break
        text = longer
    return text or None


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
