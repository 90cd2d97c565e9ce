"""Times the report in a scratch clone of the last commit, and weighs the page.

    python benchmarks/report.py [--runs 5] [--landing DIR]

`--landing` names a folder with the published data; without it the simulated sample is
reported. Prints medians of whole commands, seconds of wall clock and of the processor;
on a busy machine read the latter, which two cores share.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from main_job import say, scratch_clone

INVOKE = [sys.executable, "-m", "invoke"]  # in the clone, whose `infra` it imports


def main() -> None:
    """Measures everything and prints a line per figure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--landing", type=Path)
    given = options.parse_args()
    if given.landing:
        os.environ["INVOKE_SPARKIFY_LANDING"] = str(given.landing.resolve())
    with scratch_clone() as clone:
        spent(clone, "up", "load", "build")
        show(
            "invoke report", "5 s", [spent(clone, "report") for _ in range(given.runs)]
        )
        pictures = [spent(clone, "report", "--png", "png") for _ in range(given.runs)]
        show("invoke report --png", "", pictures)
        size = (clone / "target" / "report.html").stat().st_size
        say(f"{'the page':36}{size / 1e6:7.2f} MB {'':33}limit 1.5 MB")


def spent(clone: Path, *words: str) -> tuple[float, float]:
    """Seconds of wall clock and of the processor of tasks that have to succeed."""
    started = time.perf_counter()
    process = subprocess.Popen([*INVOKE, *words], cwd=clone, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"invoke {' '.join(words)} failed, see above")
    return taken, usage.ru_utime + usage.ru_stime


def show(name: str, limit: str, taken: list[tuple[float, float]]) -> None:
    """Prints a figure."""
    wall, processor = (sorted(column) for column in zip(*taken, strict=True))
    spread = f"({wall[0]:.2f} to {wall[-1]:.2f}, {len(wall)} runs)"
    say(
        f"{name:36}{statistics.median(wall):7.2f} s {spread:24}"
        f"{statistics.median(processor):6.2f} s CPU"
        + (f"  limit {limit}" if limit else "")
    )


if __name__ == "__main__":
    main()
