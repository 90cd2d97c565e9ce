import contextlib
import datetime as dt
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.client import BadStatusLine
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from infra.aws import address
from infra.errors import ConfigurationError

# An address that is somebody's: those for documentation are nobody's, and refused
MINE = "54.239.28.85"
EXAMPLES = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")  # RFC 5737


def answering(content: bytes) -> Callable[[str], bytes]:
    return lambda _: content


def failing(error: Exception) -> Callable[[str], bytes]:
    def fetch(_: str) -> bytes:
        raise error

    return fetch


# The address of this machine


@pytest.mark.parametrize(
    "content", [b"54.239.28.85", b"54.239.28.85\n", b" 54.239.28.85 "]
)
def test_the_address_is_a_network_of_one(content: bytes) -> None:
    assert address.my_address(answering(content)) == IPv4Network(f"{MINE}/32")


def test_amazon_is_asked_over_tls() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return MINE.encode()

    address.my_address(fetch)
    assert asked == ["https://checkip.amazonaws.com"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no IPv4 address"),
        (b"<html><title>Log in</title></html>", "login page"),
        (b"54.239.28.85, 10.0.0.1", "no IPv4 address"),
        (b"54.239.28.85/0", "no IPv4 address"),
        (b"54.239.28", "no IPv4 address"),
        (b"054.239.028.085", "no IPv4 address"),
        (b"\xff\xfe", "no IPv4 address"),
        ("٥٤.239.28.85".encode(), "no IPv4 address"),
        (b"0", "no IPv4 address"),
        (b"2600:1f14::1\n", "an IPv6 address"),
        (b"0.0.0.0", "not one of the internet"),
        (b"10.0.0.7", "not one of the internet"),
        (b"192.168.1.7", "not one of the internet"),
        (b"100.64.0.7", "not one of the internet"),
        (b"127.0.0.1", "not one of the internet"),
        (b"169.254.169.254", "not one of the internet"),
        (b"203.0.113.7", "not one of the internet"),
        (b"224.0.1.1", "not one of the internet"),
        (b"240.0.0.1", "not one of the internet"),
        (b"255.255.255.255", "not one of the internet"),
    ],
)
def test_what_is_no_public_address_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        address.my_address(answering(content))
    assert "--cidr" in str(error.value)
    assert "aws_cidr" in str(error.value)
    assert "<html>" not in str(error.value)


@pytest.mark.parametrize(
    "error",
    [TimeoutError(), OSError("x"), ConnectionRefusedError(), BadStatusLine("<")],
)
def test_a_service_that_cannot_be_asked_is_told(error: Exception) -> None:
    with pytest.raises(ConfigurationError, match="cannot be asked") as told:
        address.my_address(failing(error))
    assert "--cidr" in str(told.value)
    assert type(error).__name__ in str(told.value)


@given(st.binary(max_size=100))
def test_whatever_is_answered_it_is_one_public_address_or_refused(
    content: bytes,
) -> None:
    try:
        found = address.my_address(answering(content))
    except ConfigurationError:
        return
    assert found.prefixlen == 32
    assert found.is_global


# How it is fetched

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(
    content: bytes, status: int = 200, length: int | None = None, **headers: str
) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(length or len(content)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def says_nothing(_: BaseHTTPRequestHandler) -> None:
    time.sleep(0.6)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, and a certificate of localhost that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(pem)
    )
    return path


