import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cloud import Cloud, bar
from honest import Call

from infra.aws import clock as clocks
from infra.aws import upkeep
from infra.errors import AwsError, ConfigurationError, StillWorking
from infra.rehearsal.aws.walk import Step

NAME, ACTION = "sparkify-dev", "sparkify-dev-expires"


def wrote(cloud: Cloud) -> list[str]:
    """The writes but those of the lock."""
    return [each.operation for each in cloud.aws.writes if each.service != "ssm"]


def state(cloud: Cloud) -> str:
    return str(cloud.aws.clusters.get(NAME)["ClusterStatus"])


def ends(cloud: Cloud) -> str:
    tags = cloud.aws.world.tags[cloud.aws.world.arn("cluster", NAME)]
    assert cloud.aws.world.scheduled[ACTION]["Schedule"] == f"at({tags['expires-at']})"
    return tags["expires-at"]


def walks(cloud: Cloud, *steps: Step) -> None:
    cloud.aws.world.clusters[NAME].walk(*steps)


# Pausing


def test_pause_stops_the_cluster(running: Cloud) -> None:
    assert "only its storage" in upkeep.pause(running.site(), bar())
    assert state(running) == "paused"
    assert wrote(running) == ["PauseCluster"]


def test_pause_of_a_paused_cluster_writes_nothing(running: Cloud) -> None:
    walks(running, Step("paused"))
    assert upkeep.pause(running.site(), bar()) == "it is paused already"
    assert running.aws.writes == []


def test_pause_waits_for_one_that_has_begun(running: Cloud) -> None:
    walks(running, Step("pausing", 4), Step("paused"))
    upkeep.pause(running.site(), bar())
    assert wrote(running) == []
    assert state(running) == "paused"


@pytest.mark.parametrize("busy", ["modifying", "resuming", "rebooting", "creating"])
def test_pause_waits_for_what_aws_does(running: Cloud, busy: str) -> None:
    walks(running, Step(busy, 4), Step("available", 2, "Modifying"), Step("available"))
    upkeep.pause(running.site(), bar())
    assert wrote(running) == ["PauseCluster"]
    assert state(running) == "paused"


def test_pause_that_aws_begins_meanwhile_is_waited_for(running: Cloud) -> None:
    """Its time was over at the same moment."""

    def meanwhile(_: Call) -> None:
        walks(running, Step("pausing", 3), Step("paused"))

    running.aws.on("redshift", "PauseCluster", meanwhile, times=1)
    upkeep.pause(running.site(), bar())
    (refused,) = [c for c in running.aws.calls if c.operation == "PauseCluster"]
    assert refused.error == "InvalidClusterState"


@pytest.mark.parametrize(
    "text",
    [
        "You can't pause cluster sparkify-dev because no recent backups were found. "
        "Create a manual snapshot or wait for an automated snapshot, then retry.",
        "The cluster has no snapshot.",
    ],
)
def test_pause_without_a_snapshot_is_a_sentence(running: Cloud, text: str) -> None:
    running.aws.fail(
        "redshift", "PauseCluster", code="InvalidClusterState", message=text, times=99
    )
    with pytest.raises(AwsError, match="no recent snapshot to come back from"):
        upkeep.pause(running.site(), bar())
    assert running.clock.slept == 0
    assert len([c for c in running.aws.calls if c.operation == "PauseCluster"]) == 1


def test_pause_waits_for_a_snapshot_that_is_being_taken(running: Cloud) -> None:
    running.aws.fail(
        "redshift",
        "PauseCluster",
        code="InvalidClusterState",
        message="There is a snapshot of cluster sparkify-backup in progress.",
        times=3,
    )
    upkeep.pause(running.site(), bar())
    assert state(running) == "paused"


def test_a_lost_answer_is_no_error(running: Cloud) -> None:
    running.aws.lose_reply("redshift", "PauseCluster")
    upkeep.pause(running.site(), bar())
    assert state(running) == "paused"


