"""Answers as botocore receives them, made in this process."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from infra.rehearsal.aws.answers import REQUEST_ID, Params, Refused, body, is_json


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
    if model.service_model.resolved_protocol == "ec2":
        return Answer(200, f"<{name}Response/>", result)
    return Answer(
        200,
        f"<{name}Response><{name}Result/><ResponseMetadata><RequestId>{REQUEST_ID}"
        f"</RequestId></ResponseMetadata></{name}Response>",
        result,
    )


def refusal(model: OperationModel, refused: Refused) -> Answer:
    """An error as the service of the operation words it."""
    return Answer(refused.status, body(model, refused))


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
