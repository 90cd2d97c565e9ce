from typing import Any

import pytest
from cloud import Cloud, bar
from honest import Killed, product

from infra.aws import down, leftovers, lock
from infra.aws.leftovers import Leftover
from infra.errors import AwsDenied
from infra.rehearsal.aws.walk import Step

NAME = "sparkify-dev"
Capture = pytest.CaptureFixture[str]


def found(cloud: Cloud, **changes: object) -> dict[str, Leftover]:
    """What is left, by its kind and name."""
    things = leftovers.found(cloud.site(**changes))
    named = {f"{each.kind} {each.name}": each for each in things}
    assert len(named) == len(things)
    return named


def test_an_empty_account_has_nothing(account: Cloud, capsys: Capture) -> None:
    assert found(account) == {}
    assert leftovers.report([]) == 0.0
    assert "nothing of the stack is left" in capsys.readouterr().out
    assert account.aws.writes == []


def test_all_of_a_stack_is_found_with_what_it_costs(running: Cloud) -> None:
    here = found(running)
    eni = [each for each in here.values() if each.kind == "network interface"]
    assert len(here) == running.parts + len(eni)
    cluster = here[f"cluster {NAME}"]
    assert cluster.monthly_usd == pytest.approx((0.3801 + 0.005) * 730 + 0.40)
    assert cluster.note == "available"
    costs = {key for key, each in here.items() if each.monthly_usd}
    assert costs == {f"cluster {NAME}"}
    assert eni[0].note == "Redshift's, goes by itself"
    assert running.aws.writes == []


def test_a_private_cluster_costs_no_address_and_two_nodes_twice(
    running: Cloud,
) -> None:
    running.aws.clusters.drift(NAME, PubliclyAccessible=False, NumberOfNodes=2)
    monthly = found(running)[f"cluster {NAME}"].monthly_usd
    assert monthly == pytest.approx(2 * 0.3801 * 730 + 0.40)


def test_a_paused_cluster_still_costs_something(running: Cloud) -> None:
    running.aws.world.clusters[NAME].walk(Step("paused"))
    cluster = found(running)[f"cluster {NAME}"]
    assert cluster.monthly_usd == 0.40
    assert "paused" in cluster.note


def test_a_price_that_nobody_tells_is_unknown_and_not_nothing(
    running: Cloud, capsys: Capture
) -> None:
    running.aws.catalogue.prices = [product("rg.large", "us-west-2", "0.38")]
    running.aws.clusters.drift(NAME, NodeType="ra3.16xlarge")
    things = leftovers.found(running.site())
    (cluster,) = [each for each in things if each.kind == "cluster"]
    assert cluster.monthly_usd is None
    assert leftovers.report([cluster]) == 0.0
    assert "unknown" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("days", "note"),
    [(30, "AWS deletes it after 30 days"), (-1, "kept for ever")],
)
def test_snapshots_are_found_with_their_end(
    running: Cloud, days: int, note: str
) -> None:
    running.clients.redshift.create_cluster_snapshot(
        SnapshotIdentifier="mine",
        ClusterIdentifier=NAME,
        ManualSnapshotRetentionPeriod=days,
    )
    running.aws.world.snapshots["mine"]["TotalBackupSizeInMegaBytes"] = 5000.0
    snapshot = found(running)["snapshot mine"]
    assert snapshot.monthly_usd == pytest.approx(5 * 0.024)
    assert snapshot.note == f"5,000.0 MB, {note}"


def test_snapshots_on_later_pages_are_found(running: Cloud) -> None:
    for number in range(3):
        running.clients.redshift.create_cluster_snapshot(
            SnapshotIdentifier=f"mine-{number}", ClusterIdentifier=NAME
        )
    running.aws.pace.page_size = 1
    names = [each["SnapshotIdentifier"] for each in leftovers.snapshots(running.site())]
    assert names == ["mine-0", "mine-1", "mine-2"]


