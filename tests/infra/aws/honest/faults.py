"""What a test orders to go wrong, and when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from math import inf
from typing import Any

from botocore.exceptions import BotoCoreError, ReadTimeoutError

from honest.delays import Delay, delayed
from honest.replies import Killed
from infra.rehearsal.aws.answers import Params, Refused, is_json
from infra.rehearsal.aws.calls import Call
from infra.rehearsal.aws.world import ACCOUNT

Callback = Callable[[Call], object]
Act = Any  # a callback, a refusal, a class of errors: as the list of orders has it


@dataclass
class Order:
    """Something that a test wants of the next calls of an operation."""

    service: str
    operation: str  # or a pattern: Describe*
    times: float
    act: Act

    def fits(self, call: Call) -> bool:
        """Whether this call is one of those, and one is still wanted."""
        return (
            self.times > 0
            and fnmatch(call.service, self.service)
            and fnmatch(call.operation, self.operation)
        )


@dataclass
class Orders:
    """All that is ordered now."""

    before: list[Order] = field(default_factory=list)  # callbacks
    after: list[Order] = field(default_factory=list)
    failures: list[Order] = field(default_factory=list)
    throttles: list[Order] = field(default_factory=list)  # seen by botocore's retries
    lost_sent: list[Order] = field(default_factory=list)  # these too
    lost: list[Order] = field(default_factory=list)
    denials: list[Order] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)
    expires_in: float = inf  # calls
    kill_before: float = inf  # writes
    kill_after: float = inf


class Faults:
    """The part of the layer that tests order faults from.

    Operations are named as AWS names them, and services as boto3 does; both may be
    patterns. An order ends with `times` calls, or with `calm`.
    """

    user = f"arn:aws:iam::{ACCOUNT}:user/sparkify"

    def __init__(self) -> None:
        self.orders = Orders()

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.orders = Orders()

    def fail(  # noqa: PLR0913 - all but what fails has a default
        self,
        service: str,
        operation: str,
        *,
        code: str,
        message: str = "It went wrong.",
        status: int = 400,
        times: float = 1,
    ) -> None:
        """The call is refused, and nothing is done: botocore does not try again."""
        refused = Refused(code, message, status)
        self.orders.failures.append(Order(service, operation, times, refused))

    def throttle(
        self,
        service: str,
        operation: str,
        *,
        code: str = "Throttling",
        status: int = 400,
        times: float = 2,
    ) -> None:
        """The request is refused so often, and botocore's own retries see it."""
        refused = Refused(code, "Rate exceeded", status)
        self.orders.throttles.append(Order(service, operation, times, refused))

    def lose_reply(
        self,
        service: str,
        operation: str,
        *,
        error: type[BotoCoreError] = ReadTimeoutError,
        times: float = 1,
        retried: bool = False,
    ) -> None:
        """AWS does it, but its answer does not arrive: the call raises the error.

        With `retried` botocore sees the error and tries again, as it would: AWS does
        a thing that has no token of idempotency twice.
        """
        orders = self.orders.lost_sent if retried else self.orders.lost
        orders.append(Order(service, operation, times, error))

    def deny(
        self,
        service: str,
        operation: str,
        *,
        resource: str = "*",
        explicit: bool = False,
        times: float = inf,
    ) -> None:
        """IAM does not allow the action, or an explicit deny forbids it."""
        self.orders.denials.append(
            Order(service, operation, times, (resource, explicit))
        )

    def expire_after(self, calls: int) -> None:
        """After so many further calls the credentials have expired, until `renew`."""
        self.orders.expires_in = calls

    def renew(self) -> None:
        """The credentials are good again."""
        self.orders.expires_in = inf

    def kill_before(self, write: int) -> None:
        """Raises Killed instead of sending the k-th write from now on: 1 is next."""
        self.orders.kill_before = write

    def kill_after(self, write: int) -> None:
        """Raises Killed when AWS has done the k-th write from now on."""
        self.orders.kill_after = write

    def delay(self, service: str, operation: str, *, reads: int) -> None:
        """This read does not see what is made from now on, for so many reads each."""
        self.orders.delays.append(delayed(service, operation, reads))

    def on(
        self,
        service: str,
        operation: str,
        callback: Callback,
        *,
        after: bool = False,
        times: float = inf,
    ) -> None:
        """Calls back before such a call, or after it was answered."""
        orders = self.orders.after if after else self.orders.before
        orders.append(Order(service, operation, times, callback))

    def _take(self, orders: list[Order], call: Call) -> Act:
        """What the first order that fits the call wants; it counts then."""
        for order in orders:
            if order.fits(call):
                order.times -= 1
                return order.act
        return None

    def _call_back(self, orders: list[Order], call: Call) -> None:
        for order in list(orders):
            if order.fits(call):
                order.times -= 1
                order.act(call)

    def _ordered_before(self, call: Call) -> Refused | None:
        """What happens to a call instead of its being sent."""
        orders = self.orders
        kills = False
        if call.is_write:
            orders.kill_before -= 1
            orders.kill_after -= 1
            kills = orders.kill_after == 0
            if orders.kill_before == 0:
                raise Killed(f"before {call}")
        call.killed_after = kills
        orders.expires_in -= 1
        if orders.expires_in < 0:
            return _expired(call)
        denial = self._take(orders.denials, call)
        if denial is not None:
            return self._denied(call, *denial)
        failure = self._take(orders.failures, call)
        assert failure is None or isinstance(failure, Refused)
        return failure

    def _ordered_after(self, call: Call, status: int, parsed: Params) -> Refused | None:
        """What becomes of an answer; a refusal is put in its place."""
        for delay in self.orders.delays:
            if status < 300:
                delay.note(call, parsed)
                hidden = delay.hide(call, parsed)
                if hidden is not None:
                    return hidden
        if call.killed_after:
            raise Killed(f"after {call}")
        lost = self._take(self.orders.lost, call)
        if lost is not None:
            raise lost_reply(lost)
        return None

    def _denied(self, call: Call, resource: str, explicit: bool) -> Refused:
        why = f"because no identity-based policy allows the {call.action} action"
        if explicit:
            why = "with an explicit deny in a service control policy"
        text = (
            f"User: {self.user} is not authorized to perform: {call.action} on "
            f"resource: {resource} {why}"
        )
        assert call.model is not None
        if call.service == "ec2":
            start = "You are not authorized to perform this operation. "
            blob = "Encoded authorization failure message: bm90LWEtcmVhbC1tZXNzYWdl"
            return Refused("UnauthorizedOperation", f"{start}{text}. {blob}", 403)
        if is_json(call.model):
            return Refused("AccessDeniedException", text, 400)
        return Refused("AccessDenied", text, 403)


def lost_reply(error: type[BotoCoreError]) -> BotoCoreError:
    """An error of the transport, of this class."""
    details: dict[str, Any] = {"endpoint_url": "https://aws.example/", "error": "lost"}
    return error(**details)


def _expired(call: Call) -> Refused:
    assert call.model is not None
    if call.service == "ec2":
        return Refused("RequestExpired", "Request has expired.", 400)
    text = "The security token included in the request is expired"
    if is_json(call.model):
        return Refused("ExpiredTokenException", text, 400)
    return Refused("ExpiredToken", text, 403)
