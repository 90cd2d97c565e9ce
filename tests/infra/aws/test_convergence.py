"""`up` ends at the same place, once, whatever AWS does on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from accounts import Account
from honest import Call

from infra.aws.network import Endpoint
from infra.aws.site import NONE, resources
from infra.errors import AwsDenied, AwsError, CredentialsError
from infra.rehearsal.aws.world import PUBLISHED

CREATES = [
    "s3.CreateBucket",
    *("iam.CreateRole", "ec2.CreateVpc", "ec2.CreateSubnet"),
    *("ec2.CreateInternetGateway", "ec2.CreateRouteTable", "ec2.CreateVpcEndpoint"),
    *("ec2.CreateSecurityGroup", "redshift.CreateClusterSubnetGroup"),
    *("redshift.CreateClusterParameterGroup", "logs.CreateLogGroup"),
    *("redshift.CreateCluster", "redshift.CreateScheduledAction"),
]
LATE = [
    *("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups"),
    *("DescribeRouteTables", "DescribeInternetGateways", "DescribeVpcEndpoints"),
]


def test_a_second_up_writes_nothing(empty: Account) -> None:
    empty.cloud.up()
    assert empty.seen() == empty.inventory
    assert not empty.inventory.duplicates()
    empty.aws.calls.clear()
    assert not empty.cloud.up().plan.changes
    assert empty.aws.writes == []
    empty.up()  # even where somebody has it applied
    assert empty.writes == []


def test_a_plan_of_an_empty_account_is_all_to_make_and_writes_nothing(
    empty: Account,
) -> None:
    planned = empty.plan()
    assert {each.verb for each in planned.actions} == {"create"}
    assert len(planned.actions) == empty.cloud.parts
    assert empty.aws.writes == []


def test_down_takes_all_and_a_second_one_finds_nothing(made: Account) -> None:
    assert made.down() == []
    assert made.aws.inventory() == {}
    made.aws.calls.clear()
    assert made.down() == []
    assert made.writes == []


def test_up_right_after_down_takes_nothing_for_alive_that_is_not(
    made: Account,
) -> None:
    """EC2 shows deleted endpoints for a while."""
    made.down()
    shown = made.others.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert [each["State"] for each in shown] == ["deleted"]
    made.cloud.up()
    assert made.seen() == made.inventory


@pytest.mark.parametrize("state", ["Deleting", "deleted", "Failed"])
def test_states_of_the_dead_are_known_however_they_are_written(
    made: Account, state: str
) -> None:
    found = next(
        each
        for each in resources(made.cloud.site(), NONE)
        if isinstance(each, Endpoint)
    )
    assert found._one([{"State": state, "VpcEndpointId": "vpce-1"}], "x") is None


@pytest.mark.parametrize("name", CREATES)
def test_a_lost_answer_makes_nothing_twice(empty: Account, name: str) -> None:
    service, operation = name.split(".")
    empty.aws.lose_reply(service, operation)
    empty.up()
    assert empty.seen() == empty.inventory


def test_no_answer_at_all_to_any_write_makes_nothing_twice(empty: Account) -> None:
    empty.aws.lose_reply("*", "[!DGLH]*", times=1000)
    while True:
        try:
            empty.up()
        except AwsError:
            continue
        break
    empty.aws.calm()
    assert empty.seen() == empty.inventory
    empty.aws.lose_reply("*", "De[!s]*", times=1000)
    empty.aws.lose_reply("*", "Di[!s]*", times=1000)
    assert empty.down() == []
    assert empty.aws.inventory().get("vpc") is None


def test_every_create_is_among_those_that_lose_their_answer(empty: Account) -> None:
    empty.up()
    creates = {each for each in empty.writes if ".Create" in each}
    assert creates - {"ec2.CreateRoute"} == set(CREATES)


@pytest.mark.parametrize("operation", LATE)
def test_what_is_seen_late_is_made_once(empty: Account, operation: str) -> None:
    empty.aws.delay("ec2", operation, reads=3)
    empty.up()
    assert empty.seen() == empty.inventory


def test_what_aws_does_not_know_everywhere_yet_is_asked_for_again(
    empty: Account,
) -> None:
    empty.aws.fail("ec2", "CreateSubnet", code="InvalidVpcID.NotFound", times=2)
    empty.aws.fail("ec2", "CreateRoute", code="InvalidGatewayID.NotFound", times=2)
    empty.aws.fail("iam", "PutRolePolicy", code="NoSuchEntity", times=2)
    empty.up()
    assert empty.seen() == empty.inventory


def test_a_busy_aws_is_asked_again(empty: Account) -> None:
    empty.aws.throttle("ec2", "*", code="RequestLimitExceeded", times=5)
    empty.aws.throttle("iam", "CreateRole", times=4)
    empty.aws.throttle("redshift", "*", times=8)
    empty.up()
    assert empty.seen() == empty.inventory
    empty.aws.fail(
        "redshift",
        "ModifyClusterParameterGroup",
        code="InvalidClusterParameterGroupState",
        times=3,
    )
    empty.aws.clusters.drift_parameter("sparkify-dev", "require_ssl", "false")
    empty.up()
    assert empty.planned() == {}


def nth_write(here: Account, skipped: int, act: Callable[[Call], None]) -> None:
    """Does something right before the write after so many others; not to the lock's."""
    left = [skipped]

    def callback(call: Call) -> None:
        if call.is_write and call.service != "ssm":
            left[0] -= 1
            if left[0] == -1:
                act(call)

    here.aws.on("*", "*", callback)


