"""A fact about AWS: the function that asks for it, and the IAM actions that it takes, declared on it.

What a command must be allowed is the union of the facts that it asks for: nobody keeps a second list.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import IOBase
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, cast

from landing_zone_key import KeyDataError
from landing_zone_key.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


class Declared(Protocol):
    """Anything that says what it takes."""

    @property
    def actions(self) -> frozenset[str]:
        """IAM actions, such as `config:DescribeConfigRules`."""


@dataclass(frozen=True, slots=True)
class Fact(Generic[_Asked, _Answer]):
    """Called, it asks; `actions` are what asking takes."""

    ask: Callable[_Asked, _Answer]
    actions: frozenset[str]

    def __call__(self, *args: _Asked.args, **kwargs: _Asked.kwargs) -> _Answer:
        """Ask. Raises UnansweredError, also where an answer lacks what AWS's have, somewhere in it."""
        with self._understood():
            answer = self.ask(*args, **kwargs)
        if isinstance(answer, Iterator) and not isinstance(answer, IOBase):  # a file is one, of lines
            return cast("_Answer", self._each(answer))
        return answer

    def _each(self, answers: Iterator[Any]) -> Iterator[Any]:
        with self._understood():
            yield from answers

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, IndexError, KeyDataError, KeyError, TypeError, ValueError) as error:
            from lzkey.aws.unanswered import UnansweredError  # noqa: PLC0415 - boto3

            actions = " or ".join(sorted(self.actions)) or "AWS"
            raise UnansweredError.of_answer(actions, error) from error


def takes(
    *actions: str, facts: tuple[Declared, ...] = ()
) -> Callable[[Callable[_Asked, _Answer]], Fact[_Asked, _Answer]]:
    """Declare the IAM actions of a fact, and the other facts that it asks for."""
    return lambda ask: Fact(ask, frozenset(actions) | actions_of(*facts))


def actions_of(*facts: Declared) -> frozenset[str]:
    """The IAM actions that these facts take together."""
    return frozenset(action for fact in facts for action in fact.actions)


def identity_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy for whoever asks; what nobody can be refused, as sts:GetCallerIdentity, belongs into none."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(sid: str, actions: Iterable[str], resource: str = "*") -> dict[str, Any]:
    """A statement that allows these actions."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
