"""What CreateCluster refuses, before there is a cluster."""

import re

from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.world import NODES, World

_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,62}")
_USER = re.compile(r"[a-z][a-z0-9_+.@-]{0,127}")
_DATABASE = re.compile(r"[a-z][a-z0-9_$]{0,63}")
_WINDOW = re.compile(r"(\w{3}):(\d\d):(\d\d)-(\w{3}):(\d\d):(\d\d)")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = 7 * 24 * 60
_RESERVED = {  # some of the reserved words, and the service's own users
    *("all", "and", "as", "column", "default", "else", "from", "group", "join", "null"),
    *("order", "public", "rdsdb", "select", "table", "user", "where", "with"),
}


def invalid(message: str) -> Refused:
    """A value that cannot be."""
    return Refused("InvalidParameterValue", message)


def combination(message: str) -> Refused:
    """Values that cannot be together."""
    return Refused("InvalidParameterCombination", message)


def check_create(world: World, params: Params) -> None:
    """Raises what CreateCluster answers to a request that it does not take."""
    check_identifier("cluster", params["ClusterIdentifier"])
    _check_names(params)
    check_password(params, required=True)
    check_nodes(world, params)
    check_settings(params)
    if params.get("Encrypted") is False:
        raise invalid("Encrypted must be true: an unencrypted cluster can't be made.")


def check_identifier(kind: str, name: str) -> None:
    """Raises what AWS answers to a name that it does not take; it lower-cases."""
    lower = name.lower()
    if not _IDENTIFIER.fullmatch(lower) or "--" in lower or lower.endswith("-"):
        raise invalid(
            f"The parameter {kind.title()}Identifier is not valid: identifiers must "
            "begin with a letter; must contain only ASCII letters, digits, and "
            "hyphens; and must not end with a hyphen or contain two consecutive "
            "hyphens."
        )


def _check_names(params: Params) -> None:
    user, database = params["MasterUsername"], params.get("DBName", "dev")
    if not _USER.fullmatch(user):
        raise invalid(f"Invalid master username: {user}")
    if user in _RESERVED:
        raise invalid(
            f"MasterUsername {user} cannot be used as it is a reserved word used by "
            "the engine"
        )
    if not _DATABASE.fullmatch(database) or database in _RESERVED:
        raise invalid(f"Invalid database name: {database}")


def check_password(params: Params, *, required: bool) -> None:
    """Raises what AWS answers to passwords given and not given."""
    password, managed = (
        params.get("MasterUserPassword"),
        params.get("ManageMasterPassword"),
    )
    if managed and password is not None:
        raise combination(
            "You can't specify MasterUserPassword when ManageMasterPassword is true."
        )
    if password is None:
        if required and not managed:
            raise combination(
                "You must specify MasterUserPassword or ManageMasterPassword."
            )
        return
    wanted = all(re.search(part, password) for part in ("[a-z]", "[A-Z]", "[0-9]"))
    if not wanted or not re.fullmatch(r"[!-~]{8,64}", password):
        raise invalid(
            "The parameter MasterUserPassword must have 8 to 64 characters, and at "
            "least one uppercase letter, one lowercase letter, and one decimal digit."
        )
    if re.search(r"['\"\\/@]", password):
        raise invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable "
            "ASCII characters besides '/', '@', '\"', ' ', '\\', ''' may be used."
        )


def check_nodes(world: World, params: Params) -> None:
    """Raises what AWS answers to node types and numbers of them."""
    node, count = params["NodeType"], params.get("NumberOfNodes")
    if node not in NODES:
        raise invalid(f"Invalid node type: {node}")
    if not world.zones(node):
        raise Refused(
            "NumberOfNodesQuotaExceeded",
            f"You do not have access to node type {node} in this region.",
        )
    zone = params.get("AvailabilityZone")
    if zone and zone not in world.zones(node):
        raise invalid(f"The node type {node} is not available in {zone}.")
    kind = params.get("ClusterType", "multi-node" if count else "single-node")
    if kind not in {"single-node", "multi-node"}:
        raise invalid(f"Invalid cluster type: {kind}")
    if kind == "single-node" and (count or 1) != 1:
        raise combination("Number of nodes for cluster type single-node must be 1.")
    if kind == "multi-node" and count is None:
        raise combination("NumberOfNodes is required for cluster type multi-node.")
    if kind == "multi-node" and not 2 <= (count or 0) <= 100:
        raise invalid(f"Invalid number of nodes for a multi-node cluster: {count}")
    if node == "rg.xlarge" and (count or 1) == 1:
        raise invalid("Invalid number of nodes for node type rg.xlarge: 1")


def check_settings(params: Params) -> None:
    """Raises what AWS answers to settings that can also be changed later."""
    port = params.get("Port", 5439)
    if not (5431 <= port <= 5455 or 8191 <= port <= 8215):
        raise invalid(f"Invalid port: {port}. Valid ports are 5431-5455 and 8191-8215.")
    days = params.get("AutomatedSnapshotRetentionPeriod", 1)
    if not 1 <= days <= 35:
        raise Refused(
            "InvalidRetentionPeriodFault",
            f"Invalid automated snapshot retention period: {days}. It must be between "
            "1 and 35.",
        )
    days = params.get("ManualSnapshotRetentionPeriod", -1)
    if days != -1 and not 1 <= days <= 3653:
        raise Refused(
            "InvalidRetentionPeriodFault",
            f"Invalid manual snapshot retention period: {days}. It must be -1 or "
            "between 1 and 3653.",
        )
    if "PreferredMaintenanceWindow" in params:
        check_window(params["PreferredMaintenanceWindow"])


def check_window(window: str) -> None:
    """Raises what AWS answers to `sun:03:00-sun:03:20`: it has to be 30 minutes."""
    match = _WINDOW.fullmatch(window.lower())
    if match is None:
        raise invalid(f"Invalid maintenance window: {window}")
    begin, end = _minute(match.groups()[:3]), _minute(match.groups()[3:])
    if begin is None or end is None:
        raise invalid(f"Invalid maintenance window: {window}")
    if not 30 <= (end - begin) % _WEEK <= 24 * 60:
        raise invalid(
            "The maintenance window must be at least 30 minutes, 1 day at most."
        )


def _minute(parts: tuple[str, ...]) -> int | None:
    day, hour, minute = parts[0], int(parts[1]), int(parts[2])
    if day not in _DAYS or hour > 23 or minute > 59:
        return None
    return (_DAYS.index(day) * 24 + hour) * 60 + minute


def check_tags(tags: list[Params]) -> dict[str, str]:
    """The tags as a dict; raises what AWS answers to those that it does not take."""
    found = {tag["Key"]: tag.get("Value", "") for tag in tags}
    if len(found) != len(tags):
        raise Refused("InvalidTagFault", "Duplicate tag keys are not allowed.")
    for key, value in found.items():
        if key.lower().startswith("aws:") or not 1 <= len(key) <= 128:
            raise Refused("InvalidTagFault", f"The tag key {key} is not valid.")
        if len(value) > 256 or not _spelt(key + value):
            raise Refused("InvalidTagFault", f"The tag value {value} is not valid.")
    if len(found) > 50:
        raise Refused("TagLimitExceededFault", "You have exceeded the number of tags.")
    return found


def _spelt(text: str) -> bool:
    return all(letter.isalnum() or letter in " _.:/=+-@" for letter in text)
