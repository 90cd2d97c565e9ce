import re
import signal
from typing import Any

import pytest
from cloud import Cloud, bar
from honest import Call, Killed

from infra.aws import down, patience
from infra.aws.engine import Remaining
from infra.aws.logs import EXPORTS
from infra.errors import AwsError, ForeignError, StillWorking
from infra.rehearsal.aws.walk import Step

NAME = "sparkify-dev"
FINAL = re.compile(r"sparkify-dev-final-\d{8}-\d{6}")
Capture = pytest.CaptureFixture[str]


def calls(cloud: Cloud, operation: str) -> list[Call]:
    return [call for call in cloud.aws.calls if call.operation == operation]


def wrote(cloud: Cloud) -> list[str]:
    """The writes that AWS has taken, but those of the lock."""
    return [
        each.operation
        for each in cloud.aws.writes
        if each.service != "ssm" and not each.error
    ]


def left(cloud: Cloud) -> set[str]:
    """The kinds of things that there are."""
    return set(cloud.aws.inventory())


def planned(cloud: Cloud, *, final: bool = True, purge: bool = False) -> down.Teardown:
    return down.plan(cloud.site(), final_snapshot=final, purge=purge)


def names(remaining: list[Remaining]) -> list[str]:
    return [each.resource.key for each in remaining]


def vpc(cloud: Cloud) -> str:
    found = cloud.clients.ec2.describe_vpcs(Filters=cloud.site().stack.filters())
    return found["Vpcs"][0]["VpcId"]


def walks(cloud: Cloud, *steps: Step) -> None:
    cloud.aws.world.clusters[NAME].walk(*steps)


# What goes, and in which order


def test_an_empty_account_has_nothing_to_delete(account: Cloud) -> None:
    teardown = planned(account, purge=True)
    assert (teardown.go, teardown.stay, teardown.snapshot) == ([], [], "")
    assert account.down() == []
    assert wrote(account) == []


def test_the_cluster_goes_first_and_what_holds_it_last(doomed: Cloud) -> None:
    assert doomed.down(final_snapshot=True) == []
    order = wrote(doomed)
    assert [call.error for call in doomed.aws.writes if call.error] == []
    assert order[:2] == ["DeleteCluster", "DeleteScheduledAction"]
    steps = (
        *("DeleteClusterParameterGroup", "DeleteClusterSubnetGroup"),
        *("DeleteSecurityGroup", "DeleteVpcEndpoints", "DeleteRouteTable"),
        *("DeleteInternetGateway", "DeleteSubnet", "DeleteVpc", "DeleteRole"),
    )
    places = [order.index(each) for each in steps]
    assert places == sorted(places)
    assert left(doomed) == {"log-group", "snapshot", "redshift-tags"}
    assert "DeleteLogGroup" not in order


def test_planning_writes_nothing_and_says_it_all(
    running: Cloud, capsys: Capture
) -> None:
    teardown = planned(running)
    down.announce(running.site(), teardown)
    assert running.aws.writes == []
    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if line.startswith("- delete")]
    assert len(lines) == running.parts - len(EXPORTS)
    assert lines[0].split()[2] == "cluster"
    assert lines[-1].split()[2] == "bucket"  # which was the first to be made
    assert out.count("= keep") == len(EXPORTS)
    assert f"stay in the snapshot {teardown.snapshot} for 30 days" in out
    down.announce(running.site(), planned(running, final=False))
    assert "lost for ever" in capsys.readouterr().out


# The last snapshot


def test_the_final_snapshot_is_asked_for_by_a_name_of_its_own(doomed: Cloud) -> None:
    doomed.down(final_snapshot=True)
    (asked,) = calls(doomed, "DeleteCluster")
    name = asked.params["FinalClusterSnapshotIdentifier"]
    assert FINAL.fullmatch(name)
    assert asked.params == {
        "ClusterIdentifier": NAME,
        "SkipFinalClusterSnapshot": False,
        "FinalClusterSnapshotIdentifier": name,
        "FinalClusterSnapshotRetentionPeriod": 30,
    }
    assert name in doomed.aws.world.snapshots


