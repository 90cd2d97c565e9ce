"""Messages of the PostgreSQL protocol, version 3, which Redshift speaks too.

Source: the chapter "Frontend/Backend Protocol" of PostgreSQL's documentation.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from infra.errors import SparkifyError

PROTOCOL = 196_608  # 3.0
TLS, CANCEL = 80_877_103, 80_877_102  # take a protocol's place in a first message
_LONGEST_START = 10_000


class Gone(SparkifyError):  # noqa: N818 - a state of the other side, no error of ours
    """The other side has closed the connection."""


class Failed(SparkifyError):  # noqa: N818 - as above
    """A statement failed, as the fields of its error say."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(fields.get("M", ""))
        self.fields = fields


@dataclass(frozen=True)
class Message:
    """One message: the byte that says its kind, and its content."""

    kind: bytes
    body: bytes = b""

    @property
    def packed(self) -> bytes:
        """The message as it is sent."""
        return self.kind + struct.pack("!i", len(self.body) + 4) + self.body

    @property
    def fields(self) -> dict[str, str]:
        """The fields of an error or a notice, by their letters."""
        parts = self.body.rstrip(b"\0").split(b"\0")
        return {part[:1].decode(): part[1:].decode() for part in parts if part}

    def texts(self, number: int) -> tuple[list[str], bytes]:
        """The first `number` zero-terminated texts, and the rest."""
        *texts, rest = self.body.split(b"\0", number)
        return [text.decode() for text in texts], rest


SYNC, FLUSH = Message(b"S"), Message(b"H")
_OWN = "rehearsal"  # what no client calls a statement


def message(kind: bytes, *parts: str | bytes) -> Message:
    """A message of texts, each closed by a zero, and of bytes as they are."""
    return Message(
        kind,
        b"".join(
            part if isinstance(part, bytes) else part.encode() + b"\0" for part in parts
        ),
    )


_CLOSE_OWN = message(b"C", b"P", _OWN), message(b"C", b"S", _OWN)


def error(text: str, code: str = "XX000", severity: str = "ERROR") -> Message:
    """An error for the client; a FATAL one ends the connection."""
    return from_fields({"S": severity, "C": code, "M": text})


def notice(text: str) -> Message:
    """A remark, as Redshift makes one after each COPY."""
    return from_fields({"S": "INFO", "C": "00000", "M": text}, b"N")


def from_fields(fields: dict[str, str], kind: bytes = b"E") -> Message:
    """An error or a notice of these fields."""
    return message(kind, *(letter + text for letter, text in fields.items()), b"\0")


def startup(parameters: dict[str, str]) -> bytes:
    """The first message of a client, which alone has no kind."""
    body = struct.pack("!i", PROTOCOL) + b"".join(
        text.encode() + b"\0" for pair in parameters.items() for text in pair
    )
    return struct.pack("!i", len(body) + 5) + body + b"\0"


@dataclass
class Stream:
    """Messages over a socket. Whatever is written goes out with `flush`."""

    socket: socket.socket
    _in: bytearray = field(default_factory=bytearray)
    _out: bytearray = field(default_factory=bytearray)

    def read_start(self) -> tuple[int, bytes]:
        """The number of a first message and what follows it."""
        length, number = struct.unpack("!ii", self._take(8))
        if not 8 <= length <= _LONGEST_START:
            raise Gone("what came is no PostgreSQL client")
        return number, self._take(length - 8)

    def read(self) -> Message:
        """The next message."""
        kind, length = struct.unpack("!ci", self._take(5))
        return Message(kind, self._take(length - 4))

    def write(self, *messages: Message) -> None:
        """Queues messages."""
        for each in messages:
            self._out += each.packed
        if len(self._out) > 1 << 16:
            self.flush()

    def flush(self) -> None:
        """Sends what is queued.

        Where nothing is, nothing is tried: what a side that has gone said last can
        still be read.
        """
        if not self._out:
            return
        queued, self._out = self._out, bytearray()
        try:
            self.socket.sendall(queued)
        except OSError as fault:
            raise Gone(str(fault)) from fault

    @property
    def has_more(self) -> bool:
        """Whether something was received that nobody has read."""
        return bool(self._in)

    def _take(self, length: int) -> bytes:
        while len(self._in) < length:
            try:
                received = self.socket.recv(1 << 16)
            except OSError as fault:
                raise Gone(str(fault)) from fault
            if not received:
                raise Gone("the connection was closed")
            self._in += received
        taken = bytes(self._in[:length])
        del self._in[:length]
        return taken


