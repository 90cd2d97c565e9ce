"""The tasks on AWS as `tasks.py` calls them: each answers with its closing line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from infra import console, local
from infra import profile as profiles
from infra.aws import (
    down,
    leftovers,
    overview,
    policy,
    preflight,
    session,
    site,
    up,
    upkeep,
)
from infra.aws import lock as locks
from infra.errors import ConfigurationError, LeftoversError

if TYPE_CHECKING:
    from infra.aws.engine import Live, Remaining
    from infra.aws.site import Site
    from infra.check import Finding
    from infra.project import Project

CHANGES = 3  # exit code of --plan when something is to be done


def opened(project: Project) -> Site:
    """The stack of the settings, with clients of whoever runs this."""
    settings = project.settings
    return site.open_site(settings, session.connect(settings.aws_region))


def up_plan(project: Project, asked: up.Asked) -> bool:
    """Prints what `up` would do; whether that is anything."""
    here = opened(project)
    with console.bar("looking at AWS"):
        prepared = up.prepare(here, asked)
    up.announce(here, prepared)
    up.refuse_blocked(prepared.plan)
    try:
        up.refuse(here, prepared, asked)
    except ConfigurationError as error:  # what `up` would say, after the whole plan
        console.warn(str(error))
    return bool(prepared.plan.changes)


def bring_up(project: Project, asked: up.Asked, *, yes: bool) -> str:
    """Makes the warehouse on AWS what it should be, and dbt's default target."""
    here = opened(project)
    with console.bar("looking at AWS"):
        prepared = up.prepare(here, asked)
    up.announce(here, prepared)
    up.refuse(here, prepared, asked)
    if prepared.plan.changes:
        if not console.agreed("Do this?", yes=yes):
            return "nothing was made"
        with console.bar("making") as bar:
            up.apply(here, prepared, bar)
    with console.bar("looking again"):
        cluster = up.verified(here, prepared)
    wrote = local.write_profile(project, _redshift(here, cluster), profiles.REDSHIFT)
    if wrote:
        console.say(f"  made {profiles.FILE}: redshift is the default target")
    up.say_reach(here, prepared, cluster)
    count = len(prepared.plan.changes)
    return f"made or changed {count} of {len(prepared.plan.actions)} parts"


def _redshift(here: Site, cluster: Live) -> profiles.Redshift:
    settings = here.settings
    endpoint = cluster["Endpoint"]
    return profiles.Redshift(
        host=endpoint["Address"],
        port=endpoint["Port"],
        cluster=here.stack.full_name,
        region=settings.aws_region,
        database=settings.database,
        method=settings.login,
        user=settings.admin_user if settings.login == "iam" else None,
    )


def take_down(project: Project, *, yes: bool, final_snapshot: bool, purge: bool) -> str:
    """Deletes the stack; raises LeftoversError when something had to stay."""
    here = opened(project)
    with console.bar("looking at AWS"):
        teardown = down.plan(here, final_snapshot=final_snapshot, purge=purge)
    down.announce(here, teardown)
    remaining: list[Remaining] = []
    if teardown.go or teardown.purged:
        if not console.agreed("Delete this?", yes=yes):
            return "nothing was deleted"
        with console.bar("deleting") as bar:
            remaining = down.take_down(here, teardown, bar)
    local.write_profile(project, None, profiles.LOCAL)
    monthly = leftovers.report(leftovers.found(here))
    if remaining:
        first = remaining[0]
        raise LeftoversError(
            f"{len(remaining)} of {len(teardown.go)} could not go: "
            f"{first.resource.kind} {first.resource.name}: {first.why}"
        )
    if not teardown.go and not teardown.purged:
        return "there was nothing of the stack to delete"
    gone = len(teardown.go) + len(teardown.purged)
    return f"deleted {gone}; what is left costs about ${monthly:,.2f} a month"


def list_leftovers(project: Project) -> str:
    """Prints what there is; raises LeftoversError when it costs money."""
    here = opened(project)
    with console.bar("looking at AWS"):
        found = leftovers.found(here)
    monthly = leftovers.report(found)
    unknown = [each for each in found if each.monthly_usd is None]
    if monthly or unknown:
        raise LeftoversError(
            f"{len(found)} things are there, at about ${monthly:,.2f} a month. "
            "`invoke down --target redshift` takes them away, snapshots and logs only "
            "with --purge."
        )
    return f"{len(found)} things are there, and none costs anything"


def show_status(project: Project, *, as_json: bool) -> str:
    """Prints how the warehouse on AWS is."""
    here = opened(project)
    seen = overview.overview(here)
    if as_json:
        json.dump(seen.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return ""
    return overview.report(seen)


def pause(project: Project) -> str:
    """Stops the cluster."""
    with console.bar("pausing") as bar:
        return upkeep.pause(opened(project), bar)


def resume(project: Project) -> str:
    """Starts the cluster."""
    with console.bar("resuming") as bar:
        return upkeep.resume(opened(project), bar)


def extend(project: Project, hours: str) -> str:
    """Gives the cluster more time, from now on."""
    try:
        number = float(hours or project.settings.lifetime_hours)
    except ValueError:
        raise ConfigurationError(f"--hours {hours}: must be a number.") from None
    with console.bar("extending") as bar:
        return upkeep.extend(opened(project), number, bar)


def allow_me(project: Project, cidr: str) -> str:
    """Lets in whoever runs this."""
    here = opened(project)
    with console.bar("changing who may come in") as bar:
        told = upkeep.allow_me(here, cidr, bar)
    overview.warn_when_over(here)
    return told


def unlock(project: Project) -> str:
    """Takes the lock away."""
    here = opened(project)
    return locks.break_open(here.clients.ssm, here.stack)


def print_policy(project: Project) -> None:
    """Prints what whoever runs this must be allowed to do, as IAM takes it."""
    here = opened(project)
    json.dump(
        policy.operator(here.stack, project.settings.copy_from), sys.stdout, indent=2
    )
    sys.stdout.write("\n")


def findings(project: Project, cidr: str) -> list[Finding]:
    """What AWS would refuse."""
    here = opened(project)
    found = preflight.findings(here, cidr)
    overview.warn_when_over(here)
    return found
