"""Representatives: so few texts that no pattern of a policy can tell any text from all of them.

Texts that the same patterns match are interchangeable. The patterns are run side by side as one automaton
(their product), breadth first, over the texts that can occur; every combination of "these match, those do
not" that can be reached is reached by a shortest text, and that text stands for all the others. This is
exact, not a sample. The walk is bounded: a hostile policy ends in `TooComplexError`, not in a long wait.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from landing_zone_key.policy.automaton import Automaton, Token, bits
from landing_zone_key.policy.budget import Budget
from landing_zone_key.policy.patterns import Pattern
from landing_zone_key.records import dataclass

#: Closes each pattern in the joined automaton; no character is in it.
_END: Final[Token] = ""

#: Moving so many positions at once costs a step.
_POSITIONS_PER_STEP: Final = 1024

_EXAMPLES: Final = 4

_PREFERRED: Final = "xyzabcdefghijklmnopqrstuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./"


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

    def ends(self, text: str, begin: int) -> Iterator[int]:
        """The places of the text at which a value ends that begins at this one."""
        state: int | None = 0
        for place in range(begin, len(text) + 1):
            if state is None:
                return
            if state in self.accepting:
                yield place
            state = self.step(state, text[place]) if place < len(text) else None

    def contains(self, text: str) -> bool:
        """Tell whether the text is a value."""
        return len(text) in self.ends(text, 0)


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
    return Domain(
        tuple(tuple(edge.items()) for edge in edges), frozenset(accepting), tuple(values[:_EXAMPLES])
    )


#: Fixed pieces at even places, names of variables at odd ones.
Pieces: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tracked:
    """A text, and the groups of patterns whose answers on it must be told apart."""

    pieces: Pieces
    groups: tuple[tuple[Pattern, ...], ...]


@dataclass(frozen=True, slots=True)
class _Reader:
    """All patterns of one text, one behind the other, with the fixed pieces around each variable."""

    automaton: Automaton
    opening: int
    ends: tuple[int, ...]
    """For each group the positions behind its patterns."""
    twins: Mapping[int, int]
    """Position -> an earlier one of the same group that has the same before it: they always agree."""
    twinned: int
    before: Mapping[str, str]
    after: str
    cost: int
    """The steps that reading one character takes."""

    @classmethod
    def of(cls, tracked: Tracked, budget: Budget) -> "_Reader":
        tokens: list[Token] = []
        beginnings: list[int] = []
        ends: list[list[int]] = []
        twins: dict[int, int] = {}
        for patterns in tracked.groups:
            ends.append([])
            known: dict[tuple[Token, int], int] = {}
            for pattern in patterns:
                own = pattern.tokens
                budget.spend(len(own))
                beginnings.append(len(tokens))
                tokens.extend(own)
                ends[-1].append(len(tokens))
                tokens.append(_END)
                following = -1
                for position in range(len(tokens) - 1, beginnings[-1] - 1, -1):
                    following = known.setdefault((tokens[position], following), position)
                    if following != position:
                        twins[position] = following
        automaton = Automaton.of(tokens)
        before = dict(zip(tracked.pieces[1::2], tracked.pieces[::2], strict=False))
        return cls(
            automaton,
            automaton.opened(bits(beginnings)),
            tuple(map(bits, ends)),
            twins,
            bits(sorted(twins)),
            before,
            tracked.pieces[-1],
            1 + len(tokens) // _POSITIONS_PER_STEP,
        )

    def read(self, positions: int, text: str, budget: Budget) -> int:
        for character in text:
            budget.spend(self.cost)
            positions = self.automaton.advance(positions, character)
        return self.merged(positions, budget)

    def merged(self, positions: int, budget: Budget) -> int:
        """The positions, of those that always agree only one: patterns of a list often end alike."""
        rest = positions & self.twinned
        if not rest:
            return positions
        budget.spend(rest.bit_count())
        positions ^= rest
        while rest:
            position = rest.bit_length() - 1
            positions |= 1 << self.twins[position]
            rest ^= 1 << position
        return positions

    def matched(self, positions: int) -> frozenset[int]:
        return frozenset(group for group, ends in enumerate(self.ends) if ends & positions)


class _State(NamedTuple):
    """Where the walk stands: in which variable, and how far each automaton has come."""

    variable: int
    domain: int
    positions: tuple[int, ...]


class _Walk:
    def __init__(self, variables: Mapping[str, Domain], readers: tuple[_Reader, ...], budget: Budget) -> None:
        self.names = tuple(variables)
        self.domains = tuple(variables.values())
        self.readers = readers
        self.budget = budget
        self.seen: set[_State] = set()
        self.queue: deque[tuple[_State, tuple[str, ...]]] = deque()

    def run(self) -> Iterator[dict[str, str]]:
        found: set[tuple[frozenset[int], ...]] = set()
        self.enter(0, tuple(reader.opening for reader in self.readers), ())
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
            reader.matched(reader.read(positions, reader.after, self.budget))
            for reader, positions in zip(self.readers, state.positions, strict=True)
        )

    def enter(self, variable: int, positions: tuple[int, ...], texts: tuple[str, ...]) -> None:
        """Begin with a variable: each text that uses it first reads the fixed piece before it."""
        if variable < len(self.names):
            name = self.names[variable]
            positions = tuple(
                reader.read(open_positions, reader.before.get(name, ""), self.budget)
                for reader, open_positions in zip(self.readers, positions, strict=True)
            )
            texts = (*texts, "")
        self.push(_State(variable, 0, positions), texts)

    def go_on(self, state: _State, texts: tuple[str, ...]) -> None:
        domain, name = self.domains[state.variable], self.names[state.variable]
        if state.domain in domain.accepting:
            self.enter(state.variable + 1, state.positions, texts)
        using = [(place, reader) for place, reader in enumerate(self.readers) if name in reader.before]
        cost = 1 + sum(reader.cost for _, reader in using)
        watched: set[str] = set()
        for place, reader in using:
            watched |= reader.automaton.watched(state.positions[place])
        self.budget.spend(cost + len(self.readers))
        for characters, target in domain.edges[state.domain]:
            for character in representative_characters(watched, characters):
                self.budget.spend(cost)
                positions = list(state.positions)
                for place, reader in using:
                    advanced = reader.automaton.advance(positions[place], character)
                    positions[place] = reader.merged(advanced, self.budget)
                self.push(_State(state.variable, target, tuple(positions)), texts, character)

    def push(self, state: _State, texts: tuple[str, ...], character: str = "") -> None:
        if state not in self.seen:
            self.seen.add(state)
            self.queue.append((state, (*texts[:-1], texts[-1] + character) if character else texts))


def representative_characters(watched: set[str], characters: str | None) -> list[str]:
    """Of these characters, or of all: one that nothing watches for, and each one that something does."""
    fresh = unused_character(watched, characters)
    chosen = sorted(watched if characters is None else watched.intersection(characters))
    return chosen if fresh is None else [fresh, *chosen]


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
    readers = tuple(_Reader.of(tracked, budget) for tracked in texts)
    yield from _Walk(variables, readers, budget).run()
