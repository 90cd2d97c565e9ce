"""What goes wrong on this side, before AWS answers, and what a person is told.

By the name of botocore's exception or of the nearest class above it; importing them
would take long. Fields of a sentence are what the exception carries, and: `{name}` of
the exception, `{host}` it was about, `{flag}` and `{tried}` for the profile in use,
`{profiles}` that there are, `{program}` of credential_process, `{near}`, which is the
region that may be meant.
"""

from infra.errors import (
    AwsError,
    ConfigurationError,
    CredentialsError,
    SparkifyError,
)

_SSO = (
    "The AWS single sign-on login{tried} is missing or has expired. Run `aws sso "
    "login{flag}`, and the command again; what was made before is found."
)
_LOGIN = (
    "The AWS login{tried} is missing or has expired. Run `aws login{flag}`, and the "
    "command again; what was made before is found."
)
_CONFIG = (
    "The AWS configuration cannot be used: {text}. Correct ~/.aws/config or the AWS_ "
    "variables."
)
_REGION = (
    "AWS has no region {region_name}.{near} Correct aws_region in invoke.yaml, or "
    "AWS_REGION and AWS_DEFAULT_REGION."
)
_LOST = (
    "The network broke off before {host} answered ({name}), so AWS may or may not have "
    "done it. Run the command again: it looks before it does anything."
)
_OLD = (
    "This boto3 does not know what the command needs ({name}). Install the version in "
    'constraints.txt: pip install -e ".[redshift]" -c constraints.txt.'
)
_METADATA = (
    "The credentials that AWS gives machines of its own cannot be had ({name}). On "
    "any other machine log in with `aws sso login` or set AWS_PROFILE."
)

# What is raised where AWS was not heard whole: it may have done what was asked
LOST = (
    "HTTPClientError",  # and below it ConnectionClosed-, ReadTimeout-, StreamingError
    "IncompleteReadError",
    "ResponseParserError",
)

