"""The pretended AWS behind HTTP: moto's server, with the honest layer for Redshift."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from cloud import Cloud, cloud
from honest import Call, Honest, Refused
from honest.answers import refusal
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

# The services that the layer answers, by their name in signatures
ANSWERED = {
    "redshift": "redshift",
    "pricing": "pricing",
    "servicequotas": "service-quotas",
}
_SCOPE = re.compile(
    r"Credential=[^/]+/[0-9]{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/"
)

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class Layer:
    """A WSGI application: Redshift's requests go to the layer, the others to moto."""

    moto: App
    aws: Honest

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:  # noqa: ANN401
        found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if found is None or found["service"] not in ANSWERED:
            return self.moto(environ, start)
        request = Request(environ)
        answer = self._answer(found["region"], ANSWERED[found["service"]], request)
        return answer(environ, start)

    def _answer(self, region: str, service: str, request: Request) -> Response:
        models = get_service_model(service)
        protocol = models.resolved_protocol
        target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        model: Any = models.operation_model(target or request.values["Action"])
        given: Any = {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(),
            "url_path": request.path,
            "url_params": {},
        }
        params = PROTOCOL_PARSERS[protocol](model).parse(given) or {}
        call = Call(service, model.name, params, region, model=model)
        self.aws.calls.append(call)
        try:
            result = self.aws._result(call)
        except Refused as refused:
            refused_as = refusal(model, refused)
            return Response(refused_as.content, refused_as.status_code)
        made = get_serializer_class(service, protocol)(model).serialize(result)
        headers = {key: str(value) for key, value in made["headers"].items()}
        return Response(made["body"], made["status_code"], headers)


@contextmanager
def served() -> Iterator[tuple[Cloud, str]]:
    """An empty account, and the address at which other processes reach it."""
    with cloud() as there:
        moto: Any = DomainDispatcherApplication(create_backend_app)
        server = make_server(
            *("127.0.0.1", 0, Layer(moto, there.aws)),
            threaded=True,
            request_handler=MotoRequestHandler,
        )
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield there, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
