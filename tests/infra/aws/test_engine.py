"""The engine, on things that are kept in memory: what it does when AWS is odd."""

# ruff: noqa: ARG002 - a thing in memory needs little of what it is given

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from cloud import QuickClock
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra.aws import engine, patience
from infra.aws.engine import Applying, apply, plan, take_down
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import AwsDenied, AwsError, CredentialsError, ForeignError

Step = Callable[[], None]  # something that goes wrong before or after AWS does it


def refused(code: str, operation: str = "CreateThing", text: str = "No.") -> Step:
    def step() -> None:
        raise ClientError({"Error": {"Code": code, "Message": text}}, operation)

    return step


def lost() -> None:
    raise ReadTimeoutError(endpoint_url="https://aws.example/", error="lost")


def garbled() -> None:
    raise ResponseParserError("this is no XML")


def fine() -> None:
    pass


@dataclass
class Aws:
    """What there is, what was done, and what goes wrong."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    before: list[Step] = field(default_factory=list)  # of the next writes
    after: list[Step] = field(default_factory=list)
    hidden: int = 0  # looks that do not see what is new
    deaf: int = 0  # changes that AWS accepts and does not make

    def write(self, name: str, does: Step) -> None:
        if self.before:
            self.before.pop(0)()
        self.done.append(name)
        does()
        if self.after:
            self.after.pop(0)()


class Thing(Resource):
    """A thing with attributes; colours cannot be changed."""

    kind = "thing"
    fixed = {"colour": "Paint it yourself."}  # noqa: RUF012 - as resources have it

    def __init__(self, aws: Aws, name: str, **wanted: object) -> None:
        super().__init__(name, name)
        self.aws = aws
        self.attributes = wanted
        self.ails = ""

    def find(self, found: Found) -> Live | None:
        live = self.aws.things.get(self.name)
        if live is not None and self.aws.hidden:
            self.aws.hidden -= 1
            return None
        return None if live is None else dict(live)

    def wanted(self, found: Found) -> Attributes:
        return self.attributes

    def present(self, live: Live, found: Found) -> Attributes:
        return live

    def create(self, found: Found) -> None:
        new = dict.fromkeys(self.attributes, "new") | {
            key: value for key, value in self.attributes.items() if key in self.fixed
        }

        def does() -> None:
            assert self.name not in self.aws.things, "made twice"
            self.aws.things[self.name] = new

        self.aws.write(f"create {self.name}", does)

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        for each in differences:

            def does(each: Difference = each) -> None:
                if self.aws.deaf:
                    self.aws.deaf -= 1
                else:
                    self.aws.things[self.name][each.attribute] = each.after

            self.aws.write(f"change {self.name}.{each.attribute}", does)

    def delete(self, live: Live, found: Found) -> None:
        def does() -> None:
            del self.aws.things[self.name]

        self.aws.write(f"delete {self.name}", does)

    def trouble(self, live: Live) -> str:
        return self.ails


@pytest.fixture
def aws() -> Aws:
    return Aws()


def looked(resource: Resource, found: Found) -> Live:
    live = resource.find(found)
    assert live is not None
    return live


def applying(guard: Step = fine, heard: list[str] | None = None) -> Applying:
    def told(done: int, of: int, what: str) -> None:
        if heard is not None:
            heard.append(f"{done}/{of} {what}")

    return Applying(told, guard, QuickClock(), looked)


def done(aws: Aws, *things: Thing) -> list[str]:
    """What is done to have these things as they should be."""
    aws.done.clear()
    apply(things, applying())
    return list(aws.done)


def test_what_is_not_there_is_made_what_differs_changed_and_the_rest_kept(
    aws: Aws,
) -> None:
    aws.things["b"] = {"size": 3, "more": "of it"}
    things = [Thing(aws, "a", size=1, weight=2), Thing(aws, "b", size=1)]
    planned = plan(things)
    assert [each.verb for each in planned.actions] == [engine.CREATE, engine.CHANGE]
    assert planned.actions[1].differences == (Difference("size", 3, 1),)
    assert aws.done == []
    assert done(aws, *things) == [
        *("create a", "change a.size", "change a.weight"),
        "change b.size",
    ]
    assert not plan(things).changes
    assert done(aws, *things) == []


def test_progress_is_told_of_each_thing_before_it_begins(aws: Aws) -> None:
    heard: list[str] = []
    apply([Thing(aws, "a"), Thing(aws, "b")], applying(heard=heard))
    assert heard == ["0/2 thing a", "1/2 thing b"]


@pytest.mark.parametrize("step", [lost, garbled], ids=["lost", "garbled"])
def test_a_lost_answer_to_create_is_found_by_the_next_look(
    aws: Aws, step: Step
) -> None:
    aws.after = [step]
    assert done(aws, Thing(aws, "a")) == ["create a"]


@pytest.mark.parametrize("step", [lost, garbled], ids=["lost", "garbled"])
def test_a_lost_request_to_create_is_not_repeated(aws: Aws, step: Step) -> None:
    aws.before = [step]
    with pytest.raises(AwsError, match=r"does not show thing a.*lost.*Run `invoke up`"):
        apply([Thing(aws, "a")], applying())
    assert aws.done == []


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("step", [lost, garbled], ids=["lost", "garbled"])
def test_a_lost_change_is_asked_for_again_where_it_was_not_made(
    aws: Aws, where: str, step: Step
) -> None:
    aws.things["a"] = {"size": 3, "weight": 3}
    setattr(aws, where, [step])
    apply([Thing(aws, "a", size=1, weight=1)], applying())
    assert aws.things["a"] == {"size": 1, "weight": 1}
    assert aws.done.count("change a.weight") == 1
    assert aws.done.count("change a.size") == 1


def test_what_aws_does_not_know_yet_is_asked_for_again(aws: Aws) -> None:
    aws.before = [refused("InvalidVpcID.NotFound")] * 5
    assert done(aws, Thing(aws, "a", size=1)) == ["create a", "change a.size"]
    aws.things["a"]["size"] = 2
    aws.before = [refused("NoSuchEntity")] * 5
    assert done(aws, Thing(aws, "a", size=1)) == ["change a.size"]


@pytest.mark.parametrize("there", [True, False], ids=["change", "create"])
def test_what_aws_never_comes_to_know_is_told_after_a_minute(
    aws: Aws, there: bool
) -> None:
    if there:
        aws.things["a"] = {"size": 2}
    aws.before = [refused("InvalidVpcID.NotFound")] * 1000
    how = applying()
    started = how.clock.now()
    with pytest.raises(AwsError, match=r"InvalidVpcID\.NotFound"):
        apply([Thing(aws, "a", size=1)], how)
    assert 60 < (how.clock.now() - started).total_seconds() < 70


def test_what_is_there_already_and_not_ours_is_told(aws: Aws) -> None:
    aws.before = [refused("EntityAlreadyExists", text="It exists.")]
    with pytest.raises(ForeignError, match=r"cannot make thing a.*without the tags"):
        apply([Thing(aws, "a")], applying())


def test_what_is_there_already_and_ours_is_taken(aws: Aws) -> None:
    aws.things["a"], aws.hidden = {"size": 1}, 1
    aws.before = [refused("EntityAlreadyExists")]
    assert done(aws, Thing(aws, "a", size=1)) == []


@pytest.mark.parametrize("looks", [1, 5, 29])
def test_what_appears_late_is_waited_for_and_made_once(aws: Aws, looks: int) -> None:
    aws.hidden = looks
    assert done(aws, Thing(aws, "a", size=1)) == ["create a", "change a.size"]


def test_what_does_not_appear_is_told(aws: Aws) -> None:
    aws.hidden = 1000
    with pytest.raises(AwsError, match="does not show thing a, which was just asked"):
        apply([Thing(aws, "a", size=1)], applying())
    assert aws.done == ["create a"]


def test_a_change_that_never_shows_ends_with_a_sentence_and_is_asked_for_once(
    aws: Aws,
) -> None:
    aws.things["a"] = {"size": 3}
    aws.deaf = 1000
    with pytest.raises(AwsError, match="does not become what it should be: size"):
        apply([Thing(aws, "a", size=1)], applying())
    assert aws.done == ["change a.size"]


def test_somebody_who_changes_it_back_each_time_is_not_fought_for_ever(
    aws: Aws,
) -> None:
    aws.things["a"] = {"size": 3}

    class Contested(Thing):
        def find(self, found: Found) -> Live | None:
            aws.things["a"]["size"] = len(aws.done) + 2
            return super().find(found)

    with pytest.raises(AwsError, match="Somebody else may be changing it"):
        apply([Contested(aws, "a", size=1)], applying())
    assert len(aws.done) == engine.ROUNDS


def test_a_fixed_attribute_blocks_the_plan_and_is_not_touched(aws: Aws) -> None:
    aws.things["a"] = {"colour": "red", "size": 3}
    thing = Thing(aws, "a", colour="green", size=1)
    (blocked,) = plan([thing]).blocked
    assert blocked.why == "colour is red, not green. Paint it yourself."
    with pytest.raises(AwsError, match=r"thing a: colour is red\. Paint it yourself"):
        apply([thing], applying())
    assert aws.done == []


def test_a_thing_beyond_help_blocks_the_plan_and_is_not_touched(aws: Aws) -> None:
    aws.things["a"] = {"size": 3}
    thing = Thing(aws, "a", size=1)
    thing.ails = "It is broken."
    assert plan([thing]).blocked[0].why == "It is broken."
    with pytest.raises(AwsError, match="It is broken"):
        apply([thing], applying())
    assert aws.done == []


def unwanted(aws: Aws, name: str) -> Thing:
    thing = Thing(aws, name, size=1)
    thing.is_wanted = False
    return thing


def test_what_is_not_wanted_goes_last_and_the_last_first(aws: Aws) -> None:
    aws.things |= {"a": {}, "b": {}}
    things = [unwanted(aws, "a"), unwanted(aws, "b"), Thing(aws, "c")]
    assert [each.verb for each in plan(things).changes] == [
        *(engine.DELETE, engine.DELETE, engine.CREATE)
    ]
    assert done(aws, *things) == ["create c", "delete b", "delete a"]
    assert not plan(things).changes
    assert done(aws, *things) == []


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_lost_answer_to_delete_is_cleared_up(aws: Aws, where: str) -> None:
    for remove in (apply, take_down):
        aws.things["a"] = {}
        setattr(aws, where, [lost])
        thing = unwanted(aws, "a") if remove is apply else Thing(aws, "a")
        remove([thing], applying())
        assert aws.things == {}


def test_what_is_still_shown_after_its_deletion_is_waited_for(aws: Aws) -> None:
    class Lingering(Thing):
        looks = 0

        def find(self, found: Found) -> Live | None:
            self.looks += 1
            return {} if self.looks < 10 else None

        def delete(self, live: Live, found: Found) -> None:
            aws.done.append("delete")

    thing = Lingering(aws, "a")
    thing.is_wanted = False
    apply([thing], applying())
    assert aws.done == ["delete"]
    Lingering.looks = -1000
    stays = Lingering(aws, "a")
    stays.is_wanted = False
    with pytest.raises(AwsError, match="still shows thing a"):
        apply([stays], applying())


@pytest.mark.parametrize(
    ("code", "kind"), [("AccessDenied", AwsDenied), ("ExpiredToken", CredentialsError)]
)
def test_a_refusal_says_how_far_it_came_and_takes_nothing_back(
    aws: Aws, code: str, kind: type[Exception]
) -> None:
    things = [Thing(aws, name) for name in "abcd"]
    aws.before = [fine, fine, refused(code)]
    with pytest.raises(kind, match="2 of 4 parts are as they should be and stay"):
        apply(things, applying())
    assert list(aws.things) == ["a", "b"]
    assert done(aws, *things) == ["create c", "create d"]


def test_no_write_happens_without_the_guard(aws: Aws) -> None:
    aws.things |= {"b": {"size": 2}, "c": {}}

    def guard() -> None:
        raise AwsError("no more")

    for thing in (Thing(aws, "a"), Thing(aws, "b", size=1), unwanted(aws, "c")):
        with pytest.raises(AwsError, match="no more"):
            apply([thing], applying(guard))
        if thing.name != "a":
            with pytest.raises(AwsError, match="no more"):
                take_down([thing], applying(guard))
    assert aws.done == []


def test_taking_down_goes_from_the_last_to_the_first(aws: Aws) -> None:
    things = [Thing(aws, name) for name in "abc"]
    aws.things |= {"a": {}, "c": {}}
    assert take_down(things, applying()) == []
    assert aws.done == ["delete c", "delete a"]


def test_taking_down_leaves_what_is_in_use_and_says_why(aws: Aws) -> None:
    things = [Thing(aws, name) for name in "abc"]
    aws.things |= {"a": {}, "b": {}, "c": {}}
    aws.before = [fine, refused("DependencyViolation", "DeleteThing")]
    (stays,) = take_down(things, applying())
    assert stays.resource.name == "b"
    assert stays.why
    assert list(aws.things) == ["b"]


def test_taking_down_looks_at_ownership_right_before_each_delete(aws: Aws) -> None:
    class Sold(Thing):
        def find(self, found: Found) -> Live | None:
            if aws.done:
                raise ForeignError("not ours any more")
            return super().find(found)

    aws.things |= {"a": {}, "b": {}}
    with pytest.raises(ForeignError, match="not ours any more"):
        take_down([Sold(aws, "a"), Thing(aws, "b")], applying())
    assert list(aws.things) == ["a"]


def test_taking_down_ends_with_what_aws_refuses(aws: Aws) -> None:
    aws.things |= {"a": {}, "b": {}}
    aws.before = [refused("AccessDenied", "DeleteThing")]
    with pytest.raises(AwsDenied):
        take_down([Thing(aws, "a"), Thing(aws, "b")], applying())
    assert list(aws.things) == ["a", "b"]


@pytest.mark.parametrize("code", ["Throttling", "RequestLimitExceeded"])
def test_what_is_throttled_is_asked_again_within_bounds(code: str) -> None:
    clock = QuickClock()
    answers: Iterator[Step] = iter([refused(code)] * 4 + [fine])
    heard: list[str] = []

    def answer() -> None:
        next(answers)()

    patience.patiently(answer, clock, told=heard.append)
    assert heard == ["AWS is busy"] * 4
    assert clock.slept > 10
    started = clock.slept
    with pytest.raises(ClientError):
        patience.patiently(refused(code), clock)
    assert 60 < clock.slept - started <= patience.THROTTLED


def test_a_lost_write_is_not_repeated_and_a_lost_read_is() -> None:
    calls: list[str] = []

    def call() -> str:
        calls.append("call")
        if len(calls) < 4:
            lost()
        return "answer"

    with pytest.raises(ReadTimeoutError):
        patience.patiently(call, QuickClock())
    assert len(calls) == 1
    assert patience.read(call, QuickClock()) == "answer"
    calls.clear()
    with pytest.raises(ReadTimeoutError):
        patience.read(lost, QuickClock())


NAMES = st.sampled_from(["a", "b", "c", "d"])
SIZES = st.fixed_dictionaries(dict.fromkeys("xyz", st.integers(0, 2)))
STEPS = st.lists(st.sampled_from([fine, lost, garbled]), max_size=6)


@given(
    st.dictionaries(NAMES, SIZES), st.dictionaries(NAMES, SIZES), st.sets(NAMES), STEPS
)
@examples(max_examples=100, derandomize=True, deadline=None)
def test_whatever_there_is_and_goes_wrong_nothing_differs_in_the_end(
    there: dict[str, dict[str, int]],
    wanted: dict[str, dict[str, int]],
    gone: set[str],
    steps: list[Step],
) -> None:
    aws = Aws(things={name: dict(live) for name, live in there.items()}, after=steps)
    things = [Thing(aws, name, **sizes) for name, sizes in wanted.items()]
    for thing in things:
        thing.is_wanted = thing.name not in gone
    planned = plan(things)
    apply(things, applying())
    assert bool(planned.changes) == bool(aws.done)
    assert not plan(things).changes
    kept = {name: sizes for name, sizes in wanted.items() if name not in gone}
    strangers = {name: sizes for name, sizes in there.items() if name not in wanted}
    assert aws.things == strangers | kept
