import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.landing.files import LandedFile, RefusedFile
from infra.loading.ledger import Decisions, Ledger, Version, decide

KINDS = (
    *("new", "changed", "same", "touched", "returned", "duplicate", "gone"),
    *("pruned", "replaced", "forgotten", "refused", "still_refused"),
)
SIZES = {"empty": 0}  # of contents; all others are longer


def a_file(uri: str, etag: str, stamp: str = "") -> LandedFile:
    return LandedFile(uri, SIZES.get(etag, 10), 0.0, stamp, etag)


def a_version(
    uri: str,
    etag: str,
    status: str = "loaded",
    stamp: str = "",
    sample: str | None = None,
) -> Version:
    return Version(uri, etag, stamp, status, 1, sample)


def a_ledger(*versions: Version) -> Ledger:
    return Ledger(
        {each.uri: each for each in versions if each.status != "rejected"},
        {each.uri: each for each in versions if each.status == "rejected"},
    )


def told(made: Decisions) -> dict[str, list[str]]:
    """The uris of each decision that was made."""
    found = {
        kind: sorted(
            each
            if isinstance(each, str)
            else each.file.uri
            if hasattr(each, "file")
            else each.uri
            for each in getattr(made, kind)
        )
        for kind in KINDS
    }
    return {kind: uris for kind, uris in found.items() if uris}


class Case(NamedTuple):
    says: str
    before: tuple[Version, ...]
    files: tuple[LandedFile, ...]
    decided: dict[str, list[str]]
    refused: tuple[RefusedFile, ...] = ()
    options: dict[str, object] = {}  # noqa: RUF012 - nobody changes it


UNREADABLE = RefusedFile("a", "permission", "it cannot be read")
A_FOLDER = RefusedFile("d/", "permission", "the folder cannot be opened")