class Backend(Stream):
    """A connection to PostgreSQL."""

    @classmethod
    def connect(cls, path: str, parameters: dict[str, str]) -> Backend:
        """Connects and sends the first message; the answers are still to be read."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            connection.sendall(startup(parameters))
        except OSError as fault:
            connection.close()
            raise Gone(str(fault)) from fault
        return cls(connection)

    @classmethod
    def ready(cls, path: str, user: str, database: str) -> Backend:
        """Connects for good."""
        backend = cls.connect(path, {"user": user, "database": database})
        backend.until(b"Z")
        return backend

    def run(self, sql: str, *values: str | None) -> list[tuple[str | None, ...]]:
        """Runs one statement by itself and returns its rows as text.

        Raises Failed with what PostgreSQL says.
        """
        try:
            rows = self.run_within(sql, *values)
        finally:
            self.write(SYNC)
            self.flush()
            self.until(b"Z")
        return rows

    def run_within(self, sql: str, *values: str | None) -> list[tuple[str | None, ...]]:
        """The same inside a client's batch: only a Sync ends it, also after Failed."""
        bound = b"".join(
            b"\xff\xff\xff\xff"
            if value is None
            else struct.pack("!i", len(value.encode())) + value.encode()
            for value in values
        )
        bound = struct.pack("!h", len(values)) + bound
        self._send_own(sql, bound)
        self.write(*_CLOSE_OWN, FLUSH)
        self.flush()
        rows, closed = [], 0
        while closed < 4:
            answer = self.read()
            if answer.kind == b"D":
                rows.append(tuple(_cells(answer.body)))
            elif answer.kind == b"E":
                raise Failed(answer.fields)
            closed += answer.kind == b"3"
        return rows

    def copy_in(self, sql: str, lines: Iterable[bytes]) -> None:
        """Runs a COPY FROM STDIN of text inside a client's batch.

        Raises Failed with what PostgreSQL says.
        """
        self._send_own(sql, b"\0\0")
        self.write(FLUSH)
        self.flush()
        self.until(b"G")
        for line in lines:
            self.write(Message(b"d", line))
        self.write(Message(b"c"), *_CLOSE_OWN, FLUSH)
        self.flush()
        for _ in _CLOSE_OWN:
            self.until(b"3")

    def _send_own(self, sql: str, bound: bytes) -> None:
        """Sends a statement of ours; the last one may have failed before its end."""
        self.write(
            *_CLOSE_OWN,
            message(b"P", _OWN, sql, b"\0\0"),
            message(b"B", _OWN, _OWN, b"\0\0" + bound + b"\0\0"),
            message(b"E", _OWN, b"\0\0\0\0"),
        )

    def until(self, kind: bytes) -> None:
        """Reads to a message of this kind; raises Failed where an error comes first."""
        while (answer := self.read()).kind != kind:
            if answer.kind == b"E":
                raise Failed(answer.fields)

    def close(self) -> None:
        """Says goodbye."""
        try:
            self.socket.sendall(Message(b"X").packed)
        except OSError:
            pass  # it went first
        finally:
            self.socket.close()


def _cells(row: bytes) -> Iterator[str | None]:
    (number,) = struct.unpack_from("!h", row)
    at = 2
    for _ in range(number):
        (length,) = struct.unpack_from("!i", row, at)
        at += 4
        yield None if length < 0 else row[at : at + length].decode()
        at += max(length, 0)
