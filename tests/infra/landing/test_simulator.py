import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import infra
from infra.errors import ConfigurationError, LandingError
from infra.landing.simulator import Plan, generate, is_simulated, remove, vocabulary

Record = dict[str, Any]

REPOSITORY = Path(infra.__file__).parents[1]
SMALL = Plan(users=12, songs=60, days=4)
# ruff: noqa: SIM905  a list of keys reads better as text
EVENT_KEYS = (
    "artist auth firstName gender itemInSession lastName length level location method "
    "page registration sessionId song status ts userAgent userId"
).split()
SONG_KEYS = (
    "artist_id artist_latitude artist_location artist_longitude artist_name duration "
    "num_songs song_id title year"
).split()
REQUESTS = {
    **dict.fromkeys(("Login", "Logout", "Save Settings"), ("PUT", 307)),
    **dict.fromkeys(("Submit Upgrade", "Submit Downgrade"), ("PUT", 307)),
    **dict.fromkeys(("Home", "Settings", "Help", "About"), ("GET", 200)),
    **dict.fromkeys(("Upgrade", "Downgrade"), ("GET", 200)),
    "NextSong": ("PUT", 200),
    "Error": ("GET", 404),
}


class Sample:
    """A sample as a reader who knows nothing of the simulator finds it."""

    def __init__(self, landing: Path) -> None:
        self.landing = landing
        self.logs = sorted(landing.glob("log_data/*/*/*.json"))
        self.events = [
            json.loads(line)
            for log in self.logs
            for line in log.read_text().split("\n")
        ]
        self.plays = [event for event in self.events if event["page"] == "NextSong"]
        self.songs = [
            json.loads(song.read_bytes())
            for song in sorted(landing.glob("song_data/*/*/*/*.json"))
        ]
        self.truth = json.loads((landing / "truth.json").read_bytes())

    def sessions(self) -> dict[int, list[Record]]:
        return grouped(self.events, "sessionId")

    def of_users(self) -> dict[str, list[Record]]:
        in_order = sorted(
            self.events, key=lambda e: (e["ts"], e["sessionId"], e["itemInSession"])
        )
        return grouped([event for event in in_order if event["userId"]], "userId")


def grouped(records: list[Record], by: str) -> dict[Any, list[Record]]:
    groups = defaultdict(list)
    for record in records:
        groups[record[by]].append(record)
    return groups


def digest(landing: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(landing.rglob("*")):
        if path.is_file():
            content.update(str(path.relative_to(landing)).encode() + path.read_bytes())
    return content.hexdigest()


def repaired(text: str) -> str:
    try:
        return text.encode("latin-1").decode().encode("latin-1").decode()
    except UnicodeEncodeError:
        return text


def text_key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower(), flags=re.ASCII) or text.strip(" \xa0")


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    landing = tmp_path_factory.mktemp("default") / "landing"
    returned = generate(landing, Plan())
    sample = Sample(landing)
    assert returned == sample.truth
    return sample


# The same plan


def test_same_plan_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "one", SMALL)
    generate(tmp_path / "two", SMALL)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_hash_seed_changes_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from infra.landing.simulator import Plan, generate;"
        f"generate(pathlib.Path(sys.argv[1]), {SMALL!r})"
    ).replace("datetime.date", "__import__('datetime').date")
    for hash_seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, tmp_path / hash_seed],
            check=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
    assert digest(tmp_path / "1") == digest(tmp_path / "2")


def test_another_seed_makes_another_sample(tmp_path: Path) -> None:
    generate(tmp_path / "one", SMALL)
    generate(tmp_path / "two", Plan(users=12, songs=60, days=4, seed=43))
    assert digest(tmp_path / "one") != digest(tmp_path / "two")


# Layout, keys and types


def test_song_files_lie_where_their_track_id_says(default: Sample) -> None:
    paths = list(default.landing.glob("song_data/**/*.json"))
    assert len(paths) == 1200
    for path in paths:
        assert re.fullmatch(r"TRA[A-Z]{2}[A-Z0-9]{13}", path.stem)
        assert path.parent.parts[-4:] == ("song_data", *path.stem[2:5])


