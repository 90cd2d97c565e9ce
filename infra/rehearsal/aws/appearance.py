"""What a cluster looks like: as DescribeClusters shows it in its present state."""

from infra.rehearsal.aws import interfaces
from infra.rehearsal.aws.answers import Params
from infra.rehearsal.aws.walk import Cluster
from infra.rehearsal.aws.world import World, letters, tagged


def shown(world: World, cluster: Cluster) -> Params:
    """A cluster as AWS describes it in its present state."""
    step = cluster.step
    answer = dict(cluster.shown)
    port = answer.pop("Port")
    answer |= {
        "ClusterStatus": step.status,
        "ClusterAvailabilityStatus": step.availability,
        "IamRoles": [
            {"IamRoleArn": arn, "ApplyStatus": status}
            for arn, status in cluster.roles.items()
        ],
        "ClusterParameterGroups": [parameter_status(cluster)],
        "ClusterNodes": [],
        "Tags": tagged(world.tags[world.arn("cluster", cluster.name)]),
    }
    if cluster.has_endpoint:
        answer["Endpoint"] = {"Address": _host(world, cluster), "Port": port}
        if step.status != "paused":
            answer["ClusterNodes"] = interfaces.nodes(cluster)
    return answer


def _host(world: World, cluster: Cluster) -> str:
    if world.place:
        return world.place.host
    made_up = letters(world.region + cluster.name, 12)
    return f"{cluster.name}.c{made_up}.{world.region}.redshift.amazonaws.com"


def parameter_status(cluster: Cluster) -> Params:
    """Whether the parameters of the cluster's group are in effect."""
    status = "pending-reboot" if cluster.pending else "in-sync"
    return {
        "ParameterGroupName": cluster.group,
        "ParameterApplyStatus": status,
        "ClusterParameterStatusList": [
            {"ParameterName": name, "ParameterApplyStatus": "pending-reboot"}
            for name in sorted(cluster.pending - {""})
        ],
    }