CASES = (
    Case("nothing is nothing", (), (), {}),
    Case("unknown is new", (), (a_file("a", "x"),), {"new": ["a"]}),
    Case(
        "known is same",
        (a_version("a", "x", stamp="1"),),
        (a_file("a", "x", "1"),),
        {"same": ["a"]},
    ),
    Case(
        "the same with other times is touched",
        (a_version("a", "x", stamp="1"),),
        (a_file("a", "x", "2"),),
        {"same": ["a"], "touched": ["a"]},
    ),
    Case(
        "the same changed a moment ago keeps its stamp",
        (a_version("a", "x", stamp="1"),),
        (a_file("a", "x", ""),),
        {"same": ["a"]},
    ),
    Case(
        "other content is changed and replaces",
        (a_version("a", "x"),),
        (a_file("a", "y"),),
        {"changed": ["a"], "replaced": ["a"]},
    ),
    Case(
        "of two with one content the first by name is new",
        (),
        (a_file("b", "x"), a_file("a", "x")),
        {"new": ["a"], "duplicate": ["b"]},
    ),
    Case(
        "what is staged comes before what is first by name",
        (a_version("b", "x"),),
        (a_file("a", "x"), a_file("b", "x")),
        {"same": ["b"], "duplicate": ["a"]},
    ),
    Case(
        "a duplicate stays one",
        (a_version("a", "x"), a_version("b", "x", "duplicate")),
        (a_file("a", "x"), a_file("b", "x")),
        {"same": ["a", "b"]},
    ),
    Case(
        "a duplicate with other times is touched",
        (a_version("a", "x"), a_version("b", "x", "duplicate", stamp="1")),
        (a_file("a", "x"), a_file("b", "x", "2")),
        {"same": ["a", "b"], "touched": ["b"]},
    ),
    Case(
        "a loaded file that becomes a duplicate loses its rows",
        (a_version("a", "x"), a_version("b", "y")),
        (a_file("a", "x"), a_file("b", "x")),
        {"same": ["a"], "duplicate": ["b"], "replaced": ["b"]},
    ),
    Case(
        "a duplicate whose original changes has its turn",
        (a_version("a", "x"), a_version("b", "x", "duplicate")),
        (a_file("a", "y"), a_file("b", "x")),
        {"changed": ["a"], "new": ["b"], "replaced": ["a", "b"]},
    ),
    Case(
        "a duplicate that changes is new",
        (a_version("a", "x"), a_version("b", "x", "duplicate")),
        (a_file("a", "x"), a_file("b", "y")),
        {"same": ["a"], "new": ["b"], "replaced": ["b"]},
    ),
    Case(
        "a duplicate that is gone is forgotten",
        (a_version("a", "x"), a_version("b", "x", "duplicate")),
        (a_file("a", "x"),),
        {"same": ["a"], "forgotten": ["b"]},
    ),
    Case(
        "with --duplicates=load each file is new",
        (),
        (a_file("a", "x"), a_file("b", "x")),
        {"new": ["a", "b"]},
        options={"load_duplicates": True},
    ),
    Case(
        "with --duplicates=load a duplicate has its turn",
        (a_version("a", "x"), a_version("b", "x", "duplicate")),
        (a_file("a", "x"), a_file("b", "x")),
        {"same": ["a"], "new": ["b"], "replaced": ["b"]},
        options={"load_duplicates": True},
    ),
    Case(
        "duplicates that were loaded stay loaded",
        (a_version("a", "x"), a_version("b", "x")),
        (a_file("a", "x"), a_file("b", "x")),
        {"same": ["a", "b"]},
    ),
    Case(
        "empty files are no duplicates",
        (a_version("a", "empty"),),
        (a_file("a", "empty"), a_file("b", "empty")),
        {"same": ["a"], "new": ["b"]},
    ),
    Case(
        "swapped contents are two changes",
        (a_version("a", "x"), a_version("b", "y")),
        (a_file("a", "y"), a_file("b", "x")),
        {"changed": ["a", "b"], "replaced": ["a", "b"]},
    ),
    Case("gone is gone", (a_version("a", "x"),), (), {"gone": ["a"]}),
    Case("gone before is no news", (a_version("a", "x", "gone"),), (), {}),
    Case(
        "gone and back is returned",
        (a_version("a", "x", "gone"),),
        (a_file("a", "x"),),
        {"returned": ["a"]},
    ),
    Case(
        "gone and back with other content is changed",
        (a_version("a", "x", "gone"),),
        (a_file("a", "y"),),
        {"changed": ["a"], "replaced": ["a"]},
    ),
    Case(
        "a renamed file is gone, and a duplicate under its new name",
        (a_version("a", "x"),),
        (a_file("b", "x"),),
        {"gone": ["a"], "duplicate": ["b"]},
    ),
    Case(
        "a renamed file is loaded anew when the old one is pruned",
        (a_version("a", "x"),),
        (a_file("b", "x"),),
        {"pruned": ["a"], "new": ["b"]},
        options={"prune": True},
    ),
    Case(
        "--prune drops those that just went and those that went before",
        (a_version("a", "x"), a_version("b", "y", "gone"), a_version("c", "z")),
        (a_file("c", "z"),),
        {"pruned": ["a", "b"], "same": ["c"]},
        options={"prune": True},
    ),
    Case(
        "--prune gives a duplicate its turn",
        (a_version("a", "x", "gone"), a_version("b", "x", "duplicate")),
        (a_file("b", "x"),),
        {"pruned": ["a"], "new": ["b"], "replaced": ["b"]},
        options={"prune": True},
    ),
    Case(
        "files of a sample that was replaced are pruned by themselves",
        (a_version("a", "x", sample="one"), a_version("b", "y", "gone", sample="one")),
        (a_file("c", "z"),),
        {"pruned": ["a", "b"], "new": ["c"]},
        options={"sample": "other"},
    ),
    Case(
        "files of a sample that real files replaced are pruned by themselves",
        (a_version("a", "x", sample="one"),),
        (a_file("c", "z"),),
        {"pruned": ["a"], "new": ["c"]},
    ),
    Case(
        "files gone from the sample that still lies there are kept",
        (a_version("a", "x", sample="one"),),
        (),
        {"gone": ["a"]},
        options={"sample": "one"},
    ),
    Case(
        "a file of two samples is staged anew, to belong to the later one",
        (a_version("a", "x", sample="one"),),
        (a_file("a", "x"),),
        {"changed": ["a"], "replaced": ["a"]},
        options={"sample": "other"},
    ),
    Case(
        "a file of two samples may say what another of the later one says",
        (a_version("b", "x", sample="one"), a_version("a", "x", sample="other")),
        (a_file("a", "x"), a_file("b", "x")),
        {"same": ["a"], "duplicate": ["b"], "replaced": ["b"]},
        options={"sample": "other"},
    ),
    Case(
        "real files that a sample replaced are kept",
        (a_version("a", "x"),),
        (a_file("c", "z"),),
        {"gone": ["a"], "new": ["c"]},
        options={"sample": "one"},
    ),
    Case(
        "what cannot be read is refused",
        (),
        (),
        {"refused": ["a"]},
        refused=(UNREADABLE,),
    ),
    Case(
        "what still cannot be read is no news",
        (a_version("a", "permission", "rejected"),),
        (),
        {"still_refused": ["a"]},
        refused=(UNREADABLE,),
    ),
    Case(
        "what cannot be read any more keeps its rows, also with --prune",
        (a_version("a", "x"),),
        (),
        {"refused": ["a"]},
        refused=(UNREADABLE,),
        options={"prune": True, "sample": "other"},
    ),
    Case(
        "what cannot be read is still the original of its duplicates",
        (a_version("a", "x"),),
        (a_file("b", "x"),),
        {"refused": ["a"], "duplicate": ["b"]},
        refused=(UNREADABLE,),
    ),
    Case(
        "what another reason keeps from being read is refused anew, once",
        (a_version("a", "utf16", "rejected"),),
        (),
        {"refused": ["a"], "forgotten": ["a"]},
        refused=(UNREADABLE,),
    ),
    Case(
        "what can be read again is loaded, and its reject forgotten",
        (a_version("a", "permission", "rejected"),),
        (a_file("a", "x"),),
        {"new": ["a"], "forgotten": ["a"]},
    ),
    Case(
        "what can be read again and is as it was is the same",
        (a_version("a", "x"), a_version("a", "permission", "rejected")),
        (a_file("a", "x"),),
        {"same": ["a"], "forgotten": ["a"]},
    ),
    Case(
        "a reject whose file is gone is forgotten",
        (a_version("a", "permission", "rejected"),),
        (),
        {"forgotten": ["a"]},
    ),
    Case(
        "nothing below a folder that cannot be opened is gone",
        (
            a_version("d/a", "x"),
            a_version("d/b", "x", "duplicate"),
            a_version("d/c", "utf16", "rejected"),
            a_version("e", "y"),
        ),
        (),
        {"refused": ["d/"], "gone": ["e"]},
        refused=(A_FOLDER,),
    ),
    Case(
        "a folder that can be opened again is as it was",
        (a_version("d/", "permission", "rejected"), a_version("d/a", "x")),
        (a_file("d/a", "x"),),
        {"same": ["d/a"], "forgotten": ["d/"]},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
def test_each_file_has_its_decision(case: Case) -> None:
    for reorder in (list, reversed):
        made = decide(
            a_ledger(*case.before),
            list(reorder(case.files)),
            case.refused,
            **case.options,  # type: ignore[arg-type]
        )
        assert told(made) == case.decided


def test_a_file_that_is_refused_after_all_takes_its_copies_along() -> None:
    """Of what was loaded of them before, nothing goes."""
    before = [
        Version("a", "1", "", "loaded", 1, None),
        Version("b", "2", "", "loaded", 1, None),
        Version("d", "5", "", "loaded", 1, None),
    ]
    ledger = Ledger({each.uri: each for each in before}, {})
    files = [
        LandedFile(uri, 9, 0.0, "", etag)
        for uri, etag in (("a", "9"), ("b", "9"), ("c", "3"), ("d", "4"), ("e", "9"))
    ]
    made = decide(ledger, files, [])
    assert [each.file.uri for each in made.duplicate] == ["b", "e"]
    made.refuse(RefusedFile("a", "no", "why", "9"))
    assert made.refused == [RefusedFile(uri, "no", "why", "9") for uri in "abe"]
    assert [file.uri for file in made.to_load] == ["c", "d"]
    assert made.duplicate == []
    assert [each.uri for each in made.replaced] == ["d"]


def test_what_was_refused_for_its_content_is_known_by_it() -> None:
    refused = RefusedFile("a", "no", "why", "9")
    ledger = Ledger({}, {"a": Version("a", "9", "", "rejected", 1, None)})
    again = decide(ledger, [], [refused])
    assert (again.refused, again.still_refused) == ([], ["a"])
    other = decide(ledger, [], [refused._replace(etag="8")])
    assert (other.refused, other.still_refused) == ([refused._replace(etag="8")], [])
    listed = decide(ledger, [LandedFile("a", 9, 0.0, "", "9")], [])
    assert (listed.to_load, listed.still_refused) == ([], ["a"])


def test_duplicates_and_gone_files_of_earlier_loads_are_counted() -> None:
    before = a_ledger(
        a_version("a", "x"),
        a_version("b", "x", "duplicate"),
        a_version("c", "y", "gone"),
    )
    made = decide(before, [a_file("a", "x"), a_file("b", "x")], [])
    assert (made.known_duplicates, made.known_gone) == (1, 1)
    assert made.is_nothing


def test_a_duplicate_names_its_original() -> None:
    made = decide(
        a_ledger(a_version("m", "x")), [a_file("m", "x"), a_file("a", "x")], []
    )
    assert [(each.file.uri, each.original) for each in made.duplicate] == [("a", "m")]


# Over time


@dataclass
class Warehouse:
    """What recording keeps of decisions, as plainly as it can be said."""

    versions: list[Version] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)  # uri and content
    loads: int = 0
    sample: str | None = None

    @property
    def ledger(self) -> Ledger:
        return a_ledger(*self.versions)

    def load(
        self,
        files: Iterable[LandedFile],
        refused: Iterable[RefusedFile],
        *,
        load_duplicates: bool = False,
        prune: bool = False,
    ) -> Decisions:
        made = decide(
            self.ledger,
            files,
            refused,
            load_duplicates=load_duplicates,
            prune=prune,
            sample=self.sample,
        )
        self.loads += 1
        for version in [*made.replaced, *made.pruned, *made.forgotten]:
            self.versions.remove(version)  # fails where it goes twice
        for version in [*made.replaced, *made.pruned]:
            if version.status != "duplicate":
                self.rows.remove((version.uri, version.etag))
        for version in made.gone:
            self._becomes(version, "gone")
        live = self.ledger.live
        for file in made.returned:
            self._becomes(live[file.uri], "loaded")
        for file in made.touched:
            version = live[file.uri]
            self.versions[self.versions.index(version)] = version._replace(
                stamp=file.stamp
            )
        for file in made.to_load:
            self._add(file.uri, file.etag or "", file.stamp, "loaded")
            self.rows.append((file.uri, file.etag or ""))
        for each in made.duplicate:
            self._add(each.file.uri, each.file.etag or "", each.file.stamp, "duplicate")
        for refusal in made.refused:
            self._add(refusal.uri, refusal.reason, "", "rejected")
        return made

    def _becomes(self, version: Version, status: str) -> None:
        self.versions[self.versions.index(version)] = version._replace(status=status)

    def _add(self, uri: str, etag: str, stamp: str, status: str) -> None:
        self.versions.append(Version(uri, etag, stamp, status, self.loads, self.sample))

    def is_sound(self) -> None:
        """Holds what must be true after every load."""
        live = [each for each in self.versions if each.status != "rejected"]
        assert max(Counter(each.uri for each in live).values(), default=1) == 1
        rejected = [each.uri for each in self.versions if each.status == "rejected"]
        assert max(Counter(rejected).values(), default=1) == 1
        staged = [
            (each.uri, each.etag) for each in live if each.status in ("loaded", "gone")
        ]
        assert sorted(staged) == sorted(self.rows)


URIS = ("a", "b", "d/a", "d/b", "e")
CONTENTS = ("x", "y", "z", "empty")
REASONS = ("permission", "utf16")


@dataclass
class Landing:
    """Files as time goes by; `closed` is a folder nobody may open."""

    contents: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)
    closed: bool = False
    ticks: int = 0

    def files(self) -> list[LandedFile]:
        return [
            a_file(uri, etag, self.stamps[uri])
            for uri, etag in self.contents.items()
            if self.is_seen(uri)
        ]

    def refusals(self) -> list[RefusedFile]:
        found = [
            RefusedFile(uri, reason, "no")
            for uri, reason in self.refused.items()
            if uri in self.contents and not (self.closed and uri.startswith("d/"))
        ]
        return [*found, A_FOLDER] if self.closed else found

    def is_seen(self, uri: str) -> bool:
        return uri not in self.refused and not (self.closed and uri.startswith("d/"))

    def happens(self, what: str, uri: str, other: str, word: str) -> None:
        self.ticks += 1
        contents = self.contents
        if what == "put":
            contents[uri] = word
        elif what == "vanish":
            contents.pop(uri, None)
            self.refused.pop(uri, None)
        elif what == "swap" and uri in contents and other in contents:
            contents[uri], contents[other] = contents[other], contents[uri]
        elif what == "copy" and uri in contents:
            contents[other] = contents[uri]
        elif what == "rename" and uri in contents:
            contents[other] = contents.pop(uri)
        elif what == "refuse" and uri in contents:
            self.refused[uri] = REASONS[self.ticks % 2]
        elif what == "mend":
            self.refused.pop(uri, None)
        elif what == "folder":
            self.closed = not self.closed
        for each in {uri, other} & contents.keys():
            self.stamps[each] = str(self.ticks)
        for each in contents:
            self.stamps.setdefault(each, "0")


