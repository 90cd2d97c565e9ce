"""The docs site: written by dbt, mended, and browsed on this machine."""

import functools
import threading
import webbrowser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from infra import atomic, dbt
from infra.console import say
from infra.errors import ConfigurationError
from infra.project import Project

# What dbt's page asks for in vain when it is opened from disk: the templates of its
# icons before they are filled in, some 500 times, and a path that its builder left as
# it was. Its title is what a browser's tab shows.
_MENDS = (
    ('<use xlink:href="{{', '<use ng-attr-href="{{'),
    ("${require('./assets/favicons/favicon.ico')}", "data:,"),
    ("<title>dbt Docs</title>", "<title>Sparkify's warehouse</title>"),
)
# dbt's graphs begin with every test and question, a tower of two hundred names in which
# no lineage is seen. Here they begin without; the list "resources" adds them, and the
# page of a test or a question shows it with what it asks.
_LINEAGE = (
    ('"source","test","unit_test","analysis","exposure"', '"source","exposure"'),
    (
        "i=r.assign({},t,o);n.selection",
        "i=r.assign({},t,o,{resource_types:"
        "t.resource_types.concat(e?e.resource_type:[])});n.selection",
    ),
    (
        "r.assign({},l.options",
        "r.assign({},l.options,{resource_types:l.selection.clean.resource_types}",
    ),
)
_LAST_PORT = 65_535
# dbt's page draws the graph that its address asks for when it is opened, and not when
# somebody follows a link to it
_GRAPH_LINKS = """<script>
addEventListener("click", event => {
    const link = event.target.closest && event.target.closest('a[href*="g_v="]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    location.href = link.href;
    location.reload();
}, true);
</script>
"""


def write(project: Project) -> Path:
    """Writes the site as one file, which asks for nothing else; returns its path."""
    page = dbt.generate_docs(project)
    atomic.write(page, mended(page.read_text(encoding="utf-8")).encode())
    return page


def mended(page: str) -> str:
    """The page without what is wrong above; another version's may need no mending."""
    for fault, mend in (*_MENDS, *_LINEAGE):
        page = page.replace(fault, mend)
    body, end, rest = page.rpartition("</body>")
    return f"{body}{_GRAPH_LINKS}{end}{rest}" if end else page


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - base class
        """Says nothing: a line per request tells a reader nothing."""


def refuse_port(port: str) -> None:
    """Raises where the site could not be served there, before it is written."""
    with _server(port, Path()):
        pass


def _server(port: str, folder: Path) -> ThreadingHTTPServer:
    if not port.isdecimal() or int(port) > _LAST_PORT:
        raise ConfigurationError(
            f"--port {port}: must be a whole number from 0 to {_LAST_PORT}; 0 takes a "
            "free one."
        )
    handler = functools.partial(_Quiet, directory=str(folder))
    try:
        return ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} cannot be used ({error.strerror}); choose another with "
            "--port."
        ) from error


def serve(site: Path, port: str) -> None:
    """Serves the site's folder on 127.0.0.1 until Ctrl-C; port 0 takes a free one."""
    with _server(port, site.parent) as server:
        address = f"http://127.0.0.1:{server.server_port}/{site.name}"
        say(f"  serving {address} until Ctrl-C")
        # a browser in this terminal returns when it is closed, and needs us until then
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("  stopped")
