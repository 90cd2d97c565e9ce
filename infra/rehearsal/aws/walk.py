"""How a cluster goes from state to state: by the polls that saw each of them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf

from infra.rehearsal.aws.answers import Params, Refused

_AVAILABILITY = {
    "available": "Available",
    "creating": "Modifying",
    "modifying": "Modifying",
    "rebooting": "Unavailable",
    "pausing": "Modifying",
    "paused": "Unavailable",
    "resuming": "Modifying",
    "final-snapshot": "Modifying",
    "deleting": "Modifying",
    "hardware-failure": "Failed",
    "storage-full": "Unavailable",
}
_DELETABLE = {
    "available",
    "paused",
    "hardware-failure",
    "inaccessible-kms-key",
    "incompatible-hsm",
    "incompatible-network",
    "incompatible-restore",
    "insufficient-capacity",
}


def _nothing() -> None:
    pass


def availability(status: str) -> str:
    """The ClusterAvailabilityStatus that goes with a ClusterStatus."""
    if status.startswith(("incompatible-", "inaccessible-")):
        return "Failed"
    return _AVAILABILITY.get(status, "Unavailable")


@dataclass
class Step:
    """A state, for so many polls."""

    status: str
    polls: float = inf
    availability: str = ""
    enter: Callable[[], None] = _nothing

    def __post_init__(self) -> None:
        self.availability = self.availability or availability(self.status)


@dataclass
class Cluster:
    """A cluster: the attributes that AWS shows, and the states that it goes through."""

    name: str
    shown: Params
    group: str  # its parameter group
    subnets: list[str]  # of its subnet group
    roles: dict[str, str] = field(default_factory=dict)  # ARN: its ApplyStatus
    pending: set[str] = field(default_factory=set)  # parameters that await a reboot
    values: dict[str, str] = field(default_factory=dict)  # of parameters in effect
    has_endpoint: bool = False
    logging: Params = field(default_factory=lambda: {"LoggingEnabled": False})
    steps: deque[Step] = field(default_factory=deque)
    seen: int = 0

    @property
    def step(self) -> Step:
        """The state that the last poll has seen."""
        return self.steps[0]

    @property
    def status(self) -> str:
        """Its ClusterStatus."""
        return self.step.status

    def walk(self, *steps: Step) -> None:
        """Begins to go through these states; in the last of them it stays."""
        self.steps = deque(steps)
        self.seen = 0
        self.step.enter()

    def hold(self, step: Step) -> None:
        """Shows this state first, and then goes on where it was."""
        self.steps[0] = replace(self.step, enter=_nothing)  # it was entered already
        self.steps.appendleft(step)
        self.seen = 0

    def poll(self) -> None:
        """Somebody looks: the state changes when enough have seen it."""
        while len(self.steps) > 1 and self.seen >= self.step.polls:
            self.steps.popleft()
            self.seen = 0
            self.step.enter()
        self.seen += 1

    def settle(self) -> None:
        """Goes to the last of its states at once, unless it is held for ever."""
        while len(self.steps) > 1 and self.step.polls != inf:
            self.steps.popleft()
            self.seen = 0
            self.step.enter()

    def must_be(self, status: str, verb: str) -> None:
        """Refuses what only a cluster at rest in this state can be asked for.

        A refusal counts as a poll, lest who only retries waits for ever.
        """
        if self.status != status:
            self.poll()
            raise Refused(
                "InvalidClusterState",
                f"The cluster {self.name} is not in the {status} state "
                f"(it is {self.status}); you cannot {verb} it.",
            )
        if status == "available" and self.step.availability != "Available":
            self._busy(verb)

    def must_be_deletable(self, *, paused: bool) -> None:
        """Refuses to delete in the states in which AWS does not."""
        if self.status == "available" and self.step.availability != "Available":
            self._busy("delete")
        if self.status in _DELETABLE - (set() if paused else {"paused"}):
            return
        self.poll()
        raise Refused(
            "InvalidClusterState",
            f"Unable to delete the cluster {self.name}. You can only delete clusters "
            "with ACTIVE, INCOMPATIBLE_HSM, INSUFFICIENT_VPCE, HARDWARE_FAILURE, "
            "INCOMPATIBLE_NETWORK, PAUSED, INACCESSIBLE_KMS_KEY, "
            "INSUFFICIENT_CAPACITY, or INCOMPATIBLE_RESTORE lifecycle.",
        )

    def _busy(self, verb: str) -> None:
        self.poll()
        raise Refused(
            "InvalidClusterState",
            "There is an operation running on the Cluster. "
            f"Please try to {verb} it at a later time.",
        )
