"""Scheduled actions: which AWS takes, and when they would happen."""

import re
from calendar import day_abbr, month_abbr
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from infra.rehearsal.aws import inputs
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.world import World

_NAME = re.compile(r"[A-Za-z0-9-]{1,255}")
_TARGETS = {"PauseCluster", "ResumeCluster", "ResizeCluster"}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_NAMES = {
    **{day.upper(): number for number, day in enumerate(day_abbr, 2)},
    "SUN": 1,
    **{name.upper(): number for number, name in enumerate(month_abbr)},
}


def create(world: World, params: Params) -> Params:
    """CreateScheduledAction."""
    name = params["ScheduledActionName"]
    if not _NAME.fullmatch(name):
        raise inputs.invalid(f"Invalid scheduled action name: {name}")
    if name in world.scheduled:
        raise Refused(
            "ScheduledActionAlreadyExists", f"Scheduled action {name} already exists."
        )
    action = {
        "ScheduledActionName": name,
        "TargetAction": params["TargetAction"],
        "Schedule": params["Schedule"],
        "IamRole": params["IamRole"],
        "ScheduledActionDescription": params.get("ScheduledActionDescription", ""),
        "State": "ACTIVE" if params.get("Enable", True) else "DISABLED",
    }
    action |= {key: params[key] for key in ("StartTime", "EndTime") if key in params}
    _check(world, action)
    world.scheduled[name] = action
    return _shown(world, action)


def modify(world: World, params: Params) -> Params:
    """ModifyScheduledAction."""
    action = dict(_named(world, params))
    kept = ("TargetAction", "Schedule", "IamRole", "ScheduledActionDescription")
    for key in (*kept, "StartTime", "EndTime"):
        if key in params:
            action[key] = params[key]
    if "Enable" in params:
        action["State"] = "ACTIVE" if params["Enable"] else "DISABLED"
    _check(world, action)
    world.scheduled[action["ScheduledActionName"]] = action
    return _shown(world, action)


def delete(world: World, params: Params) -> Params:
    """DeleteScheduledAction."""
    del world.scheduled[_named(world, params)["ScheduledActionName"]]
    return {}


def describe(world: World, params: Params) -> Params:
    """DescribeScheduledActions."""
    rows = list(world.scheduled.values())
    if "ScheduledActionName" in params:
        rows = [_named(world, params)]
    if "TargetActionType" in params:
        rows = [
            row for row in rows if params["TargetActionType"] in row["TargetAction"]
        ]
    if "Active" in params:
        wanted = "ACTIVE" if params["Active"] else "DISABLED"
        rows = [row for row in rows if row["State"] == wanted]
    for chosen in params.get("Filters", ()):
        key = {"cluster-identifier": _cluster, "iam-role": _role}[chosen["Name"]]
        rows = [row for row in rows if key(row) in chosen["Values"]]
    return {"ScheduledActions": [_shown(world, row) for row in rows]}


def invocations(schedule: str, begin: datetime, days: int) -> list[datetime]:
    """When a schedule would happen from some time on; empty where it never does."""
    if schedule.startswith("at("):
        time = _at(schedule)
        return [time] if begin <= time < begin + timedelta(days=days) else []
    minutes, hours, month_days, months, weekdays, years = _cron(schedule)
    found = []
    for number in range(days + 1):
        day = (begin + timedelta(days=number)).replace(minute=0, second=0)
        if (
            day.day in month_days
            and day.month in months
            and day.isoweekday() % 7 + 1 in weekdays
            and day.year in years
        ):
            times = (
                day.replace(hour=hour, minute=minute)
                for hour in hours
                for minute in minutes
            )
            found += [time for time in times if time >= begin]
    return sorted(found)


def _at(schedule: str) -> datetime:
    match = re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", schedule)
    try:
        time = datetime.fromisoformat(match[1] if match else "")
    except ValueError as error:
        raise Refused("InvalidSchedule", f"Invalid schedule: {schedule}") from error
    return time.replace(tzinfo=UTC)


