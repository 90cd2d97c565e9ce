"""What goes over the wire: refusals and empty successes, in each protocol of AWS."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSResponse
from botocore.model import OperationModel
from botocore.validate import ParamValidator

Params = dict[str, Any]

REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class Refused(Exception):  # noqa: N818 - it is an answer of AWS, not a fault of ours
    """AWS answers with an error of this code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Killed(BaseException):
    """The process dies here: no `except Exception` sees it."""


class Answer(AWSResponse):
    """A response that was made here; `result` replaces what its body would say."""

    def __init__(self, status: int, body: str, result: Params | None = None) -> None:
        raw: Any = Body(body.encode())
        headers: Any = {"x-amzn-requestid": REQUEST_ID}
        super().__init__("https://aws.example/", status, headers, raw)
        self.result = result


class Body(BytesIO):
    """What botocore reads a response from."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def success(model: OperationModel, result: Params) -> Answer:
    """A success; its result is put in place of the parsed one after the call."""
    if model.output_shape is not None:  # what AWS would never say, we do not either
        report = ParamValidator().validate(result, model.output_shape)
        if report.has_errors():
            raise AssertionError(report.generate_report())
    if is_json(model):
        return Answer(200, "{}", result)
    name = model.name
    return Answer(
        200,
        f"<{name}Response><{name}Result/><ResponseMetadata><RequestId>{REQUEST_ID}"
        f"</RequestId></ResponseMetadata></{name}Response>",
        result,
    )


def refusal(model: OperationModel, refused: Refused) -> Answer:
    """An error as the service of the operation words it."""
    code, message = refused.code, refused.message
    if is_json(model):
        body = json.dumps({"__type": code, "message": message})
    elif model.service_model.resolved_protocol == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}"
            f"</Message></Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
        )
    else:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>"
            f"{escape(message)}</Message></Error><RequestId>{REQUEST_ID}</RequestId>"
            "</ErrorResponse>"
        )
    return Answer(refused.status, body)


def parsed_refusal(refused: Refused) -> tuple[Answer, Params]:
    """An error as botocore has parsed it: what a handler before the call returns."""
    parsed = {
        "Error": {"Code": refused.code, "Message": refused.message, "Type": "Sender"},
        "ResponseMetadata": {
            "RequestId": REQUEST_ID,
            "HTTPStatusCode": refused.status,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        },
    }
    return Answer(refused.status, ""), parsed


def is_json(model: OperationModel) -> bool:
    """Whether the service speaks JSON."""
    return "json" in model.service_model.resolved_protocol
