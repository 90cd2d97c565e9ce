import json
from typing import Any

import pytest

from infra.rehearsal.dialect import rewrite
from infra.rehearsal.tables import NOTES
from infra.rehearsal.tokens import Refused

KEPT = [
    "select 1",
    "begin",
    "select count(*), min(a) from t where b in ('x', 'y') group by c having max(d) > 1",
    "select row_number() over (partition by a order by b desc) from t",
    "select sum(a) over (order by b rows unbounded preceding) from t",
    "select 'it''s -- no /* comment', \"quoted\" from t -- a remark; and more",
    "select 'sum(x) :: json' from t",
    "with found (a, b) as (select 1, 2) select * from found",
    "insert into s.t (a, b) values ($1, $2), (3, 4)",
    "insert into s.t values ($1,$2),($3,'$4,$5'),($10,$tag$ $1,$2 $tag$)",
    "delete from s.t using u where t.a = u.a",
    "update s.t set a = b || '\\'' where c similar to '[0-9]{1,18}'",
    "select timestamp 'epoch' + 5 * interval '1 second', date '2020-01-01' + 4",
    "select trim(both ' ' from a), position('x' in b), t.tag, pg_class.oid from t",
    "drop table if exists s.t cascade",
    "alter table s.t rename to u",
    "lock s.t",
    "set statement_timeout to 1000",
    "select $1",
]


@pytest.mark.parametrize("sql", KEPT)
def test_what_both_understand_stays_as_it_is(sql: str) -> None:
    assert rewrite(sql).sql == sql


REWRITTEN = [
    ("select nvl(a, b)", "select coalesce(a, b)"),
    ("select dateadd(day, 1, a)", "select dateadd('day', 1, a)"),
    ("select datediff('day', a, b)", "select datediff('day', a, b)"),
    ("select sysdate", "select pg_redshift.sysdate()"),
    ("select a::varchar, b::text", "select a::varchar(256), b::varchar(256)"),
    ("select cast(a as numeric)", "select cast(a as numeric(18,0))"),
    ("select cast(a as CHARACTER VARYING(7))", "select cast(a as varchar(7))"),
    ("select a::timestamp without time zone", "select a::timestamp"),
    (
        "select extract(hour from a)",
        "select cast(trunc(extract(hour from a)) as integer)",
    ),
    (
        "select listagg(a, ',') within group (order by b)",
        "select string_agg(a, ',' order by b)",
    ),
    ("select listagg(a) from t", "select string_agg(a, '') from t"),
    ('select "Mixed" from "S"."T"', 'select "mixed" from "s"."t"'),
    ("set search_path to s", "set search_path to s, pg_redshift, pg_catalog"),
    (
        "create view v as select nvl(a, b) from t",
        "create view v as select coalesce(a, b) from t",
    ),
    (
        "create view s.v as select 'it\\'s' from s.t with no schema binding",
        "call pg_redshift.create_late_binding_view"
        "('s.v', ' select \\'it\\\\\\'s\\' from s.t ')",
    ),
    (
        "select a, t.b as c from t as u qualify rank() over (order by a) = 1 limit 5",
        'select "a", "c" from (select  a, t.b as c , ( rank() over (order by a) = 1) '
        "as kept from t as u ) as qualified where kept limit 5",
    ),
    (
        "select * from (select * from s.t u qualify rank() over (order by a) = 1)",
        "select * from (select (qualified.whole).* from (select u as whole, "
        "( rank() over (order by a) = 1) as kept from s.t u ) as qualified where kept)",
    ),
]


@pytest.mark.parametrize(("sql", "expected"), REWRITTEN)
def test_what_only_redshift_understands_is_rewritten(sql: str, expected: str) -> None:
    assert rewrite(sql).sql == expected


