import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from cloud import ME, Cloud

from infra.aws import address, overview, reach, states
from infra.aws import clock as clocks
from infra.aws.overview import Overview
from infra.rehearsal.aws.walk import Step

NAME = "sparkify-dev"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the network whether the cluster answers."""
    monkeypatch.setattr(reach, "why_not", lambda *_: "")


def seen(cloud: Cloud, **changes: object) -> Overview:
    found = overview.overview(cloud.site(**changes))
    assert cloud.aws.writes == []
    return found


def happened(cloud: Cloud, what: str, hours: float, name: str = NAME) -> None:
    """An event so many hours after the cluster was made."""
    cluster = cloud.aws.world.clusters[NAME]
    cloud.aws.world.events.append(
        {
            "SourceIdentifier": name,
            "SourceType": "cluster",
            "Message": f"Cluster {name} was {what}.",
            "EventCategories": ["management"],
            "Severity": "INFO",
            "Date": cluster.shown["ClusterCreateTime"] + timedelta(hours=hours),
            "EventId": "REDSHIFT-EVENT-3658",
        }
    )


def later(cloud: Cloud, hours: float) -> None:
    made = cloud.aws.world.clusters[NAME].shown["ClusterCreateTime"]
    cloud.clock.moment = made + timedelta(hours=hours)


def test_no_cluster(account: Cloud, capsys: Capture) -> None:
    found = seen(account)
    assert found == Overview(NAME, "123456789012", "us-west-2", "absent")
    assert overview.report(found) == "no cluster sparkify-dev in us-west-2"
    assert capsys.readouterr().out == ""


def test_a_running_cluster(running: Cloud) -> None:
    later(running, 3)
    found = seen(running)
    made = running.aws.world.clusters[NAME].shown["ClusterCreateTime"]
    endpoint = running.aws.clusters.get(NAME)["Endpoint"]
    assert found.state == "available"
    assert found.endpoint == f"{endpoint['Address']}:5439"
    assert found.nodes == "1 x rg.large"
    assert found.created_at == clocks.stamp(made)
    assert found.age_hours == 3
    assert found.hourly_usd == pytest.approx(0.3851)
    assert found.cost_usd == round(3 * 0.3851, 2)
    assert found.cost_note == ""
    assert found.may_come_in == (f"{ME} tcp 5439",)
    assert found.is_over is False
    tags = running.aws.world.tags[running.aws.world.arn("cluster", NAME)]
    assert found.expires_at == tags["expires-at"]


@pytest.mark.parametrize(
    ("events", "state", "hours"),
    [
        ([], "available", 10),
        ([("paused", 2), ("resumed", 5)], "available", 7),
        ([("paused", 4)], "paused", 4),
        ([("paused", 2), ("resumed", 5), ("paused", 9)], "paused", 6),
        ([("paused", 2), ("renamed", 3), ("resumed", 5)], "available", 7),
    ],
)
def test_only_the_hours_in_which_it_ran_cost(
    running: Cloud, events: list[tuple[str, float]], state: str, hours: float
) -> None:
    for what, after in events:
        happened(running, what, after)
    happened(running, "paused", 1, name="sparkify-other")
    running.aws.world.clusters[NAME].walk(Step(state))
    running.aws.pace.page_size = 2
    later(running, 10)
    assert seen(running).cost_usd == round(hours * 0.3851, 2)
    assert seen(running).age_hours == 10


def test_what_aws_has_forgotten_is_said(running: Cloud, capsys: Capture) -> None:
    later(running, 20 * 24)
    found = seen(running)
    assert "at most" in found.cost_note
    overview.report(found)
    assert "20.0 days" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("hours", "is_over"), [(1, False), (7.9, False), (8.1, True), (99, True)]
)
def test_the_lifetime(
    running: Cloud, hours: float, is_over: bool, capsys: Capture
) -> None:
    later(running, hours)
    found = seen(running)
    assert found.is_over is is_over
    overview.report(found)
    told = " ".join(capsys.readouterr().out.split())
    assert ("its lifetime is over" in told) is is_over
    overview.warn_when_over(running.site())
    told = " ".join(capsys.readouterr().out.split())
    assert ("is over and it still costs" in told) is is_over


def test_a_cluster_without_a_tag_is_over(running: Cloud) -> None:
    running.aws.clusters.retag(
        NAME, **{"managed-by": "sparkify-warehouse", "stack": "dev"}
    )
    found = seen(running)
    assert (found.expires_at, found.is_over) == (None, True)


def test_a_paused_cluster_is_not_warned_of(running: Cloud, capsys: Capture) -> None:
    later(running, 99)
    running.aws.world.clusters[NAME].walk(Step("paused"))
    found = seen(running)
    assert overview.report(found) == "sparkify-dev is paused"
    overview.warn_when_over(running.site())
    assert "over" not in capsys.readouterr().out


def test_no_cluster_is_not_warned_of(account: Cloud, capsys: Capture) -> None:
    overview.warn_when_over(account.site())
    assert capsys.readouterr().out == ""


def test_a_cluster_that_is_being_made(running: Cloud, capsys: Capture) -> None:
    cluster = running.aws.world.clusters[NAME]
    cluster.has_endpoint = False
    del cluster.shown["ClusterCreateTime"]
    cluster.walk(Step("creating"))
    found = seen(running)
    assert found.state == "creating"
    assert (found.endpoint, found.created_at, found.cost_usd) == (None, None, None)
    assert overview.report(found) == "sparkify-dev is creating"
    out = capsys.readouterr().out
    assert "none yet" in out
    assert out.count("unknown") == 2


@pytest.mark.parametrize("word", ["hardware-failure", "storage-full"])
def test_a_failed_cluster_has_a_state_and_advice(
    running: Cloud, word: str, capsys: Capture
) -> None:
    running.aws.clusters.put(NAME, word)
    found = seen(running)
    assert found.state == word
    assert states.BEYOND_HELP[word] in found.unreachable
    assert overview.report(found) == f"sparkify-dev is {word}"
    assert word in capsys.readouterr().out


def test_available_but_busy_is_said(running: Cloud) -> None:
    running.aws.clusters.put(NAME, "available", "Maintenance")
    assert seen(running).state == "maintenance"


def test_an_unknown_price_is_unknown(running: Cloud, capsys: Capture) -> None:
    running.aws.catalogue.prices = []
    running.aws.clusters.drift(NAME, NodeType="ra3.16xlarge")
    found = seen(running)
    assert (found.hourly_usd, found.cost_usd) == (None, None)
    overview.report(found)
    assert capsys.readouterr().out.count("unknown") == 2


def test_a_security_group_that_is_gone_lets_nobody_in(
    running: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    from infra.aws.firewall import Firewall  # noqa: PLC0415 - patched

    monkeypatch.setattr(Firewall, "find", lambda *_: None)
    found = seen(running)
    assert found.may_come_in == ()
    overview.report(found)
    assert "nobody" in capsys.readouterr().out


def test_json_is_plain_and_complete(running: Cloud) -> None:
    plain = json.loads(json.dumps(seen(running).as_json()))
    assert set(plain) == set(Overview.__dataclass_fields__)
    assert plain["cluster"] == NAME
    assert plain["may_come_in"] == [f"{ME} tcp 5439"]
    assert "password" not in json.dumps(plain).lower()


Asked = Callable[[], str]


def test_reach_is_asked_with_the_rules_and_our_address(
    running: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[tuple[str, ...], str]] = []

    def why_not(_: object, __: object, rules: tuple[str, ...], address: Asked) -> str:
        asked.append((rules, address()))
        return "It is closed."

    monkeypatch.setattr(reach, "why_not", why_not)
    monkeypatch.setattr(address, "my_address", lambda: ME)
    assert seen(running).unreachable == "It is closed."
    assert asked == [((f"{ME} tcp 5439",), ME)]
