"""Representatives: so few texts that no pattern of a policy can tell any text from all of them.

Texts that the same patterns match are interchangeable. The patterns are run side by side as one automaton
(their product), breadth first, over the texts that can occur; every combination of "these match, those do
not" that can be reached is reached by a shortest text, and that text stands for all the others. This is
exact, not a sample. The walk is bounded: a hostile policy ends in `TooComplexError`, not in a long wait.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from landing_zone_key.policy.patterns import Pattern, Token, Wildcard, advance, start

_END: Final[Token] = ""
"""Closes each pattern in the joined automaton; no character is in it."""

_PREFERRED: Final = "xyzabcdefghijklmnopqrstuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./"


class TooComplexError(Exception):
    """The bound on the work is reached; internal to the proof, which answers `TOO_COMPLEX`."""


@dataclass(slots=True)
class Budget:
    """How much work is left; shared by everything one proof does."""

    steps: int

    def spend(self, steps: int) -> None:
        """Take steps away; raise `TooComplexError` when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooComplexError


@dataclass(frozen=True, slots=True)
class Domain:
    """The values a variable can take, as a small deterministic automaton."""

    edges: tuple[tuple[tuple[str | None, int], ...], ...]
    """For each state its edges: the characters (None: any), and the state they lead to."""
    accepting: frozenset[int]
    examples: tuple[str, ...] = ()
    """Some values, to be tried first: they read well in a message."""

    def step(self, state: int, character: str) -> int | None:
        """The state after one more character, or None where no value goes on like that."""
        for characters, target in self.edges[state]:
            if characters is None or character in characters:
                return target
        return None

    def contains(self, text: str) -> bool:
        """Tell whether the text is a value."""
        state: int | None = 0
        for character in text:
            state = self.step(state, character) if state is not None else None
        return state in self.accepting


ANY_TEXT: Final = Domain((((None, 0),),), frozenset({0}), ("x",))


def one_of(values: Sequence[str]) -> Domain:
    """The domain that holds these texts (at least one, none empty) and no other."""
    edges: list[dict[str, int]] = [{}]
    accepting = set()
    for value in values:
        state = 0
        for character in value:
            if character not in edges[state]:
                edges[state][character] = len(edges)
                edges.append({})
            state = edges[state][character]
        accepting.add(state)
    return Domain(tuple(tuple(edge.items()) for edge in edges), frozenset(accepting), tuple(values))


Pieces: TypeAlias = tuple[str, ...]
"""Fixed pieces at even places, names of variables at odd ones."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A text, and the groups of patterns whose answers on it must be told apart."""

    pieces: Pieces
    groups: tuple[tuple[Pattern, ...], ...]


@dataclass(frozen=True, slots=True)
class _Automaton:
    """All patterns of one text, one behind the other, with the fixed pieces around each variable."""

    tokens: tuple[Token, ...]
    opening: frozenset[int]
    group_at: Mapping[int, int]
    """Position behind a pattern -> the group it belongs to."""
    before: Mapping[str, str]
    after: str

    @classmethod
    def of(cls, tracked: Tracked) -> "_Automaton":
        tokens: list[Token] = []
        opening: set[int] = set()
        group_at: dict[int, int] = {}
        for group, patterns in enumerate(tracked.groups):
            for pattern in patterns:
                opening.update(len(tokens) + position for position in start(pattern.tokens))
                tokens.extend(pattern.tokens)
                group_at[len(tokens)] = group
                tokens.append(_END)
        before = dict(zip(tracked.pieces[1::2], tracked.pieces[::2], strict=False))
        return cls(tuple(tokens), frozenset(opening), group_at, before, tracked.pieces[-1])

    def read(self, positions: frozenset[int], text: str, budget: Budget) -> frozenset[int]:
        for character in text:
            budget.spend(1 + len(positions))
            positions = advance(self.tokens, positions, character)
        return positions

    def matched(self, positions: frozenset[int]) -> frozenset[int]:
        return frozenset(self.group_at[position] for position in positions if position in self.group_at)

    def watched(self, positions: frozenset[int]) -> set[str]:
        """The characters that some open pattern tells from others."""
        found: set[str] = set()
        for position in positions:
            token = self.tokens[position]
            if isinstance(token, str):
                found.update(token)
            elif token in (Wildcard.ONE_INSIDE, Wildcard.MANY_INSIDE):
                found.add(":")
        return found


