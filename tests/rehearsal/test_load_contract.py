"""Every bad input of the contract on Redshift: packed, as DuckDB, or copied directly.

Packed, both engines come to the same to the last bit. Objects that Redshift copies
itself are seen by it alone: DIRECTLY is the whole of what is accepted to be different,
besides that rows have no line and rejects no text, and that of keys only those are
noted that stand at the beginning.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from landing_files import EVENTS, SONGS, check_table
from test_scenarios import CASES, MALFORMED, Case, Staged, check
from two_engines import LANDING, Cloud, Lab, opened

from infra.landing.files import LandedFile
from infra.landing.source import Source
from infra.loading import intake, redshift_session
from infra.loading.engine import REFUSED
from infra.loading.small import GZIP
from infra.rehearsal.standin import Standin

FIRST = b"\n"  # what ends the line that is seen of an object

Other = Callable[[Case], Case]


def whole(case: Case, reason: str = REFUSED) -> Case:
    """Nothing of the file is loaded: COPY fails, or has made rows of NULLs."""
    return replace(case, rows=(), rejects=(), refused=reason)


def null(case: Case) -> Case:
    """What lacks a key has a NULL, also where the key is one of identity."""
    return replace(case, rows=(*case.rows, 0), rejects=(), extra_keys=None)


def unnoted(case: Case) -> Case:
    """Keys that come later are not seen, nor which ones never come."""
    return replace(case, extra_keys=None, missing_keys=None)


def split(case: Case) -> Case:
    """What stands between objects is rejected, not the line with them."""
    return replace(case, rows=(*case.rows, 0))


def twofold(case: Case) -> Case:
    """The same, of two objects."""
    return split(split(case))


def also(column: str, reason: str, case: Case) -> Case:
    """A row that we take is rejected."""
    return replace(case, rows=case.rows[1:], rejects=((2, column, reason),), values={})


def called(column: str | None, reason: str, case: Case) -> Case:
    """A reject has another word, or a column."""
    rejects = tuple((line, column, reason) for line, _, _ in case.rejects)
    return replace(case, rejects=rejects)


no_ts = partial(also, "ts", "wrong_type")
DIRECTLY: dict[str, Other] = {
    "10 Latin-1": partial(called, "artist", "invalid_utf8"),
    "10 a surrogate as UTF-8": partial(called, "artist", "invalid_utf8"),
    "11 raw NUL byte": partial(called, None, MALFORMED),
    "12 escaped NUL in a key": null,
    "13 line of 5 MB": whole,
    "14 line of 20 MB": whole,
    "21 missing identity key": null,
    "21 other key missing throughout": unnoted,
    "22 extra keys": unnoted,
    "22 forged lineage": unnoted,
    "22 forged lineage in front": unnoted,
    "23 other case": null,
    "27 comma after an object": split,
    "29 garbage after an object": split,
    "27_29 garbage after two objects": twofold,
    "30 42": partial(called, None, MALFORMED),
    "30 a string": partial(called, None, MALFORMED),
    "31 null": partial(called, None, MALFORMED),
    "32 {}": partial(whole, reason="no_known_key"),
    "32 only foreign keys": partial(whole, reason="no_known_key"),
    "40 fraction": partial(called, "ts", "wrong_type"),
    "41 integral float": no_ts,
    "42 integral exponent": no_ts,
    "43 greatest BIGINT as a float": no_ts,
    "47 NaN": partial(called, None, MALFORMED),
    "48 Infinity": partial(called, None, MALFORMED),
    "56 lone surrogate": partial(called, "song", "invalid_utf8"),
    "56 lone surrogate in a key": null,
    "64 sessionId 139.0": partial(also, "sessionid", "wrong_type"),
    "68 binary": partial(called, None, MALFORMED),
    "70 key with blank": null,
    "F14 song without song_id": null,
    # No document says what COPY does, so the stand-in does nothing
    "12 escaped NUL": whole,
    "16 object for a string": whole,
    "17 array for a number": whole,
    "17 object for a number": whole,
    "18 array for a string": whole,
    "25 top-level array over lines": whole,
    "36 duplicate key": whole,
    "36 duplicate key behind a blank": whole,
    "36 duplicate key beside a blank elsewhere": whole,
    "36 duplicate key escaped": whole,
    "69 10,000-deep nesting": whole,
}


def loaded(lab: Lab, load: Callable[..., object]) -> Staged:
    """What a load of all cases makes of each, and that another one is nothing."""
    lab.good()
    for case in CASES.values():
        lab.put(case.name, case.content)
    load(max_rejects="1000")
    contents = lab.contents()
    for table in (EVENTS, SONGS):
        check_table(contents, table)
    assert lab.load().is_nothing
    return Staged(contents, f"s3://{LANDING}/{lab.name}/")


@pytest.fixture(scope="module", params=[intake.SMALL, 1], ids=["small", "large"])
def packed(
    request: pytest.FixtureRequest,
    aws: Cloud,
    standin: Standin,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Staged]:
    """All cases by way of this machine, as small files and as large ones."""
    root = tmp_path_factory.mktemp("packed")
    with opened(root, aws, standin) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "SMALL", request.param)
        yield loaded(lab, lab.both)


@pytest.fixture(scope="module")
def direct(
    aws: Cloud, standin: Standin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Staged]:
    """All cases as objects that Redshift copies; only their first line is seen here."""
    start_of = Source.start_of

    def first_line(source: Source, file: LandedFile) -> bytes:
        start = start_of(source, file)
        return start if start.startswith(GZIP) else start[: start.find(FIRST) + 1]

    root = tmp_path_factory.mktemp("direct")
    with opened(root, aws, standin) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setattr(redshift_session, "MEGABYTE", 0.001)  # so that one byte is enough
        patch.setattr(Source, "start_of", first_line)
        yield loaded(lab, lab.load)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_packed_each_bad_input_becomes_what_was_promised(
    case: Case, packed: Staged
) -> None:
    check(case, packed)
    rows, _, _ = packed.of(case.name)
    assert [row["_line"] for row in rows] == list(case.rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_directly_each_bad_input_becomes_that_or_what_is_accepted(
    name: str, direct: Staged
) -> None:
    case = CASES[name]
    expected = DIRECTLY[name](case) if name in DIRECTLY else case
    check(expected, direct)


def test_what_begins_well_is_copied_directly(direct: Staged) -> None:
    """Else nothing was tested of it."""
    lines = {
        name: {row["_line"] for row in direct.of(case.name)[0]}
        for name, case in CASES.items()
        if not case.refused
    }
    copied = [name for name, found in lines.items() if found == {None}]
    assert len(copied) > 60
    assert "33 .json.gz" in copied
    assert "6 UTF-8 BOM" not in copied


def test_the_differences_are_of_cases_that_there_are() -> None:
    assert DIRECTLY.keys() <= CASES.keys()
