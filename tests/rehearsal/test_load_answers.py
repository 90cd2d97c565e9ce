"""What Redshift says of rows that were checked here: it is heard, and held to it."""

import gzip
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from landing_files import (
    EVENT,
    EVENTS,
    SONG,
    Record,
    check_rejects,
    check_table,
    lasting,
)
from test_scenarios import event
from two_engines import STAGE, Cloud, Lab, opened

from infra.errors import LoadError
from infra.loading import (
    intake,
    redshift_answer,
    redshift_rows,
    redshift_stage,
    redshift_statements,
)
from infra.loading.engine import REFUSED
from infra.loading.redshift_answer import Answer
from infra.loading.redshift_stage import Stage, copy_statement
from infra.loading.redshift_statements import Statements
from infra.rehearsal import copy_rows
from infra.rehearsal.standin import Standin
from infra.rehearsal.tokens import Refused

FITS, TOO_LONG = "Dizzy Parade", "Dizzy Parades"
LONG = event(song="x" * 1000, artist="y" * 1000)


def narrow(lab: Lab) -> None:
    """Makes a column of the raw table narrower than its definition, behind our back."""
    width = len(FITS)
    with (
        closing(lab.standin.connected(database=lab.name)) as connection,
        connection.cursor() as cursor,
    ):
        connection.autocommit = True
        cursor.execute(
            f"alter table {EVENTS.relation} alter column song type varchar({width})"
        )


@contextmanager
def statements(beginning: str) -> Iterator[list[str]]:
    """What a load says to Redshift that begins so."""
    heard: list[str] = []
    run = Statements.run

    def noted(self: Statements, statement: str, given: Any = ()) -> int:  # noqa: ANN401
        if statement.startswith(beginning):
            heard.append(statement)
        return run(self, statement, given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Statements, "run", noted)
        yield heard


def rejects(lab: Lab) -> list[Record]:
    return lab.contents()["load_rejects"]


def refused_by(lab: Lab, *, match: str, **given: Any) -> str:  # noqa: ANN401
    """What a load complains that fails and changes nothing."""
    before = lasting(lab.contents())
    with pytest.raises(LoadError, match=match) as error:
        lab.load(**given)
    after = lab.contents()
    assert lasting(after) == before
    assert {run["status"] for run in after["load_runs"][-2:]} == {"failed"}
    assert lab.cloud.staged() == []
    return str(error.value)


# Rows that it refuses


def ready(lab: Lab) -> None:
    """Tables with a row, one column of them as narrow as FITS."""
    lab.put("log_data/good.json", event(song="a"))
    lab.put("song_data/good.json", SONG)
    lab.load()
    narrow(lab)