def test_without_a_final_snapshot_none_is_left(doomed: Cloud) -> None:
    doomed.down(final_snapshot=False)
    (asked,) = calls(doomed, "DeleteCluster")
    assert asked.params == {"ClusterIdentifier": NAME, "SkipFinalClusterSnapshot": True}
    assert doomed.aws.world.snapshots == {}


# The states in which it is found


@pytest.mark.parametrize(
    "busy", ["creating", "modifying", "resuming", "rebooting", "pausing", "resizing"]
)
def test_a_cluster_at_which_aws_works_goes_as_soon_as_it_may(
    running: Cloud, busy: str
) -> None:
    end = "paused" if busy == "pausing" else "available"
    walks(running, Step(busy, 7), Step(end))
    (cluster,) = [each for each in planned(running).go if each.key == "cluster"]
    take(running, final=True, only="cluster")
    assert cluster.key == "cluster"
    assert running.aws.clusters.names() == []
    assert len(running.aws.world.snapshots) == 1


def take(cloud: Cloud, *, final: bool, only: str) -> list[Remaining]:
    """Takes a part of the stack down."""
    teardown = planned(cloud, final=final)
    part = [each for each in teardown.go if each.key == only]
    return down.take_down(
        cloud.site(), down.Teardown(part, snapshot=teardown.snapshot), bar()
    )


@pytest.mark.parametrize("word", ["deleting", "final-snapshot"])
def test_a_cluster_that_is_going_is_waited_for(running: Cloud, word: str) -> None:
    def gone() -> None:
        running.aws.clusters.vanish(NAME)

    walks(running, Step(word, 5), Step("deleted", enter=gone))
    teardown = planned(running)
    assert (teardown.is_ending, teardown.snapshot) == (True, "")
    take(running, final=True, only="cluster")
    assert calls(running, "DeleteCluster") == []
    assert running.aws.clusters.names() == []


def test_that_it_is_going_already_is_said(running: Cloud, capsys: Capture) -> None:
    running.aws.clusters.put(NAME, "deleting")
    down.announce(running.site(), planned(running))
    assert "deleting the cluster already" in capsys.readouterr().out


def test_a_paused_cluster_goes_with_its_snapshot_at_once(running: Cloud) -> None:
    walks(running, Step("paused"))
    take(running, final=True, only="cluster")
    assert wrote(running) == ["DeleteCluster"]
    assert len(running.aws.world.snapshots) == 1


def refuses_paused(cloud: Cloud, text: str) -> None:
    """AWS takes no last snapshot of a paused cluster, in words of its own."""
    cloud.aws.pace.deletes_paused = False

    def refused(call: Call) -> None:
        if cloud.aws.world.clusters[NAME].status == "paused":
            cloud.aws.fail(
                *("redshift", call.operation),
                code="InvalidClusterState",
                message=text,
                times=1,
            )

    cloud.aws.on("redshift", "DeleteCluster", refused)


@pytest.mark.parametrize(
    "text", ["The cluster sparkify-dev is paused.", "Not while it is not active."]
)
@pytest.mark.parametrize("before", ["paused", "pausing"])
def test_a_paused_cluster_is_resumed_where_aws_demands_it(
    running: Cloud, text: str, before: str
) -> None:
    refuses_paused(running, text)
    walks(running, *([Step("pausing", 5)] * (before == "pausing")), Step("paused"))
    take(running, final=True, only="cluster")
    assert wrote(running) == ["ResumeCluster", "DeleteCluster"]
    assert len(running.aws.world.snapshots) == 1


@pytest.mark.parametrize("word", ["hardware-failure", "incompatible-network"])
def test_a_failed_cluster_can_be_deleted(running: Cloud, word: str) -> None:
    running.aws.clusters.put(NAME, word)
    take(running, final=False, only="cluster")
    assert running.aws.clusters.names() == []


