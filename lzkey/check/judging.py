"""Many keys for one landing zone: of keys that are alike one is judged, and its verdict is that of all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from landing_zone_key.likeness import Likeness, is_shown_in
from landing_zone_key.policies import Policies, Remembered, left_open
from lzkey.check.verdict import Verdict, assessed, verdict
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime

    from landing_zone_key import Assessment, LandingZone
    from lzkey.sources.subject import FoundKey


@dataclass(slots=True)
class _Policy:
    """What is remembered of the keys with one policy."""

    likeness: Likeness | None
    """None: nothing, since its keys have too little alike."""
    verdicts: Remembered[Hashable, Verdict] = field(default_factory=Remembered)


class Judge:
    """Judges each key as `verdict.judge` does; what it remembers of others is bounded, and ends with it."""

    def __init__(self, zone: LandingZone, at: datetime) -> None:
        self._zone, self._at = zone, at
        self._policies: Remembered[str, _Policy] = Remembered()
        self._read = Policies().of

    def __call__(self, found: FoundKey) -> Verdict:
        """What the key comes to."""
        text = left_open(found.key) if _is_plain(found) else None
        policy = None if text is None else self._policies.get(text)
        known = None if policy is None else policy.verdicts.get(self._sort_of(found, policy.likeness))
        if known is not None:
            return _told_of(known, found)
        surely, perhaps = assessed(found, self._zone, at=self._at, read=self._read)
        made = verdict(found, surely, perhaps)
        if text is not None:
            self._remember(text, found, surely, made)
        return made

    def _sort_of(self, found: FoundKey, likeness: Likeness | None) -> Hashable:
        if likeness is None:
            return None
        best = found.hopeful
        return likeness.of(found.key, self._zone), best and likeness.of(best, self._zone)

    def _remember(self, text: str, found: FoundKey, surely: Assessment, made: Verdict) -> None:
        if surely.question is None:  # that takes no longer than to look it up
            return
        policy = self._policies.get(text)
        if policy is None:
            read = surely.question.policy
            policy = _Policy(None if read is None else Likeness.among(found.key, read))
            self._policies[text] = policy
        told = [made.annotation, *(each.message for each in made.problems)]
        told += [each.message for each in made.remarks]
        if policy.likeness is not None and not any(is_shown_in(each, found.key) for each in told):
            policy.verdicts[self._sort_of(found, policy.likeness)] = made


def _is_plain(found: FoundKey) -> bool:
    """Whether the source tells no more of it than of any other: no lines, no stand-ins, no manifest."""
    return (
        found.arn_known
        and not (found.statement_lines or found.not_known or found.known_in_part)
        and found.manifest_keys is None
        and (found.hopeful is None or found.hopeful.policy is found.key.policy)
    )


def _told_of(known: Verdict, found: FoundKey) -> Verdict:
    """The verdict of a key that is alike."""
    line, problems, remarks = found.place.line, known.problems, known.remarks
    if line != known.place.line:
        problems = tuple(replace(each, line=line) for each in problems)
        remarks = tuple(replace(each, line=line) for each in remarks)
    return Verdict(
        found.name,
        str(found.key.arn),
        found.place,
        known.state,
        known.annotation,
        known.rule,
        problems,
        remarks,
        () if known.state is State.COMPLIANT else found.unresolved,
        found.assumptions,
        label=found.label,
    )
