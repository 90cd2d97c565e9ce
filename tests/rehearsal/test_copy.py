"""COPY by the real driver, from moto's S3."""

import gzip
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from hashlib import md5
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from logins import ROLE
from moto.server import ThreadedMotoServer
from redshift_connector import error as driver

from infra.rehearsal.copy_command import parse
from infra.rehearsal.standin import Standin
from infra.rehearsal.tokens import Refused

pytestmark = pytest.mark.slow  # the loads of other tests go through COPY too

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION: Final = "us-west-2"  # where the cluster is
ELSEWHERE: Final = "eu-west-1"
AUTO = "iam_role default format as json 'auto'"
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}

Put = Callable[..., str]
Load = Callable[..., None]
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def s3() -> Iterator["S3Client"]:
    """An S3 with a bucket in the cluster's region and one elsewhere."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    settings = SETTINGS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    other = boto3.client("s3", region_name=ELSEWHERE)
    other.create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": ELSEWHERE}
    )
    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(
        Bucket="landing", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    yield client
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value
    server.stop()


@pytest.fixture
def put(s3: "S3Client", schema: str) -> Put:
    """Puts an object below a prefix of this test's own; returns its URI."""

    def put(name: str, content: str | bytes, bucket: str = "landing") -> str:
        raw = content.encode() if isinstance(content, str) else content
        s3.put_object(Bucket=bucket, Key=f"{schema}/{name}", Body=raw)
        return f"s3://{bucket}/{schema}/{name}"

    return put


@pytest.fixture
def load(standin: Standin, schema: str) -> Load:
    """Makes the table `t` and copies into it."""

    def load(
        columns: str, source: str, parameters: str = AUTO, names: str = ""
    ) -> None:
        standin.sql(f"create table if not exists {schema}.t ({columns})")
        standin.sql(f"copy {schema}.t {names} from '{source}' {parameters}")

    return load


@pytest.fixture
def rows(standin: Standin, schema: str) -> Callable[[], list[Row]]:
    """What the table holds."""
    return lambda: standin.sql(f"select * from {schema}.t order by 1, 2")


Rows = Callable[[], list[Row]]
SONG = "id varchar(9), n integer"


def errors(standin: Standin, prefix: str) -> list[Row]:
    """The errors of all COPYs of files with this prefix."""
    return standin.sql(
        "select trim(file_name), line_number, trim(column_name), error_code, "
        "trim(error_message) from sys_load_error_detail "
        f"where file_name like '{prefix}%' order by 1, 2"
    )


def test_objects_of_a_prefix_become_rows(put: Put, load: Load, rows: Rows) -> None:
    prefix = put("song_data/a.json", '{"id": "a", "n": 1} {"id": "b",\n "n": 2}\n')
    put("song_data/b.json", '\n{"id": "c", "x": [1]}')
    load(SONG, prefix.removesuffix("/a.json"))
    assert rows() == [("a", 1), ("b", 2), ("c", None)]


def test_a_prefix_takes_whatever_begins_so(put: Put, load: Load, rows: Rows) -> None:
    uri = put("song_data/a.json", '{"id": "a"}')
    put("song_data_old/b.json", '{"id": "b"}')
    load(SONG, uri.removesuffix("/a.json"))
    assert rows() == [("a", None), ("b", None)]


def test_auto_matches_names_exactly_and_is_silent(
    put: Put, load: Load, rows: Rows
) -> None:
    load(SONG, put("a.json", '{"Id": "a", "n": 1}'))
    assert rows() == [(None, 1)]


def test_auto_ignorecase_matches_in_any_case(put: Put, load: Load, rows: Rows) -> None:
    uri = put("a.json", '{"Id": "a", "N": 1}')
    load(SONG, uri, "iam_role default json 'auto ignorecase'")
    assert rows() == [("a", 1)]


