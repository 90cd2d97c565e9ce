"""Where Redshift's tables differ from PostgreSQL's."""

import pytest
from redshift_connector import error as driver

from infra.rehearsal.standin import Standin


def test_a_varchar_counts_bytes(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a varchar(4), b char(2))")
    standin.sql(f"insert into {schema}.t (a) values ('éé'), ('four')")
    for value in ("ééx", "five5"):
        with pytest.raises(
            driver.ProgrammingError, match=r"too long for type character varying\(4\)"
        ):
            standin.sql(f"insert into {schema}.t (a) values (%s)", value)
    with pytest.raises(driver.ProgrammingError, match="too long"):
        standin.sql(f"insert into {schema}.t (b) values ('éé')")


def test_a_varchar_without_length_has_256_bytes(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a varchar, b text)")
    standin.sql(f"insert into {schema}.t values (%s, %s)", "a" * 256, "é" * 128)
    for column in ("a", "b"):
        with pytest.raises(driver.ProgrammingError, match="too long"):
            standin.sql(f"insert into {schema}.t ({column}) values (%s)", "é" * 129)


@pytest.mark.parametrize(
    "made",
    ["create temp table u (like {0}.t)", "create temp table u as select * from {0}.t"],
)
def test_bytes_count_in_tables_made_like_others_too(
    standin: Standin, schema: str, made: str
) -> None:
    standin.sql(f"create table {schema}.t (a varchar(3))")
    connection = standin.connected()
    with connection, connection.cursor() as cursor:
        cursor.execute(made.format(schema))
        with pytest.raises(driver.ProgrammingError, match="too long"):
            cursor.execute("insert into u values ('éé')")


def test_bytes_count_in_columns_added_or_widened(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer)")
    standin.sql(f"alter table {schema}.t add column b varchar(3)")
    with pytest.raises(driver.ProgrammingError, match="too long"):
        standin.sql(f"insert into {schema}.t values (1, 'éé')")
    standin.sql(f"alter table {schema}.t alter column b type varchar(4)")
    standin.sql(f"alter table {schema}.t rename column b to c")
    standin.sql(f"insert into {schema}.t values (1, 'éé')")
    with pytest.raises(
        driver.ProgrammingError, match=r"too long for type character varying\(4\)"
    ):
        standin.sql(f"insert into {schema}.t values (1, 'ééx')")


def test_a_numeric_without_scale_has_none(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a numeric)")
    standin.sql(f"insert into {schema}.t values (1.5)")
    assert standin.sql(f"select a from {schema}.t") == [(2,)]


def test_averages_and_sums_of_integers_are_integers(standin: Standin) -> None:
    ((average, total, hour),) = standin.sql(
        "select avg(a), sum(cast(a as bigint)), "
        "extract(hour from timestamp '2018-11-30 23:59:59') "
        "from (select 1 as a union all select 2) as t"
    )
    assert (average, total, hour) == (1, 3, 23)
    assert {type(average), type(total), type(hour)} == {int}


