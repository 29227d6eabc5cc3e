"""The report as Markdown (CommonMark with GitHub's tables).

What AWS says is text and nothing else: no link, no HTML and no other column can come of it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lzkey.aws.key_name import called
from lzkey.catalogue import PREMISES, advice, mapped
from lzkey.figures import counted, moment
from lzkey.quoting import code_span, references
from lzkey.report.blast import blast_radii
from lzkey.report.headline import headline
from lzkey.report.own import defaults_in_force, own_keys
from lzkey.report.wording import (
    BLAST_RADIUS,
    EVENTS,
    FORMER_KEYS,
    NO_UNIT,
    OBSERVED,
    PROVED,
    REPORT_IT,
    VERDICTS,
    blast_radius,
    controls,
    events_told,
    former_key,
    formula,
    freshness,
    heading,
    in_doubt,
    in_force,
    key_use,
    open_since,
    percentage,
    ratio,
    scored,
    sentence,
    strange,
    unknowns,
)
from lzkey.state import scored_states, told_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lzkey.report.model import Report
    from lzkey.report.own import Answer, OwnKey


def render(report: Report) -> str:
    """The whole report, the answer first."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {references(heading(report))}"
    yield ""
    yield f"**{references(headline(report).sentence)}.** {references(sentence(report.proved.why))}."
    yield ""
    yield f"As of {moment(report.as_of)}; the oldest evaluation is of {moment(report.oldest_evaluation)}."
    yield ""
    counts = report.keys_by_state
    states = [(state.value, f"{counts[state]:,}") for state in told_states(counts)]
    yield from _table(("State", "Keys"), [*states, ("all", f"{len(report.keys):,}")])
    if report.places_in_doubt:
        yield f"{in_doubt(report.places_in_doubt)}."
        yield ""
    yield f"{references(sentence(scored(report)))}."
    yield ""
    yield from _own(report)
    yield from _deliveries(report)
    yield from _failures(report)
    yield from _doubts(report)
    yield from _former(report)
    yield from _places(report)
    yield from _trend(report)
    yield from _method(report)


def _own(report: Report) -> Iterator[str]:
    """Each of the landing zone's keys, requirement by requirement."""
    yield "## The landing zone's own keys"
    yield ""
    names, keys = report.key_names, own_keys(report)
    if not keys:
        yield f"It is not known which keys the landing zone uses{references(_because(report))}."
        yield ""
    for key in keys:
        yield f"### {references(called(key.arn, names.get(key.arn)))}"
        yield ""
        yield f"{references(_result_of(key, report))}."
        yield ""
        rows = (
            (one.requirement or "all", VERDICTS[one.verdict], _told(one), one.command or sentence(one.fix))
            for one in key.answers
        )
        if key.answers:
            yield from _table(("Requirement", "Answer", "What is known", "What to do"), rows)


def _told(one: Answer) -> str:
    told = sentence(one.told)
    return "; ".join([told, *filter(None, (str(one.waiver or ""), one.since))])


def _because(report: Report) -> str:
    return f": {report.landing_zone.unknown}" if report.landing_zone.unknown else ""


def _result_of(key: OwnKey, report: Report) -> str:
    if key.result is None:
        return "UNKNOWN: the landing zone names this key, and no result does"
    told = [f"{key.result.state}, evaluated {moment(key.result.evaluated_at)}"]
    if key.expected:
        verb = "was due" if key.expected < report.as_of else "is expected"
        told.append(f"the next result {verb} by {moment(key.expected)}")
    if key.result.outdated:
        told.append(key.result.outdated.detail)
    return "; ".join(told)