events = st.tuples(
    st.sampled_from(
        ("put", "put", "vanish", "swap", "copy", "rename", "refuse", "mend", "folder")
    ),
    st.sampled_from(URIS),
    st.sampled_from(URIS),
    st.sampled_from(CONTENTS),
)
days = st.lists(st.tuples(st.lists(events, max_size=4), st.booleans()), max_size=12)


@settings(max_examples=400, deadline=None)
@given(days=days, seed=st.randoms(use_true_random=False))
def test_whatever_happens_each_content_is_staged_once(
    days: list[tuple[list[tuple[str, str, str, str]], bool]], seed: random.Random
) -> None:
    landing, warehouse = Landing(), Warehouse()
    for happened, prune in days:
        for event in happened:
            landing.happens(*event)
        files, refused = landing.files(), landing.refusals()
        seed.shuffle(files)
        seed.shuffle(refused)
        kept = dict(warehouse.ledger.live)
        made = warehouse.load(files, refused, prune=prune)
        warehouse.is_sound()
        holds(landing, warehouse, prune=prune)
        pruned_exactly_gone(kept, landing, warehouse, prune=prune)
        again = decide(warehouse.ledger, files, refused, prune=prune)
        assert again.is_nothing
        assert set(again.touched) <= set(made.returned)  # read once more, no harm