REFUSED = [
    ("insert into t values (1) on conflict do nothing", "no ON CONFLICT"),
    ("select distinct on (a) a from t", "no DISTINCT ON"),
    ("select count(*) filter (where a) from t", "no FILTER"),
    ("insert into t values (1) returning a", "no RETURNING"),
    ("select * from t, lateral (select 1) as u", "no LATERAL"),
    ("select array[1, 2]", "no arrays"),
    ("select a[1] from t", "does not know the operator ["),
    ("select a::integer[] from t", "no arrays"),
    ("select a -> 'b' from t", "does not know the operator ->"),
    ("create table t (a json)", "no type json"),
    ("create table t (a uuid)", "no type uuid"),
    ("create table t (a serial)", "no type serial"),
    ("select 't'::regclass", "no type regclass"),
    ("create table t (a geometry)", "does not know the type geometry"),
    ("create table t (a varchar(65536))", "length for type varchar"),
    ("create table t (a integer check (a > 0))", "does not know CHECK"),
    ("create table t (a integer, check (a > 0))", "no CHECK constraints"),
    ("create table t (a integer) tablespace x", "does not know TABLESPACE"),
    ("create table t (a integer) diststyle key", "needs a DISTKEY"),
    ("create index i on t (a)", "no indexes"),
    ("create unique index i on t (a)", "no indexes"),
    ("select string_agg(a, ',') from t", "no string_agg"),
    ("select array_agg(a) from t", "no array_agg"),
    ("select * from t, generate_series(1, 3)", "no generate_series"),
    ("select gen_random_uuid()", "no gen_random_uuid"),
    (
        "select jsonb_path_query(a) from t",
        "does not know the function jsonb_path_query",
    ),
    ("select concat(a, b, c) from t", "function concat with 3 arguments"),
    ("select regexp_replace(a, 'b', 'c', 'g') from t", "with 4 arguments"),
    ("select dateadd(fortnight, 1, a) from t", "date part fortnight"),
    ("select sum(a) over (order by b) from t", "require a frame clause"),
    ("select sum(a) over (order by b range unbounded preceding) from t", "of ROWS"),
    ("select a from t qualify rank() over (order by a) = 1", "needs an alias"),
    (
        "select a.*, b from t as a qualify rank() over (order by a) = 1",
        "name of its own",
    ),
    ("select a as tag, system from t", "reserves the word"),
    ("select a is not distinct from b from t", "no IS NOT DISTINCT FROM"),
    ("merge into t using s on a = b when matched then delete", "command MERGE"),
    ("savepoint a", "command SAVEPOINT"),
    ("unload ('select 1') to 's3://b/k' iam_role default", "command UNLOAD"),
    ("set enable_seqscan to off", "setting enable_seqscan"),
    ("truncate t cascade", "name of a table only"),
    ("lock t in share mode", "names of tables only"),
    ("alter table t alter column a type bigint", "only for columns of type VARCHAR"),
    ("alter table t add primary key (a)", "constraints in ALTER TABLE"),
    ("select (1", "end of input"),
    ("select 1)", 'near ")"'),
    ("select 'open", "syntax error"),
    ("select 1; select 2", "multiple commands"),
]


@pytest.mark.parametrize(("sql", "reason"), REFUSED)
def test_what_redshift_lacks_or_nobody_knows_is_refused(sql: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        rewrite(sql)
    assert reason in str(refusal.value)


def test_attributes_of_a_table_are_noted_and_left_out() -> None:
    sql = rewrite(
        "create table s.t (id bigint not null encode az64, n varchar distkey, "
        "day date default '2020-01-01' sortkey, primary key (id), unique (n), "
        "foreign key (n) references s.u (n)) backup no"
    ).sql
    assert sql.partition("*/ ")[2] == (
        "create table s.t (id bigint not null , n varchar(256) , "
        "day date default '2020-01-01' ) "
    )
    assert notes_of(sql) == {
        "backup": False,
        "diststyle": "key",
        "distkey": "n",
        "sortkeys": ["day"],
        "encodings": {"id": "az64"},
        "keys": [
            {"type": "primary", "columns": ["id"]},
            {"type": "unique", "columns": ["n"]},
            {"type": "foreign", "columns": ["n"], "to": ["s", "u"]},
        ],
    }


def test_a_table_made_of_a_query_keeps_the_query() -> None:
    sql = rewrite(
        "/* dbt */ create table t backup no diststyle key distkey (a)\n"
        "interleaved sortkey (a, b) as (select nvl(1, 2) as a, 3 as b)"
    ).sql
    assert sql.endswith("create table t  as (select coalesce(1, 2) as a, 3 as b)")
    assert notes_of(sql)["sortstyle"] == "interleaved"


@pytest.mark.parametrize(
    "sql", ["vacuum s.t", "alter table t alter column a type varchar(9)"]
)
def test_some_statements_run_in_no_transaction(sql: str) -> None:
    assert rewrite(sql).sql == sql
    with pytest.raises(Refused, match="cannot run inside a transaction block"):
        rewrite(sql, is_alone=False)


def notes_of(sql: str) -> dict[str, Any]:
    """What was noted of a statement that came out of `table`."""
    start = sql.index(NOTES) + len(NOTES)
    found: dict[str, Any] = json.loads(sql[start : sql.index("*/")])
    return found
