"""The quick reading of raw files and the careful one come to the same result."""

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from landing_files import EVENT, EVENTS, SONG, SONGS, LandingFiles, encoded
from mutated import (
    fitting_value,
    mutated,
    other_value,
    packed,
    records,
    written,
)
from slow import seeds

from infra.loading import duckdb_session, intake, staging
from infra.loading.careful import Careful, Row
from infra.loading.duckdb_rows import Rows
from infra.loading.raw_schema import RawTable
from infra.loading.strict import Strict

FILES = 200  # of each kind, for each seed
EVERYTHING = "1000000"  # rejects are what these tests are after
Result = dict[str, Any]  # what became of a file


class Reading(NamedTuple):
    """How files are read: sizes of files, parts, statements, and DuckDB's threads.

    `workers` is the number of small files from which on other processes read them.
    """

    small: int = intake.SMALL
    part: int = intake.PART
    chunk: int = intake.CHUNK
    workers: int = intake.WORTH_WORKERS
    statement: int = staging.STATEMENT
    threads: int = 2


READINGS = {
    "joined": Reading(),
    "joined, one thread": Reading(threads=1),
    "joined in many parts": Reading(part=3000, chunk=7, threads=4),
    "joined by workers": Reading(chunk=23, workers=1),
    "whole": Reading(small=1),
    "whole, one thread": Reading(small=1, threads=1),
    "whole, four threads": Reading(small=1, threads=4),
    "whole in many statements": Reading(small=1, statement=3000),
    "both": Reading(small=700, part=4000, statement=10_000, threads=4),
}


class Mutants(NamedTuple):
    """Files and what the careful reading alone makes of them."""

    files: dict[str, bytes]
    results: dict[str, Result]


def files_of(seed: int) -> dict[str, bytes]:
    """Files of both kinds, no two alike; the first ones are good."""
    rng = random.Random(seed)
    made = {
        "log_data/0.json": encoded([EVENT, EVENT | {"ts": 1}]),
        "song_data/0.json": encoded(SONG),
    }
    for table in (EVENTS, SONGS):
        for number in range(FILES):
            name, content = f"{table.landing}/{number:03}.json", b""
            while not content or content in made.values():
                content = mutated(rng, table, number)
            if rng.random() < 0.03:
                content = packed(rng, content)
                name += rng.choice(("", ".gz"))
            made[name] = content
    return made


def results(files: dict[str, bytes], root: Path, reading: Reading) -> dict[str, Result]:
    """What becomes of each file, and that all is well."""
    landing = LandingFiles(root, threads=reading.threads)
    for name, content in files.items():
        landing.write(name, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "SMALL", reading.small)
        patch.setattr(intake, "PART", reading.part)
        patch.setattr(intake, "CHUNK", reading.chunk)
        patch.setattr(intake, "WORTH_WORKERS", reading.workers)
        patch.setattr(staging, "STATEMENT", reading.statement)
        landing.load(max_rejects=EVERYTHING)
        landing.check()
    return by_file(landing)


def by_file(landing: LandingFiles) -> dict[str, Result]:
    """All that the warehouse knows of each file, but numbers of loads and moments."""
    contents = landing.contents()
    found: dict[str, Result] = {}
    kept = ("status", "rows_in_file", "rows_staged", "rows_rejected", "note")
    for row in contents["load_files"]:
        found[row["uri"]] = {
            **{name: row[name] for name in (*kept, "extra_keys", "missing_keys")},
            "rows": [],
            "rejects": [],
        }
    for table in (EVENTS, SONGS):
        for row in contents[table.name]:
            values = {name: row[name] for name in row if name != "_load_id"}
            found[row["_source_uri"]]["rows"].append(repr(values))  # tells 0 from -0.0
    for row in contents["load_rejects"]:
        told = [row[name] for name in ("line", "column", "reason", "message", "raw")]
        found[row["uri"]]["rejects"].append(told)
    for each in found.values():
        each["rows"].sort()  # objects on one line have no order
        each["rejects"].sort(key=repr)
    return found


@pytest.fixture(scope="module", params=seeds(1, 3))
def mutants(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mutants:
    """Files, and what becomes of them where none passes for clean."""
    files = files_of(request.param)
    root = tmp_path_factory.mktemp("careful")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Strict, "is_clean", lambda *_: False)
        return Mutants(files, results(files, root, Reading()))


