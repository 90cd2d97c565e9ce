"""Usage limits of clusters."""

from infra.rehearsal.aws import inputs
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.tagging import matches
from infra.rehearsal.aws.world import World, letters, tagged

_TYPES = {
    "spectrum": "data-scanned",
    "concurrency-scaling": "time",
    "cross-region-datasharing": "data-scanned",
    "extra-compute-for-automatic-optimization": "time",
}


def create(world: World, params: Params) -> Params:
    """CreateUsageLimit."""
    cluster = world.cluster(params)
    feature, period = params["FeatureType"], params.get("Period", "monthly")
    if _TYPES.get(feature) != params["LimitType"] or params["Amount"] <= 0:
        raise Refused("InvalidUsageLimit", "The usage limit is not valid.")
    for limit in world.limits.values():
        same = limit["ClusterIdentifier"] == cluster.name
        if same and (limit["FeatureType"], limit["Period"]) == (feature, period):
            raise Refused("UsageLimitAlreadyExists", "The usage limit already exists.")
    tags = inputs.check_tags(params.get("Tags", []))
    name = "ul-" + letters(f"{cluster.name} {feature} {period}", 12)
    world.limits[name] = {
        "UsageLimitId": name,
        "ClusterIdentifier": cluster.name,
        "FeatureType": feature,
        "LimitType": params["LimitType"],
        "Amount": params["Amount"],
        "Period": period,
        "BreachAction": params.get("BreachAction", "log"),
    }
    world.tags[world.arn("usagelimit", name)] = tags
    return _shown(world, name)


def modify(world: World, params: Params) -> Params:
    """ModifyUsageLimit."""
    name = _named(world, params)
    kept = {key: params[key] for key in ("Amount", "BreachAction") if key in params}
    world.limits[name] |= kept
    return _shown(world, name)


def describe(world: World, params: Params) -> Params:
    """DescribeUsageLimits."""
    rows = [_shown(world, name) for name in world.limits]
    for key in ("UsageLimitId", "ClusterIdentifier", "FeatureType"):
        rows = [row for row in rows if params.get(key, row[key]) == row[key]]
    return {
        "UsageLimits": [
            row
            for row in rows
            if matches(world.tags[world.arn("usagelimit", row["UsageLimitId"])], params)
        ]
    }


def delete(world: World, params: Params) -> Params:
    """DeleteUsageLimit."""
    name = _named(world, params)
    del world.limits[name]
    del world.tags[world.arn("usagelimit", name)]
    return {}


def _named(world: World, params: Params) -> str:
    name = str(params["UsageLimitId"])
    if name not in world.limits:
        raise Refused("UsageLimitNotFound", f"Usage limit {name} not found.", 404)
    return name


def _shown(world: World, name: str) -> Params:
    tags = tagged(world.tags[world.arn("usagelimit", name)])
    return world.limits[name] | {"Tags": tags}


OPERATIONS = {
    "CreateUsageLimit": create,
    "ModifyUsageLimit": modify,
    "DescribeUsageLimits": describe,
    "DeleteUsageLimit": delete,
}
