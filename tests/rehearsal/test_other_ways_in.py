"""Raw rows that no load has brought: by a COPY of one's own, or read from their files.

The models come to the same rows on each way, but for the lineage.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from dbt_runs import PARTS, RUN, answered
from landing_files import EVENTS, SONGS
from parity import Rows, Warehouse, unlike
from redshift_connector.error import ProgrammingError
from test_parity import SAMPLE
from test_scenarios import event, song
from two_engines import LANDING, REDSHIFT, REGION, REPOSITORY, Cloud, Lab, opened

from infra.landing import simulator
from infra.landing.s3 import Bucket
from infra.loading import external, external_session, printed
from infra.loading.raw_schema import ledger_tables
from infra.rehearsal import dialect
from infra.rehearsal.standin import Standin

# What a load leaves in rows, and the mart that finds repaired texts by file and line
LINEAGE = {"load_id", "source_uri", "line", "event_load_id", "song_load_id"}
OF_LINES = "model.sparkify.data_quality"
TABLES = (EVENTS, SONGS)
LEDGER = tuple(ledger_tables(REPOSITORY).values())
# Tests that compare with a ledger, which knows nothing of these rows
OF_THE_LEDGER = {
    *("staging_is_what_the_ledger_says", "rows_of_a_file_are_those_the_ledger_counts"),
    *("events_are_of_files_that_count", "no_model_is_ahead_of_the_ledger"),
}
pytestmark = pytest.mark.slow  # dbt builds all of it six times
OF_ALL = ("every_event_is_accounted_for", "no_event_is_from_the_future")
BY_HAND = ("--vars", "copied_by_hand: true")
# Without a whole key and without a line to tell them apart, and yet three of each
KEYLESS = [event(ts=None, page="Home")] * 3
NAMELESS = [song(song_id="", title="x")] * 3
STAGED = "sparkify_staging.stg_events"
Models = dict[str, Rows]


@pytest.fixture(scope="module")
def lab(
    standin: Standin, aws: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """A landing with a sample, and what looks like raw files and is none."""
    root = tmp_path_factory.mktemp("other_ways")
    simulator.generate(root / "landing", SAMPLE)
    with opened(root, aws, standin) as made:
        for path in sorted((root / "landing").rglob("*.json")):
            name = path.relative_to(root / "landing").as_posix()
            if name.startswith(("log_data/", "song_data/")):
                made.put(name, path.read_bytes())
        made.put("log_data/keyless.json", b"\n".join(KEYLESS))
        made.put("song_data/nameless.json", b"\n".join(NAMELESS))
        made.put("log_data_old/events.json", event(ts=1))
        made.put("song_data2.json", song(song_id="SOELSE"))
        yield made


@pytest.fixture(scope="module")
def loaded(lab: Lab) -> Models:
    """The rows of every model after `invoke load`."""
    lab.load()
    return models(lab)


def succeeds(done: subprocess.CompletedProcess[str]) -> str:
    """What a command printed, once it is sure that it succeeded."""
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    return done.stdout


def dbt(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs dbt in the checkout that leads to Redshift."""
    root = lab.projects[REDSHIFT].root
    for part in PARTS:
        source, copy = REPOSITORY / part, root / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, dirs_exist_ok=True)
        elif source.exists():
            shutil.copyfile(source, copy)
    return subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "dbt", "--no-use-colors", *words],
        cwd=root,
        env=lab.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def models(lab: Lab, *words: str) -> Models:
    """Builds, and returns the rows of every model without their lineage."""
    succeeds(dbt(lab, *RUN, *words))
    with (
        closing(lab.standin.connected(database=lab.name)) as connection,
        connection.cursor() as cursor,
    ):

        def ask(query: str) -> Rows:
            return without_lineage(answered(cursor.execute(query)))

        built = Warehouse.of(lab.projects[REDSHIFT].root, ask)
        return {
            name: built.rows(name)
            for name in built.relations
            if name.startswith("model.") and name != OF_LINES
        }


def without_lineage(rows: Rows) -> Rows:
    kept = [place for place, name in enumerate(rows.columns) if name not in LINEAGE]
    return Rows(
        [rows.columns[place] for place in kept],
        [tuple(row[place] for place in kept) for row in rows.cells],
    )


def differences(found: Models, expected: Models) -> dict[str, list[str]]:
    """Where models differ, the first few of each."""
    assert found.keys() == expected.keys()
    told = {name: unlike(rows, expected[name]) for name, rows in found.items()}
    return {name: each for name, each in told.items() if each}


def data_tests(lab: Lab, *words: str) -> set[str]:
    """The names of dbt's tests of the data, with these words."""
    listed = succeeds(
        dbt(
            lab,
            "--quiet",
            "ls",
            "--select",
            "test_type:data",
            "--output",
            "name",
            *words,
        )
    )
    return set(listed.split())


def say(lab: Lab, *statements: str) -> list[tuple[Any, ...]]:
    """Runs statements with the real driver, each by itself; the rows of the last."""
    with (
        closing(lab.standin.connected(database=lab.name)) as connection,
        connection.cursor() as cursor,
    ):
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def script(lab: Lab) -> list[str]:
    """The statements that `load --print-sql` prints for this landing."""
    source = Bucket.parse(f"s3://{LANDING}/{lab.name}")
    return dialect.statements(printed.script(TABLES, LEDGER, source, REGION))


# A COPY of one's own