def test_keys_are_declared_and_not_enforced(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.u (id integer not null, primary key (id))")
    standin.sql(
        f"create table {schema}.t (id integer unique, u integer references {schema}.u)"
    )
    standin.sql(f"insert into {schema}.u values (1), (1)")
    standin.sql(f"insert into {schema}.t values (1, 7), (1, 8)")
    assert standin.sql(f"select count(*) from {schema}.u") == [(2,)]


def test_not_null_is_enforced_in_redshifts_words(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer not null)")
    with pytest.raises(
        driver.ProgrammingError, match="Cannot insert a NULL value into column a"
    ):
        standin.sql(f"insert into {schema}.t values (null)")


def test_the_catalog_shows_what_was_noted(standin: Standin, schema: str) -> None:
    standin.sql(
        f"create table {schema}.made (a integer, b varchar(77) encode zstd) "
        "diststyle key distkey (a) compound sortkey (b, a)"
    )
    standin.sql(f"alter table {schema}.made rename to t")
    standin.sql(f"create table {schema}.u diststyle all as (select 1 as a)")
    standin.sql(f"create table {schema}.v (a integer)")
    assert standin.sql(
        'select "table", diststyle, sortkey1, sortkey_num, max_varchar, encoded, '
        "tbl_rows "
        f"from svv_table_info where schema = '{schema}' order by 1"
    ) == [
        ("t", "KEY(a)", "b", 2, 77, "Y", 0),
        ("u", "ALL", None, 0, 0, "N", 1),
        ("v", "AUTO(ALL)", None, 0, 0, "N", 0),
    ]


def test_a_sort_key_must_be_a_column(standin: Standin, schema: str) -> None:
    with pytest.raises(driver.ProgrammingError, match='column "b" does not exist'):
        standin.sql(f"create table {schema}.t sortkey (b) as (select 1 as a)")
    with pytest.raises(driver.ProgrammingError, match="does not exist"):
        standin.sql(f"select * from {schema}.t")


def test_a_late_binding_view_survives_its_table(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer, b varchar(9))")
    standin.sql(
        f"create view {schema}.v as select a, b || '\\'' as b from {schema}.t "
        "with no schema binding"
    )
    standin.sql(f"drop table {schema}.t")
    with pytest.raises(driver.ProgrammingError, match="does not exist"):
        standin.sql(f"select * from {schema}.v")
    standin.sql(f"create table {schema}.t (a integer, b varchar(9))")
    standin.sql(f"insert into {schema}.t values (1, 'x')")
    assert standin.sql(f"select a, b from {schema}.v") == [(1, "x'")]


def test_a_bound_view_holds_its_table(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer)")
    standin.sql(f"create view {schema}.v as (select a from {schema}.t)")
    with pytest.raises(driver.ProgrammingError, match="depend"):
        standin.sql(f"drop table {schema}.t")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("datediff(day, '2018-11-30 23:59', '2018-12-01 00:01')", 1),
        ("datediff(year, '2018-12-31', '2019-01-01')", 1),
        ("datediff(month, '2018-01-31', '2018-03-01')", 2),
        ("datediff(quarter, '2018-12-31', '2019-01-01')", 1),
        ("datediff(week, '2018-11-03', '2018-11-04')", 1),
        ("datediff(hour, '2018-11-04 00:59', '2018-11-04 01:00')", 1),
        ("datediff(millisecond, '2018-11-04', '2018-11-04 00:00:01.5')", 1500),
        ("datediff(day, '2018-12-01', '2018-11-30')", -1),
        ("regexp_replace('a.b.c', '[.]', '')", "abc"),
        ("regexp_substr('varchar(16)', '[0-9]+')", "16"),
        ("regexp_substr('none', '[0-9]+')", ""),
        ("len('éa ')", 3),
        ("nvl(null, 'x')", "x"),
        ("date_trunc('month', date '2018-11-30')::varchar(19)", "2018-11-01 00:00:00"),
        ("dateadd(quarter, 1, timestamp '2018-11-30')::varchar(10)", "2019-02-28"),
        ("md5('x')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("pg_last_copy_id()", -1),
    ],
)
def test_functions_mean_what_they_mean_in_redshift(
    standin: Standin, expression: str, expected: object
) -> None:
    assert standin.sql(f"select {expression}") == [(expected,)]


def test_dateadd_takes_no_bigint(standin: Standin) -> None:
    with pytest.raises(driver.ProgrammingError, match=r"dateadd.* does not exist"):
        standin.sql("select dateadd(day, cast(1 as bigint), timestamp '2018-11-30')")


def test_qualify_keeps_the_rows_and_columns_of_its_query(
    standin: Standin, schema: str
) -> None:
    standin.sql(f"create table {schema}.t (a integer, b varchar(9))")
    standin.sql(f"insert into {schema}.t values (1, 'x'), (1, 'y'), (2, 'z')")
    window = "qualify row_number() over (partition by a order by b desc) = 1"
    star = f"select * from {schema}.t as u {window} order by a"
    assert standin.sql(star) == [(1, "y"), (2, "z")]
    listed = f"with u as (select a, b as c from {schema}.t where a < 2 {window}) "
    assert standin.sql(listed + "select c from u") == [("y",)]
