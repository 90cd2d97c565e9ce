"""`invoke up --target redshift`: from credentials to a warehouse that dbt can use."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from infra.aws import cost, engine, faults, offers, reach, report
from infra.aws import lock as locks
from infra.aws.cluster import described
from infra.aws.site import Choices, allowed_cidr, resources, settling
from infra.console import say, warn
from infra.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra.aws.engine import Action, Plan
    from infra.aws.resource import Live, Resource
    from infra.aws.site import Site
    from infra.console import Bar


class Asked(NamedTuple):
    """What the command line said."""

    cidr: str = ""
    accept_unknown_cost: bool = False


@dataclass(frozen=True)
class Prepared:
    """A plan, with everything it rests on."""

    resources: list[Resource]
    plan: Plan
    bill: cost.Bill
    cidr: str

    @property
    def costs(self) -> bool:
        """Whether something that is paid by the hour begins."""
        return any(_begins(action) for action in self.plan.changes)


def _begins(action: Action) -> bool:
    return action.resource.key == "cluster" and (
        action.verb == engine.CREATE
        or any(each.attribute == "state" for each in action.differences)
    )


def prepare(site: Site, asked: Asked) -> Prepared:
    """Looks at everything and plans; writes nothing."""
    settings, clients = site.settings, site.clients
    cidr = allowed_cidr(settings, asked.cidr)
    with faults.translated():
        offers.refuse_other_region(clients, settings)
        cluster = described(clients.redshift, site.stack, site.clock)
        choices = _choices(site, cluster, cidr)
    everything = resources(site, choices)
    node_type = cluster["NodeType"] if cluster else choices.node_types[0]
    bill = cost.bill(
        cost.price(clients.pricing, settings.aws_region, node_type),
        settings.nodes,
        settings.lifetime_hours,
        public=site.is_public,
    )
    return Prepared(everything, engine.plan(everything), bill, cidr)


def _choices(site: Site, cluster: Live | None, cidr: str) -> Choices:
    settings, ec2 = site.settings, site.clients.ec2
    if cluster is None:
        types, zones = offers.chosen(settings, site.clients)
    else:  # what AWS sells today does not matter to what is there
        types = tuple(dict.fromkeys((settings.node_type, settings.node_fallback)))
        zones = offers.zones(ec2)
    prefix_list = offers.s3_prefix_list(ec2, settings.aws_region)
    return Choices(types, zones, cidr, prefix_list)


def announce(site: Site, prepared: Prepared) -> None:
    """Prints the plan, who may come in and what it costs."""
    report.plan(prepared.plan, site)
    if prepared.plan.changes:
        report.access(site, prepared.cidr)
        report.bill(prepared.bill)


def refuse_blocked(planned: Plan) -> None:
    """Raises when something keeps the plan from being done; nothing was written."""
    if blocked := planned.blocked:
        first = blocked[0]
        raise AwsError(
            f"{first.resource.kind} {first.resource.name}: {first.why} Nothing was "
            "changed."
        )


def refuse(site: Site, prepared: Prepared, asked: Asked) -> None:
    """Raises when the plan is blocked, or too dear; nothing was written."""
    refuse_blocked(prepared.plan)
    if prepared.costs:
        cost.hold_to(
            prepared.bill,
            site.settings.max_hourly_usd,
            accept_unknown=asked.accept_unknown_cost,
        )


def apply(site: Site, prepared: Prepared, progress: Bar) -> None:
    """Does what was planned.

    Raises when the plan is no longer what was shown once the lock is held.
    """
    with locks.holding(site.clients.ssm, site.stack, "up", site.clock) as lock:
        if _is_other(prepared.plan, engine.plan(prepared.resources)):
            raise AwsError(
                "Something changed on AWS since the plan was shown, so nothing was "
                "done. Run `invoke up` again and look at the new plan."
            )
        hear(prepared.resources, waiting(lock, progress))
        with goes_on(
            "what AWS was asked for stays and goes on, and may cost: `invoke up` "
            "goes on from here, `invoke down --target redshift` takes it away."
        ):
            engine.apply(prepared.resources, applying(site, lock, progress))


def _is_other(shown: Plan, now: Plan) -> bool:
    """Whether something else is to be done than a person has seen.

    A wait comes to its end meanwhile, and what follows it was not to be seen before.
    """
    waits = {
        each.resource.key for each in shown.changes if each.verb == engine.WAIT
    } | {each.resource.key for each in now.changes if each.verb == engine.WAIT}
    before, after = (
        [told for told in each.told() if told[1] not in waits] for each in (shown, now)
    )
    return before != after


def hear(everything: Iterable[Resource], told: Callable[[str], None]) -> None:
    """Lets everything tell how its long waits go."""
    for resource in everything:
        resource.waiting = told


@contextmanager
def goes_on(warning: str) -> Iterator[None]:
    """Warns of what AWS goes on with when a person stops the task."""
    try:
        yield
    except KeyboardInterrupt:
        warn(warning)
        raise


def applying(site: Site, lock: locks.Lock, progress: Bar) -> engine.Applying:
    """How the engine shows its progress, keeps the lock and waits."""
    settled = settling(site, waiting(lock, progress))
    return engine.Applying(progress.update, lock.guard, site.clock, settled)


def waiting(lock: locks.Lock, progress: Bar) -> Callable[[str], None]:
    """Hears how a long wait goes: shows it, and keeps the lock alive."""

    def told(line: str) -> None:
        lock.guard()
        progress.note(line)

    return told


def verified(site: Site, prepared: Prepared) -> Live:
    """Looks again, and returns the cluster; raises where the plan did not come true."""
    after = engine.plan(prepared.resources)
    if after.changes:
        report.plan(after, site)
        raise AwsError(
            "AWS does not show everything as it should be, see above. Run `invoke up` "
            "again: it goes on from there."
        )
    with faults.translated():
        cluster = described(site.clients.redshift, site.stack)
    if cluster is None:
        raise AwsError("The cluster is gone; somebody else deleted it.")
    return cluster


def say_reach(site: Site, prepared: Prepared, cluster: Live) -> None:
    """Says whether the cluster answers from here, and why not."""
    rules = (f"{prepared.cidr} tcp {site.settings.port}",)
    if why := reach.why_not(site, cluster, rules, lambda: prepared.cidr):
        warn(f"it cannot be reached from here. {why}")
    else:
        endpoint = cluster["Endpoint"]
        say(f"  {endpoint['Address']} answers on port {endpoint['Port']}")
