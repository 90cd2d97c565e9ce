"""Times the main job as a person meets it, in a scratch clone of the last commit.

    python benchmarks/main_job.py [--runs 5] [--landing DIR]

Prints the median and the range of each figure beside its limit. `--landing` names a
folder with the published data; without it the rows about that data are left out.
Seconds are wall clock of whole commands; memory is the peak of the process, in MB.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measures everything and prints a line per figure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--landing", type=Path)
    given = options.parse_args()
    with scratch_clone() as clone:
        line = main_line(clone)
        show("main line, cold", "90 s", [seconds(["bash", "-c", line], clone)])
        invoke = [str(clone / ".venv/bin/invoke")]

        def times(*words: str) -> list[float]:
            return [seconds([*invoke, *words], clone) for _ in range(given.runs)]

        again = [seconds(["bash", "-c", line], clone) for _ in range(given.runs)]
        show("main line, again", "20 s", again)
        show("invoke --list", "0.3 s", times("--list"))
        sample = ["generate", "--into", str(clone / "sample"), "--replace"]
        show("generate, default sample", "3 s", times(*sample))
        show("dbt build and tests (invoke build)", "", times("build"))
        if given.landing:
            os.environ["INVOKE_SPARKIFY_LANDING"] = str(given.landing.resolve())
            show("load, published data", "3 s", times("load"))
        million = ["--users", "10000", "--songs", "5000", "--events", "1000000"]
        took, peak = seconds_and_peak(
            [*invoke, "generate", *million, "--into", "million"], clone
        )
        show("generate, 1 M events", "60 s", [took])
        say(f"{'its peak memory':36}{peak:6.0f} MB {'':28}limit 300 MB")


@contextmanager
def scratch_clone() -> Iterator[Path]:
    """A clone of the last commit in a temporary folder, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sparkify-benchmark-"))
    try:
        clone = folder / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        yield clone
    finally:
        shutil.rmtree(folder)


def main_line(clone: Path) -> str:
    """The first command of the README."""
    block = (clone / "README.md").read_text(encoding="utf-8").split("```sh\n")[1]
    return block.splitlines()[0]


def seconds(command: list[str], folder: Path) -> float:
    """Wall-clock seconds of a command that has to succeed."""
    return seconds_and_peak(command, folder)[0]


def seconds_and_peak(
    command: list[str], folder: Path, environment: dict[str, str] | None = None
) -> tuple[float, float]:
    """Wall-clock seconds and peak memory in MB of a command that has to succeed."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed, see above")
    return taken, usage.ru_maxrss / 1024


def show(name: str, limit: str, taken: list[float]) -> None:
    """Prints a figure."""
    middle = f"{statistics.median(taken):.2f} s"
    spread = f"({min(taken):.2f} to {max(taken):.2f}, {len(taken)} runs)"
    say(f"{name:36}{middle:>9} {spread:28}" + (f"limit {limit}" if limit else ""))


def say(text: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
