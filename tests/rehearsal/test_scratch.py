"""The rehearsal's own folder, ports and processes."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import yaml
from checkout import REPOSITORY, Checkout

from infra.errors import SparkifyError
from infra.rehearsal import children, ports, scratch
from infra.rehearsal.watchdog import Watchdog

WITHIN = 20.0  # seconds


def waits_for(file: Path) -> None:
    deadline = time.monotonic() + WITHIN
    while not file.exists():
        assert time.monotonic() < deadline, file
        time.sleep(0.02)


def ends(pid: int) -> bool:
    deadline = time.monotonic() + WITHIN
    while _lives(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A fresh checkout."""
    return Checkout.make(tmp_path / "checkout")


# The copy


def test_all_that_dbt_reads_is_copied() -> None:
    project = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
    paths = {
        each for name in project if name.endswith("-paths") for each in project[name]
    }
    assert paths
    assert paths <= {*scratch.PARTS}


def test_the_person_s_own_files_are_only_read(checkout: Checkout) -> None:
    (checkout.root / "profiles.yml").write_text("theirs")
    (checkout.root / "sparkify.duckdb").write_text("theirs")
    (checkout.root / "target").mkdir()
    (checkout.root / "target" / "theirs").touch()
    before = checkout.files()
    with scratch.taken(checkout.root) as place:
        copied = Checkout(place.project).files()
        assert place.home.is_dir()
        assert not [*place.home.iterdir()]
    assert copied.items() <= before.items()
    assert not copied.keys() & {"profiles.yml", "sparkify.duckdb", "target/theirs"}
    assert {"tasks.py", "infra/project.py", "dbt_project.yml"} <= copied.keys()
    now = checkout.files()
    new = now.keys() - before.keys()
    assert {name: now[name] for name in before} == before
    assert all(name.startswith(".sparkify/rehearsal/") for name in new)


def test_the_next_copy_is_new_but_for_what_dbt_has_parsed(checkout: Checkout) -> None:
    with scratch.taken(checkout.root) as place:
        for name in (
            "target/partial",
            "profiles.yml",
            ".sparkify/steps.json",
            "infra/x",
        ):
            (place.project / name).parent.mkdir(exist_ok=True)
            (place.project / name).touch()
        (place.home / "left").touch()
    with scratch.taken(checkout.root) as place:
        assert (place.project / "target" / "partial").exists()
        for name in ("profiles.yml", ".sparkify", "infra/x", "../home/left"):
            assert not (place.project / name).exists()


def test_a_second_rehearsal_of_a_checkout_is_a_sentence(checkout: Checkout) -> None:
    with (
        scratch.taken(checkout.root),
        pytest.raises(scratch.RehearsalBusy, match=rf"process {os.getpid()}\)"),
        scratch.taken(checkout.root),
    ):
        pass
    with scratch.taken(checkout.root) as place:
        assert place.project.is_dir()


# Ports


def test_a_port_that_is_taken_is_left_alone() -> None:
    with ports.listening(ports.AWS) as first, ports.listening(ports.AWS) as second:
        taken = [each.getsockname() for each in (first, second)]
        assert taken[0][0] == "127.0.0.1"
        assert taken[0] < taken[1]
        with pytest.raises(SparkifyError, match=r"All 1 ports .* are taken"):
            ports.listening([taken[0][1]])
    with ports.listening([taken[0][1]]) as again:
        assert again.getsockname() == taken[0]


def test_redshift_s_own_port_comes_first() -> None:
    assert ports.REDSHIFT[0] == 5439
    assert {*ports.REDSHIFT} == {*range(5431, 5456), *range(8191, 8216)}


# Children


def test_a_command_s_exit_code_comes_back(tmp_path: Path) -> None:
    variables = {"ASKED": "7"}
    script = "import os, sys; open('here', 'w'); sys.exit(int(os.environ['ASKED']))"
    assert children.run([sys.executable, "-c", script], tmp_path, variables) == 7
    assert (tmp_path / "here").exists()


STUBBORN = """
    import os, signal, subprocess, sys, time
    from pathlib import Path
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    below = subprocess.Popen(["sleep", "60"])
    Path("partial").write_text(f"{os.getpid()} {below.pid}")
    Path("partial").rename("pids")
    time.sleep(60)
"""


def test_ctrl_c_ends_what_was_started_even_if_it_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_SECONDS_TO_END", 0.1)
    pids = tmp_path / "pids"

    def interrupt() -> None:
        waits_for(pids)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    command = [sys.executable, "-c", textwrap.dedent(STUBBORN)]
    with pytest.raises(KeyboardInterrupt):
        children.run(command, tmp_path, os.environ)
    assert all(ends(int(pid)) for pid in pids.read_text().split())


PARENT = """
    import os, sys
    from pathlib import Path
    from infra.rehearsal import children
    children.run([sys.executable, "-c", sys.argv[1]], Path(sys.argv[2]), os.environ)
"""


def test_a_killed_parent_takes_all_children_along(tmp_path: Path) -> None:
    arguments = [textwrap.dedent(STUBBORN), str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), *arguments], cwd=REPOSITORY
    ) as parent:
        waits_for(tmp_path / "pids")
        parent.kill()
    pids = (tmp_path / "pids").read_text().split()
    assert all(ends(int(pid)) for pid in pids)


def test_a_watchdog_that_was_called_off_does_nothing(tmp_path: Path) -> None:
    with Watchdog('touch "$0"', tmp_path / "barked"):
        pass
    time.sleep(0.2)
    assert not (tmp_path / "barked").exists()
