"""`invoke load --print-sql`: the classic way into Redshift, as a script to run.

One COPY per raw table, straight from the raw files, past the ledger. Pure: it needs no
account, no cluster and no profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

from infra.landing.s3 import Bucket
from infra.loading.raw_schema import LINEAGE, Column, RawTable, Table
from infra.loading.redshift_statements import design
from infra.warehouse import identifier, quoted

# What stands in the lineage of a row whose file and line nobody knows
LOAD_ID, LINE = "0", "null"
_WORDS = ("AT", "COLUMN", "LINE", "RAW")  # of SQL, that the ledger has columns of

_HEAD = """\
-- The raw files into Redshift the classic way: one COPY for each raw table. Run it as
-- one script in one session, in the query editor or with psql. It empties both raw
-- tables and fills them anew, in one transaction: DELETE, as TRUNCATE would commit.
--
-- What `invoke load` does and a COPY by hand does not:
--   - It knows no files: all are read each time, a second copy of one is loaded twice,
--     and packed ones (.gz) would need a COPY of their own, with `gzip`.
--   - COPY cannot tell of which file and line a row is. As the models want a lineage,
--     _load_id is 0, _source_uri the prefix, _line null. So nobody can say which of two
--     deliveries of one event, if they differ, is the later one.
--   - The ledger learns of nothing: its tables are made, as models read them, and stay
--     as they are. So nobody knows what is new since the last build: it takes
--     `dbt build --vars "copied_by_hand: true"`, which builds all of it anew and leaves
--     out the tests that compare with the ledger. Go back with `invoke load
--     --full-refresh`, as it may take these rows for its own, and then
--     `dbt build --full-refresh`.
--   - One bad object stops it all (maxerror 0). With a greater number bad objects are
--     left out: the last query lists them, for as long as Redshift remembers.
--   - A key that a file lacks or misspells is a null, without a word.
--   - Thousands of small files are slow: COPY opens each of them.
"""
_ERRORS = """\
-- What this session's COPYs could not take
select
    trim(file_name) as file_name,
    line_number,
    trim(column_name) as column_name,
    error_code,
    trim(error_message) as error_message
from sys_load_error_detail
where session_id = pg_backend_pid()
order by start_time desc
limit 100;
"""


def script(
    tables: Sequence[RawTable], ledger: Iterable[Table], source: Bucket, region: str
) -> str:
    """The script for raw files below the source, whose bucket is in the region."""
    made = [*tables, *ledger]
    schemas = dict.fromkeys(table.schema for table in made)
    prefixes = {table: source.uri(source.below(table.landing)) for table in tables}
    parts = [
        _HEAD,
        *(f"create schema if not exists {schema};\n" for schema in schemas),
        *(_defined(table) for table in made),
        "begin;\n",
        *(_filled(table, prefix, region) for table, prefix in prefixes.items()),
        "commit;\n",
        _ERRORS,
    ]
    return "\n".join(parts)


def _defined(table: Table) -> str:
    """What makes a table as the loader does, where there is none."""
    return (
        f"create table if not exists {table.relation} (\n{_types(table.columns)}\n)\n"
        f"{design(table)};\n"
    )


def _filled(table: RawTable, prefix: str, region: str) -> str:
    """What fills one raw table.

    The prefix ends with a slash: without it, `log_data_old` would come along.
    """
    copied = f"copied_{table.name}"
    raw = _names([column.name for column in table.raw_columns])
    return f"""\
create temp table {copied} (
{_types(table.raw_columns)}
);

copy {copied} (
{raw}
)
from {quoted(prefix)}
iam_role default
region {quoted(region)}
format json 'auto ignorecase'
maxerror 0;

delete from {table.relation};

insert into {table.relation} (
{raw},
{_names(LINEAGE)}
)
select
{raw},
    {LOAD_ID}, {quoted(prefix)}, {LINE}
from {copied};

drop table {copied};
"""


def _types(columns: Sequence[Column]) -> str:
    return ",\n".join(f"    {_named(column.name)} {column.type}" for column in columns)


def _named(name: str) -> str:
    """The name as it stands in SQL: words of SQL are quoted."""
    return identifier(name) if name.upper() in _WORDS else name


def _names(names: Sequence[str]) -> str:
    """Names of columns, as many to a line as fit."""
    indent = " " * 4
    text = ", ".join(names)
    return fill(text, 88, initial_indent=indent, subsequent_indent=indent)
