"""The SQL that `load --print-sql` prints, as text; tests/rehearsal runs it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import REPOSITORY, Checkout, fails, succeeds

from infra.aws import rules
from infra.errors import ConfigurationError
from infra.landing.s3 import Bucket
from infra.loading import external, printed, raw_schema
from infra.loading.raw_schema import LINEAGE, SOURCES, ledger_tables, raw_tables

TABLES = raw_tables(REPOSITORY)
LEDGER = tuple(ledger_tables(REPOSITORY).values())
SOURCE = Bucket.parse("s3://udacity-dend")
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SCRIPT = printed.script(TABLES, LEDGER, SOURCE, "us-west-2")
VIEWS = external.script(TABLES, "sparkify_dev")


@pytest.mark.parametrize(
    ("name", "text"), [("one_shot_copy.sql", SCRIPT), ("external_tables.sql", VIEWS)]
)
def test_the_sql_is_the_one_that_is_known(name: str, text: str) -> None:
    """`UPDATE_GOLDEN=1 invoke test --only "-k sql_is_the_one"` writes it anew."""
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(text)
    assert text == (GOLDEN / name).read_text()


def statements(text: str = SCRIPT) -> list[str]:
    """The statements without comments, each on one line."""
    plain = re.sub(r"--.*", "", text)
    return [" ".join(each.split()) for each in plain.split(";") if each.strip()]


def copies(text: str = SCRIPT) -> list[str]:
    return [each for each in statements(text) if each.startswith("copy ")]


# The classic script


def test_raw_tables_are_emptied_and_filled_in_one_transaction() -> None:
    first = [each.split(" ")[0] for each in statements()]
    filled = ["create", "copy", "delete", "insert", "drop"] * 2
    assert first == ["create"] * 7 + ["begin", *filled, "commit", "select"]
    assert "truncate" not in " ".join(statements())


def test_there_is_one_copy_for_each_raw_table_with_its_columns() -> None:
    assert len(copies()) == len(TABLES)
    for table, copy in zip(TABLES, copies(), strict=True):
        columns = ", ".join(each.name for each in table.raw_columns)
        assert f"( {columns} ) from " in copy
        assert not set(LINEAGE) & set(re.findall(r"\w+", copy))


@pytest.mark.parametrize(
    ("source", "prefix"),
    [
        ("s3://udacity-dend", "s3://udacity-dend/"),
        ("s3://mine/raw/2018/", "s3://mine/raw/2018/"),
        ("s3://mine/it's raw", "s3://mine/it''s raw/"),
    ],
)
def test_a_prefix_ends_with_a_slash_so_that_others_stay_out(
    source: str, prefix: str
) -> None:
    text = printed.script(TABLES, LEDGER, Bucket.parse(source), "eu-west-1")
    for copy, folder in zip(copies(text), ("log_data", "song_data"), strict=True):
        assert f" from '{prefix}{folder}/' iam_role default " in copy
        assert " region 'eu-west-1' " in copy


def test_no_option_changes_data_in_silence() -> None:
    for copy in copies():
        options = copy.partition(" iam_role default ")[2]
        assert options == (
            "region 'us-west-2' format json 'auto ignorecase' maxerror 0"
        )


def test_the_tables_are_those_that_the_loader_makes() -> None:
    for table, text in zip((*TABLES, *LEDGER), statements()[2:7], strict=True):
        columns = ", ".join(f"{each.name} {each.type}" for each in table.columns)
        expected = f"create table if not exists {table.relation} ( {columns} )"
        design = "diststyle even" + " sortkey (load_id)" * (table in LEDGER)
        assert text.replace('"', "") == f"{expected} {design}"


def test_the_lineage_of_a_row_says_what_can_be_said() -> None:
    inserts = [each for each in statements() if each.startswith("insert ")]
    for table, insert in zip(TABLES, inserts, strict=True):
        assert ", _load_id, _source_uri, _line ) select " in insert
        prefix = f"'s3://udacity-dend/{table.landing}/'"
        assert insert.endswith(f", 0, {prefix}, null from copied_{table.name}")


def test_the_last_query_tells_what_copy_could_not_take() -> None:
    last = statements()[-1]
    assert "from sys_load_error_detail where session_id = pg_backend_pid()" in last


def test_the_script_says_what_it_lacks() -> None:
    told = " ".join(re.findall(r"^--(.*)", SCRIPT, re.M))
    for word in (
        "ledger",
        "_load_id",
        "_source_uri",
        "maxerror",
        "copied_by_hand",
        "--full-refresh",
    ):
        assert word in told
    assert max(map(len, SCRIPT.splitlines())) <= 88


@pytest.mark.parametrize("text", [SCRIPT, VIEWS], ids=["script", "views"])
def test_no_name_needs_quotes(text: str) -> None:
    """Names stand in the SQL as they are; a reserved one would be a syntax error."""
    made = (*TABLES, *LEDGER)
    names = {column.name for table in TABLES for column in table.columns}
    names |= {word for table in made for word in (table.schema, table.name)}
    of_the_ledger = {column.name for table in LEDGER for column in table.columns}
    names |= of_the_ledger - set(re.findall(r'"(\w+)"', SCRIPT))
    assert not names & set(rules._RESERVED.split())
    assert all(re.fullmatch(r"[a-z_][a-z0-9_]*", name) for name in names)
    assert ";" not in "".join(re.findall(r"--.*", text))


# Views on external tables


def test_the_external_schema_shows_glues_database_by_the_clusters_own_role() -> None:
    first = " ".join(external.statements(TABLES, "sparkify_dev")[0].split())
    assert first == (
        "create external schema if not exists landing from data catalog database "
        "'sparkify_dev' iam_role default"
    )


def test_views_are_replaced_in_one_transaction_and_bound_to_nothing() -> None:
    told = [each.split()[0] for each in external.statements(TABLES, "d")]
    views = ["drop", "create"] * len(TABLES)
    assert told == ["create", "create", "begin", *views, "commit"]
    made = [each for each in external.statements(TABLES, "d") if " view " in each]
    for each in made[1::2]:
        assert each.endswith("\nwith no schema binding")


def test_a_view_has_the_columns_of_the_raw_table_in_their_order_and_types() -> None:
    made = [each for each in statements(VIEWS) if each.startswith("create view")]
    for table, view in zip(TABLES, made, strict=True):
        columns = re.findall(r"cast\((\S+) as ([^)]+\)?)\) as (\w+)", view)
        assert [(name, kind) for _, kind, name in columns] == [
            (each.name, each.type) for each in table.columns
        ]
        given = {name: value for value, _, name in columns}
        assert [given.pop(name) for name in LINEAGE] == ["0", '"$path"', "null"]
        assert all(name == value for name, value in given.items())
        assert f"from landing.{table.name} " in view


# Where the raw tables' schema comes from


def test_the_loader_takes_the_default_of_dbts_variable() -> None:
    text = (REPOSITORY / SOURCES).read_text()
    (source,) = yaml.safe_load(text)["sources"]
    assert source["schema"] == "{{ var('raw_schema', 'staging') }}"
    assert {table.schema for table in TABLES} == {"staging"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("{{ var('raw_schema', 'staging') }}", "staging"),
        ("{{var('x','elsewhere')}}", "elsewhere"),
        ("plain", "plain"),
    ],
)
def test_a_schema_is_a_name_or_a_variable_with_a_default(
    schema: str, expected: str
) -> None:
    assert raw_schema._schema(schema) == expected


@pytest.mark.parametrize(
    "schema",
    [
        *("{{ var('raw_schema') }}", "{{ target.schema }}", "a_{{ var('x', 'y') }}"),
        "{{ var('x', 'y') }}; drop",
    ],
)
def test_a_schema_that_only_dbt_could_work_out_is_refused(
    schema: str, tmp_path: Path
) -> None:
    document: dict[str, Any] = yaml.safe_load((REPOSITORY / SOURCES).read_text())
    document["sources"][0]["schema"] = schema
    (tmp_path / SOURCES).parent.mkdir(parents=True)
    (tmp_path / SOURCES).write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigurationError, match="does not define the raw tables"):
        raw_tables(tmp_path)


# As it is typed


def test_printing_needs_nothing_and_prints_nothing_else(checkout: Checkout) -> None:
    """No profile, no account, no network: the output goes straight into psql."""
    before = checkout.files()
    told = checkout.invoke("load", "--print-sql")
    assert succeeds(told) == SCRIPT
    assert told.stderr == ""
    assert checkout.files() == before


def test_the_settings_say_where_from(checkout: Checkout) -> None:
    env = {
        "INVOKE_SPARKIFY_COPY_FROM": "s3://mine/raw",
        "INVOKE_SPARKIFY_AWS_REGION": "eu-west-1",
    }
    told = succeeds(checkout.invoke("load", "--print-sql", env=env))
    assert told == printed.script(
        TABLES, LEDGER, Bucket.parse("s3://mine/raw"), "eu-west-1"
    )


def test_external_tables_can_be_printed_as_well(checkout: Checkout) -> None:
    env = {"INVOKE_SPARKIFY_STACK": "a-b"}
    told = succeeds(checkout.invoke("load", "--print-sql", "--external", env=env))
    assert told == external.script(TABLES, "sparkify_a_b")


def test_options_of_a_load_do_not_go_with_a_load_by_hand(checkout: Checkout) -> None:
    told = checkout.invoke("load", "--print-sql", "--prune")
    assert "none of the other options" in fails(told, 2)
    assert told.stdout == ""
