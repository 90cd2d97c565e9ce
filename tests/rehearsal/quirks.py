"""Events and songs on which two engines could disagree, by hand and by dice.

The loader takes all of them; the models have to part, mend or reject them alike. Tests
of the data complain of some, as they should, so models are only made of them.
"""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from landing_files import EVENT, SONG, compact

Record = dict[str, Any]

TEXTS = (
    *("", " ", "  x  ", "\t\n\r", "\u00a0x\u00a0", "\u200bx", "x\u0019s", "\ufffd"),
    *("Ä", "ß", "İı", "\u017fK", "e\u0301", "é", "\ufb01", "ǅ", "Ω"),
    *("日本語", "עברית", "ไทย", "😀", "👩‍👩‍👧", "🇳🇴", "\U0001d518"),
    *("x😀" * 40, "日" * 300, "😀" * 200),
    *("a\\b", "\\", "\\n", "\\'", "'", "''", '"', '"x"', "%", "_", "%s", "$1", ":x"),
    *("{{ x }}", "<b onmouseover='x'>&amp;", "-- x", "/* x", ";", "NULL", "null"),
    *("!!!", "...", "A & B", "A feat. B", "A / B", "A_ B", "aA1", "AA1", "a a1", "0"),
    *("Ã", "Â", "Ã©", "Ã\u0083Â", "Ã\u0083Ã", "xÃ\u0082Â©", "Ã\u0083Â\u00a0"),
    *("Ã\u0083Â©", "Ã\u0083Â\u0080", "Ã\u0083Â±x", "xÃ\u0083Â\u0097", "Ã\u0082Â¿"),
)
DOUBLES = (
    *(0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1e-300, 1e300),
    *(1.7976931348623157e308, 0.1 + 0.2, 1 / 3, 2 / 3, 203.24351, 203.2435100000001),
    *(123456789.12345678, 2.0**53, 2.0**53 + 2, 1e15 + 0.3, 4.35, 2.675, 1e22),
    *(-1.5, 0.5, 0.49999999999999994),
)
REGISTRATIONS = (
    *(0.0, -0.0, -1.0, 0.5, 1.5, 2.5, 1537144892796.5, 1537144892797.5, 1e300),
    *(1537144892796.4999, 4102444799999.0, 4102444799999.4, 4102444799999.5),
    *(4102444800000.0, 2147483648000.0, 5e-324, None),
)
USERS = (
    *("", " ", None, "x", "8", "8.0", "8.00", "8.", ".0", " 8 ", "008", "8\n"),
    *("\u00a08", "8.5", "1e3", "-1", "+1", "0", "00", "\uff19", "٣"),
    *("9" * 18, "9" * 19, "0" * 30 + "8"),
)
AGENTS = ("", " ", '"', '""', '"a', 'a"', '"a"', '"a"b"', '" a "', '"\n"', "'a'", None)
LEVELS = ("free", "paid", " paid ", "PAID", "", "\u00a0free", "trial", None)
PAGES = ("NextSong", "nextsong", " NextSong", "NextSong\n", "Home", "", "😀", None)
PLACES = ("Oslo", "A-B, NY-NJ", "A--B, DC-VA-MD-WV", ", ", "", " ", "Łódź, PL", None)
BIGGEST, SMALLEST = 2**63 - 1, -(2**63)
WHOLES = (0, 1, -1, 2**31 - 1, -(2**31))
# Where a song is found by its name, how far its duration may be from that of the play
APART = (0.0, 0.5, -0.5, 0.5000001, 0.49999999, 5.0, -5.0, 5.000001, 22.0, -161.0, 1e-9)


def events() -> bytes:
    """All events, a line each."""
    keys = itertools.count(1)
    found = [*_odd(), *(event | {"sessionId": next(keys)} for event in _plays())]
    return b"\n".join(compact(each) for each in [*found, *_ties(), *_by_dice()])


def songs() -> bytes:
    """All songs, a line each."""
    found = [*_songs_of_texts(), *_odd_songs(), *_songs_apart(), *_artists_by_dice()]
    return b"\n".join(compact(each) for each in found)


def moments() -> Iterator[datetime]:
    """Turns of years and weeks, leap days, summer time, a second by milliseconds."""
    milli = timedelta(milliseconds=1)
    for year in range(2010, 2100):
        for day in range(-4, 5):
            yield datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=12)
        yield datetime(year, 3, 1, tzinfo=UTC) - milli
        for month in (1, 4, 7, 10):
            for step in (-milli, milli * 0):
                yield datetime(year, month, 1, tzinfo=UTC) + step
    for turn in ("2018-03-11", "2018-11-04", "2018-10-28", "2019-03-31"):
        for hour in range(28):
            moment = datetime.fromisoformat(turn).replace(tzinfo=UTC)
            yield from (
                moment + timedelta(hours=hour) + step for step in (-milli, milli)
            )
    yield from (datetime(2018, 12, 31, 23, 59, 59, k * 1000, UTC) for k in range(1000))
    for second in (2**31 - 1, 2**31, 2**32 - 1, 2**32):
        yield datetime.fromtimestamp(second, UTC)


def _play(**changes: Any) -> Record:  # noqa: ANN401 - a value of any kind
    return EVENT | {"itemInSession": 0} | changes


