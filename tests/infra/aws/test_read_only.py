"""Tasks that look: none of them writes, at AWS or here, whatever they meet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud import Cloud
from honest import Call
from person import TARGET, Person, at_home, logged_out, person

LOOKS = (
    ("up", *TARGET, "--plan"),
    ("up", *TARGET),  # with nothing to do
    ("status", *TARGET),
    ("status", *TARGET, "--json"),
    ("check", *TARGET),
    ("leftovers",),
    ("policy",),
)
DATA = (  # of tasks that work on the warehouse, by a login of the driver's own
    ("load",),
    ("load", "--dry-run"),
    ("sql", "select 1"),
    ("verify",),
    ("rejects",),
    ("load-status",),
)
LOCK = "/sparkify/dev/lock"


@pytest.fixture(scope="module")
def standing(
    there: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    with pytest.MonkeyPatch.context() as patch:
        yield person(there, tmp_path_factory.mktemp("standing"), patch)


@pytest.fixture
def up(standing: Person, capsys: pytest.CaptureFixture[str]) -> Person:
    return at_home(standing, capsys)


def looked(person: Person, *words: str) -> list[Call]:
    """The calls of a task that must not write."""
    aws, files = person.cloud.aws, person.checkout.files()
    before, count = aws.inventory(), len(aws.calls)
    person.invoke(*words)
    assert aws.inventory() == before
    notes = {name for name in files if name.startswith(".sparkify")}
    after = person.checkout.files()
    assert {name: after[name] for name in files.keys() - notes} == {
        name: files[name] for name in files.keys() - notes
    }
    calls = aws.calls[count:]
    assert [str(call) for call in calls if call.is_write] == []
    return calls


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_looking_at_a_warehouse_writes_nothing(
    up: Person, words: tuple[str, ...]
) -> None:
    assert looked(up, *words)


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_looking_writes_nothing_where_aws_says_no(
    up: Person, words: tuple[str, ...]
) -> None:
    for service in ("ec2", "redshift", "iam"):
        up.cloud.aws.deny(service, "[DG]e*")  # Describe and Get
    looked(up, *words)


@pytest.mark.parametrize(
    "words", [words for words in LOOKS if words != ("up", *TARGET)], ids=" ".join
)
def test_looking_at_changed_things_writes_nothing(
    up: Person, words: tuple[str, ...]
) -> None:
    up.cloud.aws.clusters.drift("sparkify-dev", AutomatedSnapshotRetentionPeriod=1)
    try:
        looked(up, *words)
    finally:
        up.cloud.aws.clusters.drift("sparkify-dev", AutomatedSnapshotRetentionPeriod=7)


def test_a_read_that_is_denied_is_unknown_and_not_well(up: Person) -> None:
    up.cloud.aws.deny("servicequotas", "GetServiceQuota")
    up.cloud.aws.deny("service-quotas", "GetServiceQuota")
    told = up.invoke("check")
    assert told.code == 1
    assert "1 of 12 need attention" in told.err
    text = " ".join(told.out.split())
    assert "VPC quota unknown or wrong" in text
    up.cloud.aws.calm()
    up.cloud.aws.deny("redshift", "DescribeLoggingStatus")
    assert "redshift:DescribeLoggingStatus" in up.fails(1, "up", "--plan")


def test_the_tool_never_reads_a_secret(up: Person) -> None:
    for words in LOOKS:
        up.invoke(*words)
    for more in (["allow-me"], ["extend", "--hours", "8"]):
        up.does(*more)
    called = {call.operation for call in up.cloud.aws.calls}
    assert called
    assert not called & {"GetSecretValue", "GetClusterCredentials", "GetPasswordData"}


@pytest.mark.parametrize("words", DATA, ids=" ".join)
def test_who_may_not_log_in_is_told_and_gets_nothing_of_duckdbs(
    up: Person,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged_out(monkeypatch, tmp_path)
    before = up.checkout.files().keys()
    assert "There are no AWS credentials" in up.fails(2, *words)
    assert up.checkout.files().keys() == before


def test_a_cluster_that_cannot_be_reached_is_told(up: Person) -> None:
    up.reachable = False
    told = " ".join(up.does("up").split())
    assert "it cannot be reached from here" in told
    assert "it cannot be reached" not in up.does("status")
    assert "Nothing answers at" in " ".join(up.does("status").split())


def test_an_endpoint_that_is_not_aws_is_told_by_each_task(
    up: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        up.cloud.clients.redshift.meta, "_endpoint_url", "http://u:p@127.0.0.1:5000"
    )
    for words in (["up", "--plan"], ["leftovers"], ["status"], ["check"], ["extend"]):
        told = " ".join(up.invoke(*words).out.split())
        assert "requests go to 127.0.0.1, not to AWS" in told
        assert "u:p" not in told
    assert json.loads(up.does("policy"))
    assert json.loads(up.does("status", "--json"))


def test_a_lock_of_somebody_else_is_told_and_taken_away(up: Person) -> None:
    holder = {
        "run": "1",
        "task": "up",
        "host": "another",
        "pid": 7,
        "owner": "ada",
        "started": up.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "alive": up.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
    }
    up.cloud.aws.world.others.ssm.put_parameter(
        Name=LOCK, Value=json.dumps(holder), Type="String"
    )
    for words in (["pause"], ["extend"], ["down", "--yes"]):
        told = up.fails(1, *words)
        assert "`invoke up` of ada on another" in told
        assert "`invoke unlock`" in told
    assert up.cloud.aws.clusters.names() == ["sparkify-dev"]
    assert "held by `invoke up` of ada" in " ".join(up.does("check").split())
    assert "took away the lock of" in up.does("unlock")


@pytest.mark.parametrize("hours", ["0", "-4", "721", "nan", "inf", "many", "0.99"])
def test_no_senseless_lifetime(up: Person, hours: str) -> None:
    assert "must be a number" in up.fails(2, "extend", f"--hours={hours}")
