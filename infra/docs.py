"""The docs site, browsed on this machine."""

import functools
import webbrowser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from infra.console import say
from infra.errors import ConfigurationError


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - base class
        """Says nothing: a line per request tells a reader nothing."""


def serve(site: Path, port: str) -> None:
    """Serves the site's folder on 127.0.0.1 until Ctrl-C; port 0 takes a free one."""
    handler = functools.partial(_Quiet, directory=str(site.parent))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except (OSError, OverflowError, ValueError) as error:
        raise ConfigurationError(
            f"Port {port} cannot be used ({error}); choose another with --port."
        ) from error
    with server:
        address = f"http://127.0.0.1:{server.server_port}/{site.name}"
        say(f"  serving {address} until Ctrl-C")
        webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("  stopped")
