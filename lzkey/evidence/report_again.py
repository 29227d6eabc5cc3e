"""The report of a pack, made again from what it rests on: the proof, what follows from it, and the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.settings import PermissionStandard
from lzkey.aws.former_keys import former_key_of
from lzkey.aws.landing_zone import LandingZoneDetail, home_region
from lzkey.aws.rule import Rule
from lzkey.documents import time_text
from lzkey.errors import PackError, ReportError
from lzkey.evidence.again import listed
from lzkey.evidence.differences import Kind, differing, quoted
from lzkey.evidence.facts import zone_members
from lzkey.evidence.pack import (
    LANDING_ZONE,
    OBSERVATIONS,
    PACK,
    PAGE,
    RECORDED,
    REPORT,
    RULE,
    VERDICTS,
    WAIVERS,
)
from lzkey.evidence.report_pack import FORMER, active_accounts, as_recorded, page_of, rule_zone, zone_by
from lzkey.evidence.waived import use_of
from lzkey.report.annotations import failures, proves
from lzkey.report.answer import answer
from lzkey.report.document import as_document, from_document
from lzkey.report.surroundings import facts_of
from lzkey.report.waiving import unwaived, waived
from lzkey.state import State

if TYPE_CHECKING:
    from lzkey.evidence.differences import Again, Opened
    from lzkey.report.model import KeyResult, Report

#: The files of a report's pack, beside the keys.
FILES: Final = (PACK, VERDICTS, RECORDED, REPORT, PAGE, OBSERVATIONS, LANDING_ZONE, RULE, WAIVERS)


def make_again(opened: Opened) -> None:
    """Make the report again, and compare it with what the pack says."""
    try:
        told = opened.checked.json(REPORT)
        report = from_document(told)
    except (PackError, ReportError) as error:
        opened.contradict(REPORT, str(error))
        return
    written = as_document(report)
    if names := differing(told, written):
        opened.contradict(REPORT, f"its {names} is not what follows from the rest of it")
    if report.as_of != opened.at:
        opened.contradict(
            PACK, f"it was made at {time_text(opened.at)}, the report at {time_text(report.as_of)}"
        )
    _compare_observations(opened, written)
    detail = _landing_zone(opened, report)
    _compare_rule(opened, report)
    zone = zone_by(report, detail)
    ours, theirs = (None if each is None else zone_members(each) for each in (zone, opened.zone))
    if names := differing(ours, theirs):
        opened.contradict(PACK, f"its landing_zone ({names}) is not the one that the report tells of")
    recorded = unwaived(report)
    if waived(recorded, use_of(opened)) != report:
        opened.contradict(REPORT, f"what it says is waived is not what {WAIVERS} comes to on its day")
    _compare_proof(opened, recorded)
    _compare_keys(opened, recorded)
    _compare_page(opened, report)


def _compare_observations(opened: Opened, written: dict[str, Any]) -> None:
    try:
        beside = opened.checked.json(OBSERVATIONS)
    except PackError as error:
        opened.contradict(OBSERVATIONS, str(error))
        return
    if not isinstance(beside, dict) or beside.get("observed") != written.get("observed"):
        opened.contradict(OBSERVATIONS, f"it is not what {REPORT} says is observed")


def _landing_zone(opened: Opened, report: Report) -> LandingZoneDetail | None:
    """What GetLandingZone showed, compared with what the report makes of it; None where it is not there."""
    if LANDING_ZONE not in opened.checked.digests:
        if not report.landing_zone.unknown:
            opened.contradict(REPORT, f"it tells of a landing zone, and there is no {LANDING_ZONE}")
        return None
    try:
        found = opened.checked.json(LANDING_ZONE)["answer"]["landingZone"]
        detail, region = LandingZoneDetail.of(found), home_region(str(found["arn"]))
        facts = facts_of(detail, region)
    except (PackError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        opened.contradict(LANDING_ZONE, f"it is no answer of Control Tower: {quoted(error)}")
        return None
    told = replace(report.landing_zone, former_keys=())
    if told != facts and not (told.unknown and facts.unknown):
        opened.contradict(REPORT, f"its landing_zone is not what {LANDING_ZONE} says")
    return detail


def _compare_rule(opened: Opened, report: Report) -> None:
    """The rule's parameters against what AWS Config told of it, where that is there."""
    if RULE not in opened.checked.digests:
        if report.rule.parameters:
            opened.remarks.append(
                "the rule's parameters are the report's alone: no answer of AWS is beside them"
            )
        return
    try:
        reading = opened.checked.json(RULE)
        whole = "OrganizationConfigRules" in reading["answer"]
        found = reading["answer"]["OrganizationConfigRules" if whole else "ConfigRules"][0]
        rule = Rule.of_organization(found) if whole else Rule.of_account(found)
    except (PackError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        opened.contradict(RULE, f"it is no answer of AWS Config: {quoted(error)}")
        return
    if (rule.name, rule.parameters) != (report.rule.name, report.rule.parameters):
        opened.contradict(REPORT, f"its rule is not what {RULE} says")


def _compare_proof(opened: Opened, report: Report) -> None:
    """What is proved of deliveries, answered again from the results and the landing zone."""
    zone = rule_zone(report)
    functional = zone is None or zone.permission_standard is PermissionStandard.FUNCTIONAL
    regions, accounts = zone.governed_regions if zone else (), len(active_accounts(report))
    again = answer(report.landing_zone, report.keys, regions, accounts, functional=functional)
    if again != report.proved:
        said = f"{report.proved.delivery} ({quoted(report.proved.why)})"
        ours = f"{again.delivery} ({quoted(again.why)})"
        opened.differ(
            Kind.VERDICT, REPORT, f"can the logs be delivered? The report says {said}; here it is {ours}"
        )


def _compare_keys(opened: Opened, report: Report) -> None:
    """Each result of the report against what the pack has of the key."""
    results = {key.arn: key for key in report.keys}
    in_full = {str(each.found.key.arn) for each in opened.again}
    for each in opened.again:
        _compare_key(opened, report, each, results.get(str(each.found.key.arn)))
    rows = set()
    for row in listed(opened, RECORDED, "keys"):
        arn = str(row.get("arn"))
        told = {name: value for name, value in row.items() if name not in ("arn", "item")}
        if arn in rows or arn in in_full:
            opened.contradict(RECORDED, f"it tells of {quoted(arn)}, which the pack tells of already")
        elif arn not in results or told != as_recorded(results[arn]):
            opened.contradict(RECORDED, f"what it says of {quoted(arn)} is not what {REPORT} says")
        rows.add(arn)
    opened.recorded = len(rows)
    for key in report.keys:
        if key.arn not in rows and key.arn not in in_full:
            opened.contradict(RECORDED, f"it lacks {key.arn}, of which {REPORT} tells")
        _compare_annotation(opened, key)
    for arn in (*report.landing_zone.keys, *(key.arn for key in report.landing_zone.former_keys)):
        if ":key/" in arn and arn not in in_full and opened.zone is not None:
            opened.contradict(VERDICTS, f"it lacks {arn}, of which {REPORT} tells")


def _compare_key(opened: Opened, report: Report, again: Again, result: KeyResult | None) -> None:
    arn = str(again.found.key.arn)
    recorded = None if result is None else as_recorded(result)
    if again.entry.get("recorded") != recorded:
        opened.contradict(VERDICTS, f"what it says was recorded of {arn} is not what {REPORT} says")
    if again.entry.get("uses") == [FORMER]:
        _compare_former(opened, report, again)
    elif opened.zone is not None:
        uses = sorted(use.value for use in opened.zone.uses_of({arn, again.found.key.arn.key_id}))
        if again.entry.get("uses") != uses:
            opened.contradict(VERDICTS, f"what it says {arn} is for is not what the manifest says")
    if result is not None and result.state is not State.UNKNOWN and result.outdated is None:
        _compare_state(opened, again, result)


def _compare_state(opened: Opened, again: Again, result: KeyResult) -> None:
    """What AWS Config recorded of a key, against what its facts come to; facts may be lacking."""
    arn, proved = again.found.key.arn, again.verdict["rule_compliance"]
    if proved == result.state:
        return
    at = "at no time that is known" if result.evaluated_at is None else time_text(result.evaluated_at)
    told = f"the report says {result.state}, as AWS Config recorded it at {at}"
    why = quoted(again.verdict["annotation"])
    if again.verdict["compliance"] == State.UNKNOWN:
        opened.doubts.append(f"{arn}: {told}; the facts in the pack do not tell ({why})")
    else:
        ours = f"from the facts in the pack this engine says {proved} ({why})"
        opened.differ(Kind.VERDICT, REPORT, f"{arn}: {told}; {ours}")


def _compare_former(opened: Opened, report: Report, again: Again) -> None:
    """A former key: what its policy admits, and how it stands."""
    arn = str(again.found.key.arn)
    former = None if opened.zone is None else former_key_of(again.found.key, opened.zone)
    told = next((each for each in report.landing_zone.former_keys if each.arn == arn), None)
    services = None if former is None else [*former.services]
    if told != former or again.entry.get("admits_deliveries_of") != services:
        said = "none" if services is None else " and ".join(services)
        opened.differ(
            Kind.VERDICT, REPORT, f"{arn}: this engine says that its policy admits deliveries of: {said}"
        )


def _compare_annotation(opened: Opened, key: KeyResult) -> None:
    """What the report makes of an annotation."""
    read = [each.requirement for each in failures(key.annotation) or ()] if key.failures else []
    right = proves(key.annotation) if key.state is State.COMPLIANT else True
    if not right or read != [each.requirement for each in key.failures]:
        opened.contradict(REPORT, f"{key.arn} is {key.state} there, which its annotation does not say")


def _compare_page(opened: Opened, report: Report) -> None:
    """The page, made again; another version may make another one."""
    try:
        page, data = opened.checked.read(PAGE), opened.checked.read(REPORT).decode()
    except (PackError, UnicodeDecodeError) as error:
        opened.contradict(PAGE, str(error))
        return
    if page != page_of(report, data).encode():
        opened.does_not_follow(PAGE, f"it is not the page that lzkey makes of {REPORT}")
