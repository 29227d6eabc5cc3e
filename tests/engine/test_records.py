"""Our frozen dataclasses behave as the standard library's, which each question is put to as well."""

from __future__ import annotations

import copy
import dataclasses
import itertools
from dataclasses import FrozenInstanceError, field, replace
from typing import Any

import pytest

from landing_zone_key import records


def define(decorator: Any) -> Any:
    """A class with every kind of field that this package uses."""

    @decorator(frozen=True, slots=True)
    class Example:
        """An example."""

        name: str
        values: tuple[str, ...] = ()
        facts: dict[str, str] = field(default_factory=dict)
        hidden: int = field(default=1, compare=False, repr=False)
        late: int | None = field(default=None, kw_only=True)
        length: int = field(init=False, compare=False, repr=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

    return Example


KINDS = pytest.mark.parametrize("example", [define(dataclasses.dataclass), define(records.dataclass)])


class TestInstance:
    """What one can do with an instance."""

    @KINDS
    def test_is_made_by_place_or_by_name(self, example: Any) -> None:
        """And what is left out has its default."""
        made = example("ab", ("c",), hidden=3, late=4)
        assert (made.name, made.values, made.facts, made.hidden, made.late) == ("ab", ("c",), {}, 3, 4)
        assert made.length == 2

    @KINDS
    def test_has_a_default_of_its_own(self, example: Any) -> None:
        """What a factory makes is not shared."""
        assert example("a").facts is not example("a").facts

    @KINDS
    def test_can_be_copied(self, example: Any) -> None:
        """All of it, also what is not compared; another process gets it in the same way."""
        made = example("ab", ("c",), hidden=3, late=4)
        again = copy.deepcopy(made)
        assert again is not made
        assert again == made
        assert (again.hidden, again.length) == (3, 2)

    @KINDS
    @pytest.mark.parametrize("arguments", [(), ("a", (), {}, 1, 2)])
    def test_refuses_other_arguments(self, example: Any, arguments: tuple[Any, ...]) -> None:
        """Too few, or a keyword-only one by place."""
        with pytest.raises(TypeError):
            example(*arguments)

    @KINDS
    def test_cannot_be_changed(self, example: Any) -> None:
        """Neither set nor deleted, known name or not."""
        made = example("a")
        for name in ("name", "nonsense"):
            with pytest.raises((FrozenInstanceError, TypeError, AttributeError)):
                setattr(made, name, "b")
        with pytest.raises(FrozenInstanceError):
            del made.name
        assert made.name == "a"

    @KINDS
    def test_has_no_room_for_more(self, example: Any) -> None:
        """Its slots are all it has."""
        assert not hasattr(example("a"), "__dict__")

    @KINDS
    def test_is_equal_by_what_is_compared(self, example: Any) -> None:
        """Hidden fields play no part; other ones do."""
        assert example("a", hidden=1) == example("a", hidden=2)
        assert example("a") != example("b")
        assert example("a") != "a"

    @KINDS
    def test_replace_makes_another(self, example: Any) -> None:
        """The standard library's function takes it."""
        made = example("a", late=1)
        assert replace(made, name="abc") == example("abc", late=1)
        assert replace(made, name="abc").length == 3

    @KINDS
    def test_is_written_as_the_call_that_makes_it(self, example: Any) -> None:
        """Without what is hidden."""
        written = "define.<locals>.Example(name='a', values=(), facts={}, late=None)"
        assert repr(example("a")) == written

    @KINDS
    def test_matches_by_place(self, example: Any) -> None:
        """As `case Example(name, values)`."""
        assert example.__match_args__[:2] == ("name", "values")


class TestHash:
    """Equal instances have one hash."""

    @pytest.mark.parametrize("decorator", [dataclasses.dataclass, records.dataclass])
    def test_goes_with_equality(self, decorator: Any) -> None:
        """Over a small product of values."""

        @decorator(frozen=True, slots=True)
        class Pair:
            left: int
            right: int = field(default=0, compare=False)

        pairs = [Pair(left, right) for left, right in itertools.product(range(3), repeat=2)]
        assert len(set(pairs)) == 3
        assert all((one == other) == (hash(one) == hash(other)) for one in pairs for other in pairs)

    @pytest.mark.parametrize("decorator", [dataclasses.dataclass, records.dataclass])
    def test_classes_alike_are_not_equal(self, decorator: Any) -> None:
        """The same fields in another class are another thing."""

        @decorator(frozen=True, slots=True)
        class One:
            value: int

        @decorator(frozen=True, slots=True)
        class Other:
            value: int

        assert One(1) != Other(1)


class TestOwnMethods:
    """A class may bring its own."""

    @pytest.mark.parametrize("decorator", [dataclasses.dataclass, records.dataclass])
    def test_they_stay(self, decorator: Any) -> None:
        """Equality, here."""

        @decorator(frozen=True, slots=True)
        class Same:
            value: int

            def __eq__(self, other: object) -> bool:
                return True

            def __hash__(self) -> int:
                return 0

        assert Same(1) == Same(2)


class TestOtherOptions:
    """What is not frozen and slotted is the standard library's business."""

    def test_a_mutable_one_is_mutable(self) -> None:
        """Such as the budget of a proof."""

        @records.dataclass(slots=True)
        class Counter:
            left: int

        counter = Counter(2)
        counter.left -= 1
        assert counter.left == 1
