"""Between `up` and `down`: pause, resume, more time, another address."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from infra.aws import clock as clocks
from infra.aws import cost, engine, faults, states
from infra.aws import lock as locks
from infra.aws.cluster import described, expires_at, prolong
from infra.aws.firewall import Firewall
from infra.aws.patience import BUSY, patiently
from infra.aws.schedule import ScheduledPause
from infra.aws.site import Choices, allowed_cidr, resources
from infra.aws.up import applying, waiting
from infra.errors import AwsError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.aws.engine import Live
    from infra.aws.site import Site
    from infra.console import Bar

LONGEST_HOURS = 720  # AWS's bill of a month


def cluster_of(site: Site) -> Live:
    """The cluster; an error where there is none."""
    with faults.translated():
        cluster = described(site.clients.redshift, site.stack)
    if cluster is None:
        raise AwsError(
            f"There is no cluster {site.stack.full_name} in {site.stack.region}. Run "
            "`invoke up --target redshift` first."
        )
    return cluster


def pause(site: Site, progress: Bar) -> str:
    """Stops the cluster, and with it its price by the hour."""
    cluster = cluster_of(site)
    if states.status(cluster) == states.PAUSED:
        return "it is paused already"
    with locks.holding(site.clients.ssm, site.stack, "pause", site.clock) as lock:
        told = waiting(lock, progress)
        if states.status(cluster) != "pausing":
            with faults.translated():
                patiently(
                    lambda: site.clients.redshift.pause_cluster(
                        ClusterIdentifier=site.stack.full_name
                    ),
                    site.clock,
                    busy=BUSY,
                    told=told,
                )
        _wait(site, told, states.PAUSED)
    return "paused: only its storage is billed"


def resume(site: Site, progress: Bar) -> str:
    """Starts a paused cluster, with a lifetime that begins anew."""
    cluster = cluster_of(site)
    state = states.status(cluster)
    is_over = _is_over(site, cluster)
    if state == states.AVAILABLE and not is_over:
        return "it runs already"
    price = cost.price(site.clients.pricing, site.stack.region, cluster["NodeType"])
    with locks.holding(site.clients.ssm, site.stack, "resume", site.clock) as lock:
        told = waiting(lock, progress)
        if state == "pausing":
            _wait(site, told, states.PAUSED)
            state = states.PAUSED
        if state == states.PAUSED:
            with faults.translated():
                patiently(
                    lambda: site.clients.redshift.resume_cluster(
                        ClusterIdentifier=site.stack.full_name
                    ),
                    site.clock,
                    busy=BUSY,
                    told=told,
                )
        _wait(site, told, states.AVAILABLE)
        _prolong(site, site.lifetime, lock, progress)
    hours = site.settings.lifetime_hours
    rate = (
        f"{cost.usd(price.hourly_usd * site.settings.nodes)}/h" if price else "unknown"
    )
    return f"runs, at {rate}; AWS pauses it in {hours:g} h"


def extend(site: Site, hours: float, progress: Bar) -> str:
    """Moves the moment at which AWS pauses the cluster, counted from now."""
    if not 1 <= hours <= LONGEST_HOURS:
        raise ConfigurationError(
            f"--hours {hours:g}: must be a number from 1 to {LONGEST_HOURS}."
        )
    cluster = cluster_of(site)
    if states.status(cluster) == states.PAUSED:
        raise AwsError(
            "The cluster is paused, so there is nothing to extend; `invoke resume` "
            "starts it with a new lifetime."
        )
    with locks.holding(site.clients.ssm, site.stack, "extend", site.clock) as lock:
        _prolong(site, timedelta(hours=hours), lock, progress)
    ends = site.clock.now() + timedelta(hours=hours)
    return f"AWS pauses it at {clocks.stamp(ends).replace('T', ' ')} UTC"


def allow_me(site: Site, given: str, progress: Bar) -> str:
    """Lets in whoever runs this, in place of who was let in before."""
    cidr = allowed_cidr(site.settings, given)
    choices = _with_address(site, cidr)
    found = engine.Found()
    with faults.translated():
        for resource in resources(site, choices):
            found[resource.key] = resource.find(found)
            if isinstance(resource, Firewall):
                firewall = resource
                break
    live = found["firewall"]
    if live is None:
        raise AwsError(
            f"There is no security group of {site.stack.full_name}. Run "
            "`invoke up --target redshift` first."
        )
    before = firewall.present(live, found)["may come in"]
    if not firewall.differences(live, found):
        return f"{cidr} may come in already"
    with locks.holding(site.clients.ssm, site.stack, "allow-me", site.clock) as lock:
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


def _prolong(site: Site, lifetime: timedelta, lock: locks.Lock, progress: Bar) -> None:
    """Writes the new end into the cluster's tag, and lets the schedule follow."""
    redshift, stack = site.clients.redshift, site.stack
    with faults.translated():
        prolong(redshift, stack, site.clock.now() + lifetime)
    found = engine.Found(cluster=cluster_of(site))
    schedule = ScheduledPause(redshift, stack, site.clock)
    engine.converge(schedule, found, applying(site, lock, progress))


def _wait(site: Site, told: Callable[[str], None], state: str) -> None:
    """Waits until the cluster is in a state and settled."""

    def look() -> Live | None:
        return described(site.clients.redshift, site.stack)

    with faults.translated():
        states.settled(look, site.clock, told, state)
