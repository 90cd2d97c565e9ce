"""Plan and apply: what there is, what there should be, and the way between them.

Each thing on AWS is a `Resource`. It finds itself by name or tags, tells its attributes
as they are and as they should be, and can be made, changed and deleted. The engine
compares and goes through them in order:

    plan    find → compare → say
    apply   find → create or change → find again, until nothing differs

`create` makes the thing with its tags in one request and no more; everything else is a
difference, mended by `change`. A kill between two requests therefore leaves something
that the next run finds and goes on with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec

from infra.aws import faults
from infra.aws.clock import Clock
from infra.aws.resource import Difference, Found, Live, Resource
from infra.errors import AwsError, ForeignError, LeftoversError, SparkifyError

if TYPE_CHECKING:
    from datetime import datetime

    from infra.aws.faults import AwsFault

Given = ParamSpec("Given")

CREATE, CHANGE, KEEP, DELETE, WAIT = "create", "change", "keep", "delete", "wait"
BLOCKED = "blocked"

ROUNDS = 60  # of looking at one thing and changing it
DELETES = 3  # of one thing, where an answer leaves open what became of it
VISIBLE = 60  # seconds until all of AWS knows of something new
LOOK_EVERY = 2.0  # seconds between two looks for it


@dataclass(frozen=True)
class Action:
    """What is to be done about one resource, and why."""

    verb: str
    resource: Resource
    differences: tuple[Difference, ...] = ()
    why: str = ""

    @property
    def is_change(self) -> bool:
        """Whether something is to be done."""
        return self.verb != KEEP

    @property
    def restarts(self) -> bool:
        """Whether the cluster restarts for it."""
        return any(
            each.attribute in self.resource.restarts for each in self.differences
        )


@dataclass(frozen=True)
class Plan:
    """What is to be done about every resource, in order."""

    actions: tuple[Action, ...]

    @property
    def changes(self) -> list[Action]:
        """What is to be done."""
        return [action for action in self.actions if action.is_change]

    @property
    def blocked(self) -> list[Action]:
        """What keeps everything from being done."""
        return [action for action in self.actions if action.verb == BLOCKED]

    def told(self) -> list[tuple[str, str, str]]:
        """The plan in comparable form: two of the same are the same plan."""
        return [
            (each.verb, each.resource.key, repr(each.differences))
            for each in self.changes
        ]


def plan(resources: Iterable[Resource]) -> Plan:
    """Looks at everything and says what is to be done; writes nothing."""
    found = Found()
    with faults.translated():
        return Plan(tuple(_planned(resource, found) for resource in resources))


def _planned(resource: Resource, found: Found) -> Action:
    live = found[resource.key] = resource.find(found)
    if not resource.is_wanted:
        verb = KEEP if live is None else DELETE
        return Action(verb, resource, why="the settings do not want it")
    if live is None:
        return Action(CREATE, resource)
    if trouble := resource.trouble(live):
        return Action(BLOCKED, resource, why=trouble)
    return _compared(resource, live, found)


def _compared(resource: Resource, live: Live, found: Found) -> Action:
    differences = tuple(resource.differences(live, found))
    for each in differences:
        if each.attribute in resource.fixed:
            why = f"{each.attribute} is {each.before}, not {each.after}."
            advice = resource.fixed[each.attribute]
            return Action(BLOCKED, resource, differences, f"{why} {advice}")
    if differences:
        return Action(CHANGE, resource, differences)
    state = resource.pending(live)
    return Action(WAIT if state else KEEP, resource, why=state)


@dataclass
class Applying:
    """How to apply: what is heard of it, what guards each write, and time."""

    told: Callable[[int, int, str], None]  # done, of how many, what
    guard: Callable[[], None]  # raises when this run may not write any more
    clock: Clock
    settled: Callable[[Resource, Found], Live]  # waits until AWS is done with it


def apply(resources: Sequence[Resource], applying: Applying) -> Found:
    """Makes everything as it should be, in order; what is there already is kept.

    What is not wanted goes at the end, the last first, when nothing uses it any more.
    Raises the sentence of what AWS refused, and says how far it came.
    """
    found = Found()
    done = 0
    unwanted = [each for each in reversed(resources) if not each.is_wanted]
    order = [*(each for each in resources if each.is_wanted), *unwanted]
    try:
        for done, resource in enumerate(order):
            applying.told(done, len(order), f"{resource.kind} {resource.name}")
            converge(resource, found, applying)
    except SparkifyError as error:
        error.args = (f"{error} {_so_far(done, len(order))}",)
        raise
    return found


def _so_far(done: int, total: int) -> str:
    return (
        f"{done} of {total} parts are as they should be and stay; the next run goes on "
        "from there."
    )


def converge(resource: Resource, found: Found, applying: Applying) -> None:
    """Makes one resource as it should be. What it rests on is in `found`."""
    if not resource.is_wanted:
        _remove(resource, found, applying)
        return
    found[resource.key] = _there(resource, found, applying)
    asked: list[Difference] = []
    since, doubt = applying.clock.now(), None
    for _ in range(ROUNDS):
        live = found[resource.key] = applying.settled(resource, found)
        differences = _mendable(resource, live, found)
        if not differences:
            return
        if differences != asked:
            asked, since = differences, applying.clock.now()
        elif _passed(applying.clock, since) > VISIBLE:
            break
        else:  # AWS may not show at once what it has done
            applying.clock.sleep(LOOK_EVERY)
            if doubt is None:
                continue
        doubt = _write(applying, resource.change, live, found, differences)
    if doubt is not None:
        raise faults.told(doubt) from doubt
    names = ", ".join(each.attribute for each in asked)
    raise AwsError(
        f"{resource.kind} {resource.name} does not become what it should be: {names}. "
        "Somebody else may be changing it; run `invoke up --plan` to see."
    )


def _passed(clock: Clock, since: datetime) -> float:
    return (clock.now() - since).total_seconds()


def _mendable(resource: Resource, live: Live, found: Found) -> list[Difference]:
    """The differences; raises where one cannot be mended."""
    if trouble := resource.trouble(live):
        raise AwsError(trouble)
    with faults.translated():
        differences = resource.differences(live, found)
    for each in differences:
        if each.attribute in resource.fixed:
            raise AwsError(
                f"{resource.kind} {resource.name}: {each.attribute} is {each.before}. "
                f"{resource.fixed[each.attribute]}"
            )
    return differences


def _write(
    applying: Applying,
    call: Callable[Given, None],
    *given: Given.args,
    **more: Given.kwargs,
) -> AwsFault | None:
    """Writes, unless this run may not; returns an error that a look clears up.

    The answer was lost, or the thing is there already, or AWS does not know yet what
    the request names, which was found a moment ago.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    applying.guard()
    try:
        call(*given, **more)
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        kinds = (faults.is_lost_reply, faults.is_there_already, faults.is_missing)
        if not any(is_one(error) for is_one in kinds):
            raise faults.told(error) from error
        return error
    return None


