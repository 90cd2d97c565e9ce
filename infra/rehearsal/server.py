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
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial

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

# The passwords that a user may log in with now, none where there is no such user. IAM's
# users come as `IAM:name`, `IAMA:name` (to be created) and `IAMR:role`, a role's own.
Logins = Callable[[str], Collection[str]]
_NAMED = ("IAM:", "IAMA:")
_FROM_IAM = (*_NAMED, "IAMR:")
_KEPT = ("database", "application_name", "client_encoding", "options")


class _Refused(Gone):
    """The log-in is refused: `answer` says why."""

    def __init__(self, text: str, code: str = "28000") -> None:
        super().__init__(text)
        self.answer = error(text, code, "FATAL")


@dataclass(frozen=True)
class Behind:
    """Where a door leads: the socket of a PostgreSQL, and what a log-in depends on."""

    postgres: str
    logins: Logins
    ensure_user: Callable[[str], None]
    copier: Callable[[str, str], Copier]


class Server(socketserver.ThreadingTCPServer):
    """The door on a listening socket, which keeps its port also while it is shut.

    Whoever comes then is sent away at once.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, listener: socket.socket, tls: ssl.SSLContext, *, requires_tls: bool = True
    ) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.port = int(listener.getsockname()[1])
        self.tls, self.requires_tls = tls, requires_tls
        self.behind: Behind | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def verify_request(self, *_: object) -> bool:
        """Whether a connection is taken."""
        return self.behind is not None

    def open(self, behind: Behind) -> None:
        """Takes connections from now on."""
        self.behind = behind

    def shut(self) -> None:
        """Takes no more connections and breaks off those that are open."""
        with self._lock:
            self.behind = None
            for connection in self._open:
                _break_off(connection)

    def stop(self) -> None:
        """The same for good: the port is free again."""
        self.shutdown()
        self.server_close()
        self.shut()

    def opened(self, connection: socket.socket, behind: Behind) -> None:
        """Notes a connection that `shut` breaks off."""
        with self._lock:
            self._open.add(connection)
            if self.behind is not behind:
                _break_off(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forgets a connection."""
        with self._lock:
            self._open.discard(connection)


def _cancel(postgres: str, key: bytes) -> None:
    """Asks PostgreSQL to give up what a connection is doing."""
    with suppress(OSError), closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.connect(postgres)
        connection.sendall(struct.pack("!ii", 16, CANCEL) + key)
        connection.recv(1)  # it hangs up when it is done


class _Handler(socketserver.BaseRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        if (behind := self.server.behind) is None:
            return
        self._behind, self._client = behind, Stream(self.request)
        try:
            self.server.opened(self.request, behind)
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._serve()
        except _Refused as refusal:
            self._client.write(refusal.answer)
        except (Gone, OSError):
            pass  # what PostgreSQL said last may still have to be told
        finally:
            with suppress(Gone):
                self._client.flush()
            self.server.closed(self._client.socket)
            self._client.socket.close()

    def _serve(self) -> None:
        number, rest = self._client.read_start()
        is_safe = False
        if number == TLS:
            self.request.sendall(b"S")
            self.server.closed(self.request)  # TLS takes its place
            safe = self.server.tls.wrap_socket(self.request, server_side=True)
            self._client = Stream(safe)
            self.server.opened(safe, self._behind)
            is_safe = True
            number, rest = self._client.read_start()
        if number == CANCEL:
            _cancel(self._behind.postgres, rest)
            return
        if number != PROTOCOL:
            raise _Refused("the stand-in does not know this protocol", "08P01")
        texts = rest.rstrip(b"\0").decode().split("\0")
        parameters = dict(zip(texts[::2], texts[1::2], strict=False))
        user = self._log_in(parameters, is_safe=is_safe)
        parameters.setdefault("database", user)
        kept = {name: parameters[name] for name in _KEPT if name in parameters}
        with closing(
            Backend.connect(self._behind.postgres, {"user": user} | kept)
        ) as backend:
            Session(
                self._client,
                backend,
                self._behind.copier(user, kept["database"]),
                partial(_cancel, self._behind.postgres),
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
        right = (
            each.encode() if is_iam else _md5(user, each, salt)
            for each in self._behind.logins(user)
        )
        if answer.kind != b"p" or not any(
            hmac.compare_digest(given, each) for each in right
        ):
            raise _Refused(f'password authentication failed for user "{user}"')
        name = user.partition(":")[2] if user.startswith(_NAMED) else user
        try:
            self._behind.ensure_user(name)
        except Failed as failure:
            raise _Refused(str(failure)) from failure
        return name


def _break_off(connection: socket.socket) -> None:
    """Ends a connection below TLS, which another thread may be speaking."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _md5(user: str, password: str, salt: bytes) -> bytes:
    inner = hashlib.md5(f"{password}{user}".encode(), usedforsecurity=False)
    outer = hashlib.md5(inner.hexdigest().encode() + salt, usedforsecurity=False)
    return b"md5" + outer.hexdigest().encode()
