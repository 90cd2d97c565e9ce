"""What there is in an account, asked of the stand-in itself and not of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.rehearsal.aws.world import World

# Of EC2: the call, and under which keys its answer has things and their ids
_NETWORK = (
    ("describe_vpcs", "Vpcs", "VpcId"),
    ("describe_subnets", "Subnets", "SubnetId"),
    ("describe_security_groups", "SecurityGroups", "GroupId"),
    ("describe_route_tables", "RouteTables", "RouteTableId"),
    ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("describe_addresses", "Addresses", "AllocationId"),
)


def things(world: World) -> set[str]:
    """Everything in the region, AWS's own things with it."""
    return {*_redshift(world), *_network(world), *_rest(world)}


def _redshift(world: World) -> Iterator[str]:
    kinds: dict[str, Iterable[str]] = {
        "cluster": world.clusters,
        "subnet group": world.subnet_groups,
        "parameter group": world.parameter_groups,
        "snapshot": world.snapshots,
        "scheduled action": world.scheduled,
        "usage limit": world.limits,
    }
    for kind, names in kinds.items():
        yield from (f"{kind} {name}" for name in names)
    for interface in world.interfaces:
        yield f"network interface {interface['NetworkInterfaceId']}"


def _network(world: World) -> Iterator[str]:
    ec2 = world.others.ec2
    for call, key, name in _NETWORK:
        yield from (each[name] for each in getattr(ec2, call)()[key])
    for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]:
        if endpoint["State"] not in {"deleted", "deleting"}:
            yield endpoint["VpcEndpointId"]


def _rest(world: World) -> Iterator[str]:
    others = world.others
    for role in others.iam.list_roles()["Roles"]:
        yield f"role {role['RoleName']}"
    for group in others.logs.describe_log_groups()["logGroups"]:
        yield f"log group {group['logGroupName']}"
    for parameter in others.ssm.describe_parameters()["Parameters"]:
        yield f"parameter {parameter['Name']}"
    for bucket in others.s3.list_buckets()["Buckets"]:
        yield f"bucket {bucket['Name']}"
