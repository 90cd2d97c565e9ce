"""A thing on AWS, as the engine compares, makes, changes and deletes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from infra.aws.clock import Clock
from infra.aws.patience import patiently, read

Answer = TypeVar("Answer")

Live = Mapping[str, Any]  # a thing as AWS describes it
Attributes = Mapping[str, object]


class Difference(NamedTuple):
    """An attribute that is not as it should be."""

    attribute: str
    before: object
    after: object


class Found(dict[str, Live | None]):
    """What was found of each resource, by its key."""

    def the(self, key: str, attribute: str) -> str:
        """An attribute of a resource that is there, or a word for one to come."""
        live = self.get(key)
        return f"new {key}" if live is None else str(live[attribute])

    def has(self, key: str) -> bool:
        """Whether the resource is there."""
        return self.get(key) is not None


class Resource(ABC):
    """A thing of the stack. Only create, change and delete write."""

    kind: ClassVar[str]
    # What cannot be changed once it is there, and what a person can do about it
    fixed: ClassVar[Mapping[str, str]] = {}
    # What changes only with a restart
    restarts: ClassVar[frozenset[str]] = frozenset()
    # Whether the stack should have it at all; else it is deleted where it is found
    is_wanted = True

    # Time, and who hears why a request waits
    clock: Clock = Clock()
    waiting: Callable[[str], None] = staticmethod(lambda _: None)

    def __init__(self, key: str, name: str) -> None:
        self.key = key
        self.name = name

    def patiently(
        self, call: Callable[[], Answer], *, busy: float = 0, in_use: float = 0
    ) -> Answer:
        """What the call answers, as `patience.patiently` asks for it."""
        return patiently(call, self.clock, busy=busy, in_use=in_use, told=self.waiting)

    def read(self, call: Callable[[], Answer]) -> Answer:
        """What a call that changes nothing answers, as `patience.read` asks for it."""
        return read(call, self.clock)

    @abstractmethod
    def find(self, found: Found) -> Live | None:
        """The thing as it is; raises ForeignError when another has its name."""

    @abstractmethod
    def wanted(self, found: Found) -> Attributes:
        """The attributes it should have."""

    @abstractmethod
    def present(self, live: Live, found: Found) -> Attributes:
        """The attributes it has; those that cannot be told now are left out."""

    @abstractmethod
    def create(self, found: Found) -> None:
        """Makes it, with its tags, in one request."""

    @abstractmethod
    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Mends one or more of the differences."""

    @abstractmethod
    def delete(self, live: Live, found: Found) -> None:
        """Takes it away, with the parts that only it has.

        Raises LeftoversError where it has to stay for what others have put into it.
        """

    def pending(self, live: Live) -> str:
        """What AWS is doing with it; empty when it is settled."""
        del live
        return ""

    def trouble(self, live: Live) -> str:
        """Why nothing can be done with it: a sentence, or nothing."""
        del live
        return ""

    def differences(self, live: Live, found: Found) -> list[Difference]:
        """What is not as it should be."""
        present, wanted = self.present(live, found), self.wanted(found)
        return [
            Difference(name, present[name], value)
            for name, value in wanted.items()
            if name in present and present[name] != value
        ]
