"""Somebody who types `invoke …`: Invoke's own program, in this process, on a cloud."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from checkout import REPOSITORY, Checkout
from cloud import ME, Cloud, make_bucket
from invoke.program import Program
from moto.moto_api._internal.models import moto_api_backend

from infra import console
from infra.aws import address, clock, reach, session, site
from infra.aws.session import Clients
from infra.settings import Settings

_FROZEN: list[Clients] = []
TARGET = ("--target", "redshift")


class Told(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.out + self.err


@dataclass
class Person:
    """A checkout, an account at AWS, and what somebody sees who works with both."""

    checkout: Checkout
    cloud: Cloud
    capture: pytest.CaptureFixture[str] | None = None
    answers: list[str] = field(default_factory=list)  # typed when a question is asked
    reachable: bool = True

    def invoke(self, *words: str) -> Told:
        """Runs tasks as the shell would, to their exit code."""
        assert self.capture is not None
        self.capture.readouterr()
        there, path = Path.cwd(), list(sys.path)
        os.chdir(self.checkout.root)
        try:
            Program().run(["invoke", *words])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            os.chdir(there)
            sys.path[:] = path
            sys.modules.pop("tasks", None)
        out, err = self.capture.readouterr()
        told = Told(code, out, err)
        assert "Traceback" not in told.text
        assert "fault of the project" not in told.text, told.text
        return told

    def does(self, *words: str) -> str:
        """What a command says that succeeds."""
        told = self.invoke(*words)
        assert told.code == 0, told.text
        return told.out

    def fails(self, code: int, *words: str) -> str:
        """What a command complains that ends with this code."""
        told = self.invoke(*words)
        assert told.code == code, (told.code, told.text)
        assert told.err.strip()
        return " ".join(told.err.split())

    def settles(self, name: str, value: object) -> None:
        """Changes a setting in invoke.yaml."""
        file = self.checkout.root / "invoke.yaml"
        lines = file.read_text().splitlines()
        changed = [
            f"  {name}: {value}" if line.startswith(f"  {name}:") else line
            for line in lines
        ]
        assert changed != lines
        file.write_text("\n".join(changed) + "\n")

    @property
    def profile(self) -> str:
        """What profiles.yml holds."""
        return (self.checkout.root / "profiles.yml").read_text()


def person(
    there: Cloud,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capture: pytest.CaptureFixture[str] | None = None,
) -> Person:
    """Somebody with a checkout in `root`, in an account that is empty again."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "INVOKE_", "DBT_")):
            monkeypatch.delenv(name)
    moto_api_backend.reset()
    there.aws.reset()
    make_bucket(there.clients)
    there.aws.calls.clear()
    there.clock.moment = datetime.now(UTC).replace(microsecond=0)
    if there.clients not in _FROZEN:
        _FROZEN[:] = [there.clients]
        gc.freeze()  # boto3's models are many objects to look through
    found = Person(_checkout(root), there, capture)
    _put_in_place(found, monkeypatch)
    return found


def logged_out(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No credentials are found, whatever there is on this machine."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def at_home(
    standing: Person, capture: pytest.CaptureFixture[str], *, up: bool = True
) -> Person:
    """Somebody that tests share, with a warehouse, and calm: nothing goes wrong."""
    aws = standing.cloud.aws
    standing.capture, standing.reachable, standing.answers = capture, True, []
    aws.calm()
    if up and not aws.clusters.names():
        standing.does("up", *TARGET, "--yes")
    aws.calls.clear()
    return standing


def _checkout(root: Path) -> Checkout:
    """What tasks read of a checkout; `infra` is this process's own."""
    for name in ("tasks.py", "invoke.yaml", "profiles.yml.example"):
        shutil.copyfile(REPOSITORY / name, root / name)
    (root / "models").symlink_to(REPOSITORY / "models")
    file = root / "invoke.yaml"
    for name, small in (("users: 100", "users: 5"), ("days: 30", "days: 2")):
        file.write_text(file.read_text().replace(f"sample_{name}", f"sample_{small}"))
    return Checkout(root)


def _put_in_place(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    there = person.cloud
    opened: Callable[..., site.Site] = site.open_site

    def connect(region: str) -> Clients:
        assert region == there.clients.region
        return there.clients

    def open_site(
        settings: Settings, clients: Clients, _: clock.Clock | None = None
    ) -> site.Site:
        return opened(settings, clients, there.clock)

    def probe(host: str, port: int) -> bool:
        assert host
        assert port
        return person.reachable

    def now(_: clock.Clock) -> datetime:
        return there.clock.now()

    def sleep(_: clock.Clock, seconds: float) -> None:
        there.clock.sleep(seconds)

    # some waits have no clock of their own
    monkeypatch.setattr(clock.Clock, "now", now)
    monkeypatch.setattr(clock.Clock, "sleep", sleep)
    monkeypatch.setattr(session, "connect", connect)
    monkeypatch.setattr(site, "open_site", open_site)
    monkeypatch.setattr(reach, "why_not", partial(reach.why_not, probe=probe))
    monkeypatch.setattr(address, "my_address", lambda: ME)
    monkeypatch.setattr("builtins.input", lambda _: person.answers.pop(0))
    monkeypatch.setattr(console, "is_interactive", lambda: bool(person.answers))
