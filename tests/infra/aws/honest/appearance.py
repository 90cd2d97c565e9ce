"""What a cluster looks like: as DescribeClusters shows it in its present state."""

from honest import interfaces
from honest.answers import Params
from honest.walk import Cluster
from honest.world import World, letters, tagged


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
        host = letters(world.region + cluster.name, 12)
        answer["Endpoint"] = {
            "Address": f"{cluster.name}.c{host}.{world.region}.redshift.amazonaws.com",
            "Port": port,
        }
        if step.status != "paused":
            answer["ClusterNodes"] = interfaces.nodes(cluster)
    return answer


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
