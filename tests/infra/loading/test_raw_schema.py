import json
import re
from pathlib import Path

import pytest
from checkout import REPOSITORY

from infra.errors import ConfigurationError
from infra.landing.simulator import Plan, generate
from infra.loading.raw_schema import LINEAGE, SOURCES, RawTable, raw_tables

# ruff: noqa: SIM905  a list of names reads better as text
EVENTS = (
    "artist auth firstname gender iteminsession lastname length level location method "
    "page registration sessionid song status ts useragent userid"
).split()
SONGS = (
    "num_songs artist_id artist_latitude artist_longitude artist_location artist_name "
    "song_id title duration year"
).split()


@pytest.fixture
def tables() -> dict[str, RawTable]:
    return {table.name: table for table in raw_tables(REPOSITORY)}


def test_raw_columns_have_the_classic_names_in_lower_case(
    tables: dict[str, RawTable],
) -> None:
    names = {
        name: [column.name for column in table.raw_columns]
        for name, table in tables.items()
    }
    assert names == {"staging_events": EVENTS, "staging_songs": SONGS}


def test_lineage_follows_the_raw_columns(tables: dict[str, RawTable]) -> None:
    for table in tables.values():
        lineage = table.columns[len(table.raw_columns) :]
        assert [(column.name, column.type) for column in lineage] == [
            ("_load_id", "bigint"),
            ("_source_uri", "varchar(1024)"),
            ("_line", "integer"),
        ]
        assert tuple(column.name for column in lineage) == LINEAGE


def test_tables_know_where_they_are_and_what_fills_them(
    tables: dict[str, RawTable],
) -> None:
    assert {(table.relation, table.landing) for table in tables.values()} == {
        ("staging.staging_events", "log_data"),
        ("staging.staging_songs", "song_data"),
    }


def test_keys_are_those_of_the_files(
    tables: dict[str, RawTable], tmp_path: Path
) -> None:
    generate(tmp_path / "landing", Plan(users=2, songs=2, days=1))
    for table in tables.values():
        file = next((tmp_path / "landing" / table.landing).rglob("*.json"))
        keys = json.loads(file.read_text().split("\n")[0]).keys()
        assert {column.json for column in table.raw_columns} == keys
        for column in table.raw_columns:
            assert column.json.lower() == column.name


def test_exact_numbers_have_types_that_hold_them(tables: dict[str, RawTable]) -> None:
    types = {
        column.name: column.type
        for table in tables.values()
        for column in table.raw_columns
    }
    exact = {name for name, of in types.items() if of == "double precision"}
    assert exact == {
        *("registration", "length", "duration"),
        *("artist_latitude", "artist_longitude"),
    }
    assert {name for name, of in types.items() if of == "bigint"} == {"ts", "sessionid"}
    assert {name for name, of in types.items() if of == "integer"} == {
        *("iteminsession", "status", "num_songs", "year"),
    }
    assert all(
        re.fullmatch(r"varchar\(\d+\)", of)
        for of in types.values()
        if of not in ("double precision", "bigint", "integer")
    )


@pytest.mark.parametrize(
    "change",
    [
        ("data_type: integer", "type: integer"),
        ("config: { meta: { landing: log_data } }", "config: {}"),
        ("- name: artist\n", "- nome: artist\n"),
        ("    tables:", "    relations:"),
        ("sources:", "sources: {"),
        ("    schema: \"{{ var('raw_schema', 'staging') }}\"\n", ""),
    ],
)
def test_a_definition_that_lacks_a_part_is_refused(
    change: tuple[str, str], tmp_path: Path
) -> None:
    text = (REPOSITORY / SOURCES).read_text()
    assert change[0] in text
    (tmp_path / SOURCES).parent.mkdir(parents=True)
    (tmp_path / SOURCES).write_text(text.replace(*change))
    with pytest.raises(ConfigurationError, match="does not define the raw tables"):
        raw_tables(tmp_path)


def test_an_absent_definition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not define the raw tables"):
        raw_tables(tmp_path)