@pytest.fixture
def serve(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Answer], str]]:
    """Starts a server that answers so, and gives its address."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "localhost")
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        server = ThreadingHTTPServer(("localhost", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        return f"https://localhost:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def asked(url: str) -> IPv4Network:
    return address.my_address(lambda _: address._fetch(url))


def test_an_answer_is_fetched(serve: Callable[[Answer], str]) -> None:
    assert str(asked(serve(says(b"54.239.28.85\n")))) == f"{MINE}/32"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(b"", 302, Location="http://localhost:1/login"), "HTTPError"),
        (says(b"", 302, Location="https://localhost:1/login"), "HTTPError"),
        (says(b"54.239.28.85", 403), "HTTPError"),
        (says(b"54.239.28.85", 511), "HTTPError"),
        (says(b"54.239.28.85" + b" " * 1000), "OSError"),
        (says(b"54.239.28.8", length=13), "OSError"),
        (says_nothing, "TimeoutError|RemoteDisconnected|URLError"),
    ],
)
def test_a_bad_answer_is_refused(
    serve: Callable[[Answer], str],
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    said: str,
) -> None:
    monkeypatch.setattr(address, "TIMEOUT", 0.3)
    url = serve(answer)
    with pytest.raises(ConfigurationError, match=said):
        asked(url)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(says(MINE.encode()))
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ConfigurationError, match="URLError"):
        asked(url)


def test_only_tls_is_spoken() -> None:
    with pytest.raises(ConfigurationError, match="cannot be asked"):
        asked("http://localhost:1")
    with pytest.raises(ConfigurationError, match="cannot be asked"):
        asked("file:///etc/hostname")


def test_the_proxy_of_the_environment_is_asked(
    serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(says(MINE.encode()))
    monkeypatch.setenv("https_proxy", "http://localhost:1")
    monkeypatch.delenv("no_proxy")
    with pytest.raises(ConfigurationError, match="proxy"):
        asked(url)


# A range that a person gives


@pytest.mark.parametrize(
    ("text", "network"),
    [
        (MINE, f"{MINE}/32"),
        (f" {MINE}/32\n", f"{MINE}/32"),
        ("54.239.28.0/24", "54.239.28.0/24"),
        ("54.239.28.84/30", "54.239.28.84/30"),
        ("203.0.113.7/32", "203.0.113.7/32"),  # what documents take for an example
    ],
)
def test_ranges_that_are_allowed(text: str, network: str) -> None:
    assert address.allowed(text) == IPv4Network(network)
    assert address.allowed(text, private=True) == IPv4Network(network)


@pytest.mark.parametrize(
    "text", ["10.1.2.0/24", "172.16.0.9", "192.168.0.0/28", "10.42.0.0/16"]
)
def test_private_ranges_are_for_private_access(text: str) -> None:
    assert address.allowed(text, private=True) == IPv4Network(text)
    with pytest.raises(ConfigurationError, match="aws_access to private"):
        address.allowed(text)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no IPv4 address or range"),
        ("here", "no IPv4 address or range"),
        ("54.239.28.85/99", "no IPv4 address or range"),
        ("54.239.28.85/33", "no IPv4 address or range"),
        ("54.239.28.85/-1", "no IPv4 address or range"),
        ("54.239.28.85/", "no IPv4 address or range"),
        ("54.239.28.0/255.255.255.0", "no IPv4 address or range"),
        ("54.239.28.0/0.0.0.255", "no IPv4 address or range"),
        ("054.239.28.85", "no IPv4 address or range"),
        ("54.239.28", "no IPv4 address or range"),
        ("54.239.28.85/32,0.0.0.0/0", "no IPv4 address or range"),
        ("918494293", "no IPv4 address or range"),
        ("0.0.0.0/0", "whole internet"),
        ("54.239.28.85/0", "whole internet"),
        ("0.0.0.0/1", "2,147,483,648 addresses"),
        ("128.0.0.0/1", "2,147,483,648 addresses"),
        ("54.239.28.0/23", "512 addresses"),
        ("54.239.28.85/24", r"Write 54\.239\.28\.0/24 .* or 54\.239\.28\.85/32"),
        ("::/0", "IPv6"),
        ("2600:1f14::1", "IPv6"),
        ("not:an:address", "no IPv4 address or range"),
        ("127.0.0.1", "reserved"),
        ("0.0.0.0", "reserved"),
        ("169.254.1.0/24", "reserved"),
        ("224.0.1.1", "reserved"),
        ("255.255.255.255", "reserved"),
    ],
)
def test_ranges_that_are_refused(text: str, said: str, private: bool) -> None:
    with pytest.raises(ConfigurationError, match=said):
        address.allowed(text, private=private)


@given(st.ip_addresses(v=4), st.integers(0, 32), st.booleans())
def test_what_is_allowed_is_small_and_has_the_address_that_was_given(
    given_address: IPv4Address, prefix: int, private: bool
) -> None:
    text = f"{given_address}/{prefix}"
    try:
        found = address.allowed(text, private=private)
    except ConfigurationError:
        return
    assert str(found) == text
    assert found.num_addresses <= 256 or (private and not found.is_global)
    assert private or found.is_global or str(found.supernet(new_prefix=24)) in EXAMPLES
    assert not found.is_loopback
    assert address.allowed(str(found), private=private) == found


@given(st.text(max_size=20))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        assert address.allowed(text).prefixlen >= 24
