"""The script between exchange and client: what each mishap does, and that the dice are seeded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from monitor.net.venue_sim.adversary import HELD_AT_MOST_S, PING, Adversary, Delivery, ScriptRun, corrupted
from monitor.net.venue_sim.script import (
    KINDS,
    NAMED,
    REQUESTS,
    Corruption,
    Mishap,
    Rule,
    Script,
    ScriptError,
    checked,
    load_script,
    read_script,
)
from monitor.net.venue_sim.terms import VenueTerms

FRAME = '{"channel":"orders","data":{"status":"open","time_ns":5000000000}}'


def line(*rules: Rule, seed: int = 1) -> Adversary:
    return ScriptRun(Script(rules=rules), seed, 0.0).line(1)


def arriving(adversary: Adversary, *frames: str, kind: str = "orders", now_s: float = 0.0) -> list[Any]:
    return [one.payload for frame in frames for one in adversary.passes(kind, frame, now_s)]


def test_nothing_happens_in_the_calm() -> None:
    assert arriving(line(), "a", "b") == ["a", "b"]


def test_a_rule_befalls_its_frames_in_its_time_after_its_first_and_so_often() -> None:
    rule = Rule(do=Mishap.DROP, on=("fills",), from_s=5, to_s=9, skip=1, times=2)
    adversary = line(rule)
    assert arriving(adversary, "a", now_s=6) == ["a"]
    assert arriving(adversary, "a", kind="fills", now_s=4) == ["a"]
    assert arriving(adversary, *"abcd", kind="fills", now_s=6) == ["a", "d"]
    assert arriving(line(rule), "a", "b", kind="fills", now_s=9) == ["a", "b"]


def test_times_are_counted_over_all_lines() -> None:
    run = ScriptRun(Script(rules=(Rule(do=Mishap.DROP, times=1),)), 1, 0.0)
    assert [arriving(run.line(number), "a") for number in (1, 2)] == [[], ["a"]]


def test_everything_sent_is_meant_where_nothing_is_named_but_not_requests() -> None:
    assert [kind for kind in KINDS if not Rule(do=Mishap.DROP).befalls(kind)] == [REQUESTS]
    assert Rule(do=Mishap.DROP, on=("answers",)).befalls("answer:place")


def test_doubled_frames_come_again_later() -> None:
    copies = line(Rule(do=Mishap.DUPLICATE, copies=2, ms=(10, 20))).passes("orders", "a", 0)
    assert [one.payload for one in copies] == ["a", "a", "a"]
    assert [one.after_s == 0 for one in copies] == [True, False, False]


def test_delays_keep_the_order_of_a_kind_or_not() -> None:
    (kept,) = line(Rule(do=Mishap.DELAY, mean_ms=5)).passes("orders", "a", 0)
    (free,) = line(Rule(do=Mishap.DELAY, mean_ms=5, keep_order=False)).passes("orders", "a", 0)
    assert (kept.kind, free.kind) == ("orders", "")
    assert kept.after_s == free.after_s > 0


def test_neighbours_change_places_and_none_is_lost() -> None:
    adversary = line(Rule(do=Mishap.REORDER, window=8), seed=3)
    arrived = arriving(adversary, *"abcdefgh")
    assert arrived != list("abcdefgh")
    assert sorted(arrived) == list("abcdefgh")
    assert arriving(adversary, "i") == []
    assert adversary.due_s == HELD_AT_MOST_S
    assert [one.payload for one in adversary.release(HELD_AT_MOST_S)] == ["i"]


def test_a_cut_comes_after_the_frame_or_instead_of_it() -> None:
    assert arriving(line(Rule(do=Mishap.CUT)), "a") == ["a", None]
    assert arriving(line(Rule(do=Mishap.CUT, after=False)), "a") == [None]


@pytest.mark.parametrize("pings", [True, False])
def test_silence_lasts_with_pings_answered_or_not(pings: bool) -> None:
    adversary = line(Rule(do=Mishap.SILENT, on=("orders",), seconds=2, pings=pings, times=1))
    assert arriving(adversary, "a", now_s=1) == []
    assert arriving(adversary, "b", kind="fills", now_s=2.9) == []
    assert arriving(adversary, "pong", kind=PING, now_s=2.9) == (["pong"] if pings else [])
    assert arriving(adversary, "c", kind="fills", now_s=3) == ["c"]


def test_clocks_are_skewed_and_words_exchanged() -> None:
    (skewed,) = arriving(line(Rule(do=Mishap.SKEW, skew_ms=-1000)), FRAME)
    assert json.loads(skewed)["data"]["time_ns"] == 4_000_000_000
    (unknown,) = arriving(line(Rule(do=Mishap.UNKNOWN_STATUS)), FRAME)
    assert json.loads(unknown)["data"]["status"] not in ("open", "filled", "canceled")


def test_garbage_comes_before_the_frame() -> None:
    garbage, frame = arriving(line(Rule(do=Mishap.GARBAGE)), FRAME)
    assert garbage != frame == FRAME


@settings(deadline=None)
@given(st.sampled_from(Corruption), st.integers())
def test_a_corrupted_frame_is_another_one(how: Corruption, seed: int) -> None:
    assert corrupted(FRAME, how, Random(seed)) != FRAME
    assert isinstance(corrupted("", how, Random(seed)), (str, bytes))


@pytest.mark.parametrize("script", NAMED.values(), ids=NAMED)
def test_the_same_seed_plays_the_same_and_another_another(script: Script) -> None:
    def played(seed: int) -> list[Delivery]:
        adversary = ScriptRun(script, seed, 0.0).line(1)
        dice = Random(7)
        return [
            one
            for number in range(400)
            for one in adversary.passes(dice.choice(KINDS), FRAME.replace("open", str(number)), number / 100)
        ]

    assert played(1) == played(1)
    assert played(1) != played(2) or script.name == "calm"
    assert checked(script) is script


def test_a_script_is_read_from_toml_and_json(tmp_path: Any) -> None:
    toml = '[[rules]]\ndo = "drop"\non = ["fills"]\np = 0.5\nfrom_s = 5\nto_s = 9\n'
    expected = Script(rules=(Rule(do=Mishap.DROP, on=("fills",), p=0.5, from_s=5, to_s=9),))
    assert read_script(toml, toml=True) == expected
    file = tmp_path / "script.json"
    file.write_text('{"rules": [{"do": "drop", "on": ["fills"], "p": 0.5, "from_s": 5, "to_s": 9}]}')
    assert load_script(file) == expected


@pytest.mark.parametrize(
    "toml",
    [
        "[[rules]]\ndo = 'explode'",
        "[[rules]]\ndo = 'drop'\non = ['orderz']",
        "[[rules]]\ndo = 'drop'\np = 2.0",
        "[[rules]]\ndo = 'drop'\nprobability = 0.5",
        "[[rules]]\ndo = 'delay'\nms = [9, 1]",
        "[[rules]]\ndo = 'corrupt'\nhow = []",
        "rules = 5",
        "[[",
    ],
)
def test_a_wrong_script_is_a_sentence(toml: str) -> None:
    with pytest.raises(ScriptError, match=r"\.$"):
        read_script(toml, toml=True)


def test_the_documents_examples_are_sound() -> None:
    """What docs/venue-sim.md shows can be pasted."""
    text = (Path(__file__).parents[3] / "docs" / "venue-sim.md").read_text(encoding="utf-8")
    script, terms = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert [rule.do for rule in read_script(script, toml=True).rules] == [Mishap.DROP, Mishap.CUT]
    venue = msgspec.toml.decode(terms, type=VenueTerms)
    assert venue.instruments[0].symbol == "SIM.au9999"
    for word in (*Mishap, *NAMED, *KINDS[:5], *Corruption):
        assert f"{word}" in text