def test_pause_that_takes_too_long_says_that_aws_goes_on(running: Cloud) -> None:
    running.aws.clusters.speed(pausing=1000)
    with pytest.raises(StillWorking, match="still pausing after 45 min"):
        upkeep.pause(running.site(), bar())


def test_a_cluster_that_goes_meanwhile_was_not_paused(running: Cloud) -> None:
    def gone(_: Call) -> None:
        running.aws.clusters.vanish(NAME)

    running.aws.on("redshift", "PauseCluster", gone, after=True)
    with pytest.raises(AwsError, match="There is no cluster"):
        upkeep.pause(running.site(), bar())


# Resuming


def test_resume_renews_the_lifetime_and_the_schedule(running: Cloud) -> None:
    before = ends(running)
    walks(running, Step("paused"))
    running.clock.sleep(50 * 3600)
    running.aws.clusters.speed(resuming=20)
    started = running.clock.now()
    told = upkeep.resume(running.site(), bar())
    assert state(running) == "available"
    assert wrote(running) == ["ResumeCluster", "ModifyScheduledAction", "CreateTags"]
    assert ends(running) > before
    assert ends(running) > clocks.stamp(started + timedelta(hours=8, minutes=5))
    assert told == "runs, at $0.385/h; AWS pauses it in 8 h"


def test_resume_of_a_running_cluster_writes_nothing(running: Cloud) -> None:
    assert upkeep.resume(running.site(), bar()) == "it runs already"
    assert running.aws.writes == []


def test_resume_of_one_whose_time_is_over_renews_it(running: Cloud) -> None:
    running.clock.sleep(9 * 3600)
    upkeep.resume(running.site(), bar())
    assert wrote(running) == ["ModifyScheduledAction", "CreateTags"]
    assert ends(running) == clocks.stamp(running.clock.now() + timedelta(hours=8))


def test_resume_waits_for_one_that_has_begun(running: Cloud) -> None:
    walks(running, Step("resuming", 4), Step("available"))
    upkeep.resume(running.site(), bar())
    assert "ResumeCluster" not in wrote(running)


def test_resume_waits_until_it_is_paused(running: Cloud) -> None:
    walks(running, Step("pausing", 4), Step("paused"))
    upkeep.resume(running.site(), bar())
    assert wrote(running)[0] == "ResumeCluster"
    assert state(running) == "available"


def test_resume_says_that_the_price_is_unknown(running: Cloud) -> None:
    walks(running, Step("paused"))
    running.aws.catalogue.prices = []
    running.aws.clusters.drift(NAME, NodeType="ra3.16xlarge")
    assert "at an unknown price" in upkeep.resume(running.site(), bar())


# None, failed, being deleted

Task = Callable[[Cloud], str]
TASKS: dict[str, Task] = {
    "pause": lambda cloud: upkeep.pause(cloud.site(), bar()),
    "resume": lambda cloud: upkeep.resume(cloud.site(), bar()),
    "extend": lambda cloud: upkeep.extend(cloud.site(), 4, bar()),
}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("", "There is no cluster sparkify-dev .*Run `invoke up --target redshift`"),
        ("deleting", "is being deleted"),
        ("final-snapshot", "is being deleted"),
        ("storage-full", "state storage-full"),
        ("hardware-failure", "state hardware-failure"),
    ],
)
def test_a_cluster_of_no_use_is_told_at_once(
    running: Cloud, task: str, word: str, says: str
) -> None:
    if word:
        running.aws.clusters.put(NAME, word)
    else:
        running.aws.clusters.vanish(NAME)
    with pytest.raises(AwsError, match=says):
        TASKS[task](running)
    assert running.aws.writes == []
    assert running.clock.slept == 0