def _cron(schedule: str) -> list[set[int]]:
    match = re.fullmatch(r"cron\((\S+ \S+ \S+ \S+ \S+ \S+)\)", schedule)
    wrong = Refused("InvalidSchedule", f"Invalid schedule: {schedule}")
    if match is None:
        raise wrong
    fields = match[1].upper().split()
    if (fields[2] == "?") == (fields[4] == "?"):  # one of the days is left open
        raise wrong
    try:
        sets = [_values(text, *r) for text, r in zip(fields, _RANGES, strict=True)]
    except ValueError as error:
        raise wrong from error
    return sets


def _values(text: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in {"*", "?"}:
            first, last = low, high
        else:
            begin, _, end = span.partition("-")
            first = _NAMES.get(begin) or int(begin)
            last = _NAMES.get(end) or int(end or (high if step else first))
        if not low <= first <= last <= high:
            raise ValueError(text)
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _check(world: World, action: Params) -> None:
    targets = set(action["TargetAction"])
    if len(targets) != 1 or not targets <= _TARGETS:
        raise Refused("InvalidScheduledAction", "Exactly one target action is needed.")
    cluster = _cluster(action)
    if cluster not in world.clusters:
        raise Refused("ClusterNotFound", f"Cluster {cluster} not found.", 404)
    schedule, now = action["Schedule"], world.now()
    if schedule.startswith("at(") and _at(schedule) <= now:
        raise Refused(
            "InvalidSchedule", f"The schedule {schedule} must be in the future."
        )
    if not schedule.startswith("at("):
        _cron(schedule)
    world.check_role(
        action["IamRole"],
        "scheduler.redshift.amazonaws.com",
        "The IAM role must delegate access to Amazon Redshift scheduler",
    )
    if action["State"] == "ACTIVE":
        _check_apart(world, action)


def _check_apart(world: World, action: Params) -> None:
    """Refuses what happens within an hour of itself or of another of the cluster."""
    others = [
        row
        for row in world.scheduled.values()
        if row["State"] == "ACTIVE"
        and _cluster(row) == _cluster(action)
        and row["ScheduledActionName"] != action["ScheduledActionName"]
    ]
    begin = world.now()
    for schedule in [action["Schedule"], *(row["Schedule"] for row in others)]:
        if schedule.startswith("at("):  # look at the days around it
            begin = max(world.now(), _at(schedule) - timedelta(days=2))
            times = _together(begin, action, others)
        else:
            times = _together(world.now(), action, others)
        for one, next_one in pairwise(times):
            if next_one - one < timedelta(hours=1):
                raise Refused(
                    "InvalidSchedule",
                    "Schedule invocations must be separated by at least one hour.",
                )


def _together(begin: datetime, action: Params, others: list[Params]) -> list[datetime]:
    found = invocations(action["Schedule"], begin, 9)
    for other in others:
        found += invocations(other["Schedule"], begin, 9)
    return sorted(found)


def _cluster(action: Params) -> str:
    target = next(iter(action["TargetAction"].values()))
    return str(target["ClusterIdentifier"]).lower()


def _role(action: Params) -> str:
    return str(action["IamRole"])


def _named(world: World, params: Params) -> Params:
    name = params["ScheduledActionName"]
    if name not in world.scheduled:
        raise Refused("ScheduledActionNotFound", f"{name} does not exist.")
    return world.scheduled[name]


def _shown(world: World, action: Params) -> Params:
    days = 400 if action["Schedule"].startswith("at(") else 9
    coming: list[datetime] = []
    if action["State"] == "ACTIVE":
        coming = invocations(action["Schedule"], world.now(), days)
    return action | {"NextInvocations": coming[:5]}


OPERATIONS = {
    "CreateScheduledAction": create,
    "ModifyScheduledAction": modify,
    "DeleteScheduledAction": delete,
    "DescribeScheduledActions": describe,
}