def test_a_failed_cluster_that_aws_does_not_delete_is_told_at_once(
    running: Cloud,
) -> None:
    running.aws.clusters.put(NAME, "storage-full")
    with pytest.raises(AwsError, match="refuses DeleteCluster"):
        take(running, final=False, only="cluster")
    assert running.clock.slept == 0


def test_a_cluster_that_never_becomes_free_ends_the_patience(running: Cloud) -> None:
    walks(running, Step("modifying"))
    with pytest.raises(StillWorking, match="still modifying after 45 min"):
        take(running, final=False, only="cluster")
    assert running.clients.ssm.describe_parameters()["Parameters"] == []


@pytest.mark.parametrize("code", ["InternalFailure", "lost"])
def test_a_lost_answer_is_looked_after(running: Cloud, code: str) -> None:
    if code == "lost":
        running.aws.lose_reply("redshift", "DeleteCluster")
    else:
        running.aws.fail("redshift", "DeleteCluster", code=code, times=2)
    take(running, final=True, only="cluster")
    assert running.aws.clusters.names() == []
    assert len(calls(running, "DeleteCluster")) == (1 if code == "lost" else 3)


def test_what_aws_never_answers_ends(running: Cloud) -> None:
    running.aws.fail("redshift", "DeleteCluster", code="InternalFailure", times=99)
    with pytest.raises(AwsError, match="failed on its own side"):
        take(running, final=True, only="cluster")
    assert len(calls(running, "DeleteCluster")) < 20


def test_a_cluster_that_somebody_else_deletes_meanwhile_is_gone(
    running: Cloud,
) -> None:
    def gone(_: Call) -> None:
        running.aws.clusters.vanish(NAME)

    running.aws.on("redshift", "DeleteCluster", gone)
    assert take(running, final=True, only="cluster") == []


# What is not ours


def test_a_cluster_that_is_not_ours_any_more_is_not_deleted(running: Cloud) -> None:
    """Somebody takes its tags away between the plan and the delete."""
    teardown = planned(running)
    running.aws.clusters.retag(NAME, stack="dev")
    with pytest.raises(ForeignError):
        down.take_down(running.site(), teardown, bar())
    assert wrote(running) == []
    assert running.aws.clusters.names() == [NAME]


def test_a_cluster_that_is_replaced_while_down_waits_is_not_deleted(
    running: Cloud,
) -> None:
    """Ours was deleted by hand, and theirs has the name now."""
    looks = iter(range(100))
    walks(running, Step("modifying", 5), Step("available"))

    def replaced(_: Call) -> None:
        if next(looks) == 4:
            running.aws.clusters.retag(NAME, owner="them")

    running.aws.on("redshift", "DescribeClusters", replaced)
    with pytest.raises(ForeignError):
        take(running, final=True, only="cluster")
    running.aws.calm()
    assert running.aws.clusters.names() == [NAME]


@pytest.mark.parametrize("kind", ["cluster", "role", "schedule"])
def test_what_is_foreign_stops_down_before_it_deletes_anything(
    doomed: Cloud, kind: str
) -> None:
    if kind == "cluster":
        doomed.aws.clusters.retag(NAME, owner="them")
    elif kind == "role":
        doomed.clients.iam.untag_role(
            RoleName="sparkify-dev-copy", TagKeys=["managed-by"]
        )
    else:
        target = {"PauseCluster": {"ClusterIdentifier": "theirs"}}
        doomed.aws.world.scheduled["sparkify-dev-expires"]["TargetAction"] = target
    doomed.aws.calls.clear()
    with pytest.raises(ForeignError):
        doomed.down()
    assert doomed.aws.writes == []


def test_another_stack_stays_as_it_is(doomed: Cloud) -> None:
    doomed.up(stack="other", aws_network="10.43.0.0/16")
    before = {
        kind: [line for line in lines if "sparkify-other" in line]
        for kind, lines in doomed.aws.inventory().items()
    }
    doomed.down(final_snapshot=False, purge=True)
    after = doomed.aws.inventory()
    assert not [line for lines in after.values() for line in lines if NAME in line]
    for kind, lines in before.items():
        assert [each for each in after.get(kind, []) if each in lines] == lines
    assert doomed.aws.clusters.names() == ["sparkify-other"]


