"""The results of a check's pack against what the pack has of each key."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import LandingZone, SettingsError
from landing_zone_key.settings import MAXIMUM_PARAMETERS_LENGTH
from lzkey.check.run import Tally
from lzkey.errors import ExitCode, PackError
from lzkey.evidence.again import listed
from lzkey.evidence.differences import differing
from lzkey.evidence.facts import zone_members
from lzkey.evidence.pack import CHECK, PACK, RECORDED, SOURCES, VERDICTS, WAIVERS
from lzkey.evidence.waived import use_of, with_waivers, without_waivers
from lzkey.state import State, told_states

if TYPE_CHECKING:
    from lzkey import Json
    from lzkey.evidence.differences import Opened

#: The files of a check's pack, beside the keys.
FILES: Final = (PACK, VERDICTS, RECORDED, CHECK, SOURCES, WAIVERS)

_ROW: Final = ("name", "arn", "place", "compliance")


def compare_results(opened: Opened) -> None:
    """Compare the results of the check with what the pack has of each key."""
    entries = listed(opened, CHECK, "results")
    keys = [each for each in entries if each.get("type") == "key"]
    use, results = use_of(opened), [*map(without_waivers, keys)]
    if [with_waivers(each, use) for each in results] != keys:
        opened.contradict(CHECK, f"what it says is waived is not what {WAIVERS} comes to on its day")
    rows = listed(opened, RECORDED, "keys")
    opened.recorded = len(rows)
    told = [entry.get("verdict") for entry in listed(opened, VERDICTS, "keys")]
    if missing := Counter(map(_text, told)) - Counter(map(_text, results)):
        opened.contradict(CHECK, f"of {sum(missing.values())} keys it says otherwise than {VERDICTS}")
    rest = Counter(_row(each) for each in results) - Counter(_row(each) for each in told)
    if rest != Counter(map(_row, rows)):
        opened.contradict(RECORDED, f"it does not say of every other key what {CHECK} says")
    listed(opened, SOURCES, "sources")
    try:
        document = opened.checked.json(CHECK)
    except PackError:
        return  # which is said already
    if not isinstance(document, dict):
        return  # as well
    _compare_summary(opened, document, entries, is_mistaken=use.is_mistaken)
    if document.get("requests_from") != opened.at.isoformat(timespec="seconds"):
        opened.contradict(CHECK, f"its requests_from is not the moment that {PACK} tells of")
    _compare_settings(opened, document.get("settings"))


def _compare_summary(
    opened: Opened, document: dict[str, Any], entries: list[dict[str, Any]], *, is_mistaken: bool
) -> None:
    """What the check says of all its results, counted again."""
    kinds = Counter(_text(each.get("type")) for each in entries)
    states = Counter(_text(each.get("compliance")) for each in entries if each.get("type") == "key")
    count = {state: states[_text(state.value)] for state in State}
    keys, unread = kinds[_text("key")], kinds[_text("unread")]
    passed_over = document.get("passed_over")
    again = {
        "keys": keys,
        **{state.value: count[state] for state in told_states(count)},
        "unread": unread,
        "passed_over": len(passed_over) if isinstance(passed_over, list) else None,
        "findings": Counter(_failing(each) for entry in entries for each in _objects(entry.get("findings"))),
    }
    summary = document.get("summary")
    told = dict(summary) if isinstance(summary, dict) else {}
    told["findings"] = Counter()
    for each in _objects(summary.get("findings") if isinstance(summary, dict) else None):
        told["findings"][_failing(each)] += each["keys"] if type(each.get("keys")) is int else 0
    if told != again or keys + unread != len(entries) or document.get("only") or document.get("left_out"):
        opened.contradict(CHECK, "its summary does not count what its results are")
    worst = Tally(states=count, unread=unread)
    codes = {ExitCode.DONE, worst.exit_code(), worst.exit_code(allow_empty=True)}
    codes = {ExitCode.MISTAKEN} if is_mistaken else codes
    if document.get("exit_code") not in [*codes]:
        opened.contradict(CHECK, "its exit_code is not what its results come to")


def _objects(value: Json) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _failing(finding: dict[str, Any]) -> str:
    return _text([finding.get(name) for name in ("requirement", "reason", "certainty")])


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


def _row(entry: Json) -> str:
    members = entry if isinstance(entry, dict) else {}
    return _text([members.get(name) for name in _ROW])
