"""Judging many keys: in order, in flat memory, with all cores where there is enough to do."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from landing_zone_key import Certainty, Requirement
from lzkey.check.judging import Judge
from lzkey.check.verdict import Verdict
from lzkey.errors import ExitCode
from lzkey.processes import cores, undisturbed, working
from lzkey.sources.reading import Packed
from lzkey.sources.subject import PassedOver, Unread
from lzkey.sources.terraform_source import Declarations
from lzkey.state import WORST_FIRST, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor
    from datetime import datetime

    from lzkey.sources.subject import Context, Declared, FoundKey, Unit

#: What is shown.
Entry: TypeAlias = Verdict | Unread

#: What is counted.
Judged: TypeAlias = Entry | PassedOver

Units: TypeAlias = "Iterable[Unit | Unread | PassedOver | Declared]"

NOTHING_FOUND: Final = "no KMS key was found in what was given, so that nothing is proved"

#: So many units, or results, are done before other processes are worth their start.
ALONE: Final = 100
_ALONE_RESULTS: Final = 10_000
#: Units that wait for each process, so that none runs dry and none piles up.
_AHEAD: Final = 2
#: Bytes of packed units that wait for all of them.
_WAITING: Final = 32 << 20
#: Results that a process hands over of one unit; of one with more it has no part.
MOST: Final = 5_000


class Only(StrEnum):
    """What is shown where not everything is: keys by their compliance, and what could not be read."""

    NON_COMPLIANT = "non-compliant"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    COMPLIANT = "compliant"
    NOT_APPLICABLE = "not-applicable"
    UNREAD = "unread"


class Failing(NamedTuple):
    """A requirement that does not hold in a key, and why: each is at most once in one key."""

    requirement: str
    reason: str
    certainty: Certainty


@dataclass(slots=True)
class Tally:
    """How many of what there was, shown or not, and the exit code that it comes to."""

    only: tuple[Only, ...] = ()
    """What is shown; empty: everything."""
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    unread: int = 0
    passed_over: int = 0
    failing: Counter[Failing] = field(default_factory=Counter)
    """In how many keys something does not hold, or may not."""
    notes: list[str] = field(default_factory=list)
    """What was passed over and is told of, a sentence each."""

    def count(self, entry: Judged) -> None:
        """Add one."""
        if isinstance(entry, Unread):
            self.unread += 1
        elif isinstance(entry, PassedOver):
            self.passed_over += 1
            self.notes += [f"{entry.place.source}: {entry.reason}"] if entry.told else []
        else:
            self.states[entry.state] += 1
            self.failing.update(
                Failing(each.requirement, each.reason, each.certainty) for each in entry.problems
            )

    def worst_first(self) -> list[tuple[Failing, int]]:
        """What fails for certain before what may fail, in most keys first; as the requirements are told."""
        order = [requirement.value for requirement in Requirement]

        def rank(counted: tuple[Failing, int]) -> tuple[bool, int, int]:
            failing, keys = counted
            return failing.certainty is not Certainty.REFUSED, -keys, order.index(failing.requirement)

        return sorted(self.failing.items(), key=rank)

    def shows(self, entry: Entry) -> bool:
        """Whether it is of what is shown."""
        return not self.only or Only["UNREAD" if isinstance(entry, Unread) else entry.state.name] in self.only

    def shown(self, word: Only) -> int:
        """How many of these there are among what is shown."""
        there = self.unread if word is Only.UNREAD else self.states[State[word.name]]
        return there if not self.only or word in self.only else 0

    @property
    def left_out(self) -> int:
        """How many keys, and things that could not be read, are not shown."""
        return self.keys + self.unread - sum(map(self.shown, Only))

    @property
    def filtered(self) -> str:
        """What is shown and how many are not, in words; empty where everything is."""
        if not self.only:
            return ""
        return f"shown: only {' and '.join(self.only)}, {self.left_out:,} left out"

    @property
    def keys(self) -> int:
        """All keys."""
        return sum(self.states.values())

    @property
    def empty(self) -> bool:
        """Nothing was found, not even something that could not be read."""
        return not self.keys and not self.unread

    def exit_code(self, *, allow_empty: bool = False) -> ExitCode:
        """What the worst comes to; that nothing was found is doubt, unless it is allowed."""
        if self.states[State.NON_COMPLIANT]:
            return ExitCode.PROBLEM
        if self.states[State.UNKNOWN] or self.unread or (self.empty and not allow_empty):
            return ExitCode.UNDETERMINED
        return ExitCode.DONE

    def __str__(self) -> str:
        """All that was found, in one line."""
        found = self._found() if not self.empty else NOTHING_FOUND
        return "; ".join([found, *self._passed_over(), *filter(None, [self.filtered])])

    def _found(self) -> str:
        counts = ", ".join(f"{count:,} {state}" for state in WORST_FIRST if (count := self.states[state]))
        keys = f"{self.keys:,} {'key' if self.keys == 1 else 'keys'}"
        unread = f"; {self.unread:,} could not be read" if self.unread else ""
        return f"{keys}{': ' if counts else ''}{counts}{unread}"

    def _passed_over(self) -> list[str]:
        """What nothing was to be said of, if there was any."""
        if not self.passed_over:
            return []
        what = "file or resource was" if self.passed_over == 1 else "files or resources were"
        return [f"{self.passed_over:,} {what} passed over"]


def judged(units: Units, context: Context, at: datetime, *, processes: int | None = None) -> Iterator[Judged]:
    """Judge every key of the units, in their order; many units are shared among `processes`.

    Last comes what sources have declared in a language that is not read, where no other source has it.
    """
    declarations = Declarations()
    for entry in _all_judged(declarations.taken_from(units), context, at, processes):
        declarations.see(entry)
        yield entry
    yield from declarations.settled()


def _all_judged(
    units: Iterable[Unit | Unread | PassedOver], context: Context, at: datetime, processes: int | None
) -> Iterator[Judged]:
    remaining, done, judge = iter(units), 0, Judge(context.zone, at)
    for unit in islice(remaining, ALONE):
        for entry in _judged(unit, context, judge):
            yield entry
            done += 1
        if done >= _ALONE_RESULTS:
            break
    following = list(islice(remaining, 1))
    workers = processes or cores()
    if following and workers > 1:
        yield from _shared(chain(following, remaining), context, at, workers)
        return
    for unit in chain(following, remaining):
        yield from _judged(unit, context, judge)


def judged_keys(
    keys: Iterable[FoundKey | Unread | PassedOver], context: Context, judge: Judge
) -> Iterator[Judged]:
    """Judge keys as they come."""
    for found in keys:
        if isinstance(found, Unread | PassedOver):
            yield found
            continue
        verdict = judge(found)
        yield verdict if context.keep is None else replace(verdict, kept=context.keep(found))


def _judged(unit: Unit | Unread | PassedOver, context: Context, judge: Judge) -> Iterator[Judged]:
    if isinstance(unit, Unread | PassedOver):
        return iter([unit])
    return judged_keys(unit.keys(context), context, judge)


def _shared(
    units: Iterable[Unit | Unread | PassedOver], context: Context, at: datetime, workers: int
) -> Iterator[Judged]:
    with working(workers, _begin, (context, at)) as pool:
        yield from _in_order(pool, units, workers * _AHEAD)


def _in_order(
    pool: ProcessPoolExecutor, units: Iterable[Unit | Unread | PassedOver], most: int
) -> Iterator[Judged]:
    """What comes of the units, in their order, while so many of them wait at most."""
    waiting: deque[tuple[Unit | Unread | PassedOver, Future[list[Judged] | None]]] = deque()
    held = 0
    for unit in units:
        with undisturbed():
            waiting.append((unit, pool.submit(_work, unit)))
        held += _size(unit)
        while len(waiting) > most or (held > _WAITING and len(waiting) > 1):
            first, results = waiting.popleft()
            held -= _size(first)
            yield from _results(pool, first, results, most)
    for first, results in waiting:
        yield from _results(pool, first, results, most)


def _size(unit: object) -> int:
    return len(unit.content) if isinstance(unit, Packed) else 0


def _results(
    pool: ProcessPoolExecutor,
    unit: Unit | Unread | PassedOver,
    results: Future[list[Judged] | None],
    most: int,
) -> Iterator[Judged]:
    """What came of one unit; one with too much in it is handed over once more, in pieces."""
    found = results.result()
    if found is None and isinstance(unit, Packed):
        yield from _in_order(pool, unit.units(), most)
    else:
        yield from found or ()


#: In a process of the pool: what does not change from unit to unit.
_given: tuple[Context, Judge]


def _begin(context: Context, at: datetime) -> None:
    global _given  # noqa: PLW0603 - a process of the pool has no other place for it
    _given = context, Judge(context.zone, at)


def _work(unit: Unit | Unread | PassedOver) -> list[Judged] | None:
    """What comes of a unit; None where a packed one holds too much to be handed over at once."""
    results = _judged(unit, *_given)
    found = list(islice(results, MOST))
    if isinstance(unit, Packed) and len(found) == MOST and next(results, None) is not None:
        return None
    return [*found, *results]
