"""Every error of boto3 and botocore as a sentence, and what kind of error it is.

What the sentences are, `fault_table` (AWS refused) and `fault_exceptions` (it was not
asked, or not heard) tell. No sentence holds a key, a password or a token: whatever AWS
or boto3 says goes through `redaction`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.aws import fault_codes, fault_table
from infra.aws.denials import denial
from infra.aws.fault_exceptions import EXCEPTIONS, LOST, OTHER
from infra.aws.redaction import redacted
from infra.errors import AwsDenied, AwsError, SparkifyError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    AwsFault = BotoCoreError | ClientError | ResponseParserError

# For codes that no row has, and for no code at all
_MISSING = (
    "What {operation} is about does not exist in this account and region ({code}). "
    "{said} Run the command again; if it comes back, check AWS_PROFILE and aws_region, "
    "and make what is missing with `invoke up`."
)
_UNKNOWN = (
    "AWS refused {operation} ({code}, request {request}). {said} Run the command "
    "again, and look the code up in AWS's documentation if it comes back."
)
_NOT_AWS = (
    "What answers {operation} is not AWS, but a proxy, a login page or an imitation "
    "({code}). Check the network and AWS_ENDPOINT_URL, and run the command again."
)
_LONGEST = 300  # characters of AWS's own text
_PARAMETER = re.compile(r"parameter(?: in input)?:? \"?([A-Za-z][\w.\[\]]*)")


@contextmanager
def translated() -> Iterator[None]:
    """Raises what boto3 raises in the block as a sentence."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise told(error) from error


def told(error: AwsFault) -> SparkifyError:
    """The error as a person reads it: what happened, why, and what to do."""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return _unanswered(error)
    code, operation, text = _code(error), str(error.operation_name), _text(error)
    fields = {
        "code": redacted(code) or "no code",
        "operation": operation,
        "request": error.response.get("ResponseMetadata", {}).get("RequestId", "?"),
        "said": f"AWS says: “{text}”." if text else "",
    }
    if code.isdigit() and not _is_about_a_bucket(error):
        return AwsError(_NOT_AWS.format_map(fields))
    for row in fault_table.ROWS:
        if row.codes and code not in row.codes.split():
            continue
        found = re.search(row.says, text, re.IGNORECASE)
        if found:
            kind = AwsDenied if row.kind is AwsError and is_denied(error) else row.kind
            return kind(_filled(row.sentence, fields | found.groupdict()))
    if is_denied(error):
        return AwsDenied(denial(operation, text))
    rest = _MISSING if is_missing(error) else _UNKNOWN
    return AwsError(_filled(rest, fields))


def is_throttled(error: AwsFault) -> bool:
    """Whether AWS did nothing, and asks to be asked again a little later."""
    return _is_one_of(error, f"{fault_codes.THROTTLED} {fault_codes.UNAVAILABLE}")


def is_busy_state(error: AwsFault) -> bool:
    """Whether something else is running on the cluster or snapshot, and will end.

    A paused cluster stays so, and a snapshot that a deleted cluster uses as well.
    """
    lasting = f"{fault_codes.PAUSED}|{fault_codes.OLD_SNAPSHOT}"
    return _is_one_of(error, fault_codes.BUSY) and not _says(error, lasting)


def is_in_use(error: AwsFault) -> bool:
    """Whether something still uses what is to go."""
    return _is_one_of(error, fault_codes.IN_USE) or (
        _is_one_of(error, f"{fault_codes.BUSY} {fault_codes.REFUSED}")
        and _says(error, fault_codes.OLD_SNAPSHOT)
    )


def is_missing(error: AwsFault) -> bool:
    """Whether what the request names does not exist."""
    code = _code(error)
    if code == "404":  # all that a request without a body in the answer can say
        return _is_about_a_bucket(error)
    return bool(re.search(fault_codes.ANY_MISSING, code))


def is_there_already(error: AwsFault) -> bool:
    """Whether what was to be made exists, be it ours or not."""
    return bool(re.search(fault_codes.ANY_THERE, _code(error)))


def is_lost_reply(error: AwsFault) -> bool:
    """Whether AWS may have done what was asked although it did not say so."""
    return _is_one_of(error, fault_codes.BROKEN) or any(
        each.__name__ in LOST for each in type(error).__mro__
    )


