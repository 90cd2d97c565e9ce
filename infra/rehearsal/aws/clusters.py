"""Clusters: made, looked at and deleted; what changes them is in `changes`."""

from infra.rehearsal.aws import inputs, interfaces, snapshots
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.appearance import shown
from infra.rehearsal.aws.tagging import matches
from infra.rehearsal.aws.walk import Cluster, Step
from infra.rehearsal.aws.world import ACCOUNT, World, letters

_COPIED = {
    "NodeType": None,
    "MasterUsername": None,
    "DBName": "dev",
    "AutomatedSnapshotRetentionPeriod": 1,
    "ManualSnapshotRetentionPeriod": -1,
    "PreferredMaintenanceWindow": "sun:09:30-sun:10:00",
    "ClusterVersion": "1.0",
    "AllowVersionUpgrade": True,
    "NumberOfNodes": 1,
    "PubliclyAccessible": False,
    "Encrypted": True,
    "EnhancedVpcRouting": False,
    "MaintenanceTrackName": "current",
    "IpAddressType": "ipv4",
}


def create(world: World, params: Params) -> Params:
    """CreateCluster."""
    inputs.check_create(world, params)
    name = params["ClusterIdentifier"].lower()
    if name in world.clusters:
        raise Refused("ClusterAlreadyExists", f"Cluster already exists: {name}")
    cluster = build(world, name, params)
    return {"Cluster": shown(world, cluster)}


def restore(world: World, params: Params) -> Params:
    """RestoreFromClusterSnapshot: groups that are not given are AWS's default ones."""
    asked = snapshots.restore_params(world, params)
    inputs.check_identifier("cluster", asked["ClusterIdentifier"])
    inputs.check_nodes(world, with_type(asked))
    inputs.check_settings(asked)
    name = asked["ClusterIdentifier"].lower()
    if name in world.clusters:
        raise Refused("ClusterAlreadyExists", f"Cluster already exists: {name}")
    cluster = build(world, name, asked)
    cluster.shown["RestoreStatus"] = {"Status": "restoring"}
    ready = cluster.steps[1].enter

    def restored() -> None:
        ready()
        cluster.shown["RestoreStatus"] = {"Status": "completed"}

    cluster.steps[1].enter = restored
    return {"Cluster": shown(world, cluster)}


def build(world: World, name: str, params: Params) -> Cluster:
    """Puts a new cluster into its network and lets it begin to be made."""
    group = params.get("ClusterParameterGroupName", "default.redshift-2.0").lower()
    if group not in world.parameter_groups:
        raise Refused(
            "ClusterParameterGroupNotFound", f"ParameterGroup not found: {group}", 404
        )
    network = _network(world, params)
    roles = list(params.get("IamRoles", ()))
    default = params.get("DefaultIamRoleArn")
    if default and default not in roles:
        roles.append(default)
    check_roles(world, roles)
    tags = inputs.check_tags(params.get("Tags", []))

    attributes = {key: params.get(key, value) for key, value in _COPIED.items()}
    attributes |= {
        "ClusterIdentifier": name,
        "Port": params.get("Port", 5439),
        "ClusterSecurityGroups": [],
        "VpcSecurityGroups": network["groups"],
        "ClusterSubnetGroupName": network["name"],
        "VpcId": network["vpc"],
        "AvailabilityZone": network["zone"],
        "PendingModifiedValues": {},
        "ClusterRevisionNumber": "250000",
        "KmsKeyId": params.get("KmsKeyId", "AWS_OWNED_KMS_KEY"),
        "MultiAZ": "Enabled" if params.get("MultiAZ") else "Disabled",
        "AvailabilityZoneRelocationStatus": "enabled"
        if params.get("AvailabilityZoneRelocation")
        else "disabled",
        "ClusterNamespaceArn": world.arn("namespace", letters(name, 32)),
        "DefaultIamRoleArn": default or "",
        "TotalStorageCapacityInMegaBytes": 1_000_000,
        "DeferredMaintenanceWindows": [],
    }
    if attributes["KmsKeyId"] == "AWS_OWNED_KMS_KEY":
        del attributes["KmsKeyId"]
    if params.get("ManageMasterPassword"):
        attributes["MasterPasswordSecretArn"] = secret_arn(world, attributes)
        if "MasterPasswordSecretKmsKeyId" in params:
            key = params["MasterPasswordSecretKmsKeyId"]
            attributes["MasterPasswordSecretKmsKeyId"] = key
    cluster = Cluster(
        name,
        attributes,
        group,
        network["subnets"],
        roles=dict.fromkeys(roles, "adding"),
        values=dict(world.values.get(group, {})),
    )
    world.clusters[name] = cluster
    world.tags[world.arn("cluster", name)] = tags
    interfaces.attach(world, cluster)

    def ready() -> None:
        cluster.has_endpoint = True
        cluster.shown["ClusterCreateTime"] = world.now()
        message = f"Amazon Redshift cluster {name} has been created."
        world.tell(name, "cluster", message, "REDSHIFT-EVENT-2000")
        snapshots.automated(world, cluster)

    cluster.walk(Step("creating", world.pace.polls["creating"]), *rest(world, cluster))
    cluster.steps[1].enter = ready
    return cluster


