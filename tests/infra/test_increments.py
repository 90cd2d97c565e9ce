"""What a build does with a day more; test_dealing.py has the rest."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from checkout import Checkout, Completed, Shared, succeeds

from infra.landing import simulator

pytestmark = pytest.mark.slow  # test_dealing holds increments to a build from nothing
SAMPLE = simulator.Plan(users=30, songs=20, days=4, seed=5, match_rate=0.5)
FULL = ("--vars", "full_tests: true")
TESTS = ("--exclude", "test_type:unit", "source:*")


def add_day(checkout: Checkout) -> Path:
    """Brings the next day of the pool to the landing, and loads it."""
    landing = checkout.root / "data" / "landing"
    days = sorted((checkout.root / "pool" / "log_data").rglob("*.json"))
    there = {path.name for path in (landing / "log_data").rglob("*.json")}
    day = next(path for path in days if path.name not in there)
    copy = landing / "log_data" / day.name
    copy.write_bytes(day.read_bytes())
    succeeds(checkout.invoke("load"))
    return copy


def write_to(checkout: Checkout, statement: str) -> None:
    with duckdb.connect(checkout.root / "sparkify.duckdb") as connection:
        connection.execute(statement)


def songplays(checkout: Checkout) -> list[tuple[Any, ...]]:
    return checkout.query("select * from songplays order by songplay_id")


@pytest.fixture(scope="session")
def three_days(shared: Shared) -> Checkout:
    """A checkout built three times, with a day more each; to be read only."""

    def make(folder: Path) -> None:
        checkout = Checkout.make(folder / "checkout")
        simulator.generate(checkout.root / "pool", SAMPLE)
        landing = checkout.root / "data" / "landing"
        (landing / "log_data").mkdir(parents=True)
        (checkout.root / "pool" / "song_data").rename(landing / "song_data")
        (checkout.root / "pool" / "song_data").mkdir()
        (landing / "log_data" / "2018-10-01-events.json").touch()  # `up` finds files
        succeeds(checkout.invoke("up"))
        succeeds(checkout.dbt("seed"))
        for _ in range(3):
            add_day(checkout)
            succeeds(checkout.dbt("run"))

    return Checkout(shared("three_days", make) / "checkout")


@pytest.fixture
def grown(three_days: Checkout, tmp_path: Path) -> Checkout:
    """A copy of it, to be changed at will."""
    return three_days.copied_to(tmp_path / "checkout")


def test_each_build_has_a_number_and_knows_its_days(three_days: Checkout) -> None:
    assert three_days.query(
        "select build, load_id, count(*), count(distinct date) from event_files "
        "group by all order by all"
    ) == [(1, 1, 1, 1), (2, 2, 1, 1), (3, 3, 1, 1)]


def test_a_model_that_fails_is_as_it_was_and_the_next_build_completes_it(
    grown: Checkout,
) -> None:
    before = songplays(grown)
    matched = grown.query("select * from matched_songs order by song_id")
    last = add_day(grown)
    macro = grown.root / "macros" / "remember_matched_songs.sql"
    sound = macro.read_text()
    macro.write_text(sound.replace("where quarantine_reason", "where nonsense"))
    told = grown.dbt("run")
    assert told.returncode == 1
    assert "nonsense" in told.stdout
    days = "select count(*) from stg_events where date = '2018-11-04'"
    assert grown.value(days) == len(last.read_text().splitlines())
    assert songplays(grown) == before
    assert grown.query("select * from matched_songs order by song_id") == matched
    macro.write_text(sound)
    succeeds(grown.dbt("run"))
    completed = songplays(grown)
    assert len(completed) > len(before)
    succeeds(grown.dbt("run", "--full-refresh"))
    assert songplays(grown) == completed


def test_tests_look_at_touched_days_and_when_told_at_all(grown: Checkout) -> None:
    def tested(*words: str) -> Completed:
        return grown.dbt("test", "--select", "songplays", *TESTS, *words)

    wrong = (
        "update sparkify.sparkify.songplays set match_method = 'guess' "
        "where start_date = '{}'"
    )
    write_to(grown, wrong.format("2018-11-01"))
    succeeds(tested())
    told = tested(*FULL)
    assert told.returncode == 1
    assert "accepted_values_songplays_match_method" in told.stdout
    write_to(grown, wrong.format("2018-11-03"))
    told = tested()
    assert told.returncode == 1
    assert "accepted_values_songplays_match_method" in told.stdout


def test_a_file_that_goes_takes_its_rows_out_of_every_model(grown: Checkout) -> None:
    """Sessions too that have none left, and that are of other days besides.

    A full build of event_files, which alone knows its days, does not forget them.
    """
    columns = dict.fromkeys(("stg_events", "stg_user_days", "songplays", "time"), "*")
    # Sums depend on the order of their rows, in the last digits
    columns["sessions"] = "* exclude (minutes_listened)"

    def rows() -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: sorted(grown.query(f"select {each} from {name}"), key=repr)
            for name, each in columns.items()
        }

    before = rows()
    (gone,) = (grown.root / "data" / "landing").rglob("2018-11-02-events.json")
    gone.unlink()
    succeeds(grown.invoke("load", "--prune"))
    succeeds(grown.dbt("run", "--full-refresh", "--select", "event_files"))
    succeeds(grown.dbt("run"))
    left = rows()
    assert all(0 < len(left[name]) < len(before[name]) for name in columns)
    succeeds(grown.dbt("run", "--full-refresh"))
    assert rows() == left


def test_a_full_build_takes_no_event_that_event_files_do_not_know(
    grown: Checkout,
) -> None:
    """Its file can go before the next build, and its day would be in no file's list."""
    events = "select * from stg_events order by all"
    before = grown.query(events)
    unknown = add_day(grown)
    succeeds(grown.dbt("run", "--full-refresh", "--select", "stg_events"))
    unknown.unlink()
    succeeds(grown.invoke("load", "--prune"))
    succeeds(grown.dbt("run"))
    assert grown.query(events) == before


