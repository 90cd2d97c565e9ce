"""What the first bytes of a large object tell of it."""

import gzip

import pytest
from landing_files import EVENTS
from test_scenarios import event, without

from infra.landing.files import LandedFile, RefusedFile
from infra.loading import heads
from infra.loading.heads import Head, judged, uncopied

E = event(ts=1)
LINES = b"\n".join([E] * 3)


def of(start: bytes, name: str = "a.json") -> Head | RefusedFile | None:
    return judged(LandedFile(name, len(start), 0.0, "", "e-1"), start, EVENTS)


def test_good_lines_may_be_copied() -> None:
    assert of(LINES) == Head(is_packed=False, extra_keys=[])
    assert of(b"\n\n " + LINES) == Head(is_packed=False, extra_keys=[])


def test_the_last_line_is_not_judged_for_it_may_go_on() -> None:
    assert of(LINES + b"\n" + E[:100]) == Head(is_packed=False, extra_keys=[])
    assert of(E) is None
    assert of(b"") is None


@pytest.mark.parametrize("cut", [1000, None])
def test_packed_lines_may_be_too_also_where_only_a_part_is_seen(
    cut: int | None,
) -> None:
    packed = gzip.compress(LINES * 50, 0)[:cut]
    for name in ("a.json", "a.json.gz"):
        assert of(packed, name) == Head(is_packed=True, extra_keys=[])


def test_new_keys_are_noted_and_no_reason_to_read_it_here() -> None:
    found = of(event(b=1) + b"\n" + event(a=1) + b"\n")
    assert found == Head(is_packed=False, extra_keys=["a", "b"])


@pytest.mark.parametrize(
    "odd",
    [
        b"\xef\xbb\xbf" + LINES,
        b"[" + LINES,
        b"{}\n" + LINES,
        b"\n" + b" " * 100 + b"\n",
        without({"ts": 1, "sessionId": 1, "itemInSession": 1}, "ts") + b"\n" + LINES,
        event(status="x") + b"\n",
        E.replace(b"{", b"{\n", 1)[:200] + b"\n" + E[200:220],
        LINES.replace(b"\n", b"\r"),
    ],
)
def test_what_is_odd_is_to_be_read_here(odd: bytes) -> None:
    assert of(odd) is None
    assert of(gzip.compress(odd)) is None


@pytest.mark.parametrize(
    ("start", "name", "reason"),
    [
        (LINES.decode().encode("utf-16"), "a.json", "utf16"),
        (gzip.compress(LINES.decode().encode("utf-16-le")), "a.json", "utf16"),
        (LINES, "a.JSON.GZ", "not_gzip"),
        (b"\x1f\x8b" + LINES, "a.json", "bad_gzip"),
    ],
)
def test_what_no_one_could_read_is_refused(
    start: bytes, name: str, reason: str
) -> None:
    found = of(start, name)
    assert isinstance(found, RefusedFile)
    assert (found.uri, found.reason, found.etag) == (name, reason, None)


def test_no_more_is_unpacked_than_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(LINES + b"\n{}\n")
    assert of(packed) is None
    monkeypatch.setattr(heads, "MOST", len(LINES))
    assert of(packed)


def test_what_cannot_be_copied_is_known_by_another_name_than_its_etag() -> None:
    assert uncopied("e-1") != "e-1"
    assert uncopied("e-1") != uncopied("e-2")
