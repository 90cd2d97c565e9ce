"""The network of the cluster: a VPC with three subnets, and the ways out of it.

One way leads to S3 and to nothing else there; a second one, to the internet, is there
only where the cluster is reached from it. EC2's things have no names of their own: they
are found by the stack's tags; more than one is an error that a person must clear up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from infra.aws import documents
from infra.aws.names import Stack, mapped
from infra.aws.patience import IN_USE
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.literals import ResourceTypeType

EVERYWHERE = "0.0.0.0/0"
_GONE = {"deleted", "deleting", "failed", "rejected", "expired"}
_IMMUTABLE = (
    "AWS cannot change that. Take the warehouse down and up again, or put the setting "
    "back."
)


class Ec2Resource(Resource):
    """A thing of EC2's, found by the stack's tags; its tag Name is for people."""

    ec2_type: ClassVar[ResourceTypeType]

    def __init__(self, ec2: EC2Client, stack: Stack, key: str, name: str) -> None:
        super().__init__(key, name)
        self._ec2 = ec2
        self._stack = stack

    def _tagging(self) -> list[Any]:
        tags = self._stack.tags(Name=self.name)
        return [{"ResourceType": self.ec2_type, "Tags": tags}]

    def _one(self, things: Sequence[Mapping[str, Any]], id_key: str) -> Live | None:
        """The one thing found; EC2 may show deleted ones for a while."""
        there = [each for each in things if str(each.get("State")).lower() not in _GONE]
        if len(there) > 1:
            ids = ", ".join(sorted(each[id_key] for each in there))
            raise AwsError(
                f"There are {len(there)} of {self.kind} {self.name} with the tags of "
                f"this stack: {ids}. Delete those that nothing uses, or take away "
                "their tags; nothing was touched."
            )
        return dict(there[0]) if there else None

    def _gone(self, call: Callable[[], object]) -> None:
        """Deletes, as soon as the interfaces of a deleted cluster let go."""
        self.patiently(call, in_use=self.in_use_seconds)

    in_use_seconds: float = IN_USE


class Vpc(Ec2Resource):
    """The network as a whole."""

    kind = "VPC"
    ec2_type = "vpc"
    fixed: ClassVar[Mapping[str, str]] = {"range": _IMMUTABLE}

    def __init__(self, ec2: EC2Client, stack: Stack, cidr: str) -> None:
        super().__init__(ec2, stack, "vpc", stack.full_name)
        self._cidr = cidr

    def find(self, found: Found) -> Live | None:
        """The VPC with the stack's tags."""
        answer = self.read(
            lambda: self._ec2.describe_vpcs(Filters=self._stack.filters())
        )
        return self._one(answer["Vpcs"], "VpcId")

    def wanted(self, found: Found) -> Attributes:
        """A range of addresses, and names for them, which TLS needs."""
        return {"range": self._cidr, "DNS": True, "DNS names": True}

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        vpc = live["VpcId"]
        support = self.read(
            lambda: self._ec2.describe_vpc_attribute(
                VpcId=vpc, Attribute="enableDnsSupport"
            )
        )
        names = self.read(
            lambda: self._ec2.describe_vpc_attribute(
                VpcId=vpc, Attribute="enableDnsHostnames"
            )
        )
        return {
            "range": live["CidrBlock"],
            "DNS": support["EnableDnsSupport"]["Value"],
            "DNS names": names["EnableDnsHostnames"]["Value"],
        }

    def create(self, found: Found) -> None:
        """Makes the VPC."""
        self.patiently(
            lambda: self._ec2.create_vpc(
                CidrBlock=self._cidr, TagSpecifications=self._tagging()
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Turns names on; EC2 takes one attribute at a time."""
        vpc = live["VpcId"]
        for each in differences:
            if each.attribute == "DNS":
                self.patiently(
                    lambda: self._ec2.modify_vpc_attribute(
                        VpcId=vpc, EnableDnsSupport={"Value": True}
                    )
                )
            else:
                self.patiently(
                    lambda: self._ec2.modify_vpc_attribute(
                        VpcId=vpc, EnableDnsHostnames={"Value": True}
                    )
                )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the VPC, which must be empty by now."""
        self._gone(lambda: self._ec2.delete_vpc(VpcId=live["VpcId"]))


class Subnet(Ec2Resource):
    """A part of the network in one availability zone."""

    kind = "subnet"
    ec2_type = "subnet"
    fixed: ClassVar[Mapping[str, str]] = {"range": _IMMUTABLE}

    def __init__(
        self, ec2: EC2Client, stack: Stack, letter: str, cidr: str, zones: Sequence[str]
    ) -> None:
        super().__init__(ec2, stack, f"subnet {letter}", stack.named(letter))
        self._cidr = cidr
        self._zones = zones

    def find(self, found: Found) -> Live | None:
        """The subnet with the stack's tags and this name, or else with this range."""
        answer = self.read(
            lambda: self._ec2.describe_subnets(Filters=self._stack.filters())
        )
        named = [each for each in answer["Subnets"] if _name(each) == self.name]
        ranged = [each for each in answer["Subnets"] if each["CidrBlock"] == self._cidr]
        return self._one(named or ranged, "SubnetId")

    def wanted(self, found: Found) -> Attributes:
        """A range, and no public addresses for whatever starts in it."""
        return {"range": self._cidr, "public addresses": False}

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        return {
            "range": live["CidrBlock"],
            "public addresses": live["MapPublicIpOnLaunch"],
        }

    def create(self, found: Found) -> None:
        """Makes the subnet in a zone that the stack's others are not in."""
        vpc = found.the("vpc", "VpcId")
        filters: list[Any] = [{"Name": "vpc-id", "Values": [vpc]}]
        present = self.read(lambda: self._ec2.describe_subnets(Filters=filters))[
            "Subnets"
        ]
        taken = {
            each["AvailabilityZone"]
            for each in present
            if self._stack.owns(mapped(each.get("Tags")))
        }
        free = [zone for zone in self._zones if zone not in taken]
        if not free:
            raise AwsError(
                f"No availability zone of {self._stack.region} is left for subnet "
                f"{self.name}; three are needed that offer the node type. Choose "
                "another region or node type."
            )
        self.patiently(
            lambda: self._ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=self._cidr,
                AvailabilityZone=free[0],
                TagSpecifications=self._tagging(),
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Takes back that what starts there gets a public address."""
        self.patiently(
            lambda: self._ec2.modify_subnet_attribute(
                SubnetId=live["SubnetId"], MapPublicIpOnLaunch={"Value": False}
            )
        )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the subnet."""
        self._gone(lambda: self._ec2.delete_subnet(SubnetId=live["SubnetId"]))


class Gateway(Ec2Resource):
    """The way to the internet and back, for access `my-address`."""

    kind = "internet gateway"
    ec2_type = "internet-gateway"

    def __init__(self, ec2: EC2Client, stack: Stack, *, is_wanted: bool) -> None:
        super().__init__(ec2, stack, "gateway", stack.full_name)
        self.is_wanted = is_wanted

    def find(self, found: Found) -> Live | None:
        """The gateway with the stack's tags."""
        answer = self.read(
            lambda: self._ec2.describe_internet_gateways(Filters=self._stack.filters())
        )
        return self._one(answer["InternetGateways"], "InternetGatewayId")

    def wanted(self, found: Found) -> Attributes:
        """Being attached to the VPC."""
        return {"attached to": found.the("vpc", "VpcId")}

    def present(self, live: Live, found: Found) -> Attributes:
        """What it is attached to."""
        return {"attached to": _attached(live)}

    def create(self, found: Found) -> None:
        """Makes the gateway."""
        self.patiently(
            lambda: self._ec2.create_internet_gateway(TagSpecifications=self._tagging())
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Attaches it."""
        self._detach(live)
        self.patiently(
            lambda: self._ec2.attach_internet_gateway(
                InternetGatewayId=live["InternetGatewayId"],
                VpcId=found.the("vpc", "VpcId"),
            )
        )

    def delete(self, live: Live, found: Found) -> None:
        """Detaches and deletes it; routes that led there lead nowhere."""
        self._detach(live)
        self._gone(
            lambda: self._ec2.delete_internet_gateway(
                InternetGatewayId=live["InternetGatewayId"]
            )
        )

    def _detach(self, live: Live) -> None:
        if vpc := _attached(live):
            self._gone(
                lambda: self._ec2.detach_internet_gateway(
                    InternetGatewayId=live["InternetGatewayId"], VpcId=vpc
                )
            )


def _name(thing: Mapping[str, Any]) -> str:
    return mapped(thing.get("Tags")).get("Name", "")


def _attached(live: Live) -> str:
    return next((str(each["VpcId"]) for each in live.get("Attachments", ())), "")


class Endpoint(Ec2Resource):
    """The way to S3, for the raw files' bucket only. It costs nothing."""

    kind = "S3 endpoint"
    ec2_type = "vpc-endpoint"

    def __init__(
        self, ec2: EC2Client, stack: Stack, policy: documents.Document
    ) -> None:
        super().__init__(ec2, stack, "endpoint", stack.named("s3"))
        self._policy = policy

    def find(self, found: Found) -> Live | None:
        """The endpoint with the stack's tags that is not deleted."""
        answer = self.read(
            lambda: self._ec2.describe_vpc_endpoints(Filters=self._stack.filters())
        )
        return self._one(answer["VpcEndpoints"], "VpcEndpointId")

    def wanted(self, found: Found) -> Attributes:
        """The route table that leads to it, and what may pass."""
        return {
            "route tables": (found.the("routes", "RouteTableId"),),
            "policy": documents.text(self._policy),
        }

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        import json

        return {
            "route tables": tuple(sorted(live.get("RouteTableIds", ()))),
            "policy": documents.text(json.loads(live.get("PolicyDocument") or "{}")),
        }

    def create(self, found: Found) -> None:
        """Makes the endpoint."""
        self.patiently(
            lambda: self._ec2.create_vpc_endpoint(
                VpcEndpointType="Gateway",
                VpcId=found.the("vpc", "VpcId"),
                ServiceName=f"com.amazonaws.{self._stack.region}.s3",
                RouteTableIds=[found.the("routes", "RouteTableId")],
                PolicyDocument=documents.text(self._policy),
                TagSpecifications=self._tagging(),
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Puts the route tables and the policy right."""
        tables = set(live.get("RouteTableIds", ()))
        own = {found.the("routes", "RouteTableId")}
        self.patiently(
            lambda: self._ec2.modify_vpc_endpoint(
                VpcEndpointId=live["VpcEndpointId"],
                AddRouteTableIds=sorted(own - tables),
                RemoveRouteTableIds=sorted(tables - own),
                PolicyDocument=documents.text(self._policy),
            )
        )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the endpoint."""
        answer = self.patiently(
            lambda: self._ec2.delete_vpc_endpoints(
                VpcEndpointIds=[live["VpcEndpointId"]]
            )
        )
        for failure in answer.get("Unsuccessful", ()):
            fault = failure.get("Error", {})
            raise AwsError(
                f"AWS did not delete {self.kind} {live['VpcEndpointId']}: "
                f"{fault.get('Code')}. Run `invoke down` again."
            )
