"""Cluster subnet groups."""

from infra.rehearsal.aws import inputs
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.tagging import matches
from infra.rehearsal.aws.world import World, tagged


def create_subnet_group(world: World, params: Params) -> Params:
    """CreateClusterSubnetGroup."""
    name = params["ClusterSubnetGroupName"].lower()
    if name == "default" or not 1 <= len(name) <= 255:
        raise inputs.invalid(f"Invalid cluster subnet group name: {name}")
    if name in world.subnet_groups:
        raise Refused(
            "ClusterSubnetGroupAlreadyExists",
            f"Cluster subnet group {name} already exists.",
        )
    tags = inputs.check_tags(params.get("Tags", []))
    vpc = _check_subnets(world, params["SubnetIds"])
    world.subnet_groups[name] = {
        "ClusterSubnetGroupName": name,
        "Description": params["Description"],
        "VpcId": vpc,
        "Subnets": list(params["SubnetIds"]),
    }
    world.tags[world.arn("subnetgroup", name)] = tags
    return {"ClusterSubnetGroup": _subnet_group(world, name)}


def modify_subnet_group(world: World, params: Params) -> Params:
    """ModifyClusterSubnetGroup: the subnets given are all there are then."""
    name = _subnet_group_named(world, params["ClusterSubnetGroupName"])
    vpc = _check_subnets(world, params["SubnetIds"])
    group = world.subnet_groups[name]
    if vpc != group["VpcId"]:
        raise Refused("InvalidSubnet", "The subnets are not in the VPC of the group.")
    lost = set(group["Subnets"]) - set(params["SubnetIds"])
    if any(found["SubnetId"] in lost for found in world.interfaces):
        raise Refused("SubnetAlreadyInUse", "A subnet to be removed is in use.")
    group["Subnets"] = list(params["SubnetIds"])
    group["Description"] = params.get("Description", group["Description"])
    return {"ClusterSubnetGroup": _subnet_group(world, name)}


def describe_subnet_groups(world: World, params: Params) -> Params:
    """DescribeClusterSubnetGroups."""
    names = list(world.subnet_groups)
    if "ClusterSubnetGroupName" in params:
        names = [_subnet_group_named(world, params["ClusterSubnetGroupName"])]
    return {
        "ClusterSubnetGroups": [
            _subnet_group(world, name)
            for name in names
            if matches(world.tags[world.arn("subnetgroup", name)], params)
        ]
    }


def delete_subnet_group(world: World, params: Params) -> Params:
    """DeleteClusterSubnetGroup."""
    name = _subnet_group_named(world, params["ClusterSubnetGroupName"])
    for cluster in world.clusters.values():
        if cluster.shown["ClusterSubnetGroupName"] == name:
            raise Refused(
                "InvalidClusterSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one "
                f"cluster: {cluster.name} is still using it.",
            )
    del world.subnet_groups[name]
    del world.tags[world.arn("subnetgroup", name)]
    return {}


def _subnet_group_named(world: World, given: str) -> str:
    name = given.lower()
    if name not in world.subnet_groups:
        raise Refused(
            "ClusterSubnetGroupNotFoundFault",
            f"Cluster subnet group {name} does not exist.",
        )
    return name


def _check_subnets(world: World, ids: list[str]) -> str:
    found = world.others.subnets(ids)
    missing = set(ids) - {subnet["SubnetId"] for subnet in found}
    if missing or not found:
        raise Refused("InvalidSubnet", f"Subnets do not exist: {sorted(missing)}")
    vpcs = {subnet["VpcId"] for subnet in found}
    if len(vpcs) != 1:
        raise Refused("InvalidSubnet", "The subnets are not in the same VPC.")
    return str(vpcs.pop())


def _subnet_group(world: World, name: str) -> Params:
    group = world.subnet_groups[name]
    return group | {
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetIdentifier": subnet["SubnetId"],
                "SubnetAvailabilityZone": {"Name": subnet["AvailabilityZone"]},
                "SubnetStatus": "Active",
            }
            for subnet in world.others.subnets(group["Subnets"])
        ],
        "Tags": tagged(world.tags[world.arn("subnetgroup", name)]),
    }


OPERATIONS = {
    "CreateClusterSubnetGroup": create_subnet_group,
    "ModifyClusterSubnetGroup": modify_subnet_group,
    "DescribeClusterSubnetGroups": describe_subnet_groups,
    "DeleteClusterSubnetGroup": delete_subnet_group,
}
