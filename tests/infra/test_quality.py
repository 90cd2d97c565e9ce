import time
from pathlib import Path

import pytest

from infra import quality
from infra.errors import ConfigurationError, SparkifyError

# Of Python's own: what succeeds, what does not, and what nobody has
GOOD, BAD = ("json.tool", "--help"), ("json.tool", "nosuch.json")
MISSING = ("no_such_linter",)


def test_every_linter_runs_and_those_that_complain_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quality, "LANES", ((BAD, GOOD), (GOOD,)))
    with pytest.raises(SparkifyError) as told:
        quality.lint(tmp_path)
    assert str(told.value) == ("These complained, see above: json.tool nosuch.json.")
    printed = capsys.readouterr().out
    assert printed.count("  json.tool --help\n") == 2
    assert "No such file or directory: 'nosuch.json'" in printed
    monkeypatch.setattr(quality, "LANES", ((GOOD,), (GOOD, GOOD)))
    assert quality.lint(tmp_path) == 3


def test_a_linter_that_is_missing_is_told_before_any_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quality, "LANES", ((GOOD,), (MISSING,)))
    with pytest.raises(ConfigurationError, match="no_such_linter is not installed"):
        quality.lint(tmp_path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("body", "chosen", "told"),
    [
        ("pass", [], ""),
        ("assert False", [], "Tests failed"),
        ("pass", ["-k", "nothing"], "No test was selected"),
    ],
)
def test_what_pytest_says_is_told(
    body: str, chosen: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "test_one.py").write_text(f"def test_one():\n    {body}\n")
    if not told:
        quality.test(tmp_path, chosen)
        return
    with pytest.raises(SparkifyError, match=told):
        quality.test(tmp_path, chosen)


def test_after_an_interrupt_no_linter_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    def run(_: Path, *words: str) -> object:
        begun.append(words)
        time.sleep(0.5)
        raise KeyboardInterrupt

    monkeypatch.setattr(quality, "LANES", ((GOOD, GOOD, GOOD),))
    monkeypatch.setattr(quality, "_run", run)
    with pytest.raises(KeyboardInterrupt):
        quality.lint(tmp_path)
    assert len(begun) <= 2  # the one that was waiting may have begun by then
