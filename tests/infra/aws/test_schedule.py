from datetime import timedelta

import pytest
from cloud import Cloud, bar

from infra.aws import clock as clocks
from infra.aws import engine, upkeep
from infra.errors import AwsError, ConfigurationError, ForeignError

NAME, ACTION = "sparkify-dev", "sparkify-dev-expires"
ROLE = "arn:aws:iam::123456789012:role/sparkify/sparkify-dev-scheduler"


def action(cloud: Cloud) -> dict[str, object]:
    return cloud.aws.world.scheduled[ACTION]


def tag(cloud: Cloud) -> str:
    tags = cloud.aws.world.tags[cloud.aws.world.arn("cluster", NAME)]
    return tags["expires-at"]


def expire_in(cloud: Cloud, **time: float) -> None:
    """Somebody has moved the end of the cluster's time, and nothing else."""
    ends = clocks.stamp(cloud.clock.now() + timedelta(**time))
    cloud.aws.world.tags[cloud.aws.world.arn("cluster", NAME)]["expires-at"] = ends


def test_aws_pauses_the_cluster_when_its_tag_says(running: Cloud) -> None:
    found = action(running)
    assert found["TargetAction"] == {"PauseCluster": {"ClusterIdentifier": NAME}}
    assert found["Schedule"] == f"at({tag(running)})"
    assert found["IamRole"] == ROLE
    assert found["State"] == "ACTIVE"


@pytest.mark.parametrize(
    ("drift", "attribute", "before"),
    [
        ({"State": "DISABLED"}, "enabled", False),
        ({"Schedule": "at(2199-01-01T00:00:00)"}, "at", "at(2199-01-01T00:00:00)"),
        ({"Schedule": "cron(0 3 * * ? *)"}, "at", "cron(0 3 * * ? *)"),
        ({"IamRole": "arn:aws:iam::123456789012:role/x"}, "role", None),
    ],
)
def test_a_schedule_changed_by_hand_is_put_back(
    running: Cloud, drift: dict[str, object], attribute: str, before: object
) -> None:
    was = dict(action(running))
    action(running).update(drift)
    (change,) = running.mend().changes
    assert change.resource.key == "scheduled pause"
    (found,) = change.differences
    assert found.attribute == attribute
    assert found.before == (before if before is not None else drift["IamRole"])
    assert action(running) == was


def test_a_schedule_deleted_by_hand_is_made_again(running: Cloud) -> None:
    was = running.aws.world.scheduled.pop(ACTION)
    (change,) = running.mend().changes
    assert change.verb == engine.CREATE
    assert action(running) == was


def test_the_schedule_follows_the_tag(running: Cloud) -> None:
    expire_in(running, hours=3)
    (change,) = running.mend().changes
    assert [each.attribute for each in change.differences] == ["at"]
    assert action(running)["Schedule"] == f"at({tag(running)})"


def test_the_schedule_of_a_new_cluster_is_planned_to_move(running: Cloud) -> None:
    """The cluster was deleted by hand, its scheduled pause was not."""
    running.aws.clusters.vanish(NAME)
    made, moved = running.mend().changes
    assert (made.verb, made.resource.key) == (engine.CREATE, "cluster")
    assert (moved.verb, moved.resource.key) == (engine.CHANGE, "scheduled pause")
    assert moved.differences[0].after == "when the cluster expires"


@pytest.mark.parametrize(
    "target",
    [
        {"PauseCluster": {"ClusterIdentifier": "another"}},
        {"ResumeCluster": {"ClusterIdentifier": NAME}},
    ],
)
def test_a_foreign_schedule_of_our_name_stops_everything(
    running: Cloud, target: dict[str, object]
) -> None:
    action(running)["TargetAction"] = target
    with pytest.raises(ForeignError, match="does not pause this stack's cluster"):
        running.up()
    with pytest.raises(ForeignError):
        running.down()
    assert running.aws.writes == []
    before = tag(running)
    with pytest.raises(ForeignError):
        upkeep.extend(running.site(), 4, bar())
    assert tag(running) == before


