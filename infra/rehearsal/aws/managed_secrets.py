"""The secrets that Redshift makes and keeps for a cluster's admin."""

from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.world import World


def describe(world: World, params: Params) -> Params | None:
    """DescribeSecret of such a secret; None leaves any other to moto."""
    name = params["SecretId"]
    if "redshift!" not in name:
        return None
    for cluster in world.clusters.values():
        arn = cluster.shown.get("MasterPasswordSecretArn", "")
        if arn and name in {arn, _name(arn)}:
            made = cluster.shown.get("ClusterCreateTime", world.now())
            return {
                "ARN": arn,
                "Name": _name(arn),
                "OwningService": "redshift",
                "RotationEnabled": True,
                "RotationRules": {"AutomaticallyAfterDays": 30},
                "CreatedDate": made,
                "LastRotatedDate": made,
                "Tags": [],
            }
    raise Refused(
        "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
    )


def _name(arn: str) -> str:
    return arn.split(":secret:")[1].rsplit("-", 1)[0]
