"""Tags of Redshift's things: kept by ARN, found by keys and by values."""

from infra.rehearsal.aws import inputs
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.world import World

_KINDS = {
    "cluster": "cluster",
    "subnetgroup": "subnetgroup",
    "parametergroup": "parametergroup",
    "snapshot": "snapshot",
    "usagelimit": "usagelimit",
}


def matches(tags: dict[str, str], params: Params) -> bool:
    """Whether something with these tags passes the TagKeys and TagValues given."""
    return bool(chosen(tags, params)) or not (
        params.get("TagKeys") or params.get("TagValues")
    )


def chosen(tags: dict[str, str], params: Params) -> dict[str, str]:
    """Those of the tags that have one of the keys and one of the values given."""
    keys, values = params.get("TagKeys"), params.get("TagValues")
    return {
        key: value
        for key, value in tags.items()
        if (not keys or key in keys) and (not values or value in values)
    }


def create(world: World, params: Params) -> Params:
    """CreateTags."""
    arn = _existing(world, params["ResourceName"])
    added = inputs.check_tags(params["Tags"])
    merged = world.tags[arn] | added
    if len(merged) > 50:
        raise Refused("TagLimitExceededFault", "You have exceeded the number of tags.")
    world.tags[arn] = merged
    return {}


def delete(world: World, params: Params) -> Params:
    """DeleteTags."""
    arn = _existing(world, params["ResourceName"])
    for key in params["TagKeys"]:
        world.tags[arn].pop(key, None)
    return {}


def describe(world: World, params: Params) -> Params:
    """DescribeTags."""
    if "ResourceName" in params and "ResourceType" in params:
        raise inputs.combination("You can't give ResourceName and ResourceType.")
    arns = list(world.tags)
    if "ResourceName" in params:
        arns = [_existing(world, params["ResourceName"])]
    kind = params.get("ResourceType")
    return {
        "TaggedResources": [
            {
                "Tag": {"Key": key, "Value": value},
                "ResourceName": arn,
                "ResourceType": _kind(arn),
            }
            for arn in arns
            if kind in {None, _kind(arn)}
            for key, value in chosen(world.tags[arn], params).items()
        ]
    }


def _kind(arn: str) -> str:
    return _KINDS[arn.split(":")[5]]


def _existing(world: World, arn: str) -> str:
    if arn not in world.tags:
        raise Refused("ResourceNotFoundFault", f"{arn} does not exist.", 404)
    return arn


OPERATIONS = {
    "CreateTags": create,
    "DeleteTags": delete,
    "DescribeTags": describe,
}
