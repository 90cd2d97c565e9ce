import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from checkout import REPOSITORY, Checkout, Row, fails, succeeds

from infra.console import Bar
from infra.errors import LandingError, LoadError
from infra.landing.simulator import Plan, generate
from infra.loading import duckdb_engine, scan
from infra.loading.load import load
from infra.loading.raw_schema import raw_tables

EVENTS, SONGS = raw_tables(REPOSITORY)
EVENT: dict[str, Any] = {
    "artist": "Björk",
    "auth": "Logged In",
    "firstName": "Ava",
    "gender": "F",
    "itemInSession": 3,
    "lastName": "Robinson",
    "length": 237.81832,
    "level": "paid",
    "location": "New Haven-Milford, CT",
    "method": "PUT",
    "page": "NextSong",
    "registration": 1540931983796.0,
    "sessionId": 829,
    "song": "Jóga",
    "status": 200,
    "ts": 1543537327796,
    "userAgent": '"Mozilla/5.0"',
    "userId": "50",
}
SONG: dict[str, Any] = {
    "num_songs": 1,
    "artist_id": "AR7G5I41187FB4CE6C",
    "artist_latitude": 64.13548,
    "artist_longitude": -21.89541,
    "artist_location": "Reykjavík",
    "artist_name": "Björk",
    "song_id": "SOAAAAA12AB0187DE1",
    "title": "Jóga",
    "duration": 305.42322,
    "year": 1997,
}


