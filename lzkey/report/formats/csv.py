"""The report as CSV (RFC 4180): what is proved and observed, then a row per key and requirement, or doubt."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from typing import TYPE_CHECKING, Final

from landing_zone_key.finding import Requirement
from lzkey.catalogue import advice
from lzkey.quoting import cell
from lzkey.report.headline import headline
from lzkey.report.wording import unknowns
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lzkey.report.model import KeyResult, Report

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
    since the annotation names every one that does not. `certainty` says of a no whether it will happen
    (refused), or may (possible). The first rows are of the services, each with `proved` and `observed`, and
    of what was observed, with the action that told it as `evidence`.
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
        failed = {failure.requirement: failure for failure in key.failures}
        for requirement in Requirement:
            failure = failed.get(requirement)
            if failure is None:
                yield (*base, requirement.value, "yes", "", "", "", at)
                continue
            fix = advice(requirement).brief(key.arn)
            certainty, runbook = failure.certainty.value, failure.runbook
            yield (*base, requirement.value, "no", failure.detail, "", fix, at, certainty, runbook)


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""
