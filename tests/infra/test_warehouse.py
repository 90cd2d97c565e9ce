"""One process at a time has the warehouse, and the others are told who."""

import os
import subprocess
import sys
from collections.abc import Iterator

import duckdb
import pytest
from checkout import Checkout, fails, succeeds

from infra.landing.simulator import Plan, generate


@pytest.fixture
def loaded(checkout: Checkout) -> Checkout:
    """A checkout with few files, all loaded."""
    generate(checkout.root / "data" / "landing", Plan(users=3, songs=9, days=2))
    succeeds(checkout.invoke("up", "load"))
    return checkout


@pytest.fixture
def held(loaded: Checkout) -> Iterator[tuple[Checkout, int]]:
    """A checkout whose warehouse another process holds, and that process's number."""
    program = (
        "import duckdb, sys; held = duckdb.connect(sys.argv[1]); "
        "print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, loaded.root / "sparkify.duckdb"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "\n"
        yield loaded, holder.pid
        holder.communicate()


def test_who_holds_the_warehouse_is_named(held: tuple[Checkout, int]) -> None:
    checkout, holder = held
    before = checkout.files()
    for words in (
        *(["load"], ["up"], ["build"], ["docs"], ["status"], ["verify"]),
        *(["sql", "--query", "select 1"], ["down", "--yes"]),
    ):
        told = fails(checkout.invoke(*words), 1)
        assert told.startswith(f"{words[0]}: "), words
        assert f"(PID {holder})" in told
        assert "sparkify.duckdb is in use by " in told
    assert checkout.files() == before


def test_a_reader_shuts_out_a_writer(loaded: Checkout) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{loaded.root / 'sparkify.duckdb'}' as held (read_only)"
        )
        told = fails(loaded.invoke("load"), 1)
        assert f"(PID {os.getpid()})" in told
        succeeds(loaded.invoke("status"))


def test_a_file_that_is_no_warehouse_is_left_alone(loaded: Checkout) -> None:
    file = loaded.root / "sparkify.duckdb"
    file.write_bytes(b"a letter to a friend" * 1000)
    for words in (["load"], ["status"], ["up"]):
        told = fails(loaded.invoke(*words), 1)
        assert "is not a DuckDB file, so it was left alone" in told
    assert file.read_bytes() == b"a letter to a friend" * 1000