def test_log_lines_cost(running: Cloud) -> None:
    def stored(parsed: dict[str, Any], **__: object) -> None:
        for each in parsed.get("logGroups", ()):
            each["storedBytes"] = 2_000_000_000

    events = running.clients.logs.meta.events
    events.register("after-call.cloudwatch-logs.DescribeLogGroups", stored)
    try:
        log = found(running)[f"log group /aws/redshift/cluster/{NAME}/userlog"]
    finally:
        events.unregister("after-call.cloudwatch-logs.DescribeLogGroups", stored)
    assert log.monthly_usd == pytest.approx(0.06)
    assert log.note == "2,000.0 MB of lines"


@pytest.mark.parametrize("writes", [4, 9, 14])
def test_what_a_killed_down_left_is_found(doomed: Cloud, writes: int) -> None:
    doomed.aws.kill_after(writes)
    with pytest.raises(Killed):
        doomed.down()
    doomed.aws.calm()
    there = {key.rsplit(" ", 1)[0] for key in found(doomed)}
    inventory = {
        "bucket": "bucket",
        "vpc": "VPC",
        "subnet": "subnet",
        "role": "role",
        "security-group": "security group",
        "route-table": "route table",
        "internet-gateway": "internet gateway",
        "endpoint": "S3 endpoint",
        "subnet-group": "subnet group",
        "parameter-group": "parameter group",
        "log-group": "log group",
        "scheduled-action": "scheduled pause",
        "cluster": "cluster",
    }
    kinds = doomed.aws.inventory()
    assert there == {inventory[kind] for kind in kinds if kind in inventory}


def test_another_stack_is_not_shown(doomed: Cloud) -> None:
    doomed.up(stack="other", aws_network="10.43.0.0/16")
    doomed.down(stack="other", final_snapshot=True)
    assert not [key for key in found(doomed) if "other" in key]
    assert [key for key in found(doomed, stack="other") if "snapshot" in key]


def test_what_is_foreign_is_shown_as_such_and_hides_nothing(running: Cloud) -> None:
    running.aws.clusters.retag(NAME, owner="them")
    here = found(running)
    assert here[f"cluster {NAME}"].note.startswith("not ours: There is a cluster")
    assert here[f"cluster {NAME}"].monthly_usd == 0.0
    assert "role sparkify-dev-copy" in here


def test_two_of_one_kind_are_shown_and_hide_nothing(doomed: Cloud) -> None:
    ec2: Any = doomed.clients.ec2
    tags = doomed.site().stack.tags(Name=NAME)
    made = ec2.create_vpc(
        CidrBlock="10.99.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}],
    )["Vpc"]["VpcId"]
    here = found(doomed)
    assert made in here[f"VPC {NAME}"].note
    assert f"cluster {NAME}" in here


def test_what_others_put_into_the_vpc_is_shown(doomed: Cloud) -> None:
    ec2 = doomed.clients.ec2
    filters = doomed.site().stack.filters()
    inside = ec2.describe_vpcs(Filters=filters)["Vpcs"][0]["VpcId"]
    subnet = ec2.create_subnet(VpcId=inside, CidrBlock="10.42.240.0/24")
    key = f"subnet {subnet['Subnet']['SubnetId']}"
    assert found(doomed)[key].note == "not ours"


def test_the_lock_is_shown_with_its_holder(running: Cloud) -> None:
    here = running.site()
    with lock.holding(running.clients.ssm, here.stack, "up", running.clock):
        note = found(running)["lock /sparkify/dev/lock"].note
    assert note.startswith("held by `invoke up` of ")


def test_a_lack_of_permission_is_not_nothing(running: Cloud) -> None:
    running.aws.deny("redshift", "DescribeClusterSnapshots")
    with pytest.raises(AwsDenied, match="redshift:DescribeClusterSnapshots"):
        leftovers.found(running.site())


def test_the_report_adds_up(capsys: Capture) -> None:
    things = [
        Leftover("cluster", "a", 277.5, "available"),
        Leftover("snapshot", "b", 0.001),
        Leftover("cluster", "c", None),
        Leftover("VPC", "d", 0.0),
    ]
    assert leftovers.report(things) == pytest.approx(277.501)
    out = capsys.readouterr().out
    for words in ("$278", "<$0.01", "unknown", "free"):
        assert words in out


def test_after_down_nothing_costs(doomed: Cloud) -> None:
    teardown = down.plan(doomed.site(), final_snapshot=False, purge=True)
    assert down.take_down(doomed.site(), teardown, bar()) == []
    assert found(doomed) == {}
