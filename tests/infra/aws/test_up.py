import signal
from collections.abc import Callable
from typing import Any

import pytest
from cloud import ME, Cloud, bar
from honest import Call, product

from infra import console
from infra.aws import address, engine, reach, up
from infra.errors import AwsError, ConfigurationError
from infra.rehearsal.aws.walk import Step

NAME = "sparkify-dev"
Capture = pytest.CaptureFixture[str]


def verbs(prepared: up.Prepared) -> dict[str, str]:
    return {each.resource.key: each.verb for each in prepared.plan.changes}


def locked(cloud: Cloud) -> bool:
    parameters = cloud.clients.ssm.describe_parameters()["Parameters"]
    return [each["Name"] for each in parameters] == ["/sparkify/dev/lock"]


# Planning


def test_the_plan_of_an_empty_account_makes_everything_and_writes_nothing(
    account: Cloud,
) -> None:
    prepared = account.prepared()
    assert set(verbs(prepared).values()) == {engine.CREATE}
    assert len(verbs(prepared)) == account.parts
    up.announce(account.site(), prepared)
    up.refuse(account.site(), prepared, up.Asked())
    assert account.aws.writes == []


def test_a_paused_cluster_is_resumed_as_planned_and_then_the_rest_is_repaired(
    running: Cloud,
) -> None:
    running.aws.clusters.drift(NAME, NumberOfNodes=1, AllowVersionUpgrade=False)
    running.aws.clusters.put(NAME, "paused")
    prepared = running.up()
    ((verb, key, differences),) = prepared.plan.told()
    assert (verb, key) == (engine.CHANGE, "cluster")
    assert "AllowVersionUpgrade" not in differences
    (action,) = prepared.plan.changes
    assert [tuple(each) for each in action.differences] == [
        ("state", "paused", "available")
    ]
    wrote = [each.operation for each in running.aws.writes if each.service != "ssm"]
    assert wrote == ["ResumeCluster", "ModifyCluster"]


@pytest.mark.parametrize("state", ["paused", "pausing"])
def test_what_is_paused_or_will_be_is_started_only_for_a_price_that_is_allowed(
    running: Cloud, state: str
) -> None:
    running.aws.clusters.put(NAME, state)
    with pytest.raises(ConfigurationError, match="max_hourly_usd"):
        running.up(max_hourly_usd=0.1)
    assert running.aws.writes == []


def test_a_cluster_that_is_just_being_paused_is_waited_for_and_resumed(
    running: Cloud,
) -> None:
    cluster = running.aws.world.clusters[NAME]
    cluster.walk(Step("pausing", 9), Step("paused"))
    prepared = running.up()
    assert prepared.costs
    assert running.aws.clusters.get(NAME)["ClusterStatus"] == "available"


# What it may cost


def test_a_price_above_the_limit_is_refused_before_the_first_write(
    account: Cloud,
) -> None:
    with pytest.raises(ConfigurationError, match=r"would cost \$0\.385 per hour"):
        account.up(max_hourly_usd=0.38)
    with pytest.raises(ConfigurationError, match=r"would cost \$6\.09"):
        account.up(nodes=16)
    assert account.aws.writes == []


def unpriced(cloud: Cloud) -> dict[str, Any]:
    """Settings for a node type that neither the Price List nor the table knows."""
    cloud.aws.catalogue.prices = [product("rg.large", "us-west-2", "0.38")]
    return {"node_type": "ra3.16xlarge", "max_hourly_usd": 50.0}


def test_an_unknown_price_is_refused_before_the_first_write(account: Cloud) -> None:
    changes = unpriced(account)
    with pytest.raises(ConfigurationError, match="--accept-unknown-cost"):
        account.up(**changes)
    assert account.aws.writes == []
    account.up(up.Asked(accept_unknown_cost=True), **changes)
    assert account.aws.clusters.names() == [NAME]


