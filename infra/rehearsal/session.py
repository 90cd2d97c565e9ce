"""One client's conversation: what it says is rewritten, what PostgreSQL says, too.

The driver speaks in batches that end with Sync and waits for the answers, so the two
directions take turns. A statement that is refused goes on as one that PostgreSQL
cannot parse: its transaction fails as any would, and only the error's words are ours.
"""

from __future__ import annotations

import re
import select
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.rehearsal import dialect
from infra.rehearsal.tokens import Refused
from infra.rehearsal.wire import (
    FLUSH,
    SYNC,
    Backend,
    Failed,
    Gone,
    Message,
    Stream,
    error,
    from_fields,
    message,
    notice,
)

VERSION = "8.0.2"  # Redshift says that it is this PostgreSQL
_REFUSED = "refused"  # no statement begins so
_ANSWERS = {b"1", b"2", b"3", b"T", b"n", b"C", b"I", b"s"}  # each ends one request
_BYTES = re.compile(r"bytes (\d+) of .*", re.DOTALL)  # as catalog.sql calls limits

# Runs a COPY inside the client's batch and says what to tell the client
Copier = Callable[[str, Backend, int], list[str]]


@dataclass
class Session:
    """The conversation after the log-in."""

    client: Stream
    backend: Backend
    copier: Copier
    cancel: Callable[[bytes], None]
    _key: bytes = b""
    _status: bytes = b"I"
    _statements: dict[str, dialect.Statement] = field(default_factory=dict)
    _portals: dict[str, dialect.Statement] = field(default_factory=dict)
    _tags: deque[str | None] = field(default_factory=deque)
    _awaited: int = 0
    _has_failed: bool = False  # PostgreSQL skips what comes until the next Sync
    _refusal: Refused | None = None
    _is_watched: bool = True

    def serve(self) -> None:
        """Talks until the client goes."""
        self._relay_to_end()  # PostgreSQL's greeting
        handlers = {
            b"Q": self._query,
            b"P": self._parse,
            b"B": self._bind,
            b"E": self._execute,
            b"D": self._forward,
            b"C": self._forward,
            b"H": lambda _: None,  # all answers come with the Sync that follows
            b"S": self._sync,
        }
        while (request := self.client.read()).kind != b"X":
            if request.kind not in handlers:
                text = f"the stand-in does not know messages of kind {request.kind!r}"
                self.client.write(error(text, "08P01", "FATAL"))
                self.client.flush()
                return
            handlers[request.kind](request)

    # What the client says

    def _forward(self, request: Message) -> None:
        self.backend.write(request)
        self._awaited += 1

    def _parse(self, request: Message) -> None:
        (name, sql), types = request.texts(2)
        if statement := self._rewritten(sql):
            self._statements[name] = statement
        text = statement.sql if statement else _REFUSED
        self._forward(message(b"P", name, text, types))

    def _rewritten(self, sql: str) -> dialect.Statement | None:
        """The statement, or None where it is refused, with the refusal kept."""
        try:
            return dialect.rewrite(sql, is_alone=self._status == b"I")
        except Refused as refusal:
            if not self._has_failed:
                self._refusal = refusal
            return None

    def _bind(self, request: Message) -> None:
        (portal, name), _ = request.texts(2)
        self._portals[portal] = self._statements.get(name, dialect.Statement(""))
        self._forward(request)

    def _execute(self, request: Message) -> None:
        (portal,), _ = request.texts(1)
        statement = self._portals.get(portal, dialect.Statement(""))
        if statement.copy is not None:
            self._settle()
            self._copy(statement.copy)
            return
        self._tags.append(statement.tag)
        self._forward(request)
        if statement.commits and self._status == b"T":
            self._settle()
            if not self._has_failed:
                self.backend.run_within("commit")

    def _sync(self, request: Message) -> None:
        self.backend.write(request)
        self._relay_to_end()

    def _query(self, request: Message) -> None:
        """A simple query: its statements go one by one, in one batch."""
        (sql,), _ = request.texts(1)
        try:
            parts = dialect.statements(sql)
        except Refused as refusal:
            self._refusal, parts = refusal, []
            self.backend.write(message(b"P", "", _REFUSED, b"\0\0"))
        for part in parts:
            self._parse(message(b"P", "", part, b"\0\0"))
            self._bind(message(b"B", "", "", b"\0" * 6))
            self._settle(shown=b"")
            if self._has_failed:
                break
            if self._portals[""].copy is None:
                self._forward(message(b"D", b"P", ""))
                self._settle(shown=b"T")
            self._execute(message(b"E", "", b"\0" * 4))
            self._settle()
        self.backend.write(SYNC)
        self._relay_to_end()

    def _copy(self, sql: str) -> None:
        if self._has_failed:
            return
        try:
            remarks = self.copier(sql, self.backend, self._pid)
        except Failed as failure:  # PostgreSQL's own, so it knows
            self.client.write(_translated(failure.fields))
        except Refused as refusal:
            self._refusal = refusal
            self._forward(message(b"P", "", _REFUSED, b"\0\0"))
            self._settle()
        else:
            self.client.write(*(notice(text) for text in remarks))
            self.client.write(message(b"C", "COPY"))
            return
        self._has_failed = True

    @property
    def _pid(self) -> int:
        return int.from_bytes(self._key[:4])

    # What PostgreSQL says

    def _settle(self, shown: bytes | None = None) -> None:
        """Waits until PostgreSQL has answered all that was asked so far.

        `shown` are the kinds of answers that the client gets; None: all.
        """
        self.backend.write(FLUSH)
        self.backend.flush()
        while self._awaited > 0 and not self._has_failed:
            self._relay(shown)

    def _relay_to_end(self) -> None:
        self.backend.flush()
        while self._relay() != b"Z":
            pass
        self.client.flush()

    def _relay(self, shown: bytes | None = None) -> bytes:
        self._await_backend()
        answer = self.backend.read()
        kind = answer.kind
        if kind in _ANSWERS:
            self._awaited -= 1
        if kind in (b"C", b"I", b"s") and self._tags and (tag := self._tags.popleft()):
            answer = message(b"C", tag)
        elif kind == b"E":
            self._has_failed = True
            if self._refusal:
                answer = error(str(self._refusal), self._refusal.code)
            else:
                answer = _translated(answer.fields)
        elif kind == b"K":
            self._key = answer.body
        elif kind == b"S" and answer.body.startswith(b"server_version\0"):
            answer = message(b"S", "server_version", VERSION)
        elif kind == b"Z":
            self._status, self._awaited, self._is_watched = answer.body, 0, True
            self._has_failed, self._refusal = False, None
            self._tags.clear()
        if shown is None or kind in (b"E", b"N") or kind in shown:
            self.client.write(answer)
        return kind

    def _await_backend(self) -> None:
        """Waits for PostgreSQL; when the client goes meanwhile, so does its query."""
        while not self.backend.has_more:
            waiting = select.poll()
            waiting.register(self.backend.socket, select.POLLIN)
            if self._is_watched:
                waiting.register(self.client.socket, select.POLLIN)
            if self.backend.socket.fileno() in dict(waiting.poll()):
                return
            # Below TLS, where an end is an end and the rest is unreadable
            if not socket.socket.recv(self.client.socket, 1, socket.MSG_PEEK):
                self.cancel(self._key)
                raise Gone("the client went before the answer")
            self._is_watched = False  # it is ahead of us


def _translated(fields: dict[str, str]) -> Message:
    """An error of PostgreSQL in Redshift's words, where they are known."""
    if found := _BYTES.fullmatch(fields.get("n", "")):
        text = f"value too long for type character varying({found[1]})"
        return error(text, "22001")
    if fields.get("C") == "23502" and "c" in fields:
        return error(f"Cannot insert a NULL value into column {fields['c']}", "23502")
    return from_fields(fields)
