import csv
import json
import subprocess

import pytest
from checkout import Built, fails, invoke_command, succeeds


def rows(table: str) -> list[list[str]]:
    """The words of each line of a printed table."""
    return [line.split() for line in table.splitlines()]


def test_a_query_is_given_by_position(built: Built) -> None:
    plays = built.checkout.value("select count(*) from songplays")
    told = succeeds(built.checkout.invoke("sql", "select count(*) as n from songplays"))
    assert rows(told) == [["n"], [str(plays)], ["(1", "row)"]]


def test_tasks_after_a_query_are_run(built: Built) -> None:
    told = succeeds(built.checkout.invoke("sql", "select 7 as n", "status"))
    assert told.startswith("n\n7\n(1 row)\ntarget local")


def test_raw_staging_and_star_are_found_by_bare_names(built: Built) -> None:
    union = " union all ".join(
        f"select '{name}' as name, count(*) > 0 as filled from {name}"
        for name in ("staging_songs", "stg_songs", "songs")
    )
    told = succeeds(built.checkout.invoke("sql", union))
    assert [line[-1] for line in rows(told)[1:4]] == ["true"] * 3


def test_a_table_shows_null_and_what_would_move_the_cursor(built: Built) -> None:
    told = succeeds(
        built.checkout.invoke(
            "sql",
            "select null as n, true as b, 'a' || chr(27) || '[31m' || chr(155) "
            "|| chr(10) || chr(9) || '[bold]é' as t",
        )
    )
    assert rows(told)[1] == ["null", "true", r"a\x1b[31m\x9b\n\t[bold]é"]


def test_a_long_result_is_cut_and_says_so(built: Built) -> None:
    told = succeeds(built.checkout.invoke("sql", "select range as n from range(1234)"))
    assert "(1,234 rows, the first 100 shown)" in told
    assert [line for line in rows(told) if line[0].isdigit()] == [
        [str(number)] for number in range(100)
    ]


TYPES = (
    "select 1 as whole, 2.5::double as real, 1.25::decimal(9, 2) as dec, "
    "null as nothing, true as yes, date '2018-11-30' as day, "
    "timestamp '2018-11-30 23:59:59.796' as at, "
    "'a,\"b\"' || chr(10) || 'ü' || chr(25) as words"
)


def test_csv_is_what_a_program_reads(built: Built) -> None:
    told = succeeds(built.checkout.invoke("sql", TYPES, "--csv"))
    header, row = csv.reader(told.splitlines(keepends=True))
    assert header == ["whole", "real", "dec", "nothing", "yes", "day", "at", "words"]
    assert row == [
        *("1", "2.5", "1.25", "", "True", "2018-11-30"),
        *("2018-11-30 23:59:59.796000", 'a,"b"\nü\x19'),
    ]


def test_json_is_what_a_program_reads(built: Built) -> None:
    told = succeeds(built.checkout.invoke("sql", TYPES, "--json"))
    assert json.loads(told) == [
        {
            "whole": 1,
            "real": 2.5,
            "dec": 1.25,
            "nothing": None,
            "yes": True,
            "day": "2018-11-30",
            "at": "2018-11-30T23:59:59.796",
            "words": 'a,"b"\nü\x19',
        }
    ]
    assert "ü" in told
    assert "\x19" not in told


def test_no_rows_are_an_empty_result(built: Built) -> None:
    statement = "select 1 as n where false"
    assert json.loads(succeeds(built.checkout.invoke("sql", statement, "--json"))) == []
    assert succeeds(built.checkout.invoke("sql", statement, "--csv")) == "n\n"
    assert "(0 rows)" in succeeds(built.checkout.invoke("sql", statement))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["select 1", "--csv", "--json"], "--csv and --json exclude each other"),
        (["select * from nowhere"], "Table with name nowhere does not exist"),
        (["selekt 1"], "syntax error"),
        (["select 1 +"], "syntax error"),
        ([" "], "No query given"),
        (["select 1; select 2"], "One query at a time"),
        (["delete from songplays"], "asks and changes nothing"),
        (["drop table staging_events"], "asks and changes nothing"),
        (["create table sparkify.more as select 1"], "asks and changes nothing"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_cannot_be_run_is_a_sentence(
    words: list[str], complaint: str, built: Built
) -> None:
    told = fails(built.checkout.invoke("sql", *words), 2)
    assert told.startswith("sql: ")
    assert complaint in told


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_a_reader_that_leaves_early_causes_no_complaint(
    form: str, built: Built
) -> None:
    with subprocess.Popen(
        invoke_command("sql", "select * from range(300000)", form),
        cwd=built.checkout.root,
        env=built.checkout.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() in (b"range\n", b"[\n")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_numbers_that_json_lacks_are_null(built: Built) -> None:
    query = "select 'nan'::double as a, '-inf'::double as b, 1.5 as c"
    told = succeeds(built.checkout.invoke("sql", query, "--json"))
    assert json.loads(told) == [{"a": None, "b": None, "c": 1.5}]


def test_columns_of_one_name_are_refused_as_json(built: Built) -> None:
    completed = built.checkout.invoke("sql", "select 1 as a, 2 as a", "--json")
    assert "Several columns are named a" in fails(completed, 2)


@pytest.mark.parametrize("query", [";", "/* nothing */"])
def test_a_query_without_a_statement_is_refused(query: str, built: Built) -> None:
    assert "holds no statement" in fails(built.checkout.invoke("sql", query), 2)


def test_many_columns_are_shown_below_each_other(built: Built) -> None:
    narrow = {"COLUMNS": "80"}
    query = "select * from songplays limit 2"
    told = succeeds(built.checkout.invoke("sql", query, env=narrow))
    assert rows(told)[0] == ["row", "1"]
    assert max(map(len, told.splitlines())) <= 80


def test_output_that_cannot_be_encoded_is_escaped(built: Built) -> None:
    told = built.checkout.invoke(
        "sql", "select 'é' as letter", env={"PYTHONIOENCODING": "ascii"}
    )
    assert "\\xe9" in succeeds(told)
