"""The loader's contract on both engines: one landing, and one outcome to the last bit.

The landing lies on S3 (moto's); `Lab.both` loads it into DuckDB and, by COPY, into the
stand-in of Redshift, and holds every value in every table of the one to the other's.
"""

import gzip
import itertools
import json
import os
import random
import struct
import tarfile
from typing import Any

import pytest
from landing_files import (
    EVENT,
    EVENTS,
    SONG,
    SONGS,
    compact,
    lasting,
)
from slow import slow
from test_scenarios import Spelled, event, line
from two_engines import DUCKDB, REDSHIFT, Lab

from infra.loading import intake
from infra.loading.raw_schema import raw_tables

A_FEW = 60  # more than an INSERT takes, so that lists go by COPY


def statuses(runs: list[dict[str, Any]]) -> list[str]:
    return [run["status"] for run in runs]


def test_loads_that_follow_each_other(lab: Lab) -> None:
    lab.good()
    lab.put("log_data/changing.json", EVENT | {"ts": 1})
    lab.put("log_data/same.json", EVENT | {"ts": 1})
    lab.put("song_data/leaving.json", SONG | {"song_id": "SO1"})
    first, _ = lab.both()
    assert (first["status"], first["files_duplicate"], first["rows_staged"]) == (
        *("ok", 1),
        3,
    )
    assert statuses(lab.both()) == ["nothing", "nothing"]
    lab.put("log_data/changing.json", [EVENT | {"ts": ts} for ts in (2, 3)])
    lab.put("log_data/new.json", EVENT | {"ts": 4})
    changed, _ = lab.both()
    assert (changed["files_changed"], changed["files_new"]) == (1, 2)
    lab.delete("song_data/leaving.json")
    assert statuses(lab.both()) == ["nothing", "ok"]
    assert statuses(lab.both()) == ["nothing", "nothing"]
    lab.put("song_data/leaving.json", SONG | {"song_id": "SO1"})
    assert statuses(lab.both()) == ["nothing", "ok"]
    lab.delete("song_data/leaving.json")
    lab.delete("log_data/new.json")
    assert statuses(lab.both(prune=True)) == ["ok", "ok"]
    assert {row["_source_uri"][-9:] for row in lab.contents()[SONGS.name]} == {
        "good.json"
    }
    assert statuses(lab.both(full_refresh=True)) == ["ok", "ok"]
    assert statuses(lab.both()) == ["nothing", "nothing"]
    lab.put("log_data/again.json", EVENT | {"ts": 1})
    assert lab.both(duplicates="load")[0]["files_new"] == 1


@pytest.mark.slow
def test_many_files_change_and_go_at_once(lab: Lab) -> None:
    """Lists of versions, of files and of rejects are then too long for an INSERT."""
    lab.good()
    for number in range(A_FEW):
        lab.put(f"log_data/{number}.json", [EVENT | {"ts": number}, EVENT])
        lab.put(f"song_data/{number}.json", SONG | {"song_id": f"SO{number}"})
    assert statuses(lab.both()) == ["ok", "ok"]
    for number in range(A_FEW):
        lab.put(f"log_data/{number}.json", event(ts=-number) + b"\n{")
        lab.delete(f"song_data/{number}.json")
    assert statuses(lab.both(max_rejects="1000")) == ["ok", "ok"]
    assert statuses(lab.both(prune=True)) == ["nothing", "ok"]
    assert len(lab.contents()["load_rejects"]) == A_FEW


TEXTS = [
    *("", " ", "  two ", "\t", "\r", "\n", "a\nb\r\nc", "\x01\x1f\x7f", "\x85\u2028"),
    *("\\", "\\\\", "\\N", "\\n", "\\u0041", '"', "''", "'; drop table x; --", "$$"),
    *("null", "NULL", "NaN", "true", "{}", "[1]", '{"a": "b"}', ",", "|", "%s", "?"),
    *("é", "ﬀ", "😀", "👩‍👩‍👧", "\U0010ffff", "\ue000", "\ufeffx", "\ufffd", "e\u0301"),
    *("x" * 255, "é" * 128, "😀" * 64),
]
NUMBERS = [
    *("0", "-0", "0.0", "-0.0", "0e5", "-0e-5", "1", "-1", "1.0", "1e0", "0.1", "1E2"),
    *("5e-324", "-5e-324", "4.9e-324", "2.2250738585072014e-308", "1e-320", "1e-400"),
    *("1e308", "-1e308", "1.7976931348623157e308", "123456789012345678901234567890"),
    *("0.30000000000000004", "203.24351", "9007199254740993", "1e22", "1e23"),
    *("2.2250738585072011e-308", "179769313486231570814527423731704356798070e267"),
    "3.14159265358979323846264338327950288",
]
WHOLES = [
    *(0, 1, -1, 10**12, 2**31, 2**53 + 1, -(2**53) - 1),
    *(2**63 - 1, -(2**63), 2**63 - 2),
]