EXCEPTIONS: dict[str, tuple[type[SparkifyError], str]] = {
    # Who asks
    "NoCredentialsError": (
        CredentialsError,
        "There are no AWS credentials{tried}. Log in with `aws sso login{flag}`, or "
        "write keys with `aws configure`, or set AWS_PROFILE to a profile that has "
        "some.",
    ),
    "PartialCredentialsError": (
        CredentialsError,
        "The AWS credentials ({provider}) lack {cred_var}. Set it, or remove the rest "
        "of them.",
    ),
    "ProfileNotFound": (
        CredentialsError,
        "There is no AWS profile {profile}. Set AWS_PROFILE to one that there is "
        "({profiles}), or unset it.",
    ),
    "CredentialRetrievalError": (
        CredentialsError,
        "The AWS credentials{tried} cannot be obtained from {provider}{program}. Run "
        "that by hand to see why, or log in otherwise (`aws sso login`, AWS_PROFILE).",
    ),
    "UnknownCredentialError": (CredentialsError, _CONFIG),
    "RefreshWithMFAUnsupportedError": (
        CredentialsError,
        "The AWS login{tried} has expired and asks for a code again (MFA). Log in "
        "anew, set the credentials it gives, and run the command again.",
    ),
    "SSOError": (CredentialsError, _SSO),
    "NoAuthTokenError": (CredentialsError, _SSO),
    "TokenRetrievalError": (CredentialsError, _SSO),
    "UnknownTokenProviderError": (CredentialsError, _CONFIG),
    "LoginError": (CredentialsError, _LOGIN),
    "LoginInsufficientPermissions": (
        CredentialsError,
        "Whoever logs in{tried} may not use `aws login`. Have it allowed, or log in "
        "another way (`aws sso login`, AWS_PROFILE).",
    ),
    "MissingDependencyException": (
        ConfigurationError,
        "This way to log in{tried} needs a package that is missing: pip install "
        '"botocore[crt]". Then run the command again.',
    ),
    "MetadataRetrievalError": (CredentialsError, _METADATA),
    "InvalidIMDSEndpointError": (ConfigurationError, _METADATA),
    "InvalidIMDSEndpointModeError": (ConfigurationError, _METADATA),
    # Configuration
    "ConfigParseError": (
        ConfigurationError,
        "The AWS configuration {path} cannot be read. Correct it, or set "
        "AWS_CONFIG_FILE to another.",
    ),
    "ConfigNotFound": (
        ConfigurationError,
        "The AWS configuration {path} does not exist. Write it with `aws configure`, "
        "or unset AWS_CONFIG_FILE.",
    ),
    "InvalidConfigError": (ConfigurationError, _CONFIG),
    "InvalidRetryConfigurationError": (ConfigurationError, _CONFIG),
    "InvalidDefaultsMode": (ConfigurationError, _CONFIG),
    "InvalidChecksumConfigError": (ConfigurationError, _CONFIG),
    "InvalidEndpointDiscoveryConfigurationError": (ConfigurationError, _CONFIG),
    "InvalidSTSRegionalEndpointsConfigError": (ConfigurationError, _CONFIG),
    "InvalidEndpointConfigurationError": (ConfigurationError, _CONFIG),
    "InvalidProxiesConfigError": (ConfigurationError, _CONFIG),
    "EndpointVariantError": (ConfigurationError, _CONFIG),
    "UnknownFIPSEndpointError": (ConfigurationError, _CONFIG),
    "EndpointProviderError": (ConfigurationError, _CONFIG),
    # Regions
    "NoRegionError": (
        ConfigurationError,
        "No AWS region is set. Set aws_region in invoke.yaml, such as us-west-2.",
    ),
    "InvalidRegionError": (ConfigurationError, _REGION),
    "UnknownRegionError": (ConfigurationError, _REGION),
    "UnknownEndpointError": (ConfigurationError, _REGION),
    "ServiceNotInRegionError": (ConfigurationError, _REGION),
    # The network
    "EndpointConnectionError": (
        AwsError,
        "{host} cannot be reached.{near} Check the network, aws_region and "
        "AWS_ENDPOINT_URL, and run the command again.",
    ),
    "ConnectTimeoutError": (
        AwsError,
        "{host} does not answer in time. Check the network and its firewall, and run "
        "the command again.",
    ),
    "ProxyConnectionError": (
        AwsError,
        "The proxy {host} cannot be reached. Correct HTTPS_PROXY or unset it, and run "
        "the command again.",
    ),
    "SSLError": (
        AwsError,
        "The certificate of {host} cannot be verified. Set AWS_CA_BUNDLE to the file "
        "of your organisation's certificates, and run the command again.",
    ),
    "ConnectionError": (
        AwsError,
        "AWS cannot be reached ({name}). Check the network, and run the command again.",
    ),
    **dict.fromkeys(LOST[:2], (AwsError, _LOST)),
    "ResponseParserError": (
        AwsError,
        "What answered is not AWS, but a proxy or a login page, or its answer broke "
        "off. Check the network and AWS_ENDPOINT_URL, and run the command again.",
    ),
    # This program
    "ParamValidationError": (
        AwsError,
        "boto3 does not take what this program asks AWS for ({parameters}). Correct "
        "the setting this is about; if there is none, it is a fault of this program.",
    ),
    "WaiterError": (
        AwsError,
        "AWS did not get to what was waited for ({reason}). Look with `invoke status`, "
        "and run the command again.",
    ),
    "PaginationError": (
        AwsError,
        "AWS repeats itself in a list. Run the command again in a minute.",
    ),
    "CapacityNotAvailableError": (
        AwsError,
        "AWS failed so often that boto3 asks no more. Run the command again in a "
        "minute.",
    ),
    "DataNotFoundError": (AwsError, _OLD),
    "UnknownParameterError": (AwsError, _OLD),
    "UnknownClientMethodError": (AwsError, _OLD),
    "UnsupportedServiceProtocolsError": (AwsError, _OLD),
}
OTHER = (
    AwsError,
    "boto3 failed ({name}): {text}. Run the command again, with --debug if it comes "
    "back.",
)
