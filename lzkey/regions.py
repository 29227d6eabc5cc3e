"""The Regions that there are: those that botocore lists, of all partitions.

Nothing of botocore is imported, which takes longer than a check. The Lambda does not ask: a Region that is
newer than its botocore must not break a rule that is deployed.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lzkey.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The rule parameters that name Regions, comma-separated.
_NAMING: Final = ("HomeRegion", "GovernedRegions", "ExecutionRoleRegion")


def unknown_regions(parameters: Mapping[str, str]) -> Iterator[str]:
    """A clause for each Region of the rule parameters that AWS has not."""
    for name in _NAMING:
        for region in filter(None, map(str.strip, parameters.get(name, "").split(","))):
            if fault := fault_of(region):
                yield f"{name} has {fault}"


def fault_of(region: str) -> str:
    """What is wrong with a Region's name; empty where AWS has that Region."""
    listed = regions()
    if region in listed:
        return ""
    near = max(listed, key=lambda each: _likeness(each, region))
    return f"{region}, which is no Region of AWS; the nearest is {near} (--allow-unknown-region takes it)"


def _likeness(one: str, other: str) -> tuple[bool, float]:
    """How much alike two names are: letters that have changed places are the commonest slip."""
    return sorted(one) == sorted(other), SequenceMatcher(None, one, other).ratio()


@cache
def regions() -> tuple[str, ...]:
    """All Regions, sorted."""
    package = find_spec("botocore")
    (folder,) = (package and package.submodule_search_locations) or ("",)
    found: Any = read_json(Path(folder, "data", "partitions.json"))
    names = (name for each in found["partitions"] for name in each["regions"])
    return tuple(sorted(name for name in names if name[-1].isdigit()))  # aws-global is none
