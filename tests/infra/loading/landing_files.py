"""A landing of raw files beside a warehouse, loaded in this process."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from checkout import REPOSITORY, Row

from infra import local
from infra.console import Bar
from infra.errors import LandingError, LoadError
from infra.loading import holder
from infra.loading.load import Loaded, load
from infra.loading.options import options
from infra.loading.raw_schema import RawTable, raw_tables
from infra.loading.target import Reached, silent
from infra.project import Project
from infra.warehouse import reader

EVENTS, SONGS = raw_tables(REPOSITORY)
# All that a load reads of a checkout
READ = (
    *("invoke.yaml", "profiles.yml.example"),
    *("models/staging/_sources.yml", "models/staging/_ledger.yml"),
)
EVENT: dict[str, Any] = {
    "artist": "Silas S. Sandoval",
    "auth": "Logged In",
    "firstName": "Dex",
    "gender": "M",
    "itemInSession": 1,
    "lastName": "Pike",
    "length": 203.24351,
    "level": "paid",
    "location": "Ironside-Old Mill, PA",
    "method": "PUT",
    "page": "NextSong",
    "registration": 1537144892796.0,
    "sessionId": 343982,
    "song": "Dizzy Parade",
    "status": 200,
    "ts": 1541106106796,
    "userAgent": '"Mozilla/5.0 (X11; rv:31.0)"',
    "userId": "8",
}
SONG: dict[str, Any] = {
    "num_songs": 1,
    "artist_id": "ARJIE2Y1187B994AB7",
    "artist_latitude": None,
    "artist_longitude": None,
    "artist_location": "",
    "artist_name": "Line Renaud",
    "song_id": "SOUPIRU12A6D4FA1E1",
    "title": "Der Kleine Dompfaff",
    "duration": 152.92036,
    "year": 0,
}

Content = bytes | str | Mapping[str, Any] | Sequence[Mapping[str, Any]]
Record = dict[str, Any]
Contents = dict[str, list[Record]]  # of tables, by name
# Every table that a load writes: its schema and its order here
TABLES = {
    EVENTS.name: (EVENTS.schema, "_source_uri, _line"),
    SONGS.name: (SONGS.schema, "_source_uri, _line"),
    "load_runs": ("load", "load_id, target"),
    "load_files": ("load", "load_id, target, uri"),
    "load_rejects": ("load", 'load_id, target, uri, line, "column"'),
}


class LandingFiles:
    """A small checkout: `log_data/` and `song_data/`, both empty, and a warehouse.

    `threads` is what DuckDB may use, by default as many as the machine has.
    """

    def __init__(self, root: Path, *, threads: int | None = None) -> None:
        self.root = root
        for name in READ:
            copy = root / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, copy)
        self.landing = self.project.landing_folder
        for table in (EVENTS, SONGS):
            (self.landing / table.landing).mkdir(parents=True)
        local.ensure_profile(self.project)
        if threads:
            profile = root / "profiles.yml"
            text = profile.read_text().replace(
                "settings:\n", f"settings:\n        threads: {threads}\n"
            )
            profile.write_text(text)
        self._again: dict[str, Any] = {}  # options that a second load needs too

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return Project(self.root)

    def write(self, name: str, content: Content) -> Path:
        """Writes a raw file: bytes as they are, records as lines of JSON."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(content))
        return path

    def good(self) -> None:
        """Puts one good file of each kind there."""
        self.write("log_data/good.json", [EVENT, EVENT | {"ts": 1541106132796}])
        self.write("song_data/good.json", SONG)

    def load(
        self,
        *,
        max_rejects: str = "",
        duplicates: str = "skip",
        strict: bool = False,
        reached: Reached = silent,
        **given: bool,
    ) -> Loaded:
        """Loads with the options of the command line."""
        self._again = {
            "duplicates": duplicates,
            "allow_empty": given.get("allow_empty", False),
        }
        asked = options(max_rejects, duplicates, strict=strict, **given)
        return load(self.project, Bar("loading", None), asked, reached)

    def refusal(self, **given: Any) -> str:  # noqa: ANN401 - any option of `load`
        """What a load complains that fails, and leaves all but runs and rejects."""
        exists = self.project.profile.path.exists()
        before = lasting(self.contents()) if exists else ([], [], [])
        with pytest.raises((LandingError, LoadError)) as error:
            self.load(**given)
        told = str(error.value)
        after = self.contents()
        assert lasting(after) == before
        assert not holder.work_folder(self.project.profile.path).exists()
        runs = last_runs(after["load_runs"]).values()
        assert {row["status"] for row in runs} == {"failed"}
        assert {row["message"] for row in runs} == {told[:1000]}
        assert {row["rows_staged"] for row in runs} <= {0, None}
        return told

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query on the warehouse."""
        with reader(self.project.profile) as connection:
            return connection.execute(statement, list(parameters)).fetchall()

    def rows(self, table: str = EVENTS.name) -> list[Record]:
        """A raw table's rows, by file and line."""
        return self._records(table)[table]

    def ledger(self, table: str = "load_files") -> list[Record]:
        """All rows of load_runs, load_files or load_rejects."""
        return self._records(table)[table]

    def contents(self) -> Contents:
        """The rows of all tables."""
        return self._records(*TABLES)

    def run(self) -> dict[str, Record]:
        """The last load's rows of load_runs, by raw table."""
        return last_runs(self.ledger("load_runs"))

    def live(self) -> dict[str, Record]:
        """The versions of load_files that count, by uri."""
        files = self.ledger()
        return {row["uri"]: row for row in files if row["status"] != "superseded"}

    def check(self) -> None:
        """Holds the warehouse to what is true after every load that went well.

        Loads once more, which has to change nothing.
        """
        before = self.contents()
        assert not holder.work_folder(self.project.profile.path).exists()
        for table in (EVENTS, SONGS):
            check_table(before, table)
        check_rejects(before["load_rejects"])
        loaded = self.load(**self._again)
        assert loaded.is_nothing
        after = self.contents()
        runs = last_runs(after["load_runs"])
        assert {row["status"] for row in runs.values()} == {"nothing"}
        assert {row["load_id"] for row in runs.values()} == {loaded.load_id}
        assert lasting(after) == lasting(before)
        assert after["load_rejects"] == before["load_rejects"]

    def _records(self, *tables: str) -> Contents:
        found: Contents = {}
        with reader(self.project.profile) as connection:
            for table in tables:
                cursor = connection.execute(
                    f"select * from {TABLES[table][0]}.{table} order by "
                    f"{TABLES[table][1]}"
                )
                names = [column[0] for column in cursor.description or ()]
                found[table] = [
                    dict(zip(names, row, strict=True)) for row in cursor.fetchall()
                ]
        return found