def _found(resource: Resource, found: Found) -> Live | None:
    with faults.translated():
        return resource.find(found)


def _there(resource: Resource, found: Found, applying: Applying) -> Live:
    """The thing, made if there is none, as soon as AWS shows it.

    It is asked for once; again only where AWS has refused to make it.
    """
    if (live := _found(resource, found)) is not None:
        return live
    doubt = _write(applying, resource.create, found)
    since = applying.clock.now()
    while (live := _found(resource, found)) is None:
        if _passed(applying.clock, since) > VISIBLE:
            raise _unseen(resource, doubt) from doubt
        applying.clock.sleep(LOOK_EVERY)
        if doubt is not None and faults.is_missing(doubt):
            doubt = _write(applying, resource.create, found)
    return live


def _unseen(resource: Resource, doubt: AwsFault | None) -> SparkifyError:
    thing = f"{resource.kind} {resource.name}"
    if doubt is None or faults.is_lost_reply(doubt):
        return AwsError(
            f"AWS does not show {thing}, which was just asked for; its answer may have "
            "been lost. Run `invoke up` again in a minute: it looks first."
        )
    if faults.is_there_already(doubt):
        return ForeignError(
            f"AWS cannot make {thing}: there is one already, without the tags of the "
            f"stack. Delete it, or tag it as the stack's. {faults.told(doubt)}"
        )
    return faults.told(doubt)


def _remove(resource: Resource, found: Found, applying: Applying) -> None:
    """Deletes the thing if there is one, until AWS no longer shows it."""
    if (live := _found(resource, found)) is None:
        found[resource.key] = None
        return
    doubt = _write(applying, resource.delete, live, found)
    since = applying.clock.now()
    while (live := _found(resource, found)) is not None:
        if _passed(applying.clock, since) > VISIBLE:
            raise AwsError(
                f"AWS still shows {resource.kind} {resource.name}, which was to be "
                "deleted. Run `invoke up` again in a minute."
            ) from doubt
        applying.clock.sleep(LOOK_EVERY)
        if doubt is not None:
            doubt = _write(applying, resource.delete, live, found)
    found[resource.key] = None


@dataclass(frozen=True)
class Remaining:
    """A resource that could not be taken away, and why."""

    resource: Resource
    why: str


def take_down(resources: Sequence[Resource], applying: Applying) -> list[Remaining]:
    """Deletes what there is, the last first. What is in use stays and is told.

    Ownership is looked at again right before each delete. Raises the sentence of
    anything else that AWS refuses.
    """
    found = Found()
    for resource in resources:
        found[resource.key] = _found(resource, found)
    remaining: list[Remaining] = []
    there = [each for each in reversed(resources) if found.has(each.key)]
    for done, resource in enumerate(there):
        applying.told(done, len(there), f"{resource.kind} {resource.name}")
        if why := _taken_away(resource, found, applying):
            remaining.append(Remaining(resource, why))
    return remaining


def _taken_away(resource: Resource, found: Found, applying: Applying) -> str:
    """Deletes one thing, or returns why it stays; looks again where that is open."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    for attempt in range(1, DELETES + 1):
        live = found[resource.key] = _found(resource, found)
        if live is None:
            return ""
        applying.guard()
        try:
            resource.delete(live, found)
        except LeftoversError as error:  # a part of it is not ours to delete
            return str(error)
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            if faults.is_in_use(error):
                return str(faults.told(error))
            is_open = faults.is_lost_reply(error) or faults.is_missing(error)
            if not is_open or attempt == DELETES:
                raise faults.told(error) from error
        else:
            return ""
    return ""
