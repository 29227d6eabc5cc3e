"""The report as CSV (RFC 4180): what is proved and observed, then a row per key and requirement, or doubt."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from typing import TYPE_CHECKING, Final

from lzkey.catalogue import advice
from lzkey.quoting import cell
from lzkey.report.headline import headline
from lzkey.report.verdicts import ALL, Verdict, standings
from lzkey.report.wording import unknowns
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lzkey.report.model import KeyResult, Report
    from lzkey.report.verdicts import Standing

COLUMNS: Final = (
    "account",
    "account_name",
    "region",
    "key",
    "landing_zone_key",
    "state",
    "requirement",
    "holds",
    "detail",
    "cause",
    "fix",
    "evaluated_at",
    "as_of",
    "certainty",
    "runbook",
    "service",
    "proved",
    "observed",
    "observed_at",
    "evidence",
)

#: How many columns of a row are the key's; what follows is a failure's.
_JUDGED: Final = COLUMNS.index("as_of") - 1


def render(report: Report) -> str:
    """The table; every key is in it, and every account and Region that counts as UNKNOWN.

    `holds` is yes or no where the rule has judged; a requirement that its annotation does not name holds,
    since the annotation names every one that does not: but for those of a service that does not use the key,
    and where the result is outdated, of which nothing is said. `certainty` says of a no whether it will
    happen (refused), or may (possible). The first rows are of the services, each with `proved` and
    `observed`, and of what was observed, with the action that told it as `evidence`.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    names = {account.account: account.name for account in report.accounts}
    as_of = _time(report.as_of)
    for row in _rows(report):
        account, *rest = row[:_JUDGED]
        cells = [account, names.get(account, ""), *rest, as_of, *row[_JUDGED:]]
        writer.writerow([cell(value) for value in cells] + [""] * (len(COLUMNS) - len(cells)))
    return text.getvalue()


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    yield from _deliveries(report)
    for doubt, account, region, key in unknowns(report):
        if not key:
            where = (account, region, "", "", State.UNKNOWN.value)
            yield (*where, "", "", doubt.detail, doubt.cause.value, doubt.fix, "")
    former = {key.arn for key in report.landing_zone.former_keys}
    another = "unknown" if report.landing_zone.unknown else "no"
    for result in report.keys:
        yield from _key(result, "former" if result.arn in former else another)


def _deliveries(report: Report) -> Iterator[tuple[str, ...]]:
    """The matrix, and each observation; `detail` says what it rests on, with an error's cause."""
    scope = report.scope
    for service in headline(report).cells:
        where = (scope.management_account or "", scope.home_region or "", "", "", "")
        told = f"proved: {service.proof}; observed: {service.seen}"
        yield (*where, "", "", told, "", "", "", "", "", service.service, service.proved, service.observed)
    for one in report.observed.observations if report.observed else ():
        told = f"{one.detail}: {one.cause}" if one.cause else one.detail
        what = (f"{one.service}, {one.what}", "", one.outcome, _time(one.at), one.evidence)
        yield (one.account, one.region, "", "", "", "", "", told, "", "", "", "", "", *what)


def _key(key: KeyResult, another: str) -> Iterator[tuple[str, ...]]:
    own = "yes" if key.of_landing_zone else another
    base = (key.account, key.region, key.arn, own, key.state.value)
    at = _time(key.evaluated_at)
    if key.doubt is not None:
        yield (*base, "", "", key.doubt.detail, key.doubt.cause.value, key.doubt.fix, at)
    elif key.state is State.NOT_APPLICABLE:
        yield (*base, "", "", key.annotation, "", "", at)
    else:
        found = (one for standing in standings(key) for one in standing.apart)
        for one in sorted(found, key=_place):
            yield (*base, *_requirement(one, key, at))


def _place(one: Standing) -> int:
    """In the order of the requirements; what this version does not know comes last."""
    (requirement,) = one.requirements
    return ALL.index(requirement) if requirement in ALL else len(ALL)


def _requirement(one: Standing, key: KeyResult, at: str) -> tuple[str, ...]:
    """How one requirement stands; `holds` is empty where the result says neither."""
    (requirement,) = one.requirements
    if one.failure is not None:
        fix = advice(requirement).brief(key.arn)
        certainty, runbook = one.failure.certainty.value, one.failure.runbook
        return (requirement, "no", one.failure.detail, "", fix, at, certainty, runbook)
    if one.verdict is Verdict.HOLDS:
        return (requirement, "yes", "", "", "", at)
    return (requirement, "", one.detail, one.cause, one.fix, at)


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""
