"""Ports of this machine: the usual one where it is free, else the next.

A changing port changes profiles.yml, and dbt reads the project anew then.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from infra.errors import SparkifyError
from infra.rehearsal.certificate import ADDRESS

AWS = range(4570, 4600)
# Those that Redshift takes, its own one first
REDSHIFT = (*range(5439, 5456), *range(5431, 5439), *range(8191, 8216))
_WAITING = 100  # connections that were not accepted yet


def listening(candidates: Sequence[int]) -> socket.socket:
    """A socket that listens on the first port that can be had; 0 is any.

    Raises SparkifyError where there is none.
    """
    for port in candidates:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
            listener.listen(_WAITING)
        except OSError:
            listener.close()
        else:
            return listener
    raise SparkifyError(
        f"All {len(candidates)} ports that a rehearsal may use, {min(candidates)} to "
        f"{max(candidates)}, are taken; end what uses them."
    )
