"""What somebody changed is planned exactly, and mended with no other write."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from accounts import Account
from cloud import ME

from infra.errors import AwsError

NAME = "sparkify-dev"
Ids = dict[str, str]
Json = Any  # what operations are given
OPEN = {"IpProtocol": "tcp", "FromPort": 5439, "ToPort": 5439}
READ_ONLY = "AmazonS3ReadOnlyAccess"
ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
}
ALL_OF_S3 = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    ],
}


class Drift(NamedTuple):
    """What somebody does, what `up` plans then, and what it writes."""

    does: Callable[[Account, Ids], object]
    key: str
    attribute: str
    before: str  # a part of it; of what it should be, the rest of it is
    writes: list[str]


def ec2(operation: str, **given: Json) -> Callable[[Account, Ids], object]:
    """An operation of EC2; `{vpc}` in what it is given is the id of the VPC."""

    def does(here: Account, ids: Ids) -> object:
        return getattr(here.others.ec2, operation)(**filled(given, ids))

    return does


def filled(value: Json, ids: Ids) -> Json:
    if isinstance(value, dict):
        return {key: filled(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    return value.format_map(ids) if isinstance(value, str) else value


def iam(
    operation: str, which: str = "copy", **given: Json
) -> Callable[[Account, Ids], object]:
    def does(here: Account, _: Ids) -> object:
        return getattr(here.others.iam, operation)(RoleName=f"{NAME}-{which}", **given)

    return does


def attached(here: Account, ids: Ids) -> None:
    policy = here.others.iam.create_policy(  # moto has none of AWS's own
        PolicyName=READ_ONLY, PolicyDocument=json.dumps(ALL_OF_S3)
    )
    iam("attach_role_policy", PolicyArn=policy["Policy"]["Arn"])(here, ids)


def rule(direction: str, **peers: Json) -> Callable[[Account, Ids], object]:
    return ec2(
        f"authorize_security_group_{direction}",
        GroupId="{firewall}",
        IpPermissions=[OPEN | peers],
    )


def other_group(here: Account, ids: Ids) -> None:
    found = here.others.ec2.create_security_group(
        VpcId=ids["vpc"], GroupName="theirs", Description="d"
    )
    rule("ingress", UserIdGroupPairs=[{"GroupId": found["GroupId"]}])(here, ids)


def other_table(here: Account, ids: Ids) -> None:
    """A subnet is led to another route table."""
    table = here.others.ec2.create_route_table(VpcId=ids["vpc"])["RouteTable"]
    given = [{"Name": "route-table-id", "Values": [ids["routes"]]}]
    found = here.others.ec2.describe_route_tables(Filters=given)["RouteTables"][0]
    for each in found["Associations"]:
        if each.get("SubnetId") == ids["subnet b"]:
            here.others.ec2.replace_route_table_association(
                AssociationId=each["RouteTableAssociationId"],
                RouteTableId=table["RouteTableId"],
            )


def untied(here: Account, ids: Ids) -> None:
    given = [{"Name": "route-table-id", "Values": [ids["routes"]]}]
    found = here.others.ec2.describe_route_tables(Filters=given)["RouteTables"][0]
    for each in found["Associations"]:
        if each.get("SubnetId") == ids["subnet b"]:
            here.others.ec2.disassociate_route_table(
                AssociationId=each["RouteTableAssociationId"]
            )


def more_tables(here: Account, ids: Ids) -> None:
    table = here.others.ec2.create_route_table(VpcId=ids["vpc"])["RouteTable"]
    here.others.ec2.modify_vpc_endpoint(
        VpcEndpointId=ids["endpoint"], AddRouteTableIds=[table["RouteTableId"]]
    )


def fewer_subnets(here: Account, ids: Ids) -> None:
    zone = here.aws.clusters.get(NAME)["AvailabilityZone"]
    found = here.others.ec2.describe_subnets(
        SubnetIds=[ids[f"subnet {x}"] for x in "abc"]
    )
    kept = [
        each["SubnetId"]
        for each in found["Subnets"]
        if each["AvailabilityZone"] == zone
    ]
    here.aws.world.subnet_groups[NAME]["Subnets"] = kept


def parameter(name: str, value: str) -> Callable[[Account, Ids], object]:
    return lambda here, _: here.aws.clusters.drift_parameter(NAME, name, value)


def log(operation: str, **given: Json) -> Callable[[Account, Ids], object]:
    name = f"/aws/redshift/cluster/{NAME}/userlog"
    return lambda here, _: getattr(here.others.logs, operation)(
        logGroupName=name, **given
    )


def s3(operation: str, **given: Json) -> Callable[[Account, Ids], object]:
    return lambda here, _: getattr(here.others.s3, operation)(
        Bucket=here.cloud.site().stack.stage_bucket, **given
    )


IN, OUT = "may come in", "may go out"
NO_INGRESS = ["ec2.RevokeSecurityGroupIngress"]
NO_EGRESS = ["ec2.RevokeSecurityGroupEgress"]
TIES = ["ec2.AssociateRouteTable"]
DRIFTS = {
    "open to everybody": Drift(
        rule("ingress", IpRanges=[{"CidrIp": "0.0.0.0/0"}]),
        *("firewall", IN, "0.0.0.0/0 tcp 5439", NO_INGRESS),
    ),
    "open to everybody by IPv6": Drift(
        rule("ingress", Ipv6Ranges=[{"CidrIpv6": "::/0"}]),
        *("firewall", IN, "::/0 tcp 5439", NO_INGRESS),
    ),
    "open on all ports": Drift(
        rule("ingress", FromPort=0, ToPort=65535, IpRanges=[{"CidrIp": ME}]),
        *("firewall", IN, f"{ME} tcp 0-65535", NO_INGRESS),
    ),
    "open to another group": Drift(other_group, "firewall", IN, "sg-", NO_INGRESS),
    "closed": Drift(
        ec2(
            "revoke_security_group_ingress",
            GroupId="{firewall}",
            IpPermissions=[OPEN | {"IpRanges": [{"CidrIp": ME}]}],
        ),
        *("firewall", IN, "()", ["ec2.AuthorizeSecurityGroupIngress"]),
    ),
    "a way out": Drift(
        rule("egress", IpRanges=[{"CidrIp": "0.0.0.0/0"}]),
        *("firewall", OUT, "0.0.0.0/0 tcp 5439", NO_EGRESS),
    ),
    "a way out for everything": Drift(
        rule("egress", IpProtocol="-1", IpRanges=[{"CidrIp": "0.0.0.0/0"}]),
        *("firewall", OUT, "0.0.0.0/0 everything", NO_EGRESS),
    ),
    "a route": Drift(
        ec2(
            "create_route",
            RouteTableId="{routes}",
            DestinationCidrBlock="192.0.2.0/24",
            GatewayId="{gateway}",
        ),
        *("routes", "routes", "192.0.2.0/24 to igw-", ["ec2.DeleteRoute"]),
    ),
    "a route by IPv6": Drift(
        ec2(
            "create_route",
            RouteTableId="{routes}",
            DestinationIpv6CidrBlock="::/0",
            GatewayId="{gateway}",
        ),
        *("routes", "routes", "::/0 to igw-", ["ec2.DeleteRoute"]),
    ),
    "no route": Drift(
        ec2("delete_route", RouteTableId="{routes}", DestinationCidrBlock="0.0.0.0/0"),
        *("routes", "routes", "()", ["ec2.CreateRoute"]),
    ),
    "a subnet led away": Drift(
        other_table,
        *("routes", "subnets", "subnet-", ["ec2.DisassociateRouteTable", *TIES]),
    ),
    "a subnet led nowhere": Drift(untied, "routes", "subnets", "subnet-", TIES),
    "the gateway off": Drift(
        ec2("detach_internet_gateway", InternetGatewayId="{gateway}", VpcId="{vpc}"),
        *("gateway", "attached to", "", ["ec2.AttachInternetGateway"]),
    ),
    "no DNS": Drift(
        ec2("modify_vpc_attribute", VpcId="{vpc}", EnableDnsSupport={"Value": False}),
        *("vpc", "DNS", "False", ["ec2.ModifyVpcAttribute"]),
    ),
    "no names": Drift(
        ec2("modify_vpc_attribute", VpcId="{vpc}", EnableDnsHostnames={"Value": False}),
        *("vpc", "DNS names", "False", ["ec2.ModifyVpcAttribute"]),
    ),
    "public addresses": Drift(
        ec2(
            "modify_subnet_attribute",
            SubnetId="{subnet b}",
            MapPublicIpOnLaunch={"Value": True},
        ),
        *("subnet b", "public addresses", "True", ["ec2.ModifySubnetAttribute"]),
    ),
    "all of S3": Drift(
        ec2(
            "modify_vpc_endpoint",
            VpcEndpointId="{endpoint}",
            PolicyDocument=json.dumps(ALL_OF_S3).replace("{", "{{").replace("}", "}}"),
        ),
        *("endpoint", "policy", "s3:*", ["ec2.ModifyVpcEndpoint"]),
    ),
    "no way to S3": Drift(
        ec2(
            "modify_vpc_endpoint",
            VpcEndpointId="{endpoint}",
            RemoveRouteTableIds=["{routes}"],
        ),
        *("endpoint", "route tables", "()", ["ec2.ModifyVpcEndpoint"]),
    ),
    "S3 for others": Drift(
        more_tables, "endpoint", "route tables", "rtb-", ["ec2.ModifyVpcEndpoint"]
    ),
    "anybody's role": Drift(
        iam("update_assume_role_policy", PolicyDocument=json.dumps(ANYBODY)),
        *("copy", "trust", '"Principal":"*"', ["iam.UpdateAssumeRolePolicy"]),
    ),
    "a policy attached": Drift(
        attached,
        *("copy", "attached policies", READ_ONLY, ["iam.DetachRolePolicy"]),
    ),
    "a policy more": Drift(
        iam("put_role_policy", PolicyName="more", PolicyDocument=json.dumps(ALL_OF_S3)),
        *("copy", "other policies", "more", ["iam.DeleteRolePolicy"]),
    ),
    "the policy widened": Drift(
        iam(
            "put_role_policy",
            "scheduler",
            PolicyName="sparkify",
            PolicyDocument=json.dumps(ALL_OF_S3),
        ),
        *("scheduler", "policy", "s3:*", ["iam.PutRolePolicy"]),
    ),
    "the policy gone": Drift(
        iam("delete_role_policy", PolicyName="sparkify"),
        *("copy", "policy", "none", ["iam.PutRolePolicy"]),
    ),
    "fewer subnets": Drift(
        fewer_subnets,
        *("subnet group", "subnets", "subnet-", ["redshift.ModifyClusterSubnetGroup"]),
    ),
    "TLS not needed": Drift(
        parameter("require_ssl", "false"),
        "parameter group",
        "require_ssl",
        "false",
        ["redshift.ModifyClusterParameterGroup", "redshift.RebootCluster"],
    ),
    "statements not logged": Drift(
        parameter("enable_user_activity_logging", "false"),
        "parameter group",
        "enable_user_activity_logging",
        "false",
        ["redshift.ModifyClusterParameterGroup", "redshift.RebootCluster"],
    ),
    "lines for ever": Drift(
        log("delete_retention_policy"),
        *("userlog", "days kept", "for ever", ["logs.PutRetentionPolicy"]),
    ),
    "a public bucket": Drift(
        s3("delete_public_access_block"),
        *("stage", "public access", "possible", ["s3.PutPublicAccessBlock"]),
    ),
    "a bucket without tags": Drift(
        s3("delete_bucket_tagging"),
        *("stage", "tags", "False", ["s3.PutBucketTagging"]),
    ),
    "objects for ever": Drift(
        s3("delete_bucket_lifecycle"),
        "stage",
        "days kept",
        "for ever",
        ["s3.PutBucketLifecycleConfiguration"],
    ),
    "lines for a day": Drift(
        log("put_retention_policy", retentionInDays=1),
        *("userlog", "days kept", "1", ["logs.PutRetentionPolicy"]),
    ),
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
@pytest.mark.slow
def test_it_is_planned_exactly_and_mended_alone(made: Account, drift: Drift) -> None:
    healthy = made.planned()
    assert healthy == {}
    drift.does(made, made.ids())
    made.aws.calls.clear()
    ((key, differences),) = made.planned().items()
    ((attribute, (before, after)),) = differences.items()
    assert (key, attribute) == (drift.key, drift.attribute)
    assert drift.before in str(before)
    assert before != after
    assert made.writes == []
    made.up()
    assert made.writes == drift.writes
    assert made.planned() == {}


def test_everything_at_once_is_mended(made: Account) -> None:
    ids = made.ids()
    skipped = {"no route", "closed", "the policy gone", "lines for a day", "no DNS"}
    for name, drift in DRIFTS.items():
        if name not in skipped | {"no way to S3", "a subnet led nowhere"}:
            drift.does(made, ids)
    made.cloud.up()
    assert made.planned() == {}
    for name in ("subnet", "role", "log-group", "subnet-group"):
        assert made.seen()[name] == made.inventory[name]


def test_the_network_of_a_stack_cannot_be_changed(made: Account) -> None:
    with pytest.raises(AwsError, match=r"VPC.*range is 10\.42\.0\.0/16, not 10\.9"):
        made.cloud.up(aws_network="10.9.0.0/16")
    assert made.writes == []


def test_access_goes_from_public_to_private_and_back(made: Account) -> None:
    private: dict[str, Any] = {"aws_access": "private"}
    planned = made.planned(**private)
    assert list(planned) == ["gateway", "routes", "cluster"]
    assert planned["cluster"] == {"from the internet": (True, False)}
    made.cloud.up(**private)
    assert made.writes == [
        *("ec2.DeleteRoute", "redshift.ModifyCluster"),
        *("ec2.DetachInternetGateway", "ec2.DeleteInternetGateway"),
    ]
    assert made.planned(**private) == {}
    assert "internet-gateway" not in made.seen()
    assert made.cloud.clock.slept < 600
    made.cloud.up()
    assert made.seen() == made.inventory


def test_who_comes_in_is_replaced_and_not_added(made: Account) -> None:
    other = "198.51.100.7/32"
    made.cloud.up(aws_cidr=other)
    assert made.writes == [
        *NO_INGRESS,
        "ec2.AuthorizeSecurityGroupIngress",
    ]
    found = made.others.ec2.describe_security_groups(GroupIds=[made.ids()["firewall"]])[
        "SecurityGroups"
    ][0]
    (permission,) = found["IpPermissions"]
    assert [each["CidrIp"] for each in permission["IpRanges"]] == [other]
