"""The network interfaces that a cluster has in its VPC, and that outlive it."""

from fnmatch import fnmatch

from infra.rehearsal.aws.answers import Params
from infra.rehearsal.aws.walk import Cluster
from infra.rehearsal.aws.world import ACCOUNT, World, letters


def attach(world: World, cluster: Cluster) -> None:
    """Gives a new cluster its network interface."""
    shown = cluster.shown
    zone = shown["AvailabilityZone"]
    subnets = world.others.subnets(cluster.subnets)
    subnet = next(s["SubnetId"] for s in subnets if s["AvailabilityZone"] == zone)
    world.interfaces.append(
        {
            "NetworkInterfaceId": "eni-" + letters(cluster.name + subnet, 17),
            "Description": "RedshiftNetworkInterface",
            "InterfaceType": "interface",
            "RequesterId": "amazon-redshift",
            "RequesterManaged": True,
            "OwnerId": ACCOUNT,
            "Status": "in-use",
            "AvailabilityZone": zone,
            "VpcId": shown["VpcId"],
            "SubnetId": subnet,
            "PrivateIpAddress": "10.0.0.10",
            "Groups": [],
            "TagSet": [],
            "cluster": cluster.name,
        }
    )
    regroup(world, cluster)


def regroup(world: World, cluster: Cluster) -> None:
    """Puts the cluster's interfaces into its security groups."""
    ids = [group["VpcSecurityGroupId"] for group in cluster.shown["VpcSecurityGroups"]]
    for interface in _of(world, cluster):
        interface["Groups"] = [{"GroupId": i, "GroupName": i} for i in ids]


def detach(world: World, cluster: Cluster) -> None:
    """The cluster is gone: its interfaces go too, or linger."""
    for interface in _of(world, cluster):
        if world.pace.lingering:
            world.lingering[interface["NetworkInterfaceId"]] = world.pace.lingering
            interface["Status"] = "available"
            interface["cluster"] = ""
        else:
            world.interfaces.remove(interface)


def refuses(world: World, interface: Params) -> bool:
    """Whether an interface forbids a delete; one that lingers does so some times."""
    name = interface["NetworkInterfaceId"]
    if name not in world.lingering:
        return True
    if world.lingering[name] == 0:
        world.interfaces.remove(interface)
        del world.lingering[name]
        return False
    world.lingering[name] -= 1
    return True


def nodes(cluster: Cluster) -> list[Params]:
    """The nodes of a cluster that runs."""
    count = cluster.shown["NumberOfNodes"]
    roles = ["SHARED"]
    if count > 1:
        roles = ["LEADER", *(f"COMPUTE-{number}" for number in range(count))]
    found = []
    for number, role in enumerate(roles):
        node = {"NodeRole": role, "PrivateIPAddress": f"10.0.0.{10 + number}"}
        if cluster.shown["PubliclyAccessible"]:
            node["PublicIPAddress"] = f"198.51.100.{10 + number}"
        found.append(node)
    return found


def describe(world: World, params: Params) -> Params:
    """DescribeNetworkInterfaces: those of clusters, and those that moto has."""
    found: Params = world.others.ec2.describe_network_interfaces(**params)
    found.pop("ResponseMetadata")
    return found | {
        "NetworkInterfaces": found["NetworkInterfaces"] + _own(world, params)
    }


def _own(world: World, params: Params) -> list[Params]:
    rows = [
        {key: value for key, value in interface.items() if key != "cluster"}
        for interface in world.interfaces
    ]
    if "NetworkInterfaceIds" in params:
        ids = params["NetworkInterfaceIds"]
        rows = [row for row in rows if row["NetworkInterfaceId"] in ids]
    for chosen in params.get("Filters", ()):
        rows = [row for row in rows if _passes(row, chosen)]
    return rows


def _passes(row: Params, chosen: Params) -> bool:
    have = {
        "vpc-id": [row["VpcId"]],
        "subnet-id": [row["SubnetId"]],
        "group-id": [group["GroupId"] for group in row["Groups"]],
        "description": [row["Description"]],
        "status": [row["Status"]],
        "requester-id": [row["RequesterId"]],
        "network-interface-id": [row["NetworkInterfaceId"]],
        "requester-managed": ["true"],
        "interface-type": [row["InterfaceType"]],
        "availability-zone": [row["AvailabilityZone"]],
    }.get(chosen["Name"], [])
    return any(fnmatch(value, wanted) for value in have for wanted in chosen["Values"])


def _of(world: World, cluster: Cluster) -> list[Params]:
    return [found for found in world.interfaces if found["cluster"] == cluster.name]
