"""The report as OSCAL assessment results: valid, complete, and no claim stronger than what is known."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from trestle.core.validator_factory import all_validator
from trestle.oscal.assessment_results import AssessmentResults

from landing_zone_key.assessment import COMPLIANT_FOR_ONE, COMPLIANT_REASON
from landing_zone_key.finding import Certainty, Requirement
from lzkey.catalogue import CATALOGUE, Framework, mapped
from lzkey.errors import ReportError
from lzkey.observed.values import Contradiction
from lzkey.report.document import as_document, from_document
from lzkey.report.formats import Form, render, write
from lzkey.report.formats.oscal import render as rendered
from lzkey.report.headline import headline
from lzkey.report.model import Account, Cause, Doubt, Failure, KeyResult
from lzkey.report.oscal import Evidence, as_oscal
from lzkey.report.oscal.parts import PROPERTIES
from lzkey.report.waiving import waived
from lzkey.state import State
from lzkey.waivers.values import Use, Waiver, Waivers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lzkey.report.model import Report

NAMES = ("healthy", "troubled", "empty", "hostile", "waived")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
UUID5 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*", re.ASCII)
#: OSCAL's Markdown.
MARKUP = {"title", "description", "remarks", "statement"}

HOSTILE = "=cmd|' /C calc'!A0 \x1b]0;title\x07\u202e|`x` <script>&\"'[a](b)\n# @team ]]>"
DOUBT = Doubt(Cause.NEVER_EVALUATED, "the key is there and has no result", "evaluate the rule")
REFUSED = Failure("CLOUDTRAIL_ACCESS", "kms:Decrypt refused, no statement allows it", Certainty.REFUSED)
POSSIBLE = Failure("CLOUDTRAIL_ACCESS", "key policy unknown", Certainty.POSSIBLE)


@pytest.fixture(params=(*NAMES, "all waived"))
def report(request: pytest.FixtureRequest, load_report: Callable[[str], Report]) -> Report:
    """Each of reports/*.json; and the hostile one with all that fails waived, in force, over, or for ever."""
    if request.param != "all waived":
        return load_report(request.param)
    found = load_report("hostile")
    days = cycle((found.as_of.date(), date(2026, 1, 1), date.max))
    failing = dict.fromkeys((key.arn, each.requirement) for key in found.keys for each in key.failures)
    waivers = tuple(Waiver(*one, HOSTILE, HOSTILE, day, 1) for one, day in zip(failing, days, strict=False))
    return waived(found, Use(Waivers("w.yaml", "", waivers), found.as_of))


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(part)


def lists(value: Any) -> Iterator[list[Any]]:
    """Every list of a document."""
    for part in parts(value):
        yield from (member for member in part.values() if isinstance(member, list))


def result_of(document: dict[str, Any]) -> dict[str, Any]:
    """The one result."""
    (found,) = document["assessment-results"]["results"]
    return dict(found)


def told(part: dict[str, Any], name: str) -> list[str]:
    """The values of a property."""
    return [one["value"] for one in part.get("props", ()) if one["name"] == name]


def statuses(report: Report) -> dict[str, tuple[str, str]]:
    """State and reason of each objective."""
    found = (finding["target"] for finding in result_of(as_oscal(report))["findings"])
    return {one["target-id"]: (one["status"]["state"], one["status"]["reason"]) for one in found}


def with_times(value: Any) -> Any:
    """A document with its times as times: trestle writes them in another way."""
    if isinstance(value, dict):
        return {name: with_times(part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_times(part) for part in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)", value):
        return datetime.fromisoformat(value)
    return value


def require_valid(document: dict[str, Any]) -> AssessmentResults:
    """What OSCAL Compass's own models make of it; and what they do not look at."""
    model: AssessmentResults = AssessmentResults.model_validate(document["assessment-results"])
    assert all_validator.AllValidator().model_is_valid(model, quiet=True)
    assert all(lists(document))
    uuids = [part["uuid"] for part in parts(document) if "uuid" in part]
    assert len(uuids) == len({*uuids})
    assert all(UUID5.fullmatch(uuid) for uuid in uuids)
    for part in parts(document):
        for name, value in part.items():
            if name.endswith("-uuid"):
                assert value in uuids
            if name == "href" and value.startswith("#"):
                assert value[1:] in uuids
            if name in {"collected", "start", "end", "last-modified", "deadline"}:
                assert TIME.fullmatch(value)
        for one in part.get("props", ()):
            assert TOKEN.fullmatch(one["name"])
            assert one["value"] == " ".join(one["value"].split())
            assert one["value"].isprintable()
    return model


class TestDocument:
    """What any report is as OSCAL."""

    def test_is_valid(self, report: Report) -> None:
        """By OSCAL Compass's models of the version that it names, and in what these do not look at."""
        model = require_valid(as_oscal(report))
        assert str(model.metadata.oscal_version.root.root) == "1.2.1"

    def test_nothing_is_lost(self, report: Report) -> None:
        """On its way through these models: they write times in another way, and nothing else."""
        document = as_oscal(report)
        model = AssessmentResults.model_validate(document["assessment-results"])
        assert with_times(json.loads(model.oscal_serialize_json())) == with_times(document)

    def test_same_bytes(self, report: Report) -> None:
        """For the same report, whatever clock it is told by, and after it was written and read."""
        elsewhere = report.as_of.astimezone(timezone(timedelta(hours=5, minutes=30)))
        again = from_document(json.loads(json.dumps(as_document(report))))
        assert rendered(report) == rendered(again) == rendered(replace(report, as_of=elsewhere))

    def test_other_report(self, load_report: Callable[[str], Report]) -> None:
        """Its identifiers are its own; a key's is the same."""
        report = load_report("healthy")
        later = replace(report, as_of=report.as_of + timedelta(days=1))
        one, other = as_oscal(report), as_oscal(later)
        assert one["assessment-results"]["uuid"] != other["assessment-results"]["uuid"]
        observed = [
            {part["uuid"] for part in result_of(document)["observations"]} for document in (one, other)
        ]
        assert not observed[0] & observed[1]
        items = [result_of(each)["local-definitions"]["inventory-items"] for each in (one, other)]
        assert items[0] == items[1]

    def test_by_its_name(self, load_report: Callable[[str], Report], tmp_path: Path) -> None:
        """A file's longest suffix counts."""
        report = load_report("healthy")
        write(report, [tmp_path / "a.oscal.json", tmp_path / "b.json"])
        assert (tmp_path / "a.oscal.json").read_text() == render(report, Form.OSCAL) == rendered(report)
        assert "assessment-results" not in json.loads((tmp_path / "b.json").read_text())

    def test_is_ascii(self, report: Report) -> None:
        """So that no terminal obeys it."""
        text = rendered(report)
        assert text.isascii()
        assert all(sign.isprintable() or sign == "\n" for sign in text)

    def test_properties_of_ours(self, report: Report) -> None:
        """Have a namespace; without one they would be NIST's, which has these two."""
        named = [one for part in parts(as_oscal(report)) for one in part.get("props", ())]
        assert {one["name"] for one in named if "ns" not in one} <= {"asset-id", "version"}
        assert {one["ns"] for one in named if "ns" in one} == {PROPERTIES}

    def test_markup(self, report: Report) -> None:
        """Where text is Markdown, nothing that somebody else wrote is a link, HTML, code block or heading."""
        for part in parts(as_oscal(report)):
            for name in MARKUP & part.keys():
                tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(part[name])
                kinds = {inner.type for token in tokens for inner in (token, *(token.children or ()))}
                lists = {
                    f"{name}_{end}" for name in ("bullet_list", "list_item") for end in ("open", "close")
                }
                allowed = {"paragraph_open", "paragraph_close", "inline", "text", "code_inline"}
                assert kinds <= allowed | (lists if name == "remarks" else {*()})


class TestObservations:
    """What is known of keys."""

    def test_every_requirement_of_every_key(self, report: Report) -> None:
        """Is told exactly once, of every key that is judged or unknown."""
        result = result_of(as_oscal(report))
        items = {
            item["uuid"]: item["props"][0]["value"] for item in result["local-definitions"]["inventory-items"]
        }
        found: dict[str, list[str]] = {}
        for one in result["observations"]:
            if told(one, "state"):
                (subject,) = one["subjects"]
                found.setdefault(items[subject["subject-uuid"]], []).extend(told(one, "requirement"))
        assert len(found) == len(report.keys)
        for key in report.keys:
            judged = key.state is not State.NOT_APPLICABLE
            assert sorted(found[key.arn]) == (sorted(Requirement) if judged else [])

    def test_landing_zones_keys(self, load_report: Callable[[str], Report]) -> None:
        """Have one for each requirement; of another key what stands alike is together."""
        report = load_report("troubled")
        observed = [one for one in result_of(as_oscal(report))["observations"] if told(one, "state")]
        by_key: dict[str, list[int]] = {}
        for one in observed:
            by_key.setdefault(one["subjects"][0]["title"], []).append(len(told(one, "requirement")))
        for key in report.keys:
            if key.of_landing_zone:
                assert by_key[key.arn] == [1] * len(Requirement)
            elif key.state is State.NON_COMPLIANT and len(key.failures) < len(Requirement):
                assert by_key[key.arn] == [*[1] * len(key.failures), len(Requirement) - len(key.failures)]
            else:
                assert len(by_key[key.arn]) == 1

    def test_when(self, report: Report) -> None:
        """AWS Config evaluated it; where nobody knows, the report was made, and that is said."""
        document = as_oscal(report)
        known = {key.arn: key.evaluated_at for key in report.keys}
        items = {
            part["uuid"]: part["props"][0]["value"]
            for part in parts(document)
            if "description" in part and part["description"] == "A KMS key."
        }
        for one in result_of(document)["observations"]:
            if not told(one, "state"):
                continue
            at = known[items[one["subjects"][0]["subject-uuid"]]]
            assert datetime.fromisoformat(one["collected"]) == (at or report.as_of)
            assert bool(told(one, "evaluated-at")) == (at is None)

    def test_a_time_that_oscal_has_not(self, load_report: Callable[[str], Report]) -> None:
        """Is not known: its times begin with 1900."""
        report = load_report("healthy")
        early = replace(report.keys[0], evaluated_at=datetime(1601, 1, 1, tzinfo=UTC))
        document = as_oscal(replace(report, keys=(early,)))
        require_valid(document)
        assert result_of(document)["start"] == result_of(document)["end"]
        assert all(
            told(one, "evaluated-at") for one in result_of(document)["observations"] if told(one, "state")
        )

    def test_annotation(self, load_report: Callable[[str], Report]) -> None:
        """Is there as AWS Config recorded it."""
        report = load_report("troubled")
        annotations = {
            note for one in result_of(as_oscal(report))["observations"] for note in told(one, "annotation")
        }
        assert annotations == {key.annotation for key in report.keys if key.annotation}


class TestStatus:
    """Satisfied is what is proved, and nothing else."""

    @staticmethod
    def of(load_report: Callable[[str], Report], **changes: Any) -> dict[str, tuple[str, str]]:
        """The statuses of a healthy report of one key, which is another in this."""
        report = load_report("healthy")
        key = replace(report.keys[0], **changes)
        return statuses(replace(report, keys=(key,)))

    def test_proved(self, load_report: Callable[[str], Report]) -> None:
        """Of every requirement."""
        found = self.of(load_report)
        assert {found[name] for name in found} == {("satisfied", "pass")}
        assert len(found) == len(Requirement) + len(headline(load_report("healthy")).cells)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"state": State.UNKNOWN, "doubt": DOUBT}, "other"),
            ({"state": State.UNKNOWN}, "other"),
            ({"state": State.NON_COMPLIANT, "failures": (REFUSED,)}, "fail"),
            ({"state": State.NON_COMPLIANT, "failures": (POSSIBLE,)}, "other"),
            ({"state": State.NON_COMPLIANT, "failures": ()}, "other"),
            ({"state": State.NON_COMPLIANT, "failures": (replace(REFUSED, requirement="ODD"),)}, "other"),
            ({"state": State.NOT_APPLICABLE}, "other"),
            ({"annotation": "Key policy lacks the required statements"}, "other"),
            ({"annotation": COMPLIANT_FOR_ONE[Requirement.CLOUDTRAIL_ACCESS]}, "other"),
        ],
    )
    @pytest.mark.parametrize("of_landing_zone", [True, False])
    def test_not_proved(
        self,
        load_report: Callable[[str], Report],
        changes: dict[str, Any],
        reason: str,
        *,
        of_landing_zone: bool,
    ) -> None:
        """Is not satisfied; only what is certain is `fail`."""
        found = self.of(load_report, **changes, of_landing_zone=of_landing_zone)
        assert found["cloudtrail-access"] == ("not-satisfied", reason)

    def test_an_annotation_of_another_version(self, load_report: Callable[[str], Report]) -> None:
        """Proves nothing, of no requirement."""
        found = self.of(load_report, annotation="Key policy lacks the required statements")
        requirements = {status for name, status in found.items() if not name.startswith("deliveries")}
        assert requirements == {("not-satisfied", "other")}

    @pytest.mark.parametrize("idle", [*COMPLIANT_FOR_ONE])
    def test_a_key_of_one_service(self, load_report: Callable[[str], Report], idle: Requirement) -> None:
        """Holds for that one; of the other nothing is asked, and nothing is claimed."""
        report = load_report("healthy")
        key = replace(report.keys[0], annotation=COMPLIANT_FOR_ONE[idle])
        alone, both = replace(report, keys=(key,)), replace(report, keys=(key, report.keys[1]))
        verdicts = {
            requirement: told(one, "verdict")
            for one in result_of(as_oscal(alone))["observations"]
            for requirement in told(one, "requirement")
        }
        assert verdicts == {name: ["not-asked" if name == idle else "holds"] for name in Requirement}
        name = idle.lower().replace("_", "-")
        assert statuses(alone)[name] == ("not-satisfied", "other")
        assert statuses(both)[name] == ("satisfied", "pass")

    @pytest.mark.parametrize("outdated", [True, False])
    def test_what_holds_beside_a_failure(
        self, load_report: Callable[[str], Report], *, outdated: bool
    ) -> None:
        """Is satisfied; not where the result may be another today, for no good news rests on that."""
        changes = {
            "state": State.NON_COMPLIANT,
            "failures": (REFUSED,),
            "outdated": DOUBT if outdated else None,
        }
        found = self.of(load_report, **changes)
        assert found["enabled"] == (("not-satisfied", "other") if outdated else ("satisfied", "pass"))
        assert found["cloudtrail-access"] == ("not-satisfied", "fail")

    @pytest.mark.parametrize("others", [State.COMPLIANT, State.UNKNOWN, State.NOT_APPLICABLE])
    def test_one_of_many(self, load_report: Callable[[str], Report], others: State) -> None:
        """Key that is unknown is enough; one that is not judged is not."""
        report = load_report("healthy")
        other = replace(
            report.keys[0],
            arn="arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            state=others,
            doubt=DOUBT if others is State.UNKNOWN else None,
            of_landing_zone=False,
        )
        found = statuses(replace(report, keys=(report.keys[0], other)))
        expected = ("not-satisfied", "other") if others is State.UNKNOWN else ("satisfied", "pass")
        assert found["enabled"] == expected

    @pytest.mark.parametrize("excluded", [True, False])
    def test_a_place_in_doubt(self, load_report: Callable[[str], Report], *, excluded: bool) -> None:
        """May have keys that nobody sees; one that is excluded on purpose counts nowhere."""
        report = load_report("healthy")
        place = replace(report.places[0], keys={}, doubt=DOUBT, excluded=excluded)
        found = statuses(replace(report, places=(place, *report.places[1:])))
        assert found["enabled"] == (("satisfied", "pass") if excluded else ("not-satisfied", "other"))

    def test_nothing(self, load_report: Callable[[str], Report]) -> None:
        """Judged is nothing satisfied."""
        report = replace(load_report("healthy"), keys=(), places=())
        found = statuses(report)
        requirements = {name: found[name] for name in found if not name.startswith("deliveries")}
        assert {*requirements.values()} == {("not-satisfied", "other")}
        require_valid(as_oscal(report))

    def test_of_all_reports(self, report: Report) -> None:
        """A requirement that a key fails, or of which a key is unknown, is never satisfied."""
        found = statuses(report)
        failing = {failure.requirement for key in report.keys for failure in key.failures}
        for requirement in Requirement:
            state, _ = found[requirement.lower().replace("_", "-")]
            doubtful = report.counts[State.UNKNOWN] or requirement in failing
            assert state == ("not-satisfied" if doubtful else "satisfied")

    def test_its_observations(self, report: Report) -> None:
        """Are all of that requirement, and of each key."""
        result = result_of(as_oscal(report))
        observed = {one["uuid"]: one for one in result["observations"]}
        for finding in result["findings"]:
            related = [observed[one["observation-uuid"]] for one in finding.get("related-observations", ())]
            for requirement in told(finding, "requirement"):
                having = [one for one in observed.values() if requirement in told(one, "requirement")]
                assert related == having


class TestDeliveries:
    """What AWS tells of them."""

    def test_like_the_headline(self, report: Report) -> None:
        """A service's logs are satisfied where its sentence says yes, and no event contradicts."""
        answer = headline(report)
        found = [(one, finding) for one, finding in statuses(report).items() if one.startswith("deliveries")]
        assert len(found) == len(answer.cells)
        for (_, (state, _)), cell in zip(found, answer.cells, strict=True):
            yes = cell.sentence.startswith("Yes,") and not answer.contradicted
            assert state == ("satisfied" if yes else "not-satisfied")

    def test_a_contradiction(self, load_report: Callable[[str], Report]) -> None:
        """Takes the yes away, and is there whole."""
        report = load_report("healthy")
        assert report.observed is not None
        event = Contradiction(
            report.keys[0].arn, "another operation", '{"eventName": "Encrypt"}', "CloudTrail"
        )
        report = replace(report, observed=replace(report.observed, contradictions=(event,)))
        assert statuses(report)["deliveries-cloudtrail"] == ("not-satisfied", "other")
        observed = [one for one in result_of(as_oscal(report))["observations"] if told(one, "event")]
        assert [told(one, "event") for one in observed] == [[event.event]]
        require_valid(as_oscal(report))

    def test_every_observation(self, report: Report) -> None:
        """Is there, with the action that told it."""
        observed = report.observed.observations if report.observed else ()
        found = [one for one in result_of(as_oscal(report))["observations"] if told(one, "outcome")]
        assert [told(one, "outcome")[0] for one in found] == [one.outcome for one in observed]
        assert all(one["relevant-evidence"] for one in found)

    def test_nothing_seen(self, load_report: Callable[[str], Report]) -> None:
        """Is no observation, and the proof is told alone."""
        report = replace(load_report("healthy"), observed=None)
        result = result_of(as_oscal(report))
        assert not [one for one in result["observations"] if told(one, "outcome")]
        (finding, _) = (one for one in result["findings"] if told(one, "observed"))
        assert told(finding, "observed") == ["not_observed"]


class TestEvidence:
    """Files beside the document, with the digests of their bytes."""

    SHA256 = "ab" * 32

    def test_none(self, report: Report) -> None:
        """Is cited by a digest where none was given."""
        assert not [part for part in parts(as_oscal(report)) if "hashes" in part]

    def test_of_a_key(self, load_report: Callable[[str], Report]) -> None:
        """Is cited by its observations, and by no other's."""
        report = load_report("healthy")
        first, second = (key.arn for key in report.keys[:2])
        evidence = Evidence("pack/data/a key.json", self.SHA256, "The key's policy", (first,))
        document = as_oscal(report, [evidence])
        require_valid(document)
        (resource,) = (part for part in parts(document) if "rlinks" in part and "hashes" in part["rlinks"][0])
        assert resource["rlinks"] == [
            {
                "href": "pack/data/a%20key.json",
                "media-type": "application/json",
                "hashes": [{"algorithm": "SHA-256", "value": self.SHA256}],
            }
        ]
        assert "links" not in result_of(document)
        for arn, cites in ((first, True), (second, False)):
            observed = [
                one
                for one in result_of(document)["observations"]
                if told(one, "state") and one["subjects"][0]["title"] == arn
            ]
            hrefs = [one.get("relevant-evidence", [{"href": None}])[0]["href"] for one in observed]
            assert hrefs == [f"#{resource['uuid']}" if cites else None] * len(Requirement)

    def test_of_the_report(self, load_report: Callable[[str], Report], tmp_path: Path) -> None:
        """Is linked from the result, relative to where the document is."""
        report = load_report("empty")
        (tmp_path / "out").mkdir()
        evidence = Evidence(str(tmp_path / "pack/manifest-sha256.txt"), self.SHA256, "The manifest")
        write(report, [tmp_path / "out/report.oscal.json", tmp_path / "report.json"], [evidence])
        document = json.loads((tmp_path / "out/report.oscal.json").read_text())
        require_valid(document)
        (link,) = result_of(document)["links"]
        resources = document["assessment-results"]["back-matter"]["resources"]
        (cited,) = (one for one in resources if f"#{one['uuid']}" == link["href"])
        assert cited["rlinks"][0]["href"] == "../pack/manifest-sha256.txt"

    @pytest.mark.parametrize("digest", ["", "AB" * 32, "ab" * 31, "ab" * 32 + "\n", "md5:1"])
    def test_what_is_no_digest(self, digest: str) -> None:
        """Is refused."""
        with pytest.raises(ReportError, match=r"a\.json: .* is no SHA-256"):
            Evidence("a.json", digest, "A file")


class TestControls:
    """Of other frameworks."""

    def test_are_those_of_the_catalogue(self, load_report: Callable[[str], Report]) -> None:
        """With AWS's page; never all that there are."""
        reviewed = result_of(as_oscal(load_report("healthy")))["reviewed-controls"]
        found = {
            told(one, "requirement")[0]: (
                [each["control-id"] for each in one["include-controls"]],
                one["links"],
            )
            for one in reviewed["control-selections"]
        }
        assert found == {
            name: (
                [control.token for control in related.controls if control.framework is Framework.NIST],
                [{"href": related.source, "rel": "reference"}],
            )
            for name, related in mapped().items()
        }
        assert not [part for part in parts(reviewed) if "include-all" in part]

    def test_objectives(self, report: Report) -> None:
        """Are those of the findings."""
        result = result_of(as_oscal(report))
        (selection,) = result["reviewed-controls"]["control-objective-selections"]
        named = [one["objective-id"] for one in selection["include-objectives"]]
        assert named == [finding["target"]["target-id"] for finding in result["findings"]]

    def test_of_findings(self, load_report: Callable[[str], Report]) -> None:
        """Are told where the catalogue has some, and nowhere else."""
        findings = result_of(as_oscal(load_report("troubled")))["findings"]
        for finding in findings:
            for requirement in told(finding, "requirement"):
                related = CATALOGUE[requirement].mapping
                assert len(told(finding, "control")) == (len(related.controls) if related else 0)
                assert ("links" in finding) == (related is not None)


class TestHostile:
    """Text of others."""

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(text=st.text(st.characters(exclude_categories=()), max_size=40), other=st.text(max_size=20))
    def test_any(self, load_report: Callable[[str], Report], text: str, other: str) -> None:
        """Wherever it stands, is valid and moves nothing; the same key twice is two observations."""
        report = load_report("empty")
        key = KeyResult(text, other, text, State.NON_COMPLIANT, text, (replace(REFUSED, detail=text),))
        odd = replace(key, failures=(Failure(text, other),), of_landing_zone=True)
        report = replace(
            report,
            keys=(key, odd, key, replace(key, state=State.UNKNOWN, doubt=Doubt(Cause.NOT_READ, text, other))),
            accounts=(Account(other, text, other),),
            notes=(text,),
            rule=replace(report.rule, parameters={text: other}),
            proved=replace(report.proved, why=text),
        )
        require_valid(as_oscal(report))


class TestSize:
    """Of an organization of 5,000 accounts."""

    def test_each_with_a_key(self, load_report: Callable[[str], Report]) -> None:
        """Is below 20 MB: one observation for a key of which everything is proved."""
        report = load_report("healthy")
        keys = tuple(
            replace(
                report.keys[0],
                arn=f"arn:aws:kms:us-east-1:{number:012}:key/1234abcd-12ab-34cd-56ef-{number:012}",
                account=f"{number:012}",
                annotation=COMPLIANT_REASON,
                of_landing_zone=False,
            )
            for number in range(5_000)
        )
        text = rendered(replace(report, keys=(*report.keys, *keys)))
        assert 1_000_000 < len(text) < 20_000_000