def test_jsonpaths_go_by_order(put: Put, load: Load, rows: Rows) -> None:
    paths = put("paths", json.dumps({"jsonpaths": ["$.song.number", "$['Id']"]}))
    uri = put("a.json", '{"Id": "a", "song": {"number": "7"}}')
    load(SONG, uri, f"iam_role default json '{paths}'", "(n, id)")
    assert rows() == [("a", 7)]


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        ({"jsonpaths": ["$.id"]}, "JSONPath size: 1, Number of columns .* 2"),
        ({"jsonPaths": ["$.id", "$.n"]}, "must have the key jsonpaths"),
        ({"jsonpaths": ["id", "n"]}, "Invalid JSONPath format: id"),
        ({"jsonpaths": ["$.id", "$..n"]}, r"Invalid JSONPath format: \$\.\.n"),
    ],
)
def test_wrong_jsonpaths_fail(
    put: Put, load: Load, rows: Rows, paths: object, reason: str
) -> None:
    uri = put("a.json", '{"id": "a"}')
    where = put("paths", json.dumps(paths))
    with pytest.raises(driver.ProgrammingError, match=reason):
        load(SONG, uri, f"iam_role default json '{where}'")
    assert rows() == []


def test_jsonpaths_of_keys_and_an_array_are_not_known(put: Put, load: Load) -> None:
    paths = put("paths", json.dumps({"jsonpaths": ["$.id", "$.n"]}))
    with pytest.raises(driver.ProgrammingError, match="in an array by the name of a k"):
        load(SONG, put("a.json", '["a", 1]'), f"iam_role default json '{paths}'")


def test_a_manifest_names_the_files(put: Put, load: Load, rows: Rows) -> None:
    first, second = put("d/a.json", '{"id": "a"}'), put("d/b.json", '{"id": "b"}')
    put("d/c.json", '{"id": "c"}')
    entries = [{"url": uri, "mandatory": True} for uri in (second, first)]
    entries.append({"url": first + ".gone", "mandatory": False})
    manifest = put("manifest", json.dumps({"entries": entries}))
    load(SONG, manifest, AUTO + " manifest")
    assert rows() == [("a", None), ("b", None)]


def test_a_mandatory_file_must_be_there(put: Put, load: Load, rows: Rows) -> None:
    uri = put("a.json", '{"id": "a"}')
    entries = [{"url": uri}, {"url": uri + ".gone", "mandatory": True}]
    manifest = put("manifest", json.dumps({"entries": entries}))
    with pytest.raises(driver.ProgrammingError, match=r"mandatory file .*gone"):
        load(SONG, manifest, AUTO + " manifest")
    assert rows() == []


@pytest.mark.parametrize("content", ["no json", '{"entries": [{"uri": "s3://b/c"}]}'])
def test_a_manifest_must_be_one(put: Put, load: Load, content: str) -> None:
    with pytest.raises(driver.ProgrammingError, match="Problem reading manifest file"):
        load(SONG, put("manifest", content), AUTO + " manifest")


def test_packed_files_are_unpacked(put: Put, load: Load, rows: Rows) -> None:
    load(SONG, put("a.gz", gzip.compress(b'{"id": "a"}')), AUTO + " gzip")
    assert rows() == [("a", None)]
    with pytest.raises(driver.ProgrammingError, match="no sound gzip"):
        load(SONG, put("b.gz", '{"id": "a"}'), AUTO + " gzip")


def test_a_bucket_elsewhere_needs_its_region(put: Put, load: Load, rows: Rows) -> None:
    uri = put("a.json", '{"id": "a"}', bucket="elsewhere")
    with pytest.raises(driver.ProgrammingError, match="PermanentRedirect"):
        load(SONG, uri)
    load(SONG, uri, f"{AUTO} region '{ELSEWHERE}'")
    assert rows() == [("a", None)]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("s3://landing/nothing/here", "S3 prefix 'nothing/here' does not exist"),
        ("s3://no-such-bucket/x", "Status 404,Error NoSuchBucket"),
    ],
)
def test_what_is_not_there_is_an_error(
    s3: object, load: Load, source: str, reason: str
) -> None:
    assert s3
    with pytest.raises(driver.ProgrammingError, match=reason):
        load(SONG, source)


