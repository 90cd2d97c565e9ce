"""Shell commands that run when this process ends, however it does, a kill included."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self


class Watchdog:
    """Waits for the end of this process: nobody else holds the pipe's other end.

    `script` is for sh; `$0`, `$1` … are the arguments.
    """

    def __init__(self, script: str, *arguments: str | Path) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", f"read _; {script}", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a kill of our process group spares it
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.call_off()

    def call_off(self) -> None:
        """There is nothing to watch for any more."""
        self._process.kill()
        self._process.communicate()
