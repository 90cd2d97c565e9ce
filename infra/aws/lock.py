"""One writer at a time: a parameter in AWS that says who is at work on the stack.

Creating it is the one thing in this design that AWS does for one of two who ask at
once. A run that was killed leaves it; it is taken over when its process is known to be
gone, or when it has not given a sign of life for a quarter of an hour.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from infra.aws import clock as clocks
from infra.aws import faults
from infra.aws.clock import Clock
from infra.aws.names import Stack
from infra.aws.patience import patiently, read
from infra.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SILENT = 15 * 60  # seconds without a sign of life, after which a run counts as gone
TOOK_OVER = 3.0  # seconds to see whether another took it over at the same moment
SIGN_EVERY = 60  # seconds between two signs


@dataclass(frozen=True)
class Holder:
    """Who is at work. `alive` is the last sign of life."""

    run: str
    task: str
    host: str
    pid: int
    owner: str
    started: str
    alive: str
    machine: str = ""  # hosts of the same name differ in it

    def told(self) -> str:
        """Who, where and since when, for people."""
        return (
            f"`invoke {self.task}` of {self.owner} on {self.host} (process {self.pid}, "
            f"since {self.started.replace('T', ' ')} UTC)"
        )

    def is_gone(self, now: datetime) -> bool:
        """Whether the run has ended without giving the lock back."""
        is_here = (self.host, self.machine) == (socket.gethostname(), _machine())
        if is_here and not _is_running(self.pid):
            return True
        sign = clocks.moment(self.alive)  # nobody knows whose a lock without one is
        return sign is not None and (now - sign).total_seconds() > SILENT


def _machine() -> str:
    """What tells this machine's processes from those of another one, or container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _is_running(pid: int) -> bool:
    if Path("/proc/self").exists():
        return Path(f"/proc/{pid}").exists()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Lock:
    """The lock, held by this run."""

    def __init__(
        self, ssm: SSMClient, stack: Stack, holder: Holder, clock: Clock
    ) -> None:
        self._ssm = ssm
        self._name = name(stack)
        self._holder = holder
        self._clock = clock
        self._signed = clock.now()

    def guard(self) -> None:
        """Raises when another has taken the lock over; else gives a sign of life."""
        with faults.translated():
            present = held(self._ssm, self._name, self._clock)
            if present is None or present.run != self._holder.run:
                by = f" by {present.told()}" if present else ""
                raise AwsError(
                    f"The lock of the stack was taken over{by}, so this run stops. "
                    "What it has made stays."
                )
            now = self._clock.now()
            if (now - self._signed).total_seconds() >= SIGN_EVERY:
                self._sign(now)

    def _sign(self, now: datetime) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        sign = replace(self._holder, alive=clocks.stamp(now))
        try:
            patiently(
                lambda: self._ssm.put_parameter(
                    Name=self._name, Value=_text(sign), Type="String", Overwrite=True
                ),
                self._clock,
            )
        except (BotoCoreError, ClientError) as error:
            if not faults.is_lost_reply(error):
                raise
            return  # the next one is due at once
        self._signed = now

    def release(self) -> None:
        """Gives it back, if it is still this run's."""
        from botocore.exceptions import BotoCoreError, ClientError

        # The work is over; a lock that stays is taken over by the next run
        with suppress(BotoCoreError, ClientError):
            present = held(self._ssm, self._name, self._clock)
            if present is not None and present.run == self._holder.run:
                self._ssm.delete_parameter(Name=self._name)


def name(stack: Stack) -> str:
    """The parameter's name."""
    return f"/sparkify/{stack.name}/lock"


@contextmanager
def holding(ssm: SSMClient, stack: Stack, task: str, clock: Clock) -> Iterator[Lock]:
    """Holds the lock during the block; an AwsError names who else holds it."""
    now = clocks.stamp(clock.now())
    holder = Holder(
        run=secrets.token_hex(8),
        task=task,
        host=socket.gethostname(),
        pid=os.getpid(),
        owner=stack.owner,
        started=now,
        alive=now,
        machine=_machine(),
    )
    with faults.translated():
        _take(ssm, stack, holder, clock)
    lock = Lock(ssm, stack, holder, clock)
    try:
        yield lock
    finally:
        lock.release()


def _take(ssm: SSMClient, stack: Stack, holder: Holder, clock: Clock) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    took_over = False
    for _ in range(3):
        try:
            patiently(
                lambda: ssm.put_parameter(
                    Name=name(stack),
                    Value=_text(holder),
                    Type="String",
                    Overwrite=False,
                    Tags=stack.tags(),
                ),
                clock,
            )
        except (BotoCoreError, ClientError) as error:
            if not faults.is_lost_reply(error) and not faults.is_there_already(error):
                raise
        if took_over:  # another may have deleted ours for the old one: SSM cannot tell
            clock.sleep(TOOK_OVER)
        present = held(ssm, name(stack), clock)
        if present is None:
            continue  # given back in between
        if present.run == holder.run:
            return
        if not present.is_gone(clock.now()):
            break
        if held(ssm, name(stack), clock) == present:
            with suppress(ssm.exceptions.ParameterNotFound):
                ssm.delete_parameter(Name=name(stack))
            took_over = True
    present = held(ssm, name(stack), clock)
    by = present.told() if present else "Another run"
    raise AwsError(
        f"{by} is at work on {stack.full_name}. Wait for it; if it was killed, "
        "`invoke unlock` takes its lock away."
    )


def held(ssm: SSMClient, parameter: str, clock: Clock | None = None) -> Holder | None:
    """Who holds the lock."""
    try:
        answer = read(lambda: ssm.get_parameter(Name=parameter), clock)
    except ssm.exceptions.ParameterNotFound:
        return None
    try:
        return Holder(**json.loads(answer["Parameter"]["Value"]))
    except (ValueError, TypeError):
        return Holder("", "unknown", "unknown", 0, "somebody", "?", "")


def break_open(ssm: SSMClient, stack: Stack) -> str:
    """Takes the lock away whoever holds it, and says whose it was."""
    with faults.translated():
        present = held(ssm, name(stack))
        if present is None:
            return "nobody held the lock"
        patiently(lambda: ssm.delete_parameter(Name=name(stack)))
    return f"took away the lock of {present.told()}"


def _text(holder: Holder) -> str:
    return json.dumps(asdict(holder))
