"""Whenever a run is killed, the next one ends as if nothing had happened."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

import pytest
from accounts import Account, Saved, account
from honest import Call, Inventory, Killed

from infra.aws import lock

pytestmark = pytest.mark.slow  # a hundred runs; test_convergence has a few


class Point(NamedTuple):
    """A moment in a run: what there was, had it been killed then."""

    when: str
    saved: Saved


@pytest.fixture(scope="module")
def shared() -> Iterator[Account]:
    with account() as found:
        yield found


@pytest.fixture(autouse=True)
def _killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes of the killed runs, which have this one's number, are gone."""
    monkeypatch.setattr(lock, "_is_running", lambda _: False)


def points(here: Account, run: Callable[[], object]) -> list[Point]:
    """The moments before and after each write of a run.

    Where no cluster is on its way, nothing happens between one write and the next.
    """
    found: list[Point] = []

    def before(call: Call) -> None:
        if call.is_write and (not found or here.aws.clusters.names()):
            found.append(Point(f"before {call}", here.save()))

    def after(call: Call) -> None:
        if call.is_write:
            found.append(Point(f"after {call}", here.save()))

    here.aws.on("*", "*", before)
    here.aws.on("*", "*", after, after=True)
    run()
    here.aws.calm()
    return found


@pytest.fixture(scope="module")
def of_up(shared: Account) -> list[Point]:
    shared.put(shared.empty)
    return points(shared, shared.up)


@pytest.fixture(scope="module")
def of_down(shared: Account) -> list[Point]:
    shared.put(shared.made)
    return points(shared, shared.down)


def failures(
    here: Account, moments: list[Point], run: Callable[[], object], end: Inventory
) -> list[str]:
    """The moments from which the run does not come to this end."""
    found = []
    for when, saved in moments:
        here.put(saved)
        try:
            run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            found.append(f"{when}: {error!r}")
            continue
        if here.seen() != end:
            found.append(f"{when}: {differing(here.seen(), end)}")
    return found


def differing(seen: Inventory, end: Inventory) -> list[str]:
    return [
        f"{kind} {line}"
        for kind in {*seen, *end}
        for line in {*seen.get(kind, ())} ^ {*end.get(kind, ())}
    ]


def test_every_write_of_a_run_is_a_point(
    shared: Account, of_up: list[Point], of_down: list[Point]
) -> None:
    shared.put(shared.empty)
    for run, moments in ((shared.up, of_up), (shared.down, of_down)):
        shared.aws.calls.clear()
        run()
        kills = [when for when, _ in moments if when.startswith("after")]
        assert kills == [f"after {call}" for call in shared.aws.writes]
    assert not shared.inventory.duplicates()


def test_up_goes_on_wherever_up_was_killed(shared: Account, of_up: list[Point]) -> None:
    assert failures(shared, of_up, shared.up, shared.inventory) == []


def test_down_takes_away_what_a_killed_up_has_left(
    shared: Account, of_up: list[Point]
) -> None:
    assert failures(shared, of_up[::3], shared.down, Inventory()) == []


def test_down_goes_on_wherever_down_was_killed(
    shared: Account, of_down: list[Point]
) -> None:
    assert failures(shared, of_down, shared.down, Inventory()) == []


def test_up_makes_again_what_a_killed_down_has_taken(
    shared: Account, of_down: list[Point]
) -> None:
    def up() -> None:
        shared.aws.clusters.settle()  # whoever runs it is told to wait for that
        shared.up()

    assert failures(shared, of_down[::3], up, shared.inventory) == []


def kill_at(here: Account, write: int) -> None:
    """The write is done, and nothing after it: not even the lock is given back."""
    left = [write]

    def kill(call: Call) -> None:
        left[0] -= call.is_write
        if left[0] < 0:
            raise Killed(f"before {call}")

    here.aws.on("*", "*", kill)


@pytest.mark.parametrize("seed", range(4))
def test_several_kills_in_a_row_leave_no_traces(shared: Account, seed: int) -> None:
    chance = random.Random(seed)
    runs: list[Callable[[], object]] = [shared.up, shared.up, shared.down]
    shared.put(shared.empty)
    for _ in range(3):
        run = chance.choice(runs)
        kill_at(shared, chance.randrange(35))
        with suppress(Killed):
            run()
        shared.aws.calm()
        shared.aws.clusters.settle()
    shared.up()
    assert shared.seen() == shared.inventory
    shared.down()
    assert shared.aws.inventory() == {}
