"""Eventual consistency: reads that do not see what was made a moment ago."""

from dataclasses import dataclass, field

from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.calls import Call

_VISIBLE = {  # read: its rows, their key, the ids it takes, the code for one unknown
    "DescribeVpcs": ("Vpcs", "VpcId", "VpcIds", "InvalidVpcID.NotFound"),
    "DescribeSubnets": ("Subnets", "SubnetId", "SubnetIds", "InvalidSubnetID.NotFound"),
    "DescribeSecurityGroups": (
        *("SecurityGroups", "GroupId", "GroupIds", "InvalidGroup.NotFound"),
    ),
    "DescribeRouteTables": (
        *("RouteTables", "RouteTableId", "RouteTableIds"),
        "InvalidRouteTableID.NotFound",
    ),
    "DescribeInternetGateways": (
        *("InternetGateways", "InternetGatewayId", "InternetGatewayIds"),
        "InvalidInternetGatewayID.NotFound",
    ),
    "DescribeVpcEndpoints": (
        *("VpcEndpoints", "VpcEndpointId", "VpcEndpointIds"),
        "InvalidVpcEndpointId.NotFound",
    ),
    "DescribeClusters": (
        *("Clusters", "ClusterIdentifier", "ClusterIdentifier", "ClusterNotFound"),
    ),
    "DescribeClusterSubnetGroups": (
        *("ClusterSubnetGroups", "ClusterSubnetGroupName", "ClusterSubnetGroupName"),
        "ClusterSubnetGroupNotFoundFault",
    ),
    "DescribeClusterParameterGroups": (
        *("ParameterGroups", "ParameterGroupName", "ParameterGroupName"),
        "ClusterParameterGroupNotFound",
    ),
    "ListRoles": ("Roles", "RoleName", "", ""),
    "GetRole": ("Role", "RoleName", "RoleName", "NoSuchEntity"),
}


@dataclass
class Delay:
    """A read that sees what is new only after some reads."""

    service: str
    operation: str
    reads: int
    left: dict[str, int] = field(default_factory=dict)  # id of what is new: reads

    def note(self, call: Call, parsed: Params) -> None:
        """Something was made: it is not seen at first."""
        key = _VISIBLE[self.operation][1]
        if call.service != self.service or not call.operation.startswith("Create"):
            return
        for made in (parsed, *parsed.values()):
            if isinstance(made, dict) and _is_of(key, call.operation) and key in made:
                self.left.setdefault(made[key], self.reads)

    def hide(self, call: Call, parsed: Params) -> Refused | None:
        """Takes what is not seen yet out of an answer, or makes it a refusal."""
        if (call.service, call.operation) != (self.service, self.operation):
            return None
        rows, key, named, code = _VISIBLE[self.operation]
        found = parsed[rows] if isinstance(parsed[rows], list) else [parsed[rows]]
        hidden = [row[key] for row in found if self.left.get(row[key], 0) > 0]
        for name in hidden:
            self.left[name] -= 1
        if hidden and call.params.get(named):
            return Refused(code, f"{hidden[0]} does not exist", 404)
        if isinstance(parsed[rows], list):
            parsed[rows] = [row for row in found if row[key] not in hidden]
        return None


def _is_of(key: str, operation: str) -> bool:
    """Whether an operation makes what has this key: CreateSubnet has a VpcId too."""
    noun = operation.removeprefix("Create")
    nouns = {"SecurityGroup": "Group", "ClusterParameterGroup": "ParameterGroup"}
    noun = nouns.get(noun, noun)
    return key in {f"{noun}Id", f"{noun}Name", f"{noun}Identifier"}


def delayed(service: str, operation: str, reads: int) -> Delay:
    """A delay of one of the reads that there is one for."""
    if operation not in _VISIBLE:
        raise NotImplementedError(f"There is no delay of {operation}.")
    return Delay(service, operation, reads)
