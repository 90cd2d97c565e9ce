"""What changes a cluster: modify, roles, reboot, pause, resume, logging."""

from collections.abc import Callable

from infra.rehearsal.aws import inputs, interfaces
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.appearance import shown
from infra.rehearsal.aws.clusters import (
    check_roles,
    check_security_groups,
    rest,
    secret_arn,
    with_type,
)
from infra.rehearsal.aws.walk import Cluster, Step
from infra.rehearsal.aws.world import World

_ALONE = ("EnhancedVpcRouting", "AvailabilityZone", "MultiAZ")  # not with others
_SET = (
    *("NodeType", "NumberOfNodes", "PubliclyAccessible", "EnhancedVpcRouting"),
    *("AutomatedSnapshotRetentionPeriod", "ManualSnapshotRetentionPeriod", "Port"),
    *("PreferredMaintenanceWindow", "AllowVersionUpgrade", "KmsKeyId", "Encrypted"),
    *("MaintenanceTrackName", "AvailabilityZone", "ClusterVersion", "IpAddressType"),
)
_PENDING = (
    *("NodeType", "NumberOfNodes", "ClusterType", "AutomatedSnapshotRetentionPeriod"),
    *("PubliclyAccessible", "EnhancedVpcRouting", "MaintenanceTrackName"),
)


def modify(world: World, params: Params) -> Params:
    """ModifyCluster: what is asked for holds when the modifying is over."""
    cluster = world.cluster(params)
    asked = {key: value for key, value in params.items() if key != "ClusterIdentifier"}
    if not asked:
        raise inputs.combination("No modifications were requested.")
    _check_alone(asked)
    inputs.check_settings(asked)
    inputs.check_password(asked, required=False)
    if "NodeType" in asked or "NumberOfNodes" in asked:
        inputs.check_nodes(world, with_type({**cluster.shown, **asked}))
    if "NewClusterIdentifier" in asked:
        raise NotImplementedError("The layer does not rename clusters.")
    groups = asked.get("VpcSecurityGroupIds")
    if groups:
        check_security_groups(world, groups, cluster.shown["VpcId"])
    group = asked.get("ClusterParameterGroupName", cluster.group).lower()
    if group not in world.parameter_groups:
        raise Refused(
            "ClusterParameterGroupNotFound", f"ParameterGroup not found: {group}", 404
        )
    cluster.must_be("available", "modify")

    pending = {key: asked[key] for key in _PENDING if key in asked}
    if "MasterUserPassword" in asked:
        pending["MasterUserPassword"] = "****"
    cluster.shown["PendingModifiedValues"] = pending

    def apply() -> None:
        cluster.shown["PendingModifiedValues"] = {}
        cluster.shown.update({key: asked[key] for key in _SET if key in asked})
        _apply_rest(world, cluster, asked)

    _go_through(world, cluster, "modifying", apply)
    return {"Cluster": shown(world, cluster)}


def _check_alone(asked: Params) -> None:
    alone = [key for key in _ALONE if key in asked]
    if alone and len(asked) > 1:
        raise inputs.combination(
            f"{alone[0]} cannot be modified together with other settings: "
            f"{', '.join(sorted(set(asked) - {alone[0]}))}."
        )


def _apply_rest(world: World, cluster: Cluster, asked: Params) -> None:
    if "AvailabilityZoneRelocation" in asked:
        status = "enabled" if asked["AvailabilityZoneRelocation"] else "disabled"
        cluster.shown["AvailabilityZoneRelocationStatus"] = status
    if "MultiAZ" in asked:
        cluster.shown["MultiAZ"] = "Enabled" if asked["MultiAZ"] else "Disabled"
    if asked.get("VpcSecurityGroupIds"):
        cluster.shown["VpcSecurityGroups"] = [
            {"VpcSecurityGroupId": name, "Status": "active"}
            for name in asked["VpcSecurityGroupIds"]
        ]
        interfaces.regroup(world, cluster)
    if "ManageMasterPassword" in asked:
        cluster.shown.pop("MasterPasswordSecretArn", None)
        if asked["ManageMasterPassword"]:
            cluster.shown["MasterPasswordSecretArn"] = secret_arn(world, cluster.shown)
    group = asked.get("ClusterParameterGroupName", cluster.group).lower()
    if group != cluster.group:
        cluster.group = group
        cluster.pending.add("")  # the group as a whole


