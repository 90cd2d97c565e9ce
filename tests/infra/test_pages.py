"""What `.github/workflows/pages.yml` publishes, put together as it does."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from browser import opened
from checkout import REPOSITORY, Checkout, Shared
from playwright.sync_api import Browser

import tasks

WORKFLOWS = REPOSITORY / ".github" / "workflows"
PLACED = "put both beside the page that links them"


def workflow(name: str) -> dict[str, Any]:
    found = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def steps(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in found["jobs"].values() for step in job["steps"]]


def script(name: str) -> str:
    """The commands of a step."""
    (found,) = [
        step for step in steps(workflow("pages.yml")) if step.get("name") == name
    ]
    return str(found["run"])


@pytest.fixture(scope="module")
def site(reported: Checkout, shared: Shared) -> Path:
    """The folder that is published."""

    def make(folder: Path) -> None:
        shutil.copytree(REPOSITORY / "docs", folder / "docs")
        made = reported.root / "target"
        for name in ("docs/static_index.html", "report.html"):
            (folder / "target" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / name, folder / "target" / name)
        subprocess.run(["bash", "-euc", script(PLACED)], cwd=folder, check=True)

    return shared("pages", make) / "target" / "site"


@pytest.mark.parametrize("name", ["ci.yml", "pages.yml"])
def test_workflows_name_tasks_and_files_that_exist(name: str) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(workflow(name)))
    known = {
        word.replace("_", "-") for word, each in vars(tasks).items() if is_task(each)
    }
    for words in re.findall(r"\.venv/bin/invoke (.*)", commands):
        named = {word for word in words.split() if not word.startswith("-")}
        assert named
        assert named <= known
    for path in re.findall(r"(?:cp|bash) ((?:docs|\.ci)/\S+)", commands):
        assert (REPOSITORY / path).is_file(), path


def is_task(found: object) -> bool:
    return type(found).__name__ == "Task"


@pytest.mark.parametrize("name", ["ci.yml", "pages.yml"])
def test_actions_are_pinned_to_a_major_version(name: str) -> None:
    used = [step["uses"] for step in steps(workflow(name)) if "uses" in step]
    assert used
    assert [
        each for each in used if not re.fullmatch(r"actions/[\w-]+@v\d+", each)
    ] == []


def test_only_the_job_that_publishes_may_write() -> None:
    found = workflow("pages.yml")
    assert found["permissions"] == {"contents": "read"}
    allowed = {name: job.get("permissions", {}) for name, job in found["jobs"].items()}
    writing = {name for name, granted in allowed.items() if "write" in granted.values()}
    assert writing == {"publish"}
    assert allowed["publish"] == {"pages": "write", "id-token": "write"}


def test_it_types_the_readme_s_commands() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    first = re.findall(r"^test -d \.venv \|\| .*$", readme, re.M)[0]
    commands = [step.get("run", "") for step in steps(workflow("pages.yml"))]
    (made,) = [each for each in commands if "pip install" in each]
    for part in re.findall(r"\.venv/bin/pip install .*?constraints\.txt", first):
        assert part in made
    (typed,) = re.findall(r"\.venv/bin/invoke (up .*)$", first, re.M)
    assert f".venv/bin/invoke {typed}" in made


def test_the_page_links_what_is_published(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="([^":]+)"', index))
    assert linked == {path.name for path in site.iterdir()} - {"index.html"}
    assert len(linked) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_read_and_followed(
    chromium: Browser, site: Path, scheme: str, width: int
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    with opened(chromium, site / "index.html", **options) as page:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_role("link").count() == 2
