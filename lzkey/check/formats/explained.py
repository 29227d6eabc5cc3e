"""An explanation: for people, and as JSON, version 1, for programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypedDict

from rich.console import Group

from lzkey.catalogue import PREMISES
from lzkey.check.explanation import Knowledge
from lzkey.check.formats.json import Ending, Key, Unreadable, key
from lzkey.check.verdict import place_of
from lzkey.documents import time_text
from lzkey.runbook import pointer
from lzkey.state import State
from lzkey.terminal import STYLES, folded, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.catalogue import Premise
    from lzkey.check.explanation import Answer, ContextKey, Explanation, Refusal
    from lzkey.check.verdict import Remark
    from lzkey.observed.blast import BlastRadius
    from lzkey.terminal import Folded

_WORDS: Final = {True: "holds", False: "FAILS", None: "unknown"}
_ANSWER_STYLES: Final = {True: "bold green", False: "bold red", None: "bold magenta"}


class ExplainedKey(Key):
    """What one key comes to, and why."""

    requirements: list[Answer]
    """Each with its proof or the refused request; none of them where the key is not judged."""
    blast_radius: BlastRadius | None
    """What depends on a live key; null without --live."""


class Explained(TypedDict):
    """Every requirement with what was found."""

    results: list[ExplainedKey | Unreadable]
    premises: list[Premise]
    """What every proof takes for granted, with AWS's pages for it and against it."""
    exit_code: Ending


def as_document(explained: Explanation, radius: BlastRadius | None = None) -> ExplainedKey:
    """One key's members: those of check, `requirements` with proof or refused request, what depends on it."""
    requirements: list[Json] = list(map(asdict, explained.answers))
    told: Json = None if radius is None else asdict(radius, dict_factory=_with_times)
    return {**key(explained.verdict), "requirements": requirements, "blast_radius": told}


def _with_times(members: list[tuple[str, Json]]) -> dict[str, Json]:
    return {name: time_text(part) if isinstance(part, datetime) else part for name, part in members}


def terminal_view(explained: Explanation) -> Group:
    """Return the lines."""
    return Group(*_lines(explained))


def premises() -> list[Json]:
    """What every proof takes for granted, for JSON."""
    return list(map(asdict, PREMISES))


def premises_view() -> Group:
    """The same, as lines; it is said once, after all keys."""
    return Group(*_premises())


def blast_view(radius: BlastRadius) -> Group:
    """What depends on a live key, what is in the way of its serving, and what to do."""
    return Group(*_blast(radius))


def _blast(radius: BlastRadius) -> Iterator[Folded]:
    yield _line("")
    yield _line("what depends on it:", "bold")
    yield folded(radius.purpose, "  ")
    yield folded(radius.depends, "  ")
    if radius.trouble:
        yield folded(radius.trouble, "  ", style="bold red")
    if radius.fix:
        yield folded(radius.fix, "  ")


def _premises() -> Iterator[Folded]:
    yield _line("every proof takes for granted:", "bold")
    for premise in PREMISES:
        yield folded(premise.text, "  ")
        yield from (folded(page, "    ", style="dim") for page in premise.pages)


def _lines(explained: Explanation) -> Iterator[Folded]:
    verdict = explained.verdict
    yield _line(f"{verdict.name}: {verdict.state}", STYLES.get(verdict.state, "bold magenta"))
    if place_of(verdict.place) != verdict.name:
        yield _line(place_of(verdict.place), "dim")
    if verdict.state is State.NOT_APPLICABLE:
        yield folded(verdict.annotation, "  ")
    for answer in explained.answers:
        yield from _answer(answer)
    for heading, texts in (
        ("not resolved", verdict.unresolved),
        ("assumed", verdict.assumptions),
        ("worth knowing, without a part in the answer", [_remark(remark) for remark in verdict.remarks]),
    ):
        if texts:
            yield _line("")
            yield _line(f"{heading}:", "bold")
            for text in texts:
                yield folded(text, "  ")


def _remark(remark: Remark) -> str:
    named = remark.statement if isinstance(remark.statement, str) else f"Statement[{remark.statement}]"
    where = "" if remark.statement is None else f" ({named})"
    return f"{remark.code}{where}: {remark.message}"


def _answer(answer: Answer) -> Iterator[Folded]:
    yield _line("")
    where = f" ({pointer(answer.runbook)})" if answer.runbook else ""
    yield _line(f"{answer.requirement}: {_WORDS[answer.holds]}{where}", _ANSWER_STYLES[answer.holds])
    yield folded(answer.detail, "  ")
    if answer.refusal is not None:
        yield from _refusal(answer.refusal)


def _refusal(refused: Refusal) -> Iterator[Folded]:
    asked = "the request that should be refused:" if refused.should_be_refused else "the request:"
    yield folded(asked, "  ", style="bold")
    for name, value in (
        ("principal", refused.principal),
        ("action", refused.action),
        ("resource", refused.resource),
    ):
        yield folded(one_line(value), f"    {name:<10} ", " " * 6)
    for knowledge in Knowledge:
        keys = [key for key in refused.context if key.knowledge is knowledge]
        if knowledge is Knowledge.KNOWN:
            yield from (folded(one_line(_carried(key)), "    ", " " * 6) for key in keys if key.values)
        elif keys:
            rest = ", and every other" if knowledge is Knowledge.UNKNOWN else ""
            yield folded(f"{knowledge}: {', '.join(map(_named, keys))}{rest}", "    ", "      ")
    yield folded("the statements, the nearest first:", "  ", style="bold")
    for outcome in refused.statements:
        verb = {True: "applies", False: "does not apply", None: "cannot be decided"}[outcome.applies]
        told = one_line(f"{outcome.effect} {outcome.statement} {verb}")
        yield folded(told, "    ", " " * 6, "" if outcome.applies is False else "bold")
        for why in outcome.why:
            yield folded(why, "      ", "        ")


def _line(text: str, style: str = "") -> Folded:
    return folded(one_line(text), style=style)


def _carried(key: ContextKey) -> str:
    return f"{key.name} = {', '.join(key.values)}{' (an example)' if key.example else ''}"


def _named(key: ContextKey) -> str:
    return f"{key.name} (here {', '.join(key.values)})" if key.values else key.name