def test_a_role_must_be_attached(put: Put, load: Load, rows: Rows) -> None:
    uri = put("a.json", '{"id": "a"}')
    with pytest.raises(driver.ProgrammingError, match="not attached"):
        load(SONG, uri, f"iam_role '{ROLE}-of-others' json 'auto'")
    load(SONG, uri, f"iam_role '{ROLE}' json 'auto'")
    assert rows() == [("a", None)]


BAD = [
    ('{"id": "0123456789"}', "id", 1204, "String length exceeds DDL length"),
    ('{"id": "éééé0"}', None, None, None),  # nine bytes
    ('{"id": "ééééé"}', "id", 1204, "String length exceeds DDL length"),
    ('{"n": "12x"}', "n", 1207, "Invalid digit, Value 'x', Pos 2, Type: Integer"),
    ('{"n": 1.0}', "n", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"),
    ('{"n": true}', "n", 1207, "Invalid digit, Value 't', Pos 0, Type: Integer"),
    ('{"n": 2147483648}', "n", 1204, "Overflow for INTEGER"),
    ('{"n": ""}', None, None, None),
    ('{"f": 1e400}', "f", 1204, "Overflow for DOUBLE PRECISION"),
    ('{"f": "x"}', "f", 1208, "Invalid value for DOUBLE PRECISION"),
    ('{"t": "yesterday"}', "t", 1206, "Invalid timestamp format or value"),
    ('{"t": "2018-11-30 23:59:59.796"}', None, None, None),
    ('{"r": null}', "r", 1213, "Missing data for not-null field"),
    ('{"f": NaN}', "", 1216, "Invalid JSON: NaN is no JSON"),
    ('{"id": "a",}', "", 1216, "Invalid JSON: .*"),
    ("[1]", "", 1216, "Invalid JSON: an array needs JSONPaths"),
    ("42", "", 1216, "Invalid JSON: neither an object nor an array"),
    ("null", "", 1216, "Invalid JSON: neither an object nor an array"),
    ("\ufeff{}", "", 1216, "Invalid JSON: Expecting value"),
    (b'{"id": "\xa4"}', "id", 1220, ".*Bad UTF-8 hex sequence: a4 .*"),
    ('{"id": "\\ud800"}', "id", 1220, ".*Bad UTF-8 hex sequence: d800 .*"),
]


@pytest.mark.parametrize(("line", "column", "code", "text"), BAD)
def test_an_object_that_is_no_row_is_an_error_with_its_line(  # noqa: PLR0913, PLR0917 - a row of the table
    standin: Standin,
    put: Put,
    load: Load,
    line: str | bytes,
    column: str | None,
    code: int | None,
    text: str,
) -> None:
    raw = line.encode() if isinstance(line, str) else line
    if b"{" in raw and b'"r"' not in raw:
        raw = raw.replace(b"{", b'{"r": 1, ' if b":" in raw else b'{"r": 1', 1)
    uri = put("a.json", b'{"r": 1}\n' + raw + b'\n{"r": 1}\n')
    table = (
        "id varchar(9), n integer, f double precision, t timestamp, r integer not null"
    )
    if code is None:
        load(table, uri)
        assert errors(standin, uri) == []
        return
    with pytest.raises(driver.ProgrammingError, match="Load into table 't' failed"):
        load(table, uri)
    ((name, at, found, number, message),) = errors(standin, uri)
    assert (name, at, found, number) == (uri, 2, column, code)
    assert message == text or re.fullmatch(text, message)


def test_errors_below_the_limit_are_left_out(
    standin: Standin, put: Put, load: Load, rows: Rows
) -> None:
    uri = put("a.json", '{"id": "a"}\n{"id": "far too long"}\n{"id": "b", "n": "x"}')
    load(SONG, uri, AUTO + " maxerror 3")
    assert rows() == [("a", None)]
    assert [error[1:4] for error in errors(standin, uri)] == [
        (2, "id", 1204),
        (3, "n", 1207),
    ]
    with pytest.raises(driver.ProgrammingError, match="failed"):
        load(SONG, uri, AUTO + " maxerror 2")
    assert rows() == [("a", None)]


def test_a_copy_loads_all_or_nothing(put: Put, load: Load, rows: Rows) -> None:
    uri = put("d/a.json", '{"id": "a"}')
    put("d/b.json", '{"id": "' + "x" * 4_200_000 + '"}')
    with pytest.raises(driver.ProgrammingError, match="maximum size of 4 MB"):
        load(SONG, uri.removesuffix("a.json"), AUTO + " maxerror 100")
    assert rows() == []


@pytest.mark.parametrize(
    "line",
    [
        *('{"id": {"a": 1}}', '{"id": "a", "id": "b"}', '{"id": "\\u0000"}'),
        '{"id": "a", "x": ' + "[" * 10_000 + "]" * 10_000 + "}",
    ],
    ids=["nested", "twice", "NUL", "deep"],
)
def test_what_no_document_says_is_refused(put: Put, load: Load, line: str) -> None:
    with pytest.raises(driver.ProgrammingError, match="the stand-in does not know"):
        load(SONG, put("a.json", line), AUTO + " maxerror 100")


def test_values_keep_what_postgresql_would_take_for_its_own(
    put: Put, load: Load, rows: Rows
) -> None:
    lines = [{"id": value} for value in ("a\tb", "c\\d", "\\N", "e\nf", "")]
    load(SONG, put("a.json", "\n".join(map(json.dumps, lines))))
    assert {row[0] for row in rows()} == {"a\tb", "c\\d", "\\N", "e\nf", ""}


def test_truncatecolumns_cuts_between_characters(
    put: Put, load: Load, rows: Rows
) -> None:
    load(SONG, put("a.json", '{"id": "éééééé"}'), AUTO + " truncatecolumns")
    assert rows() == [("éééé", None)]


def test_timeformat_reads_milliseconds(put: Put, load: Load, rows: Rows) -> None:
    uri = put("a.json", '{"a": 1541106107796, "b": 1}')
    load("a timestamp, b bigint", uri, AUTO + " timeformat 'epochmillisecs'")
    ((moment, _),) = rows()
    assert moment.isoformat() == "2018-11-01T21:01:47.796000"


def test_a_transaction_may_copy_and_roll_back(
    standin: Standin, put: Put, schema: str
) -> None:
    good, bad = put("a.json", '{"id": "a"}'), put("b.json", '{"id": "a", "n": "x"}')
    standin.sql(f"create table {schema}.t ({SONG})")
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create temp table loaded (like {schema}.t)")
        cursor.execute(f"copy loaded (id, n) from '{good}' {AUTO} compupdate off")
        cursor.execute("select id from loaded")
        assert list(cursor.fetchall()) == [["a"]]
        cursor.execute(
            "select trim(file_name), lines_scanned, bytes_scanned, trim(file_etag) "
            "from sys_load_detail where query_id = pg_last_copy_id()"
        )
        etag = md5(b'{"id": "a"}', usedforsecurity=False).hexdigest()
        assert list(cursor.fetchone()) == [good, 1, 11, etag]
        with pytest.raises(driver.ProgrammingError, match="failed"):
            cursor.execute(f"copy loaded from '{bad}' {AUTO} statupdate off")
        with pytest.raises(driver.ProgrammingError, match="aborted"):
            cursor.execute("select 1")
        connection.rollback()
        cursor.execute(
            "select count(*) from sys_load_error_detail "
            "where query_id = pg_last_copy_id()"
        )
        assert list(cursor.fetchone()) == [1]
        with pytest.raises(driver.ProgrammingError, match="does not exist"):
            cursor.execute("select * from loaded")


def test_the_last_copy_is_the_last_that_began_to_load(
    standin: Standin, put: Put, schema: str
) -> None:
    """As PG_LAST_COPY_ID's document says: not one that did not get at its files."""
    standin.sql(f"create table {schema}.t ({SONG})")
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        connection.autocommit = True

        def copied(source: str, more: str = "") -> int:
            with suppress(driver.ProgrammingError):
                cursor.execute(f"copy {schema}.t from '{source}' {AUTO} {more}")
            cursor.execute("select pg_last_copy_id()")
            return int(cursor.fetchone()[0])

        assert copied("s3://landing/nothing/here") == -1
        first = copied(put("a.json", '{"id": "a"}'))
        assert first > 0
        assert copied("s3://landing/nothing/here") == first
        assert copied(put("b.json", '{"id": "a"}'), f"region '{ELSEWHERE}'") == first
        assert copied(put("c.json", '{"n": "x"}')) > first
        assert copied(put("d.gz", "no gzip"), "gzip") > first + 1


def test_each_database_has_its_own_sight_of_its_copies(
    standin: Standin, put: Put, schema: str
) -> None:
    standin.inside(f'create database "{schema}" owner "{standin.admin}"')
    uri = put("a.json", '{"id": "a"}\n{"id": "far too long"}')
    with closing(standin.connected(database=schema)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"create table t ({SONG})")
        cursor.execute(f"copy t from '{uri}' {AUTO} maxerror 2")
        for view in ("sys_load_detail", "sys_load_error_detail"):
            cursor.execute(
                f"select trim(file_name) from {view} where query_id = pg_last_copy_id()"
            )
            assert list(cursor.fetchall()) == [[uri]]
        cursor.close()
    standin.inside(f'drop database "{schema}" with (force)')


def test_a_cluster_has_slices(standin: Standin) -> None:
    assert standin.sql("select count(*) from stv_slices") == [(2,)]


def test_the_table_and_its_columns_must_exist(
    standin: Standin, put: Put, load: Load, schema: str
) -> None:
    uri = put("a.json", "{}")
    with pytest.raises(driver.ProgrammingError, match=r'relation ".*" does not exist'):
        standin.sql(f"copy {schema}.t from '{uri}' {AUTO}")
    with pytest.raises(driver.ProgrammingError, match=r'column "x" .* does not exist'):
        load(SONG, uri, names="(x)")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("copy t from 's3://bucket/k' json 'auto'", "needs credentials"),
        ("copy t from 's3://bucket/k' iam_role default", "other formats than JSON"),
        ("copy t from 's3://bucket/k' iam_role default csv", "CSV in COPY"),
        (
            "copy t from 's3://bucket/k' iam_role default format parquet",
            "FORMAT PARQUET",
        ),
        ("copy t from 's3://bucket/k' iam_role 'me' json 'auto'", "invalid IAM role"),
        ("copy t from 'emr://x/y' iam_role default json 'auto'", "invalid S3 path"),
        (f"copy t from 's3://bucket/k' {AUTO} acceptinvchars", "ACCEPTINVCHARS"),
        (f"copy t from 's3://bucket/k' {AUTO} emptyasnull", "EMPTYASNULL"),
        (f"copy t from 's3://bucket/k' {AUTO} maxerror 100001", "MAXERROR"),
        (f"copy t from 's3://bucket/k' {AUTO} timeformat 'YYYY'", "TIMEFORMAT 'YYYY'"),
        (
            "copy t from 's3://bucket/k' iam_role default json 'noshred'",
            "JSON 'noshred'",
        ),
        ("copy t to 's3://bucket/k'", "syntax error"),
    ],
)
def test_other_parameters_are_refused(sql: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        parse(sql)
