"""A pretended AWS to run the tasks on: moto behind the honest layer, and quick time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import boto3
from honest import Honest
from moto import mock_aws

from infra import settings
from infra.aws import down, engine, offers, site, up
from infra.aws.clock import Clock
from infra.aws.engine import Plan, Remaining
from infra.aws.resource import Resource
from infra.aws.session import Clients
from infra.aws.site import Site
from infra.console import Bar
from infra.rehearsal.aws.world import PUBLISHED
from infra.settings import Settings

ROOT = Path(__file__).parents[3]
REGION: Final = "us-west-2"
ME = "81.2.69.142/32"


class QuickClock(Clock):
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC).replace(microsecond=0)
        self.slept = 0.0

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.moment += timedelta(seconds=seconds)


@dataclass
class Cloud:
    """An account at AWS, and somebody who works on it."""

    aws: Honest
    clients: Clients
    clock: QuickClock

    def settings(self, **changes: object) -> Settings:
        return _loaded().model_copy(update={"aws_cidr": ME} | changes)

    def site(self, **changes: object) -> Site:
        return site.open_site(self.settings(**changes), self.clients, self.clock)

    @property
    def parts(self) -> int:
        """How many things a stack is of."""
        return len(site.resources(self.site(), site.NONE))

    def prepared(self, asked: up.Asked | None = None, **changes: object) -> up.Prepared:
        return up.prepare(self.site(**changes), asked or up.Asked())

    def up(self, asked: up.Asked | None = None, **changes: object) -> up.Prepared:
        """All of `up` but the question."""
        here = self.site(**changes)
        prepared = up.prepare(here, asked or up.Asked())
        up.refuse(here, prepared, asked or up.Asked())
        if prepared.plan.changes:
            up.apply(here, prepared, bar())
        up.verified(here, prepared)
        return prepared

    def down(
        self, *, final_snapshot: bool = False, purge: bool = False, **changes: object
    ) -> list[Remaining]:
        here = self.site(**changes)
        teardown = down.plan(here, final_snapshot=final_snapshot, purge=purge)
        return down.take_down(here, teardown, bar())

    def core(self, **changes: object) -> list[Resource]:
        """The cluster and its schedule, with what their attributes are held against."""
        here = self.site(**changes)
        types = (here.settings.node_type, here.settings.node_fallback)
        prefix_list = offers.s3_prefix_list(self.clients.ec2, REGION)
        choices = site.Choices(types, (), ME, prefix_list)
        wanted = ("firewall", "parameter group", "cluster", "scheduled pause")
        everything = site.resources(here, choices)
        return [each for each in everything if each.key in wanted]

    def mend(self, **changes: object) -> Plan:
        """Plans and applies the core alone: the way of `up`, and quicker.

        Returns the plan; another finds nothing to do.
        """
        core = self.core(**changes)
        planned = engine.plan(core)
        settled = site.settling(self.site(**changes), lambda _: None)
        engine.apply(
            core,
            engine.Applying(lambda *_: None, lambda: None, self.clock, settled),
        )
        assert not engine.plan(core).changes
        return planned


@cache
def _loaded() -> Settings:
    return settings.load(ROOT, {})


def bar() -> Bar:
    return Bar("working", None)


@contextmanager
def cloud() -> Iterator[Cloud]:
    """An empty account."""
    os.environ.pop("AWS_ENDPOINT_URL", None)
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # they are slow to load
    with mock_aws():
        aws, clients = _connected()
        clock = QuickClock()
        aws.reset()
        aws.pace.clock = clock.now
        make_bucket(clients)
        yield Cloud(aws, clients, clock)


@cache
def _connected() -> tuple[Honest, Clients]:
    """Clients are slow to make, and good for every account that is pretended."""
    session = boto3.Session(
        aws_access_key_id="AKIAEXAMPLEEXAMPLE00",
        aws_secret_access_key="a/secret+that/no/message/may/hold/000000",
        region_name=REGION,
    )
    return Honest(session), Clients(session, REGION)


def make_bucket(clients: Clients) -> None:
    """The published raw files' bucket, with a file in each folder."""
    s3 = clients.s3(signed=True)
    s3.create_bucket(
        Bucket=PUBLISHED,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    for key in (
        "log_data/2018/11/2018-11-01-events.json",
        "song_data/A/A/A/TRAAA.json",
    ):
        s3.put_object(Bucket=PUBLISHED, Key=key, Body=b"{}\n")