def test_log_files_are_days(default: Sample) -> None:
    names = [str(log.relative_to(default.landing)) for log in default.logs]
    assert names == [
        f"log_data/2018/11/2018-11-{day:02}-events.json" for day in range(1, 31)
    ]


def test_no_file_of_records_ends_with_a_newline(default: Sample) -> None:
    for kind in ("song_data", "log_data"):
        for path in default.landing.glob(f"{kind}/**/*.json"):
            assert path.read_bytes().endswith(b"}")


def test_only_the_classic_files_are_there(default: Sample) -> None:
    assert {path.name for path in default.landing.iterdir()} == {
        *("song_data", "log_data", "log_json_path.json", "truth.json")
    }
    paths = json.loads((default.landing / "log_json_path.json").read_bytes())
    assert paths == {"jsonpaths": [f"$['{name}']" for name in EVENT_KEYS]}


def test_text_is_escaped_as_in_the_original(default: Sample) -> None:
    for path in default.landing.rglob("*-events.json"):
        content = path.read_bytes()
        assert content.isascii()
        assert b"Mozilla\\/5.0" in content


def test_event_keys_and_types(default: Sample) -> None:
    types = {
        **dict.fromkeys(("artist", "song"), str),
        **dict.fromkeys(("itemInSession", "sessionId", "status", "ts"), int),
        **dict.fromkeys(("length", "registration"), float),
    }
    nullable = {"artist", "song", "length"}
    personal = {"firstName", "lastName", "gender", "location", "registration"}
    for event in default.events:
        assert list(event) == EVENT_KEYS
        nulls = {name for name, value in event.items() if value is None}
        allowed: set[str] = set() if event["page"] == "NextSong" else nullable
        assert nulls == allowed | (
            set() if event["userId"] else personal | {"userAgent"}
        )
        for name in set(event) - nulls:
            assert type(event[name]) is types.get(name, str)


def test_song_keys_and_types(default: Sample) -> None:
    for song in default.songs:
        assert list(song) == SONG_KEYS
        assert re.fullmatch("SO[A-Z0-9]{16}", song["song_id"])
        assert re.fullmatch("AR[A-Z0-9]{16}", song["artist_id"])
        assert song["num_songs"] == 1
        assert song["year"] == 0 or 1926 <= song["year"] <= 2010
        assert song["duration"] == round(song["duration"], 5) > 0
        coordinates = {type(song[f"artist_{name}itude"]) for name in ("lat", "long")}
        assert coordinates in ({float}, {type(None)})


# What an event may say


def test_sessions_are_complete_and_belong_to_one_listener(default: Sample) -> None:
    for session in default.sessions().values():
        items = sorted(session, key=lambda event: event["itemInSession"])
        assert [event["itemInSession"] for event in items] == [*range(len(items))]
        assert [event["ts"] for event in items] == sorted(e["ts"] for e in items)
        assert len({event["userId"] for event in items} - {""}) <= 1


def test_pages_have_their_method_and_status(default: Sample) -> None:
    seen = {(e["page"], e["method"], e["status"]) for e in default.events}
    assert seen == {(page, *request) for page, request in REQUESTS.items()}


def test_who_is_logged_out_is_nobody(default: Sample) -> None:
    for event in default.events:
        assert event["auth"] == ("Logged In" if event["userId"] else "Logged Out")
        assert event["userId"] or event["page"] in {"Home", "Login", "About", "Help"}
        assert event["page"] != "Login" or not event["userId"]


def test_particulars_never_change(default: Sample) -> None:
    names = "firstName lastName gender location userAgent registration".split()
    for events in default.of_users().values():
        assert len({tuple(event[name] for name in names) for event in events}) == 1
        assert events[0]["registration"] < events[0]["ts"]
        assert re.fullmatch(r".+, [A-Z]{2}(-[A-Z]{2})*", events[0]["location"])
        agent = events[0]["userAgent"]
        assert agent.startswith('"') == ("AppleWebKit" in agent) == agent.endswith('"')


