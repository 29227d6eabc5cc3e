"""The pack of a report: in full the landing zone's keys and its former ones, every other key as recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, LandingZone, SettingsError
from landing_zone_key.key import KeyArn
from lzkey.aws.former_keys import former_key_of
from lzkey.aws.landing_zone import LandingZoneDetail
from lzkey.check.formats.json import key as verdict_members
from lzkey.check.verdict import judge
from lzkey.documents import document, time_text
from lzkey.evidence.bag import new_bag
from lzkey.evidence.facts import as_facts, as_text, digest
from lzkey.evidence.pack import (
    FACTS,
    LANDING_ZONE,
    MOST_KEYS,
    OBSERVATIONS,
    PAGE,
    RECORDED,
    REPORT,
    RULE,
    VERDICTS,
    Folders,
    Lines,
    Made,
    finish,
    written,
)
from lzkey.evidence.readings import KeyReadings, as_members, found_in, rule_reading
from lzkey.report.document import as_document
from lzkey.report.formats import html as html_page
from lzkey.report.formats import json as json_report
from lzkey.report.waiving import unwaived

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from lzkey import Json
    from lzkey.aws.former_keys import FormerKey
    from lzkey.aws.witness import Witness
    from lzkey.evidence.signing import Signer
    from lzkey.report.model import KeyResult, Report
    from lzkey.sources.subject import FoundKey

#: What a former key is for; others have the names of the manifest's blocks.
FORMER: Final = "former"

#: What is said of keys that are not in full.
AS_RECORDED: Final = "as AWS Config recorded it; not proved again"


def write_report_pack(
    folder: Path, report: Report, witness: Witness, signer: Signer | None = None, waivers: str = ""
) -> None:
    """Write the pack of a report, with what was read for it; raises OutputError, and what `sign` does.

    `waivers` is the file of those that the report tells of. What AWS Config recorded knows none.
    """
    zone, recorded_report = zone_of_report(report, witness), unwaived(report)
    keys = [*_keys_in_full(recorded_report, witness, zone)] if zone is not None else []
    full = {str(each.found.key.arn) for each in keys}
    with new_bag(folder) as bag:
        folders = Folders()
        verdicts = []
        for each in keys:
            place = folders.of(each.found.key.arn)
            bag.write(f"{place}/{FACTS}", as_text(as_facts(each.found)))
            for name, reading in each.readings.files().items():
                bag.write(f"{place}/{name}", written(reading))
            verdicts.append(each.members(place, zone, report.as_of))
        bag.write(VERDICTS, written(document({"keys": verdicts})))
        with Lines(bag, RECORDED, "keys", verdicts=AS_RECORDED) as recorded:
            for key in recorded_report.keys:
                if key.arn not in full:
                    recorded.add(recorded_members(key, witness))
        data = json_report.render(report)
        bag.write(REPORT, data)
        bag.write(PAGE, page_of(report, data))
        bag.write(OBSERVATIONS, written(document({"observed": as_document(report).get("observed")})))
        reading = next(witness.of("controltower:GetLandingZone"), None)
        if reading is not None:
            bag.write(LANDING_ZONE, written(as_members(reading)))
        rule = rule_reading(witness, report.rule.name)
        if rule is not None:
            bag.write(RULE, written(rule))
        caller = witness.caller.arn if witness.caller else ""
        notes = (*_notes(report, zone, full), *_unanswered(keys))
        finish(bag, Made("report", report.as_of, zone, caller, notes, waivers), signer)


def page_of(report: Report, data: str) -> str:
    """The page of a report, which names the file beside it that has the same as JSON."""
    return html_page.render(report, html_page.Beside("report.json", digest(data)))


@dataclass(frozen=True, slots=True)
class _InFull:
    """A key in full."""

    found: FoundKey
    readings: KeyReadings
    uses: tuple[str, ...]
    former: FormerKey | None = None
    recorded: KeyResult | None = None

    def members(self, folder: str, zone: LandingZone | None, at: datetime) -> dict[str, Json]:
        """What the engine says of it, and beside it what AWS Config recorded."""
        told: dict[str, Any] = {"arn": str(self.found.key.arn), "folder": folder, "uses": [*self.uses]}
        if zone is not None:
            told["verdict"] = verdict_members(judge(self.found, zone, at=at))
        if self.former is not None:
            told["admits_deliveries_of"] = [*self.former.services]
        if self.recorded is not None:
            told["recorded"] = as_recorded(self.recorded)
        return told


def _keys_in_full(report: Report, witness: Witness, zone: LandingZone) -> Iterator[_InFull]:
    """The landing zone's keys, and its former ones."""
    results = {key.arn: key for key in report.keys}
    for text in report.landing_zone.keys[:MOST_KEYS]:
        try:
            arn = KeyArn.parse(text)
        except KeyDataError:
            continue  # an alias may be any key's
        readings = KeyReadings.seen(witness, arn)
        found = found_in(readings.key(arn), zone)
        uses = tuple(sorted(use.value for use in zone.uses_of({text, arn.key_id})))
        yield _InFull(found, readings, uses, recorded=results.get(text))
    for former in report.landing_zone.former_keys[:MOST_KEYS]:
        arn = KeyArn.parse(former.arn)
        readings = KeyReadings.seen(witness, arn)
        found = found_in(readings.key(arn), zone)
        again = former_key_of(found.key, zone)
        yield _InFull(found, readings, (FORMER,), again, results.get(former.arn))


