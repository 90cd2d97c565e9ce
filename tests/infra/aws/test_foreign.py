"""What somebody else made is not touched, and nothing is written beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from accounts import Account

from infra.errors import AwsError, ForeignError

Ec2 = Any  # a client that the layer does not see; it has no stubs
NAME = "sparkify-dev"
TRUST = '{"Version": "2012-10-17", "Statement": []}'
LOGS = "/aws/redshift/cluster/sparkify-dev/userlog"


def tags(here: Account, **changes: str) -> list[dict[str, str]]:
    stack = here.cloud.site().stack
    return [
        {"Key": key, "Value": value}
        for key, value in (stack.identity | changes).items()
    ]


Maker = Callable[[Account, list[dict[str, str]]], object]


def role(here: Account, given: list[dict[str, str]], which: str = "copy") -> object:
    return here.others.iam.create_role(
        RoleName=f"{NAME}-{which}",
        Path="/sparkify/",
        AssumeRolePolicyDocument=TRUST,
        Tags=given,
    )


def scheduler(here: Account, given: list[dict[str, str]]) -> object:
    return role(here, given, "scheduler")


def subnet_group(here: Account, given: list[dict[str, str]]) -> object:
    ec2 = here.others.ec2
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    return here.cloud.clients.redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName=NAME,
        Description="theirs",
        SubnetIds=[subnet],
        Tags=given,  # type: ignore[arg-type]
    )


def parameter_group(here: Account, given: list[dict[str, str]]) -> object:
    return here.cloud.clients.redshift.create_cluster_parameter_group(
        ParameterGroupName=NAME,
        ParameterGroupFamily="redshift-2.0",
        Description="theirs",
        Tags=given,  # type: ignore[arg-type]
    )


def log_group(here: Account, given: list[dict[str, str]]) -> object:
    plain = {each["Key"]: each["Value"] for each in given}
    return here.others.logs.create_log_group(
        logGroupName=LOGS, **({"tags": plain} if plain else {})
    )


MAKERS = [role, scheduler, subnet_group, parameter_group, log_group]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "changes",
    [None, {"stack": "prod"}, {"managed-by": "terraform"}],
    ids=["no tags", "another stack", "another tool"],
)
def test_a_name_that_is_taken_stops_everything(
    empty: Account, make: Maker, changes: dict[str, str] | None
) -> None:
    make(empty, [] if changes is None else tags(empty, **changes))
    before = empty.aws.inventory()
    empty.aws.calls.clear()
    for run in (empty.cloud.up, empty.down):
        with pytest.raises(ForeignError, match="that this project did not make"):
            run()
    assert empty.aws.writes == []
    assert empty.aws.inventory() == before


@pytest.mark.parametrize("make", MAKERS[:1] + MAKERS[2:])
def test_what_bears_the_tags_of_the_stack_is_taken(empty: Account, make: Maker) -> None:
    make(empty, tags(empty))
    if make is subnet_group:  # its VPC is not the stack's
        with pytest.raises(AwsError, match=r"VPC is vpc-.*lacks the tags"):
            empty.cloud.up()
        return
    empty.up()
    assert not empty.plan().changes


def test_a_role_at_another_path_stops_everything(empty: Account) -> None:
    """The cluster would be given a role that there is not."""
    empty.others.iam.create_role(
        RoleName=f"{NAME}-copy", AssumeRolePolicyDocument=TRUST, Tags=tags(empty)
    )
    empty.aws.calls.clear()
    with pytest.raises(AwsError, match="role sparkify-dev-copy: path is /, not"):
        empty.cloud.up()
    assert empty.aws.writes == []


def test_a_security_group_of_the_name_in_our_vpc_stops_everything(
    made: Account,
) -> None:
    group = made.ids()["firewall"]
    made.others.ec2.delete_tags(Resources=[group], Tags=[{"Key": "stack"}])
    made.aws.calls.clear()
    for run in (made.cloud.up, made.down):
        with pytest.raises(ForeignError, match=f"{group}.*without the stack's tags"):
            run()
    assert made.aws.writes == []


def test_a_network_that_lost_its_tags_is_not_made_a_second_time(made: Account) -> None:
    vpc = made.ids()["vpc"]
    made.others.ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "managed-by"}])
    made.aws.calls.clear()
    with pytest.raises(AwsError, match="Put the tags back"):
        made.cloud.up()
    assert made.aws.writes == []


@pytest.mark.parametrize("key", ["vpc", "subnet a", "gateway", "routes", "firewall"])
def test_a_name_tag_that_somebody_changed_makes_no_difference(
    made: Account, key: str
) -> None:
    renamed = [{"Key": "Name", "Value": "Network of the warehouse"}]
    made.others.ec2.create_tags(Resources=[made.ids()[key]], Tags=renamed)
    assert not made.plan().changes
    assert made.down() == []
    assert made.aws.inventory() == {}


def second_vpc(ec2: Ec2, _vpc: str) -> str:
    return str(ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"])


def second_gateway(ec2: Ec2, _vpc: str) -> str:
    found = ec2.create_internet_gateway()["InternetGateway"]
    return str(found["InternetGatewayId"])


def second_table(ec2: Ec2, vpc: str) -> str:
    return str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])


def second_group(ec2: Ec2, vpc: str) -> str:
    found = ec2.create_security_group(VpcId=vpc, GroupName="two", Description="d")
    return str(found["GroupId"])


@pytest.mark.parametrize("name", ["", NAME], ids=["no name", "named"])
@pytest.mark.parametrize(
    ("key", "second"),
    [
        ("vpc", second_vpc),
        ("gateway", second_gateway),
        ("routes", second_table),
        ("firewall", second_group),
    ],
)
def test_two_of_a_kind_with_our_tags_stop_everything(
    made: Account, key: str, second: Callable[[Any, str], str], name: str
) -> None:
    ids = made.ids()
    ec2 = made.others.ec2
    other = second(ec2, ids["vpc"])
    given = [*tags(made), *([{"Key": "Name", "Value": name}] if name else [])]
    ec2.create_tags(Resources=[other], Tags=given)
    both = ", ".join(sorted([ids[key], other]))
    made.aws.calls.clear()
    for run in (made.cloud.up, made.down):
        with pytest.raises(AwsError, match=f"There are 2 of .*{both}.*nothing was"):
            run()
    assert made.aws.writes == []


def test_what_belongs_to_others_survives_up_and_down(empty: Account) -> None:
    ec2, iam = empty.others.ec2, empty.others.iam
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    other = [{"Key": "Name", "Value": NAME}]
    ec2.create_tags(Resources=[vpc], Tags=other)
    gateway = second_gateway(ec2, vpc)
    ec2.create_tags(Resources=[gateway], Tags=tags(empty, stack="prod"))
    iam.create_role(RoleName=f"{NAME}-other", AssumeRolePolicyDocument=TRUST)
    before = empty.aws.inventory()
    empty.up()
    assert empty.down() == []
    assert empty.aws.inventory() == before
