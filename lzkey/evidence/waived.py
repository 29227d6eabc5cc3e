"""The waivers of a pack, put once more beside what its keys fail, as they stood when it was made.

A verdict that is proved again knows no waivers: they are a decision of people, which a pack keeps as the file
that was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landing_zone_key import Certainty
from lzkey.check.formats.json import waiver
from lzkey.errors import PackError, WaiversError
from lzkey.evidence.pack import WAIVERS
from lzkey.state import State
from lzkey.waivers.reading import waivers_of
from lzkey.waivers.values import NO_WAIVERS, Standing, Use

if TYPE_CHECKING:
    from lzkey import Json
    from lzkey.evidence.differences import Opened


def use_of(opened: Opened) -> Use:
    """The waivers that a pack holds, on the day when it was made; of a file that is none it says so."""
    waivers = NO_WAIVERS
    if WAIVERS in opened.checked.digests:
        try:
            waivers = waivers_of(opened.checked.read(WAIVERS).decode(), WAIVERS)
        except (PackError, UnicodeDecodeError) as error:
            opened.contradict(WAIVERS, str(error))
        except WaiversError as error:
            opened.contradict(WAIVERS, " ".join(str(error).removeprefix(f"{WAIVERS}: ").split()))
    return Use(waivers, opened.at)


def without_waivers(result: dict[str, Any]) -> dict[str, Any]:
    """A result of a check as the proof has it: what is WAIVED fails, for certain or not."""
    findings = _objects(result.get("findings"))
    if result.get("compliance") != State.WAIVED and not any("waiver" in each for each in findings):
        return result
    plain = [{name: value for name, value in each.items() if name != "waiver"} for each in findings]
    changed = {**result, "findings": plain}
    if result.get("compliance") == State.WAIVED:
        certain = any(each.get("certainty") == Certainty.REFUSED for each in plain)
        changed["compliance"] = State.NON_COMPLIANT.value if certain else State.UNKNOWN.value
    return changed


def with_waivers(result: dict[str, Any], use: Use) -> dict[str, Any]:
    """A result of a check beside the waivers of its key, as `lzkey.check.waiving` has it."""
    arn, findings = result.get("arn"), _objects(result.get("findings"))
    if not isinstance(arn, str) or arn not in use:
        return result
    failing = [str(each.get("requirement")) for each in findings]
    rest = Standing.NOT_JUDGED if result.get("compliance") == State.NOT_APPLICABLE else Standing.MET
    found = use.of(arn, lambda name: Standing.FAILING if name in failing else rest)
    if not found:
        return result
    told = [
        {**each, "waiver": waiver(found[name])} if name in found else each
        for name, each in zip(failing, findings, strict=True)
    ]
    all_waived = all(name in found and found[name].in_force for name in failing)
    compliance = State.WAIVED.value if all_waived else result.get("compliance")
    return {**result, "findings": told, "compliance": compliance}


def _objects(values: Json) -> list[dict[str, Any]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []
