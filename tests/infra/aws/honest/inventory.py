"""All that there is in the account, without ids and times, to compare ends by."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from infra.rehearsal.aws.answers import Params
from infra.rehearsal.aws.appearance import shown
from infra.rehearsal.aws.parameters import describe_parameters
from infra.rehearsal.aws.world import PUBLISHED, World

Json = Any

_ID = re.compile(r"\b((?:[a-z]+-)+)[0-9a-f]{17}\b")  # sg-0123456789abcdef0
_NO_TAGS: frozenset[str] = frozenset()
_VOLATILE = {
    *("RoleId", "CreateDate", "RoleLastUsed", "creationTime", "storedBytes"),
    *("SecurityGroupRuleId", "RouteTableAssociationId", "CreationTimestamp"),
    *(
        "AvailabilityZoneId",
        "Arn",
        "arn",
        "logGroupArn",
        "SubnetArn",
        "LastModifiedDate",
    ),
    *("SecurityGroupArn", "LastModifiedUser", "Version", "NextInvocations"),
    *("PendingModifiedValues", "AvailableIpAddressCount"),
}


class Inventory(dict[str, list[str]]):
    """Kinds of things, and each thing as a line of JSON."""

    def duplicates(self) -> list[str]:
        """The things that there are twice and more, with their kind before them."""
        counted = Counter(
            f"{kind} {line}" for kind, rows in self.items() for line in rows
        )
        return sorted(line for line, count in counted.items() if count > 1)

    def count(self) -> int:
        """How many things there are."""
        return sum(len(rows) for rows in self.values())


def take(world: World, ignored_tags: frozenset[str] = _NO_TAGS) -> Inventory:
    """Everything that is not AWS's own: the default VPC and groups are left out.

    So is the bucket of the published raw files.
    """
    kinds = {
        **_network(world),
        **_identity(world),
        **_redshift(world),
        **_rest(world),
        "bucket": _buckets(world),
    }
    plain = {
        kind: [_plain(row, ignored_tags) for row in rows]
        for kind, rows in kinds.items()
    }
    labels: dict[str, str] = {}
    for kind, rows in plain.items():
        for row, original in zip(rows, kinds[kind], strict=True):
            labels |= _labels(kind, row, original)
    found = Inventory()
    for kind, rows in plain.items():
        lines = [_line(row, labels) for row in rows]
        if lines:
            found[kind] = sorted(lines)
    return found


def _network(world: World) -> dict[str, list[Params]]:
    ec2 = world.others.ec2
    vpcs = [vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    ids = {vpc["VpcId"] for vpc in vpcs}

    def ours(rows: Iterable[Params]) -> list[Params]:
        return [row for row in rows if row["VpcId"] in ids]

    tables = ours(ec2.describe_route_tables()["RouteTables"])
    groups = ours(ec2.describe_security_groups()["SecurityGroups"])
    endpoints = ours(ec2.describe_vpc_endpoints()["VpcEndpoints"])
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    return {
        "vpc": vpcs,
        "subnet": ours(ec2.describe_subnets()["Subnets"]),
        "route-table": [table for table in tables if not _is_main(table)],
        "security-group": [row for row in groups if row["GroupName"] != "default"],
        "endpoint": [e for e in endpoints if e["State"] not in {"deleted", "deleting"}],
        "internet-gateway": [
            gateway
            for gateway in gateways
            if not gateway["Attachments"] or gateway["Attachments"][0]["VpcId"] in ids
        ],
        "address": ec2.describe_addresses()["Addresses"],
    }


def _is_main(table: Params) -> bool:
    return any(link.get("Main") for link in table["Associations"])


def _identity(world: World) -> dict[str, list[Params]]:
    iam = world.others.iam
    roles = [
        role
        for page in iam.get_paginator("list_roles").paginate()
        for role in page["Roles"]
        if not role["Path"].startswith("/aws-service-role/")
    ]
    for role in roles:
        name = role["RoleName"]
        role["Tags"] = iam.list_role_tags(RoleName=name)["Tags"]
        role["Inline"] = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)[
                "PolicyDocument"
            ]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        role["Attached"] = attached
    return {"role": roles}


def _redshift(world: World) -> dict[str, list[Params]]:
    own = [name for name in world.parameter_groups if not name.startswith("default.")]
    kinds: dict[str, list[Params]] = {
        "cluster": [
            shown(world, cluster)
            | {
                "Logging": cluster.logging,
                "ClusterNamespaceArn": "",
                "RestoreStatus": {},
            }
            for cluster in world.clusters.values()
        ],
        "subnet-group": list(world.subnet_groups.values()),
        "parameter-group": [
            world.parameter_groups[name]
            | describe_parameters(world, {"ParameterGroupName": name, "Source": "user"})
            for name in own
        ],
        "snapshot": [
            s for s in world.snapshots.values() if s["SnapshotType"] == "manual"
        ],
        "scheduled-action": list(world.scheduled.values()),
        "usage-limit": list(world.limits.values()),
        "network-interface": [
            found for found in world.interfaces if not found["cluster"]
        ],
        "redshift-tags": [
            {"arn_tags": arn, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
            for arn, tags in world.tags.items()
            if ":snapshot:" not in arn or "/rs:" not in arn
        ],
    }
    return kinds


def _rest(world: World) -> dict[str, list[Params]]:
    return {
        "log-group": world.others.logs.describe_log_groups()["logGroups"],
        "parameter": world.others.ssm.describe_parameters()["Parameters"],
    }


def _buckets(world: World) -> list[Params]:
    s3 = world.others.s3
    names = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    return [_bucket(s3, each) for each in names if each != PUBLISHED]


def _bucket(s3: Json, name: str) -> Params:
    def configured(operation: str, key: str) -> Json:
        try:
            return getattr(s3, operation)(Bucket=name)[key]
        except ClientError:  # never set
            return []

    objects = s3.list_objects_v2(Bucket=name).get("Contents", ())
    private = "get_public_access_block", "PublicAccessBlockConfiguration"
    return {
        "Name": name,
        "Tags": configured("get_bucket_tagging", "TagSet"),
        "Private": configured(*private),
        "Rules": configured("get_bucket_lifecycle_configuration", "Rules"),
        "Objects": [each["Key"] for each in objects],
    }


def _plain(value: Json, ignored: frozenset[str]) -> Json:
    """Without times and what changes each time, and with tags as a dict."""
    if isinstance(value, dict):
        found = {
            key: _plain(inner, ignored)
            for key, inner in value.items()
            if key not in _VOLATILE and not isinstance(inner, datetime)
        }
        if isinstance(value.get("Tags"), list):
            tags = {tag["Key"]: tag["Value"] for tag in value["Tags"]}
            found["Tags"] = {k: v for k, v in tags.items() if k not in ignored}
        return found
    if isinstance(value, list):
        inner = [_plain(item, ignored) for item in value]
        return sorted(inner, key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, str) and value.startswith("%7B"):
        return unquote(value)
    return value


def _labels(kind: str, row: Params, original: Params) -> dict[str, str]:
    """What a thing's id is replaced by in all that name it."""
    keys = {
        "vpc": ("VpcId", "CidrBlock"),
        "subnet": ("SubnetId", "CidrBlock"),
        "route-table": ("RouteTableId", ""),
        "security-group": ("GroupId", "GroupName"),
        "endpoint": ("VpcEndpointId", "ServiceName"),
        "internet-gateway": ("InternetGatewayId", ""),
    }
    if kind not in keys:
        return {}
    key, name = keys[kind]
    tags = row.get("Tags", {})
    return {original[key]: f"{kind} {tags.get('Name') or row.get(name, '')}".strip()}


def _line(row: Params, labels: dict[str, str]) -> str:
    text = json.dumps(row, sort_keys=True, default=str)
    for name, label in labels.items():
        text = text.replace(name, label)
    named = json.loads(_ID.sub(r"\1", text))
    return json.dumps(_plain(named, _NO_TAGS), sort_keys=True)  # ordered by names