def zone_of_report(report: Report, witness: Witness) -> LandingZone | None:
    """The landing zone by the rule's parameters, with its manifest and today's accounts; None: not known.

    Where the rule's parameters are not known, it is what everybody knows of it.
    """
    reading = next(witness.of("controltower:GetLandingZone"), None)
    detail = None if reading is None else LandingZoneDetail.of(reading.answer["landingZone"])
    return zone_by(report, detail)


def zone_by(report: Report, detail: LandingZoneDetail | None) -> LandingZone | None:
    """The same, with what GetLandingZone showed."""
    zone = rule_zone(report)
    home, manager = report.landing_zone.home_region, report.scope.management_account
    if zone is None and home and manager:
        zone = LandingZone(home, manager)
    if zone is None:
        return None
    if detail is not None and detail.manifest is not None and not report.landing_zone.unknown:
        zone = zone.with_manifest(detail.manifest, detail.version)
    return replace(zone, accounts=tuple(sorted(active_accounts(report))))


def rule_zone(report: Report) -> LandingZone | None:
    """The landing zone by the rule's parameters alone; None where they are not known, or wrong."""
    try:
        return LandingZone.from_rule_parameters(report.rule.parameters)
    except SettingsError:
        return None


def active_accounts(report: Report) -> frozenset[str]:
    """The organization's active accounts, where they were listed: those that are seen alone have no name."""
    return frozenset(each.account for each in report.accounts if each.status == "ACTIVE" and each.name)


def recorded_members(key: KeyResult, witness: Witness) -> dict[str, Json]:
    """A key that is not in full: its configuration item, and what AWS Config recorded."""
    item = witness.items.get(key.arn)
    shown = item and {"state_id": item.state_id, "captured_at": item.captured_at, "row_sha256": item.sha256}
    return {"arn": key.arn, "item": shown, **as_recorded(key)}


def as_recorded(key: KeyResult) -> dict[str, Json]:
    """A key's result as the report has it."""
    return {
        "state": key.state.value,
        "annotation": key.annotation,
        "evaluated_at": None if key.evaluated_at is None else time_text(key.evaluated_at),
    }


def _unanswered(keys: Sequence[_InFull]) -> Iterator[str]:
    """What is not known of keys in full: why not, say the report's own notes."""
    for each in keys:
        if lacking := [*each.readings.lacking(each.found)]:
            what = " and ".join(lacking)
            yield f"{each.found.key.arn}: no answer to {what} is in the pack: AWS gave none"


def _notes(report: Report, zone: LandingZone | None, full: set[str]) -> Iterator[str]:
    """What is not in the pack, and why."""
    if report.landing_zone.unknown:
        yield f"no key is in full: {report.landing_zone.unknown}"
    elif zone is None:
        yield "no key is in full: the landing zone's home Region or management account is not known"
    elif rule_zone(report) is None:
        why = report.rule.unknown or "its parameters are not known"
        yield f"the keys in full are judged without the rule's parameters: {why}"
    for text in report.landing_zone.keys:
        if zone is not None and text not in full:
            yield f"the landing zone's manifest names {text}, which may be any key: it is not in full"
