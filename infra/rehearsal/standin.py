"""Redshift's stand-in: PostgreSQL behind a proxy, started and stopped as one.

    with Standin(logins={"admin": "secret"}) as standin:
        redshift_connector.connect(host=standin.host, port=standin.port, …)

It is loopback only and leaves nothing behind.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self

from infra.rehearsal import certificate
from infra.rehearsal.copy import Cluster, Copy
from infra.rehearsal.postgres import SUPERUSER, Postgres
from infra.rehearsal.server import Logins, Server
from infra.rehearsal.session import Copier
from infra.rehearsal.wire import Backend, Failed, message

_CATALOG = Path(__file__).with_name("catalog.sql")
_EXISTS = {"42710", "23505"}  # another connection has made it at this moment


class Standin:
    """A running stand-in. `ca_file` is what SSL_CERT_FILE must name to trust it.

    `logins` is a table of passwords by user, or asks for each log-in anew. `admin` may
    do everything; others what they are granted. `cluster` says what COPY depends on.
    """

    host = certificate.HOSTS[0]

    def __init__(  # noqa: PLR0913 - what `invoke up` decides about a cluster
        self,
        *,
        logins: Mapping[str, str] | Logins,
        database: str = "dev",
        admin: str = "admin",
        port: int = 0,
        requires_tls: bool = True,
        cluster: Cluster | None = None,
    ) -> None:
        self.database, self.admin = database, admin
        self.cluster = cluster or Cluster()
        self._logins = logins.get if isinstance(logins, Mapping) else logins
        self._asked_port, self._requires_tls = port, requires_tls
        self._users: set[str] = set()
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            postgres = stack.enter_context(Postgres())
            self.ca_file, tls = certificate.make(postgres.folder)
            self._socket = str(postgres.socket)
            self._system = self._made_database()
            stack.callback(self._system.close)
            server = Server(
                self._asked_port,
                tls=tls,
                requires_tls=self._requires_tls,
                postgres=self._socket,
                logins=self._logins,
                ensure_user=self._ensure_user,
                copier=self._copier,
            )
            stack.callback(server.stop)
            self.port = int(server.server_address[1])
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
            ).start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

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
        return Copy(self.cluster, self.inside, user, database)

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
            "password": self._logins(name) or "",
            "sslmode": "verify-full",
        }
        return redshift_connector.connect(user=name, **(usual | options))
