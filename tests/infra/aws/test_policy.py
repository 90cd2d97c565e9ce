"""The policy that `invoke policy` prints, held against all that the tasks call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import meddling
import pytest
from cloud import Cloud, bar, cloud
from honest import Call

from infra.aws import leftovers, lock, overview, policy, preflight, registration, upkeep
from infra.aws.catalog_tables import ExternalTable
from infra.aws.names import Stack
from infra.landing.s3 import Bucket

STACK = Stack("dev", "123456789012", "us-west-2")
SOURCE = Bucket.parse("s3://udacity-dend")
LONGEST = 6_144  # characters of a managed policy, white space not counted

# What AWS demands beside the action itself, for these parameters of a call
TAGGING = {
    "ec2": "ec2:CreateTags",
    "iam": "iam:TagRole",
    "logs": "logs:TagResource",
    "ssm": "ssm:AddTagsToResource",
    "redshift": "redshift:CreateTags",
    "s3": "s3:TagResource",
    "glue": "glue:TagResource",
}
PASSWORD = {
    f"secretsmanager:{operation}"
    for operation in (
        *("CreateSecret", "DeleteSecret", "DescribeSecret", "GetRandomPassword"),
        *("RotateSecret", "TagResource", "UpdateSecret"),
    )
}
# Not the tasks, but what else whoever runs them does: dbt, the first cluster ever
OTHERS = {
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "iam:CreateServiceLinkedRole",
    *("s3:AbortMultipartUpload", "s3:PutObject"),  # by `load`
}
# AWS offers no resource for these: Service Authorization Reference
ANYWHERE = {
    *("ec2:Describe*", "redshift:Describe*", "logs:DescribeLogGroups"),
    *("logs:ListTagsForResource", "pricing:GetProducts", "sts:GetCallerIdentity"),
    *("servicequotas:GetServiceQuota", "secretsmanager:GetRandomPassword"),
    *("redshift:CreateScheduledAction", "redshift:DeleteScheduledAction"),
    "redshift:ModifyScheduledAction",
}


@pytest.fixture(scope="module")
def calls() -> Iterator[list[Call]]:
    """Every call of every task, in a life that needs each of them."""
    with cloud() as there:
        live(there)
        yield [call for call in there.aws.calls if not call.error]


def live(there: Cloud) -> None:
    there.aws.calls.clear()
    there.up()
    meddling.everything(there)
    there.up()
    there.aws.clusters.drift("sparkify-dev", MasterPasswordSecretArn="")
    there.up()
    there.up(aws_access="private")
    there.up()
    here = there.site()
    s3: Any = there.aws.world.others.s3
    s3.put_object(Bucket=STACK.stage_bucket, Key="run/songs-1.gz", Body=b"")
    detach(there)
    there.up()
    for table in ("old", "new"):
        registration.register(here, [ExternalTable(table, "s3://b/a/", ())], bar())
    changed = ExternalTable("new", "s3://b/b/", ())
    registration.register(here, [changed], bar())
    upkeep.allow_me(here, "81.2.69.160/32", bar())
    upkeep.extend(here, 3, bar())
    upkeep.pause(here, bar())
    upkeep.resume(here, bar())
    there.clock.sleep(9 * 3600)
    there.up()
    preflight.findings(here, "")
    overview.overview(here)
    leftovers.found(here)
    lock.break_open(here.clients.ssm, here.stack)
    for other in ec2_of(there).describe_route_tables()["RouteTables"]:
        if not other["Associations"] and not other["Tags"]:
            ec2_of(there).delete_route_table(RouteTableId=other["RouteTableId"])
    there.down(final_snapshot=True)
    there.down(purge=True)


def ec2_of(there: Cloud) -> Any:  # noqa: ANN401 - a client that nothing records
    return there.aws.world.others.ec2


def detach(there: Cloud) -> None:
    """Somebody takes the gateway off, and makes all things forget their settings."""
    ec2 = ec2_of(there)
    mine = there.site().stack.filters()
    vpc = ec2.describe_vpcs(Filters=mine)["Vpcs"][0]["VpcId"]
    gateway = ec2.describe_internet_gateways(Filters=mine)["InternetGateways"][0]
    ec2.detach_internet_gateway(
        InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc
    )


def needed(call: Call) -> set[str]:
    """The actions that a call needs."""
    found = {call.action}
    given = call.params | call.params.get("CreateBucketConfiguration", {})
    if given.get("Tags") or given.get("tags") or given.get("TagSpecifications"):
        found.add(TAGGING[call.service])
    if given.get("IamRoles") or given.get("AddIamRoles") or given.get("IamRole"):
        found.add("iam:PassRole")
    if given.get("ManageMasterPassword"):
        found |= PASSWORD
    return found


def document(stack: Stack = STACK) -> dict[str, Any]:
    return policy.operator(stack, SOURCE)


def statements(stack: Stack = STACK) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(stack)["Statement"]
    return found


def allowing(action: str) -> list[dict[str, Any]]:
    return [
        each
        for each in statements()
        if any(fnmatchcase(action, pattern) for pattern in each["Action"])
    ]


def test_nothing_that_a_task_calls_is_missing(calls: list[Call]) -> None:
    assert len({call.operation for call in calls}) > 60
    missing = {
        action for call in calls for action in needed(call) if not allowing(action)
    }
    assert not missing


def test_no_write_is_allowed_that_no_task_needs(calls: list[Call]) -> None:
    used = {action for call in calls for action in needed(call)} | OTHERS
    reads = ("Describe", "Get", "List")
    unused = {
        action
        for each in statements()
        for action in each["Action"]
        if not any(fnmatchcase(each, action) for each in used)
        and not action.split(":")[1].startswith(reads)
    }
    assert not unused


def database(given: dict[str, Any]) -> str:
    """The database in Glue that these parameters are about."""
    name = given.get("DatabaseName") or given.get("Name")
    name = name or given.get("DatabaseInput", {}).get("Name")
    return STACK.glue_arn(f"database/{name}") if name else str(given["ResourceArn"])


def arns(call: Call) -> list[str]:
    """What a call of these services is about, where its parameters name it."""
    given = call.params
    redshift = f"arn:aws:redshift:{STACK.region}:{STACK.account}"
    if call.service == "redshift" and call.is_write:
        named = {
            "ClusterIdentifier": "cluster",
            "ClusterSubnetGroupName": "subnetgroup",
            "ParameterGroupName": "parametergroup",
        }
        return [
            f"{redshift}:{kind}:{given[key]}"
            for key, kind in named.items()
            if key in given and "ScheduledAction" not in call.operation
        ][:1]
    if call.service in {"iam", "ssm"}:
        place = f"{STACK.region}:{STACK.account}:parameter"
        return [
            f"arn:aws:iam::{STACK.account}:role/sparkify/{given['RoleName']}"
            if call.service == "iam"
            else f"arn:aws:ssm:{place}{given['Name']}"
        ]
    if call.service == "s3" and given["Bucket"] == STACK.stage_bucket:
        return [
            f"arn:aws:s3:::{given['Bucket']}"
            + ("/run/a.gz" if "Object" in call.operation and call.is_write else "")
        ]
    if call.service == "glue":
        return [database(given)]
    if call.service == "logs" and call.is_write:
        return [
            f"arn:aws:logs:{STACK.region}:{STACK.account}:log-group:"
            f"{given['logGroupName']}"
        ]
    return []


def test_what_is_named_is_allowed_by_its_name(calls: list[Call]) -> None:
    seen = set()
    for call in calls:
        for arn in arns(call):
            seen.add(arn)
            assert any(
                fnmatchcase(arn, pattern)
                for each in allowing(call.action)
                for pattern in each["Resource"]
            ), (call, arn)
    assert len(seen) > 8


def test_what_is_made_is_made_with_the_stacks_tags(calls: list[Call]) -> None:
    creates = {f"ec2:{name}" for name in policy.EC2_CREATES}
    made = [call for call in calls if call.action in creates]
    assert {call.action for call in made} == creates
    for call in made:
        (given,) = call.params["TagSpecifications"]
        tags = {each["Key"]: each["Value"] for each in given["Tags"]}
        assert STACK.owns(tags)
    (tagging,) = allowing("ec2:CreateTags")
    allowed = tagging["Condition"]["StringLike"]["ec2:CreateAction"]
    for call in calls:
        if call.params.get("TagSpecifications"):
            assert any(fnmatchcase(call.operation, each) for each in allowed)


def test_everything_is_allowed_only_where_aws_has_no_resources() -> None:
    wide = {
        action
        for each in statements()
        if each["Resource"] == ["*"] and "Condition" not in each
        for action in each["Action"]
    }
    assert wide == ANYWHERE


@pytest.mark.parametrize("other", ["dev-2", "dev-copy", "dev2", "prod", "de"])
def test_no_other_stack_can_be_touched(other: str) -> None:
    stack = Stack(other, STACK.account, STACK.region)
    foreign = [
        stack.cluster_arn,
        stack.redshift_arn("subnetgroup", stack.full_name),
        stack.redshift_arn("parametergroup", stack.full_name),
        stack.redshift_arn("snapshot", f"{stack.full_name}/final"),
        stack.redshift_arn("dbname", f"{stack.full_name}/sparkify"),
        *(stack.role_arn(stack.named(each)) for each in policy.ROLES),
        f"arn:aws:logs:{stack.region}:{stack.account}:log-group:"
        f"/aws/redshift/cluster/{stack.full_name}/userlog",
        f"arn:aws:ssm:{stack.region}:{stack.account}:parameter/sparkify/{other}/lock",
        *(each for each in stack.catalog_arns if not each.endswith(":catalog")),
        f"arn:aws:s3:::{stack.stage_bucket}",
        f"arn:aws:s3:::{stack.stage_bucket}/run/songs-1.gz",
    ]
    patterns = [
        pattern
        for each in statements()
        if each["Resource"] != ["*"]
        for pattern in each["Resource"]
    ]
    assert [
        arn for arn in foreign if any(fnmatchcase(arn, each) for each in patterns)
    ] == []
    owned = [
        each["Condition"]["StringEquals"]
        for each in statements()
        if each["Sid"].startswith(("Make", "Change"))
    ]
    assert owned
    for condition in owned:
        assert {value for key, value in condition.items() if "/stack" in key} == {
            STACK.name
        }


def test_no_privilege_can_be_gained() -> None:
    actions = {action for each in statements() for action in each["Action"]}
    assert not [each for each in actions if each.endswith(":*") or each == "*"]
    assert not actions & {
        *("iam:AttachRolePolicy", "iam:CreatePolicy", "iam:PutUserPolicy"),
        *("iam:CreateAccessKey", "sts:AssumeRole", "secretsmanager:GetSecretValue"),
    }
    (passing,) = allowing("iam:PassRole")
    assert passing["Condition"]["StringEquals"]["iam:PassedToService"]
    assert all("*" not in each for each in passing["Resource"])


def test_it_fits_into_one_policy() -> None:
    longest = Stack("a" * 24, STACK.account, "ap-southeast-1")
    source = Bucket.parse("s3://" + "b" * 40)
    text = json.dumps(policy.operator(longest, source), separators=(",", ":"))
    assert len(text) <= LONGEST
    assert len({each["Sid"] for each in statements()}) == len(statements())