def modify_roles(world: World, params: Params) -> Params:
    """ModifyClusterIamRoles, with the default role."""
    cluster = world.cluster(params)
    add, remove = params.get("AddIamRoles", []), params.get("RemoveIamRoles", [])
    default = params.get("DefaultIamRoleArn")
    if not add and not remove and default is None:
        raise inputs.combination("No roles to add or to remove were given.")
    kept = {*cluster.roles, *add} - set(remove)
    if default and default not in kept:
        raise inputs.invalid(
            f"The default IAM role {default} is not associated with the cluster."
        )
    check_roles(world, add)
    cluster.must_be("available", "modify")
    cluster.roles |= dict.fromkeys(add, "adding")
    cluster.roles |= {role: "removing" for role in remove if role in cluster.roles}
    if default is not None:
        cluster.shown["DefaultIamRoleArn"] = default
    elif cluster.shown["DefaultIamRoleArn"] in remove:
        cluster.shown["DefaultIamRoleArn"] = ""

    def apply() -> None:
        for role in remove:
            cluster.roles.pop(role, None)

    _go_through(world, cluster, "modifying", apply)
    return {"Cluster": shown(world, cluster)}


def reboot(world: World, params: Params) -> Params:
    """RebootCluster: afterwards the parameters of its group are in effect."""
    cluster = world.cluster(params)
    cluster.must_be("available", "reboot")

    def apply() -> None:
        cluster.pending.clear()
        cluster.values = dict(world.values.get(cluster.group, {}))
        message = f"Cluster {cluster.name} has been rebooted."
        world.tell(cluster.name, "cluster", message, "REDSHIFT-EVENT-3546")

    _go_through(world, cluster, "rebooting", apply)
    return {"Cluster": shown(world, cluster)}


def pause(world: World, params: Params) -> Params:
    """PauseCluster."""
    cluster = world.cluster(params)
    cluster.must_be("available", "pause")

    def apply() -> None:
        message = f"Cluster {cluster.name} was paused."
        world.tell(cluster.name, "cluster", message, "REDSHIFT-EVENT-3658")

    polls = world.pace.polls["pausing"]
    cluster.walk(Step("pausing", polls), Step("paused", enter=apply))
    return {"Cluster": shown(world, cluster)}


def resume(world: World, params: Params) -> Params:
    """ResumeCluster."""
    cluster = world.cluster(params)
    cluster.must_be("paused", "resume")

    def apply() -> None:
        message = f"Cluster {cluster.name} was resumed."
        world.tell(cluster.name, "cluster", message, "REDSHIFT-EVENT-3659")

    _go_through(world, cluster, "resuming", apply)
    return {"Cluster": shown(world, cluster)}


def enable_logging(world: World, params: Params) -> Params:
    """EnableLogging."""
    cluster = world.cluster(params)
    kind = params.get("LogDestinationType", "s3")
    if kind == "s3" and "BucketName" not in params:
        raise inputs.combination("BucketName is required for the destination s3.")
    cluster.must_be("available", "enable logging for")
    kept = ("BucketName", "S3KeyPrefix", "LogExports")
    cluster.logging = {
        "LoggingEnabled": True,
        "LogDestinationType": kind,
        **{key: params[key] for key in kept if key in params},
    }
    return dict(cluster.logging)


def disable_logging(world: World, params: Params) -> Params:
    """DisableLogging."""
    cluster = world.cluster(params)
    cluster.must_be("available", "disable logging for")
    cluster.logging = {"LoggingEnabled": False}
    return dict(cluster.logging)


def logging_status(world: World, params: Params) -> Params:
    """DescribeLoggingStatus."""
    return dict(world.cluster(params).logging)


def _go_through(
    world: World, cluster: Cluster, status: str, apply: Callable[[], None]
) -> None:
    settling, end = rest(world, cluster)
    settling.enter = apply
    cluster.walk(Step(status, world.pace.polls[status]), settling, end)


OPERATIONS = {
    "ModifyCluster": modify,
    "ModifyClusterIamRoles": modify_roles,
    "RebootCluster": reboot,
    "PauseCluster": pause,
    "ResumeCluster": resume,
    "EnableLogging": enable_logging,
    "DisableLogging": disable_logging,
    "DescribeLoggingStatus": logging_status,
}
