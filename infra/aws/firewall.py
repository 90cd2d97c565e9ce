"""The security group: who may reach the cluster, and what the cluster may reach.

Its rules are held exactly: a rule that this project would not write is drift, whoever
wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.aws.names import Stack, mapped
from infra.aws.network import Ec2Resource
from infra.aws.resource import Attributes, Difference, Found, Live
from infra.errors import ForeignError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

HTTPS = 443
# The kinds of peers in a permission: list, key of the peer, key of nothing else
_RANGES, _PREFIX_LISTS = ("IpRanges", "CidrIp"), ("PrefixListIds", "PrefixListId")
_PEERS = (
    _RANGES,
    ("Ipv6Ranges", "CidrIpv6"),
    _PREFIX_LISTS,
    ("UserIdGroupPairs", "GroupId"),
)


class Firewall(Ec2Resource):
    """The security group of the cluster."""

    kind = "security group"
    ec2_type = "security-group"

    def __init__(
        self,
        ec2: EC2Client,
        stack: Stack,
        port: int,
        cidr: str,
        ways_out: Mapping[str, str],
    ) -> None:
        super().__init__(ec2, stack, "firewall", stack.full_name)
        self._port = port
        self._cidr = cidr
        self._ways_out = ways_out  # prefix lists and ranges, and what each is for

    def find(self, found: Found) -> Live | None:
        """The group with the stack's tags; one of the same name without them stops."""
        answer = self.read(
            lambda: self._ec2.describe_security_groups(Filters=self._stack.filters())
        )
        live = self._one(answer["SecurityGroups"], "GroupId")
        if live is None and found.has("vpc"):
            named: list[Any] = [
                {"Name": "vpc-id", "Values": [found.the("vpc", "VpcId")]},
                {"Name": "group-name", "Values": [self.name]},
            ]
            groups = self.read(
                lambda: self._ec2.describe_security_groups(Filters=named)
            )
            for each in groups["SecurityGroups"]:
                if not self._stack.owns(mapped(each.get("Tags"))):
                    raise ForeignError(
                        f"There is a security group {self.name} ({each['GroupId']}) in "
                        "the stack's VPC without the stack's tags. Delete it, or tag "
                        "it as the stack's; nothing was touched."
                    )
        return live

    def wanted(self, found: Found) -> Attributes:
        """In: one range, on the cluster's port. Out: HTTPS, to where it has to."""
        return {
            "may come in": (f"{self._cidr} tcp {self._port}",),
            "may go out": tuple(sorted(map(_way_out, self._ways_out))),
        }

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        return {
            "may come in": _rules(live["IpPermissions"]),
            "may go out": _rules(live["IpPermissionsEgress"]),
        }

    def create(self, found: Found) -> None:
        """Makes the group; EC2 lets a new one reach everything: mended next."""
        self.patiently(
            lambda: self._ec2.create_security_group(
                GroupName=self.name,
                Description=f"Redshift of {self._stack.full_name}",
                VpcId=found.the("vpc", "VpcId"),
                TagSpecifications=self._tagging(),
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Revokes what should not be there, then authorises what should."""
        group = live["GroupId"]
        tags: Any = [
            {"ResourceType": "security-group-rule", "Tags": self._stack.tags()}
        ]
        for each in differences:
            too_many, missing = _changes(each)
            if each.attribute == "may come in":
                wrong = _only(live["IpPermissions"], too_many)
                right = _ingress(self._port, self._cidr)
                revoke: Any = self._ec2.revoke_security_group_ingress
                authorize: Any = self._ec2.authorize_security_group_ingress
            else:
                wrong = _only(live["IpPermissionsEgress"], too_many)
                right = _egress(self._ways_out, missing)
                revoke = self._ec2.revoke_security_group_egress
                authorize = self._ec2.authorize_security_group_egress
            if wrong:
                self.patiently(partial(revoke, GroupId=group, IpPermissions=wrong))
            if missing:
                self.patiently(
                    partial(
                        authorize,
                        GroupId=group,
                        IpPermissions=right,
                        TagSpecifications=tags,
                    )
                )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the group, as soon as the cluster's interfaces are gone."""
        self._gone(lambda: self._ec2.delete_security_group(GroupId=live["GroupId"]))


def _changes(difference: Difference) -> tuple[set[str], set[str]]:
    """The rules that are too many, and those that are missing."""
    before, after = _texts(difference.before), _texts(difference.after)
    return before - after, after - before


def _texts(value: object) -> set[str]:
    return set(value) if isinstance(value, tuple) else set()


def _ingress(port: int, cidr: str) -> list[Any]:
    peer = {"CidrIp": cidr, "Description": "whoever ran invoke up or allow-me"}
    return [_permission(port, {"IpRanges": [peer]})]


def _egress(ways_out: Mapping[str, str], missing: set[str]) -> list[Any]:
    """The ways that are missing: with one that is there EC2 refuses them all."""
    found = []
    for to, why in ways_out.items():
        if _way_out(to) in missing:
            peers, key = _RANGES if "/" in to else _PREFIX_LISTS
            found.append(_permission(HTTPS, {peers: [{key: to, "Description": why}]}))
    return found


def _way_out(to: str) -> str:
    return f"{to} tcp {HTTPS}"


def _permission(port: int, peers: Mapping[str, Any]) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


def _rules(permissions: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Every rule as text: peer, protocol, ports."""
    return tuple(
        sorted(
            _rule(permission, str(peer[key]))
            for permission in permissions
            for peers, key in _PEERS
            for peer in permission.get(peers, ())
        )
    )


def _rule(permission: Mapping[str, Any], peer: str) -> str:
    protocol = str(permission["IpProtocol"])
    if protocol == "-1":
        return f"{peer} everything"
    first, last = permission.get("FromPort"), permission.get("ToPort")
    ports = f"{first}" if first == last else f"{first}-{last}"
    return f"{peer} {protocol} {ports}"


def _only(permissions: Sequence[Mapping[str, Any]], rules: set[str]) -> list[Any]:
    """The permissions cut down to these rules, to be revoked."""
    found = []
    for permission in permissions:
        head = {
            key: permission[key]
            for key in ("IpProtocol", "FromPort", "ToPort")
            if key in permission
        }
        for peers, key in _PEERS:
            wrong = [
                {name: peer[name] for name in (key, "UserId") if name in peer}
                for peer in permission.get(peers, ())
                if _rule(permission, str(peer[key])) in rules
            ]
            if wrong:
                found.append({**head, peers: wrong})
    return found
