"""What the settings about AWS may be, so that a typing error costs no call to AWS.

Sources: the constraints in AWS's documentation of CreateCluster and CreateVpc, and
"Reserved words" in Redshift's database developer guide.
"""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from infra.errors import ConfigurationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RETIRED = ("dc1.", "dc2.", "ds2.")
_STACK = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[1-9]")
_NODE_TYPE = re.compile(r"[a-z0-9]+\.[a-z0-9]+")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WINDOW = re.compile(
    r"([a-z]{3}):([0-9]{2}):([0-9]{2})-([a-z]{3}):([0-9]{2}):([0-9]{2})"
)
_LOG_DAYS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365}
_WEEK = 7 * 24 * 60  # minutes
# What Redshift, or a scanner of its set-up, takes offence at
_USERS = {"awsuser", "admin", "root", "rdsdb", "public", "user", "default", "all"}
_DATABASES = {"dev", "template0", "template1", "padb_harvest", "public", "default"}
_RESERVED = (
    "aes128 aes256 all allowoverwrite analyse analyze and any array as asc "
    "authorization az64 backup between binary blanksasnull both bytedict bzip2 "
    "case cast check collate column constraint create credentials cross "
    "current_date current_time current_timestamp current_user current_user_id "
    "default deferrable deflate defrag delta delta32k desc disable distinct do "
    "else emptyasnull enable encode encrypt encryption end except explicit false "
    "for foreign freeze from full globaldict256 globaldict64k grant group gzip "
    "having identity ignore ilike in initially inner intersect interval into is "
    "isnull join language leading left like limit localtime localtimestamp lun "
    "luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null "
    "nulls off offline offset oid old on only open or order outer overlaps "
    "parallel partition percent permissions pivot placing primary raw readratio "
    "recover references rejectlog resort respect restore right select "
    "session_user similar snapshot some sysdate system table tag tdes text255 "
    "text32k then timestamp to top trailing true truncatecolumns union unique "
    "unnest unpivot user using verbose wallet when where with without"
)
# Where private networks are; others have a meaning of their own, or owners
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")


def number(value: object) -> object:
    """A number, which yes and no are not."""
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic collects ValueError
    return value


def flag(value: object) -> object:
    """Yes or no: YAML's, or the word of it in a variable."""
    found = {"true": True, "false": False}.get(str(value).lower())
    if found is None:
        raise ValueError("neither true nor false")
    return found


def whole(value: object) -> object:
    """Takes of a text what Invoke takes, which casts variables by itself: no `1.0`."""
    return int(value) if isinstance(value, str) else number(value)


def _stack(value: str) -> str:
    if not _STACK.fullmatch(value) or len(value) > 24:
        raise ValueError("not a stack")
    return value


def _account(value: str) -> str:
    if value and not re.fullmatch(r"[0-9]{12}", value):
        raise ValueError("not an account")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError("not a region")
    return value


def _node_type(value: str) -> str:
    if not _NODE_TYPE.fullmatch(value) or value.startswith(RETIRED):
        raise ValueError("not a node type")
    return value


def _is_name(value: str) -> bool:
    """Whether Redshift takes it as a name without quotes."""
    is_word = bool(_NAME.fullmatch(value)) and len(value) <= 64
    return is_word and value not in _RESERVED.split()


def _database(value: str) -> str:
    if not _is_name(value) or value in _DATABASES:
        raise ValueError("not a database")
    return value


def _user(value: str) -> str:
    if not _is_name(value) or value in _USERS:
        raise ValueError("not a user")
    return value


def _port(value: int) -> int:
    if not (5431 <= value <= 5455 or 8191 <= value <= 8215):
        raise ValueError("not a port")
    return value


def _network(value: str) -> str:
    network = ipaddress.IPv4Network(value)
    inside = any(network.subnet_of(ipaddress.IPv4Network(each)) for each in _PRIVATE)
    if not inside or not 16 <= network.prefixlen <= 24:
        raise ValueError("not a private network")
    return str(network)


def _cidr(value: str) -> str:
    """Who may come in; whether a private range is one of them `aws_access` decides."""
    if not value:
        return value
    from infra.aws import address  # it brings the clients of HTTP, which take a while

    try:
        return str(address.allowed(value, private=True))
    except ConfigurationError:
        raise ValueError("not a range") from None


def _window(value: str) -> str:
    match = _WINDOW.fullmatch(value)
    if match is None:
        raise ValueError("not a window")
    day, hour, minute, end_day, end_hour, end_minute = match.groups()
    start, end = _minute(day, hour, minute), _minute(end_day, end_hour, end_minute)
    if not 30 <= (end - start) % _WEEK <= 24 * 60:
        raise ValueError("not a window")
    return value


def _minute(day: str, hour: str, minute: str) -> int:
    """Minutes since the week began. Raises ValueError when there is no such time."""
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError("no time of day")
    return DAYS.index(day) * 24 * 60 + int(hour) * 60 + int(minute)


def _log_days(value: int) -> int:
    if value not in _LOG_DAYS:  # CloudWatch takes no others
        raise ValueError("no retention")
    return value


StackName = Annotated[str, AfterValidator(_stack)]
Account = Annotated[str, AfterValidator(_account)]
Region = Annotated[str, AfterValidator(_region)]
NodeType = Annotated[str, AfterValidator(_node_type)]
Database = Annotated[str, AfterValidator(_database)]
User = Annotated[str, AfterValidator(_user)]
Flag = Annotated[bool, BeforeValidator(flag)]
Port = Annotated[int, BeforeValidator(whole), AfterValidator(_port)]
Network = Annotated[str, AfterValidator(_network)]
Cidr = Annotated[str, AfterValidator(_cidr)]
Window = Annotated[str, AfterValidator(_window)]
LogDays = Annotated[int, BeforeValidator(whole), AfterValidator(_log_days)]