def test_one_shot_copies_give_the_models_the_rows_of_a_load(
    lab: Lab, loaded: Models
) -> None:
    for _ in range(2):  # a second run replaces what the first one brought
        assert say(lab, *script(lab)) == []
    assert differences(models(lab, *BY_HAND), loaded) == {}
    assert data_tests(lab) >= OF_THE_LEDGER
    assert data_tests(lab, *BY_HAND) == data_tests(lab) - OF_THE_LEDGER
    succeeds(dbt(lab, "test", "--select", *OF_ALL, *BY_HAND))
    assert len(loaded) > 5
    assert min(len(rows.cells) for rows in loaded.values()) > 0
    staged = loaded["model.sparkify.stg_events"]
    moments = [row[staged.columns.index("ts")] for row in staged.cells]
    assert moments.count(None) == len(KEYLESS)
    (lineage,) = say(
        lab, "select distinct _load_id, _source_uri, _line from staging.staging_songs"
    )
    assert lineage == (0, f"s3://{LANDING}/{lab.name}/song_data/", None)


@pytest.fixture
def own_staging(standin: Standin) -> Iterator[None]:
    """The raw tables in the stand-in's first database: it keeps COPY's errors there."""
    yield
    standin.sql(f"drop schema if exists {EVENTS.schema} cascade")


@pytest.mark.usefixtures("own_staging")
def test_an_error_leaves_the_tables_as_they_were_and_the_last_query_tells(
    lab: Lab, standin: Standin
) -> None:
    *work, last = script(lab)
    first = next(n for n, each in enumerate(work) if "\ncopy " in each)
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in work:
            cursor.execute(statement)
        count = f"select count(*) from {EVENTS.relation}"
        before = cursor.execute(count).fetchall()
        lab.put("log_data/bad.json", event(ts="soon"))
        for statement in work[:first]:
            cursor.execute(statement)
        try:
            with pytest.raises(ProgrammingError, match="sys_load_error_detail"):
                cursor.execute(work[first])
        finally:
            lab.delete("log_data/bad.json")
        cursor.execute("rollback")
        assert cursor.execute(count).fetchall() == before
        (told,) = cursor.execute(last).fetchall()
    assert told[0].endswith("/log_data/bad.json")
    assert told[1:4] == [1, "ts", 1207]


@pytest.mark.usefixtures("loaded")
def test_a_full_refresh_goes_back_to_the_loader(lab: Lab) -> None:
    say(lab, *script(lab))
    nobodys = f"select count(*) from {EVENTS.relation} where _line is null"
    assert say(lab, nobodys) != [(0,)]
    lab.load(full_refresh=True)
    assert say(lab, nobodys) == [(0,)]


# External tables: the stand-in has none, so ordinary tables stand in for them


@pytest.fixture(scope="module")
def files(lab: Lab, loaded: Models) -> Lab:
    """What Spectrum would show of the landing: raw columns, and each row's file."""
    assert loaded
    say(lab, f"create schema {external.FILES}")
    for table in TABLES:
        names = ", ".join(column.name for column in table.raw_columns)
        say(
            lab,
            f"create table {external.FILES}.{table.name} as select {names}, "
            f'_source_uri as "$path" from {table.relation}',
        )
    return lab


def test_external_schemas_are_refused_and_not_imitated(lab: Lab) -> None:
    first = external.statements(TABLES, "sparkify_dev")[0]
    with pytest.raises(ProgrammingError, match="does not know CREATE EXTERNAL"):
        say(lab, first)


def test_views_on_the_files_give_the_models_the_same_rows(
    files: Lab, loaded: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(files, monkeypatch)
    register(files, monkeypatch)  # whatever was there
    for table in TABLES:
        assert columns(files, external.VIEWS, table.name) == columns(
            files, table.schema, table.name
        )
    choice = ("--vars", f"raw_schema: {external.VIEWS}")
    say(files, f"delete from {EVENTS.relation}")  # nobody reads these
    for _ in range(2):  # the second build begins anew, too
        assert differences(models(files, *choice), loaded) == {}
    assert not data_tests(files, *choice) & OF_THE_LEDGER
    succeeds(dbt(files, "test", "--select", *OF_ALL, *choice))
    succeeds(dbt(files, "run", "--full-refresh", "--select", "stg_events"))  # goes back
    assert say(files, f"select count(*) from {STAGED}") == [(0,)]


def test_the_ledger_is_made_where_no_load_has(
    standin: Standin, aws: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests of its tables run with the others, and want the tables."""
    with opened(tmp_path, aws, standin) as fresh:
        say(fresh, f"create schema {external.FILES}")
        for table in TABLES:
            names = ", ".join(f"{each.name} {each.type}" for each in table.raw_columns)
            say(
                fresh,
                f'create table {external.FILES}.{table.name} ({names}, "$path" '
                "varchar(2048))",
            )
        register(fresh, monkeypatch)
        for name in ("load_runs", "load_files", "load_rejects"):
            assert say(fresh, f"select count(*) from load.{name}") == [(0,)]


def register(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `load --external` does on the cluster, but for the external schema."""
    everything = external.statements

    def rest(*given: Any) -> list[str]:  # noqa: ANN401 - as the function has them
        return everything(*given)[1:]

    with monkeypatch.context() as patch:
        patch.setattr(external, "statements", rest)
        external_session.register(lab.projects[REDSHIFT], lab.profile, "sparkify_dev")


def columns(lab: Lab, schema: str, name: str) -> list[tuple[Any, ...]]:
    """Names and types of a relation's columns."""
    return say(
        lab,
        "select column_name, data_type, character_maximum_length "
        "from information_schema.columns "
        f"where table_schema = '{schema}' and table_name = '{name}' "
        "order by ordinal_position",
    )
