"""What AWS refuses where moto does not.

EC2 does because a cluster, or what it left behind, is in the way.
"""

from collections.abc import Callable

from moto.s3.models import s3_backends

from infra.rehearsal.aws import interfaces
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.world import World

Guard = Callable[[World, Params], None]


def _dependency(kind: str, name: str) -> Refused:
    return Refused(
        "DependencyViolation",
        f"The {kind} '{name}' has dependencies and cannot be deleted.",
    )


def delete_security_group(world: World, params: Params) -> None:
    """DeleteSecurityGroup."""
    name = params.get("GroupId", "")
    for interface in list(world.interfaces):
        within = name in [group["GroupId"] for group in interface["Groups"]]
        if within and interfaces.refuses(world, interface):
            raise Refused(
                "DependencyViolation", f"resource {name} has a dependent object"
            )


def delete_subnet(world: World, params: Params) -> None:
    """DeleteSubnet: all subnets of a cluster's subnet group count as used."""
    name = params["SubnetId"]
    if any(name in cluster.subnets for cluster in world.clusters.values()):
        raise _dependency("subnet", name)
    for interface in list(world.interfaces):
        if interface["SubnetId"] == name and interfaces.refuses(world, interface):
            raise _dependency("subnet", name)


def delete_vpc(world: World, params: Params) -> None:
    """DeleteVpc."""
    name = params["VpcId"]
    for interface in list(world.interfaces):
        if interface["VpcId"] == name and interfaces.refuses(world, interface):
            raise _dependency("vpc", name)


def detach_gateway(world: World, params: Params) -> None:
    """DetachInternetGateway."""
    for cluster in world.clusters.values():
        shown = cluster.shown
        if shown["PubliclyAccessible"] and shown["VpcId"] == params["VpcId"]:
            raise Refused(
                "DependencyViolation",
                f"Network {params['VpcId']} has some mapped public address(es). Please "
                "unmap those public address(es) before detaching the gateway.",
            )


def create_endpoint(world: World, params: Params) -> None:
    """CreateVpcEndpoint: one gateway endpoint of a service in each route table."""
    wanted = set(params.get("RouteTableIds", ()))
    for found in world.others.ec2.describe_vpc_endpoints()["VpcEndpoints"]:
        taken = wanted & set(found.get("RouteTableIds", ()))
        same = found["ServiceName"] == params.get("ServiceName")
        if taken and same and found["State"] not in {"deleted", "deleting"}:
            raise Refused(
                "RouteAlreadyExists",
                f"route table {min(taken)} already has a route with "
                f"destination-prefix-list-id of {params['ServiceName']}",
            )


def dry_run(_world: World, params: Params) -> None:
    """Every operation of EC2: moto does what was only to be tried."""
    if params.get("DryRun"):
        raise Refused(
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
            412,
        )


def bucket_owner(params: Params) -> None:
    """Every operation of S3 on a bucket: moto takes any owner for the expected one."""
    expected = params.get("ExpectedBucketOwner")
    _, owner = s3_backends.bucket_accounts.get(params.get("Bucket", ""), ("", expected))
    if owner != expected and expected is not None:
        raise Refused("AccessDenied", "Access Denied", 403)


EC2: dict[str, Guard] = {
    "DeleteSecurityGroup": delete_security_group,
    "DeleteSubnet": delete_subnet,
    "DeleteVpc": delete_vpc,
    "DetachInternetGateway": detach_gateway,
    "CreateVpcEndpoint": create_endpoint,
}
