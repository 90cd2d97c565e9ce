"""`invoke docs --serve`, with a folder of one page."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import REPOSITORY, Checkout, fails

from infra import docs
from infra.errors import ConfigurationError

SERVE = (
    "import sys, pathlib; from infra import docs; "
    "docs.serve(pathlib.Path(sys.argv[1]), '0')"
)
# It returns when it has the page, as one in a terminal does when it is closed
BROWSER = """
import pathlib, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as answer:
    part = pathlib.Path(__file__).with_name("part")
    part.write_bytes(answer.read())
part.rename(part.with_name("seen"))
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    found = tmp_path / "site" / "static_index.html"
    found.parent.mkdir()
    found.write_text("<h1>The star</h1>")
    return found


@pytest.fixture
def server(page: Path) -> Iterator[subprocess.Popen[str]]:
    """The server as a process; the browser it opens keeps the page in a file."""
    browser = page.parents[1] / "browser"
    browser.write_text(f"#!{sys.executable}\n{BROWSER}")
    browser.chmod(0o755)
    variables = {"BROWSER": f"{browser} %s", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(page)],
        cwd=REPOSITORY,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        yield process
        process.kill()


def test_it_opens_a_browser_and_stops_on_ctrl_c(
    server: subprocess.Popen[str], page: Path
) -> None:
    assert server.stdout
    told = server.stdout.readline()
    serving = re.fullmatch(r"  serving (http://127\.0\.0\.1:\d+/\S+) until .*\n", told)
    assert serving, told
    seen, ends = page.parents[1] / "seen", time.monotonic() + 30
    while not seen.exists() and time.monotonic() < ends:
        time.sleep(0.05)
    assert seen.read_bytes() == page.read_bytes()
    server.send_signal(signal.SIGINT)
    told, _ = server.communicate(timeout=30)
    assert told == "  stopped\n"
    assert server.returncode == 0


def test_a_port_that_is_taken_or_none_is_a_sentence(page: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port, reason in (
            (str(taken.getsockname()[1]), "choose another with --port"),
            ("99999", "--port 99999: must be a whole number from 0 to 65535"),
            ("http", "--port http: must be a whole number from 0 to 65535"),
        ):
            with pytest.raises(ConfigurationError, match=reason):
                docs.refuse_port(port)
            with pytest.raises(ConfigurationError, match=reason):
                docs.serve(page, port)


def test_a_port_is_looked_at_before_the_site_is_written(checkout: Checkout) -> None:
    told = checkout.invoke("docs", "--serve", "--port", "http")
    assert "docs: --port http: must be" in fails(told, 2)
    assert not (checkout.root / "target").exists()
