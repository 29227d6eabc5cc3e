"""The results of a check's pack against what the pack has of each key."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import LandingZone, SettingsError
from landing_zone_key.settings import MAXIMUM_PARAMETERS_LENGTH
from lzkey.errors import PackError
from lzkey.evidence.again import listed
from lzkey.evidence.differences import differing
from lzkey.evidence.facts import zone_members
from lzkey.evidence.pack import CHECK, PACK, RECORDED, SOURCES, VERDICTS
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey import Json
    from lzkey.evidence.differences import Opened

#: The files of a check's pack, beside the keys.
FILES: Final = (PACK, VERDICTS, RECORDED, CHECK, SOURCES)

_ROW: Final = ("name", "arn", "place", "compliance")


def compare_results(opened: Opened) -> None:
    """Compare the results of the check with what the pack has of each key."""
    results = [each for each in listed(opened, CHECK, "results") if each.get("type") == "key"]
    rows = listed(opened, RECORDED, "keys")
    opened.recorded = len(rows)
    told = [entry.get("verdict") for entry in listed(opened, VERDICTS, "keys")]
    if missing := Counter(map(_text, told)) - Counter(map(_text, results)):
        opened.contradict(CHECK, f"of {sum(missing.values())} keys it says otherwise than {VERDICTS}")
    rest = Counter(_row(each) for each in results) - Counter(_row(each) for each in told)
    if rest != Counter(map(_row, rows)):
        opened.contradict(RECORDED, f"it does not say of every other key what {CHECK} says")
    _compare_summary(opened, results)
    listed(opened, SOURCES, "sources")


def _compare_summary(opened: Opened, results: list[dict[str, Any]]) -> None:
    try:
        document = opened.checked.json(CHECK)
    except PackError:
        return  # which is said already
    counts = Counter(each.get("compliance") for each in results)
    summary = document.get("summary")
    again = {"keys": len(results), **{state.value: counts[state.value] for state in State}}
    told = {name: summary.get(name) for name in again} if isinstance(summary, dict) else None
    if told != again or document.get("only"):
        opened.contradict(CHECK, "its summary does not count what its results are")
    if document.get("requests_from") != opened.at.isoformat(timespec="seconds"):
        opened.contradict(CHECK, f"its requests_from is not the moment that {PACK} tells of")
    _compare_settings(opened, document.get("settings"))


def _compare_settings(opened: Opened, settings: Json) -> None:
    """The rule parameters that the check tells of, against the landing zone of the pack."""
    try:
        zone = LandingZone.from_rule_parameters(settings)
    except SettingsError:
        if not isinstance(settings, dict) or len(json.dumps(settings)) <= MAXIMUM_PARAMETERS_LENGTH:
            opened.contradict(CHECK, "its settings are no rule parameters")
        return
    if opened.zone is None:
        opened.contradict(PACK, "it tells of no landing zone, and every check is for one")
        return
    beside: dict[str, Json] = {"manifest_keys": None, "accounts": []}
    if names := differing(zone_members(zone) | beside, zone_members(opened.zone) | beside):
        opened.contradict(PACK, f"its landing_zone ({names}) is not that of the settings of {CHECK}")


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _row(entry: Mapping[str, Json] | None) -> str:
    return _text([(entry or {}).get(name) for name in _ROW])
