"""Records the first minutes with this project, and puts them into README.md.

    python docs/session.py           # README.md, where what it shows is no longer so
    python docs/session.py --anew    # also where only seconds and megabytes differ

It types the commands in a scratch copy and keeps what they print, but for progress and,
of several tasks, all next steps except the last. A test holds README.md against them.
With them it takes docs/report.png, the beginning of the report, in the machine's
Chromium.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "report.png"
BEGIN, END = "<!-- session: made by docs/session.py -->\n", "<!-- /session -->\n"

# What `invoke` is given, and what it prints
Typed = Callable[[list[str]], str]


class Command(NamedTuple):
    """Words for `invoke`, and how many lines of its answer are shown; 0 is all."""

    words: str
    lines: int = 0

    @property
    def typed(self) -> str:
        """As a person types it."""
        cut = f" | head -n {self.lines}" if self.lines else ""
        return f"$ invoke {self.words}{cut}"


SESSION = (
    Command("up load build docs report"),
    Command("load"),
    Command("ask do_people_listen_more_when_they_pay"),
    Command("verify", lines=8),
)


def recorded(typed: Typed) -> str:
    """The commands with what they print, as a block of Markdown."""
    told = [f"{each.typed}\n{_shown(each, typed)}" for each in SESSION]
    return "```text\n" + "\n".join(told) + "```\n"


def _shown(command: Command, typed: Typed) -> str:
    lines = [
        line
        for line in typed(command.words.split()).splitlines()
        if not re.fullmatch(r"  .* …|  .*: [\d,]+ of [\d,]+", line)
    ]
    last = len(lines) - 1
    kept = [
        line
        for number, line in enumerate(lines)
        if number == last or not line.startswith("next: ")
    ]
    return "".join(f"{line}\n" for line in kept[: command.lines or None])


def steady(text: str) -> str:
    """The text without what differs from run to run: seconds and megabytes."""
    return re.sub(r"\b\d+\.\d+ (s|MB)\b", r"… \1", text)


def kept() -> str:
    """The session that README.md shows."""
    _, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    session, end, _ = rest.partition(END)
    if not end:
        sys.exit(f"README.md lacks the lines {BEGIN}{END}between which it stands.")
    return session


def typing(folder: Path) -> Typed:
    """Runs `invoke` in a copy of what git knows of, with nobody's settings."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is found on the path
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    for source in (ROOT / name for name in names if name):
        if source.is_file():
            copy = folder / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    passed = ("PATH", "HOME", "TMPDIR")
    variables = {name: os.environ[name] for name in passed if name in os.environ}
    variables["LANG"] = "C.UTF-8"

    def typed(words: list[str]) -> str:
        command = [sys.executable, "-m", "invoke", *words]
        return subprocess.run(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
            encoding="utf-8",
        ).stdout

    return typed


def photograph(report: Path) -> None:
    """Takes the picture: the report's figures and its first two charts."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only for this

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("A picture of the report takes a Chromium: install the system's.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1120, "height": 900})
        page.goto(report.as_uri())
        card = page.locator(".card").first
        below = card.evaluate("card => card.getBoundingClientRect().bottom")
        page.set_viewport_size({"width": 1120, "height": round(below) + 16})
        page.screenshot(path=PICTURE)
        browser.close()


def main() -> None:
    """Records, and writes README.md where that is needed."""
    before = kept()
    with tempfile.TemporaryDirectory() as folder:
        session = recorded(typing(Path(folder)))
        if steady(session) == steady(before) and "--anew" not in sys.argv[1:]:
            sys.stdout.write("README.md shows it as it is.\n")
            return
        photograph(Path(folder) / "target" / "report.html")
    text = README.read_text(encoding="utf-8")
    README.write_text(
        text.replace(f"{BEGIN}{before}{END}", f"{BEGIN}{session}{END}"),
        encoding="utf-8",
    )
    sys.stdout.write(session)


if __name__ == "__main__":
    main()
