import json
from typing import Any

import pytest
from checkout import SMALL, Built, Checkout, fails, succeeds

from infra.tables import Table, report
from infra.warehouse import writer

QUIET = Table("s", "t", 10, 1.0, "KEY(a)", "b", 4.0, 20.0, 10.0)


# Advice


@pytest.mark.parametrize(
    ("measures", "told"),
    [
        ({"skew_rows": 4.01}, "s.t: one slice has 4.0 times the rows of another"),
        ({"skew_rows": 2500.0}, "s.t: one slice has 2,500.0 times the rows of another"),
        ({"unsorted": 20.4}, "s.t: 20 % of its rows are not sorted"),
        ({"unsorted": 100.0}, "s.t: 100 % of its rows are not sorted"),
        ({"stats_off": 10.01}, "s.t: its statistics are 10 % off"),
    ],
)
def test_each_measure_beyond_its_limit_has_its_sentence(
    measures: dict[str, Any], told: str
) -> None:
    (sentence,) = QUIET._replace(**measures).advice
    assert sentence.startswith(told)


def test_each_sentence_says_what_to_do() -> None:
    bad = QUIET._replace(skew_rows=5.0, unsorted=21.0, stats_off=11.0)
    skew, unsorted, stale = bad.advice
    assert "dist='even'" in skew
    assert "`vacuum s.t`" in unsorted
    assert "`analyze s.t`" in stale


def test_at_a_limit_and_without_a_measure_there_is_nothing_to_say() -> None:
    assert list(QUIET.advice) == []
    assert list(Table("s", "t", 10, 1.0).advice) == []


# The warehouse file


def test_every_table_is_shown_with_its_rows(built: Built) -> None:
    told = succeeds(built.checkout.invoke("tables"))
    shown = [tuple(line.split()[:2]) for line in told.splitlines()]
    names = built.checkout.query(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = 'warehouse'"
    )
    assert len(names) > 10
    for schema, name in names:
        count = built.checkout.value(f"select count(*) from {schema}.{name}")
        assert (name, f"{count:,}") in shown
    assert {(schema,) for schema, _ in names} <= set(shown)
    assert f"tables  {len(names)} tables, " in told
    assert max(map(len, told.splitlines())) <= 80


def test_json_is_a_list_of_tables(built: Built) -> None:
    found = json.loads(succeeds(built.checkout.invoke("tables", "--json")))
    by_name = {(each["schema"], each["table"]): each for each in found}
    events = by_name["staging", "staging_events"]
    assert events.keys() == {"schema", "table", "rows", "size_mb"}
    assert events["rows"] == built.checkout.value(
        "select count(*) from staging.staging_events"
    )
    size = (built.checkout.root / "sparkify.duckdb").stat().st_size / 1e6
    assert 0 < events["size_mb"] < size


def test_odd_names_are_tables_and_views_are_none(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    with writer(checkout.project.profile) as connection:
        connection.execute('create schema "o\'dd ""s"')
        connection.execute('create table "o\'dd ""s"."ta.ble" as from range(70000)')
        connection.execute("create view load.seen as select 1")
    capsys.readouterr()
    report(checkout.project, as_json=True)
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert "seen" not in {each["table"] for each in found}
    (odd,) = (each for each in found if each["table"] == "ta.ble")
    assert (odd["schema"], odd["rows"]) == ("o'dd \"s", 70000)


def test_without_tables_there_is_a_sentence(checkout: Checkout) -> None:
    assert "invoke up" in fails(checkout.invoke("tables"), 1)
    succeeds(checkout.invoke("up", env=SMALL))
    with writer(checkout.project.profile) as connection:
        connection.execute("drop schema staging cascade; drop schema load cascade")
    told = fails(checkout.invoke("tables"), 1)
    assert "There are no tables yet; run `invoke load build`." in told