def test_level_changes_after_the_submission(default: Sample) -> None:
    after = {"Submit Upgrade": "paid", "Submit Downgrade": "free"}
    for events in default.of_users().values():
        for event, following in pairwise(events):
            assert following["level"] == after.get(event["page"], event["level"])
        for event in events:
            assert event["level"] != after.get(event["page"])


def test_time_stamps_are_of_the_day_of_their_file(default: Sample) -> None:
    for log in default.logs:
        stamps = [json.loads(line)["ts"] for line in log.read_text().split("\n")]
        assert stamps == sorted(stamps)
        for stamp in stamps:
            assert stamp % 1000 == 796
            day = datetime.fromtimestamp(stamp // 1000, UTC).date()
            assert log.name == f"{day}-events.json"


def test_songs_are_heard_to_their_end(default: Sample) -> None:
    waits = Counter[bool]()
    for session in grouped(default.plays, "sessionId").values():
        for play, following in pairwise(session):
            wait = following["ts"] - play["ts"] - 1000 * int(play["length"])
            assert wait >= 0
            waits[wait == 0] += 1
    assert waits[True] > 20 * waits[False] > 0


def test_listening_is_skewed_and_has_a_rhythm(default: Sample) -> None:
    plays = Counter(play["userId"] for play in default.plays)
    assert 0.05 < plays.most_common(1)[0][1] / plays.total() < 0.2
    assert sum(n for _, n in plays.most_common(10)) > plays.total() / 2
    hours = default.truth["answers"]["plays_by_hour"]
    assert sum(hours[str(hour)] for hour in range(13, 20)) > plays.total() * 0.4
    assert default.truth["levels"]["plays"]["paid"] > plays.total() / 2


# The truth, counted again from the files


PLANS = [
    Plan(),
    Plan(users=40, songs=300, days=9, seed=7, match_rate=0.9, start=date(2018, 12, 27)),
    Plan(users=30, songs=80, days=5, seed=-3, match_rate=1),
    Plan(users=30, songs=80, days=5, seed=11, match_rate=0),
    Plan(users=8, songs=45, days=3, seed=5, match_rate=0.6, events=3000),
    Plan(users=1, songs=1, days=1, match_rate=0.5),
]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.users} users")
def test_truth_is_what_the_files_say(plan: Plan, tmp_path: Path) -> None:
    generate(tmp_path / "landing", plan)
    sample = Sample(tmp_path / "landing")
    truth = sample.truth
    assert truth["format"] == "sparkify-simulator/1"
    assert truth["counts"] == counts(sample)
    assert truth["classic"] == classic(sample)
    assert truth["matching"] == matching(sample)
    assert truth["levels"] == levels(sample)
    assert truth["artists"] == canonical_names(sample)
    heard = truth["answers"].pop("hours_listened")
    listened = sum(play["length"] for play in sample.plays) / 3600
    assert heard == pytest.approx(listened, abs=1e-6)
    assert truth["answers"] == answers(sample)
    files = [
        path
        for path in (tmp_path / "landing").rglob("*.json")
        if path.name != "truth.json"
    ]
    assert (
        truth["files"]["song_files"]
        == len(sample.songs)
        == len(files) - (1 + truth["files"]["log_files"])
    )
    assert truth["files"]["bytes"] == sum(path.stat().st_size for path in files)


def counts(sample: Sample) -> dict[str, int]:
    return {
        "staging_events": len(sample.events),
        "staging_songs": len(sample.songs),
        "songplays": len(sample.plays),
        "users": len({e["userId"] for e in sample.events} - {""}),
        "songs": len({song["song_id"] for song in sample.songs}),
        "artists": len({song["artist_id"] for song in sample.songs}),
        "time": len({play["ts"] for play in sample.plays}),
        "sessions": len({event["sessionId"] for event in sample.events}),
        "sessions_with_plays": len({play["sessionId"] for play in sample.plays}),
    }


