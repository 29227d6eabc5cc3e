"""Every requirement with what was found: the proof, or the refused request and what each statement does."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from landing_zone_key import LandingZone, access
from landing_zone_key.policy import Policy, Request, decide, prove
from lzkey.catalogue import PREMISES
from lzkey.check.explanation import Answer, Explanation, Knowledge, Refusal, explanation
from lzkey.documents import schema_of

if TYPE_CHECKING:
    from conftest import MakeFound, MakeKey, Run

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE.parent / "corpus/published-policies.json").read_text())
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
REQUIRED = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
# Read here: a test's own environment has nothing of ours.
ACCEPT = os.environ.get("LZKEY_ACCEPT_GOLDEN") == "1"


def answer(explained: Explanation, requirement: str) -> Answer:
    """The answer for one requirement."""
    return next(each for each in explained.answers if each.requirement == requirement)


def refused(explained: Explanation, requirement: str) -> Refusal:
    """The refused request of one requirement."""
    shown = answer(explained, requirement).refusal
    assert shown is not None
    return shown


def allow(**changes: Any) -> dict[str, Any]:
    """A policy of the account's root and one statement for both services, changed (None: left out)."""
    root = {"AWS": "arn:aws:iam::111122223333:root"}
    services = {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}
    statement = {"Sid": "Logs", "Effect": "Allow", "Principal": services, "Action": "kms:*", "Resource": "*"}
    written = {name: value for name, value in {**statement, **changes}.items() if value is not None}
    administer = {
        "Sid": "Administer",
        "Effect": "Allow",
        "Principal": root,
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [administer, written]}


def explained_of(entry: dict[str, Any], make_found: MakeFound, make_key: MakeKey) -> Explanation:
    """The explanation of a published policy, for its own landing zone."""
    zone = LandingZone.from_rule_parameters(
        {"HomeRegion": entry["region"], "ManagementAccountId": entry["account"]}
    )
    return explanation(make_found(key=make_key(entry["policy"], Arn=entry["key_arn"])), zone)


class TestAgreement:
    """It never says another thing than check does."""

    @pytest.mark.parametrize("entry", PUBLISHED, ids=[entry["id"] for entry in PUBLISHED])
    def test_with_every_published_policy(
        self, entry: dict[str, Any], make_found: MakeFound, make_key: MakeKey
    ) -> None:
        """What fails is what check lists; each refused request is refused, each proof has looked at cases."""
        explained = explained_of(entry, make_found, make_key)
        failing = [each.requirement for each in explained.answers if not each.holds]
        assert failing == [problem.requirement for problem in explained.verdict.problems]
        for each in explained.answers:
            if each.proof is not None:
                assert each.proof.cases > 0
            if each.refusal is not None:
                self.require_refused(entry["policy"], each.refusal)

    def require_refused(self, written: Any, shown: Refusal) -> None:
        """The request as it is shown, and nothing else, decides it; a Deny that applies comes first."""
        context = {key.name: list(key.values) for key in shown.context if key.values}
        request = Request(shown.action, shown.resource, shown.principal, context)
        policy = Policy.parse(written)
        assert not decide(policy, request).allowed
        assert sorted(each.index for each in shown.statements) == list(range(len(policy.statements)))
        applying = [each.effect for each in shown.statements if each.applies]
        assert "Allow" not in applying or "Deny" in applying or None in [e.applies for e in shown.statements]
        assert applying == sorted(applying, reverse=True)

    @pytest.mark.parametrize(("hopeful", "holds"), [("documented", None), ("missing", False)])
    def test_where_the_extremes_differ(
        self,
        make_found: MakeFound,
        zone: LandingZone,
        hopeful: str,
        holds: bool | None,  # noqa: FBT001 - a table
    ) -> None:
        """Not determined, or certain."""
        explained = explanation(make_found("denied", hopeful=hopeful), zone)
        assert answer(explained, "CONFIG_ACCESS").holds is holds

    def test_a_key_that_is_not_judged(
        self, make_found: MakeFound, make_key: MakeKey, zone: LandingZone
    ) -> None:
        """There is nothing to explain but why."""
        explained = explanation(make_found(key=make_key(KeyManager="AWS")), zone)
        assert explained.answers == ()
        assert "AWS managed key" in explained.verdict.annotation