def odd_values() -> list[bytes]:
    """Lines of values that a way through files and another database may harm."""
    dice = random.Random(1)
    doubles = [struct.unpack("<d", dice.randbytes(8))[0] for _ in range(300)]
    numbers = [*NUMBERS, *(repr(each) for each in doubles if abs(each) < 1e309)]
    lines = [event(song=text, artist=None) for text in TEXTS]
    lines += [event(song=Spelled(json.dumps(text)), artist="") for text in TEXTS]
    lines += [event(length=Spelled(number), registration=1.5) for number in numbers]
    lines += [event(ts=whole, sessionId=None) for whole in WHOLES]
    lines += [event(sessionId=each, status=-each - 1) for each in (2**31 - 1, 0)]
    lines += [event(userId=each) for each in (8, Spelled("8.0"), " 8 ", "", None)]
    return lines


@pytest.mark.parametrize("way", ["joined", "whole", "careful", "patient"])
@pytest.mark.slow
def test_odd_values_come_through_on_every_way(
    lab: Lab, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = odd_values()
    if way == "whole":
        monkeypatch.setattr(intake, "SMALL", 100)
    if way == "careful":
        lines.append(b"no JSON")
    lab.good()
    lab.put("log_data/odd.json", b"\n".join(lines))
    if way == "patient":
        lab.put("log_data/twice.json", event()[:-1] + b',"ts":1}')
    lab.both()
    rows = lab.rows(
        f"select * from {EVENTS.relation} where _source_uri like '%/odd.json'"
    )
    assert len(rows) == len([each for each in lines if each != b"no JSON"])
    by_line = {row["_line"]: row for row in rows}
    for number, raw in enumerate(lines, 1):
        if number in by_line:
            told, row = json.loads(raw), by_line[number]
            assert row["song"] == told["song"]
            assert row["ts"] == told["ts"]
            assert repr(row["length"]) == repr(float(told["length"]))


@pytest.mark.slow
def test_a_large_file_keeps_its_line_numbers(lab: Lab) -> None:
    """Several cores read it, and the parts of what they read are copied at once."""
    many = (event(ts=number, song="x" * 900) for number in range(1, 4001))
    lab.good()
    lab.put("log_data/large.json", b"\n".join(many))
    others = b"\n".join(event(ts=number, song="y" * 900) for number in range(1, 2001))
    lab.put("log_data/other.json.gz", gzip.compress(others))
    lab.put("log_data/spoilt.json", others.replace(b'"ts":7,', b'"ts":"x",') + b"\n")
    lab.both()
    wrong = lab.rows(
        f"select _source_uri, _line, ts from {EVENTS.relation} "
        "where _line <> ts and _source_uri not like '%/good.json'"
    )
    assert wrong == []
    assert len(lab.contents()[EVENTS.name]) == 2 + 4000 + 2000 + 1999


def test_a_key_that_comes_twice_makes_the_load_patient(lab: Lab) -> None:
    lab.good()
    twice = b"\n".join([event(ts=1), event(ts=2)[:-1] + b',"ts":3}', event(ts=4)])
    lab.put("log_data/twice.json", twice)
    lab.put("song_data/twice.json", compact(SONG)[:-1] + b',"title":"b"}')
    lab.put("log_data/deep.json", line(EVENT | {"x": Spelled("[" * 500 + "]" * 500)}))
    assert statuses(lab.both()) == ["ok", "ok"]
    assert {row["reason"] for row in lab.contents()["load_rejects"]} == {
        "duplicate_key"
    }


@pytest.mark.parametrize(
    "given",
    [
        slow({"strict": True}),
        slow({"freeze": True}),
        slow({"max_rejects": "1"}),
        {"max_rejects": "1%", "full_refresh": True},
        {},
    ],
    ids=["strict", "freeze", "few rejects", "in a full refresh", "a bad file"],
)
def test_a_load_that_is_refused_changes_nothing_and_keeps_its_rejects(
    lab: Lab, given: dict[str, Any]
) -> None:
    lab.good()
    lab.both()
    before = lab.contents()
    lab.put("log_data/bad.json", b"\n".join([event(ts=9, new=1), b"{", b"[", b"3"]))
    lab.put("song_data/good.json", SONG | {"title": "Another"})
    if not given:
        lab.put("log_data/utf16.json", json.dumps(EVENT).encode("utf-16"))
    assert statuses(lab.both(**given)) == ["failed", "failed"]
    after = lab.contents()
    assert lasting(after) == lasting(before)
    rejects = {row["reason"] for row in after["load_rejects"]}
    assert rejects >= {"malformed_json", "not_an_object"}
    assert statuses(lab.both(max_rejects="10")) == ["ok", "ok"]


def test_an_empty_landing_and_one_kind_missing_are_refused_alike(lab: Lab) -> None:
    lab.both()
    lab.put("log_data/good.json", EVENT)
    assert statuses(lab.both()) == ["failed", "failed"]
    lab.put("song_data/a.json", SONG)
    lab.put("log_data/empty.json", b"")
    assert statuses(lab.both()) == ["ok", "ok"]


def test_a_plan_is_the_same_and_changes_nothing(lab: Lab) -> None:
    lab.good()
    ((_, decisions), _) = lab.planned()
    assert [file.uri[-9:] for file in decisions.new] == ["good.json"]
    lab.put("log_data/leaving.json", EVENT | {"ts": 1})
    lab.both()
    lab.put("log_data/good.json", EVENT | {"ts": 2})
    lab.put("log_data/copy.json", EVENT | {"ts": 2})
    lab.put("song_data/bad.json.gz", b"no gzip")
    lab.delete("log_data/leaving.json")
    before = lab.equal()
    for given in ({}, {"prune": True}, {"full_refresh": True}):
        (_, decisions), _ = lab.planned(**given)
        assert not decisions.is_nothing
    assert lab.equal() == before


@pytest.mark.slow
def test_columns_of_another_version_are_told_of(lab: Lab) -> None:
    lab.good()
    lab.both()
    for engine in (DUCKDB, REDSHIFT):
        path = lab.projects[engine].root / "models/staging/_sources.yml"
        text = path.read_text()
        path.write_text(text.replace("- name: gender", "- name: sex", 1))
    raw_tables.cache_clear()
    assert statuses(lab.both()) == ["failed", "failed"]
    assert "has other columns" in lab.contents()["load_runs"][-1]["message"]
    assert statuses(lab.both(full_refresh=True)) == ["ok", "ok"]


@pytest.mark.slow  # test_parity has all events and a part of the songs
def test_the_published_data(lab: Lab) -> None:
    archive = os.environ.get("SPARKIFY_REAL_DATA")
    if not archive:
        pytest.skip(
            "SPARKIFY_REAL_DATA does not name the archive of the published data"
        )
    with tarfile.open(archive) as tar:
        songs = itertools.count()
        for member in tar:
            name = member.name.removeprefix("./")
            is_song = name.startswith("song_data/")
            if not name.endswith(".json") or (is_song and next(songs) % 10):
                continue
            if file := tar.extractfile(member):
                lab.put(name, file.read())
    events, songs_run = lab.both()
    assert events["rows_staged"] == 8056
    assert songs_run["rows_staged"] == pytest.approx(1490, abs=10)
    assert statuses(lab.both()) == ["nothing", "nothing"]


def test_raw_rows_lie_evenly_and_the_ledger_by_load(lab: Lab) -> None:
    lab.good()
    lab.load()
    for is_rebuilt in (False, True):
        lab.load(full_refresh=is_rebuilt)
        found = lab.rows(
            'select "table", diststyle, sortkey1 from svv_table_info '
            "where schema in ('staging', 'load') and \"table\" <> 'load_lock'"
        )
        assert {row["table"]: (row["diststyle"], row["sortkey1"]) for row in found} == {
            "staging_events": ("EVEN", None),
            "staging_songs": ("EVEN", None),
            "load_runs": ("EVEN", "load_id"),
            "load_files": ("EVEN", "load_id"),
            "load_rejects": ("EVEN", "load_id"),
        }