def is_role_unknown_yet(error: AwsFault) -> bool:
    """Whether AWS does not know an IAM role that may have just been made."""
    return _is_one_of(error, fault_codes.REFUSED) and _says(
        error, fault_codes.UNKNOWN_ROLE
    )


def is_denied(error: AwsFault) -> bool:
    """Whether whoever asks lacks a permission; not whether AWS knows who asks."""
    code = _code(error)
    if code == "403":
        return _is_about_a_bucket(error)
    return _is_one_of(error, fault_codes.DENIED) and not _says(
        error, fault_codes.UNKNOWN_LOGIN
    )


def _unanswered(error: BotoCoreError | ResponseParserError) -> SparkifyError:
    names = [each.__name__ for each in type(error).__mro__]
    kind, sentence = next(
        (EXCEPTIONS[name] for name in names if name in EXCEPTIONS), OTHER
    )
    given: dict[str, Any] = getattr(error, "kwargs", {})
    address = given.get("endpoint_url") or given.get("proxy_url") or ""
    host = urlsplit(str(address)).netloc.rpartition("@")[2]
    region = str(given.get("region_name") or "")
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    fields = _Fields({key: _short(str(value)) for key, value in given.items()})
    fields.update(
        name=names[0],
        text=_short(str(error)),
        host=host or "AWS",
        tried=f" of the profile {profile}" if profile else "",
        flag=f" --profile {profile}" if profile else "",
        near=_near(region, host) if "{near}" in sentence else "",
        parameters=", ".join(_PARAMETER.findall(str(error))) or "parameters",
    )
    if "{profiles}" in sentence or "{program}" in sentence:
        fields.update(_profiles(profile or "default"))
    return kind(_filled(sentence, fields))


class _Fields(dict[str, str]):
    """The fields of a sentence; an exception may lack some."""

    def __missing__(self, key: str) -> str:
        return "?"


def _filled(sentence: str, fields: dict[str, str]) -> str:
    """The sentence without the gaps that empty fields leave."""
    return re.sub(r" {2,}", " ", sentence.format_map(_Fields(fields))).strip()


def _code(error: AwsFault) -> str:
    response: Any = getattr(error, "response", None) or {}
    return str((response.get("Error") or {}).get("Code") or "")


def _text(error: ClientError) -> str:
    """AWS's own text, on one line, short and without secrets."""
    return _short(str((error.response.get("Error") or {}).get("Message") or ""))


def _short(text: str) -> str:
    plain = " ".join(redacted(text).split()).rstrip(".")
    plain = "".join(each for each in plain if each.isprintable())
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"


def _is_one_of(error: AwsFault, codes: str) -> bool:
    return _code(error) in codes.split()


def _says(error: AwsFault, pattern: str) -> bool:
    response: Any = getattr(error, "response", None) or {}
    text = str((response.get("Error") or {}).get("Message") or "")
    return bool(re.search(pattern, text, re.IGNORECASE))


def _is_about_a_bucket(error: AwsFault) -> bool:
    return str(getattr(error, "operation_name", "")).startswith("Head")


def _near(region: str, host: str) -> str:
    """The region that a mistyped one may be meant for, the host's if none is given."""
    if not region:
        found = re.search(r"\.([a-z]+-[a-z-]*[0-9])\.amazonaws\.com", f".{host}")
        region = found[1] if found else ""
    known = _regions()
    near = difflib.get_close_matches(region, known, n=1)
    return f" Is {near[0]} meant?" if near and region not in known else ""


@cache
def _regions() -> list[str]:
    from botocore import session

    return session.get_session().get_available_regions("redshift")


def _profiles(profile: str) -> dict[str, str]:
    """The profiles that there are, and the program that one asks for credentials."""
    from botocore import session
    from botocore.exceptions import BotoCoreError

    try:
        known = session.get_session().full_config["profiles"]
    except BotoCoreError:
        known = {}
    # its arguments may be secret
    command = str(known.get(profile, {}).get("credential_process", "")).split()
    return {
        "profiles": ", ".join(known) or "none",
        "program": f" ({command[0]})" if command else "",
    }
