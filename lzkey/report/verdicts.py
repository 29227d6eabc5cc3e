"""How each requirement stands with a key, by the result that AWS Config recorded, and what is known of it.

A result is of all requirements at once: of a COMPLIANT key every one holds, of any other the annotation names
those that do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key.access import FAMILIES
from landing_zone_key.finding import Certainty, Requirement
from lzkey.report.annotations import proved
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.report.model import Failure, KeyResult

ALL: Final = tuple(requirement.value for requirement in Requirement)
_ORDER: Final = {name: place for place, name in enumerate(ALL)}


class Verdict(StrEnum):
    """How a requirement stands with a key; the worst first."""

    REFUSED = "refused"
    """It does not hold, for certain."""
    POSSIBLE = "possible"
    """It may not hold: it could not be proved."""
    UNKNOWN = "unknown"
    """There is no result that could be trusted."""
    HOLDS = "holds"
    NOT_ASKED = "not-asked"
    """The rule's parameters ask it of another key."""
    NOT_APPLICABLE = "not-applicable"
    """The rule does not judge the key."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How some requirements stand with a key, and why."""

    requirements: tuple[str, ...]
    verdict: Verdict
    detail: str
    cause: str = ""
    """Of what is UNKNOWN."""
    fix: str = ""
    failure: Failure | None = None

    @property
    def apart(self) -> tuple[Standing, ...]:
        """The same of each requirement; of none where the key is not judged."""
        return tuple(replace(self, requirements=(one,)) for one in self.requirements) or (self,)


def by_requirement(key: KeyResult) -> list[tuple[str, Standing]]:
    """How each requirement stands with a key, in their order; none where the key is not judged.

    What this version does not know comes last.
    """
    found = [(name, standing) for standing in standings(key) for name in standing.requirements]
    return sorted(found, key=lambda one: _ORDER.get(one[0], len(ALL)))


def standings(key: KeyResult) -> tuple[Standing, ...]:
    """How every requirement stands with a key: those that stand alike together."""
    if key.doubt is not None:
        doubt = key.doubt
        return (Standing(ALL, Verdict.UNKNOWN, doubt.detail, doubt.cause, doubt.fix),)
    if key.state is State.NOT_APPLICABLE:
        return (Standing((), Verdict.NOT_APPLICABLE, key.annotation),)
    if key.state is State.COMPLIANT:
        return tuple(_compliant(key))
    if key.state in (State.NON_COMPLIANT, State.WAIVED):
        return tuple(_failing(key))
    return (Standing(ALL, Verdict.UNKNOWN, "nothing says why"),)


def _compliant(key: KeyResult) -> Iterator[Standing]:
    """What the annotation proves; of a service that does not use the key, nothing is proved."""
    told = proved(key.annotation)
    if not told:
        yield Standing(ALL, Verdict.UNKNOWN, "the annotation is not this version's for a COMPLIANT key")
        return
    idle = tuple(name for name in ALL if name in FAMILIES and name not in told)
    yield Standing(tuple(name for name in ALL if name not in idle), Verdict.HOLDS, "it is proved")
    if idle:
        yield Standing(idle, Verdict.NOT_ASKED, "the service does not use this key")


def _failing(key: KeyResult) -> Iterator[Standing]:
    """What fails, each alone; what is not named holds, where the result is understood, and not outdated."""
    named = {failure.requirement: failure for failure in key.failures}
    for requirement, failure in named.items():
        refused = failure.certainty is Certainty.REFUSED
        verdict = Verdict.REFUSED if refused else Verdict.POSSIBLE
        yield Standing((requirement,), verdict, failure.detail, failure=failure)
    others = tuple(name for name in ALL if name not in named)
    if not others:
        return
    if not named or not {*named} <= {*ALL}:
        yield Standing(
            others, Verdict.UNKNOWN, "the annotation is not this version's, so what holds is unknown"
        )
    elif key.outdated is not None:
        told = key.outdated
        yield Standing(others, Verdict.UNKNOWN, told.detail, told.cause, told.fix)
    else:
        yield Standing(others, Verdict.HOLDS, "the annotation names every requirement that does not hold")
