"""AWS and Redshift on this machine, put together for one project's settings."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from infra import settings
from infra.errors import LandingError
from infra.rehearsal import certificate, isolation, ports

if TYPE_CHECKING:
    from infra.console import Bar
    from infra.rehearsal.aws.world import World
    from infra.rehearsal.scratch import Scratch
    from infra.rehearsal.standin import Standin

ANYBODY = "203.0.113.7/32"  # who may come in: an address for examples
FOLDERS = ("song_data", "log_data")


class Rehearsal:
    """A running rehearsal of the project in the scratch folder.

    This process, too, sees no other AWS as long as it runs. `variables` lead a process
    here; `environment` is all that a task of the rehearsal sees. `password` is good for
    the admin of the cluster.
    """

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self.password = secrets.token_urlsafe(12)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        aws = stack.enter_context(ports.listening(ports.AWS))
        redshift = stack.enter_context(ports.listening(ports.REDSHIFT))
        tls = certificate.make(self.scratch.folder)
        self._lead_here(_port(aws), _port(redshift), tls.file)
        stack.enter_context(isolation.applied(self.environment))

        # Slow to import, and they look at the environment then
        from infra.rehearsal.aws import catalogue, others  # noqa: PLC0415
        from infra.rehearsal.aws.account import Account  # noqa: PLC0415
        from infra.rehearsal.aws.server import served  # noqa: PLC0415
        from infra.rehearsal.aws.world import Place  # noqa: PLC0415
        from infra.rehearsal.leader import Leader  # noqa: PLC0415
        from infra.rehearsal.server import Server  # noqa: PLC0415

        door = Server(redshift, tls.context)
        stack.callback(door.stop)
        self._account = Account(
            others.in_process, Place(certificate.HOSTS[0], door.port)
        )
        self._account.pace.polls = dict.fromkeys(self._account.pace.polls, 1)
        prices = catalogue.price_list(self.settings.aws_region)
        self._account.catalogue.prices = prices
        self._leader = Leader(self._account, door, self.password)
        stack.callback(self._leader.close)
        stack.enter_context(served(self._account, aws, self._leader.follow))
        self._make_bucket()

    def _lead_here(self, aws: int, redshift: int, ca_file: Path) -> None:
        """Makes the environment of the tasks, and the settings that they will see."""
        of_project = {
            "INVOKE_SPARKIFY_PORT": str(redshift),
            "INVOKE_SPARKIFY_AWS_CIDR": ANYBODY,
            "INVOKE_SPARKIFY_AWS_ACCOUNT": "",
        }
        self.settings = settings.load(self.scratch.project, of_project)
        self.ca_file = ca_file
        url = f"http://{certificate.ADDRESS}:{aws}"
        self.variables = isolation.aws(url, ca_file) | of_project
        kept = isolation.kept(os.environ, self.scratch.home)
        self.environment = kept | self.variables

    @property
    def world(self) -> World:
        """What there is of Redshift."""
        return self._account.world_of(self.settings.aws_region)

    @property
    def standin(self) -> Standin:
        """The SQL of the one cluster."""
        return self._leader.standin

    # Raw files

    def _make_bucket(self) -> None:
        region = self.settings.aws_region
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.world.others.s3.create_bucket(
            Bucket=self.settings.copy_from.name,
            **(place if region != "us-east-1" else {}),  # which is the usual one
        )

    def put(self, landing: Path, progress: Bar) -> int:
        """Puts the raw files of a folder where `copy_from` says; returns how many."""
        from moto.s3.models import s3_backends  # noqa: PLC0415 - slow to import

        from infra.rehearsal.aws.world import ACCOUNT  # noqa: PLC0415 - as above

        s3, source = s3_backends[ACCOUNT]["aws"], self.settings.copy_from
        count = 0
        for folder in FOLDERS:
            files = [each for each in (landing / folder).rglob("*") if each.is_file()]
            if not files:
                raise LandingError(
                    f"There are no files below {landing / folder}: --landing must name "
                    f"a folder with {' and '.join(FOLDERS)}."
                )
            for file in progress.track(files, f"putting {folder} into S3"):
                name = file.relative_to(landing / folder).as_posix()
                s3.put_object(
                    source.name, source.below(folder) + name, file.read_bytes()
                )
            count += len(files)
        return count

    # What came of it

    def counts(self) -> dict[str, int]:
        """The rows of each table of the star, as the database counts them."""
        ask = self.standin.inside
        tables = ask(
            "select table_name from information_schema.tables "
            "where table_schema = 'sparkify' order by 1"
        )
        return {
            str(name): int(ask(f'select count(*) from sparkify."{name}"')[0][0] or 0)
            for (name,) in tables
        }

    def last_load(self) -> set[str]:
        """The words for how the last load ended: `ok`, `nothing` and others."""
        rows = self.standin.inside(
            "select status from load.load_runs "
            "where load_id = (select max(load_id) from load.load_runs)"
        )
        return {str(status) for (status,) in rows}

    def things(self) -> set[str]:
        """All that there is in the account now."""
        from infra.rehearsal.remains import things  # noqa: PLC0415 - slow to import

        with self._account.lock:
            return things(self.world)


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
