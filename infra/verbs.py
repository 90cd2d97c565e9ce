"""How a function in tasks.py becomes a task: failures are sentences and exit codes."""

import functools
import io
import logging
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task, task

from infra import configuration
from infra.errors import SparkifyError

INTERRUPTED = 130  # what shells report for Ctrl-C

Body = Callable[..., None]


def verb(**options: object) -> Callable[[Body], "Task[Body]"]:
    """Makes a task; `options` are Invoke's own, as `help` and `positional`."""

    def decorate(body: Body) -> "Task[Body]":
        @functools.wraps(body)
        def run(context: Context, *args: object, **given: object) -> None:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(
                    stream, io.TextIOWrapper
                ):  # text it cannot encode is no end
                    stream.reconfigure(errors="backslashreplace")
            try:
                body(context, *args, **given)
            except Exit:
                raise
            except BaseException as error:
                if _debugging() or isinstance(error, SystemExit):
                    raise
                refusal = _exit(body.__name__.replace("_", "-"), error)
            else:
                return
            # out here, where the error and all that its frames hold is gone: DuckDB
            # complains at the end about whatever of it is still held
            raise _folded(refusal)

        return cast("Task[Body]", task(**options)(run))

    return decorate


def refuse_bad_settings(root: Path) -> None:
    """Validates what Invoke is about to read by itself.

    Invoke loads invoke.yaml and casts variables before a task runs, and answers a fault
    with a traceback. The full check takes time, so it waits for an occasion.
    """
    try:
        plain = configuration.is_plain(configuration.section(root))
        if configuration.overrides() or not plain:
            from infra import settings  # noqa: PLC0415 - pydantic takes a while to load

            settings.load(root)
    except SparkifyError as error:
        raise Exit(str(error), code=error.exit_code) from None


def _debugging() -> bool:
    """Whether Invoke was given --debug, which it tells nobody but its logger."""
    return logging.getLogger("invoke").isEnabledFor(logging.DEBUG)


def _folded(refusal: Exit) -> Exit:
    """The same; on a terminal its lines break between words."""
    if refusal.message is None or not sys.stderr.isatty():
        return refusal
    from infra.console import hung  # noqa: PLC0415 - the list must appear at once

    width = shutil.get_terminal_size().columns
    lines = [hung(line, width) for line in refusal.message.split("\n")]
    return Exit("\n".join(lines), code=refusal.code)


def _exit(name: str, error: BaseException) -> Exit:
    if isinstance(error, SparkifyError):
        return Exit(f"{name}: {error}", code=error.exit_code)
    if isinstance(error, KeyboardInterrupt) or str(error) == "Query interrupted":
        return Exit(f"{name}: interrupted.", code=INTERRUPTED)
    if isinstance(error, BrokenPipeError):
        # The reader left, as `| head` does; what is still buffered must not complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit(code=0)
    if "duckdb" in type(error).__module__:  # not imported: the list must appear at once
        return Exit(f"{name}: DuckDB says: {str(error).strip()}", code=1)
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return Exit(f"{name}: {error.strerror}{where}.", code=1)
    return Exit(
        f"{name}: {type(error).__name__}: {str(error).partition(chr(10))[0]}\n"
        f"This is a fault of the project; `invoke --debug {name}` shows where.",
        code=1,
    )
