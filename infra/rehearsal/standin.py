"""Redshift's stand-in: PostgreSQL behind a proxy, started and stopped as one.

    with Standin(logins={"admin": "secret"}) as standin:
        redshift_connector.connect(host=standin.host, port=standin.port, …)

It is loopback only and leaves nothing behind. While its door is shut it takes no
connection, and keeps its data.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self

from infra.rehearsal import certificate, ports
from infra.rehearsal.copy import Cluster, Copy
from infra.rehearsal.postgres import SUPERUSER, Postgres
from infra.rehearsal.server import Behind, Logins, Server
from infra.rehearsal.session import Copier
from infra.rehearsal.wire import Backend, Failed, message

_CATALOG = Path(__file__).with_name("catalog.sql")
_EXISTS = {"42710", "23505"}  # another connection has made it at this moment


class Standin:
    """A running stand-in. `ca_file` is what SSL_CERT_FILE must name to trust it.

    `logins` is a table of passwords by user, or asks for each log-in anew. `admin` may
    do everything; others what they are granted. `cluster` says what COPY depends on.
    Without a `door`, which it would leave shut, it makes one of its own.
    """

    host = certificate.HOSTS[0]

    def __init__(  # noqa: PLR0913 - what `invoke up` decides about a cluster
        self,
        *,
        logins: Mapping[str, str] | Logins,
        database: str = "dev",
        admin: str = "admin",
        requires_tls: bool = True,
        cluster: Cluster | None = None,
        door: Server | None = None,
    ) -> None:
        self.database, self.admin = database, admin
        self.cluster = cluster or Cluster()
        self._logins = _table(logins) if isinstance(logins, Mapping) else logins
        self._requires_tls, self._given_door = requires_tls, door
        self._users: set[str] = set()
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            postgres = stack.enter_context(Postgres())
            self.folder = postgres.folder
            self._socket = str(postgres.socket)
            self._system = self._made_database()
            stack.callback(self._system.close)
            self._behind = Behind(
                self._socket, self._logins, self._ensure_user, self._copier
            )
            if self._given_door is None:
                self._door = self._made_door(postgres.folder)
                stack.callback(self._door.stop)
                self.open()
            else:
                self._door = self._given_door
                stack.callback(self._door.shut)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def port(self) -> int:
        """Where it is reached."""
        return self._door.port

    def open(self) -> None:
        """Takes connections from now on."""
        self._door.open(self._behind)

    def shut(self) -> None:
        """Takes no connection any more, and ends those that there are."""
        self._door.shut()

    def _made_door(self, folder: Path) -> Server:
        self.ca_file, tls = certificate.make(folder)
        return Server(ports.listening([0]), tls, requires_tls=self._requires_tls)

    def _made_database(self) -> Backend:
        """Makes what a new cluster has; returns a connection to its database."""
        with closing(Backend.ready(self._socket, SUPERUSER, "template1")) as template:
            template.write(message(b"Q", _CATALOG.read_text(encoding="utf-8")))
            template.flush()
            template.until(b"Z")
        with closing(Backend.ready(self._socket, SUPERUSER, "postgres")) as first:
            first.run(f'create role "{self.admin}" login superuser')
            first.run(f'create database "{self.database}" owner "{self.admin}"')
        self._users.add(self.admin)
        system = Backend.ready(self._socket, SUPERUSER, self.database)
        system.run("grant all on schema public to public")
        return system

    def _ensure_user(self, name: str) -> None:
        with self._lock:
            if name in self._users:
                return
            quoted = name.replace('"', '""')
            try:
                self._system.run(f'create role "{quoted}" login')
            except Failed as failure:
                if failure.fields.get("C") not in _EXISTS:
                    raise
            self._users.add(name)

    def _copier(self, user: str, database: str) -> Copier:
        def system() -> closing[Backend]:
            return closing(Backend.ready(self._socket, SUPERUSER, database))

        return Copy(self.cluster, system, user, database)

    def inside(self, sql: str, *values: str | None) -> list[tuple[str | None, ...]]:
        """Runs PostgreSQL's own SQL as its superuser; rows come as text."""
        with self._lock:
            return self._system.run(sql, *values)

    def sql(self, text: str, *values: Any, user: str = "") -> list[tuple[Any, ...]]:  # noqa: ANN401 - whatever the driver takes and makes
        """Runs one statement through the real driver and commits it; for tests."""
        with self.connected(user) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(text, values or None)
            if cursor.description is None:
                return []
            return [tuple(row) for row in cursor.fetchall()]

    def connected(self, user: str = "", **options: Any) -> Any:  # noqa: ANN401 - the driver has no types
        """A connection of the real driver. SSL_CERT_FILE must name `ca_file`."""
        import redshift_connector  # noqa: PLC0415 - an extra, and slow to import

        name = user or self.admin
        usual: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "database": self.database,
            "password": next(iter(self._logins(name)), ""),
            "sslmode": "verify-full",
        }
        return redshift_connector.connect(user=name, **(usual | options))


def _table(passwords: Mapping[str, str]) -> Logins:
    return lambda user: [passwords[user]] if user in passwords else []
