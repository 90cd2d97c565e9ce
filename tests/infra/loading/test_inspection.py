import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import REPOSITORY
from landing_files import EVENT
from test_strict import EVENTS

from infra.loading import inspection
from infra.loading.inspection import Inspected, Workers, inspect, inspected
from infra.loading.strict import Strict

LINE = json.dumps(EVENT).encode()
STRICT = Strict(EVENTS)


def write(folder: Path, content: bytes, name: str = "a.json") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "clean_lines"),
    [
        (b"", 0),
        (LINE, 1),
        (LINE + b"\n", 1),
        (b"\n".join([LINE] * 5000), 5000),
        (b"\r\n".join([LINE] * 5000) + b"\r\n", 5000),
        (b"\n".join([LINE] * 5000) + b"\n\n", None),
        (b"\n" + LINE, None),
        (b"\n".join([*[LINE] * 5000, LINE[:-1]]), None),
        (b"\n".join([LINE[:-1], *[LINE] * 5000]), None),
        (b"\xef\xbb\xbf" + LINE, None),
        (b'{"x":"' + b"x" * 5_000_000, None),
    ],
)
def test_a_pass_counts_clean_lines_whatever_the_blocks(
    content: bytes,
    clean_lines: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write(tmp_path, content)
    for block in (1000, 4096, 1 << 20):
        monkeypatch.setattr(inspection, "BLOCK", block)
        found = inspect(path, STRICT, 0)
        assert found.digest == hashlib.sha256(content).hexdigest()
        assert found.size == len(content)
        assert (found.lines if found.is_clean else None) == clean_lines


def test_a_line_is_checked_as_one_whatever_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that stands on the edge of two blocks is one key all the same."""
    path = write(tmp_path, b"\n".join([LINE, LINE, LINE]))
    extra = LINE[:-1] + b', "x": 1}'
    odd = write(tmp_path, b"\n".join([LINE, extra, LINE]), "b.json")
    for size in range(1, len(LINE) + 20):
        monkeypatch.setattr(inspection, "BLOCK", size)
        assert inspect(path, STRICT, 0).is_clean
        assert not inspect(odd, STRICT, 0).is_clean


def test_a_file_that_changes_during_the_pass_has_no_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, LINE)
    look = inspection.Text.look

    def meddle(text: inspection.Text, block: bytes) -> None:
        look(text, block)
        with Path(path).open("ab") as file:
            file.write(b"\n")

    assert inspect(path, STRICT, 0).stamp
    monkeypatch.setattr(inspection.Text, "look", meddle)
    monkeypatch.setattr(inspection, "BLOCK", 1 << 20)
    path = write(tmp_path, LINE)

    def once(text: inspection.Text, block: bytes) -> None:
        meddle(text, block)
        monkeypatch.setattr(inspection.Text, "look", look)

    monkeypatch.setattr(inspection.Text, "look", once)
    assert inspect(path, STRICT, 0).stamp is None


def test_workers_find_what_this_process_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        write(tmp_path, b"\n".join([LINE] * number), f"ä{number} '.json")
        for number in range(7)
    ]
    paths.append(write(tmp_path, b"garbage", "bad.json"))
    paths.append(str(tmp_path / "absent.json"))
    here = list(inspected(REPOSITORY, EVENTS, paths, 0))
    monkeypatch.setattr(inspection, "WORTH_A_WORKER", 0)
    there = list(inspected(REPOSITORY, EVENTS, paths, 0))
    assert [_told(each) for each in there] == [_told(each) for each in here]
    assert isinstance(there[-1], FileNotFoundError)


def _told(found: Inspected | OSError) -> object:
    return found if isinstance(found, Inspected) else (type(found), found.errno)


def test_workers_end_with_the_block(tmp_path: Path) -> None:
    path = write(tmp_path, LINE)
    with Workers(REPOSITORY, 2, 0) as workers:
        processes = workers._processes
        assert list(workers.inspected(EVENTS, [path, path]))
        assert all(process.poll() is None for process in processes)
    assert all(process.poll() is not None for process in processes)


def test_a_worker_that_ends_early_is_an_error_and_no_hang(tmp_path: Path) -> None:
    path = write(tmp_path, LINE)
    with Workers(REPOSITORY, 1, 0) as workers:
        (process,) = workers._processes
        process.kill()
        process.wait()
        with pytest.raises((ChildProcessError, BrokenPipeError)):
            list(workers.inspected(EVENTS, [path]))


def test_a_worker_ends_when_its_parent_is_gone() -> None:
    workers = Workers(REPOSITORY, 1, 0)
    (process,) = workers._processes
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_a_worker_reads_requests_and_answers_each(tmp_path: Path) -> None:
    path = write(tmp_path, LINE)
    command = [sys.executable, "-m", "infra.loading.inspection"]
    request = json.dumps({"table": EVENTS.name, "path": path})
    done = subprocess.run(
        [*command, str(REPOSITORY), "0"],
        input=f"{request}\n{request}\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == second
    assert first["inspected"]["lines"] == 1


def test_a_worker_whose_answer_nobody_reads_ends_without_a_word(tmp_path: Path) -> None:
    path = write(tmp_path, LINE)
    command = [sys.executable, "-m", "infra.loading.inspection", str(REPOSITORY), "0"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        request = json.dumps({"table": EVENTS.name, "path": path})
        _, told = process.communicate(request.encode() + b"\n", timeout=20)
        assert told == b""
        assert process.returncode == -signal.SIGPIPE
