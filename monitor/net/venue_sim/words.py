"""Commands of the control connection as a person types them, turned into the JSON a program sends.

`fill c1 0.4 @ 101`, `reject next`, `quote SIM.au9999 779.98 780.02`. Knows no exchange.
"""

from __future__ import annotations

import re
from typing import Any

_NUMBER = r"-?\d+(?:\.\d+)?"
_FORMS: tuple[tuple[str, str], ...] = (
    ("fill", rf"fill (?:order )?(?P<order>\S+)(?: (?P<volume>{_NUMBER}))?(?: @ ?(?P<price>{_NUMBER}))?"),
    ("reject_next", r"reject next(?: (?P<times>\d+))?(?: (?P<retryable>retryable))?(?: (?P<message>.+))?"),
    ("reject", r"reject (?:order )?(?P<order>\S+)(?: (?P<reason>.+))?"),
    ("cancel", r"cancel (?:order )?(?P<order>\S+)(?: (?P<reason>.+))?"),
    ("expire", r"expire (?:order )?(?P<order>\S+)(?: (?P<reason>.+))?"),
    ("trigger", r"trigger (?:order )?(?P<order>\S+)"),
    ("say_again", r"(?:say again|again) (?P<order>\S+)"),
    (
        "external",
        rf"external (?:order )?(?P<account_id>\S+) (?P<side>buy|sell) (?P<quantity>{_NUMBER}) (?P<symbol>\S+)"
        rf"(?: @ ?(?P<price>{_NUMBER}))?",
    ),
    ("liquidate", rf"liquidate (?P<account_id>\S+) (?P<symbol>\S+)(?: @ ?(?P<price>{_NUMBER}))?"),
    ("settle", r"settle(?: day)?(?: (?P<day>\S+))?"),
    (
        "fund",
        rf"(?P<kind>funding|deposit|withdrawal|fee|correction) (?P<account_id>\S+) (?P<amount>{_NUMBER})"
        r"(?: (?P<symbol>\S+))?",
    ),
    (
        "quote",
        rf"(?:set )?quote (?P<symbol>\S+) (?P<bid>{_NUMBER}) (?P<ask>{_NUMBER})(?: (?P<last>{_NUMBER}))?",
    ),
    ("script", r"script (?P<script>\S+)"),
    ("halt", r"halt"),
    ("resume", r"resume"),
    ("cut", r"cut(?: lines)?"),
    ("truth", r"truth"),
)
USAGE = (
    "fill ORDER [VOLUME] [@ PRICE] · reject next [N] [retryable] [WHY] · reject|cancel|expire ORDER [WHY] · "
    "trigger ORDER · say again ORDER · external ACCOUNT buy|sell N SYMBOL [@ PRICE] · "
    "liquidate ACCOUNT SYMBOL [@ PRICE] · settle day [DAY] · funding|deposit|withdrawal|fee ACCOUNT AMOUNT · "
    "quote SYMBOL BID ASK [LAST] · script NAME · halt · resume · cut · truth"
)


def command(text: str) -> dict[str, Any] | None:
    """The command in words, None when it is none."""
    plain = " ".join(text.split())
    for do, form in _FORMS:
        if found := re.fullmatch(form, plain, re.IGNORECASE):
            if do == "resume":
                return {"do": "halt", "halted": False}
            given: dict[str, Any] = {name: word for name, word in found.groupdict().items() if word}
            return {"do": do, **_typed(given)}
    return None


def _typed(given: dict[str, Any]) -> dict[str, Any]:
    if "side" in given:
        given["side"] = given["side"].upper()
    if "kind" in given:
        given["kind"] = given["kind"].lower()
    if "times" in given:
        given["times"] = int(given["times"])
    if "retryable" in given:
        given["retryable"] = True
    return given
