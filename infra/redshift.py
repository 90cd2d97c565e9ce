"""Redshift, reached as dbt reaches it: by the same profile, with a login from IAM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from infra.errors import ConfigurationError, SparkifyError
from infra.landing.s3 import Bucket

if TYPE_CHECKING:
    from infra.profile import Redshift

CONNECT_SECONDS = 30
KEEPALIVE_SECONDS = 60  # firewalls forget connections that are silent for minutes


def stage(profile: Redshift) -> Bucket:
    """The bucket of the cluster's stack that loads go through."""
    from infra.aws import faults, session  # noqa: PLC0415 - boto3 is an extra
    from infra.aws.names import PREFIX, Stack  # noqa: PLC0415 - as above

    clients = session.connect(profile.region)
    with faults.translated():
        account = session.caller(clients, "").account
    stack = Stack(profile.cluster.removeprefix(PREFIX), account, profile.region)
    return Bucket(stack.stage_bucket, "")


@contextmanager
def connected(profile: Redshift) -> Iterator[Any]:
    """A connection of redshift_connector, closed in the end; errors are sentences."""
    try:
        import redshift_connector  # noqa: PLC0415 - an extra, and slow to import
        from redshift_connector.error import Error  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            'Redshift needs its driver: pip install -e ".[redshift]" '
            "-c constraints.txt."
        ) from error
    from infra.aws import faults  # noqa: PLC0415 - as above

    given: dict[str, Any] = {
        "host": profile.host,
        "port": profile.port,
        "database": profile.database,
        "region": profile.region,
        "iam": True,
        "cluster_identifier": profile.cluster,
        "ssl": True,
        "sslmode": "verify-full",
        "timeout": CONNECT_SECONDS,
        "tcp_keepalive_idle": KEEPALIVE_SECONDS,
        "tcp_keepalive_interval": KEEPALIVE_SECONDS,
        "user": "",
        "password": "",
    }
    if profile.method == "iam":
        given["db_user"] = profile.user
    else:
        given["group_federation"] = True
    try:
        with faults.translated():
            connection = redshift_connector.connect(**given)
    except (Error, OSError) as error:
        raise SparkifyError(
            f"Redshift at {profile.host} cannot be reached ({type(error).__name__}). "
            "`invoke status` says why."
        ) from error
    # For the driver it is a limit of every answer, too; a COPY may take an hour
    connection._usock.settimeout(None)
    # Each statement stands for itself, until somebody begins a transaction
    connection.autocommit = True
    try:
        yield connection
    finally:
        with suppress(Error, OSError):  # it may be closed or broken
            connection.close()