def _deliveries(report: Report) -> Iterator[str]:
    """What is proved beside what is observed, and each observation with its evidence."""
    yield "## Proved and observed"
    yield ""
    cells = (
        (cell.service, PROVED[cell.proved], cell.proof, OBSERVED[cell.observed], cell.seen)
        for cell in headline(report).cells
    )
    yield from _table(("Logs of", "Proved", "Why", "Observed", "What AWS tells"), cells)
    found = report.observed
    if found is None:
        return
    for one in (in_force(found.in_force), found.asked):
        yield f"{references(sentence(one))}."
        yield ""
    accounts = report.account_names
    rows = (
        (
            *(OBSERVED[one.outcome], f"{one.service}, {one.what}"),
            *(called(one.account, accounts.get(one.account)), one.region, one.detail, one.cause),
        )
        for one in found.observations
    )
    yield from _table(("Observed", "Deliveries", "Account", "Region", "What AWS tells", "Cause"), rows)
    yield from _depending(report)
    names = report.key_names
    told = [
        *(f"last use of {called(use.key, names.get(use.key))}: {key_use(use)}" for use in found.uses),
        *(f"{called(one.name, accounts.get(one.name))}: {one.detail}" for one in found.behind),
        *(one.detail for one in found.beside),
        *(f"{one.principal} asked for {one.key}: {events_told(one)}" for one in found.events),
        *found.unread,
        *((EVENTS,) if found.events_read else ()),
    ]
    yield from (f"- {references(sentence(one))}" for one in told)
    for event in found.contradictions:
        yield f"- {references(sentence(strange(event)))}. {REPORT_IT}: {code_span(event.event)}"
    yield ""


def _depending(report: Report) -> Iterator[str]:
    """What stops with each of the landing zone's keys, and what is in the way of its serving."""
    yield f"### {references(BLAST_RADIUS)}"
    yield ""
    names = report.key_names
    rows = (
        (called(key.key, names.get(key.key)), sentence(blast_radius(key)), key.trouble, key.fix)
        for key in blast_radii(report)
        if not key.former
    )
    yield from _table(("Key", "What depends on it", "What is in the way", "What to do"), rows)


def _failures(report: Report) -> Iterator[str]:
    failing: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    names = report.account_names
    since = open_since(report)
    headings = ["Account", "Name", "Region", "Key", "What is wrong", "Runbook"]
    has_waivers = any(failure.waiver for key in report.keys for failure in key.failures)
    headings += ["Since when"] * (report.opened is not None) + ["Waiver"] * has_waivers
    for key in report.keys:
        for failure in key.failures:
            row = (
                key.account,
                names.get(key.account, ""),
                key.region,
                called(key.arn, key.name),
                failure.detail,
                failure.runbook,
                *[since.get((key.arn, failure.requirement), "")] * (report.opened is not None),
                *[str(failure.waiver or "")] * has_waivers,
            )
            failing[failure.requirement].append(row)
    if failing:
        yield "## Findings by requirement"
        yield ""
    for requirement, rows in sorted(failing.items(), key=lambda found: (-len(found[1]), found[0])):
        yield f"### {references(requirement)}: {counted(len(rows), 'key')}"
        yield ""
        yield references(advice(requirement).told("ARN"))
        yield ""
        yield from _table(headings, rows)


def _doubts(report: Report) -> Iterator[str]:
    names, accounts = report.key_names, report.account_names
    rows = [
        (
            *(doubt.cause.value, called(account, accounts.get(account)), region),
            *(called(key, names.get(key)), doubt.detail, doubt.fix),
        )
        for doubt, account, region, key in unknowns(report)
    ]
    if rows:
        yield f"## Unknown: {counted(len(rows), 'time')}"
        yield ""
        yield from _table(("Cause", "Account", "Region", "Key", "Why", "What to do"), rows)


def _former(report: Report) -> Iterator[str]:
    names, radii = report.key_names, blast_radii(report)
    rows = [(called(key.key, names.get(key.key)), former_key(key), key.fix) for key in radii if key.former]
    if rows:
        yield f"## {FORMER_KEYS}"
        yield ""
        yield from _table(("Key", "What is known", "What to do"), rows)


def _places(report: Report) -> Iterator[str]:
    yield "## Accounts and Regions"
    yield ""
    yield from _units(report)
    units = any(account.unit for account in report.accounts)
    regions = list(dict.fromkeys(place.region for place in report.places))
    states = {
        (place.account, place.region): f"{place.state.value}{' (excluded)' if place.excluded else ''}"
        for place in report.places
    }
    rows = (
        (
            account.account,
            account.name,
            account.status,
            *([account.unit] if units else []),
            *(states.get((account.account, region), "") for region in regions),
        )
        for account in report.accounts
    )
    yield from _table(("Account", "Name", "Status", *(["Unit"] if units else []), *regions), rows)


