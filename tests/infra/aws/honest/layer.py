"""The layer itself: what it does with each call of a session's clients."""

from copy import deepcopy
from threading import local
from typing import Any

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session
from botocore.model import OperationModel
from moto.core.models import botocore_stubber

from honest import inventory as inventories
from honest.control import Clusters
from honest.faults import Faults, lost_reply
from honest.replies import parsed_refusal, refusal, success
from infra.rehearsal.aws.account import REDSHIFT, Account
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.calls import Call
from infra.rehearsal.aws.catalogue import PRICED_FROM
from infra.rehearsal.aws.others import Others
from infra.rehearsal.aws.world import World


class Honest(Account, Faults):
    """Makes the clients that a session makes from now on see an account as it is."""

    def __init__(self, session: boto3.Session) -> None:
        Faults.__init__(self)
        Account.__init__(self, lambda region: _beside(session, region))
        self.session = session
        self.calls: list[Call] = []
        self._current = local()
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
        """An empty account again, and nothing recorded. Clients stay good."""
        self.calm()
        self.calls.clear()
        self.empty()

    @property
    def writes(self) -> list[Call]:
        """The recorded calls that change something, refused ones too."""
        return [call for call in self.calls if call.is_write]

    @property
    def world(self) -> World:
        """What there is of Redshift in the session's region."""
        return self.world_of(self.session.region_name)

    @property
    def clusters(self) -> Clusters:
        """The hand that a test has on the clusters of the session's region."""
        return Clusters(self.world)

    def inventory(
        self, ignored_tags: frozenset[str] = frozenset()
    ) -> inventories.Inventory:
        """All there is, without ids and times: equal for equal ends."""
        return inventories.take(self.world, ignored_tags)

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
        with self.lock:
            self.calls.append(call)
        self._call_back(self.orders.before, call)
        with self.lock:
            refused = self._ordered_before(call)
        if refused is not None:
            call.error = refused.code
            return parsed_refusal(refused)
        if service == "redshift" and model.name not in REDSHIFT:
            raise NotImplementedError(f"The layer does not model {call}.")
        if service == "pricing" and region not in PRICED_FROM:
            url = f"https://api.pricing.{region}.amazonaws.com/"
            raise EndpointConnectionError(endpoint_url=url)
        self._current.call = call
        return None

    def _send_or_lose(
        self, request: AWSPreparedRequest, event_name: str, **_: object
    ) -> AWSResponse | None:
        call: Call = self._current.call
        assert call.model is not None
        with self.lock:
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
            result = self.answer(call)
        except Refused as refused:
            return refusal(call.model, refused)
        if result is not None:
            return success(call.model, result)
        answer: AWSResponse | None = botocore_stubber(event_name, request)
        if answer is None and ".amazonaws.com" in request.url:
            raise AssertionError(f"{call} would go to AWS: there is no moto.")
        return answer

    def _after(
        self, http_response: AWSResponse, parsed: Params, context: Params, **_: object
    ) -> None:
        call: Call = context["honest_call"]
        result = getattr(http_response, "result", None)
        if result is not None:
            parsed.update(result)
        if http_response.status_code >= 300:
            call.error = parsed.get("Error", {}).get("Code", "")
        self._call_back(self.orders.after, call)
        with self.lock:
            refused = self._ordered_after(call, http_response.status_code, parsed)
        if refused is not None:
            call.error = refused.code
            http_response.status_code = refused.status
            parsed.clear()
            parsed.update(parsed_refusal(refused)[1])


def _beside(session: boto3.Session, region: str) -> Others:
    """Clients of the same credentials that the layer does not see."""
    inner = botocore.session.Session()
    loader = session._session.get_component("data_loader")
    inner.register_component("data_loader", loader)  # it caches the models
    found = session.get_credentials()
    beside = boto3.Session(
        aws_access_key_id=found.access_key if found else "testing",
        aws_secret_access_key=found.secret_key if found else "testing",
        aws_session_token=found.token if found else None,
        region_name=region,
        botocore_session=inner,
    )
    return Others(beside)
