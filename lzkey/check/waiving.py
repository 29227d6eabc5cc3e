"""Waivers put beside the problems of keys as verdicts come: what is proved stays what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from landing_zone_key import FindingReason
from lzkey.check.verdict import Verdict
from lzkey.state import State
from lzkey.waivers.values import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lzkey.check.run import Judged
    from lzkey.check.verdict import Problem
    from lzkey.waivers.values import Use


def waived(results: Iterable[Judged], use: Use) -> Iterator[Judged]:
    """The results, each problem with its waiver; WAIVED is a key of which every problem has one in force."""
    for entry in results:
        yield _waived(entry, use) if isinstance(entry, Verdict) and entry.arn in use else entry


def _waived(verdict: Verdict, use: Use) -> Verdict:
    rest = Standing.NOT_JUDGED if verdict.state is State.NOT_APPLICABLE else Standing.MET
    stands = {problem.requirement: _standing(problem) for problem in verdict.problems}
    found = use.of(verdict.arn or "", lambda name: stands.get(name, rest))
    if not found:
        return verdict
    problems = tuple(replace(each, waiver=found.get(each.requirement)) for each in verdict.problems)
    state = State.WAIVED if all(each.is_waived for each in problems) else verdict.state
    return replace(verdict, state=state, problems=problems)


def _standing(problem: Problem) -> Standing:
    """What nobody could read is no problem that anybody has looked at, and decided not to mend."""
    return Standing.UNKNOWN if problem.reason == FindingReason.UNKNOWN else Standing.FAILING