def _units(report: Report) -> Iterator[str]:
    """How each organizational unit stands, the worst first."""
    units = report.units
    rows = (
        (
            *(one.unit or NO_UNIT, f"{one.accounts:,}"),
            *(f"{count:,}" for count in (*one.keys.values(), one.places_in_doubt)),
            percentage(one.score),
        )
        for one in units
    )
    if units:
        states = units[0].keys
        yield from _table(("Organizational unit", "Accounts", *states, "Regions in doubt", "Score"), rows)


def _trend(report: Report) -> Iterator[str]:
    trend = report.trend
    if trend is None:
        return
    yield f"## Since {moment(trend.since)}"
    yield ""
    yield f"The score was {percentage(trend.score_before)}, and is {percentage(report.score)}."
    yield ""
    if report.line:
        counts = [one.counts for one in report.line]
        rows = (
            (moment(one.as_of), percentage(one.score), formula(one.counts, *counts)) for one in report.line
        )
        made_of = ratio(*scored_states(*counts))
        yield from _table(("Report of", "Score", made_of), rows)
    absent = "not there"
    names = report.key_names
    changes = (
        (called(change.arn, names.get(change.arn)), change.before or absent, change.after or absent)
        for change in trend.changes
    )
    yield from _table(("Key", "Before", "Now"), changes)


def _method(report: Report) -> Iterator[str]:
    scope, zone, rule, names = report.scope, report.landing_zone, report.rule, report.key_names
    yield "## Method and limits"
    yield ""
    facts = {
        "Collected from": f"{scope.collected.value} {scope.aggregator or ''}".strip(),
        "Its data": freshness(report) or "not known",
        "Made in": f"account {scope.account}, {scope.region}",
        "Made by": scope.caller or "not known",
        "Regions": ", ".join(scope.regions),
        "Regions without the rule": ", ".join(scope.other_regions) or "none seen",
        "Excluded accounts": ", ".join(scope.excluded_accounts) or "none",
        "Landing zone": zone.unknown
        or f"version {zone.version} ({zone.status}), latest {zone.latest_version}",
        "Its keys": ", ".join(called(key, names.get(key)) for key in zone.keys) or "none known",
        "Rule": rule.name,
        "Rule parameters": ", ".join(f"{name}={value}" for name, value in rule.parameters.items()),
        "Defaults in force": ", ".join(
            f"{name}={value}" for name, value in defaults_in_force(report).items()
        ),
        "Runs": f"every {counted(rule.hours, 'hour')}" if rule.hours else "on no schedule that is known",
        "Code": rule.code_sha256 or "not known",
        "AWS calls": str(sum((report.calls or {}).values())),
    }
    yield from _table(("What", "Which"), facts.items())
    yield "Every proof takes this for granted:"
    yield ""
    yield from (f"- {premise.text} ({', '.join(premise.pages)})" for premise in PREMISES)
    yield ""
    yield from _notes("Could not be read on the way", (*filter(None, (rule.unknown,)), *report.notes))
    yield from _notes("Waivers without effect", report.idle_waivers)
    yield from _controls()


def _notes(heading: str, notes: Iterable[str]) -> Iterator[str]:
    """Sentences below a heading of their own: a list right after another is the same list in Markdown."""
    found = [f"- {references(note)}" for note in notes]
    if found:
        yield from (f"### {heading}", "", *found, "")


def _controls() -> Iterator[str]:
    """The controls of other frameworks that AWS relates to what a requirement asks for."""
    yield "### Controls of other frameworks"
    yield ""
    rows = ((name, one.named, one.meaning, one.source) for name, one in mapped().items())
    yield from _table(("Requirement", "Controls", "How they are related", "Source"), rows)
    yield references(controls())
    yield ""


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    named = [*headings]
    yield f"| {' | '.join(references(heading) for heading in named)} |"
    yield f"|{' --- |' * len(named)}"
    for row in rows:
        yield f"| {' | '.join(references(value) for value in row)} |"
    yield ""