def check_table(contents: Contents, table: RawTable) -> None:
    """Holds the rows of a raw table to the ledger, and each file's to themselves."""
    rows = contents[table.name]
    names = [column.name for column in table.raw_columns]
    for row in rows:
        assert any(row[name] is not None for name in names), row
    files = [row for row in contents["load_files"] if row["target"] == table.name]
    for row in files:
        by = row["superseded_by"]
        assert (by is not None) == (row["status"] == "superseded"), row
        assert by is None or by > row["load_id"], row
    live = [row for row in files if row["status"] in {"loaded", "gone"}]
    known = {(row["uri"], row["load_id"]): row["rows_staged"] for row in live}
    assert len({uri for uri, _ in known}) == len(live)
    staged = Counter((row["_source_uri"], row["_load_id"]) for row in rows)
    assert staged == {key: count for key, count in known.items() if count}
    assert sum(known.values()) == len(rows)
    failed = {
        row["load_id"] for row in contents["load_runs"] if row["status"] == "failed"
    }
    rejected = Counter(
        (row["uri"], row["load_id"])
        for row in contents["load_rejects"]
        if row["target"] == table.name
        and row["line"] is not None
        and row["load_id"] not in failed
    )
    for row in files:
        if row["rows_in_file"] is None:
            assert row["status"] in {"duplicate", "rejected", "superseded"}, row
            assert row["rows_staged"] == 0, row
        else:
            assert row["rows_in_file"] == row["rows_staged"] + row["rows_rejected"], row
            found = rejected.pop((row["uri"], row["load_id"]), 0)
            assert found == row["rows_rejected"], row
    assert not rejected


def check_rejects(rejects: Sequence[Record]) -> None:
    """Holds every reject to be explained, in text that any database can store."""
    for row in rejects:
        assert row["reason"], row
        assert row["message"], row
        assert (row["raw"] is None) == (row["line"] is None), row
        assert len((row["raw"] or "").encode()) <= 4096, row
        assert "\0" not in (row["raw"] or ""), row


def lasting(contents: Contents) -> tuple[list[Record], ...]:
    """What neither a load without work nor one that fails may change.

    A stamp is remembered as soon as the file is old enough, so it does not count.
    """
    files = [{**row, "stamp": None} for row in contents["load_files"]]
    return contents[EVENTS.name], contents[SONGS.name], files


def last_runs(runs: Sequence[Record]) -> dict[str, Record]:
    """The last load's rows of load_runs, by raw table."""
    number = max(row["load_id"] for row in runs)
    return {row["target"]: row for row in runs if row["load_id"] == number}


def encoded(content: Content) -> bytes:
    """A raw file's bytes."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    records = [content] if isinstance(content, Mapping) else content
    return b"\n".join(compact(each) for each in records)


def compact(record: Mapping[str, Any]) -> bytes:
    """A record as a line of JSON, as the published files have it."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return text.encode()