def test_the_price_does_not_matter_when_nothing_that_costs_begins(
    running: Cloud,
) -> None:
    running.aws.clusters.drift(NAME, AllowVersionUpgrade=False)
    running.up(max_hourly_usd=0.01)
    assert running.aws.clusters.get(NAME)["AllowVersionUpgrade"] is True


def test_the_bill_is_of_the_cluster_that_there_is(running: Cloud) -> None:
    """It was made of the fallback, for which another price holds."""
    running.aws.clusters.drift(NAME, NodeType="ra3.large")
    price = running.prepared().bill.price
    assert price is not None
    assert price.hourly_usd == 0.543


def test_who_may_come_in_is_asked_for_before_anything_is_looked_at(
    account: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> object:
        raise ConfigurationError("nobody tells")

    monkeypatch.setattr(address, "my_address", silent)
    here = account.site(aws_cidr="")
    account.aws.calls.clear()
    with pytest.raises(ConfigurationError, match="nobody tells"):
        up.prepare(here, up.Asked())
    assert account.aws.calls == []
    assert up.prepare(here, up.Asked(cidr="203.0.113.7")).cidr == "203.0.113.7/32"


# A plan that is no longer true


def drift(cloud: Cloud) -> None:
    cloud.aws.clusters.drift(NAME, AllowVersionUpgrade=False)


def vanish(cloud: Cloud) -> None:
    cloud.aws.clusters.vanish(NAME)


def stop(cloud: Cloud) -> None:
    cloud.aws.clusters.put(NAME, "paused")


def fail(cloud: Cloud) -> None:
    cloud.aws.clusters.put(NAME, "hardware-failure")


def unlock(cloud: Cloud) -> None:
    cloud.aws.world.scheduled.clear()


@pytest.mark.parametrize("meanwhile", [drift, vanish, stop, fail, unlock])
def test_a_stale_plan_is_not_carried_out(
    running: Cloud, meanwhile: Callable[[Cloud], None]
) -> None:
    running.aws.clusters.drift(NAME, AutomatedSnapshotRetentionPeriod=1)
    prepared = running.prepared()
    meanwhile(running)
    with pytest.raises(AwsError, match=r"changed on AWS .* nothing was done"):
        up.apply(running.site(), prepared, bar())
    assert {each.service for each in running.aws.writes} == {"ssm"}
    assert not locked(running)


def test_the_end_of_a_wait_makes_no_plan_stale(running: Cloud) -> None:
    cluster = running.aws.world.clusters[NAME]
    running.aws.clusters.drift_logging(NAME, LoggingEnabled=False)
    cluster.walk(Step("creating", 2), Step("available"))
    prepared = running.prepared()
    assert verbs(prepared) == {"cluster": engine.WAIT}
    running.aws.clusters.settle()
    up.apply(running.site(), prepared, bar())
    assert not running.prepared().plan.changes


def test_a_wait_that_begins_makes_no_plan_stale(running: Cloud) -> None:
    """AWS may begin to maintain a cluster at any time."""
    running.aws.world.scheduled["sparkify-dev-expires"]["State"] = "DISABLED"
    prepared = running.prepared()
    running.aws.world.clusters[NAME].hold(Step("available", 3, "Maintenance"))
    up.apply(running.site(), prepared, bar())
    assert not running.prepared().plan.changes


def test_what_differs_after_all_is_said(running: Cloud, capsys: Capture) -> None:
    prepared = running.prepared()
    running.aws.clusters.drift(NAME, AllowVersionUpgrade=False)
    with pytest.raises(AwsError, match="does not show everything as it should be"):
        up.verified(running.site(), prepared)
    assert "upgrades: no → yes" in capsys.readouterr().out


# Another way in


def test_a_public_cluster_becomes_private_and_public_again(doomed: Cloud) -> None:
    doomed.up(aws_access="private")
    assert not doomed.aws.clusters.get(NAME)["PubliclyAccessible"]
    assert "internet-gateway" not in doomed.aws.inventory()
    doomed.up()
    assert doomed.aws.clusters.get(NAME)["PubliclyAccessible"]
    assert not doomed.prepared().plan.changes


# What a person sees


def test_the_announcement_says_what_how_dear_and_who(
    account: Cloud, capsys: Capture
) -> None:
    up.announce(account.site(), account.prepared())
    out = capsys.readouterr().out
    for words in ("+ create", NAME, "$0.385/h", f"only {ME} may come in", "account"):
        assert words in out


def test_a_restart_is_said_before_it_is_agreed_to(
    running: Cloud, capsys: Capture
) -> None:
    running.aws.world.clusters[NAME].pending = {"require_ssl"}
    up.announce(running.site(), running.prepared())
    out = capsys.readouterr().out
    assert "parameters: pending-reboot → in-sync" in out
    assert "the cluster restarts for this" in out


def test_nothing_to_do_says_no_price(running: Cloud, capsys: Capture) -> None:
    up.announce(running.site(), running.prepared())
    out = capsys.readouterr().out
    assert f"{running.parts} of {running.parts} are as they should be" in out
    assert "$" not in out


def test_a_wait_shows_progress_and_keeps_the_lock_alive(
    running: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(console.Bar, "note", lambda _, line: lines.append(line))
    running.aws.clusters.vanish(NAME)
    running.aws.clusters.speed(creating=20)
    running.up()
    assert lines[0].startswith("cluster: creating, 0 min")
    assert lines[-1].startswith("cluster: modifying, ")
    signs = [c for c in running.aws.writes if c.operation == "PutParameter"]
    assert len(signs) > 5


def test_a_change_that_waits_for_another_says_so(
    running: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(console.Bar, "note", lambda _, line: lines.append(line))
    running.aws.clusters.drift(NAME, AllowVersionUpgrade=False)
    running.aws.fail("redshift", "ModifyCluster", code="InvalidClusterState", times=4)
    running.up()
    assert lines.count("waiting for another operation on the cluster") == 4


def test_ctrl_c_in_a_long_wait_gives_the_lock_back_and_goes_on(
    running: Cloud, capsys: Capture
) -> None:
    running.aws.clusters.vanish(NAME)
    running.aws.clusters.speed(creating=100)
    looks = iter(range(100))

    def pressed(_: Call) -> None:
        if next(looks) == 12:
            signal.raise_signal(signal.SIGINT)

    running.aws.on("redshift", "DescribeClusters", pressed)
    with pytest.raises(KeyboardInterrupt):
        running.up()
    running.aws.calm()
    assert not locked(running)
    assert running.aws.clusters.names() == [NAME]
    text = " ".join(capsys.readouterr().out.split())
    assert "may cost: `invoke up` goes on from here" in text


def test_somebody_who_took_the_lock_stops_a_wait(running: Cloud) -> None:
    running.aws.clusters.vanish(NAME)
    running.aws.clusters.speed(creating=100)
    ssm, looks = running.clients.ssm, iter(range(1000))

    def broken_open(_: Call) -> None:
        if next(looks) == 12:
            ssm.delete_parameter(Name="/sparkify/dev/lock")

    running.aws.on("redshift", "DescribeClusters", broken_open)
    with pytest.raises(AwsError, match="The lock of the stack was taken over"):
        running.up()
    assert running.clock.slept < 1000


# Whether it can be reached


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("", "answers on port 5439"),
        ("It is closed.", "it cannot be reached from here. It is closed."),
    ],
)
def test_the_end_says_whether_it_answers(
    running: Cloud,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    why: str,
    words: str,
) -> None:
    asked: list[tuple[str, ...]] = []

    def why_not(_site: object, _live: object, rules: tuple[str, ...], _: object) -> str:
        asked.append(rules)
        return why

    monkeypatch.setattr(reach, "why_not", why_not)
    prepared = running.prepared()
    cluster = up.verified(running.site(), prepared)
    up.say_reach(running.site(), prepared, cluster)
    assert words in " ".join(capsys.readouterr().out.split())
    assert asked == [(f"{ME} tcp 5439",)]
