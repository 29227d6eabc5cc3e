"""The rule's own annotation, read back: which requirements a key fails, and what is said of each.

landing_zone_key.annotation writes `REQUIREMENT: detail; REQUIREMENT; …`. A detail quotes Sids, which are
somebody else's text and may hold `; ` or the name of a requirement.
"""

from __future__ import annotations

import re
from typing import Final

from landing_zone_key.assessment import COMPLIANT_REASON
from landing_zone_key.finding import Requirement
from lzkey.report.model import Failure

_NAME: Final = "|".join(re.escape(requirement.value) for requirement in Requirement)
_FIRST: Final = re.compile(rf"({_NAME})(?::\x20|(?=;\x20)|\Z)")
_NEXT: Final = re.compile(rf";\x20({_NAME})(?::\x20|(?=;\x20)|\Z)")
#: A quotation from where it begins to what the engine writes after one; one that was cut short ends with
#: "..." instead. A Sid may hold quotes itself: it can add a requirement that way, and can hide none.
_QUOTED: Final = re.compile(
    rf'"(?:(?!\.\.\.;\x20(?:{_NAME})(?:[:;]|\Z)).)*?"'
    rf"(?=\Z|;\x20(?:{_NAME})(?::\x20|;\x20|\Z)|\x20misses\x20on\x20|\x20allows\x20)"
)


def failures(annotation: str) -> tuple[Failure, ...] | None:
    """Return the failed requirements, as they stand in the annotation; None where it is not our rule's."""
    first = _FIRST.match(annotation)
    if first is None:
        return None
    found = [(first[1], first.end())]
    ends: list[int] = []
    seen, position = {first[1]}, first.end()
    while position < len(annotation):
        step = _NEXT.match(annotation, position)
        if step and step[1] not in seen:
            seen.add(step[1])
            ends.append(position)
            found.append((step[1], step.end()))
            position = step.end()
        else:
            quoted = _QUOTED.match(annotation, position)
            position = quoted.end() if quoted else position + 1
    ends.append(len(annotation))
    return tuple(Failure(name, annotation[start:end]) for (name, start), end in zip(found, ends, strict=True))


def proves(annotation: str) -> bool:
    """Whether an annotation is what our rule says of a COMPLIANT key."""
    return annotation == COMPLIANT_REASON
