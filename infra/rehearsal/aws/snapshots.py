"""Snapshots of clusters: manual, automated, final, and restored."""

import re

from infra.rehearsal.aws import inputs
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.tagging import matches
from infra.rehearsal.aws.walk import Cluster
from infra.rehearsal.aws.world import ACCOUNT, World, tagged

_COPIED = (
    *("AvailabilityZone", "MasterUsername", "ClusterVersion", "NodeType", "DBName"),
    *("NumberOfNodes", "VpcId", "Encrypted", "KmsKeyId", "EnhancedVpcRouting"),
    *("MaintenanceTrackName", "Port", "ClusterCreateTime"),
)
_RESTORED = (
    *("MasterUsername", "NodeType", "DBName", "NumberOfNodes", "Encrypted", "KmsKeyId"),
    *("EnhancedVpcRouting", "MaintenanceTrackName", "Port", "ClusterVersion"),
)


def check_new(world: World, name: str) -> None:
    """Raises what AWS answers to a name that is taken or cannot be."""
    lower = name.lower()
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,254}", lower) or (
        "--" in lower or lower.endswith("-")
    ):
        raise inputs.invalid(f"Invalid snapshot identifier: {name}")
    if lower in world.snapshots:
        raise Refused(
            "ClusterSnapshotAlreadyExists", f"Snapshot {lower} already exists."
        )


def add(  # noqa: PLR0913 - final and automated ones differ from manual ones
    world: World,
    cluster: Cluster,
    name: str,
    *,
    kind: str = "manual",
    polls: float | None = None,
    retention: int | None = None,
) -> str:
    """Puts a snapshot of a cluster there, with the cluster's tags; its name."""
    name = name.lower()
    shown = cluster.shown
    if retention is None:
        retention = shown["ManualSnapshotRetentionPeriod"]
    world.snapshots[name] = {key: shown[key] for key in _COPIED if key in shown} | {
        "SnapshotIdentifier": name,
        "ClusterIdentifier": cluster.name,
        "SnapshotCreateTime": world.now(),
        "SnapshotType": kind,
        "OwnerAccount": ACCOUNT,
        "TotalBackupSizeInMegaBytes": 10.0,
        "ManualSnapshotRetentionPeriod": retention,
        "SnapshotArn": _arn(world, cluster.name, name),
    }
    polls = world.pace.polls["snapshot"] if polls is None else polls
    world.snapshot_polls[name] = polls or -1  # below 0 it is available
    tags = world.tags[world.arn("cluster", cluster.name)]
    world.tags[_arn(world, cluster.name, name)] = dict(tags)
    return name


def automated(world: World, cluster: Cluster) -> None:
    """Redshift takes its first automated snapshot."""
    stamp = world.now().strftime("%Y-%m-%d-%H-%M-%S")
    add(world, cluster, f"rs:{cluster.name}-{stamp}", kind="automated", polls=0)


def forget_automated(world: World, cluster: Cluster) -> None:
    """The automated snapshots go with their cluster."""
    for name, snapshot in list(world.snapshots.items()):
        own = snapshot["ClusterIdentifier"] == cluster.name
        if own and snapshot["SnapshotType"] == "automated":
            _drop(world, name)


def create(world: World, params: Params) -> Params:
    """CreateClusterSnapshot."""
    cluster = world.cluster(params)
    check_new(world, params["SnapshotIdentifier"])
    tags = inputs.check_tags(params.get("Tags", []))
    cluster.must_be("available", "snapshot")
    retention = params.get("ManualSnapshotRetentionPeriod")
    name = add(world, cluster, params["SnapshotIdentifier"], retention=retention)
    world.tags[_arn(world, cluster.name, name)] |= tags
    return {"Snapshot": _shown(world, name)}


def modify(world: World, params: Params) -> Params:
    """ModifyClusterSnapshot."""
    name = _named(world, params)
    if "ManualSnapshotRetentionPeriod" in params:
        days = params["ManualSnapshotRetentionPeriod"]
        inputs.check_settings({"ManualSnapshotRetentionPeriod": days})
        world.snapshots[name]["ManualSnapshotRetentionPeriod"] = days
    return {"Snapshot": _shown(world, name)}


def describe(world: World, params: Params) -> Params:
    """DescribeClusterSnapshots: whoever looks lets time pass."""
    if "SnapshotIdentifier" in params and "ClusterIdentifier" in params:
        raise inputs.combination(
            "You can't give both SnapshotIdentifier and ClusterIdentifier."
        )
    names = list(world.snapshots)
    if "SnapshotIdentifier" in params:
        names = [_named(world, params)]
    for name in names:
        world.snapshot_polls[name] -= 1
    wanted = {
        "ClusterIdentifier": params.get("ClusterIdentifier", "").lower(),
        "SnapshotType": params.get("SnapshotType"),
        "SnapshotArn": params.get("SnapshotArn"),
    }
    rows = [_shown(world, name) for name in names]
    for key, value in wanted.items():
        rows = [row for row in rows if not value or row[key] == value]
    rows = [row for row in rows if matches(world.tags[row["SnapshotArn"]], params)]
    if "ClusterExists" in params:
        exists = params["ClusterExists"]
        rows = [r for r in rows if (r["ClusterIdentifier"] in world.clusters) == exists]
    return {"Snapshots": rows}


def delete(world: World, params: Params) -> Params:
    """DeleteClusterSnapshot."""
    name = _named(world, params)
    snapshot = _shown(world, name)
    if snapshot["SnapshotType"] == "automated" or snapshot["Status"] != "available":
        raise Refused(
            "InvalidClusterSnapshotState",
            f"Cannot delete the snapshot {name}: it is {snapshot['SnapshotType']} "
            f"and {snapshot['Status']}.",
        )
    _drop(world, name)
    return {"Snapshot": snapshot | {"Status": "deleted"}}


def restore_params(world: World, params: Params) -> Params:
    """RestoreFromClusterSnapshot as a request to create the cluster."""
    name = _named(world, params)
    snapshot = _shown(world, name)
    if snapshot["Status"] != "available":
        raise Refused("InvalidClusterSnapshotState", f"Snapshot {name} is not ready.")
    taken = {key: snapshot[key] for key in _RESTORED if key in snapshot}
    tags = tagged(world.tags[snapshot["SnapshotArn"]])
    return taken | {"Tags": tags} | params


def _named(world: World, params: Params) -> str:
    name = str(params["SnapshotIdentifier"]).lower()
    if name not in world.snapshots:
        raise Refused("ClusterSnapshotNotFound", f"Snapshot {name} not found.", 404)
    return name


def _shown(world: World, name: str) -> Params:
    snapshot = world.snapshots[name]
    status = "creating" if world.snapshot_polls[name] >= 0 else "available"
    tags = tagged(world.tags[snapshot["SnapshotArn"]])
    return snapshot | {"Status": status, "Tags": tags}


def _drop(world: World, name: str) -> None:
    arn = world.snapshots.pop(name)["SnapshotArn"]
    del world.snapshot_polls[name]
    del world.tags[arn]


def _arn(world: World, cluster: str, name: str) -> str:
    return world.arn("snapshot", f"{cluster}/{name}")


OPERATIONS = {
    "CreateClusterSnapshot": create,
    "ModifyClusterSnapshot": modify,
    "DescribeClusterSnapshots": describe,
    "DeleteClusterSnapshot": delete,
}