def test_a_table_with_other_columns_is_refused(grown: Checkout) -> None:
    model = grown.root / "models" / "staging" / "stg_user_days.sql"
    text = model.read_text()
    model.write_text(text.replace("max(load_id) as load_id", "max(load_id) as load"))
    told = grown.dbt("run", "--select", "stg_user_days")
    assert told.returncode == 1
    assert "out of sync" in told.stdout


# Rows that no ledger knows, by the variable that says so, and the schema they are in
UNKNOWN = {
    "copied_by_hand: true": "staging",
    "raw_schema: elsewhere": "elsewhere",
}


@pytest.mark.parametrize("choice", UNKNOWN)
def test_rows_that_no_load_brought_are_built_in_full_each_time(
    grown: Checkout, choice: str
) -> None:
    before = grown.value("select count(*) from songplays")
    schema = UNKNOWN[choice]
    if schema != "staging":
        write_to(grown, f"create schema sparkify.{schema}")
        for table in ("staging_events", "staging_songs"):
            write_to(
                grown,
                f"create table sparkify.{schema}.{table} as "
                "select * replace (0::bigint as _load_id) "
                f"from sparkify.staging.{table}",
            )
    events = f"sparkify.{schema}.staging_events"
    write_to(
        grown,
        f"insert into {events} select * replace (0 as _load_id, -sessionid as "
        f"sessionid) from {events} where page = 'NextSong' limit 7",
    )
    succeeds(grown.dbt("run", "--vars", choice))
    assert grown.value("select count(*) from songplays") == before + 7
    write_to(grown, f"delete from {events} where sessionid < 0")
    succeeds(grown.dbt("run", "--vars", choice))
    assert grown.value("select count(*) from songplays") == before
    succeeds(grown.dbt("run", "--full-refresh"))
    add_day(grown)
    succeeds(grown.dbt("run"))
    assert grown.value("select count(*) from songplays") > before


def test_rows_that_no_load_brought_are_noticed_by_the_next_build(
    grown: Checkout,
) -> None:
    write_to(grown, "update sparkify.staging.staging_events set _load_id = 0")
    succeeds(grown.dbt("run", "--vars", "copied_by_hand: true"))
    ahead = ("test", "--select", "no_model_is_ahead_of_the_ledger")
    told = grown.dbt(*ahead)
    assert told.returncode == 1
    assert "Got 4 results" in told.stdout
    assert "Nothing to do" in grown.dbt(*ahead, "--vars", "copied_by_hand: true").stdout


# What a build warns of

WARNINGS = {
    "no_event_is_from_the_future": "insert into sparkify.sparkify_staging.event_files "
    "select source_uri, current_date + 2, 1, build, load_id "
    "from sparkify.sparkify_staging.event_files limit 1",
    "no_reject_is_open": "update sparkify.sparkify_marts.data_quality set value = 1 "
    "where measure = 'rejects_open'",
    "stg_events_say_something": "insert into sparkify.sparkify_staging.stg_events "
    "(date, quarantine_reason, repetitions) select distinct date, 'no_timestamp', 0 "
    "from sparkify.sparkify_staging.stg_events where date = '2018-11-03'",
    "stg_songs_are_delivered_once": "update sparkify.sparkify_staging.stg_songs "
    "set repetitions = 1",
    "stg_songs_say_something": "insert into sparkify.sparkify_staging.stg_songs "
    "(repetitions) values (0)",
    "the_match_rate_does_not_fall": "update sparkify.sparkify.songplays "
    "set song_id = null where event_load_id = 3",
}


def test_a_build_warns_of_each_of_these_and_of_none_without_it(grown: Checkout) -> None:
    tested = ("test", "--select", *WARNINGS)
    assert " WARN=0 ERROR=0 " in succeeds(grown.dbt(*tested))
    for statement in WARNINGS.values():
        write_to(grown, statement)
    told = succeeds(grown.dbt(*tested))
    assert f" WARN={len(WARNINGS)} ERROR=0 " in told