def test_a_row_that_redshift_refuses_is_a_reject_of_its_raw_file(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The column is a byte too narrow for it, and just wide enough for the others."""
    monkeypatch.setattr(intake, "SMALL", 1500)
    ready(lab)
    lines = [event(ts=ts, song=song) for ts, song in enumerate((FITS, TOO_LONG, FITS))]
    lab.put("log_data/joined.json", lines[0] + b"\n" + lines[1])
    lab.put("log_data/whole.json", b"\n".join([*lines, event(ts=9)]))
    lab.put("log_data/careful.json", b"\n".join([*lines, b"{"]))
    lab.put("log_data/packed.json.gz", gzip.compress(b"\n".join(lines)))
    lab.load()
    contents = lab.contents()
    check_table(contents, EVENTS)
    check_rejects(contents["load_rejects"])
    said = "Redshift: String length exceeds DDL length (error 1204)"
    refused = [row for row in contents["load_rejects"] if row["reason"] == REFUSED]
    names = ["careful.json", "joined.json", "packed.json.gz", "whole.json"]
    assert [row["uri"].rpartition("/")[2] for row in refused] == names
    for row in refused:
        assert (row["line"], row["column"], row["message"]) == (2, "song", said)
        assert row["raw"] == lines[1].decode()
    assert len(contents[EVENTS.name]) == 1 + 1 + 3 + 2 + 2
    assert lab.load().is_nothing


def test_a_refused_row_is_counted_once_where_a_load_begins_anew(lab: Lab) -> None:
    """A key that comes twice makes it patient; rows of that file are taken back."""
    ready(lab)
    refused = event(ts=1, song=TOO_LONG)
    lab.put("log_data/fine.json", event(ts=2) + b"\n" + refused)
    lab.put("log_data/twice.json", refused + b"\n" + event()[:-1] + b',"ts":3}')
    lab.load()
    contents = lab.contents()
    check_table(contents, EVENTS)
    assert [(row["line"], row["reason"]) for row in contents["load_rejects"]] == [
        *((2, REFUSED), (1, REFUSED), (2, "duplicate_key"))
    ]


@pytest.fixture(scope="module")
def narrowed(
    aws: Cloud, standin: Standin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """One for all loads that fail: a narrow column, and a file that does not fit."""
    with opened(tmp_path_factory.mktemp("narrowed"), aws, standin) as made:
        ready(made)
        events = [EVENT | {"ts": ts, "song": TOO_LONG} for ts in range(11)]
        made.put("log_data/odd.json", events)
        yield made


def test_more_refused_rows_than_are_tolerated_change_nothing(narrowed: Lab) -> None:
    told = refused_by(narrowed, match="11 of 11 rows are rejected, 10 may be")
    assert "`invoke rejects` shows each" in told
    runs = narrowed.contents()["load_runs"]
    found = [row for row in rejects(narrowed) if row["load_id"] == runs[-1]["load_id"]]
    assert sorted(row["line"] for row in found) == list(range(1, 12))


def test_a_copy_that_gives_up_at_too_many_is_not_searched(
    narrowed: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redshift_rows, "MOST_ERRORS", 2)
    with statements("copy probed") as probes:
        refused_by(narrowed, match="does not take the rows that were checked")
    assert probes == []


# Files for which it refuses all


def spoil(lab: Lab, monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    """Good files, and some for which the stand-in fails the COPY as a whole."""
    monkeypatch.setattr(copy_rows, "LARGEST_OBJECT", 1900)
    for number in range(30):
        lab.put(f"log_data/{number:02}.json", event(ts=number))
    for number, name in enumerate(names):
        lab.put(name, LONG + b"\n" + event(ts=100 + number))


def test_files_that_fail_a_copy_are_found_by_halves_and_the_rest_is_loaded(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.good()
    lab.put("log_data/17x.json", event(ts=70))
    lab.load()
    before = lab.contents()[EVENTS.name]
    bad = ["log_data/03x.json", "log_data/17x.json"]
    spoil(lab, monkeypatch, bad)
    told = refused_by(
        lab, match=r"03x.json: Redshift copies no row of it: .* \(refused"
    )
    assert "and 1 more" in told
    with statements("copy probed_rows") as probes:
        lab.load(max_rejects="2")
    assert 0 < len(probes) <= 1 + len(bad) * (1 + 2 * math.ceil(math.log2(32)))
    contents = lab.contents()
    check_table(contents, EVENTS)
    files = {row["uri"][-8:]: row for row in contents["load_files"] if row["note"]}
    assert {name: row["status"] for name, row in files.items()} == {
        name[-8:]: "rejected" for name in bad
    }
    assert {row["reason"] for row in contents["load_rejects"]} == {REFUSED}
    # The rows that the changed file had before are still there
    assert len(contents[EVENTS.name]) == len(before) + 30
    assert {row["ts"] for row in contents[EVENTS.name]} >= {70, *range(30)}


def test_a_file_that_was_found_is_not_tried_again_until_it_changes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.good()
    spoil(lab, monkeypatch, ["log_data/bad.json", "log_data/copy.json"])
    lab.put("log_data/copy.json", LONG + b"\n" + event(ts=100))
    with statements("copy probed_rows") as probes:
        lab.load(max_rejects="2")
        first = len(probes)
        assert lab.load().is_nothing
    assert len(probes) == first
    assert {row["uri"][-9:] for row in rejects(lab)} == {"/bad.json", "copy.json"}
    lab.put("log_data/bad.json", event(ts=101))
    lab.load()
    assert 101 in {row["ts"] for row in lab.contents()[EVENTS.name]}


def test_access_is_never_searched(narrowed: Lab) -> None:
    known = narrowed.standin.cluster
    narrowed.standin.cluster = replace(known, default_role=None)
    try:
        with statements("copy probed_rows") as probes:
            refused_by(narrowed, match="no default IAM role")
    finally:
        narrowed.standin.cluster = known
    assert probes == []


def test_what_even_a_copy_of_nothing_meets_is_nobodys_fault(
    narrowed: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As words that we do not know may be those of a lack of access."""
    monkeypatch.setattr(copy_rows, "rows", _fails)
    with statements("copy probed_rows") as probes:
        refused_by(narrowed, match="Something that nobody foresaw")
    assert len(probes) == 1


def _fails(*_: object) -> Iterator[object]:
    raise Refused("Something that nobody foresaw", "XX000")


# What it read


def test_other_bytes_than_were_put_there_are_not_loaded(
    narrowed: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Stage.put_files

    def put_over(stage: Stage, name: str, files: Any) -> Any:  # noqa: ANN401
        parts = put(stage, name, files)
        for part in parts:
            rows = gzip.decompress(part.path.read_bytes())
            rows = rows.replace(b"Dizzy", b"Fuzzy")
            key = part.url.removeprefix(f"s3://{STAGE}/")
            body = gzip.compress(rows)
            narrowed.cloud.s3.put_object(Bucket=STAGE, Key=key, Body=body)
        return parts

    monkeypatch.setattr(Stage, "put_files", put_over)
    refused_by(
        narrowed, match=r"read other files than .* as s3://sparkify-dev-.*json.gz"
    )


def test_rows_that_are_neither_loaded_nor_refused_are_missed(
    narrowed: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redshift_answer, "PATIENCE", 0)
    silent = redshift_answer._REFUSED.replace("where", "where false and")
    monkeypatch.setattr(redshift_answer, "_REFUSED", silent)
    refused_by(narrowed, match="took 0 of 11 rows and says that it refused 0")


def test_views_that_lag_behind_are_waited_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(lab)
    told, asked = redshift_answer._told, []

    def late(sql: Statements) -> Answer:
        asked.append(sql)
        return Answer(set(), []) if len(asked) < 3 else told(sql)

    monkeypatch.setattr(redshift_answer, "_told", late)
    monkeypatch.setattr(redshift_answer, "PAUSE", 0.01)
    lab.put("log_data/odd.json", event(ts=7) + b"\n" + event(ts=8, song=TOO_LONG))
    lab.load()
    assert len(asked) == 3
    assert len(rejects(lab)) == 1


def test_enough_rows_go_in_as_many_files_as_the_cluster_has_slices(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redshift_stage, "WORTH_A_FILE", 10)
    lab.good()
    numbers = range(1, 42)
    lab.put("log_data/many.json", b"\n".join(event(ts=ts) for ts in numbers))
    lab.put("log_data/other.json", event(ts=0, song="\x01"))
    read: list[int] = []
    answer = redshift_answer.of_parts

    def heard(sql: Statements, parts: Any, *counts: int) -> Any:  # noqa: ANN401
        read.append(len(parts))
        return answer(sql, parts, *counts)

    monkeypatch.setattr(redshift_answer, "of_parts", heard)
    lab.load()
    assert read == [2, 1]
    where = "where ts between 1 and 99"
    rows = lab.rows(f"select _line, ts from {EVENTS.relation} {where}")
    assert sorted(row["ts"] for row in rows) == list(numbers)
    assert all(row["_line"] == row["ts"] for row in rows)


# Each part of a COPY is needed: without it, it fails for its own reason


def test_jsonpaths_that_lack_a_column_fail(
    narrowed: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Stage.put_paths
    fewer = lambda stage, name, keys: put(stage, name, keys[:-1])  # noqa: E731
    monkeypatch.setattr(Stage, "put_paths", fewer)
    with statements("copy probed_rows") as probes:
        told = refused_by(narrowed, match="Number of jsonpaths and the number of col")
    assert told.endswith("This is a fault of the project.")
    assert probes == []


def test_a_bucket_elsewhere_than_the_cluster_needs_the_region(
    narrowed: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = narrowed.standin.cluster
    narrowed.standin.cluster = replace(known, region="eu-west-1")
    try:
        refused_by(narrowed, match="11 of 11 rows are rejected")  # it has read them
        monkeypatch.setattr(redshift_statements, "copy_statement", _without_region)
        refused_by(narrowed, match="PermanentRedirect")
    finally:
        narrowed.standin.cluster = known


def _without_region(*given: Any) -> str:  # noqa: ANN401
    return copy_statement(*given).replace("region 'us-west-2' ", "")