class TestSlips:
    """A service or an action that is nearly right."""

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            (
                {"Principal": {"Service": ["s3.amazonaws.com", "configservice.amazonaws.com"]}},
                "Principal: Service configservice.amazonaws.com, not config.amazonaws.com",
            ),
            ({"Action": "kms=Decrypt"}, "Action: kms=Decrypt, not kms:Decrypt"),
            ({"Principal": {"Service": "s3.amazonaws.com"}}, "Principal: not config.amazonaws.com"),
            ({"Action": "kms:Encrypt"}, "Action: not kms:Decrypt"),
        ],
    )
    def test_are_shown_beside_what_would_be_right(
        self, changes: dict[str, Any], why: str, make_found: MakeFound, zone: LandingZone
    ) -> None:
        """The statement comes before the account root's; the twins are about something else."""
        shown = refused(explanation(make_found(allow(**changes)), zone), "CONFIG_ACCESS")
        assert [each.statement for each in shown.statements] == ['"Logs"', '"Administer"']
        assert shown.statements[0].why == (why,)


class TestProof:
    """What holds, and what it is known by."""

    def test_says_what_the_cases_stand_for(self, make_found: MakeFound, zone: LandingZone) -> None:
        """Actions, accounts, Regions; for CloudTrail the trail."""
        explained = explanation(make_found(), zone)
        config = answer(explained, "CONFIG_ACCESS")
        assert config.detail.startswith("proved, every request of config.amazonaws.com is allowed: ")
        assert "kms:Decrypt, kms:GenerateDataKey; any account, any Region" in config.detail
        trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
        assert trail in answer(explained, "CLOUDTRAIL_ACCESS").detail

    def test_names_the_governed_regions(self, make_found: MakeFound) -> None:
        """Where they are known there are no others."""
        zone = LandingZone.from_rule_parameters({**REQUIRED, "GovernedRegions": "eu-west-1"})
        assert (
            "any account, us-east-1, eu-west-1,"
            in answer(explanation(make_found(), zone), "CONFIG_ACCESS").detail
        )

    def test_counts_the_cases(self, make_found: MakeFound, zone: LandingZone) -> None:
        """Two statements that divide the accounts between them need more than one that takes them all."""
        halves = [
            {**allow()["Statement"][1], "Sid": operator, "Condition": {operator: {"aws:SourceAccount": "4*"}}}
            for operator in ("StringLike", "StringNotLike")
        ]
        divided = {"Version": "2012-10-17", "Statement": halves}
        counted = []
        for written in (allow(), divided):
            proof = answer(explanation(make_found(written), zone), "CONFIG_ACCESS").proof
            assert proof is not None
            counted.append(proof.cases)
        assert 1 == counted[0] < counted[1]

    @pytest.mark.parametrize(
        ("requirement", "detail"),
        [
            ("ENABLED", "the key state is Enabled"),
            ("SYMMETRIC", "the key is SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT"),
            ("SINGLE_REGION", "the key is not a multi-Region key"),
            ("MANAGEMENT_ACCOUNT", "the key is in the management account, 111122223333"),
            ("HOME_REGION", "the key is in the home Region, us-east-1"),
        ],
    )
    def test_facts_about_the_key(
        self, make_found: MakeFound, zone: LandingZone, requirement: str, detail: str
    ) -> None:
        """They stand by themselves."""
        assert answer(explanation(make_found(), zone), requirement).detail == detail


