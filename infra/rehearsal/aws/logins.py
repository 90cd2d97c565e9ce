"""Log-ins that IAM gives out for a database: passwords that are good for minutes."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.inputs import invalid
from infra.rehearsal.aws.world import World

_USUAL, _SHORTEST, _LONGEST = 900, 900, 3600  # seconds


class Logins:
    """The passwords that were given out, by user, as the database knows users."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._given: dict[str, dict[str, datetime]] = {}

    def give(self, user: str, seconds: int) -> tuple[str, datetime]:
        """A new password for the user, and when it ends."""
        ends = self._clock().replace(microsecond=0) + timedelta(seconds=seconds)
        password = secrets.token_urlsafe(24)
        self._given[user] = {**self._valid(user), password: ends}
        return password, ends

    def __call__(self, user: str) -> list[str]:
        """The passwords that are good now."""
        return list(self._valid(user))

    def _valid(self, user: str) -> dict[str, datetime]:
        now = self._clock()
        given = self._given.get(user, {})
        return {password: ends for password, ends in given.items() if now < ends}


def as_database_user(world: World, params: Params) -> Params:
    """GetClusterCredentials: the caller becomes a user of the database."""
    prefix = "IAMA:" if params.get("AutoCreate") else "IAM:"
    return _login(world, params, prefix + params["DbUser"])


def as_oneself(world: World, params: Params) -> Params:
    """GetClusterCredentialsWithIAM: the user has the caller's name."""
    login = _login(world, params, "IAM:sparkify")
    return login | {"NextRefreshTime": login["Expiration"] - timedelta(seconds=60)}


def _login(world: World, params: Params, user: str) -> Params:
    _by_domain(world, params)
    world.cluster(params)
    seconds = params.get("DurationSeconds", _USUAL)
    if not _SHORTEST <= seconds <= _LONGEST:
        raise invalid(f"DurationSeconds must be {_SHORTEST} to {_LONGEST}.")
    password, ends = world.logins.give(user, seconds)
    return {"DbUser": user, "DbPassword": password, "Expiration": ends}


def _by_domain(_world: World, params: Params) -> Params:
    """DescribeCustomDomainAssociations: the driver asks it of hosts not of AWS."""
    if "CustomDomainName" in params:
        raise Refused(
            "CustomDomainAssociationNotFoundFault",
            f"There is no custom domain {params['CustomDomainName']}.",
            404,
        )
    return {"Associations": []}


OPERATIONS = {
    "GetClusterCredentials": as_database_user,
    "GetClusterCredentialsWithIAM": as_oneself,
    "DescribeCustomDomainAssociations": _by_domain,
}
