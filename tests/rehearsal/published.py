"""The published raw files, all of them or a part, straight from their archive."""

import json
import os
import re
import tarfile
from collections.abc import Iterator

import pytest

ARCHIVE = "SPARKIFY_REAL_DATA"
EVENTS, SONGS = "log_data/", "song_data/"


def files(every: int = 1) -> Iterator[tuple[str, bytes]]:
    """Name and content of each log file, and of each song that is played or whose turn
    it is: every so many-th. Skips the test where there is no archive.
    """
    archive = os.environ.get(ARCHIVE)
    if not archive:
        pytest.skip(f"{ARCHIVE} does not name the archive of the published data")
    found = dict(_members(archive))
    played = {
        (_key(event["song"]), _key(event["artist"]))
        for name, content in found.items()
        if name.startswith(EVENTS)
        for event in map(json.loads, content.splitlines())
    }
    songs = 0
    for name, content in sorted(found.items()):
        if name.startswith(SONGS):
            song, songs = json.loads(content), songs + 1
            names = _key(song["title"]), _key(song["artist_name"])
            if songs % every and names not in played:
                continue
        yield name, content


def _members(archive: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            is_raw = name.startswith((EVENTS, SONGS)) and name.endswith(".json")
            if is_raw and (file := tar.extractfile(member)):
                yield name, file.read()


def _key(name: object) -> str:
    """What the models compare of a name, as far as choosing files goes."""
    return re.sub("[^a-z0-9]", "", str(name).lower())