class TestStatements:
    """Each statement: why it applies or does not, the nearest miss first."""

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({}, None),
            ({"Action": "kms:Encrypt"}, "Action: not kms:Decrypt"),
            ({"Resource": "arn:aws:kms:us-east-1:111122223333:key/another"}, 'key/another" is not this key'),
            ({"NotResource": "*", "Resource": None}, 'NotResource: "*" is not this key'),
            ({"Resource": None}, "there is none, so the statement has no effect in a key policy"),
            ({"Principal": {"AWS": "*"}}, "is not documented"),
            (
                {"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}},
                'StringEquals aws:SourceAccount "111122223333"; the request carries "444455556666"',
            ),
            (
                {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}},
                "the request does not carry the key",
            ),
            ({"Condition": {"NoSuchOperator": {"aws:SourceAccount": "1"}}}, "this cannot be decided"),
        ],
    )
    def test_what_an_allow_misses(
        self, make_found: MakeFound, zone: LandingZone, changes: dict[str, Any], why: str | None
    ) -> None:
        """One element each, for AWS Config's first request; nothing where all match."""
        explained = explanation(make_found(allow(**changes)), zone)
        if why is None:
            assert answer(explained, "CONFIG_ACCESS").holds
            return
        first = refused(explained, "CONFIG_ACCESS").statements[0]
        assert (first.statement, first.effect) == ('"Logs"', "Allow")
        assert first.applies is not True
        assert any(why in each for each in first.why)

    def test_why_a_deny_applies(self, make_found: MakeFound, zone: LandingZone) -> None:
        """A negated condition holds for a request without the key: that is what nobody sees."""
        first = refused(explanation(make_found("denied"), zone), "CLOUDTRAIL_ACCESS").statements[0]
        assert (first.statement, first.effect, first.applies) == ('"DenyOutsideOrg"', "Deny", True)
        (why,) = first.why
        assert why.startswith("Condition: StringNotEquals aws:PrincipalOrgID")
        assert why.endswith("the request does not carry the key")

    def test_nearest_miss_first(self, make_found: MakeFound, zone: LandingZone) -> None:
        """A condition is nearer than a resource, that than an action, that than a principal."""
        far = allow()["Statement"][0]
        logs = allow()["Statement"][1]
        action, resource, condition = (
            {**logs, "Sid": "action", "Action": "kms:Encrypt"},
            {**logs, "Sid": "resource", "Resource": "arn:aws:kms:us-east-1:111122223333:key/another"},
            {**logs, "Sid": "condition", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        )
        document = {"Version": "2012-10-17", "Statement": [far, action, resource, condition]}
        order = [
            each.statement
            for each in refused(explanation(make_found(document), zone), "CONFIG_ACCESS").statements
        ]
        assert order == ['"condition"', '"resource"', '"action"', '"Administer"']

    @pytest.mark.parametrize("account", ["444455556666", "555566667777"])
    def test_a_deny_that_does_not_apply_is_not_the_nearest(
        self, make_found: MakeFound, zone: LandingZone, account: str
    ) -> None:
        """Where no statement allows, an Allow is what comes nearest to allowing: the one that check names."""
        far, logs = allow()["Statement"]
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        only = {**logs, "Condition": {"StringEquals": {"aws:SourceAccount": account}}}
        document = {"Version": "2012-10-17", "Statement": [{**deny, "Sid": "Http"}, far, only]}
        explained = explanation(make_found(document), zone)
        for problem in explained.verdict.problems:
            shown = refused(explained, problem.requirement)
            assert problem.statement == "Logs"
            assert [each.statement for each in shown.statements] == ['"Logs"', '"Administer"', '"Http"']
            assert not any(each.applies for each in shown.statements)

    @pytest.mark.parametrize("entry", PUBLISHED, ids=[entry["id"] for entry in PUBLISHED])
    def test_the_statement_that_check_names_is_the_first(
        self, entry: dict[str, Any], make_found: MakeFound, make_key: MakeKey
    ) -> None:
        """Of every published policy, whatever decides it; else an Allow, unless there is none."""
        explained = explained_of(entry, make_found, make_key)
        for problem in explained.verdict.problems:
            shown = answer(explained, problem.requirement).refusal
            if shown is None or not shown.statements:
                continue
            first, *others = shown.statements
            if problem.statement is not None:
                assert problem.statement in (first.statement.strip('"'), first.index)
            elif first.applies is False and any(each.effect == "Allow" for each in others):
                assert first.effect == "Allow"

    def test_of_a_statement_about_others_one_line_is_enough(
        self, make_found: MakeFound, zone: LandingZone
    ) -> None:
        """Whatever else it asks for."""
        statements = refused(explanation(make_found("missing"), zone), "CONFIG_ACCESS").statements
        assert [each.why for each in statements] == [("Principal: not config.amazonaws.com",)]


class TestRequest:
    """The request in full: every condition key is known, absent or unknown."""

    @pytest.mark.parametrize(
        ("organization", "knowledge", "values"),
        [(None, Knowledge.UNKNOWN, ()), ("o-exampleorgid", Knowledge.KNOWN, ("o-exampleorgid",))],
    )
    def test_what_a_parameter_settles(
        self,
        make_found: MakeFound,
        organization: str | None,
        knowledge: Knowledge,
        values: tuple[str, ...],
    ) -> None:
        """The organization of the source."""
        more = {"OrganizationId": organization} if organization else {}
        zone = LandingZone.from_rule_parameters({**REQUIRED, **more})
        context = {
            key.name: key
            for key in refused(explanation(make_found("missing"), zone), "CONFIG_ACCESS").context
        }
        assert (context["aws:SourceOrgID"].knowledge, context["aws:SourceOrgID"].values) == (
            knowledge,
            values,
        )
        assert context["aws:PrincipalOrgID"].knowledge is Knowledge.ABSENT
        assert context["aws:PrincipalTag/*"].knowledge is Knowledge.ABSENT
        assert context["aws:SourceAccount"].values == ("444455556666",)

    def test_a_key_that_the_policy_alone_asks_for(self, make_found: MakeFound, zone: LandingZone) -> None:
        """It is unknown, and there."""
        asking = allow(Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})
        context = {
            key.name: key for key in refused(explanation(make_found(asking), zone), "CONFIG_ACCESS").context
        }
        assert context["kms:ViaService"].knowledge is Knowledge.UNKNOWN

    @pytest.mark.parametrize(("asked", "shown"), [("aws:VpceOrgID", True), ("aws:PrincipalOrgID", False)])
    def test_a_key_of_other_requests_is_shown_where_the_policy_asks_for_it(
        self, make_found: MakeFound, zone: LandingZone, asked: str, *, shown: bool
    ) -> None:
        """It is absent, and nobody misses it else."""
        asking = allow(Condition={"StringEquals": {asked: "o-exampleorgid"}})
        context = {
            key.name: key for key in refused(explanation(make_found(asking), zone), "CONFIG_ACCESS").context
        }
        assert context[asked].knowledge is Knowledge.ABSENT
        assert ("aws:VpceOrgID" in context) is shown

    @pytest.mark.parametrize("arn_known", [True, False])
    def test_a_stand_in_is_not_shown_as_an_arn(
        self,
        make_found: MakeFound,
        zone: LandingZone,
        arn_known: bool,  # noqa: FBT001 - a table
    ) -> None:
        """Of a template's key."""
        explained = explanation(make_found("missing", arn_known=arn_known), zone)
        assert refused(explained, "CONFIG_ACCESS").resource.startswith("arn:") is arn_known

    def test_a_foreign_request_that_should_be_refused(self, make_found: MakeFound) -> None:
        """RequireConfusedDeputyProtection turns it round."""
        zone = LandingZone.from_rule_parameters({**REQUIRED, "RequireConfusedDeputyProtection": "true"})
        shown = refused(explanation(make_found(allow()), zone), "CLOUDTRAIL_ACCESS")
        assert shown.should_be_refused
        assert [each.statement for each in shown.statements if each.applies] == ['"Logs"']