# What others use


def test_interfaces_that_linger_are_waited_for(doomed: Cloud) -> None:
    doomed.aws.pace.lingering = 5
    assert doomed.down() == []
    refused = [c for c in calls(doomed, "DeleteSecurityGroup") if c.error]
    assert len(refused) == 5
    assert "vpc" not in left(doomed)


def test_interfaces_that_stay_are_named_in_the_end(doomed: Cloud) -> None:
    doomed.aws.pace.lingering = 10_000
    remaining = doomed.down()
    assert names(remaining)[0] == "firewall"
    assert "vpc" in names(remaining)
    assert "In its way: network interface eni-" in remaining[0].why
    assert "(Redshift's, goes by itself)" in remaining[0].why
    assert doomed.clock.slept > patience.IN_USE / 2
    assert {"role", "cluster", "subnet-group", "parameter-group"} & left(doomed) == (
        set()
    )


@pytest.fixture
def settled_in(doomed: Cloud, request: pytest.FixtureRequest) -> tuple[Cloud, str]:
    """Somebody has put something into the stack's VPC."""
    ec2, inside = doomed.clients.ec2, vpc(doomed)
    kind = request.param
    if kind == "subnet":
        ec2.create_subnet(VpcId=inside, CidrBlock="10.42.240.0/24")
    elif kind in ("security group", "rule"):
        other = ec2.create_security_group(
            GroupName="theirs", Description="theirs", VpcId=inside
        )["GroupId"]
        if kind == "rule":
            groups = doomed.aws.clusters.get(NAME)["VpcSecurityGroups"]
            peer: Any = {"GroupId": groups[0]["VpcSecurityGroupId"]}
            ec2.authorize_security_group_ingress(
                GroupId=other,
                IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [peer]}],
            )
    elif kind == "route table":
        ec2.create_route_table(VpcId=inside)
    else:
        subnets = ec2.describe_subnets(Filters=doomed.site().stack.filters())
        ec2.create_network_interface(SubnetId=subnets["Subnets"][0]["SubnetId"])

    def refused(call: Call) -> None:
        """AWS refuses all that somebody else's things are in."""
        held = {
            "DeleteVpc": True,
            "DeleteSubnet": kind == "network interface"
            and call.params.get("SubnetId") == subnets["Subnets"][0]["SubnetId"],
            "DeleteSecurityGroup": kind == "rule",
        }
        if held.get(call.operation):
            doomed.aws.fail("ec2", call.operation, code="DependencyViolation", times=1)

    doomed.aws.on("ec2", "Delete*", refused)
    return doomed, "security group" if kind == "rule" else kind


STRANGERS = {
    "subnet": ["vpc"],
    "security group": ["vpc"],
    "rule": ["firewall", "vpc"],
    "route table": ["vpc"],
    "network interface": ["subnet", "vpc"],
}


@pytest.mark.parametrize("settled_in", STRANGERS, indirect=True)
def test_what_others_put_into_the_vpc_stays_with_it_and_nobody_waits(
    settled_in: tuple[Cloud, str], request: pytest.FixtureRequest
) -> None:
    cloud, kind = settled_in
    remaining = cloud.down()
    expected = STRANGERS[request.node.callspec.params["settled_in"]]
    assert [each.split()[0] for each in names(remaining)] == expected
    assert f"In its way: {kind} " in remaining[-1].why
    assert "(not ours)" in remaining[-1].why
    assert cloud.clock.slept < 100
    assert left(cloud) & {"cluster", "role", "subnet-group", "endpoint"} == set()
    assert "vpc" in left(cloud)


# Going on


