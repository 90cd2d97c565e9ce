import json

import pytest
from checkout import Checkout, fails, succeeds

FEW = ["--users", "3", "--songs", "5", "--days", "2"]


def test_options_reach_the_simulator(checkout: Checkout) -> None:
    options = "--users 3 --songs 5 --days 2 --seed 9 --match-rate 0.5 --events 60"
    told = succeeds(checkout.invoke("generate", *options.split()))
    assert "5 songs, in data/landing" in told
    truth = json.loads((checkout.root / "data/landing/truth.json").read_text())
    assert truth["plan"] == {
        "users": 3,
        "songs": 5,
        "days": 2,
        "seed": 9,
        "match_rate": 0.5,
        "events": 60,
        "start": "2018-11-01",
    }


def test_settings_stand_in_for_options(checkout: Checkout) -> None:
    environment = {"INVOKE_SPARKIFY_SAMPLE_SEED": "5"}
    succeeds(checkout.invoke("generate", *FEW, "--into", "elsewhere", env=environment))
    truth = json.loads((checkout.root / "elsewhere" / "truth.json").read_text())
    assert (truth["plan"]["seed"], truth["plan"]["match_rate"]) == (5, 0.25)
    assert not (checkout.root / "data").exists()


def test_files_that_were_not_simulated_are_left_alone(checkout: Checkout) -> None:
    mine = checkout.root / "data" / "landing" / "log_data" / "mine.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    before = checkout.files()
    for words in ([], ["--replace"]):
        told = fails(checkout.invoke("generate", *FEW, *words), 1)
        assert "data/landing holds files that were not simulated" in told
    assert checkout.files() == before


def test_an_earlier_sample_is_replaced_only_when_told(checkout: Checkout) -> None:
    succeeds(checkout.invoke("generate", *FEW))
    before = checkout.files()
    told = fails(checkout.invoke("generate", *FEW, "--seed", "1"), 1)
    assert "already holds a simulated sample (users=3, seed=42); use --replace" in told
    assert checkout.files() == before
    succeeds(checkout.invoke("generate", *FEW, "--seed", "1", "--replace"))
    truth = json.loads((checkout.root / "data/landing/truth.json").read_text())
    assert truth["plan"]["seed"] == 1


def test_every_wrong_option_is_named_at_once(checkout: Checkout) -> None:
    wrong = "--users abc --songs 0 --days 4000 --seed 1.5 --match-rate 2"
    told = fails(checkout.invoke("generate", *wrong.split()), 2)
    for option, rule in (
        ("--users = 'abc'", "a whole number from 1 to 1000000"),
        ("--songs = '0'", "a whole number from 1 to 1000000"),
        ("--days = '4000'", "a whole number from 1 to 3660"),
        ("--seed = '1.5'", "a whole number from 0 on"),
        ("--match-rate = '2'", "a number from 0 to 1"),
    ):
        assert f"{option}: must be {rule}" in told
    assert not (checkout.root / "data").exists()


@pytest.mark.parametrize("events", ["many", "0", "-5", "1.5", "²"])
def test_a_wrong_number_of_events_is_named(events: str, checkout: Checkout) -> None:
    told = fails(checkout.invoke("generate", *FEW, f"--events={events}"), 2)
    assert f"--events = {events!r}: must be a whole number from 1 on" in told


def test_more_events_than_can_be_heard_are_refused(checkout: Checkout) -> None:
    told = fails(checkout.invoke("generate", *FEW, "--events", "9999"), 2)
    assert "events = 9999, must be at most 1440" in told
    assert not (checkout.root / "data").exists()
