"""Raw rows into a raw table: the clean files at once, the others object by object."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from infra.console import Bar
from infra.errors import LoadError
from infra.landing.files import LandedFile
from infra.loading.careful import Careful, Reject, storable
from infra.loading.engine import Refusal, Rows, Whole
from infra.loading.intake import CAREFUL, JOINED, WHOLE, Taken, changed
from infra.loading.lines import Lines
from infra.loading.target import Outcome, Target

STATEMENT = 512 << 20  # bytes of raw files that one INSERT reads

Write = Callable[[bytes], object]


class Staging:
    """Puts the files of one target into its raw table, in an open transaction."""

    def __init__(
        self,
        target: Target,
        rows: Rows,
        load_id: int,
        folder: Path,
        progress: Bar,
    ) -> None:
        self._target = target
        self._rows = rows
        self._load_id = load_id
        self._folder = folder
        self._progress = progress
        self._wanted = {file.uri: file for file in target.decisions.to_load}
        self._routed: dict[str, list[tuple[str, Taken]]] = defaultdict(list)
        self._excluded: list[str] = []  # of those that were joined
        for uri, taken in target.intake.taken.items():
            if uri in self._wanted:
                self._routed[taken.route].append((uri, taken))
            elif taken.route == JOINED:
                self._excluded.append(uri)

    @property
    def rejects(self) -> Path:
        """Where the rejects are kept until the ledger takes them."""
        return rejects_file(self._folder, self._target.table.name)

    def stage(self) -> None:
        """Inserts every file that is to be loaded; holds the rows to their lines."""
        started = time.monotonic()
        self._target.outcomes.clear()  # of an attempt that failed
        self.rejects.unlink(missing_ok=True)
        odd = [self._wanted[uri] for uri, _ in self._routed[CAREFUL]]
        odd += self._insert_parts()
        odd += self._insert_whole()
        if odd:
            self._insert_carefully(odd)
        self._take_copied()
        self._reject_refused()
        self._target.seconds = time.monotonic() - started

    def _insert_parts(self) -> list[LandedFile]:
        """Inserts the small clean files, which were joined; returns the odd ones."""
        files, inserted = self._routed[JOINED], 0
        if files:
            parts = self._target.intake.parts
            inserted = self._rows.insert_parts(parts, self._excluded)
        return self._odd(files, inserted)

    def _insert_whole(self) -> list[LandedFile]:
        """Inserts the large clean files where they lie; returns the odd ones."""
        files, inserted = self._routed[WHOLE], 0
        whole = [(uri, self._plain(taken.path), taken.lines) for uri, taken in files]
        done = 0
        label = f"staging {self._target.table.landing}"
        for batch in _batches(whole):
            self._progress.update(done, len(files), label)
            inserted += self._rows.insert_whole(batch)
            done += len(batch)
        return self._odd(files, inserted)

    def _odd(self, files: list[tuple[str, Taken]], inserted: int) -> list[LandedFile]:
        """Takes back what was inserted of files that lack rows, and returns these."""
        odd: set[str] = set()
        if inserted != sum(taken.lines for _, taken in files):
            counts = self._rows.counts()
            odd = {uri for uri, taken in files if counts.get(uri, 0) != taken.lines}
            self._rows.take_back([uri for uri in odd if uri in counts])
        # Files of as many lines share what becomes of them, which is final
        outcomes = {lines: Outcome(lines) for lines in {t.lines for _, t in files}}
        self._target.outcomes |= {
            uri: outcomes[taken.lines] for uri, taken in files if uri not in odd
        }
        return [self._wanted[uri] for uri, _ in files if uri in odd]

    def _insert_carefully(self, files: list[LandedFile]) -> None:
        """Reads files object by object; what cannot be a row goes to the rejects."""
        table, outcomes = self._target.table, self._target.outcomes
        part = self._folder / f"{table.name}.checked.ndjson"
        label = f"reading {table.landing} line by line"
        with part.open("wb") as rows, self.rejects.open("ab") as rejects:
            for file in self._progress.track(files, label):
                taken = self._target.intake.taken[file.uri]
                outcomes[file.uri] = self._read(file, taken, rows.write, rejects.write)
        expected = sum(outcomes[file.uri].rows for file in files)
        inserted = self._rows.insert_parts([part])
        if inserted != expected:
            raise LoadError(
                f"{files[0].uri} and others have {expected:,} rows, but DuckDB took "
                f"{inserted:,}. Nothing was loaded."
            )

    def _take_copied(self) -> None:
        """Takes in what became of the objects that the warehouse copied itself."""
        now, target = round(time.time() * 1_000_000), self._target
        with self.rejects.open("ab") as rejects:
            for uri, rows, refused, _ in target.copied:
                extra = target.heads[uri].extra_keys
                target.outcomes[uri] = Outcome(rows, len(refused), extra)
                for each in refused:
                    rejects.write(self._reject(uri, each, None, now))

    def _reject_refused(self) -> None:
        """Turns the rows that the warehouse did not take into rejects."""
        refused = defaultdict[str, list[Refusal]](list)
        for each in self._rows.refused:
            refused[each.uri].append(each)
        now, outcomes = round(time.time() * 1_000_000), self._target.outcomes
        with self.rejects.open("ab") as rejects:
            for uri, found in refused.items():
                old = outcomes[uri]
                rows, rejected = old.rows - len(found), old.rejected + len(found)
                outcomes[uri] = replace(old, rows=rows, rejected=rejected)
                texts = _texts(self._target.intake.taken[uri].path, found)
                for each in found:
                    raw = texts.get(each.line, "")
                    rejects.write(self._reject(uri, each, raw, now))

    def _read(
        self, file: LandedFile, taken: Taken, write_row: Write, write_reject: Write
    ) -> Outcome:
        table, outcome = self._target.table, Outcome()
        careful = Careful(table)
        absent = dict.fromkeys(column.json for column in table.raw_columns)
        now = round(time.time() * 1_000_000)
        head = b'{"_source_uri":' + orjson.dumps(file.uri) + b',"_line":'
        with Path(taken.path).open("rb") as stream:
            for each in careful.read(stream):
                if isinstance(each, Reject):
                    outcome.rejected += 1
                    write_reject(self._reject(file.uri, each, each.raw, now))
                else:
                    outcome.rows += 1
                    values = orjson.dumps(absent | each.values)
                    write_row(b"%s%d,%s\n" % (head, each.line, values[1:]))
        if not taken.is_unchanged():
            raise changed(file.uri)
        outcome.extra_keys = sorted(careful.extra_keys)
        if careful.seen_keys:
            outcome.missing_keys = sorted(absent.keys() - careful.seen_keys)
        return outcome

    def _reject(
        self, uri: str, reject: Reject | Refusal, raw: str | None, now: int
    ) -> bytes:
        """A reject as a line for the ledger; no `raw` where it was never seen here."""
        values = {
            "load_id": self._load_id,
            "target": self._target.table.name,
            "uri": uri,
            "line": reject.line,
            "column": reject.column,
            "reason": reject.reason,
            "message": reject.message,
            "raw": raw,
            "at": now,
        }
        return orjson.dumps(values) + b"\n"

    def _plain(self, path: str) -> Path:
        """A path that DuckDB takes as it is: a link to it where it holds wildcards."""
        if not any(character in "*?[\\" for character in path):
            return Path(path)
        link = self._folder / f"{len(list(self._folder.iterdir()))}.link.json"
        link.symlink_to(path)
        return link


def _texts(path: str, refused: Sequence[Refusal]) -> dict[int, str]:
    """What stands in a raw file on the lines that were refused."""
    wanted = {each.line for each in refused}
    found = {}
    with Path(path).open("rb") as stream:
        lines = Lines(stream)
        for line in lines:
            if lines.number in wanted:
                found[lines.number] = storable(line)
    return found


def rejects_file(folder: Path, target: str) -> Path:
    """Where the rejects of a raw table are kept until the ledger takes them."""
    return folder / f"{target}.rejects.ndjson"


def _batches(files: list[Whole]) -> Iterator[list[Whole]]:
    """Files in groups that one statement reads."""
    batch: list[Whole] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file[1].stat().st_size
        if size >= STATEMENT:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