def test_the_new_role_of_the_schedule_is_waited_for(running: Cloud) -> None:
    del running.aws.world.scheduled[ACTION]
    running.aws.world.doubted.clear()
    running.aws.pace.role_refusals = 3
    running.mend()
    asked = [c for c in running.aws.calls if c.operation == "CreateScheduledAction"]
    assert [c.error for c in asked] == ["InvalidParameterValue"] * 3 + [""]


def test_a_lost_answer_makes_no_second_one(running: Cloud) -> None:
    del running.aws.world.scheduled[ACTION]
    running.aws.lose_reply("redshift", "CreateScheduledAction")
    running.mend()
    asked = [c for c in running.aws.calls if c.operation == "CreateScheduledAction"]
    assert len(asked) == 1


# Extending


@pytest.mark.parametrize("hours", [1, 2.5, 720])
def test_extend_moves_the_tag_and_the_schedule(running: Cloud, hours: float) -> None:
    told = upkeep.extend(running.site(), hours, bar())
    ends = clocks.stamp(running.clock.now() + timedelta(hours=hours))
    assert tag(running) == ends
    assert action(running)["Schedule"] == f"at({ends})"
    assert told == f"AWS pauses it at {ends.replace('T', ' ')} UTC"
    assert running.aws.clusters.get(NAME)["ClusterStatus"] == "available"


@pytest.mark.parametrize("hours", [0, 0.99, -4, 721, float("nan"), float("inf")])
def test_silly_hours_are_refused_before_any_call(running: Cloud, hours: float) -> None:
    here = running.site()
    running.aws.calls.clear()
    with pytest.raises(ConfigurationError, match="a number from 1 to 720"):
        upkeep.extend(here, hours, bar())
    assert running.aws.calls == []


@pytest.mark.parametrize("state", ["paused", "pausing"])
def test_there_is_nothing_to_extend_when_it_is_paused(
    running: Cloud, state: str
) -> None:
    running.aws.clusters.put(NAME, state)
    with pytest.raises(AwsError, match=f"is {state}, so.*`invoke resume`"):
        upkeep.extend(running.site(), 4, bar())
    assert running.aws.writes == []


def test_a_schedule_that_aws_refuses_leaves_the_tag_true(running: Cloud) -> None:
    """Somebody else's scheduled action is within an hour of the new end."""
    before, planned = tag(running), action(running)["Schedule"]
    near = clocks.stamp(running.clock.now() + timedelta(hours=4, minutes=30))
    other = dict(action(running), ScheduledActionName="nightly", Schedule=f"at({near})")
    running.aws.world.scheduled["nightly"] = other
    with pytest.raises(ConfigurationError, match="at least one hour"):
        upkeep.extend(running.site(), 4, bar())
    assert (tag(running), action(running)["Schedule"]) == (before, planned)
    upkeep.extend(running.site(), 6, bar())
    assert action(running)["Schedule"] == f"at({tag(running)})"


def test_extend_goes_on_when_the_lifetime_is_over(running: Cloud) -> None:
    expire_in(running, hours=-1)
    upkeep.extend(running.site(), 2, bar())
    assert action(running)["Schedule"] == f"at({tag(running)})"


@pytest.mark.parametrize("seconds", [1, 30, 599])
def test_a_lifetime_nearly_over_is_renewed_before_it_is_scheduled(
    running: Cloud, seconds: int
) -> None:
    """AWS takes no schedule for a moment that has passed by the time it is asked."""
    expire_in(running, seconds=seconds)
    del running.aws.world.scheduled[ACTION]
    running.mend()
    assert tag(running) > clocks.stamp(running.clock.now() + timedelta(hours=7))
    assert action(running)["Schedule"] == f"at({tag(running)})"


def test_what_has_passed_is_no_drift_of_a_paused_cluster(running: Cloud) -> None:
    expire_in(running, hours=-5)
    running.aws.clusters.put(NAME, "paused")
    changes = engine.plan(running.core()).changes
    assert [each.resource.key for each in changes] == ["cluster"]