class TestCommand:
    """lzkey explain."""

    @pytest.mark.parametrize(("form", "ending"), [("text", "txt"), ("json", "json")])
    def test_output(self, run: Run, sources: Path, form: str, ending: str) -> None:
        """To accept new output: LZKEY_ACCEPT_GOLDEN=1."""
        assert sources.is_dir()
        ended = run("explain", "policies/denied.json", *SETTINGS, "--format", form)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\b1\d{9}\b", "NOW", ended.out)
        golden = HERE / f"golden/explain.{ending}"
        if ACCEPT:
            golden.write_text(text)
        assert (ended.code, ended.err) == (3, "")
        assert text == golden.read_text()

    @pytest.mark.parametrize(
        ("target", "code"),
        [
            ("policies/documented.json", 0),
            ("policies/missing.json", 3),
            ("policies", 3),
            ("template.yaml", 4),
            ("cut-off.json", 4),
            ("package.json", 4),
        ],
    )
    def test_exit_codes(self, run: Run, sources: Path, target: str, code: int) -> None:
        """As check's; both formats tell the same, and the JSON what its schema says."""
        assert sources.is_dir()
        assert run("explain", target, *SETTINGS).code == code
        ended = run("explain", target, *SETTINGS, "--format", "json")
        document = json.loads(ended.out)
        assert document["exit_code"] == ended.code == code
        Draft202012Validator(schema_of("explain")).validate(document)

    @pytest.mark.parametrize("source", ["policies/documented.json", "policies"])
    def test_says_once_what_every_proof_takes_for_granted(self, run: Run, sources: Path, source: str) -> None:
        """After all keys, of a compliant one, too, with AWS's pages."""
        assert sources.is_dir()
        text = run("explain", source, *SETTINGS).out
        told = json.loads(run("explain", source, *SETTINGS, "--format", "json").out)["premises"]
        assert told == [{"text": each.text, "pages": list(each.pages)} for each in PREMISES]
        assert text.count("every proof takes for granted:") == 1
        _, _, after = text.partition("every proof takes for granted:")
        for premise in PREMISES:
            assert premise.text in " ".join(after.split())
            assert all(f"    {page}\n" in after for page in premise.pages)

    def test_without_a_key_that_is_judged_nothing_is_taken_for_granted(
        self, run: Run, tmp_path: Path
    ) -> None:
        """The twin: there is no proof."""
        metadata = {"Arn": "arn:aws:kms:us-east-1:111122223333:key/1", "KeyManager": "AWS"}
        path = tmp_path / "key.json"
        path.write_text(json.dumps({"KeyMetadata": metadata}))
        ended = run("explain", str(path), *SETTINGS)
        assert "NOT_APPLICABLE" in ended.out
        assert "takes for granted" not in ended.out

    def test_neither_file_nor_key(self, run: Run, sources: Path) -> None:
        """A slip is not looked for at AWS."""
        assert sources.is_dir()
        ended = run("explain", "polices/denied.json", *SETTINGS)
        assert ended.code == 2
        assert "there is no file polices/denied.json" in ended.err

    def test_no_terminal_escapes(self, run: Run, tmp_path: Path) -> None:
        """Sids, values and names are somebody else's text."""
        hostile = "\x1b]0;title\x07\u202e"
        path = tmp_path / "policy.json"
        condition = {"StringEquals": {f"aws:SourceAccount{hostile}": hostile}}
        path.write_text(json.dumps(allow(Sid=hostile, Condition=condition)))
        out = run("explain", str(path), *SETTINGS).out
        assert "?]0;title??" in out
        assert [character for character in out if not character.isprintable() and character != "\n"] == []


class TestOnce:
    """An explanation shows what was judged, and judges nothing again."""

    def test_each_service_is_proved_once(
        self, make_found: MakeFound, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two services, two proofs; whether they hold or not."""
        proved: list[str] = []

        def counted(policy: Any, family: Any) -> Any:
            proved.append(family.service)
            return prove(policy, family)

        monkeypatch.setattr(access, "prove", counted)
        for statement in (allow(), allow(Action="kms:Sign")):
            proved.clear()
            explained = explanation(make_found(statement), zone)
            assert len(explained.answers) == 7
            assert sorted(proved) == ["cloudtrail.amazonaws.com", "config.amazonaws.com"]
