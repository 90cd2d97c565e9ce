"""Between `up` and `down`: pause, resume, more time, another address."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from infra.aws import clock as clocks
from infra.aws import cost, engine, faults, leftovers, states
from infra.aws import lock as locks
from infra.aws.cluster import described, expires_at, prolong, with_end
from infra.aws.patience import patiently
from infra.aws.resource import Found
from infra.aws.schedule import ScheduledPause
from infra.aws.site import Choices, allowed_cidr, resources
from infra.aws.up import applying, goes_on, waiting
from infra.errors import AwsError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.aws.resource import Live
    from infra.aws.site import Site
    from infra.console import Bar

LONGEST_HOURS = 720  # AWS's bill of a month


# What AWS says where there is nothing that a paused cluster could come back from
_NO_SNAPSHOT = r"\b(no|without)( \w+)? (backup|snapshot)"


def cluster_of(site: Site) -> Live:
    """The cluster; an error where there is none."""
    with faults.translated():
        cluster = described(site.clients.redshift, site.stack, site.clock)
    if cluster is None:
        raise AwsError(
            f"There is no cluster {site.stack.full_name} in {site.stack.region}. Run "
            "`invoke up --target redshift` first."
        )
    return cluster


def _usable(site: Site) -> Live:
    """The cluster, if AWS may do something with it."""
    cluster = cluster_of(site)
    if why := states.hopeless(cluster):
        raise AwsError(why)
    return cluster


def pause(site: Site, progress: Bar) -> str:
    """Stops the cluster, and with it its price by the hour."""
    if states.status(_usable(site)) == states.PAUSED:
        return "it is paused already"
    with _working(site, "pause") as lock:
        call = partial(
            site.clients.redshift.pause_cluster,
            ClusterIdentifier=site.stack.full_name,
        )
        _bring(site, waiting(lock, progress), states.PAUSED, call)
    return "paused: only its storage is billed"


def resume(site: Site, progress: Bar) -> str:
    """Starts a paused cluster, with a lifetime that begins anew."""
    cluster = _usable(site)
    if states.doing(cluster) == states.AVAILABLE and not _is_over(site, cluster):
        return "it runs already"
    hourly = leftovers.hourly_usd(site, cluster)
    with _working(site, "resume") as lock:
        call = partial(
            site.clients.redshift.resume_cluster,
            ClusterIdentifier=site.stack.full_name,
        )
        _bring(site, waiting(lock, progress), states.AVAILABLE, call)
        _prolong(site, site.lifetime, lock, progress)
    rate = "at an unknown price" if hourly is None else f"at {cost.rate(hourly)}/h"
    return f"runs, {rate}; AWS pauses it in {site.settings.lifetime_hours:g} h"


def extend(site: Site, hours: float, progress: Bar) -> str:
    """Moves the moment at which AWS pauses the cluster, counted from now."""
    if not 1 <= hours <= LONGEST_HOURS:
        raise ConfigurationError(
            f"--hours {hours:g}: must be a number from 1 to {LONGEST_HOURS}."
        )
    if (state := states.status(_usable(site))) in (states.PAUSED, states.PAUSING):
        raise AwsError(
            f"The cluster is {state}, so there is nothing to extend; `invoke resume` "
            "starts it with a new lifetime."
        )
    with _working(site, "extend") as lock:
        ends = _prolong(site, timedelta(hours=hours), lock, progress)
    return f"AWS pauses it at {clocks.stamp(ends).replace('T', ' ')} UTC"


@contextmanager
def _working(site: Site, task: str) -> Iterator[locks.Lock]:
    """Holds the lock; says what a task that a person stops leaves."""
    with (
        locks.holding(site.clients.ssm, site.stack, task, site.clock) as lock,
        goes_on(f"what AWS was asked for goes on: `invoke {task}` goes on from here."),
    ):
        yield lock


def allow_me(site: Site, given: str, progress: Bar) -> str:
    """Lets in whoever runs this, in place of who was let in before."""
    cidr = allowed_cidr(site.settings, given)
    choices = _with_address(site, cidr)
    found = Found()
    everything = {each.key: each for each in resources(site, choices)}
    firewall = everything["firewall"]
    with faults.translated():
        for each in (everything["vpc"], firewall):
            found[each.key] = each.find(found)
    live = found["firewall"]
    if live is None:
        raise AwsError(
            f"There is no security group of {site.stack.full_name}. Run "
            "`invoke up --target redshift` first."
        )
    before = firewall.present(live, found)["may come in"]
    if not firewall.differences(live, found):
        return f"{cidr} may come in already"
    with _working(site, "allow-me") as lock:
        engine.converge(firewall, found, applying(site, lock, progress))
    was = ", ".join(str(each) for each in before) if isinstance(before, tuple) else ""
    return f"{cidr} may come in; before: {was or 'nobody'}"


def _with_address(site: Site, cidr: str) -> Choices:
    from infra.aws import offers

    with faults.translated():
        prefix_list = offers.s3_prefix_list(site.clients.ec2, site.stack.region)
    return Choices((), (), cidr, prefix_list)


def _is_over(site: Site, cluster: Live) -> bool:
    ends = expires_at(cluster)
    return ends is None or ends <= site.clock.now()


def _prolong(
    site: Site, lifetime: timedelta, lock: locks.Lock, progress: Bar
) -> datetime:
    """Moves the scheduled pause, and writes down when it is in the cluster's tag.

    In this order: where AWS refuses the schedule, the tag tells when it pauses still.
    """
    redshift, stack = site.clients.redshift, site.stack
    until = site.clock.now() + lifetime
    found = Found(cluster=with_end(cluster_of(site), until))
    schedule = ScheduledPause(redshift, stack, site.clock)
    engine.converge(schedule, found, applying(site, lock, progress))
    lock.guard()
    with faults.translated():
        prolong(redshift, stack, until, site.clock)
    return until


def _bring(
    site: Site, told: Callable[[str], None], state: str, call: Callable[[], object]
) -> None:
    """Waits until the cluster is settled in a state, and asks for it when it may be."""
    wait = states.Wait(site.clock, told)
    while states.doing(cluster := _usable(site)) != state:
        if not states.pending(cluster):
            with faults.translated():
                _ask(site, call, told)
        wait.on(cluster)


def _ask(site: Site, call: Callable[[], object], told: Callable[[str], None]) -> None:
    """Asks for it; what AWS has begun in between is waited for."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        patiently(call, site.clock, told=told)
    except (BotoCoreError, ClientError) as error:
        if states.is_refusal(error) and re.search(_NO_SNAPSHOT, str(error), re.I):
            raise AwsError(
                "AWS pauses no cluster that has no recent snapshot to come back from. "
                "It takes one by itself within hours; make one in the Redshift "
                "console, or run `invoke pause` again later."
            ) from error
        if not (states.is_refusal(error) or faults.is_lost_reply(error)):
            raise
