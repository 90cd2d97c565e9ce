"""`invoke rehearse` as it is typed: there and back, and every way it may end."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import psycopg2  # type: ignore[import-untyped] # it comes without
import pytest
from checkout import Checkout, invoke_command

from infra.errors import ConfigurationError
from infra.landing import simulator
from infra.rehearsal import rehearse
from infra.rehearsal.postgres import PostgresMissing, binaries
from infra.rehearsal.steps import RehearsalFailed, Steps

TINY = simulator.Plan(users=5, songs=20, days=2, seed=1, match_rate=0.5)
WITHIN = 900.0  # seconds; machines may be busy
BANNER = "REHEARSAL: no AWS, nothing costs"
STEPS = (
    *("raw files", "invoke check", "invoke up", "invoke load", "invoke build"),
    *("invoke verify", "invoke docs", "invoke status", "invoke pause"),
    *("invoke resume", "invoke load", "invoke down", "invoke leftovers"),
)


@pytest.fixture(autouse=True)
def _binaries() -> None:
    try:
        binaries()
    except PostgresMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where all that is temporary goes; PostgreSQL's user gets there, too."""
    folder = Path(tempfile.mkdtemp(prefix="of-a-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample that takes little time."""
    folder = tmp_path_factory.mktemp("landing") / "tiny"
    simulator.generate(folder, TINY)
    return folder


@dataclass
class Going:
    """A rehearsal that goes on, in a checkout of its own."""

    checkout: Checkout
    temporary: Path
    process: subprocess.Popen[str]

    @classmethod
    def start(
        cls, folder: Path, temporary: Path, *words: str, env: Mapping[str, str] = {}
    ) -> "Going":
        checkout = Checkout.make(folder / "checkout")
        untested(checkout)
        variables = checkout.environment({"TMPDIR": str(temporary), **env})
        with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
            process = subprocess.Popen(
                invoke_command("rehearse", *words),
                cwd=checkout.root,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
            )
        return cls(checkout, temporary, process)

    def told(self, name: str = "out") -> str:
        return (self.checkout.root.parent / name).read_text()

    def comes_to(self, text: str) -> None:
        """Waits until it says this."""
        deadline = time.monotonic() + WITHIN
        while text not in self.told():
            assert self.process.poll() is None, self.told() + self.told("err")
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.1)

    def has_sql(self) -> None:
        """Waits until there is a PostgreSQL."""
        deadline = time.monotonic() + WITHIN
        while not [*self.temporary.glob("rehearsal-*/data/postmaster.pid")]:
            assert self.process.poll() is None, self.told() + self.told("err")
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.1)

    def ended(self) -> int:
        """Its exit code, once nothing of it is left."""
        code = self.process.wait(WITHIN)
        deadline = time.monotonic() + 20
        while found := [*self._left()]:
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return code

    def _left(self) -> Iterator[str]:
        """Processes and folders."""
        yield from map(str, self.temporary.glob("rehearsal-*"))
        places = str(self.temporary), str(self.checkout.root)
        for each in Path("/proc").glob("[0-9]*"):
            try:
                told = f"{each.joinpath('cwd').readlink()} "
                told += each.joinpath("cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            if any(place in told for place in places):
                yield f"{each.name}: {told}"


@dataclass
class Trap:
    """Whatever comes here was to be kept from going anywhere."""

    came: list[str] = field(default_factory=list)

    def __enter__(self) -> "Trap":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._watch, daemon=True).start()
        return self

    def _watch(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.came.append(connection.recv(200).decode(errors="replace"))

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def person(self, home: Path) -> dict[str, str]:
        """The variables and files of somebody whose every way leads here."""
        keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
        text = f"[default]\n{keys}region = eu-west-1\nendpoint_url = {self.url}\n"
        (home / ".aws").mkdir()
        for name in ("config", "credentials"):
            (home / ".aws" / name).write_text(text)
        return {
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            **dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"), self.url),
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY"), self.url),
            "INVOKE_SPARKIFY_STACK": "production",
            "INVOKE_SPARKIFY_COPY_FROM": "s3://elsewhere",
            "DBT_TARGET": "local",
        }


def untested(checkout: Checkout) -> None:
    """Leaves dbt's tests of the data out: other tests of ours run them."""
    with (checkout.root / "dbt_project.yml").open("a") as file:
        file.write("data_tests: { sparkify: { +enabled: false } }\n")


@pytest.mark.slow  # CI rehearses by itself
def test_there_and_back_with_a_stop_to_look_around(
    tmp_path: Path, temporary: Path, landing: Path
) -> None:
    with Trap() as trap:
        home = tmp_path / "home"
        home.mkdir()
        env = trap.person(home)
        going = Going.start(
            tmp_path, temporary, "--keep", "--landing", str(landing), env=env
        )
        before = going.checkout.files()
        going.comes_to("until you press Ctrl-C here")
        looked_around(going)
        going.process.send_signal(signal.SIGINT)
        assert going.ended() == 0, going.told() + going.told("err")
        assert trap.came == []
    told = going.told()
    for number, name in enumerate(STEPS, 1):
        assert f"{BANNER}  {number} of {len(STEPS)}: {name}" in told
    assert told.count(BANNER) == 2 * len(STEPS)
    for sentence in (
        "all 12 are well",
        "made or changed 18 of 18 parts",
        "it answers",
        "nothing new in",
        "deleted 18; nothing is left that costs",
        "nothing is there",
        "rehearse  13 steps: ",
    ):
        assert sentence in told
    assert "sparkify-dev" in told
    assert "production" not in told
    assert going.told("err") == ""
    after = going.checkout.files()
    assert {name: after[name] for name in before} == before
    new = {name for name in after.keys() - before.keys() if "__pycache__" not in name}
    assert all(name.startswith(".sparkify/rehearsal/") for name in new)


def looked_around(going: Going) -> None:
    """A person with the variables can use the tasks and any client of PostgreSQL."""
    file = going.checkout.root / ".sparkify" / "rehearsal" / "environment.sh"
    there = subprocess.run(
        ["sh", "-c", '. "$0"; env', file], check=True, capture_output=True, text=True
    ).stdout
    variables = dict(line.split("=", 1) for line in there.splitlines())
    statement = "select count(*) from songplays"
    told = subprocess.run(
        invoke_command("sql", "--csv", statement),
        cwd=file.parent / "project",
        env=variables,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    with closing(
        psycopg2.connect(
            host=variables["PGHOST"],
            port=variables["PGPORT"],
            dbname=variables["PGDATABASE"],
            user=variables["PGUSER"],
            password=variables["PGPASSWORD"],
            sslmode=variables["PGSSLMODE"],
            sslrootcert=variables["PGSSLROOTCERT"],
        )
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("select count(*) from sparkify.songplays")
        ((count,),) = cursor.fetchall()
    assert count > 0
    assert told.split()[-1] == str(count)


@pytest.mark.slow
def test_a_step_that_fails_ends_it_and_leaves_nothing(
    tmp_path: Path, temporary: Path, landing: Path
) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(landing, bad)
    (bad / "truth.json").unlink()
    (bad / "log_data" / "bad.json").write_text("no JSON\n" * 100)
    going = Going.start(tmp_path, temporary, "--landing", str(bad))
    assert going.ended() == 1
    assert "rehearse: `invoke load` failed with exit code 1, see above" in (
        going.told("err")
    )
    rows = [line.split() for line in going.told().splitlines()]
    assert ["invoke", "load", "failed"] in [row[:3] for row in rows]
    assert "invoke build" not in going.told().replace("next: invoke build", "")


def test_ctrl_c_ends_it_and_all_that_it_started(
    tmp_path: Path, temporary: Path, landing: Path
) -> None:
    going = Going.start(tmp_path, temporary, "--landing", str(landing))
    going.has_sql()
    going.process.send_signal(signal.SIGINT)
    assert going.ended() == 130
    assert going.told("err").splitlines()[-1] == "rehearse: interrupted."
    rows = [line.split() for line in going.told().splitlines()]
    assert "interrupted" in [row[-2] for row in rows if row[:2] == ["invoke", "up"]]


@pytest.mark.slow
def test_a_kill_ends_all_that_it_started(
    tmp_path: Path, temporary: Path, landing: Path
) -> None:
    going = Going.start(tmp_path, temporary, "--landing", str(landing))
    going.has_sql()
    going.process.kill()
    assert going.ended() == -signal.SIGKILL


def test_a_landing_that_is_none_is_a_sentence(tmp_path: Path, temporary: Path) -> None:
    going = Going.start(tmp_path, temporary, "--landing", "nowhere")
    assert going.ended() == 2
    assert going.told("err").strip() == (
        "rehearse: --landing nowhere: must be a folder here."
    )


def test_a_folder_without_raw_files_is_a_sentence(
    tmp_path: Path, temporary: Path
) -> None:
    going = Going.start(tmp_path, temporary, "--landing", str(temporary))
    assert going.ended() == 1
    assert "--landing must name a folder with song_data and log_data" in (
        going.told("err")
    )


# What it needs, and what it does not let pass


@pytest.mark.parametrize("module", ["moto", "dbt.adapters.redshift", "sqlglot"])
def test_without_the_extra_it_says_what_to_install(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rehearse, "find_spec", lambda name: None if name == module else find_spec(name)
    )
    with pytest.raises(ConfigurationError) as caught:
        rehearse.refuse_missing()
    assert str(caught.value) == (
        f"A rehearsal needs its stand-ins ({module} is not installed): "
        'pip install -e ".[rehearsal]" -c constraints.txt.'
    )


def test_a_module_in_a_package_that_is_not_there_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rehearse, "NEEDED", ("there.is.none",))
    with pytest.raises(ConfigurationError, match=r"there\.is\.none is not installed"):
        rehearse.refuse_missing()


def a_rehearsal(**answers: object) -> Any:  # noqa: ANN401 - as much of one as is asked
    asked = {name: lambda answer=answer: answer for name, answer in answers.items()}
    return SimpleNamespace(**asked)


def test_a_star_that_differs_from_the_sample_s_truth_fails(landing: Path) -> None:
    rehearse._refuse_untrue({"songs": 20, "another": 7}, landing)
    with pytest.raises(RehearsalFailed, match="songs has 19 rows, not 20"):
        rehearse._refuse_untrue({"songs": 19}, landing)


def test_of_files_that_were_not_simulated_nothing_is_known(tmp_path: Path) -> None:
    rehearse._refuse_untrue({"songs": 19}, tmp_path)


@pytest.mark.parametrize(
    ("counts", "ended", "told"),
    [
        ({"songs": 19}, {"nothing"}, "The pause changed the star"),
        ({"songs": 20}, {"nothing", "ok"}, "was to find nothing new"),
    ],
)
def test_a_pause_that_costs_data_fails(
    counts: dict[str, int], ended: set[str], told: str
) -> None:
    sound = a_rehearsal(counts={"songs": 20}, last_load={"nothing"})
    rehearse._refuse_forgetful(sound, {"songs": 20})
    with pytest.raises(RehearsalFailed, match=told):
        rehearse._refuse_forgetful(
            a_rehearsal(counts=counts, last_load=ended), {"songs": 20}
        )


def test_what_down_forgets_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, landing: Path
) -> None:
    things = iter([{"bucket a"}, {"bucket a", "role left"}])
    running = a_rehearsal(counts={}, last_load={"nothing"}, put=1)
    running.things = lambda: next(things)
    running.put = lambda *_: 1
    running.settings = SimpleNamespace(copy_from="s3://raw")
    monkeypatch.setattr(rehearse, "_invoke", lambda *_: None)
    with pytest.raises(RehearsalFailed, match=r"left 1 things .*: role left"):
        rehearse._rehearsed(running, Steps(0), tmp_path, keep=False)
    assert landing.exists()


def test_steps_are_told_with_how_they_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = Steps(2)
    with steps.step("one"):
        pass
    with pytest.raises(KeyboardInterrupt), steps.step("two [x]"):
        raise KeyboardInterrupt
    steps.report()
    told = capsys.readouterr().out
    assert f"{BANNER}  1 of 2: one" in told
    assert f"{BANNER}  two [x]: interrupted after 0.0 s" in told
    assert [(each.name, each.outcome) for each in steps.done] == [
        *(("one", "ok"), ("two [x]", "interrupted")),
    ]
