"""The landing zone's own keys, each with every requirement and its answer; a pass with what is proved."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from landing_zone_key import KeyDataError, LandingZone, Requirement, SettingsError
from landing_zone_key.key import KeyArn
from landing_zone_key.requests import CLOUDTRAIL, CONFIG
from lzkey.aws.standing import Standing as KeyStanding
from lzkey.catalogue import advice, stands_for
from lzkey.parameters import as_parameters
from lzkey.report.verdicts import Verdict, by_requirement, standings
from lzkey.report.wording import open_since

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from lzkey.report.model import KeyResult, Report
    from lzkey.report.verdicts import Standing
    from lzkey.waivers.values import Waived

_SERVICES: Final = {Requirement.CONFIG_ACCESS: CONFIG, Requirement.CLOUDTRAIL_ACCESS: CLOUDTRAIL}


@dataclass(frozen=True, slots=True)
class Answer:
    """How one requirement stands with a key."""

    requirement: str
    """Empty: of all of them at once, where the rule does not judge the key."""
    verdict: Verdict
    told: str
    """What is proved, or what is wrong or not known; a sentence without its full stop."""
    since: str = ""
    """Since when it fails; empty where nobody has asked."""
    waiver: Waived | None = None
    """Who has waived it, in force or not any more."""
    fix: str = ""
    command: str = ""
    """What to run, the key's ARN in it."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """One of the landing zone's keys."""

    arn: str
    result: KeyResult | None
    """None: the landing zone names it, and nothing else is known."""
    answers: tuple[Answer, ...]
    expected: datetime | None
    """When the next result is due; None: the rule runs on changes alone, or nothing is known of it."""


def own_keys(report: Report) -> tuple[OwnKey, ...]:
    """The landing zone's keys, in the report's order; those of which nothing is known come last."""
    found = [key for key in report.keys if key.of_landing_zone]
    zone = zone_of(report)
    since = open_since(report)
    return (
        *(
            OwnKey(key.arn, key, tuple(_answers(key, zone, since)), _expected(key.evaluated_at, report))
            for key in found
        ),
        *(OwnKey(arn, None, (), None) for arn in report.keys_without_result),
    )


def mending(requirement: str, detail: str, arn: str) -> tuple[str, str]:
    """What to do about a key that fails a requirement, in words, or in their place the one command.

    What enables a key is told by its state: one whose deletion is scheduled takes more than enable-key.
    """
    if requirement == Requirement.ENABLED and detail:
        return KeyStanding(shlex.quote(arn), detail.split(maxsplit=1)[0]).fix, ""
    command = advice(requirement).command
    return "", f"{command} {shlex.quote(arn)}" if command else ""


def zone_of(report: Report) -> LandingZone | None:
    """The landing zone as the rule's parameters tell it; None where they are not known, or wrong."""
    try:
        return LandingZone.from_rule_parameters(report.rule.parameters)
    except SettingsError:
        return None


def defaults_in_force(report: Report) -> dict[str, str]:
    """The rule parameters that nobody has given, with what is in force in their place."""
    zone = zone_of(report)
    told = {} if zone is None else as_parameters(zone)
    return {name: value for name, value in told.items() if name not in report.rule.parameters}


def next_expected(report: Report) -> datetime | None:
    """By when every result should be a new one: the oldest is due first."""
    return _expected(report.oldest_evaluation, report)


def _expected(evaluated: datetime | None, report: Report) -> datetime | None:
    """A period of the rule later; None also where a document has one that leads to no date."""
    if evaluated is None or not report.rule.hours:
        return None
    try:
        return evaluated + timedelta(hours=report.rule.hours)
    except OverflowError:
        return None


def _answers(
    key: KeyResult, zone: LandingZone | None, since: Mapping[tuple[str, str], str]
) -> Iterator[Answer]:
    for requirement, one in by_requirement(key) or [("", standings(key)[0])]:
        if one.failure is None:
            yield Answer(requirement, one.verdict, _told(one, requirement, key, zone), fix=one.fix)
            continue
        fix, command = mending(requirement, one.detail, key.arn)
        yield Answer(
            requirement,
            one.verdict,
            one.detail or "the annotation had no room for the detail",
            since.get((key.arn, requirement), ""),
            one.failure.waiver,
            fix,
            command,
        )


def _told(one: Standing, requirement: str, key: KeyResult, zone: LandingZone | None) -> str:
    if one.verdict is not Verdict.HOLDS:
        return one.detail
    service, partition = _SERVICES.get(Requirement(requirement)), _partition(key.arn)
    if service is None or zone is None or partition is None:
        return advice(requirement).holds.removesuffix(".")
    return f"every request of {service} is proved to be allowed: {stands_for(service, partition, zone)}"


def _partition(arn: str) -> str | None:
    """An ARN's; None where it is none, as in a document that somebody else has written."""
    try:
        return KeyArn.parse(arn).partition
    except KeyDataError:
        return None
