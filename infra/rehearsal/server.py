"""The door of the stand-in: takes connections, TLS and log-ins on the loopback."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import closing, suppress

from infra.rehearsal.certificate import ADDRESS
from infra.rehearsal.session import Copier, Session
from infra.rehearsal.wire import (
    CANCEL,
    PROTOCOL,
    TLS,
    Backend,
    Failed,
    Gone,
    Message,
    Stream,
    error,
)

# The password of a user, or None where there is no such user. IAM's users come as
# `IAM:name`, `IAMA:name` (to be created) and `IAMR:role`, a role's own user.
Logins = Callable[[str], str | None]
_NAMED = ("IAM:", "IAMA:")
_FROM_IAM = (*_NAMED, "IAMR:")
_KEPT = ("database", "application_name", "client_encoding", "options")


class _Refused(Gone):
    """The log-in is refused: `answer` says why."""

    def __init__(self, text: str, code: str = "28000") -> None:
        super().__init__(text)
        self.answer = error(text, code, "FATAL")


class Server(socketserver.ThreadingTCPServer):
    """Accepts connections on a port of the loopback; 0 takes any that is free."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 100

    def __init__(  # noqa: PLR0913 - all that a log-in depends on
        self,
        port: int,
        *,
        tls: ssl.SSLContext,
        requires_tls: bool,
        postgres: str,
        logins: Logins,
        ensure_user: Callable[[str], None],
        copier: Callable[[str, str], Copier],
    ) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.tls, self.requires_tls, self.postgres = tls, requires_tls, postgres
        self.logins, self.ensure_user, self.copier = logins, ensure_user, copier
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def opened(self, connection: socket.socket) -> None:
        """Notes a connection that `stop` closes."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forgets a connection."""
        with self._lock:
            self._open.discard(connection)

    def stop(self) -> None:
        """Takes no more connections and breaks off those that are open."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def cancel(self, key: bytes) -> None:
        """Asks PostgreSQL to give up what a connection is doing."""
        with suppress(OSError), closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.connect(self.postgres)
            connection.sendall(struct.pack("!ii", 16, CANCEL) + key)
            connection.recv(1)  # it hangs up when it is done


class _Handler(socketserver.BaseRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        self.server.opened(self.request)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = Stream(self.request)
        try:
            self._serve()
        except _Refused as refusal:
            self._client.write(refusal.answer)
        except (Gone, ssl.SSLError):
            pass  # what PostgreSQL said last may still have to be told
        finally:
            with suppress(Gone):
                self._client.flush()
            self.server.closed(self.request)
            self._client.socket.close()

    def _serve(self) -> None:
        number, rest = self._client.read_start()
        is_safe = False
        if number == TLS:
            self.request.sendall(b"S")
            self._client = Stream(
                self.server.tls.wrap_socket(self.request, server_side=True)
            )
            is_safe = True
            number, rest = self._client.read_start()
        if number == CANCEL:
            self.server.cancel(rest)
            return
        if number != PROTOCOL:
            raise _Refused("the stand-in does not know this protocol", "08P01")
        texts = rest.rstrip(b"\0").decode().split("\0")
        parameters = dict(zip(texts[::2], texts[1::2], strict=False))
        user = self._log_in(parameters, is_safe=is_safe)
        parameters.setdefault("database", user)
        kept = {name: parameters[name] for name in _KEPT if name in parameters}
        with closing(
            Backend.connect(self.server.postgres, {"user": user} | kept)
        ) as backend:
            Session(
                self._client,
                backend,
                self.server.copier(user, kept["database"]),
                self.server.cancel,
            ).serve()

    def _log_in(self, parameters: dict[str, str], *, is_safe: bool) -> str:
        """Asks for the password; returns the database's user."""
        user = parameters.get("user", "")
        is_iam = user.startswith(_FROM_IAM)
        if not is_safe and (self.server.requires_tls or is_iam):
            raise _Refused(
                f'no pg_hba.conf entry for host "{ADDRESS}", user "{user}", '
                f'database "{parameters.get("database", "")}", SSL off'
            )
        salt = os.urandom(4)
        asked = struct.pack("!i", 3) if is_iam else struct.pack("!i", 5) + salt
        self._client.write(Message(b"R", asked))
        self._client.flush()
        answer = self._client.read()
        given = answer.body.rstrip(b"\0")
        password = self.server.logins(user)
        if (
            answer.kind != b"p"
            or password is None
            or not hmac.compare_digest(
                given, password.encode() if is_iam else _md5(user, password, salt)
            )
        ):
            raise _Refused(f'password authentication failed for user "{user}"')
        name = user.partition(":")[2] if user.startswith(_NAMED) else user
        try:
            self.server.ensure_user(name)
        except Failed as failure:
            raise _Refused(str(failure)) from failure
        return name


def _md5(user: str, password: str, salt: bytes) -> bytes:
    inner = hashlib.md5(f"{password}{user}".encode(), usedforsecurity=False)
    outer = hashlib.md5(inner.hexdigest().encode() + salt, usedforsecurity=False)
    return b"md5" + outer.hexdigest().encode()
