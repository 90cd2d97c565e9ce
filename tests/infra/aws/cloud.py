"""A pretended AWS to run the tasks on: moto behind the honest layer, and quick time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from honest import Honest
from moto import mock_aws

from infra import settings
from infra.aws import down, site, up
from infra.aws.clock import Clock
from infra.aws.engine import Remaining
from infra.aws.session import Clients
from infra.aws.site import Site
from infra.console import Bar
from infra.settings import Settings

ROOT = Path(__file__).parents[3]
REGION = "us-west-2"
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
        found = settings.load(ROOT, {}).model_copy(update={"aws_cidr": ME})
        return found.model_copy(update=changes)

    def site(self, **changes: object) -> Site:
        return site.open_site(self.settings(**changes), self.clients, self.clock)

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


def bar() -> Bar:
    return Bar("working", None)


@contextmanager
def cloud() -> Iterator[Cloud]:
    """An empty account."""
    os.environ.pop("AWS_ENDPOINT_URL", None)
    with mock_aws():
        session = boto3.Session(
            aws_access_key_id="AKIAEXAMPLEEXAMPLE00",
            aws_secret_access_key="a/secret+that/no/message/may/hold/000000",
            region_name=REGION,
        )
        aws = Honest(session)
        clients = Clients(session, REGION)
        make_bucket(clients)
        yield Cloud(aws, clients, QuickClock())


def make_bucket(clients: Clients) -> None:
    """The published raw files' bucket, with a file in each folder."""
    s3 = clients.s3(signed=True)
    s3.create_bucket(
        Bucket="udacity-dend",
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    for key in (
        "log_data/2018/11/2018-11-01-events.json",
        "song_data/A/A/A/TRAAA.json",
    ):
        s3.put_object(Bucket="udacity-dend", Key=key, Body=b"{}\n")