def classic(sample: Sample) -> dict[str, int]:
    catalogue = Counter((str(s["title"]), str(s["artist_name"])) for s in sample.songs)
    user = ("userId", "firstName", "lastName", "gender", "level")
    artist = ("id", "name", "location", "latitude", "longitude")
    return {
        "staging_events": len(sample.events),
        "staging_songs": len(sample.songs),
        "songplays": sum(catalogue[p["song"], p["artist"]] for p in sample.plays),
        "users": len(
            {tuple(e[name] for name in user) for e in sample.events if e["userId"]}
        ),
        "songs": len({song["song_id"] for song in sample.songs}),
        "artists": len(
            {tuple(s[f"artist_{name}"] for name in artist) for s in sample.songs}
        ),
        "time": len({event["ts"] for event in sample.events}),
    }


def matching(sample: Sample) -> Record:
    by_key = defaultdict(list)
    artists = defaultdict(set)
    for song in sample.songs:
        title, name = text_key(str(song["title"])), text_key(str(song["artist_name"]))
        by_key[title, name].append((song["duration"], song["song_id"]))
        artists[name].add(song["artist_id"])
    methods = Counter[str]()
    artist_methods = Counter[str]()
    found = set()
    for play in sample.plays:
        title, name = (
            text_key(repaired(play["song"])),
            text_key(repaired(play["artist"])),
        )
        ranked = sorted(
            (abs(duration - play["length"]), song_id)
            for duration, song_id in by_key.get((title, name), ())
        )
        if ranked:
            difference, song_id = ranked[0]
            found.add(song_id)
            assert min(abs(difference - limit) for limit in (0.5, 5)) > 0.01
            methods[
                "title_artist_duration"
                if difference <= 0.5
                else "title_artist_near"
                if difference <= 5
                else "title_artist"
            ] += 1
        else:
            methods["none"] += 1
        ids = len(artists.get(name, ())) if re.search("[a-z0-9]", name) else 0
        one = "via_song" if ranked else "name"
        artist_methods["none" if ids == 0 else one if ids == 1 else "ambiguous"] += 1
    with_song = methods.total() - methods["none"]
    return {
        "match_method": {
            name: methods[name]
            for name in (
                *("title_artist_duration", "title_artist_near", "title_artist"),
                "none",
            )
        },
        "artist_match_method": {
            name: artist_methods[name]
            for name in ("via_song", "name", "ambiguous", "none")
        },
        "songplays_with_song": with_song,
        "songplays_with_artist": artist_methods["via_song"] + artist_methods["name"],
        "distinct_songs_played": len(found),
    }


def levels(sample: Sample) -> Record:
    pages = Counter(event["page"] for event in sample.events)
    users = Counter(events[-1]["level"] for events in sample.of_users().values())
    plays = Counter(play["level"] for play in sample.plays)
    return {
        "users": {"free": users["free"], "paid": users["paid"]},
        "plays": {"free": plays["free"], "paid": plays["paid"]},
        "upgrades": pages["Submit Upgrade"],
        "downgrades": pages["Submit Downgrade"],
        "level_changes": sum(
            event["level"] != following["level"]
            for events in sample.of_users().values()
            for event, following in pairwise(events)
        ),
    }


def canonical_names(sample: Sample) -> dict[str, str]:
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for song in sample.songs:
        names[song["artist_id"]][str(song["artist_name"]).strip(" \xa0")] += 1
    mark = re.compile(r"feat\.| feat |featuring| ft\.| with | vs|/|_ ", re.IGNORECASE)
    return {
        artist: sorted(
            of,
            key=lambda name: (
                -of[name],
                mark.search(name) is not None,
                len(name),
                name,
            ),
        )[0]
        for artist, of in names.items()
        if len(of) > 1
    }