@pytest.mark.parametrize("task", ["pause", "resume"])
def test_ctrl_c_gives_the_lock_back(
    running: Cloud, task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    walks(running, Step("modifying", 100), Step("available"))

    looks = iter(range(100))

    def pressed(_: Call) -> None:
        if next(looks) == 5:
            signal.raise_signal(signal.SIGINT)

    running.aws.on("redshift", "DescribeClusters", pressed)
    with pytest.raises(KeyboardInterrupt):
        TASKS[task](running)
    running.aws.calm()
    assert running.clients.ssm.describe_parameters()["Parameters"] == []
    assert f"`invoke {task}` goes on" in " ".join(capsys.readouterr().out.split())


# Another address


def rules(cloud: Cloud) -> list[str]:
    filters = [{"Name": "group-name", "Values": [NAME]}]
    groups: list[object] = [
        peer["CidrIp"]
        for group in cloud.clients.ec2.describe_security_groups(
            Filters=filters  # type: ignore[arg-type]
        )["SecurityGroups"]
        for permission in group["IpPermissions"]
        for peer in permission["IpRanges"]
    ]
    return [str(each) for each in groups]


def allow(cloud: Cloud, cidr: str, **changes: object) -> str:
    return upkeep.allow_me(cloud.site(**changes), cidr, bar())


def test_allow_me_replaces_and_does_not_add(doomed: Cloud) -> None:
    told = allow(doomed, "203.0.113.7")
    assert rules(doomed) == ["203.0.113.7/32"]
    assert told == "203.0.113.7/32 may come in; before: 81.2.69.142/32 tcp 5439"
    assert wrote(doomed) == [
        "RevokeSecurityGroupIngress",
        "AuthorizeSecurityGroupIngress",
    ]
    locks = [each.operation for each in doomed.aws.writes if each.service == "ssm"]
    assert locks == ["PutParameter", "DeleteParameter"]


def test_the_same_address_writes_nothing(running: Cloud) -> None:
    assert allow(running, "") == "81.2.69.142/32 may come in already"
    assert running.aws.writes == []


def test_a_hole_that_somebody_made_is_closed(doomed: Cloud) -> None:
    filters = [{"Name": "group-name", "Values": [NAME]}]
    groups = doomed.clients.ec2.describe_security_groups(
        Filters=filters  # type: ignore[arg-type]
    )
    doomed.clients.ec2.authorize_security_group_ingress(
        GroupId=groups["SecurityGroups"][0]["GroupId"],
        IpProtocol="tcp",
        FromPort=5439,
        ToPort=5439,
        CidrIp="0.0.0.0/0",
    )
    assert "0.0.0.0/0 tcp 5439" in allow(doomed, "")
    assert rules(doomed) == ["81.2.69.142/32"]


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "10.0.0.1", "8.0.0.0/8", "x"])
def test_an_address_that_nobody_should_let_in(running: Cloud, cidr: str) -> None:
    with pytest.raises(ConfigurationError):
        allow(running, cidr)
    assert running.aws.writes == []


def test_allow_me_without_a_stack_is_a_sentence(account: Cloud) -> None:
    with pytest.raises(AwsError, match=r"no security group .* Run `invoke up"):
        allow(account, "")
    assert account.aws.writes == []


def test_allow_me_in_a_private_network_lets_the_network_in(account: Cloud) -> None:
    private: dict[str, Any] = {"aws_access": "private", "aws_cidr": ""}
    account.up(**private)
    assert rules(account) == ["10.42.0.0/16"]
    account.aws.calls.clear()
    assert allow(account, "", **private) == "10.42.0.0/16 may come in already"
    assert account.aws.writes == []
    allow(account, "192.168.7.0/24", **private)
    assert rules(account) == ["192.168.7.0/24"]


def test_allow_me_needs_nobody_elses_lock(running: Cloud) -> None:
    from infra.aws import lock  # noqa: PLC0415 - only here

    here = running.site()
    with (
        lock.holding(running.clients.ssm, here.stack, "up", running.clock),
        pytest.raises(AwsError, match=r"`invoke up` .* is at work"),
    ):
        upkeep.allow_me(here, "203.0.113.7", bar())
    assert wrote(running) == []
    assert rules(running) == ["81.2.69.142/32"]