@pytest.fixture
def careful_files(monkeypatch: pytest.MonkeyPatch) -> list[RawTable]:
    """Hears of each file that is read carefully: its table."""
    heard: list[RawTable] = []

    class Heard(Careful):
        def __init__(self, table: RawTable) -> None:
            super().__init__(table)
            heard.append(table)

    monkeypatch.setattr(staging, "Careful", Heard)
    return heard


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
def test_both_paths_come_to_the_same_result(
    reading: Reading, mutants: Mutants, tmp_path: Path, careful_files: list[RawTable]
) -> None:
    found = results(mutants.files, tmp_path, reading)
    assert found.keys() == mutants.files.keys()
    differing = {
        uri: (mutants.files[uri], result, mutants.results[uri])
        for uri, result in found.items()
        if result != mutants.results[uri]
    }
    assert differing == {}
    for table in (EVENTS, SONGS):  # else this says nothing
        uris = [uri for uri in found if uri.startswith(table.landing)]
        assert careful_files.count(table) < 0.9 * len(uris)


@pytest.mark.parametrize("small", [intake.SMALL, 1], ids=["joined", "whole"])
def test_the_quick_statement_comes_to_it_where_no_key_comes_twice(
    small: int, mutants: Mutants, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One such key sends the whole load to the patient statement, so without any."""
    patient: list[bool] = []

    class Heard(Rows):
        def __init__(self, *args: Any, **given: Any) -> None:  # noqa: ANN401 - as it has
            super().__init__(*args, **given)
            patient.append(given["patient"])

    monkeypatch.setattr(duckdb_session, "Rows", Heard)
    twice = {
        uri
        for uri, result in mutants.results.items()
        if any(reason == "duplicate_key" for _, _, reason, *_ in result["rejects"])
    }
    files = {uri: mutants.files[uri] for uri in mutants.files.keys() - twice}
    assert len(files) > 0.8 * len(mutants.files)
    found = results(files, tmp_path, Reading(small=small))
    assert not any(patient)
    assert found == {uri: mutants.results[uri] for uri in files}


# Line by line


def lines_of_files(seed: int) -> Iterator[tuple[RawTable, bytes]]:
    """Lines of files to which little or much happened."""
    rng = random.Random(seed)
    for number in range(2500):
        table = rng.choice((EVENTS, SONGS))
        rows = records(rng, table, number)
        for _ in range(rng.choice((0, 1, 2))):
            rng.choice((other_value, fitting_value, fitting_value))(rng, rows, table)
        for line in written(rng, rows).split(b"\n"):
            yield table, line


@pytest.mark.parametrize("small", [1, intake.SMALL], ids=["whole", "joined"])
@pytest.mark.parametrize("seed", seeds(1, 2))
def test_a_clean_line_is_a_row_of_just_its_values_for_all_readers(
    seed: int, small: int, tmp_path: Path, careful_files: list[RawTable]
) -> None:
    stricts = {table: Strict(table) for table in (EVENTS, SONGS)}
    clean: dict[RawTable, list[bytes]] = {EVENTS: [], SONGS: []}
    for table, line in lines_of_files(seed):
        if stricts[table].is_clean(line, [line]):
            clean[table].append(line)
    landing = LandingFiles(tmp_path)
    for table, lines in clean.items():
        assert len(lines) > 500
        landing.write(f"{table.landing}/clean.json", b"\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "SMALL", small if small == 1 else 1 << 30)
        landing.load(strict=True)
    assert careful_files == []
    for table, lines in clean.items():
        by_duckdb = landing.rows(table.name)
        for line, staged in zip(lines, by_duckdb, strict=True):
            (row,) = Careful(table).read(io.BytesIO(line))
            assert isinstance(row, Row), line
            values = json.loads(line)
            for column in table.raw_columns:
                value = values[column.json]
                if column.kind == "number" and value is not None:
                    value = float(value)
                assert type(row.values[column.json]) is type(value), line
                assert repr(row.values[column.json]) == repr(value), line
                assert repr(staged[column.name]) == repr(value), line
