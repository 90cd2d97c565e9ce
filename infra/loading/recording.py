"""What a load writes into the ledger about its runs and files."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.errors import LoadError
from infra.landing.files import LandedFile
from infra.loading.duckdb_ledger import LedgerTables
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
        rows = [
            facts
            | {
                "load_id": self._load_id,
                "target": target,
                "status": "running",
                "started_at": _microseconds(time.time()),
            }
            for target in targets
        ]
        self._append("load_runs", rows)

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
        self._ledger.set_status(table, old, "superseded")
        self._ledger.set_status(table, decisions.pruned, "superseded", pruned)
        self._ledger.set_status(table, decisions.gone, "gone")
        self._ledger.set_status(table, returned, "loaded")
        stamps = {file.uri: file.stamp for file in decisions.touched}
        self._ledger.set_stamps(table, stamps)
        self._append("load_files", self._file_rows(target))
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
        now = _microseconds(time.time())
        refused = [
            {
                "load_id": self._load_id,
                "target": target.table.name,
                "uri": each.uri,
                "reason": each.reason,
                "message": each.message,
                "at": now,
            }
            for each in target.decisions.refused
        ]
        self._append("load_rejects", refused)

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
            "finished_at": datetime.now(UTC).replace(tzinfo=None),
            "seconds": round(time.monotonic() - self._started, 3),
        }
        self._ledger.update_run(self._load_id, name, outcome)

    def _append(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        self._ledger.append(name, rows, self._folder)

    def _file_rows(self, target: Target) -> Iterator[dict[str, Any]]:
        decisions = target.decisions
        size = sum(file.size for file in decisions.to_load) or 1
        for file in decisions.to_load:
            outcome = target.outcomes[file.uri]
            row = self._file_row(target, file)
            row["status"] = "loaded"
            row["rows_in_file"] = outcome.rows + outcome.rejected
            row["rows_staged"] = outcome.rows
            row["rows_rejected"] = outcome.rejected
            row["seconds"] = round(target.seconds * file.size / size, 6)
            row["extra_keys"] = _joined(outcome.extra_keys)
            row["missing_keys"] = _joined(outcome.missing_keys)
            row["note"] = None if row["rows_in_file"] else "empty"
            yield row
        for duplicate in decisions.duplicate:
            yield self._file_row(target, duplicate.file) | {
                "status": "duplicate",
                "rows_staged": 0,
                "note": f"same content as {duplicate.original}"[:1000],
            }
        for refused in decisions.refused:
            yield {
                "load_id": self._load_id,
                "target": target.table.name,
                "uri": refused.uri,
                "etag": refused.reason,
                "status": "rejected",
                "rows_staged": 0,
                "note": refused.message,
            }

    def _file_row(self, target: Target, file: LandedFile) -> dict[str, Any]:
        return {
            "load_id": self._load_id,
            "target": target.table.name,
            "uri": file.uri,
            "etag": file.etag,
            "stamp": file.stamp or None,
            "bytes": file.size,
            "modified_at": _microseconds(file.modified_at),
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
    text = ""
    for key in keys:
        longer = f"{text}, {key}" if text else key
        if len(longer.encode()) > KEYS_WIDTH:
            break
        text = longer
    return text or None


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
