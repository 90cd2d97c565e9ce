"""What the setting external_tables lets the cluster do, and what that costs."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from accounts import Account

from infra.aws import cost
from infra.aws.names import Stack

ON: dict[str, Any] = {"external_tables": True}
ANYWHERE = "0.0.0.0/0 tcp 443"


def test_the_setting_adds_a_policy_and_a_way_out_and_takes_both_back(
    made: Account,
) -> None:
    planned = made.planned(**ON)
    assert planned.keys() == {"copy", "firewall"}
    assert planned["copy"].keys() == {"policy"}
    ((attribute, (before, after)),) = planned["firewall"].items()
    assert attribute == "may go out"
    assert isinstance(after, tuple)
    assert isinstance(before, tuple)
    assert set(after) == {*before, ANYWHERE}
    made.cloud.up(**ON)
    assert made.writes == ["iam.PutRolePolicy", "ec2.AuthorizeSecurityGroupEgress"]
    assert made.planned(**ON) == {}
    made.aws.calls.clear()
    made.cloud.up()
    assert made.writes == ["iam.PutRolePolicy", "ec2.RevokeSecurityGroupEgress"]
    assert made.seen() == made.inventory


def test_of_two_ways_out_only_the_missing_one_is_made(made: Account) -> None:
    """With one that is there EC2 would refuse both."""
    made.cloud.up(**ON)
    group = made.ids()["firewall"]
    ec2 = made.others.ec2
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    s3 = [
        {
            key: each[key]
            for key in ("IpProtocol", "FromPort", "ToPort", "PrefixListIds")
        }
        for each in found["IpPermissionsEgress"]
        if each["PrefixListIds"]
    ]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=s3)
    made.aws.calls.clear()
    made.cloud.up(**ON)
    (call,) = [each for each in made.aws.writes if each.service == "ec2"]
    assert call.operation == "AuthorizeSecurityGroupEgress"
    assert "IpRanges" not in json.dumps(call.params)
    assert made.planned(**ON) == {}


def test_the_role_reads_the_stacks_own_database_and_no_other(made: Account) -> None:
    made.cloud.up(**ON)
    role = made.others.iam.get_role_policy(
        RoleName="sparkify-dev-copy", PolicyName="sparkify"
    )
    (statement,) = [
        each
        for each in role["PolicyDocument"]["Statement"]
        if each["Sid"] == "LookUpTables"
    ]
    assert all(each.startswith("glue:Get") for each in statement["Action"])
    other = Stack("dev-2", "123456789012", "us-west-2")
    foreign = [each for each in other.catalog_arns if not each.endswith(":catalog")]
    for arn in (*foreign, "arn:aws:glue:us-west-2:123456789012:database/sparkify_de"):
        assert not any(fnmatchcase(arn, each) for each in statement["Resource"])
    own = other.glue_arn("table/sparkify_dev/staging_events")
    assert any(fnmatchcase(own, each) for each in statement["Resource"])


@pytest.mark.parametrize(
    ("node_type", "words"),
    [
        ("rg.large", "nothing beside the cluster"),
        ("ra3.large", "$5.00 per TB"),
        ("dc9.new", "$5.00 per TB"),
    ],
)
def test_scanning_costs_where_spectrum_does_it(node_type: str, words: str) -> None:
    assert words in cost.scanning(node_type)