def rest(world: World, cluster: Cluster) -> tuple[Step, Step]:
    """The end of most walks: available, first with something left to do."""

    def in_sync() -> None:
        cluster.roles = dict.fromkeys(cluster.roles, "in-sync")

    return (
        Step("available", world.pace.polls["settling"], "Modifying"),
        Step("available", enter=in_sync),
    )


def with_type(params: Params) -> Params:
    """The params with the ClusterType that a cluster with so many nodes has."""
    kind = "single-node" if params["NumberOfNodes"] == 1 else "multi-node"
    return {"ClusterType": kind} | params


def secret_arn(world: World, attributes: Params) -> str:
    """The ARN of the secret that Redshift makes for the admin's password."""
    name = f"redshift!{attributes['ClusterIdentifier']}-{attributes['MasterUsername']}"
    return (
        f"arn:aws:secretsmanager:{world.region}:{ACCOUNT}:secret:{name}-{letters(name)}"
    )


def check_roles(world: World, roles: list[str]) -> None:
    """Raises what AWS answers to roles that cannot be a cluster's."""
    for role in roles:
        world.check_role(
            role,
            "redshift.amazonaws.com",
            f"The IAM role {role} is not valid. The IAM role must delegate access to "
            "an Amazon Redshift account.",
        )


def _network(world: World, params: Params) -> Params:
    name = params.get("ClusterSubnetGroupName", "").lower()
    if name not in world.subnet_groups:
        raise Refused(
            "ClusterSubnetGroupNotFoundFault",
            f"Cluster subnet group {name or 'default'} does not exist.",
        )
    subnets = world.others.subnets(world.subnet_groups[name]["Subnets"])
    if not subnets:
        raise Refused(
            "InvalidVPCNetworkStateFault",
            f"The subnets of cluster subnet group {name} do not exist.",
        )
    vpc = subnets[0]["VpcId"]
    zones = [subnet["AvailabilityZone"] for subnet in subnets]
    offered = world.zones(params["NodeType"])
    wanted = params.get("AvailabilityZone")
    zone = next((z for z in zones if z in offered and wanted in {None, z}), None)
    if zone is None:
        raise inputs.invalid(
            f"The cluster subnet group {name} has no subnet in a zone for this cluster."
        )
    ids = params.get("VpcSecurityGroupIds") or [world.others.default_group(vpc)]
    check_security_groups(world, ids, vpc)
    groups = [{"VpcSecurityGroupId": i, "Status": "active"} for i in ids]
    return {
        "name": name,
        "vpc": vpc,
        "zone": zone,
        "groups": groups,
        "subnets": [subnet["SubnetId"] for subnet in subnets],
    }


def check_security_groups(world: World, ids: list[str], vpc: str) -> None:
    """Raises what AWS answers to security groups of other VPCs and of none."""
    found = world.others.security_groups(ids)
    here = {group["GroupId"] for group in found if group["VpcId"] == vpc}
    if missing := [i for i in ids if i not in here]:
        raise inputs.invalid(
            f"Invalid security group: {missing[0]}. It does not exist in VPC {vpc}."
        )


def describe(world: World, params: Params) -> Params:
    """DescribeClusters: whoever looks lets time pass."""
    clusters = list(world.clusters.values())
    if "ClusterIdentifier" in params:
        clusters = [world.cluster(params)]
    for cluster in clusters:
        cluster.poll()
    if "ClusterIdentifier" in params:
        world.cluster(params)  # it may have gone with this poll
    return {
        "Clusters": [
            shown(world, cluster)
            for cluster in clusters
            if cluster.name in world.clusters
            and matches(world.tags[world.arn("cluster", cluster.name)], params)
        ]
    }


def delete(world: World, params: Params) -> Params:
    """DeleteCluster."""
    cluster = world.cluster(params)
    skip = params.get("SkipFinalClusterSnapshot", False)
    final = params.get("FinalClusterSnapshotIdentifier")
    if skip and final:
        raise inputs.combination(
            "FinalClusterSnapshotIdentifier can't be specified when "
            "SkipFinalClusterSnapshot is true."
        )
    if not skip and not final:
        raise inputs.combination(
            "FinalClusterSnapshotIdentifier is required unless "
            "SkipFinalClusterSnapshot is specified."
        )
    cluster.must_be_deletable(paused=world.pace.deletes_paused)
    if final:
        snapshots.check_new(world, final)

    def gone() -> None:
        interfaces.detach(world, cluster)
        snapshots.forget_automated(world, cluster)
        del world.clusters[cluster.name]
        del world.tags[world.arn("cluster", cluster.name)]
        message = f"Amazon Redshift cluster {cluster.name} has been deleted."
        world.tell(cluster.name, "cluster", message, "REDSHIFT-EVENT-2001")

    polls = world.pace.polls
    steps = [Step("deleting", polls["deleting"]), Step("deleted", enter=gone)]
    if final:
        snapshots.add(world, cluster, final, polls=0)
        steps.insert(0, Step("final-snapshot", polls["final-snapshot"]))
    cluster.walk(*steps)
    return {"Cluster": shown(world, cluster)}


OPERATIONS = {
    "CreateCluster": create,
    "RestoreFromClusterSnapshot": restore,
    "DescribeClusters": describe,
    "DeleteCluster": delete,
}
