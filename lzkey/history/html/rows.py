"""What the page's sections say of a history: what is so now, its windows, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from lzkey.figures import lasted, to_the_second
from lzkey.history.edges import LATEST, Edges
from lzkey.history.model import BY_ITSELF, RECORDED, Standing
from lzkey.history.since import services, standing_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey.history.edges import Edge
    from lzkey.history.model import Act, History, Span
    from lzkey.history.since import Since

Tone = Literal["yes", "no", "unknown"]

#: In a word, whether it reads as a yes or a no, and the sentence; `{}` stands for the service.
_ANSWERS: Final[Mapping[Standing, tuple[str, Tone, str]]] = {
    Standing.REFUSED: ("Refused.", "no", "Deliveries of {} are refused for certain"),
    Standing.POSSIBLE: ("Perhaps.", "unknown", "Some deliveries of {} may be refused"),
    Standing.UNKNOWN: ("Not known.", "unknown", "Whether deliveries of {} are allowed is not known"),
    Standing.ALLOWED: ("Allowed.", "yes", "Every delivery of {} is proved to be allowed"),
    Standing.NO_KEY: ("No key.", "no", "There is no key, so nothing of {} can be encrypted with it"),
}

_RECORDED: Final = "A change that AWS Config recorded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of one service's deliveries now."""

    service: str
    word: str
    tone: Tone
    sentence: str
    since: Since


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which deliveries would have been refused, or possibly."""

    span: Span
    began: Edge
    ended: Edge
    lasted: str


def answers(history: History) -> tuple[Answer, ...]:
    """The answer for each service that the history tells of."""
    return tuple(_answer(history, service) for service in services(history))


def windows(history: History) -> tuple[Window, ...]:
    """The windows, those that are open first, then the newest."""
    found = sorted(history.windows, key=lambda span: (span.end is None, span.start), reverse=True)
    edges = Edges.of(history)
    return tuple(_window(history, edges, span) for span in found)


def not_known(history: History) -> tuple[Span, ...]:
    """The times of which nothing is known, the newest first."""
    found = [span for span in history.spans if span.standing is Standing.UNKNOWN]
    return tuple(sorted(found, key=lambda span: span.start, reverse=True))


def act_told(act: Act) -> str:
    """What an act was, in the words of CloudTrail where it tells."""
    if act.name == BY_ITSELF:
        return act.told
    return _RECORDED if act.name == RECORDED else act.name


def known_from(act: Act) -> str:
    """Which source tells of an act; what came about by itself follows from what was known."""
    return "what was known before" if act.name == BY_ITSELF else act.origin.value


def by_whom(act: Act) -> str:
    """Who did something, with the role behind a service; nobody where it came about by itself."""
    if act.name == BY_ITSELF:
        return "nobody"
    return f"{act.principal or 'nobody that a source names'}{f', with {act.behind}' if act.behind else ''}"


def span_lasted(span: Span, history: History) -> str:
    """How long it took; of what goes on, until now."""
    return lasted((span.end or history.as_of) - span.start)


def _answer(history: History, service: str) -> Answer:
    standing, since = standing_now(history, service)
    word, tone, sentence = _ANSWERS[standing]
    told = sentence.format(service)
    if since.at is not None and since.at >= history.as_of:
        told = f"{told} now; since when is not known"
    elif since.at is not None:
        latest = f", {LATEST}" if since.unknown else ""
        told = f"{told} since {to_the_second(since.at)}{latest} ({lasted(history.as_of - since.at)})"
    return Answer(service, word, tone, told, since)


def _window(history: History, edges: Edges, span: Span) -> Window:
    began, ended = edges.began(span), edges.ended(span)
    about = "about " if ended.word == LATEST else "at least " if began.word or ended.word else ""
    return Window(span, began, ended, f"{about}{span_lasted(span, history)}")
