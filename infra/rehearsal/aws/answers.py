"""What goes over the wire when AWS refuses, in each protocol of AWS."""

import json
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationModel

Params = dict[str, Any]

REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class Refused(Exception):  # noqa: N818 - it is an answer of AWS, not a fault of ours
    """AWS answers with an error of this code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Unknown(Refused):
    """Something that AWS may do, and the stand-in does not know."""

    def __init__(self, what: str) -> None:
        super().__init__("NotImplemented", f"The stand-in does not know {what}.", 501)


def body(model: OperationModel, refused: Refused) -> str:
    """An error as the service of the operation words it."""
    code, message = refused.code, refused.message
    if is_json(model):
        return json.dumps({"__type": code, "message": message})
    if model.service_model.resolved_protocol == "ec2":
        return (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}"
            f"</Message></Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
        )
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>"
        f"{escape(message)}</Message></Error><RequestId>{REQUEST_ID}</RequestId>"
        "</ErrorResponse>"
    )


def is_json(model: OperationModel) -> bool:
    """Whether the service speaks JSON."""
    return "json" in model.service_model.resolved_protocol