def holds(landing: Landing, warehouse: Warehouse, *, prune: bool) -> None:
    """Every content that can be seen is staged once, and by a file that has it."""
    staged = Counter(etag for _, etag in warehouse.rows if etag != "empty")
    assert max(staged.values(), default=1) == 1
    live = warehouse.ledger.live
    for file in landing.files():
        assert live[file.uri].etag == file.etag
        assert live[file.uri].status in ("loaded", "duplicate")
        if file.size:
            assert staged[file.etag or ""] == 1
        else:
            assert (file.uri, "empty") in warehouse.rows
    rejected = warehouse.ledger.rejected
    assert {uri: each.etag for uri, each in rejected.items() if uri != "d/"} == {
        each.uri: each.reason for each in landing.refusals() if each.uri != "d/"
    } | {
        uri: each.etag
        for uri, each in rejected.items()
        if landing.closed and uri.startswith("d/") and uri != "d/"
    }
    for uri, version in live.items():
        if version.status == "gone":  # a file nobody can look into may be back
            nobody_looks = landing.closed and uri.startswith("d/")
            assert not prune or nobody_looks or uri in landing.refused


def pruned_exactly_gone(
    before: dict[str, Version], landing: Landing, warehouse: Warehouse, *, prune: bool
) -> None:
    """A file that nobody sees any more keeps its rows, until it is pruned."""
    rows = dict(warehouse.rows)
    for uri, version in before.items():
        is_unseen = (landing.closed and uri.startswith("d/")) or (
            uri in landing.contents and uri in landing.refused
        )
        if version.status == "duplicate" or (uri in landing.contents and not is_unseen):
            continue
        assert (rows.get(uri) == version.etag) is (is_unseen or not prune)


