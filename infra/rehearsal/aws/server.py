"""An account behind HTTP, on the loopback: what AWS_ENDPOINT_URL leads to."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Thread
from typing import Any

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from infra.errors import SparkifyError
from infra.rehearsal.aws import guards, objects
from infra.rehearsal.aws.account import Account
from infra.rehearsal.aws.answers import Refused, body
from infra.rehearsal.aws.calls import Call
from infra.rehearsal.certificate import ADDRESS
from infra.rehearsal.ports import listening

# The services that an account answers or guards, by their names in signatures
_SERVICES = {
    "ec2": "ec2",
    "redshift": "redshift",
    "pricing": "pricing",
    "secretsmanager": "secretsmanager",
    "servicequotas": "service-quotas",
}
# Of EC2 the rest is moto's alone: parsing a request twice takes its time
_OF_EC2 = {*guards.EC2, "DescribeNetworkInterfaces"}
_SCOPE = re.compile(
    r"Credential=[^/]+/[0-9]{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/"
)

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Front:
    """A WSGI application: asks the account first, and moto about the rest.

    `answered` is told of each call that the account was asked.
    """

    def __init__(self, account: Account, answered: Callable[[Call], None]) -> None:
        self._account, self._answered = account, answered
        moto: Any = DomainDispatcherApplication(create_backend_app)
        self._moto: App = moto

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's
        """Answers a request, as WSGI has it."""
        found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if found is not None and found["service"] == "s3":
            return (objects.read(environ) or self._moto)(environ, start)
        if found is None or found["service"] not in _SERVICES:
            return self._moto(environ, start)
        request = Request(environ)
        content = request.get_data(parse_form_data=False)
        environ["wsgi.input"] = BytesIO(content)  # it can be read once
        answer = self._answer(found["region"], _SERVICES[found["service"]], request)
        environ["wsgi.input"] = BytesIO(content)
        return (answer or self._moto)(environ, start)

    def _answer(self, region: str, service: str, request: Request) -> Response | None:
        """The account's answer; None leaves the request to moto."""
        form = Request(request.environ).form
        target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        operation = target or form.get("Action", "")
        if service == "ec2" and operation not in _OF_EC2 and "DryRun" not in form:
            return None
        models = get_service_model(service)
        model: Any = models.operation_model(operation)
        given: Any = {
            "method": request.method,
            "values": form,
            "headers": request.headers,
            "body": request.get_data(),
            "url_path": request.path,
            "url_params": {},
        }
        params = PROTOCOL_PARSERS[models.resolved_protocol](model).parse(given) or {}
        call = Call(service, model.name, params, region, model=model)
        try:
            with self._account.lock:
                try:
                    result = self._account.answer(call)
                finally:
                    self._answered(call)  # a refusal, too, may come with a new state
        except Refused as refused:
            return Response(body(model, refused), refused.status)
        except SparkifyError as error:  # of this machine, as a port that is taken
            broken = Refused("InternalFailure", str(error), 500)
            return Response(body(model, broken), broken.status)
        if result is None:
            return None
        made = get_serializer_class(service, models.resolved_protocol)(model).serialize(
            result
        )
        headers = {key: str(value) for key, value in made["headers"].items()}
        return Response(made["body"], made["status_code"], headers)


class _Quiet(MotoRequestHandler):
    """Logs no requests."""

    def log_request(self, *_: object) -> None:
        """Says nothing."""


def _nothing(_: Call) -> None:
    pass


@contextmanager
def served(
    account: Account,
    listener: socket.socket | None = None,
    answered: Callable[[Call], None] = _nothing,
) -> Iterator[str]:
    """The address at which processes of this machine reach the account.

    Without a listening socket it is at any port that is free.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with listener or listening([0]) as taken:
        port = taken.getsockname()[1]
        server = make_server(
            *(ADDRESS, 0, Front(account, answered)),
            threaded=True,
            request_handler=_Quiet,
            fd=taken.fileno(),  # it takes a copy
        )
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{ADDRESS}:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
