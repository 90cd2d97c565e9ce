"""Commands that end with this process, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from infra.rehearsal.watchdog import Watchdog

_SECONDS_TO_END = 10  # after a Ctrl-C, before it is killed


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> int:
    """Runs a command in the folder, its output shown as it comes; its exit code.

    It is in a group of its own with all that it starts: a Ctrl-C is passed on to them.
    """
    with (
        subprocess.Popen(
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            process_group=0,
        ) as child,
        Watchdog('kill -s KILL -- "-$0"', str(child.pid)),
    ):
        try:
            return child.wait()
        except BaseException:
            _end(child)
            raise


def _end(child: subprocess.Popen[bytes]) -> None:
    _signal(child, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        child.wait(_SECONDS_TO_END)
    _signal(child, signal.SIGKILL)
    child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Sends it to the whole group, if any of it is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
