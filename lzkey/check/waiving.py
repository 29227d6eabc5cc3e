"""Waivers put beside the problems of keys as verdicts come: what is proved stays what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lzkey.check.verdict import Verdict
from lzkey.state import State
from lzkey.waivers.values import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lzkey.check.run import Judged
    from lzkey.waivers.values import Use


def waived(results: Iterable[Judged], use: Use) -> Iterator[Judged]:
    """The results, each problem with its waiver; WAIVED is a key of which every problem has one in force."""
    for entry in results:
        yield _waived(entry, use) if isinstance(entry, Verdict) and entry.arn in use else entry


def _waived(verdict: Verdict, use: Use) -> Verdict:
    failing = {problem.requirement for problem in verdict.problems}
    rest = Standing.NOT_JUDGED if verdict.state is State.NOT_APPLICABLE else Standing.MET
    found = use.of(verdict.arn or "", lambda name: Standing.FAILING if name in failing else rest)
    if not found:
        return verdict
    problems = tuple(replace(each, waiver=found.get(each.requirement)) for each in verdict.problems)
    state = State.WAIVED if all(each.is_waived for each in problems) else verdict.state
    return replace(verdict, state=state, problems=problems)
