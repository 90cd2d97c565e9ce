"""The tasks on AWS as `tasks.py` calls them: each answers with its closing line."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from infra import console, local
from infra import profile as profiles
from infra.aws import (
    cost,
    down,
    leftovers,
    overview,
    policy,
    preflight,
    report,
    session,
    site,
    states,
    up,
    upkeep,
)
from infra.aws import lock as locks
from infra.errors import ConfigurationError, LeftoversError

if TYPE_CHECKING:
    from infra.aws.engine import Remaining
    from infra.aws.resource import Live
    from infra.aws.site import Site
    from infra.check import Finding
    from infra.project import Project

CHANGES = 3  # exit code of --plan when something is to be done


def opened(project: Project, *, silent: bool = False) -> Site:
    """The stack of the settings, with clients of whoever runs this.

    Says when requests do not go to AWS, unless what is printed is for machines.
    """
    settings = project.settings
    here = site.open_site(settings, session.connect(settings.aws_region))
    if not silent:
        report.endpoint_banner(here)
    return here


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


def bring_up(project: Project, asked: up.Asked, *, yes: bool) -> tuple[str, str]:
    """Makes the warehouse on AWS what it should be, and dbt's default target.

    Returns what was done, and the next step.
    """
    here = opened(project)
    with console.bar("looking at AWS"):
        prepared = up.prepare(here, asked)
    up.announce(here, prepared)
    up.refuse(here, prepared, asked)
    if prepared.plan.changes:
        if not console.agreed("Do this?", yes=yes):
            return "nothing was made", "invoke up --target redshift"
        with console.bar("making") as bar:
            up.apply(here, prepared, bar)
    with console.bar("looking again"):
        cluster = up.verified(here, prepared)
    _make_default(project, _redshift(here, cluster))
    up.say_reach(here, prepared, cluster)
    count, total = len(prepared.plan.changes), len(prepared.plan.actions)
    told = f"made or changed {count} of {total} parts"
    return told if count else "there was nothing to do", "dbt debug, invoke status"


def _make_default(project: Project, redshift: profiles.Redshift) -> None:
    """Writes profiles.yml; a cluster that costs is no place to fail for that."""
    try:
        if local.write_profile(project, redshift, profiles.REDSHIFT):
            console.say(f"  made {profiles.FILE}: redshift is the default target")
    except OSError as error:
        console.warn(
            f"{profiles.FILE} cannot be written ({error.strerror}); dbt needs `target: "
            f"{profiles.REDSHIFT}` in it and this below `outputs`:\n{redshift.text()}"
        )
    chosen = os.environ.get(profiles.VARIABLE, profiles.REDSHIFT)
    if chosen != profiles.REDSHIFT:
        console.warn(f"{profiles.VARIABLE} is set, so dbt takes {chosen} all the same.")


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
    if (project.root / profiles.FILE).exists():
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
    if not monthly:
        return f"deleted {gone}; nothing is left that costs"
    return f"deleted {gone}; what is left costs about {cost.usd(monthly)} a month"


def list_leftovers(project: Project) -> str:
    """Prints what there is; raises LeftoversError when it costs money."""
    here = opened(project)
    with console.bar("looking at AWS"):
        found = leftovers.found(here)
    monthly = leftovers.report(found)
    unknown = [each for each in found if each.monthly_usd is None]
    there = "1 thing is there" if len(found) == 1 else f"{len(found)} things are there"
    if monthly or unknown:
        more = " and what is unknown" if unknown else ""
        raise LeftoversError(
            f"{there}, at about {cost.usd(monthly)}{more} a month. "
            "`invoke down --target redshift` takes away what it can, snapshots and "
            "logs only with --purge."
        )
    return f"{there}, and nothing of it costs" if found else "nothing is there"


def show_status(project: Project, *, as_json: bool) -> tuple[str, str]:
    """Prints how the warehouse on AWS is. Returns that in short, and the next step."""
    here = opened(project, silent=as_json)
    seen = overview.overview(here)
    if as_json:
        json.dump(seen.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return "", ""
    following = {
        "absent": "invoke up --target redshift",
        states.PAUSED: "invoke resume, invoke down --target redshift",
    }
    running = "invoke pause, invoke down --target redshift"
    return overview.report(seen), following.get(seen.state, running)


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


def warn_when_over(project: Project) -> None:
    """Says so when the cluster runs longer than it was to."""
    overview.warn_when_over(opened(project))


def unlock(project: Project) -> str:
    """Takes the lock away."""
    here = opened(project)
    return locks.break_open(here.clients.ssm, here.stack)


def print_policy(project: Project) -> None:
    """Prints what whoever runs this must be allowed to do, as IAM takes it."""
    here = opened(project, silent=True)
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
