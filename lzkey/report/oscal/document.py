"""The whole document: assessment results of OSCAL 1.2.1.

Nothing is invented: there is no assessment plan, so that what stands in its place says what was assessed;
there are no parties, since a report does not know for whom it was made; and it weighs no risks, but tells of
those that people have waived.
https://pages.nist.gov/OSCAL/learn/concepts/layer/assessment/assessment-results/
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from landing_zone_key.requirements import HOW_MANY
from lzkey.catalogue import GUIDE, PREMISES, Framework, mapped
from lzkey.figures import to_the_millisecond
from lzkey.report.headline import headline
from lzkey.report.oscal.deliveries import of_deliveries as deliveries_noted
from lzkey.report.oscal.evidence import by_key
from lzkey.report.oscal.findings import of_deliveries, of_requirements
from lzkey.report.oscal.observations import LZKEY, RULE, Identifiers, of_keys, of_places
from lzkey.report.oscal.parts import (
    Part,
    can_be_told,
    described,
    each,
    identifier,
    markup,
    part,
    properties,
)
from lzkey.report.oscal.subjects import Inventory
from lzkey.report.wording import controls, heading, in_force, percentage, scored, subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lzkey.catalogue import ControlMapping
    from lzkey.report.model import Report
    from lzkey.report.oscal.evidence import Evidence

#: https://github.com/usnistgov/OSCAL/releases/tag/v1.2.1
OSCAL_VERSION: Final = "1.2.1"

_PLAN: Final = identifier("resource", "what was assessed")

_NO_PLAN: Final = "There is no assessment plan: what the results are of stands in this resource."
_ASSESSED: Final = (
    f"The {HOW_MANY} requirements that AWS Control Tower has of the KMS key of its landing zone, for every "
    "key that the AWS Config rule judges, as AWS Config recorded the results; and whether the logs that the "
    "landing zone encrypts with its keys can be delivered."
)


def as_oscal(report: Report, evidence: Sequence[Evidence] = ()) -> Part:
    """The report as OSCAL has it, the same for the same report; `evidence` are files beside the document.

    What is cited by a digest is what `evidence` names, and nothing else.
    """
    uuids = Identifiers(identifier("report", subject(report.scope), to_the_millisecond(report.as_of)))
    return {
        "assessment-results": part(
            uuid=uuids.document,
            metadata=_metadata(report),
            import_ap={"href": f"#{_PLAN}", "remarks": _NO_PLAN},
            results=[_result(report, evidence, uuids)],
            back_matter={"resources": [_plan(), *(one.resource for one in evidence)]},
        )
    }


def _metadata(report: Report) -> Part:
    return part(
        title=markup(heading(report)),
        last_modified=to_the_millisecond(report.as_of),
        version=to_the_millisecond(report.as_of),
        oscal_version=OSCAL_VERSION,
    )


def _plan() -> Part:
    return part(
        uuid=_PLAN,
        title="What was assessed",
        description=_ASSESSED,
        rlinks=[{"href": GUIDE, "media-type": "text/html"}],
    )


def _result(report: Report, evidence: Sequence[Evidence], uuids: Identifiers) -> Part:
    inventory = Inventory.of(report)
    noted = [
        *of_keys(report, inventory, uuids, by_key(evidence)),
        *of_places(report, inventory, uuids),
        *deliveries_noted(report, inventory, uuids),
    ]
    findings = [*of_requirements(noted, uuids), *of_deliveries(report, noted, uuids)]
    oldest = [one for one in (report.oldest_evaluation,) if one and can_be_told(one)]
    return part(
        uuid=uuids.of("result"),
        title=markup(heading(report)),
        description=f"{described(headline(report).sentence)}. {described(report.proved.why)}.",
        start=to_the_millisecond(min((*oldest, report.as_of))),
        end=to_the_millisecond(report.as_of),
        props=_facts(report),
        links=[{"href": f"#{one.uuid}", "rel": "reference"} for one in evidence if not one.keys],
        local_definitions=part(
            inventory_items=[*inventory.items.values()], assessment_assets=_assets(report)
        ),
        reviewed_controls=_reviewed(findings),
        observations=[one.written for one in noted],
        risks=[one.risk for one in noted if one.risk],
        findings=findings,
        remarks=_premises(),
    )


def _facts(report: Report) -> list[Part]:
    """What the results are of as a whole, what was not read, and what the report says in numbers."""
    scope, zone, found = report.scope, report.landing_zone, report.observed
    answer = headline(report)
    return properties(
        ("proved", answer.proved),
        ("observed", answer.observed),
        ("score", percentage(report.score)),
        ("counted", scored(report)),
        ("collected-from", f"{scope.collected} {scope.aggregator or ''}"),
        ("made-in", f"account {scope.account}, {scope.region}"),
        ("organization", scope.organization or ""),
        ("management-account", scope.management_account or ""),
        ("home-region", scope.home_region or ""),
        *each("region", scope.regions),
        *each("region-without-the-rule", scope.other_regions),
        *each("excluded-account", scope.excluded_accounts),
        ("landing-zone-version", zone.version or ""),
        *each("landing-zone-key", zone.keys),
        *each("former-key", (key.arn for key in zone.former_keys)),
        ("landing-zone-unknown", zone.unknown),
        ("in-force", in_force(found.in_force) if found else ""),
        ("asked", found.asked if found else ""),
        *each("not-read", (*report.notes, *(found.unread if found else ()), report.rule.unknown)),
        *each("idle-waiver", report.idle_waivers),
        ("behind-unknown", found.behind_unknown if found else ""),
    )


def _assets(report: Report) -> Part:
    """The rule and the command line, which are the tools."""
    rule = report.rule
    parameters = (f"{name}={told}" for name, told in rule.parameters.items())
    components = [
        part(
            uuid=RULE,
            type="software",
            title="The AWS Config rule",
            description="Proves each requirement of a key, by its attributes and its policy.",
            props=properties(
                ("rule-name", rule.name),
                ("function", rule.function or ""),
                ("code-sha256", rule.code_sha256 or ""),
                *each("rule-parameter", parameters),
            ),
            status={"state": "operational"},
        ),
        part(
            uuid=LZKEY,
            type="software",
            title="lzkey",
            description="Collects the results of every account and Region, and says what has none.",
            props=[{"name": "version", "value": version("lzkey")}],
            status={"state": "operational"},
        ),
    ]
    platform = part(
        uuid=identifier("platform", "AWS Config"),
        title="AWS Config, and lzkey",
        uses_components=[{"component-uuid": one} for one in (RULE, LZKEY)],
    )
    return {"components": components, "assessment-platforms": [platform]}


def _reviewed(findings: Sequence[Part]) -> Part:
    """The controls that AWS relates to what a requirement asks for, and the objectives of all findings."""
    objectives = dict.fromkeys(finding["target"]["target-id"] for finding in findings)
    return part(
        description=controls(),
        control_selections=[_selection(name, related) for name, related in mapped().items()],
        control_objective_selections=[
            {"include-objectives": [{"objective-id": name} for name in objectives]},
        ],
    )


def _selection(requirement: str, related: ControlMapping) -> Part:
    """The controls of one requirement: by their ids those of NIST, which has an OSCAL catalogue."""
    groups = related.by_framework
    others = [control for control in related.controls if control.framework is not Framework.NIST]
    return part(
        description=f"{requirement}: {related.meaning}.",
        props=properties(
            ("requirement", requirement),
            ("framework", Framework.NIST),
            ("check", related.check),
            ("relation", related.relation),
            *each("control", (f"{control.framework} {control.name}" for control in others)),
        ),
        links=[{"href": related.source, "rel": "reference"}],
        include_controls=[{"control-id": control.token} for control in groups[Framework.NIST]],
    )


def _premises() -> str:
    told = "\n".join(f"- {premise.text} ({', '.join(premise.pages)})" for premise in PREMISES)
    return f"Every proof takes this for granted:\n\n{told}"
