"""The real driver against the stand-in: log-in, protocol, transactions."""

import datetime as dt
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg2  # type: ignore[import-untyped] # it comes without
import pytest
from logins import PASSWORD
from redshift_connector import error as driver

from infra.rehearsal import wire
from infra.rehearsal.certificate import ADDRESS
from infra.rehearsal.standin import Standin
from infra.rehearsal.wire import CANCEL


@pytest.mark.usefixtures("forgotten_sockets")
def test_verified_tls_is_the_only_way_in(standin: Standin) -> None:
    with pytest.raises(driver.InterfaceError, match="SSL off"):
        standin.connected(ssl=False)
    with closing(standin.connected(sslmode="verify-full")) as connection:
        assert isinstance(connection._usock, ssl.SSLSocket)


@pytest.mark.usefixtures("forgotten_sockets")
def test_who_does_not_trust_the_certificate_is_not_connected(
    standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(driver.InterfaceError, match="certificate verify failed"):
        standin.connected()


def test_nobody_listens_but_on_the_loopback(standin: Standin) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", standin.port))


@pytest.mark.usefixtures("forgotten_sockets")
@pytest.mark.parametrize(
    ("user", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("IAM:x", "y")]
)
def test_a_wrong_login_is_refused(standin: Standin, user: str, password: str) -> None:
    with pytest.raises(driver.InterfaceError, match="password authentication failed"):
        standin.connected(user=user, password=password)


def test_a_login_of_iam_is_the_user_it_names(standin: Standin) -> None:
    assert standin.sql("select current_user", user="IAM:admin") == [("admin",)]
    role = standin.sql("select current_user", user="IAMR:analyst")
    assert role == [("IAMR:analyst",)]


def test_others_have_only_what_they_were_granted(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer)")
    with pytest.raises(driver.ProgrammingError, match="permission denied"):
        standin.sql(f"select * from {schema}.t", user="reader")
    standin.sql(f"grant usage on schema {schema} to reader")
    standin.sql(f"grant select on {schema}.t to reader")
    assert standin.sql(f"select * from {schema}.t", user="reader") == []


@pytest.mark.usefixtures("forgotten_sockets")
def test_an_unknown_database_is_an_error(standin: Standin) -> None:
    with pytest.raises(driver.ProgrammingError, match='database "no" does not exist'):
        standin.connected(database="no")


def test_what_a_side_that_has_gone_said_last_is_read() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(wire.error("no such database").packed)
        stream = wire.Stream(ours)
        stream.flush()
        assert stream.read().fields["M"] == "no such database"
        with pytest.raises(wire.Gone):
            stream.read()


def test_types_come_back_as_they_went(standin: Standin, schema: str) -> None:
    row = (
        *(7, 2**40, 1.5, Decimal("12.30"), "Bjørk ♥", True, dt.date(2018, 11, 30)),
        *(dt.datetime.fromisoformat("2018-11-30 23:59:59.796"), None),
    )
    standin.sql(
        f"create table {schema}.t (a integer, b bigint, c double precision, "
        "d numeric(10, 2), e varchar, f boolean, g date, h timestamp, i smallint)"
    )
    marks = ", ".join(["%s"] * len(row))
    standin.sql(f"insert into {schema}.t values ({marks})", *row)
    assert standin.sql(f"select * from {schema}.t where e = %s", "Bjørk ♥") == [row]


def test_a_backslash_in_a_string_escapes(standin: Standin) -> None:
    assert standin.sql("select 'a\\'b', 'c\\\\d'") == [("a'b", "c\\d")]


def test_prepared_statements_survive_a_change_of_their_table(
    standin: Standin, schema: str
) -> None:
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        for number in range(3):
            cursor.execute(f"create table {schema}.t (a varchar(9), b integer)")
            for value in range(3):
                cursor.execute(
                    f"insert into {schema}.t values (%s, {number})", (str(value),)
                )
            cursor.execute(f"select a, b from {schema}.t order by a")
            assert list(cursor.fetchall()[0]) == ["0", number]
            cursor.execute(f"drop table {schema}.t")


def test_an_error_leaves_the_connection_usable(standin: Standin) -> None:
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        for sql in (
            "select nothing",
            "select string_agg(a) from t",
            "select 1/0",
            "so",
        ):
            with pytest.raises(driver.ProgrammingError):
                cursor.execute(sql)
            with pytest.raises(driver.ProgrammingError, match="aborted"):
                cursor.execute("select 1")
            connection.rollback()
        cursor.execute("select 1")
        assert list(cursor.fetchone()) == [1]


def test_a_transaction_is_seen_when_it_is_committed(
    standin: Standin, schema: str
) -> None:
    standin.sql(f"create table {schema}.t (a integer)")
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        cursor.execute(f"insert into {schema}.t values (1)")
        assert standin.sql(f"select * from {schema}.t") == []
        connection.rollback()
        cursor.execute(f"insert into {schema}.t values (2)")
        connection.commit()
        assert standin.sql(f"select * from {schema}.t") == [(2,)]


def test_truncate_commits(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer)")
    standin.sql(f"insert into {schema}.t values (1)")
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        cursor.execute(f"truncate {schema}.t")
        connection.rollback()
    assert standin.sql(f"select * from {schema}.t") == []


def test_vacuum_runs_in_no_transaction(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer)")
    standin.sql(f"vacuum {schema}.t")
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        cursor.execute("select 1")
        with pytest.raises(driver.ProgrammingError, match="inside a transaction block"):
            cursor.execute(f"vacuum {schema}.t")


def test_a_statement_can_time_out(standin: Standin) -> None:
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        cursor.execute("set statement_timeout to 50")
        with pytest.raises(driver.ProgrammingError, match="timeout"):
            cursor.execute(_slow())


def _slow() -> str:
    """Takes for ever without a function that Redshift lacks."""
    tables = ", ".join(f"pg_class as c{number}" for number in range(9))
    return f"select count(*) from {tables}"


def test_a_client_that_goes_takes_its_query_along(standin: Standin) -> None:
    connection = standin.connected()

    def run() -> None:
        with connection.cursor() as cursor, pytest.raises(Exception, match=r".*"):
            cursor.execute(_slow())

    thread = threading.Thread(target=run)
    thread.start()
    _until(lambda: _running(standin) == 1)
    connection._usock.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    _until(lambda: _running(standin) == 0)


def _running(standin: Standin) -> int:
    ((number,),) = standin.inside(
        "select count(*) from pg_stat_activity where query like '%pg_class as c8%' "
        "and state = 'active' and pid <> pg_backend_pid()"
    )
    return int(number or 0)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_query_can_be_cancelled(standin: Standin) -> None:
    def cancel() -> None:
        request = struct.pack("!ii", 16, CANCEL) + connection._backend_key_data
        with socket.create_connection((ADDRESS, standin.port)) as other:
            other.sendall(request)
            assert other.recv(1) == b""

    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        timer = threading.Timer(0.2, cancel)
        timer.start()
        with pytest.raises(driver.ProgrammingError, match="canceling statement"):
            cursor.execute(_slow())
        timer.join()


def test_settings_of_a_session(standin: Standin, schema: str) -> None:
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        cursor.execute("SET QUERY_GROUP TO 'loader'")
        cursor.execute(f"set search_path to {schema}")
        cursor.execute("create table t as select nvl(null, len('four')) as a")
        cursor.execute(f"select a from {schema}.t")
        assert list(cursor.fetchone()) == [4]
        connection.rollback()


def test_a_session_can_end_another(standin: Standin) -> None:
    with closing(standin.connected()) as doomed, doomed.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
        assert standin.sql(f"select pg_terminate_backend({pid})") == [(True,)]
        with pytest.raises((driver.Error, OSError)):
            cursor.execute("select 1")


def test_many_connections_work_at_once(standin: Standin, schema: str) -> None:
    standin.sql(f"create table {schema}.t (a integer)")
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(5):
                standin.sql(f"insert into {schema}.t values ({number})")
        except BaseException as failure:  # noqa: BLE001 - told by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert standin.sql(f"select count(*), count(distinct a) from {schema}.t") == [
        (100, 20)
    ]


def _other_driver(standin: Standin) -> Any:  # noqa: ANN401 - it has no types
    """libpq, which speaks the simple protocol."""
    return psycopg2.connect(
        host=standin.host,
        port=standin.port,
        dbname=standin.database,
        user="admin",
        password=PASSWORD,
        sslmode="verify-full",
        sslrootcert=str(standin.ca_file),
    )


def test_a_simple_query_holds_several_statements(standin: Standin, schema: str) -> None:
    connection = _other_driver(standin)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(
            f"create table {schema}.t (a integer) diststyle all; "
            f"insert into {schema}.t values (1), (2); "
            f"select nvl(max(a), 0) from {schema}.t"
        )
        assert cursor.fetchall() == [(2,)]
        with pytest.raises(psycopg2.Error, match="no string_agg"):
            cursor.execute("select 1; select string_agg(a) from t")
        connection.rollback()
        cursor.execute("select 3")
        assert cursor.fetchall() == [(3,)]