class Landing:
    """Raw files and a warehouse in memory that they are loaded into."""

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.connection = connection
        self.write("log_data/first.json", EVENT)
        self.write("song_data/first.json", SONG)

    def write(self, name: str, content: bytes | dict[str, Any]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        encoded = (
            content if isinstance(content, bytes) else json.dumps(content).encode()
        )
        path.write_bytes(encoded)
        return path

    def load(self) -> dict[str, int]:
        return duckdb_engine.replace_rows(
            self.connection,
            [EVENTS, SONGS],
            lambda table: scan.scan(self.folder, table.landing),
        )

    def query(self, statement: str) -> list[Row]:
        return self.connection.execute(statement).fetchall()

    def content(self) -> list[list[Row]]:
        tables = ("staging.staging_events", "staging.staging_songs")
        return [self.query(f"from {table} order by all") for table in tables]

    def refusal(self) -> str:
        """What a load complains that leaves both tables as they were."""
        before = self.content()
        with pytest.raises((LandingError, LoadError)) as error:
            self.load()
        assert self.content() == before
        return str(error.value)


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    """One event and one song, loaded."""
    with duckdb.connect() as connection:
        made = Landing(tmp_path, connection)
        assert made.load() == {"staging_events": 1, "staging_songs": 1}
        yield made


# What arrives


def test_every_key_arrives_in_its_column_with_its_lineage(landing: Landing) -> None:
    (event,), (song,) = landing.content()
    columns = [column.json for column in EVENTS.raw_columns]
    assert event == (*(EVENT[key] for key in columns), 1, "log_data/first.json", 1)
    columns = [column.json for column in SONGS.raw_columns]
    assert song == (*(SONG[key] for key in columns), 1, "song_data/first.json", 1)


def test_numbers_in_text_columns_stay_text(landing: Landing) -> None:
    landing.write("song_data/first.json", SONG | {"title": 4.6, "artist_name": 311})
    landing.write("log_data/first.json", EVENT | {"song": 702, "userId": 50})
    landing.load()
    assert landing.query("select title, artist_name from staging.staging_songs") == [
        ("4.6", "311")
    ]
    assert landing.query("select song, userid from staging.staging_events") == [
        ("702", "50")
    ]


def test_numbers_are_exact(landing: Landing) -> None:
    registration, length = 1541033612796.1875, math.nextafter(237.81832, 300)
    exact = {"registration": registration, "length": length, "ts": 2**53 + 1}
    landing.write("log_data/first.json", EVENT | exact)
    landing.write("song_data/first.json", SONG | {"artist_latitude": -0.1 - 0.2})
    landing.load()
    (row,) = landing.query(
        "select registration, length, ts from staging.staging_events"
    )
    assert row == (registration, length, 2**53 + 1)
    (latitude,) = landing.query("select artist_latitude from staging.staging_songs")
    assert latitude == (-0.1 - 0.2,)


def test_text_of_dates_and_blanks_stays_as_it_is(landing: Landing) -> None:
    texts = ["2018-11-01", "true", "", " ", "null", "1e3", "\u00a0x\t", "a\nb", "\x19"]
    lines = [json.dumps(EVENT | {"song": text}) for text in texts]
    landing.write("log_data/first.json", "\n".join(lines).encode())
    landing.load()
    found = landing.query("select song from staging.staging_events order by _line")
    assert [text for (text,) in found] == texts


def test_folders_named_like_columns_override_nothing(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = landing.folder / "year=1998"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    (landing.folder / "song_data" / "first.json").unlink()
    landing.write("song_data/year=1999/title=x/a.json", SONG)
    landing.load()
    assert landing.query("select title, year, _line from staging.staging_songs") == [
        ("Jóga", 1997, 1)
    ]


def test_absent_keys_are_null_and_others_are_ignored(landing: Landing) -> None:
    landing.write("log_data/first.json", b'{"page": "Home", "colour": {"a": [1]}}')
    landing.load()
    ((page, rest, line),) = landing.query(
        "select page, coalesce(artist, userid, song, ts::text), _line "
        "from staging.staging_events"
    )
    assert (page, rest, line) == ("Home", None, 1)


def test_a_key_counts_with_its_case(landing: Landing) -> None:
    landing.write("log_data/first.json", b'{"PAGE": "x", "userid": "1", "level": "y"}')
    landing.load()
    assert landing.query("select page, userid, level from staging.staging_events") == [
        (None, None, "y")
    ]


@pytest.mark.parametrize("size", [1, 300, 64 * 1024 * 1024])
def test_rows_are_the_same_whatever_the_size_of_a_batch(
    size: int, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "BATCH_BYTES", size)
    for number in range(9):  # batches of equal size, one soon after the other
        lines = [EVENT | {"itemInSession": 2 * number + line} for line in (0, 1)]
        content = "\n".join(json.dumps(line) for line in lines)
        landing.write(f"log_data/{number}.json", content.encode())
    assert landing.load() == {"staging_events": 19, "staging_songs": 1}
    found = landing.query(
        "select _source_uri, _line, iteminsession from staging.staging_events "
        "where _source_uri not like '%first%' order by all"
    )
    assert found == [
        (f"log_data/{item // 2}.json", item % 2 + 1, item) for item in range(18)
    ]


def test_names_of_files_may_hold_anything(landing: Landing) -> None:
    names = ["a'b.json", 'a"b.json', "a\\b.json", "a\nb.json", "ä b.json", "a,1.json"]
    for name in names:
        landing.write(f"log_data/{name}", EVENT)
    landing.load()
    found = landing.query("select _source_uri from staging.staging_events")
    assert {uri for (uri,) in found} == {
        f"log_data/{name}" for name in [*names, "first.json"]
    }
    landing.write('log_data/a"b.json', b'{"ts": 1}\n{"ts": "abc"}')
    assert 'log_data/a"b.json, line 2: ' in landing.refusal()


def test_empty_files_give_no_rows(landing: Landing) -> None:
    landing.write("log_data/empty.json", b"")
    landing.write("log_data/first.json", b"\n")
    assert landing.load() == {"staging_events": 0, "staging_songs": 1}


# Again


def test_loading_twice_gives_the_same_rows(landing: Landing) -> None:
    before = landing.content()
    assert landing.load() == {"staging_events": 1, "staging_songs": 1}
    assert landing.content() == before


def test_rows_follow_the_files(landing: Landing) -> None:
    landing.write("log_data/second.json", EVENT | {"ts": 7})
    landing.write("log_data/first.json", EVENT | {"ts": 8})
    landing.load()
    timestamps = "select _source_uri, ts from staging.staging_events order by all"
    assert landing.query(timestamps) == [
        ("log_data/first.json", 8),
        ("log_data/second.json", 7),
    ]
    (landing.folder / "log_data" / "first.json").unlink()
    landing.load()
    assert landing.query(timestamps) == [("log_data/second.json", 7)]


def test_a_table_of_another_shape_is_replaced(landing: Landing) -> None:
    before = landing.content()
    landing.connection.execute("alter table staging.staging_events drop column ts")
    landing.connection.execute("drop table staging.staging_songs")
    landing.load()
    assert landing.content() == before


def test_making_tables_leaves_their_rows(landing: Landing) -> None:
    before = landing.content()
    duckdb_engine.create_tables(landing.connection, [EVENTS, SONGS])
    assert landing.content() == before


# What is refused


GOOD = json.dumps(EVENT).encode()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(GOOD + b"\n" + GOOD[:-20], 2, id="truncated last line"),
        pytest.param(GOOD + b"\n" + GOOD[:90] + b"\n" + GOOD, 2, id="truncated line"),
        pytest.param(
            GOOD + b'\n{"page":{"a":1}\n' + GOOD, 2, id="truncated after a brace"
        ),
        pytest.param(b"\n\n" + GOOD + b'\n{"ts":"abc"}\n' + GOOD, 4, id="wrong type"),
        pytest.param(GOOD + b'\r\n\r\n{"itemInSession":[1]}', 3, id="list for number"),
        pytest.param(b'{"length":"long"}', 1, id="text for number"),
        pytest.param(b'{"itemInSession":3000000000}', 1, id="too large"),
        pytest.param(b'{"ts":"in line 9"}\n' + GOOD, 1, id="value that names a line"),
        pytest.param(GOOD + b'\n{"page":"\xff\xfe"}\n', 2, id="not UTF-8"),
        pytest.param(GOOD + b'\n{"page":"a\tb"}', 2, id="bare control character"),
        pytest.param(GOOD + b'\n{"page":"\\ud83d"}', 2, id="half a character"),
        pytest.param(GOOD + b"\n{}\n" + GOOD, 2, id="empty object"),
        pytest.param(GOOD + b'\n\n{"colour":"blue"}', 3, id="no known key"),
        pytest.param(b"[" + GOOD + b"]", 1, id="array"),
        pytest.param(GOOD + b"\nnull", 2, id="null"),
        pytest.param(b"artist,song\nBjork,Joga\n", 1, id="CSV"),
        pytest.param(GOOD + b"\n" + GOOD + b" " + GOOD, 2, id="two in a line"),
        pytest.param(GOOD + b'\n{"page":"a","page":"b"}', 2, id="a key twice"),
        pytest.param(GOOD + b'\n{"_line":7,"page":"a"}', 2, id="forged lineage"),
        pytest.param(b'{"page":"' + b"x" * 36_000_000 + b'"}', 1, id="36 MB"),
    ],
)
def test_a_bad_line_is_named_and_nothing_changes(
    content: bytes, line: int, landing: Landing
) -> None:
    landing.write("log_data/a.json", GOOD + b"\n" + GOOD)
    landing.write("log_data/bad.json", content)
    landing.write("song_data/second.json", SONG)
    assert f"log_data/bad.json, line {line}: " in landing.refusal()


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b'{"length":NaN}', id="not a number"),
        pytest.param(b'{"length":1e999}', id="infinite"),
    ],
)
def test_a_number_that_json_does_not_have_is_refused(
    record: bytes, landing: Landing
) -> None:
    landing.write("log_data/bad.json", GOOD + b"\n" + record)
    assert "log_data/bad.json, line 2: " in landing.refusal()