@settings(max_examples=150, deadline=None)
@given(happened=st.lists(events, max_size=8), duplicates=st.booleans())
def test_the_order_of_files_and_of_loads_does_not_matter(
    happened: list[tuple[str, str, str, str]], duplicates: bool
) -> None:
    landing = Landing()
    for event in happened:
        landing.happens(*event)
    at_once, by_and_by = Warehouse(), Warehouse()
    at_once.load(landing.files(), landing.refusals(), load_duplicates=duplicates)
    for count in range(len(landing.files()) + 1):
        by_and_by.load(landing.files()[:count], [], load_duplicates=duplicates)
    by_and_by.load(landing.files(), landing.refusals(), load_duplicates=duplicates)
    if duplicates:
        assert sorted(at_once.rows) == sorted(by_and_by.rows)
    assert sorted(etag for _, etag in at_once.rows) == sorted(
        etag for _, etag in by_and_by.rows
    )


@settings(max_examples=150, deadline=None)
@given(
    first=st.dictionaries(st.sampled_from(URIS), st.sampled_from(CONTENTS)),
    second=st.dictionaries(st.sampled_from(URIS), st.sampled_from(CONTENTS)),
    sample=st.sampled_from((None, "other")),
)
def test_of_a_sample_that_was_replaced_nothing_is_left(
    first: dict[str, str], second: dict[str, str], sample: str | None
) -> None:
    warehouse = Warehouse(sample="one")
    warehouse.load([a_file(*each) for each in first.items()], [])
    warehouse.sample = sample
    warehouse.load([a_file(*each) for each in second.items()], [])
    warehouse.is_sound()
    assert {uri for uri, _ in warehouse.rows} <= second.keys()
    assert {etag for _, etag in warehouse.rows} == set(second.values())
