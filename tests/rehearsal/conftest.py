import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from logins import ROLE, passwords

from infra.rehearsal.copy import Cluster
from infra.rehearsal.postgres import PostgresMissing, binaries
from infra.rehearsal.standin import Standin

if TYPE_CHECKING:
    from two_engines import Cloud, Lab

# What the tests of the loader on DuckDB have at hand
for _folder in ("infra", "infra/loading"):
    sys.path.append(str(Path(__file__).resolve().parents[1] / _folder))

# The driver's own: old ways of TLS, and sockets it forgets when a log-in fails
_DRIVERS_WARNINGS = (
    "ignore:ssl[.]:DeprecationWarning",
    "ignore:unclosed <s:ResourceWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for warning in _DRIVERS_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def standin() -> Iterator[Standin]:
    """One stand-in for all tests of a worker; each uses a schema of its own."""
    try:
        binaries()
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    cluster = Cluster(region="us-west-2", roles=(ROLE,), default_role=ROLE)
    with Standin(logins=passwords, cluster=cluster) as running:
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = str(running.ca_file)
        yield running
        os.environ.pop("SSL_CERT_FILE")
        if before:
            os.environ["SSL_CERT_FILE"] = before


@pytest.fixture
def forgotten_sockets() -> Iterator[None]:
    """Finds them while their warnings are still ignored."""
    yield
    gc.collect()


@pytest.fixture
def schema(standin: Standin, tmp_path: Path) -> Iterator[str]:
    """A schema that only this test uses."""
    name = "s_" + "".join(each if each.isalnum() else "_" for each in tmp_path.name)
    standin.sql(f"create schema {name.lower()}")
    yield name.lower()
    standin.sql(f"drop schema {name.lower()} cascade")


@pytest.fixture(scope="session")
def aws() -> "Iterator[Cloud]":
    """One AWS for all tests of a worker; a lab leads there."""
    from two_engines import cloud  # noqa: PLC0415 - moto is slow to import

    with cloud() as running:
        yield running


@pytest.fixture
def lab(standin: Standin, aws: "Cloud", tmp_path: Path) -> "Iterator[Lab]":
    """A landing, and a checkout for each engine."""
    from two_engines import opened  # noqa: PLC0415 - as above

    with opened(tmp_path, aws, standin) as made:
        yield made
