"""What S3 and the AWS libraries answer when they refuse, as sentences for people.

No sentence repeats S3's own text: that may hold key ids, signatures and addresses.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from infra.errors import ConfigurationError, LandingError, SparkifyError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError
    from mypy_boto3_s3 import S3Client

_EXPIRED = (
    "The AWS credentials have expired; log in again (`aws sso login`, or set new ones) "
    "and run the load again."
)
_UNKNOWN = (
    "S3 does not accept the AWS credentials ({code}); correct them (AWS_PROFILE, "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) and run the load again."
)
_BUSY = "S3 is too busy ({code}); run the load again later, it goes on from here."
_NOT_S3 = (
    "{host} does not answer {action} as S3 does ({code}); check the network and "
    "AWS_ENDPOINT_URL, and run the load again."
)
_OTHER = (
    "S3 at {host} refused {action} for {uri} ({code}); run the load again, and look "
    "the code up in the S3 documentation if it comes back."
)

_SENTENCES = {
    "NoSuchBucket": "The bucket {bucket} does not exist at {host}; correct `landing` "
    "in invoke.yaml.",
    "NoSuchKey": "{uri} was deleted after it was listed; run the load again.",
    "PreconditionFailed": "{uri} was changed while it was read; run the load again.",
    "InvalidObjectState": "{uri} is archived and cannot be read; restore it in S3 and "
    "run the load again.",
    "RequestTimeTooSkewed": "S3 refuses requests because the clock of this machine is "
    "wrong; set it and run the load again.",
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired"), _EXPIRED
    ),
    **dict.fromkeys(
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"), _UNKNOWN
    ),
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "InternalError"), _BUSY),
}
_DENIED = {"AccessDenied", "AllAccessDisabled", "AccountProblem", "403"}
_ELSEWHERE = {
    *("PermanentRedirect", "TemporaryRedirect", "301", "307"),
    *("AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
}


@dataclass(frozen=True)
class Request:
    """What was asked of S3; `uri` is the object or the folder it was about."""

    client: S3Client
    action: Literal["s3:ListBucket", "s3:GetObject"]
    bucket: str
    uri: str

    @property
    def host(self) -> str:
        """Where S3 was looked for, without a login that the address may hold."""
        return urlsplit(self.client.meta.endpoint_url).netloc.rpartition("@")[2]


def told(error: BotoCoreError | ClientError, request: Request) -> SparkifyError:
    """The error as a person reads it; of a denial, who was denied, if STS tells."""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return _unanswered(error, request)
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    if code in _DENIED:
        return LandingError(_denial(error, request))
    if code in _ELSEWHERE:
        return LandingError(_elsewhere(error, request))
    other = _NOT_S3 if code.isdigit() else _OTHER
    return LandingError(
        _SENTENCES.get(code, other).format(
            code=code,
            action=request.action,
            bucket=request.bucket,
            host=request.host,
            uri=request.uri,
        )
    )


def unusable(error: BotoCoreError | ClientError | ValueError) -> ConfigurationError:
    """The AWS configuration on this machine is wrong: why, and what to do."""
    from botocore import exceptions as boto
    from botocore import session

    if isinstance(error, boto.ProfileNotFound):
        names = ", ".join(session.get_session().available_profiles) or "none"
        return ConfigurationError(
            f"There is no AWS profile {error.kwargs['profile']!r}; set AWS_PROFILE to "
            f"one that there is ({names}), or unset it."
        )
    if isinstance(error, boto.PartialCredentialsError):
        return ConfigurationError(
            "The AWS credentials ({provider}) lack {cred_var}; set it, or remove the "
            "rest of them.".format(**error.kwargs)
        )
    # Their texts name a setting or a file; those of the others may hold more than that
    plain = (boto.ConfigParseError, boto.InvalidConfigError, boto.InvalidRegionError)
    if isinstance(error, plain):
        return ConfigurationError(
            f"The AWS configuration cannot be used: {str(error).rstrip('.')}. Correct "
            "~/.aws/config or the AWS_ variables."
        )
    if isinstance(error, boto.BotoCoreError | boto.ClientError):
        return ConfigurationError(
            f"The AWS credentials cannot be obtained ({type(error).__name__}); log in "
            "again (`aws sso login`), or set others (AWS_PROFILE)."
        )
    return ConfigurationError(
        "AWS_ENDPOINT_URL (or AWS_ENDPOINT_URL_S3) is no address; set it to one such "
        "as http://localhost:9000, or unset it."
    )


def _unanswered(error: BotoCoreError, request: Request) -> SparkifyError:
    from botocore import exceptions as boto

    if isinstance(error, boto.SSLError):
        return LandingError(
            f"The certificate of {request.host} cannot be verified; set AWS_CA_BUNDLE "
            "to the file of your organisation's certificates."
        )
    network = (boto.HTTPClientError, boto.ConnectionError)
    if isinstance(error, network):
        return LandingError(
            f"S3 at {request.host} cannot be reached, or broke off "
            f"({type(error).__name__}); check the network and AWS_ENDPOINT_URL, and "
            "run the load again."
        )
    credentials = (
        *(boto.NoCredentialsError, boto.PartialCredentialsError, boto.SSOError),
        *(boto.CredentialRetrievalError, boto.TokenRetrievalError),
    )
    if isinstance(error, credentials):
        return unusable(error)
    return LandingError(
        _NOT_S3.format(
            host=request.host, action=request.action, code=type(error).__name__
        )
    )


def led_in_circles(request: Request) -> LandingError:
    """An endpoint that redirects all requests, such as one for http to https."""
    return LandingError(
        f"{request.host} redirects every request; set AWS_ENDPOINT_URL to where it "
        "leads, most often https instead of http, and run the load again."
    )


def _denial(error: ClientError, request: Request) -> str:
    from botocore import UNSIGNED

    action: str = request.action
    if "kms:Decrypt" in error.response["Error"].get("Message", ""):
        action = "kms:Decrypt"  # reading an encrypted object needs its key as well
    what = (
        f"the bucket {request.bucket}"
        if action == "s3:ListBucket"
        else f"{request.uri} in the bucket {request.bucket}"
    )
    config: Any = request.client.meta.config  # the stubs do not know what it holds
    if config.signature_version is UNSIGNED:
        return (
            f"Without AWS credentials {action} is denied on {what}: it is not public. "
            "Log in (`aws configure`, `aws sso login` or AWS_PROFILE) and run again."
        )
    who = _principal(request.client) or "the AWS credentials"
    return (
        f"{action} is denied to {who} on {what}; have it allowed, use other "
        "credentials (AWS_PROFILE), or none if the bucket is public."
    )


def _principal(client: S3Client) -> str | None:
    """The ARN of who we are, if STS tells within seconds."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    region = client.meta.region_name
    patience = Config(
        connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1}
    )
    try:
        with closing(
            boto3.Session().client(
                "sts",
                region_name="us-east-1" if region == "aws-global" else region,
                config=patience,
            )
        ) as sts:
            if _is_amazon(sts.meta.endpoint_url) != _is_amazon(
                client.meta.endpoint_url
            ):
                return None  # another store's credentials do not concern Amazon
            return str(sts.get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError, ValueError):
        return None


def _is_amazon(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(
        (".amazonaws.com", ".amazonaws.com.cn")
    )


def _elsewhere(error: ClientError, request: Request) -> str:
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    region = error.response["Error"].get("Region", headers.get("x-amz-bucket-region"))
    if region:
        return (
            f"The bucket {request.bucket} lies in {region}; set "
            f"AWS_DEFAULT_REGION={region} and run the load again."
        )
    return (
        f"The bucket {request.bucket} does not lie in {request.client.meta.region_name}"
        "; set AWS_DEFAULT_REGION to its region and run the load again."
    )
