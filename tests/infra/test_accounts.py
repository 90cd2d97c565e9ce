import duckdb
import pytest

from infra import accounts, console
from infra.accounts import Account

# Of 9 events 3 are plays, 2 other pages, 3 quarantined, and one repeats a play
TABLES = """
create table staging_events as select unnest(range(9)) as line;
create table staging_songs as select unnest(range(2)) as line;
create table songplays as select unnest(range(3)) as songplay_id;
create table songs as select 'SO1' as song_id;
create table stg_events as from (values
    ('NextSong', null, 1), ('NextSong', null, 0), ('NextSong', null, 0),
    ('Home', null, 0), (null, null, 0),
    ('Home', 'no_level', 0), ('NextSong', 'no_user', 0), ('NextSong', 'no_user', 0)
) as events (page, quarantine_reason, repetitions);
create table stg_songs as from (values (null, 0), ('no_title', 0))
    as songs (quarantine_reason, repetitions);
create view quarantine_events as from stg_events where quarantine_reason is not null;
create view quarantine_songs as from stg_songs where quarantine_reason is not null;
"""


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(TABLES)
    return connection


def test_every_raw_row_is_accounted_for_once(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    found = accounts.accounts(warehouse)
    assert found == {
        "events": Account(9, 3, 2, 1, {"no_user": 2, "no_level": 1}),
        "songs": Account(2, 1, 0, 0, {"no_title": 1}),
    }
    assert [each.lost for each in found.values()] == [0, 0]


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ("delete from songplays where songplay_id = 1", 1),
        ("delete from stg_events where page = 'Home'", 2),
        ("update stg_events set repetitions = 0", 1),
        ("insert into songplays values (7)", -1),
        ("delete from staging_events where line = 0", -1),
    ],
)
def test_a_row_that_is_lost_or_counted_twice_is_noticed(
    warehouse: duckdb.DuckDBPyConnection, change: str, lost: int
) -> None:
    warehouse.execute(change)
    assert accounts.accounts(warehouse)["events"].lost == lost


def test_a_warehouse_without_rows_has_an_account_too(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for table in ("staging_events", "songplays", "stg_events"):
        warehouse.execute(f"delete from {table}")
    assert accounts.accounts(warehouse)["events"] == Account(0, 0, 0, 0, {})


def test_the_report_has_a_line_for_each_reason(
    warehouse: duckdb.DuckDBPyConnection,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console.out, "width", 80)
    accounts.report(accounts.accounts(warehouse))
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    for row in (
        ["in", "the", "star", "3", "1"],
        ["other", "pages", "than", "plays", "2"],
        ["repeated", "word", "for", "word", "1", "0"],
        ["quarantined", "3", "1"],
        ["no_level", "1", "0"],
        ["no_title", "0", "1"],
        ["no_user", "2", "0"],
        ["delivered", "9", "2"],
    ):
        assert row in told