def failure(run: Callable[[], object]) -> str | None:
    try:
        run()
    except AwsDenied as error:
        return str(error)
    return None


def test_a_denied_write_names_its_action_and_the_next_run_goes_on(
    empty: Account,
) -> None:
    """Each run may do one write more than the one before it."""
    denied: list[str] = []

    def deny(call: Call) -> None:
        denied.append(call.action)
        empty.aws.deny(call.service, call.operation, times=1)

    for run in range(100):
        nth_write(empty, 1 if run else 0, deny)
        so_far = len(empty.writes)
        told = failure(empty.up)
        if told is None:
            break
        assert f"{denied[-1]} is denied to arn:" in told
        assert f"of {empty.cloud.parts} parts are as they should be and stay" in told
        assert len(empty.writes) == so_far + (2 if run else 1)
        empty.aws.calm()
    assert len(denied) > 30
    empty.aws.calm()
    assert empty.seen() == empty.inventory


@pytest.mark.parametrize("skipped", [0, 7, 20, 32])
def test_credentials_that_expire_on_the_way_say_how_far_it_came(
    empty: Account, skipped: int
) -> None:
    nth_write(empty, skipped, lambda _: empty.aws.expire_after(0))
    so_far = rf"expired.*\d+ of {empty.cloud.parts} parts are as they should be"
    with pytest.raises(CredentialsError, match=so_far):
        empty.up()
    empty.aws.renew()
    empty.aws.calm()
    empty.others.ssm.delete_parameter(Name="/sparkify/dev/lock")  # as `unlock` does
    empty.up()
    assert empty.seen() == empty.inventory


def test_what_may_not_be_read_is_no_reason_to_make_it(made: Account) -> None:
    empty_plan = made.plan()
    reads = {
        (call.service, call.operation, call.action)
        for call in made.aws.calls
        if not call.is_write
        and call.service in {"ec2", "iam", "logs", "redshift", "s3"}
        and call.params.get("Bucket") != PUBLISHED  # it is somebody else's
    }
    assert not empty_plan.changes
    assert len(reads) > 15
    for service, operation, action in sorted(reads):
        made.aws.calm()
        made.aws.calls.clear()
        made.aws.deny(service, operation)
        with pytest.raises(AwsDenied, match=action.partition(":")[2]):
            made.cloud.up()
        assert made.writes == [], operation
