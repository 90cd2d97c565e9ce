"""Where the subnets' traffic goes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.aws.names import Stack
from infra.aws.network import EVERYWHERE, Ec2Resource
from infra.aws.resource import Attributes, Difference, Found, Live

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_TARGETS = (
    *("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId"),
    *("NetworkInterfaceId", "EgressOnlyInternetGatewayId", "InstanceId"),
)
_LIST = "DestinationPrefixListId"
_RANGES = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", _LIST)


class Routes(Ec2Resource):
    """The route table of the subnets: to the internet only with a gateway.

    Routes within the VPC and to the S3 endpoint are AWS's own; any other is drift.
    """

    kind = "route table"
    ec2_type = "route-table"

    def __init__(
        self, ec2: EC2Client, stack: Stack, subnets: Sequence[str], *, public: bool
    ) -> None:
        super().__init__(ec2, stack, "routes", stack.full_name)
        self._subnets = subnets  # their keys
        self._public = public

    def find(self, found: Found) -> Live | None:
        """The route table with the stack's tags."""
        answer = self.read(
            lambda: self._ec2.describe_route_tables(Filters=self._stack.filters())
        )
        return self._one(answer["RouteTables"], "RouteTableId")

    def wanted(self, found: Found) -> Attributes:
        """Who goes by it, and where to."""
        return {
            "routes": self._wanted_routes(found),
            "subnets": self._wanted_subnets(found),
        }

    def _wanted_routes(self, found: Found) -> tuple[str, ...]:
        if not self._public:
            return ()
        return (f"{EVERYWHERE} to {found.the('gateway', 'InternetGatewayId')}",)

    def _wanted_subnets(self, found: Found) -> tuple[str, ...]:
        return tuple(sorted(found.the(key, "SubnetId") for key in self._subnets))

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is; a subnet that is not the stack's is left alone."""
        own = self._wanted_subnets(found)
        return {
            "routes": tuple(sorted(_told(each) for each in _own(live))),
            "subnets": tuple(sorted(each for each in _associated(live) if each in own)),
        }

    def create(self, found: Found) -> None:
        """Makes the route table."""
        self.patiently(
            lambda: self._ec2.create_route_table(
                VpcId=found.the("vpc", "VpcId"), TagSpecifications=self._tagging()
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Removes foreign routes, adds the one to the internet, ties subnets to it."""
        for each in differences:
            if each.attribute == "routes":
                self._route(live, found)
            else:
                own = self._wanted_subnets(found)
                for subnet in sorted(set(own) - set(_associated(live))):
                    self._tie(live["RouteTableId"], subnet)

    def _route(self, live: Live, found: Found) -> None:
        table, wanted = live["RouteTableId"], self._wanted_routes(found)
        for route in _own(live):
            if _told(route) not in wanted:
                key = next(key for key in _RANGES if key in route)
                given: dict[str, Any] = {key: route[key]}
                self.patiently(
                    partial(self._ec2.delete_route, RouteTableId=table, **given)
                )
        if set(wanted) - {_told(route) for route in _own(live)}:
            self.patiently(
                lambda: self._ec2.create_route(
                    RouteTableId=table,
                    DestinationCidrBlock=EVERYWHERE,
                    GatewayId=found.the("gateway", "InternetGatewayId"),
                )
            )

    def _tie(self, table: str, subnet: str) -> None:
        """Leads a subnet to this table, away from the one that it was led to."""
        given: list[Any] = [{"Name": "association.subnet-id", "Values": [subnet]}]
        others = self.read(lambda: self._ec2.describe_route_tables(Filters=given))
        for other in others["RouteTables"]:
            for each in other["Associations"]:
                if each.get("SubnetId") == subnet:
                    self.patiently(
                        partial(
                            self._ec2.disassociate_route_table,
                            AssociationId=each["RouteTableAssociationId"],
                        )
                    )
        self.patiently(
            lambda: self._ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        )

    def delete(self, live: Live, found: Found) -> None:
        """Unties the subnets and deletes the route table."""
        for each in live.get("Associations", ()):
            if not each.get("Main"):
                self.patiently(
                    partial(
                        self._ec2.disassociate_route_table,
                        AssociationId=each["RouteTableAssociationId"],
                    )
                )
        self._gone(
            lambda: self._ec2.delete_route_table(RouteTableId=live["RouteTableId"])
        )


def _own(live: Live) -> list[dict[str, Any]]:
    """The routes that somebody added: not local ones, not those to the S3 endpoint."""
    return [
        route
        for route in live.get("Routes", ())
        if any(key in route for key in _RANGES)
        and route.get("GatewayId") != "local"
        and not (_LIST in route and str(route.get("GatewayId")).startswith("vpce-"))
    ]


def _told(route: dict[str, Any]) -> str:
    """A route as text: where to, and by what."""
    ends = next(str(route[key]) for key in _RANGES if key in route)
    by = next((str(route[key]) for key in _TARGETS if route.get(key)), "nowhere")
    return f"{ends} to {by}"


def _associated(live: Live) -> list[str]:
    return [
        str(each["SubnetId"])
        for each in live.get("Associations", ())
        if each.get("SubnetId")
    ]
