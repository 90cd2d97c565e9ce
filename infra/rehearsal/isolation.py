"""What a process of a rehearsal sees: nothing that could lead it to AWS.

Each of these would do alone: the keys are none, every address of AWS is replaced by one
of this machine, files with log-ins are not found, the way out leads nowhere, and no
certificate but the rehearsal's own is trusted.
"""

from __future__ import annotations

import os
import site
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

KEY = "rehearsal"  # the id of the key and the key itself: nobody checks them
HERE = "localhost,127.0.0.1"
NOWHERE = "http://127.0.0.1:9"  # nothing listens on the port for throwing away
_DROPPED = ("AWS_", "BOTO", "DBT_", "INVOKE_", "MOTO_", "PG")
_TRUSTED = ("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def kept(caller: Mapping[str, str], home: Path) -> dict[str, str]:
    """The caller's environment without all that has to do with AWS, dbt or settings.

    `home` is an empty folder in place of the caller's own; what Python has installed
    for the caller alone, below their home, is found all the same.
    """
    rest = {name: value for name, value in caller.items() if not _is_dropped(name)}
    return rest | {"HOME": str(home), "PYTHONUSERBASE": site.getuserbase()}


def aws(url: str, ca_file: Path) -> dict[str, str]:
    """The variables that lead all of AWS's tools, and the database's, to this one."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_ENDPOINT_URL": url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # slow, and nobody asks for them
        **dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE"), str(ca_file)),
        **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOWHERE),
        "no_proxy": HERE,
    }


def _is_dropped(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(_DROPPED) or upper.endswith("_PROXY") or upper in _TRUSTED


@contextmanager
def applied(variables: Mapping[str, str]) -> Iterator[None]:
    """Makes it the environment of this process, too, as long as the block runs."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
