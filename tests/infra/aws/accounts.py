"""An account that many tests share: it is put back to what it was in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import CellType, FunctionType
from typing import Any
from unittest import mock

from botocore import UNSIGNED
from cloud import ME, REGION, Cloud, bar, cloud
from honest import Inventory
from moto.backends import get_backend
from moto.core import responses
from moto.core.utils import method_names_from_class
from moto.s3.models import s3_backends
from moto.utilities.tagging_service import TaggingService

from infra.aws import engine, lock, offers, patience, up
from infra.aws.engine import Plan, Remaining
from infra.aws.site import Choices, Site, resources
from infra.rehearsal.aws.world import ACCOUNT

Memo = dict[int, Any]
_BACKENDS = (("ec2", REGION), ("iam", "aws"), ("logs", REGION), ("s3", "aws"))
_EXPIRES = frozenset({"expires-at"})


@dataclass
class Saved:
    """What there is in an account at one moment."""

    state: Any
    parameters: Any
    owners: dict[str, tuple[str, str]]  # of buckets, whose names are the world's
    moment: datetime


class Account:
    """A cloud that can be put back to an earlier state of it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._found: Choices | None = None
        self._backends = [
            get_backend(service)[ACCOUNT][region]  # type: ignore[call-overload]
            for service, region in _BACKENDS
        ]
        self._ssm = get_backend("ssm")[ACCOUNT][REGION]
        cloud.clients.ec2.describe_vpcs()  # makes what every account has
        kept = [
            *self._backends,
            cloud.aws.world.others,
            cloud.aws.pace,
            cloud.aws.logins,
        ]
        self._kept: Memo = {id(each): each for each in kept}
        for backend in self._backends:
            _leaves(vars(backend), self._kept)
        self.empty = self.save()
        cloud.up()
        cloud.aws.clusters.settle()
        self.made = self.save()
        self.inventory = self.seen()

    @property
    def aws(self) -> Any:  # noqa: ANN401 - Honest; tests hand its parts around
        """The layer: what goes wrong is ordered from it."""
        return self.cloud.aws

    @property
    def others(self) -> Any:  # noqa: ANN401 - its clients have no stubs
        """Clients of somebody else, whom the layer does not see."""
        return self.cloud.aws.world.others

    def save(self) -> Saved:
        """What there is now."""
        state = ([vars(each) for each in self._backends], self.aws.worlds)
        saved = _copied(state, dict(self._kept))
        parameters = _containers(vars(self._ssm))
        owners = dict(s3_backends.bucket_accounts)
        return Saved(saved, parameters, owners, self.cloud.clock.moment)

    def put(self, saved: Saved) -> None:
        """The account is as it was then; nothing is ordered, and nothing recorded."""
        self.aws.reset()
        self.aws.pace.clock = self.cloud.clock.now
        for part in (self.aws.pace, self.aws.logins):
            self._kept[id(part)] = part
        states, worlds = _copied(saved.state, dict(self._kept))
        for backend, state in zip(self._backends, states, strict=True):
            vars(backend).update(state)
        vars(self._ssm).update(_containers(saved.parameters))
        s3_backends.bucket_accounts.clear()
        s3_backends.bucket_accounts.update(saved.owners)
        self.aws.worlds.update(worlds)
        for world in worlds.values():
            world.pace, world.logins = self.aws.pace, self.aws.logins
        self.cloud.clock.moment = saved.moment

    def ids(self) -> dict[str, str]:
        """The ids of the warehouse's things in EC2, by the keys of its resources."""
        given: dict[str, Any] = {"Filters": self.cloud.site().stack.filters()}
        ec2 = self.others.ec2
        found = {
            "vpc": ec2.describe_vpcs(**given)["Vpcs"][0]["VpcId"],
            "gateway": ec2.describe_internet_gateways(**given)["InternetGateways"][0][
                "InternetGatewayId"
            ],
            "routes": ec2.describe_route_tables(**given)["RouteTables"][0][
                "RouteTableId"
            ],
            "endpoint": next(
                each["VpcEndpointId"]
                for each in ec2.describe_vpc_endpoints(**given)["VpcEndpoints"]
                if each["State"] != "deleted"
            ),
            "firewall": ec2.describe_security_groups(**given)["SecurityGroups"][0][
                "GroupId"
            ],
        }
        for each in ec2.describe_subnets(**given)["Subnets"]:
            letter = str(int(each["CidrBlock"].split(".")[2]) // 32)
            found[f"subnet {'abc'[int(letter)]}"] = each["SubnetId"]
        return found

    def seen(self) -> Inventory:
        """All there is, without what is by chance or by the clock."""
        found = self.aws.inventory(_EXPIRES)
        for rows in found.values():
            rows[:] = [re.sub(r"at\([^)]*\)", "at(…)", row) for row in rows]
        if "cluster" in found:  # AWS chooses its zone
            zone = re.compile(r'"AvailabilityZone": "[^"]*"')
            found["cluster"] = [zone.sub("", row) for row in found["cluster"]]
        return Inventory(found)

    @property
    def writes(self) -> list[str]:
        """The recorded writes but those of the lock."""
        return [str(call) for call in self.aws.writes if call.service != "ssm"]

    def plan(self, **changes: object) -> Plan:
        """What `up` would do."""
        return self.cloud.prepared(None, **changes).plan

    def planned(self, **changes: object) -> dict[str, dict[str, tuple[object, object]]]:
        """The differences that `up` would mend, by resource and attribute."""
        return {
            each.resource.key: {
                found.attribute: (found.before, found.after)
                for found in each.differences
            }
            for each in self.plan(**changes).changes
        }

    def up(self, site: Site | None = None) -> None:
        """The part of `up` that writes, as nobody looks at the plan."""
        here = site or self.cloud.site()
        everything = resources(here, self._choices(here))
        with lock.holding(here.clients.ssm, here.stack, "up", here.clock) as held:
            engine.apply(everything, up.applying(here, held, bar()))

    def _choices(self, here: Site) -> Choices:
        if self._found is None:
            types, zones = offers.chosen(here.settings, here.clients)
            prefix_list = offers.s3_prefix_list(here.clients.ec2, REGION)
            self._found = Choices(types, zones, ME, prefix_list)
        return self._found

    def down(self) -> list[Remaining]:
        """All of `down`, with the logs."""
        return self.cloud.down(purge=True)


@contextmanager
def account() -> Iterator[Account]:
    """An account in which `up` has run once; what waits in it waits no time."""
    with cloud() as found:
        events: Any = found.clients.session.events
        events.register("choose-signer", _unsigned, unique_id="unsigned")
        names = cache(method_names_from_class)  # moto looks at each call
        with (
            mock.patch.object(patience, "Clock", return_value=found.clock),
            mock.patch.object(responses, "method_names_from_class", names),
        ):
            yield Account(found)


def _unsigned(**_: object) -> object:
    """Signing is slow, and moto does not look."""
    return UNSIGNED


def _leaves(value: object, found: Memo) -> None:
    """What every account has from the start is shared by all copies."""
    if isinstance(value, dict):
        for each in value.values():
            _leaves(each, found)
    elif isinstance(value, list | tuple | set):
        for each in value:
            _leaves(each, found)
    elif not isinstance(value, TaggingService):
        found[id(value)] = value


def _containers(value: Any) -> Any:  # noqa: ANN401 - moto's
    """The value with containers of its own and the same things in them."""
    if isinstance(value, dict):
        found = copy(value)
        for key in found:
            found[key] = _containers(found[key])
        return found
    if isinstance(value, list):
        return [_containers(each) for each in value]
    return set(value) if isinstance(value, set) else value


def _copied(state: Any, memo: Memo) -> Any:  # noqa: ANN401 - moto's, and the layer's
    states, worlds = deepcopy(state, memo)
    for world in worlds.values():
        for cluster in world.clusters.values():
            for step in cluster.steps:
                step.enter = _rebound(step.enter, memo)
    return states, worlds


def _rebound(value: Any, memo: Memo) -> Any:  # noqa: ANN401 - what a closure holds
    """What a cluster does later, it does in the copy."""
    if not isinstance(value, FunctionType):
        return deepcopy(value, memo)
    if id(value) not in memo and value.__closure__:
        cells = tuple(
            CellType(_rebound(cell.cell_contents, memo)) for cell in value.__closure__
        )
        memo[id(value)] = FunctionType(
            value.__code__, value.__globals__, value.__name__, value.__defaults__, cells
        )
    return memo.get(id(value), value)