def test_a_bad_song_leaves_the_events_too(landing: Landing) -> None:
    landing.write("log_data/second.json", EVENT)
    landing.write("song_data/bad.json", SONG | {"year": "unknown"})
    assert "song_data/bad.json, line 1: " in landing.refusal()


def test_a_bad_file_in_a_later_batch_leaves_the_earlier_rows(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "BATCH_BYTES", 1)
    landing.write("log_data/second.json", EVENT)
    landing.write("log_data/third.json", b'{"ts":\n1}\n{}')
    assert "log_data/third.json, line 1: " in landing.refusal()


def test_a_pretty_printed_object_with_a_wrong_value_is_named(landing: Landing) -> None:
    landing.write("log_data/bad.json", b'\n{\n  "page": "Home",\n  "ts": "abc"\n}\n')
    assert "log_data/bad.json, line 2: " in landing.refusal()


@pytest.mark.parametrize("folder", ["log_data", "song_data"])
def test_a_landing_without_its_files_changes_nothing(
    folder: str, landing: Landing
) -> None:
    (landing.folder / folder / "first.json").unlink()
    assert str(landing.folder / folder) in landing.refusal()
    (landing.folder / folder).rmdir()
    assert str(landing.folder / folder) in landing.refusal()


# A warehouse in a file, as `invoke load` fills it


@pytest.fixture
def loaded(checkout: Checkout) -> Checkout:
    """A checkout with few files, all loaded."""
    generate(checkout.root / "data" / "landing", Plan(users=3, songs=9, days=2))
    succeeds(checkout.invoke("up", "load"))
    return checkout


def staged(checkout: Checkout) -> list[list[Row]]:
    tables = ("staging.staging_events", "staging.staging_songs")
    return [checkout.query(f"from {table} order by all") for table in tables]