def _plays() -> Iterator[Record]:
    """Plays that count, each with one quirk; their sessions are numbered later."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for moment in moments():
        ts = (moment - epoch) // timedelta(milliseconds=1)
        yield _play(ts=ts, userId="9", length=1.0)
    for text in TEXTS:
        names = {"firstName": text[:60], "lastName": text[:60], "location": text}
        yield _play(song=text, artist=text, userAgent=text, **names)
        yield _play(song=text, artist="Silas S. Sandoval")
        yield _play(song="Dizzy Parade", artist=text)
    yield from (_play(length=each, song=f"Long {each}") for each in DOUBLES)
    yield from (
        _play(song="Apart", artist="A_ Part!", length=200.0 + each) for each in APART
    )
    for number, registration in enumerate(REGISTRATIONS):
        yield _play(registration=registration, userId=str(1000 + number))


def _odd() -> Iterator[Record]:
    """Events that the star may not be able to use."""
    first = 1262304000000
    for ts in (None, 0, -1, 1541106106, 10**14, BIGGEST, SMALLEST, first - 1, first):
        yield _play(ts=ts, sessionId=-1)
    for ts in (4102444799999, 4102444800000):
        yield _play(ts=ts, sessionId=-1)
    for name, values in (
        *(("userId", USERS), ("userAgent", AGENTS), ("level", LEVELS)),
        *(("page", PAGES), ("location", PLACES), ("length", (None, *DOUBLES))),
        *(("song", (None, *TEXTS[:8])), ("artist", (None, *TEXTS[:8]))),
        *(("status", (None, *WHOLES)), ("gender", (None, "", "F", "🙂"))),
        *(("auth", (None, "", "Logged Out")), ("method", (None, "", "PUT"))),
        *(("sessionId", (None, 0, BIGGEST, SMALLEST)), ("itemInSession", WHOLES)),
    ):
        for number, value in enumerate(values):
            yield _play(ts=1541106106000 + number, sessionId=-2) | {name: value}
    for level in LEVELS:
        yield _play(page="Home", level=level, userId="", sessionId=-3, song=None)


def _ties() -> Iterator[Record]:
    """Events of one moment, and the same event with other contents."""
    for session, item, level in itertools.product((7, 8), (0, 1, 2), ("free", "paid")):
        yield _play(
            sessionId=session,
            itemInSession=item,
            level=level,
            userId="7",
            ts=1541200000000,
        )
    for song in ("One", "Two", "One"):
        yield _play(sessionId=9, song=song)


def _by_dice() -> Iterator[Record]:
    """Lives of some users: pages, levels and songs at random, many at one moment."""
    dice = random.Random(2018)
    clock = dict.fromkeys(range(20, 40), 1546200000000)  # the last day of 2018
    pages = (
        "NextSong",
        "NextSong",
        "Home",
        "Submit Upgrade",
        "Submit Downgrade",
        "Help",
    )
    for item in range(1500):
        user = dice.choice([*clock])
        clock[user] += dice.choice((0, 0, 1, 999, 60_000, 3_600_000, 86_400_000))
        yield _play(
            ts=clock[user],
            userId=str(user),
            sessionId=user * 100 + dice.randrange(3),
            itemInSession=item,
            page=dice.choice(pages),
            level=dice.choice(("free", "paid")),
            song=dice.choice(TEXTS),
            artist=dice.choice(TEXTS),
            length=dice.choice((200.0, 203.24351, dice.uniform(1, 1000))),
            location=dice.choice(PLACES),
        )


def _song(number: int, **changes: Any) -> Record:  # noqa: ANN401 - as above
    return (
        SONG | {"song_id": f"SOQ{number:05}", "artist_id": f"ARQ{number:05}"} | changes
    )


def _songs_of_texts() -> Iterator[Record]:
    for number, text in enumerate(TEXTS):
        yield _song(number, title=text, artist_name=text, artist_location=text)
        yield _song(1000 + number, title=text, artist_name=text, artist_id="ARSHARED")


def _odd_songs() -> Iterator[Record]:
    for number, song_id in enumerate(
        ("", " ", None, "SO😀", " SOTWICE", "SOTWICE\u00a0")
    ):
        yield _song(number, song_id=song_id, title=f"{number}")
    for name, values in (
        *(("year", (None, 0, -1, 2**31 - 1)), ("num_songs", (None, *WHOLES))),
        *(("duration", (None, *DOUBLES)), ("artist_latitude", (None, *DOUBLES))),
        *(
            ("artist_longitude", (None, *DOUBLES)),
            ("artist_id", (None, "", " ", "AR😀")),
        ),
        *(("title", (None, 311, 4.6)), ("artist_name", (None, 702, 0.1))),
        ("artist_location", (None, 12, *PLACES)),
    ):
        for number, value in enumerate(values):
            yield _song(2000, song_id=f"SO{name}{number}") | {name: value}


def _songs_apart() -> Iterator[Record]:
    """Candidates for one play: the nearest wins, then the lowest id."""
    for number, duration in enumerate((200.0, 200.0, 205.0, 178.0, 361.0)):
        yield _song(
            3000 + number, title="Apart!", artist_name="A part", duration=duration
        )


def _artists_by_dice() -> Iterator[Record]:
    """Artists of several names and places, with ties in all that decides."""
    dice = random.Random(2019)
    for number in range(4000, 4300):
        place = dice.choice(
            ((None, None), (-0.0, 0.0), (0.1 + 0.2, -179.99999999999997))
        )
        yield _song(
            number,
            artist_id=f"ARDICE{dice.randrange(40)}",
            artist_name=dice.choice(
                ("Ab", "aB", "A b", "A feat. B", "A_ B", "É", "e\u0301")
            ),
            title=dice.choice(TEXTS) + str(number % 50),
            artist_location=dice.choice(PLACES),
            artist_latitude=place[0],
            artist_longitude=place[1],
            duration=dice.choice((200.0, 203.24351)),
        )