def test_a_killed_down_goes_on(doomed: Cloud) -> None:
    for write in (2, 3, 5, 6):
        doomed.aws.kill_after(write)
        with pytest.raises(Killed):
            doomed.down(final_snapshot=True)
        doomed.aws.calm()
        doomed.clock.sleep(16 * 60)  # until its lock counts as left behind
        if write == 2:
            assert planned(doomed).is_ending
    assert doomed.down(final_snapshot=True) == []
    assert left(doomed) == {"log-group", "snapshot", "redshift-tags"}
    assert len(doomed.aws.world.snapshots) == 1


def test_ctrl_c_gives_the_lock_back(running: Cloud, capsys: Capture) -> None:
    walks(running, Step("modifying"))
    looks = iter(range(100))

    def pressed(_: Call) -> None:
        if next(looks) == 9:
            signal.raise_signal(signal.SIGINT)

    running.aws.on("redshift", "DescribeClusters", pressed)
    with pytest.raises(KeyboardInterrupt):
        running.down()
    running.aws.calm()
    assert running.clients.ssm.describe_parameters()["Parameters"] == []
    assert "run `invoke down` again" in " ".join(capsys.readouterr().out.split())


# Snapshots and logs


def test_purge_takes_snapshots_and_logs_of_this_stack_only(doomed: Cloud) -> None:
    doomed.down(final_snapshot=True)
    doomed.up()
    doomed.up(stack="other", aws_network="10.43.0.0/16")
    doomed.down(final_snapshot=True, stack="other")
    redshift = doomed.clients.redshift
    redshift.create_cluster_snapshot(
        SnapshotIdentifier="by-hand",
        ClusterIdentifier=NAME,
        Tags=[{"Key": "stack", "Value": "mine"}],
    )
    (theirs,) = [each for each in doomed.aws.world.snapshots if "other" in each]
    teardown = planned(doomed, purge=True)
    assert len(teardown.purged) == 1
    doomed.down(final_snapshot=True, purge=True)
    kept = {each for each in doomed.aws.world.snapshots if not FINAL.fullmatch(each)}
    assert kept == {theirs, "by-hand"}
    assert [each for each in doomed.aws.world.snapshots if FINAL.fullmatch(each)] == [
        teardown.snapshot
    ]
    logs = doomed.clients.logs.describe_log_groups()["logGroups"]
    assert {each["logGroupName"].split("/")[-2] for each in logs} == {"sparkify-other"}


def test_a_snapshot_that_is_not_ours_any_more_is_not_purged(running: Cloud) -> None:
    redshift = running.clients.redshift
    for name in ("first", "second"):
        redshift.create_cluster_snapshot(
            SnapshotIdentifier=name, ClusterIdentifier=NAME
        )
    running.aws.world.snapshot_polls.update(first=-1, second=-1)
    here = running.site()
    teardown = down.Teardown([], purged=["first", "second", "gone"])
    world = running.aws.world
    world.tags[world.snapshots["second"]["SnapshotArn"]] = {"stack": "dev"}
    down.take_down(here, teardown, bar())
    assert {"first", "second"} & set(world.snapshots) == {"second"}


def test_a_snapshot_that_aws_keeps_is_told(running: Cloud, capsys: Capture) -> None:
    redshift = running.clients.redshift
    redshift.create_cluster_snapshot(SnapshotIdentifier="first", ClusterIdentifier=NAME)
    running.aws.fail(
        "redshift",
        "DeleteClusterSnapshot",
        code="InvalidClusterSnapshotState",
        message="because it is used by cluster deleted-1",
    )
    down.take_down(running.site(), down.Teardown([], purged=["first"]), bar())
    out = " ".join(capsys.readouterr().out.split())
    assert "the snapshot first stays: " in out
    assert "try again tomorrow" in out


def test_earlier_snapshots_stay_and_are_listed(running: Cloud) -> None:
    running.clients.redshift.create_cluster_snapshot(
        SnapshotIdentifier="first", ClusterIdentifier=NAME
    )
    assert ("snapshot", "first", "kept") in planned(running).stay
