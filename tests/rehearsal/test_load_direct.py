"""Objects so large that Redshift copies them from where they lie, and only they."""

import gzip
import signal
import subprocess
import sys
from typing import Any

import pytest
from landing_files import (
    EVENTS,
    SONG,
    Contents,
    Record,
    check_table,
    lasting,
)
from test_load_answers import TOO_LONG, ready
from test_load_faults import DYING, LATER
from test_scenarios import event
from two_engines import DUCKDB, REDSHIFT, Lab

from infra.errors import LandingError, LoadError
from infra.landing import s3_cache, s3_start
from infra.landing.files import LandedFile
from infra.landing.source import Source
from infra.loading import redshift_answer, redshift_direct, redshift_session
from infra.loading.redshift_answer import Answer
from infra.loading.redshift_statements import Statements

pytestmark = pytest.mark.slow  # objects of a gigabyte are rare

LEAST = 2000  # bytes; larger objects are for Redshift
START = 1500  # bytes of them that are seen here
ROWS = 8  # of about 450 bytes


@pytest.fixture(autouse=True)
def least(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is a gigabyte elsewhere."""
    monkeypatch.setattr(redshift_session, "MEGABYTE", LEAST / 1000)
    monkeypatch.setattr(s3_start, "BYTES", START)


def large(first: int = 1, **changes: Any) -> bytes:  # noqa: ANN401 - any value
    """An object that Redshift copies itself; `changes` are those of its last line."""
    lines = [event(ts=ts) for ts in range(first, first + ROWS - 1)]
    return b"\n".join([*lines, event(**({"ts": first + ROWS - 1} | changes)), b""])


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The names of objects of which the start, and of which all, is read here."""
    found: dict[str, list[str]] = {"start": [], "all": []}
    start_of, download = Source.start_of, s3_cache._download

    def noted(source: Source, file: LandedFile) -> bytes:
        found["start"].append(file.uri.rpartition("/")[2])
        return start_of(source, file)

    def noted_too(client: Any, bucket: Any, file: LandedFile, *rest: Any) -> None:  # noqa: ANN401
        found["all"].append(file.uri.rpartition("/")[2])
        download(client, bucket, file, *rest)

    monkeypatch.setattr(Source, "start_of", noted)
    monkeypatch.setattr(s3_cache, "_download", noted_too)
    return found


def rows_of(contents: Contents, name: str) -> list[Record]:
    return [row for row in contents[EVENTS.name] if row["_source_uri"].endswith(name)]


def test_a_large_object_is_copied_without_ever_being_here(
    lab: Lab, read: dict[str, list[str]]
) -> None:
    lab.good()
    lab.put("log_data/large.json", event(ts=0, new=1) + b"\n" + large())
    lab.put("log_data/packed.json.gz", gzip.compress(large(50), 0))
    lab.put("log_data/named.json", gzip.compress(large(70), 0))
    lab.load(DUCKDB)
    read["all"].clear()
    lab.load()
    names = ["large.json", "named.json", "packed.json.gz"]
    assert read == {"start": names, "all": ["good.json", "good.json"]}
    here, there = (lab.contents(engine) for engine in (DUCKDB, REDSHIFT))
    check_table(there, EVENTS)
    for name in names:
        expected = [row | {"_line": None} for row in rows_of(here, name)]
        found = sorted(rows_of(there, name), key=lambda row: row["ts"])
        assert found == expected
        assert len(found) >= ROWS
    ledgers = (
        [{**row, "missing_keys": None} for row in each["load_files"]]
        for each in (here, there)
    )
    assert next(ledgers) == next(ledgers)
    assert lab.load().is_nothing
    assert read["start"] == names


def test_large_objects_change_and_go_as_others_do(lab: Lab) -> None:
    lab.good()
    lab.put("log_data/large.json", large())
    lab.put("log_data/leaving.json", large(30))
    lab.put("log_data/zcopy.json", large(30))
    # A key that comes twice: all is rolled back and staged once more
    lab.put("song_data/twice.json", b'{"song_id":"SO9","song_id":"SO8"}')
    lab.load()
    assert len(lab.contents()[EVENTS.name]) == 2 + 2 * ROWS
    lab.put("log_data/large.json", large(60))
    lab.delete("log_data/leaving.json")
    lab.load(prune=True)  # the copy has its turn
    contents = lab.contents()
    check_table(contents, EVENTS)
    staged = {row["ts"] for row in contents[EVENTS.name]}
    assert staged > {*range(60, 60 + ROWS), *range(30, 30 + ROWS)}
    assert not staged & set(range(1, ROWS + 1))
    lab.load(full_refresh=True)
    again = lab.contents()
    assert {row["ts"] for row in again[EVENTS.name]} == staged
    assert lab.load().is_nothing


# What Redshift refuses of them


def test_rows_that_it_refuses_are_rejects_with_line_column_and_reason(lab: Lab) -> None:
    ready(lab)  # with a column that somebody made narrower
    lab.put("log_data/a.json", large(1, song=TOO_LONG))
    lab.put("log_data/b.json.gz", gzip.compress(large(20, status=2**31), 0))
    lab.put("log_data/c.json", large(40) + b"no JSON\n")
    lab.load()
    contents = lab.contents()
    check_table(contents, EVENTS)
    found = [
        (row["line"], row["column"], row["reason"], row["raw"])
        for row in contents["load_rejects"]
    ]
    assert found == [
        (ROWS, "song", "too_long", None),
        (ROWS, "status", "out_of_range", None),
        (ROWS + 1, None, "malformed_json", None),
    ]
    told = {row["message"] for row in contents["load_rejects"]}
    assert "Redshift: String length exceeds DDL length (error 1204)" in told
    assert lab.load().is_nothing


def test_rows_of_which_the_views_tell_late_are_waited_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, asked = redshift_answer._told, []

    def late(sql: Statements) -> Answer:
        asked.append(sql)
        found = told(sql)
        return found._replace(refused=[]) if len(asked) < 3 else found

    monkeypatch.setattr(redshift_answer, "_told", late)
    monkeypatch.setattr(redshift_answer, "PAUSE", 0.01)
    lab.put("song_data/good.json", SONG)
    lab.put("log_data/large.json", large() + b"bad\n")
    lab.load()
    assert len(lab.contents()["load_rejects"]) == 1


def test_more_of_them_than_are_tolerated_change_nothing(lab: Lab) -> None:
    lab.good()
    lab.put("log_data/large.json", large())
    lab.load()
    before = lasting(lab.contents())
    lab.put("log_data/large.json", large(60) + b"bad\n" * 11)
    with pytest.raises(LoadError, match="11 of 19 rows are rejected, 10 may be"):
        lab.load()
    assert lasting(lab.contents()) == before
    assert len(lab.contents()["load_rejects"]) == 11
    lab.load(max_rejects="11")
    assert lab.contents()[EVENTS.name] != before[0]


def test_an_object_that_fails_as_a_whole_is_named_and_costs_no_other_its_work(
    lab: Lab, read: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.good()
    broken = gzip.compress(large(1), 0)[:-12]
    lab.put("log_data/broken.json.gz", broken)
    lab.put("log_data/copy.json.gz", broken)
    lab.put("log_data/empty.json", large(20) + b"{}\n")
    lab.put("log_data/fine.json", large(40))
    with pytest.raises(
        LoadError, match=r"broken.json.gz: Redshift cannot copy it: The "
    ):
        lab.load()
    lab.load(max_rejects="3")
    contents = lab.contents()
    check_table(contents, EVENTS)
    last = [row for row in contents["load_rejects"] if row["load_id"] == 2]
    assert [(row["uri"].rpartition("/")[2], row["reason"]) for row in last] == [
        ("broken.json.gz", "bad_gzip"),
        ("copy.json.gz", "bad_gzip"),
        ("empty.json", "no_known_key"),
    ]
    assert len(rows_of(contents, "fine.json")) == ROWS
    asked = len(read["start"])
    assert lab.load().is_nothing
    assert len(read["start"]) == asked
    assert set(read["all"]) == {"good.json"}
    # Read here it is another matter
    monkeypatch.setattr(redshift_session, "MEGABYTE", redshift_direct.MEGABYTE)
    lab.load(max_rejects="2")
    contents = lab.contents()
    check_table(contents, EVENTS)
    assert len(rows_of(contents, "empty.json")) == ROWS
    assert contents["load_rejects"][-1]["reason"] == "no_known_key"
    assert contents["load_rejects"][-1]["line"] == ROWS + 1


def test_too_many_bad_rows_are_a_bad_object(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.loading.redshift_statements.MOST_ERRORS", 2)
    lab.good()
    lab.put("log_data/large.json", large() + b"bad\n" * 3)
    told = r"of its rows, as line 9, the whole: Redshift: Invalid JSON.* \(error 1216\)"
    with pytest.raises(LoadError, match=told):
        lab.load()


def test_what_redshift_may_not_read_ends_the_load_in_a_sentence(lab: Lab) -> None:
    lab.good()
    lab.put("log_data/large.json", large())

    def reached(step: str) -> None:
        if step == "decided":
            lab.delete("log_data/large.json")

    with pytest.raises(LoadError, match=r"cannot read s3://a-landing/.*large.json, wh"):
        lab.load(reached=reached)


# What is odd from the start, or moves


ODD = {
    "bom.json": b"\xef\xbb\xbf" + large(1),
    "array.json": b"[\n" + large(11).replace(b"}\n{", b"},\n{") + b"]",
    "key.json": large(21).replace(b'"sessionId"', b'"sessionid"', 1),
    "lines.json": large(31).replace(b"\n", b"\r"),
}


def test_what_is_odd_from_the_start_is_read_here(
    lab: Lab, read: dict[str, list[str]]
) -> None:
    lab.good()
    for name, content in ODD.items():
        lab.put(f"log_data/{name}", content)
    lab.both(max_rejects="20")
    assert sorted(read["start"]) == sorted(ODD)
    assert set(read["all"]) == {"good.json", *ODD}


def test_what_can_never_be_read_is_refused_by_its_start(
    lab: Lab, read: dict[str, list[str]]
) -> None:
    lab.good()
    lab.put("log_data/a.json", large().decode().encode("utf-16"))
    lab.put("log_data/b.json.gz", large())
    lab.put("log_data/c.json", b"\x1f\x8b" + large())
    with pytest.raises(LoadError, match=r"a.json: .* \(utf16\) and 2 more"):
        lab.load()
    rejects = lab.contents()["load_rejects"]
    reasons = [(row["uri"].rpartition("/")[2], row["reason"]) for row in rejects]
    assert reasons == [
        *(("a.json", "utf16"), ("b.json.gz", "not_gzip"), ("c.json", "bad_gzip"))
    ]
    assert set(read["all"]) == {"good.json"}


def test_freeze_reads_all_here(lab: Lab, read: dict[str, list[str]]) -> None:
    """Redshift would not tell of keys that come late."""
    lab.good()
    lab.put("log_data/large.json", large(new=1))
    with pytest.raises(LoadError, match="keys that are new or missing: new"):
        lab.load(freeze=True)
    assert read["start"] == []


@pytest.mark.parametrize(
    ("step", "error", "told"),
    [
        ("identified", LoadError, "large.json changed while it was read"),
        ("listed", LandingError, "large.json was changed while it was read"),
    ],
)
def test_an_object_that_changes_while_it_is_loaded_changes_nothing(
    step: str, error: type[Exception], told: str, lab: Lab
) -> None:
    lab.good()
    lab.put("log_data/large.json", large())

    def reached(here: str) -> None:
        if here == step:
            lab.put("log_data/large.json", large(30))

    with pytest.raises(error, match=told):
        lab.load(reached=reached)
    assert lab.contents()[EVENTS.name] == []
    lab.load()
    assert {row["ts"] for row in lab.contents()[EVENTS.name]} > set(range(30, 38))


def test_a_load_that_is_stopped_at_any_step_leaves_the_old_or_the_new(lab: Lab) -> None:
    lab.good()
    lab.put("log_data/large.json", large())
    lab.load()
    before = lasting(lab.contents())
    lab.put("log_data/large.json", large(30))
    lab.put("log_data/new.json", large(60))
    for step in ("copied", "inserted", "committed"):

        def reached(here: str, step: str = step) -> None:
            if here == step:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            lab.load(reached=reached)
        after = lasting(lab.contents())
        assert (after != before) is (step == "committed")
    assert lab.load().is_nothing
    check_table(lab.contents(), EVENTS)


def test_a_load_that_is_killed_after_copying_is_made_good(lab: Lab) -> None:
    """In a process of its own a megabyte is one."""
    lab.put("song_data/good.json", SONG)
    lines = (event(ts=ts, userAgent="x" * 1000) for ts in range(750))
    lab.put("log_data/large.json", b"\n".join(lines) + b"\n")
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(lab.projects[REDSHIFT].root), "inserted"],
        env=lab.environment()
        | {
            "PYTHONPATH": ":".join(["", *sys.path]),
            "PYTHONWARNINGS": "ignore",
            "INVOKE_SPARKIFY_COPY_DIRECTLY_FROM_MB": "1",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=LATER,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert lab.contents()[EVENTS.name] == []
    lab.load()
    assert len(lab.contents()[EVENTS.name]) == 750
    lab.cloud.empty()
