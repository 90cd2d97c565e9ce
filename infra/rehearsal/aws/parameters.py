"""Cluster parameter groups, and the parameters in them."""

from infra.rehearsal.aws import inputs
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.tagging import matches
from infra.rehearsal.aws.world import World, tagged

_TRUE_FALSE = "true,false"
_FAMILIES = ("redshift-1.0", "redshift-2.0")
_DEFAULTS = {  # name: value, data type, allowed values
    "auto_analyze": ("true", "boolean", _TRUE_FALSE),
    "auto_mv": ("true", "boolean", _TRUE_FALSE),
    "datestyle": ("ISO, MDY", "string", ""),
    "enable_case_sensitive_identifier": ("false", "boolean", _TRUE_FALSE),
    "enable_user_activity_logging": ("false", "boolean", _TRUE_FALSE),
    "extra_float_digits": ("0", "integer", "-15-2"),
    "max_concurrency_scaling_clusters": ("1", "integer", "0-10"),
    "max_cursor_result_set_size": ("default", "integer", "0-14400000"),
    "query_group": ("default", "string", ""),
    "require_ssl": ("true", "boolean", _TRUE_FALSE),
    "search_path": ("$user, public", "string", ""),
    "statement_timeout": ("0", "integer", "0,100-2147483647"),
    "use_fips_ssl": ("false", "boolean", _TRUE_FALSE),
    "wlm_json_configuration": ('[{"auto_wlm":true}]', "string", ""),
}
_DYNAMIC = {"wlm_json_configuration"}


def defaults() -> dict[str, Params]:
    """The parameter groups that every account has."""
    return {
        f"default.{family}": {
            "ParameterGroupName": f"default.{family}",
            "ParameterGroupFamily": family,
            "Description": f"Default parameter group for {family}",
        }
        for family in _FAMILIES
    }


def create_parameter_group(world: World, params: Params) -> Params:
    """CreateClusterParameterGroup."""
    name = params["ParameterGroupName"].lower()
    inputs.check_identifier("parameter group", name)
    if name in world.parameter_groups:
        raise Refused(
            "ClusterParameterGroupAlreadyExists",
            f"ParameterGroup {name} already exists",
        )
    if params["ParameterGroupFamily"] not in _FAMILIES:
        raise inputs.invalid(
            f"ParameterGroupFamily {params['ParameterGroupFamily']} is not valid."
        )
    tags = inputs.check_tags(params.get("Tags", []))
    world.parameter_groups[name] = {
        "ParameterGroupName": name,
        "ParameterGroupFamily": params["ParameterGroupFamily"],
        "Description": params["Description"],
    }
    world.values[name] = {}
    world.tags[world.arn("parametergroup", name)] = tags
    return {"ClusterParameterGroup": _parameter_group(world, name)}


def describe_parameter_groups(world: World, params: Params) -> Params:
    """DescribeClusterParameterGroups."""
    names = list(world.parameter_groups)
    if "ParameterGroupName" in params:
        names = [_parameter_group_named(world, params)]
    return {
        "ParameterGroups": [
            _parameter_group(world, name)
            for name in names
            if matches(world.tags.get(world.arn("parametergroup", name), {}), params)
        ]
    }


def delete_parameter_group(world: World, params: Params) -> Params:
    """DeleteClusterParameterGroup."""
    name = _own_group(world, params)
    for cluster in world.clusters.values():
        if cluster.group == name:
            raise Refused(
                "InvalidClusterParameterGroupState",
                f"ParameterGroup {name} is being used by cluster {cluster.name}.",
            )
    del world.parameter_groups[name]
    del world.values[name]
    del world.tags[world.arn("parametergroup", name)]
    return {}


def modify_parameters(world: World, params: Params) -> Params:
    """ModifyClusterParameterGroup: static ones take effect with a reboot."""
    name = _own_group(world, params)
    changed = {p["ParameterName"]: p["ParameterValue"] for p in params["Parameters"]}
    for key, value in changed.items():
        if key not in _DEFAULTS:
            raise inputs.invalid(f"Could not find parameter with name: {key}")
        allowed = _DEFAULTS[key][2]
        if allowed == _TRUE_FALSE and value not in {"true", "false"}:
            raise inputs.invalid(f"Invalid value {value} for parameter {key}.")
        if _DEFAULTS[key][1] == "integer" and not value.removeprefix("-").isdigit():
            raise inputs.invalid(f"Invalid value {value} for parameter {key}.")
    return _set(world, name, world.values[name] | changed)


def reset_parameters(world: World, params: Params) -> Params:
    """ResetClusterParameterGroup."""
    name = _own_group(world, params)
    reset = {p["ParameterName"] for p in params.get("Parameters", [])}
    if params.get("ResetAllParameters"):
        reset = set(_DEFAULTS)
    kept = {key: v for key, v in world.values[name].items() if key not in reset}
    return _set(world, name, kept)


def describe_parameters(world: World, params: Params) -> Params:
    """DescribeClusterParameters."""
    name = _parameter_group_named(world, params)
    own, source = world.values.get(name, {}), params.get("Source")
    rows = [
        {
            "ParameterName": key,
            "ParameterValue": own.get(key, _default(world, name, key)),
            "Description": key.replace("_", " "),
            "Source": "user" if key in own else "engine-default",
            "DataType": data_type,
            "ApplyType": "dynamic" if key in _DYNAMIC else "static",
            "IsModifiable": True,
            **({"AllowedValues": allowed} if allowed else {}),
        }
        for key, (_, data_type, allowed) in _DEFAULTS.items()
    ]
    return {"Parameters": [row for row in rows if source in {None, row["Source"]}]}


def _default(world: World, group: str, key: str) -> str:
    family = world.parameter_groups[group]["ParameterGroupFamily"]
    if key == "require_ssl" and family == "redshift-1.0":
        return "false"
    return _DEFAULTS[key][0]


def _set(world: World, name: str, values: dict[str, str]) -> Params:
    world.values[name] = values
    for cluster in world.clusters.values():
        if cluster.group == name:
            cluster.pending = {
                key
                for key in set(_DEFAULTS) - _DYNAMIC
                if values.get(key, _default(world, name, key))
                != cluster.values.get(key, _default(world, name, key))
            } | (cluster.pending & {""})
    return {
        "ParameterGroupName": name,
        "ParameterGroupStatus": "Your parameter group has been updated. If you changed "
        "only dynamic parameters, associated clusters are being modified now. If you "
        "changed static parameters, all updates, including dynamic parameters, will be "
        "applied when you reboot the associated clusters.",
    }


def _parameter_group_named(world: World, params: Params) -> str:
    name = str(params["ParameterGroupName"]).lower()
    if name not in world.parameter_groups:
        raise Refused(
            "ClusterParameterGroupNotFound", f"ParameterGroup not found: {name}", 404
        )
    return name


def _own_group(world: World, params: Params) -> str:
    name = _parameter_group_named(world, params)
    if name.startswith("default."):
        raise inputs.invalid(f"The parameter group {name} cannot be changed.")
    return name


def _parameter_group(world: World, name: str) -> Params:
    tags = world.tags.get(world.arn("parametergroup", name), {})
    return world.parameter_groups[name] | {"Tags": tagged(tags)}


OPERATIONS = {
    "CreateClusterParameterGroup": create_parameter_group,
    "DescribeClusterParameterGroups": describe_parameter_groups,
    "DeleteClusterParameterGroup": delete_parameter_group,
    "ModifyClusterParameterGroup": modify_parameters,
    "ResetClusterParameterGroup": reset_parameters,
    "DescribeClusterParameters": describe_parameters,
}