@dataclass(frozen=True, slots=True)
class _State:
    """Where the walk stands: in which variable, and how far each automaton has come."""

    variable: int
    domain: int
    positions: tuple[frozenset[int], ...]


@dataclass(slots=True)
class _Walk:
    names: tuple[str, ...]
    domains: tuple[Domain, ...]
    automata: tuple[_Automaton, ...]
    budget: Budget
    seen: set[_State] = field(default_factory=set)
    queue: deque[tuple[_State, tuple[str, ...]]] = field(default_factory=deque)

    def run(self) -> Iterator[dict[str, str]]:
        found: set[tuple[frozenset[int], ...]] = set()
        self.enter(0, tuple(automaton.opening for automaton in self.automata), ())
        while self.queue:
            state, texts = self.queue.popleft()
            if state.variable == len(self.names):
                answers = self.answers(state)
                if answers not in found:
                    found.add(answers)
                    yield dict(zip(self.names, texts, strict=True))
                continue
            self.go_on(state, texts)

    def answers(self, state: _State) -> tuple[frozenset[int], ...]:
        return tuple(
            automaton.matched(automaton.read(positions, automaton.after, self.budget))
            for automaton, positions in zip(self.automata, state.positions, strict=True)
        )

    def enter(self, variable: int, positions: tuple[frozenset[int], ...], texts: tuple[str, ...]) -> None:
        """Begin with a variable: each text that uses it first reads the fixed piece before it."""
        if variable < len(self.names):
            name = self.names[variable]
            positions = tuple(
                automaton.read(open_positions, automaton.before.get(name, ""), self.budget)
                for automaton, open_positions in zip(self.automata, positions, strict=True)
            )
            texts = (*texts, "")
        self.push(_State(variable, 0, positions), texts)

    def go_on(self, state: _State, texts: tuple[str, ...]) -> None:
        domain, name = self.domains[state.variable], self.names[state.variable]
        if state.domain in domain.accepting:
            self.enter(state.variable + 1, state.positions, texts)
        for character, target in self.characters(domain, state, name):
            positions = tuple(
                automaton.read(open_positions, character, self.budget)
                if name in automaton.before
                else open_positions
                for automaton, open_positions in zip(self.automata, state.positions, strict=True)
            )
            self.push(_State(state.variable, target, positions), (*texts[:-1], texts[-1] + character))

    def characters(self, domain: Domain, state: _State, name: str) -> Iterator[tuple[str, int]]:
        """On each edge one character that nothing watches for, and each one that something does."""
        watched: set[str] = set()
        for automaton, positions in zip(self.automata, state.positions, strict=True):
            if name in automaton.before:
                watched |= automaton.watched(positions)
        for characters, target in domain.edges[state.domain]:
            fresh = unused_character(watched, characters)
            chosen = sorted(watched if characters is None else watched.intersection(characters))
            for character in (fresh, *chosen):
                if character is not None:
                    yield character, target

    def push(self, state: _State, texts: tuple[str, ...]) -> None:
        self.budget.spend(1)
        if state not in self.seen:
            self.seen.add(state)
            self.queue.append((state, texts))


def unused_character(watched: set[str], characters: str | None) -> str | None:
    """A character, of these or of all, that is not watched for; None where there is none."""
    candidates: Iterable[str] = _PREFERRED if characters is None else characters
    found = next((character for character in candidates if character not in watched), None)
    if found is None and characters is None:
        return next(character for character in map(chr, range(0xA1, 0x10FFFF)) if character not in watched)
    return found


def representatives(
    variables: Mapping[str, Domain], texts: Sequence[Tracked], budget: Budget
) -> Iterator[dict[str, str]]:
    """Assignments of the variables, one for each reachable combination of answers of the texts' groups."""
    automata = tuple(_Automaton.of(tracked) for tracked in texts)
    yield from _Walk(tuple(variables), tuple(variables.values()), automata, budget).run()