def answers(sample: Sample) -> Record:
    moments = [datetime.fromtimestamp(play["ts"] // 1000, UTC) for play in sample.plays]
    hours = Counter(moment.hour for moment in moments)
    weekdays = Counter(moment.isoweekday() for moment in moments)
    songs = Counter((repaired(p["artist"]), repaired(p["song"])) for p in sample.plays)
    artists = Counter(repaired(play["artist"]) for play in sample.plays)
    by_plays = sorted(songs, key=lambda song: (-songs[song], song))[:10]
    return {
        "plays_by_day": Counter(moment.date().isoformat() for moment in moments),
        "plays_by_hour": {str(hour): hours[hour] for hour in range(24)},
        "plays_by_weekday": {str(day): weekdays[day] for day in range(1, 8)},
        "top_songs": [[song[1], song[0], songs[song]] for song in by_plays],
        "top_artists": [
            [name, artists[name]]
            for name in sorted(artists, key=lambda name: (-artists[name], name))[:10]
        ],
        "listeners": len({play["userId"] for play in sample.plays}),
        "events_by_page": Counter(event["page"] for event in sample.events),
        "weeks": Counter(f"{moment:%G-W%V}" for moment in moments),
    }


# Quirks of the default sample


def test_size_is_natural(default: Sample) -> None:
    assert 5_000 < len(default.events) < 12_000
    assert (
        0.2
        < default.truth["matching"]["songplays_with_song"] / len(default.plays)
        < 0.3
    )


def test_events_can_be_aimed_at(tmp_path: Path) -> None:
    truth = generate(tmp_path / "landing", Plan(users=60, songs=50, events=20_000))
    assert truth["counts"]["staging_events"] == pytest.approx(20_000, rel=0.2)


def test_every_way_of_matching_occurs(default: Sample) -> None:
    matching = default.truth["matching"]
    assert min(matching["match_method"].values()) > 0
    assert min(matching["artist_match_method"].values()) > 0
    assert default.truth["classic"]["songplays"] < matching["songplays_with_song"]


def test_logs_hold_double_mojibake_and_plain_letters(default: Sample) -> None:
    texts = {play[name] for play in default.plays for name in ("song", "artist")}
    damaged = [text for text in texts if repaired(text) != text]
    assert len(damaged) > 20
    assert all("Ã" in text for text in damaged)
    foreign = [text for text in texts if max(text) > "\xff"]
    assert foreign
    assert not any("\x80" <= letter <= "\xff" for text in foreign for letter in text)
    assert all(repaired(text) == repaired(text).strip(" \xa0") for text in texts)


def test_spellings_of_one_song_differ(default: Sample) -> None:
    spellings = defaultdict(set)
    for play in default.plays:
        title, artist = repaired(play["song"]), repaired(play["artist"])
        spellings[text_key(title), text_key(artist)].add((title, artist))
    assert sum(len(of) > 1 for of in spellings.values()) > 50


def test_catalogue_has_its_quirks(default: Sample) -> None:
    titles = [song["title"] for song in default.songs]
    names = [song["artist_name"] for song in default.songs]
    places = [str(song["artist_location"]) for song in default.songs]
    assert {type(title) for title in titles} == {str, int, float}
    assert {type(name) for name in names} == {str, int}
    texts = [str(title) for title in titles]
    assert any(text != text.strip(" ") for text in texts)
    assert any(text.startswith("\xa0") or text.endswith("\xa0") for text in texts)
    assert any("\x19" in text for text in texts)
    assert any("_" in text for text in texts)
    assert not any("," in text for text in texts + [str(name) for name in names])
    assert any(re.search("[a-z0-9]", text, re.IGNORECASE) is None for text in texts)
    assert any(re.fullmatch(r"\W+", str(name)) for name in names)
    assert any("\ufffd" in place for place in places)
    assert any("<a href" in place for place in places)
    assert any("&amp;" in place for place in places)
    assert 0.25 < places.count("") / len(places) < 0.65
    assert 0.2 < sum(song["year"] == 0 for song in default.songs) / 1200 < 0.5
    located = sum(song["artist_latitude"] is not None for song in default.songs)
    assert 0.2 < located / 1200 < 0.5


def test_artists_share_names_and_have_several(default: Sample) -> None:
    ids = defaultdict(set)
    places = defaultdict(set)
    for song in default.songs:
        ids[song["artist_name"]].add(song["artist_id"])
        places[song["artist_id"]].add(
            (song["artist_location"], song["artist_latitude"])
        )
    assert sum(len(of) > 1 for of in ids.values()) >= 3
    assert sum(len(of) > 1 for of in places.values()) >= 3
    assert len(default.truth["artists"]) >= 10


def test_songs_appear_twice_and_one_pair_ties(default: Sample) -> None:
    pairs = defaultdict(list)
    for song in default.songs:
        pairs[song["title"], song["artist_name"]].append(song)
    twins = [
        sorted(of, key=lambda s: s["duration"]) for of in pairs.values() if len(of) > 1
    ]
    gaps = [longer["duration"] - shorter["duration"] for shorter, longer in twins]
    assert len(gaps) >= 4
    assert any(0 < gap < 1 for gap in gaps)
    ties = [
        play
        for play in default.plays
        for shorter, longer in twins
        if text_key(repaired(play["song"])) == text_key(str(shorter["title"]))
        and play["length"] - shorter["duration"] == longer["duration"] - play["length"]
    ]
    assert ties


def test_listeners_have_their_quirks(default: Sample) -> None:
    users = default.of_users()
    assert any({e["page"] for e in events} == {"Home"} for events in users.values())
    names = Counter((e[0]["firstName"], e[0]["lastName"]) for e in users.values())
    assert max(names.values()) > 1
    sessions = default.sessions().values()
    assert any(not any(event["userId"] for event in session) for session in sessions)
    assert any(
        len({event["ts"] // 86_400_000 for event in session}) > 1
        for session in sessions
    )
    assert any(a["ts"] == b["ts"] for session in sessions for a, b in pairwise(session))
    assert default.truth["counts"]["time"] < default.truth["counts"]["songplays"]


def test_somebody_wavers_within_minutes(default: Sample) -> None:
    waits = [
        later["ts"] - event["ts"]
        for events in default.of_users().values()
        for number, event in enumerate(events)
        if event["page"] == "Submit Downgrade"
        for later in events[number:]
        if later["page"] == "Submit Upgrade"
    ]
    assert min(waits) < 10 * 60_000


def test_words_outside_the_catalogue_cannot_be_mistaken_for_its_words() -> None:
    inside = [
        *vocabulary.ADJECTIVES,
        *vocabulary.NOUNS,
        *vocabulary.VERBS,
        *vocabulary.ENDINGS,
        *vocabulary.ARTIST_FIRST,
        *vocabulary.ARTIST_LAST,
        *map(str, vocabulary.ODD_TITLES),
        *map(str, vocabulary.ODD_NAMES),
    ]
    outside = [
        *vocabulary.OUTSIDE_ADJECTIVES,
        *vocabulary.OUTSIDE_NOUNS,
        *vocabulary.OUTSIDE_FIRST,
    ]
    assert not any("z" in word.lower() for word in inside)
    assert all("z" in word.lower() for word in outside)


# Plans and folders that are refused


def test_every_fault_of_a_plan_is_named() -> None:
    with pytest.raises(ConfigurationError) as fault:
        Plan(0, 0, 3661, match_rate=float("nan"), start=date(1950, 1, 1), events=0)
    for name in ("users", "songs", "days", "match_rate", "start", "events"):
        assert f"{name} = " in str(fault.value)


def test_more_events_than_can_be_heard_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at most 480"):
        Plan(users=2, days=1, events=481)


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    generate(tmp_path, SMALL)
    assert is_simulated(tmp_path)
    assert not [path for path in tmp_path.parent.iterdir() if ".p" in path.name]


def test_real_files_are_never_touched(tmp_path: Path) -> None:
    real = tmp_path / "log_data" / "2018-11-01-events.json"
    real.parent.mkdir()
    real.write_text("{}")
    for replace in (False, True):
        with pytest.raises(LandingError, match=re.escape(str(tmp_path))):
            generate(tmp_path, SMALL, replace=replace)
    with pytest.raises(LandingError):
        remove(tmp_path)
    assert not is_simulated(tmp_path)
    assert [*tmp_path.rglob("*")] == [real.parent, real]


def test_an_earlier_sample_is_replaced_only_on_demand(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    generate(landing, SMALL)
    before = digest(landing)
    with pytest.raises(LandingError, match=r"users=12, seed=42\); use --replace"):
        generate(landing, Plan(users=5, songs=9, days=1))
    assert digest(landing) == before
    truth = generate(landing, Plan(users=5, songs=9, days=1), replace=True)
    assert len(Sample(landing).songs) == truth["counts"]["songs"] == 9
    assert [*tmp_path.iterdir()] == [landing]


def add_file(landing: Path) -> None:
    (landing / "song_data" / "notes.txt").write_text("mine")


def add_link(landing: Path) -> None:
    (landing / "mine").symlink_to(landing.parent)


def edit_file(landing: Path) -> None:
    (landing / "log_json_path.json").write_text("{}")


def lose_file(landing: Path) -> None:
    next(landing.glob("log_data/*/*/*")).unlink()


@pytest.mark.parametrize("change", [add_file, add_link, edit_file, lose_file])
def test_a_changed_sample_is_neither_replaced_nor_removed(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    generate(landing, SMALL)
    change(landing)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LandingError, match="changed"):
        generate(landing, SMALL, replace=True)
    with pytest.raises(LandingError, match="changed"):
        remove(landing)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unchanged_sample_is_removed(tmp_path: Path) -> None:
    generate(tmp_path / "landing", SMALL)
    remove(tmp_path / "landing")
    assert not [*tmp_path.iterdir()]


def test_a_landing_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for landing in (tmp_path / "file", tmp_path / "file" / "landing"):
        with pytest.raises(LandingError, match=re.escape(str(landing))):
            generate(landing, SMALL)


# Interruptions and progress


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("at", ["songs", "days"])
def test_an_interruption_changes_nothing(
    fault: type[BaseException], at: str, tmp_path: Path
) -> None:
    def interrupt(what: str, _done: int, _of: int) -> None:
        if what == at:
            raise fault

    with pytest.raises(fault):
        generate(tmp_path / "landing", SMALL, progress=interrupt)
    assert not [*tmp_path.iterdir()]
    generate(tmp_path / "landing", SMALL)
    before = digest(tmp_path)
    with pytest.raises(fault):
        generate(tmp_path / "landing", SMALL, progress=interrupt, replace=True)
    assert digest(tmp_path) == before


def test_a_kill_leaves_no_landing(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; from infra.landing.simulator import Plan, generate;"
        "generate(pathlib.Path(sys.argv[1]), Plan(), progress=lambda what, done, of:"
        " what == 'days' and done == 9 and os.kill(os.getpid(), 9))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "landing"],
        check=False,
        cwd=REPOSITORY,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "landing").exists()
    (partial,) = tmp_path.iterdir()
    assert partial.name.startswith("landing.partial-")
    assert not is_simulated(partial)
    generate(tmp_path / "landing", SMALL)


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    reports: list[tuple[str, int, int]] = []
    generate(
        tmp_path / "landing",
        SMALL,
        progress=lambda what, done, of: reports.append((what, done, of)),
    )
    assert reports[0] == ("songs", 60, 60)
    assert reports[1:] == [("days", day, 4) for day in range(1, 5)]


def test_what_comes_into_the_landing_meanwhile_keeps_its_place(tmp_path: Path) -> None:
    landing = tmp_path / "landing"

    def bring(_label: str, _done: int, _total: int) -> None:
        (landing / "log_data").mkdir(parents=True, exist_ok=True)
        (landing / "log_data" / "mine.json").write_text("precious")

    with pytest.raises(LandingError, match="not simulated"):
        generate(landing, Plan(users=2, songs=2, days=1), progress=bring)
    assert (landing / "log_data" / "mine.json").read_text() == "precious"
    assert list(tmp_path.iterdir()) == [landing]


def test_empty_folders_are_no_raw_files(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    (landing / "song_data").mkdir(parents=True)
    (landing / "log_data").mkdir()
    generate(landing, Plan(users=2, songs=2, days=1))
    assert is_simulated(landing)
