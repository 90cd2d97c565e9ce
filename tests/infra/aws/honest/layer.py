"""The layer itself: what it does with each call of a session's clients."""

import threading
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session
from botocore.model import OperationModel
from moto.core.models import botocore_stubber

from honest import (
    catalogue,
    changes,
    clusters,
    groups,
    guards,
    limits,
    managed_secrets,
    parameters,
    schedules,
    snapshots,
    tagging,
)
from honest import inventory as inventories
from honest.answers import Params, Refused, parsed_refusal, refusal, success
from honest.calls import Call
from honest.control import Clusters
from honest.faults import Faults, lost_reply
from honest.interfaces import described
from honest.others import Others
from honest.paging import Pages, is_paged
from honest.world import Pace, World

_REDSHIFT: dict[str, Callable[[World, Params], Params]] = {
    **clusters.OPERATIONS,
    **changes.OPERATIONS,
    **groups.OPERATIONS,
    **parameters.OPERATIONS,
    **snapshots.OPERATIONS,
    **schedules.OPERATIONS,
    **limits.OPERATIONS,
    **tagging.OPERATIONS,
    **catalogue.OPERATIONS,
}


class Honest(Faults):
    """Makes the clients that a session makes from now on see AWS as it is.

    Redshift, prices and quotas are answered from memory here, whatever moto holds;
    the other services are moto's, with AWS's guards before them.
    """

    def __init__(self, session: boto3.Session) -> None:
        super().__init__()
        self.session = session
        self.calls: list[Call] = []
        self.pace = Pace()
        self.catalogue = catalogue.Catalogue()
        self.worlds: dict[str, World] = {}
        self._others: dict[str, Others] = {}  # slow to make, and good for ever
        self._pages = Pages()
        self._lock = threading.RLock()
        self._current = threading.local()
        self.attach(session)

    def attach(self, session: boto3.Session) -> None:
        """Takes in another session: it sees the same account."""
        events: Any = session.events
        events.unregister("before-send", botocore_stubber)  # it is asked in `_send`
        events.register("before-parameter-build", self._note)
        events.register("before-call", self._before)
        events.register("before-send", self._send_or_lose)
        events.register("after-call", self._after)

    def reset(self) -> None:
        """An empty account again, with its usual pace, and nothing recorded.

        What moto holds is moto's to forget. Clients stay good.
        """
        self.calm()
        self.calls.clear()
        self.worlds.clear()
        self.pace = Pace()
        self.catalogue = catalogue.Catalogue()
        self._pages = Pages()

    @property
    def writes(self) -> list[Call]:
        """The recorded calls that change something, refused ones too."""
        return [call for call in self.calls if call.is_write]

    @property
    def world(self) -> World:
        """What there is of Redshift in the session's region."""
        return self._world(self.session.region_name)

    @property
    def clusters(self) -> Clusters:
        """The hand that a test has on the clusters of the session's region."""
        return Clusters(self.world)

    def inventory(
        self, ignored_tags: frozenset[str] = frozenset()
    ) -> inventories.Inventory:
        """All there is, without ids and times: equal for equal ends."""
        return inventories.take(self.world, ignored_tags)

    def _world(self, region: str) -> World:
        with self._lock:
            if region not in self.worlds:
                if region not in self._others:
                    self._others[region] = Others(self.session, region)
                self.worlds[region] = World(
                    region,
                    self._others[region],
                    self.pace,
                    parameter_groups=parameters.defaults(),
                )
            return self.worlds[region]

    def _note(self, params: Params, context: Params, **_: object) -> None:
        context["honest_params"] = {
            key: deepcopy(value) if isinstance(value, (dict, list)) else value
            for key, value in params.items()
        }

    def _before(
        self, model: OperationModel, context: Params, **_: object
    ) -> tuple[AWSResponse, Params] | None:
        service = model.service_model.service_name
        region, params = context["client_region"], context["honest_params"]
        call = Call(service, model.name, params, region, model=model)
        context["honest_call"] = call
        with self._lock:
            self.calls.append(call)
        self._call_back(self.orders.before, call)
        with self._lock:
            refused = self._ordered_before(call)
        if refused is not None:
            call.error = refused.code
            return parsed_refusal(refused)
        if service == "redshift" and model.name not in _REDSHIFT:
            raise NotImplementedError(f"The layer does not model {call}.")
        if service == "pricing" and region not in catalogue.PRICED_FROM:
            url = f"https://api.pricing.{region}.amazonaws.com/"
            raise EndpointConnectionError(endpoint_url=url)
        self._current.call = call
        return None

    def _send_or_lose(
        self, request: AWSPreparedRequest, event_name: str, **_: object
    ) -> AWSResponse | None:
        call: Call = self._current.call
        assert call.model is not None
        with self._lock:
            throttled = self._take(self.orders.throttles, call)
            lost = self._take(self.orders.lost_sent, call)
        if throttled is not None:
            return refusal(call.model, throttled)
        answer = self._send(call, request, event_name)
        if lost is not None:
            if answer is None:
                URLLib3Session().send(request)
            raise lost_reply(lost)
        return answer

    def _send(
        self, call: Call, request: AWSPreparedRequest, event_name: str
    ) -> AWSResponse | None:
        """The answer of the layer or of moto; None has botocore send the request."""
        assert call.model is not None
        try:
            with self._lock:
                result = self._result(call)
        except Refused as refused:
            return refusal(call.model, refused)
        if result is not None:
            return success(call.model, result)
        answer: AWSResponse | None = botocore_stubber(event_name, request)
        if answer is None and ".amazonaws.com" in request.url:
            raise AssertionError(f"{call} would go to AWS: there is no moto.")
        return answer

    def _result(self, call: Call) -> Params | None:
        """What the layer answers itself; None leaves it to moto."""
        params, model = call.params, call.model
        assert model is not None
        if call.service == "redshift":
            world = self._world(call.region)
            if is_paged(model):
                size = self.pace.page_size
                operation = _REDSHIFT[call.operation]
                return self._pages.page(
                    model, params, size, lambda: operation(world, params)
                )
            return _REDSHIFT[call.operation](world, params)
        if call.service == "ec2":
            world = self._world(call.region)
            guards.dry_run(world, params)
            if call.operation in guards.EC2:
                guards.EC2[call.operation](world, params)
        if call.service == "s3":
            guards.bucket_owner(params)
        if str(call) == "pricing.GetProducts":
            return self.catalogue.products(params)
        if str(call) == "secretsmanager.DescribeSecret":
            return managed_secrets.describe(self._world(call.region), params)
        if str(call) == "service-quotas.GetServiceQuota":
            return self.catalogue.quota(call.region, params)
        return None

    def _after(
        self, http_response: AWSResponse, parsed: Params, context: Params, **_: object
    ) -> None:
        call: Call = context["honest_call"]
        result = getattr(http_response, "result", None)
        if result is not None:
            parsed.update(result)
        if http_response.status_code >= 300:
            call.error = parsed.get("Error", {}).get("Code", "")
        elif str(call) == "ec2.DescribeNetworkInterfaces":
            ours = described(self._world(call.region), call.params)
            parsed["NetworkInterfaces"] = [*parsed["NetworkInterfaces"], *ours]
        self._call_back(self.orders.after, call)
        with self._lock:
            refused = self._ordered_after(call, http_response.status_code, parsed)
        if refused is not None:
            call.error = refused.code
            http_response.status_code = refused.status
            parsed.clear()
            parsed.update(parsed_refusal(refused)[1])