def test_a_load_replaces_what_an_earlier_one_left(loaded: Checkout) -> None:
    before = staged(loaded)
    landing = loaded.root / "data" / "landing"
    log = next(landing.glob("log_data/*/*/*01-events.json"))
    uri = log.relative_to(landing).as_posix()
    log.unlink()
    load(loaded.project, Bar("loading", None))
    events, songs = staged(loaded)
    assert songs == before[1]
    assert events == [row for row in before[0] if row[-2] != uri] != before[0]


def test_an_absent_landing_is_refused_before_anything_is_touched(
    loaded: Checkout,
) -> None:
    before = staged(loaded)
    (loaded.root / "data" / "landing").rename(loaded.root / "data" / "away")
    with pytest.raises(LandingError, match=r"There are no \.json files"):
        load(loaded.project, Bar("loading", None))
    assert "load: There are no .json files" in fails(loaded.invoke("load"), 1)
    assert staged(loaded) == before


def test_a_bad_file_is_a_sentence_on_the_command_line(loaded: Checkout) -> None:
    before = staged(loaded)
    bad = loaded.root / "data" / "landing" / "song_data" / "bad.json"
    bad.write_text('{"title":')
    told = fails(loaded.invoke("load"), 1)
    assert told.startswith("load: ")
    assert "song_data/bad.json, line 1: " in told
    assert staged(loaded) == before


# A kill at the third file, when the first two are inserted already, or just after the
# last insert of each table
KILLED = """
import os, pathlib, sys
from infra.console import Bar
from infra.loading import duckdb_engine, load, scan
from infra.project import Project

scan.BATCH_BYTES = 1
kind, at = sys.argv[1], int(sys.argv[2])
insert, inserts = duckdb_engine._insert, {"log_data": 0, "song_data": 0}

def counted(connection, table, path):
    insert(connection, table, path)
    inserts[table.landing] += 1
    if inserts[kind] == at:
        os.kill(os.getpid(), 9)

duckdb_engine._insert = counted
load.load(Project(pathlib.Path.cwd()), Bar("loading", None))
"""


@pytest.mark.parametrize(
    ("folder", "files"), [("log_data", 2), ("song_data", 1), ("song_data", 10)]
)
def test_a_kill_leaves_what_was_there(
    folder: str, files: int, loaded: Checkout
) -> None:
    before = staged(loaded)
    landing = loaded.root / "data" / "landing"
    for name, record in (("log_data", EVENT), ("song_data", SONG)):
        (landing / name / "zzz.json").write_text(json.dumps(record))
    program = [sys.executable, "-c", KILLED, folder, str(files)]
    completed = loaded.run(program, {"TMPDIR": str(loaded.root.parent)})
    assert completed.returncode == -signal.SIGKILL, completed.stderr
    assert staged(loaded) == before
    succeeds(loaded.invoke("load"))
    assert [len(rows) for rows in staged(loaded)] == [len(rows) + 1 for rows in before]


# One process at a time


@pytest.fixture
def held(loaded: Checkout) -> Iterator[tuple[Checkout, int]]:
    """A checkout whose warehouse another process holds, and that process's number."""
    program = (
        "import duckdb, sys; held = duckdb.connect(sys.argv[1]); "
        "print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, loaded.root / "sparkify.duckdb"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "\n"
        yield loaded, holder.pid
        holder.communicate()


def test_who_holds_the_warehouse_is_named(held: tuple[Checkout, int]) -> None:
    checkout, holder = held
    before = checkout.files()
    for words in (
        *(["load"], ["up"], ["build"], ["docs"], ["status"], ["verify"]),
        *(["sql", "--query", "select 1"], ["down", "--yes"]),
    ):
        told = fails(checkout.invoke(*words), 1)
        assert told.startswith(f"{words[0]}: "), words
        assert f"(PID {holder})" in told
        assert "sparkify.duckdb is in use by " in told
    assert checkout.files() == before


def test_a_reader_shuts_out_a_writer(loaded: Checkout) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{loaded.root / 'sparkify.duckdb'}' as held (read_only)"
        )
        told = fails(loaded.invoke("load"), 1)
        assert f"(PID {os.getpid()})" in told
        succeeds(loaded.invoke("status"))


def test_a_file_that_is_no_warehouse_is_left_alone(loaded: Checkout) -> None:
    file = loaded.root / "sparkify.duckdb"
    file.write_bytes(b"a letter to a friend" * 1000)
    for words in (["load"], ["status"], ["up"]):
        told = fails(loaded.invoke(*words), 1)
        assert "is not a DuckDB file, so it was left alone" in told
    assert file.read_bytes() == b"a letter to a friend" * 1000
