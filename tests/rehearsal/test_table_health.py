"""`invoke tables` on the stand-in: what Redshift tells of the tables, and advice."""

import json
from contextlib import closing

import pytest
from two_engines import REDSHIFT, Lab

from infra import console, tables
from infra.errors import WarehouseMissing
from infra.project import Project


def project(lab: Lab) -> Project:
    return Project(lab.projects[REDSHIFT].root)


def run(lab: Lab, *statements: str) -> None:
    with (
        closing(lab.standin.connected(database=lab.name)) as connection,
        connection.cursor() as cursor,
    ):
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)


def measured(lab: Lab, table: str, told: str) -> None:
    """Makes the stand-in say this of a table, as slices and blocks would."""
    run(
        lab,
        f"update pg_redshift.notes set told = told || '{told}' where table_id = "
        f"(select table_id from svv_table_info where \"table\" = '{table}')",
    )


@pytest.fixture
def filled(lab: Lab) -> Lab:
    """Raw tables, a table of the star and one of somebody else's."""
    lab.good()
    lab.load()
    run(
        lab,
        "create schema sparkify_marts",
        "create table sparkify_marts.a_mart_with_a_long_name distkey (session_id) "
        "sortkey (item_in_session) as select 1::bigint as session_id, "
        "2 as item_in_session",
        "create schema sparkifyer",
        "create table sparkifyer.theirs (a integer)",
    )
    return lab


def test_tables_of_ours_are_shown_with_what_redshift_knows(
    filled: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    measured(filled, "a_mart_with_a_long_name", '{"skew_rows": 1.25, "unsorted": 7}')
    capsys.readouterr()
    told = tables.report(project(filled), as_json=True)
    found = {each["table"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["a_mart_with_a_long_name"] == {
        "schema": "sparkify_marts",
        "table": "a_mart_with_a_long_name",
        "rows": 1,
        "size_mb": 0.0,
        "diststyle": "KEY(session_id)",
        "sortkey1": "item_in_session",
        "skew_rows": 1.25,
        "unsorted": 7.0,
        "stats_off": 0.0,
    }
    assert found["staging_events"]["rows"] == 2
    assert found["staging_events"]["skew_rows"] is None
    assert "theirs" not in found
    assert told == f"{len(found)} tables, 0.0 MB"


def test_advice_follows_the_tables_on_a_narrow_terminal(
    filled: Lab,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console.out, "_width", 80)
    measured(filled, "a_mart_with_a_long_name", '{"skew_rows": 8.5, "unsorted": 33}')
    measured(filled, "staging_events", '{"stats_off": 100}')
    capsys.readouterr()
    told = tables.report(project(filled), as_json=False)
    printed = capsys.readouterr().out
    assert told.endswith(" MB, 3 to look at")
    words = " ".join(printed.split())
    for sentence in (
        "sparkify_marts.a_mart_with_a_long_name: one slice has 8.5 times the rows",
        "sparkify_marts.a_mart_with_a_long_name: 33 % of its rows are not sorted",
        "staging.staging_events: its statistics are 100 % off",
    ):
        assert sentence in words
    assert max(map(len, printed.splitlines())) <= 80
    mart = next(line for line in printed.splitlines() if line.startswith("a_mart"))
    assert mart.split()[-5:] == ["8.5", "33", "%", "0", "%"]


def test_before_the_first_load_there_is_nothing_to_show(lab: Lab) -> None:
    with pytest.raises(WarehouseMissing, match="There are no tables yet"):
        tables.report(project(lab), as_json=False)
