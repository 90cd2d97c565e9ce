"""`invoke load --external` as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud
from person import TARGET, Person, person
from redshift_connector.error import ProgrammingError

from infra.loading import external, external_session
from infra.profile import Redshift

pytestmark = pytest.mark.slow  # few have external tables

FORBIDDEN = {"M": "not authorized to get credentials of role.", "C": "XX000"}


class Cluster:
    """What the driver's connection would say; it hears every statement."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.refuses = ""
        self.closed = 0

    @contextmanager
    def connected(self, profile: Redshift) -> Iterator[Any]:
        assert profile.cluster == "sparkify-dev"
        yield self
        self.closed += 1

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        yield self

    def execute(self, statement: str) -> None:
        self.heard.append(statement)
        if self.refuses and self.refuses in statement:
            raise ProgrammingError(FORBIDDEN)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr(external_session, "connected", made.connected)
    return made


@pytest.fixture
def someone(
    there: Cloud,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    found = person(there, tmp_path, monkeypatch, capsys)
    found.settles("external_tables", "true")
    return found


@pytest.fixture
def up(someone: Person) -> Person:
    """Somebody whose warehouse is there."""
    someone.does("up", *TARGET, "--yes")
    someone.cloud.aws.calls.clear()
    return someone


def glue_calls(somebody: Person) -> list[str]:
    return [
        call.operation
        for call in somebody.cloud.aws.calls
        if call.service == "glue" and call.is_write
    ]


def test_it_registers_makes_views_tries_them_and_says_how_to_go_on(
    up: Person, cluster: Cluster
) -> None:
    told = up.does("load", "--external")
    made = ["CreateDatabase", "CreateTable", "CreateTable"]
    assert glue_calls(up) == made
    tables = up.checkout.project.raw_tables
    expected = external.statements(tables, "sparkify_dev")
    start = cluster.heard.index(expected[0])
    assert cluster.heard[start : start + len(expected)] == expected
    assert cluster.heard[:start] == ["set statement_timeout to 300000"]
    assert cluster.heard[-2:] == external.looks(tables)
    made_ledger = [each for each in cluster.heard if 'not exists "load"."load_' in each]
    assert len(made_ledger) == 3
    assert cluster.closed == 1
    assert "nothing beside the cluster's own price" in told
    assert "no ledger, no rejects, no line numbers" in told
    assert 'next: dbt build --vars "raw_schema: staging_external"' in told
    assert "registered in Glue's database sparkify_dev" in told
    assert "in Glue's database sparkify_dev as they should be" in up.does(
        "load", "--external"
    )
    assert glue_calls(up) == made


def test_down_takes_the_tables_with_the_rest(up: Person, cluster: Cluster) -> None:
    up.does("load", "--external")
    assert cluster.closed
    assert "Glue database" in up.invoke("leftovers").out
    told = up.does("down", *TARGET, "--yes", "--no-final-snapshot", "--purge")
    assert "- delete Glue database sparkify_dev" in " ".join(told.split())
    assert "nothing is left that costs" in told
    assert glue_calls(up)[-3:] == ["DeleteTable", "DeleteTable", "DeleteDatabase"]


def test_a_private_cluster_needs_an_endpoint_that_we_do_not_make(
    up: Person, cluster: Cluster
) -> None:
    up.settles("aws_access", "private")
    told = up.does("load", "--external")
    assert cluster.closed
    assert "warning" in told
    assert "com.amazonaws.us-west-2.glue" in told


def test_nodes_that_let_spectrum_read_say_its_price(
    up: Person, cluster: Cluster
) -> None:
    up.cloud.aws.clusters.drift("sparkify-dev", NodeType="ra3.large")
    assert "$5.00 per TB" in up.does("load", "--external")
    assert cluster.closed


def test_the_price_is_said_before_anything_is_made(
    up: Person, cluster: Cluster
) -> None:
    up.cloud.aws.deny("glue", "CreateDatabase")
    told = up.invoke("load", "--external")
    assert told.code == 1
    assert "price   rg.large" in told.out
    assert "glue:CreateDatabase is denied" in told.err
    assert cluster.heard == []


@pytest.mark.parametrize("statement", ["create external schema", "select 1 as found"])
def test_what_redshift_refuses_is_a_sentence_and_the_tables_stay(
    up: Person, cluster: Cluster, statement: str
) -> None:
    cluster.refuses = statement
    told = up.fails(1, "load", "--external")
    assert f"Redshift does not take `{statement}" in told
    assert "not authorized to get credentials of role." in told
    assert "external_tables is true" in told
    assert "nothing that was loaded is touched" in told
    cluster.refuses = ""
    up.does("load", "--external")
    assert glue_calls(up).count("CreateTable") == 2


def test_the_setting_must_allow_it(up: Person, cluster: Cluster) -> None:
    up.settles("external_tables", "false")
    told = up.fails(2, "load", "--external")
    assert "external_tables is false" in told
    assert "`invoke up --target redshift`" in told
    assert cluster.heard == []
    assert up.cloud.aws.calls == []


def test_duckdb_has_none(someone: Person, cluster: Cluster) -> None:
    someone.does("up")
    assert "--external is for Redshift" in someone.fails(2, "load", "--external")
    assert cluster.heard == []
    assert someone.cloud.aws.calls == []


def test_without_a_cluster_nothing_is_registered(up: Person, cluster: Cluster) -> None:
    profile = up.profile
    up.does("down", *TARGET, "--yes", "--no-final-snapshot", "--purge")
    (up.checkout.root / "profiles.yml").write_text(profile)
    told = up.fails(1, "load", "--external")
    assert "no cluster sparkify-dev" in told
    assert glue_calls(up) == []
    assert cluster.heard == []


def test_the_profile_must_lead_to_the_cluster_of_the_settings(
    up: Person, cluster: Cluster
) -> None:
    up.settles("stack", "other")
    told = up.fails(2, "load", "--external")
    assert "leads to the cluster sparkify-dev, the settings to sparkify-other" in told
    assert glue_calls(up) == []
    assert cluster.heard == []


@pytest.mark.parametrize(
    "more", ["--dry-run", "--prune", "--full-refresh", "--strict", "--max-rejects=5"]
)
@pytest.mark.slow
def test_options_of_a_load_do_not_go_with_it(
    up: Person, cluster: Cluster, more: str
) -> None:
    assert "loads nothing" in up.fails(2, "load", "--external", more)
    assert cluster.heard == []


def test_foreign_tables_stop_it_before_anything_is_written(
    up: Person, cluster: Cluster
) -> None:
    client = up.cloud.aws.world.others.client("glue")
    client.create_database(DatabaseInput={"Name": "sparkify_dev"})
    told = up.fails(1, "load", "--external")
    assert "a database sparkify_dev in Glue that this project did not make" in told
    assert up.cloud.aws.writes == []
    assert cluster.heard == []
