"""Which request mends which difference of the cluster, one request at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from infra.aws import logs
from infra.aws.resource import Difference, Live

# Attributes, and the parameters of ModifyCluster that set them. Those that AWS takes
# one at a time come first; it takes the others in one request.
_ALONE = {
    "traffic through the VPC": "EnhancedVpcRouting",
    "encrypted": "Encrypted",
    "from the internet": "PubliclyAccessible",
    "port": "Port",
}
_TOGETHER = {
    "security groups": "VpcSecurityGroupIds",
    "parameter group": "ClusterParameterGroupName",
    "snapshot days": "AutomatedSnapshotRetentionPeriod",
    "maintenance window": "PreferredMaintenanceWindow",
    "upgrades": "AllowVersionUpgrade",
    "managed password": "ManageMasterPassword",
}


class Request(NamedTuple):
    """An operation of Redshift's client, and what it is given beside the cluster."""

    operation: str
    given: dict[str, Any]


def request(differences: Iterable[Difference], live: Live) -> Request:
    """What to ask for next; the rest is asked for when AWS has done that."""
    wanted = {each.attribute: each.after for each in differences}
    if "state" in wanted:
        return Request("resume_cluster", {})
    if wanted.keys() & {"default role", "roles"}:
        return Request("modify_cluster_iam_roles", _roles(wanted, live))
    for attribute, parameter in _ALONE.items():
        if attribute in wanted:
            return Request("modify_cluster", {parameter: wanted[attribute]})
    if together := {
        parameter: _plain(wanted[attribute])
        for attribute, parameter in _TOGETHER.items()
        if attribute in wanted
    }:
        return Request("modify_cluster", together)
    if "audit log" in wanted:
        exports = {"LogDestinationType": "cloudwatch", "LogExports": list(logs.EXPORTS)}
        return Request("enable_logging", exports)
    return Request("reboot_cluster", {})


def _roles(wanted: Mapping[str, object], live: Live) -> dict[str, Any]:
    """The one role of the cluster, which is its default one as well."""
    only = wanted.get("roles")
    role = only[0] if isinstance(only, tuple) else wanted["default role"]
    present = [each["IamRoleArn"] for each in live["IamRoles"]]
    return {
        "AddIamRoles": [] if role in present else [role],
        "RemoveIamRoles": [each for each in present if each != role],
        "DefaultIamRoleArn": role,
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
