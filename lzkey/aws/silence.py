"""An AWS that does not answer: how long a command waits for it altogether, and what is said meanwhile.

One clock is shared by everything that a command asks. It runs while there are questions and no answers, so
that neither work of our own nor somebody who thinks before he answers counts as silence.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias

from lzkey.aws.unanswered import SilentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Where it is silent once, it may be by chance; where it is silent twice, it is down or cannot be reached.
MOST_ATTEMPTS: Final = 2

#: Actions of which there are as many questions as objects: none stands for the others.
_EACH_ANOTHER: Final = frozenset({"s3:GetObject"})

#: Seconds without any answer, after which nothing more is asked.
_DEADLINE: Final = 60
#: Seconds after which somebody who waits is told for what.
_TOLD_AFTER: Final = 15

#: What a command waits for: the command line writes it to standard error.
_LOG: Final = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


#: A service such as `kms`, and the Region.
Place: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """An action such as `kms:ListKeys`, and the Region in which it is asked for."""

    action: str
    region: str

    @property
    def place(self) -> Place:
        """Where it is asked: other services may answer."""
        return self.action.partition(":")[0], self.region

    def __str__(self) -> str:
        """`kms:ListKeys in us-east-1`."""
        return f"{self.action} in {self.region}"


@dataclass(slots=True)
class Silence:
    """Since when nobody has answered; threads may share it."""

    clock: Callable[[], float] = monotonic
    _since: dict[Place | None, float] = field(default_factory=dict)
    """By place; of all places together: None."""
    _unanswered: set[Question] = field(default_factory=set)
    _told: set[Question] = field(default_factory=set)
    _waiting: dict[object, tuple[float, Question]] = field(default_factory=dict)
    """What is being asked, and since when by `monotonic`; the oldest first."""
    _watched: bool = False
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def asking(self, question: Question, patience: float) -> Iterator[None]:
        """Wait for an answer, which may take so many seconds; SilentError where there was none before."""
        with self._lock:
            for place in (None, question.place):
                self._since.setdefault(place, self.clock())
            before = question in self._unanswered
        if before:
            raise SilentError(told=f"{question} was not answered before, and is not asked again")
        if not self.allows(question.place, patience):
            raise SilentError(told=f"{question} is not asked: AWS was silent for too long before")
        this = object()
        with self._lock:
            self._waiting[this] = monotonic(), question
            if not self._watched:
                self._look_after(_TOLD_AFTER)
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[this]

    def allows(self, place: Place, patience: float) -> bool:
        """Whether an answer that may take so many seconds can come before the deadline."""
        now = self.clock()
        with self._lock:
            longest = max(now - self._since.get(each, now) for each in (None, place))
        return int(longest) + patience <= _DEADLINE

    def heard(self, place: Place) -> None:
        """An answer came, of whatever kind."""
        with self._lock:
            for each in (None, place):
                self._since.pop(each, None)

    def gave_up(self, question: Question) -> None:
        """Every attempt ended without an answer."""
        if question.action in _EACH_ANOTHER:
            return
        with self._lock:
            self._unanswered.add(question)

    def _look_after(self, seconds: float) -> None:
        """One timer watches all questions: a thread for each would take longer than asking it."""
        self._watched = True
        timer = Timer(seconds, self._look)
        timer.daemon = True
        timer.start()

    def _look(self) -> None:
        """Tell, once, of what is waited for too long, and look again when the next one would be."""
        now = monotonic()
        with self._lock:
            late = [question for since, question in self._waiting.values() if now - since >= _TOLD_AFTER]
            new = [question for question in dict.fromkeys(late) if question not in self._told]
            self._told.update(new)
            self._watched = False
            others = [since for since, question in self._waiting.values() if question not in self._told]
            if others:
                self._look_after(others[0] + _TOLD_AFTER - now)
        for question in new:
            _LOG.warning("waiting for %s", question)
