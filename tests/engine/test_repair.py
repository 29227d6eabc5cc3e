"""The smallest addition that makes a policy pass, and what no addition can mend."""

import copy
import json
from collections import UserDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from landing_zone_key import KmsKey, LandingZone, Repair, Requirement, assess, repair
from landing_zone_key.policy import Policy

CASES = json.loads(Path(__file__).with_name("repairs.json").read_text())
ACCESS = {Requirement.CONFIG_ACCESS, Requirement.CLOUDTRAIL_ACCESS}

each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def with_exemptions(repaired: Repair) -> dict[str, Any]:
    """The policy with every proposed exemption put into its Deny, as a person would."""
    policy = copy.deepcopy(dict(repaired.policy or {}))
    for left in repaired.unresolved:
        for index, statement in enumerate(policy["Statement"]):
            if left.statement in (index, statement.get("Sid")) and statement["Effect"] == "Deny":
                statement["Condition"] = {**statement.get("Condition", {}), **(left.exemption or {})}
    return policy


@pytest.fixture
def zone(case: dict[str, Any], make_zone: Any) -> LandingZone:
    """The case's landing zone."""
    return make_zone(**case.get("parameters", {}))


@pytest.fixture
def key(case: dict[str, Any], make_key: Any) -> KmsKey:
    """The key with the case's policy."""
    return make_key(*case["statements"])


@each_case
class TestTable:
    """Each case, from every side."""

    def test_what_is_added_and_what_is_left(
        self, case: dict[str, Any], key: KmsKey, zone: LandingZone
    ) -> None:
        """Exactly these statements, exactly these obstacles."""
        repaired = repair(key, zone)
        assert repaired.changes == tuple(f'added "{sid}"' for sid in case["added"]), case["why"]
        left = [
            [each.requirement, each.statement, next(iter(each.exemption or {}), None)]
            for each in repaired.unresolved
        ]
        assert left == case["unresolved"], case["why"]

    def test_everything_else_is_untouched_and_in_order(
        self, case: dict[str, Any], key: KmsKey, zone: LandingZone, make_policy: Any
    ) -> None:
        """The old statements first, as they were; the new ones behind them under Sids of their own."""
        before, after = make_policy(case["statements"]), repair(key, zone).policy
        assert after is not None
        count = len(before["Statement"])
        assert {**after, "Statement": after["Statement"][:count]} == before
        assert [each["Sid"] for each in after["Statement"][count:]] == case["added"]

    def test_what_was_added_is_told_as_it_stands_in_the_policy(
        self, case: dict[str, Any], key: KmsKey, zone: LandingZone, make_policy: Any
    ) -> None:
        """Statement by statement, behind those that were there; nothing where nothing was added."""
        repaired = repair(key, zone)
        assert repaired.policy is not None
        assert repaired.policy["Statement"] == [
            *make_policy(case["statements"])["Statement"],
            *repaired.added,
        ]
        assert len(repaired.added) == len(repaired.changes) == len(case["added"])

    def test_the_key_is_not_changed(
        self, case: dict[str, Any], key: KmsKey, zone: LandingZone, make_policy: Any
    ) -> None:
        """Its policy stays what it was, and the new one shares no part with it."""
        repaired = repair(key, zone)
        assert repaired.policy is not None
        for statement in repaired.policy["Statement"]:
            statement.clear()
        assert key.policy == make_policy(case["statements"])

    def test_it_passes_with_the_exemptions(
        self, case: dict[str, Any], key: KmsKey, zone: LandingZone
    ) -> None:
        """Without any where none is proposed: what is promised is proved."""
        repaired = repair(key, zone)
        passes = assess(key.with_policy(repaired.policy), zone).compliance == "COMPLIANT"
        assert passes is (not case["unresolved"])
        assert assess(key.with_policy(with_exemptions(repaired)), zone).compliance == "COMPLIANT"

    def test_a_second_repair_changes_nothing(
        self, case: dict[str, Any], key: KmsKey, zone: LandingZone
    ) -> None:
        """And leaves the same unresolved."""
        first = repair(key, zone)
        second = repair(key.with_policy(first.policy), zone)
        assert (second.policy, second.changes) == (first.policy, ())
        assert [(each.requirement, each.statement) for each in second.unresolved] == [
            (requirement, statement) for requirement, statement, _ in case["unresolved"]
        ]


def with_literal(at: str, written: str, *, decoded: bool) -> Any:
    """A policy with a piece of JSON for a Sid or as the value of a condition; as text, or decoded."""
    sid, value = (written, '"1"') if at == "Sid" else ('"x"', written)
    text = (
        f'{{"Version": "2012-10-17", "Statement": [{{"Sid": {sid}, "Effect": "Allow", "Action": "kms:*", '
        f'"Resource": "*", "Principal": {{"AWS": "111122223333"}}, '
        f'"Condition": {{"NumericLessThan": {{"aws:MultiFactorAuthAge": {value}}}}}}}]}}'
    )
    # Python's own reading of integers ends at 4,300 digits, but an object may hold longer ones.
    return json.loads(text, parse_int=lambda digits: 10 ** (len(digits) - 1)) if decoded else text


class TestForms:
    """The policy in every form that is read, and in those that are not."""

    @pytest.mark.parametrize("encoded", [0, 1, 2])
    def test_an_object_text_and_text_in_text(
        self, encoded: int, make_policy: Any, make_key: Any, make_zone: Any
    ) -> None:
        """All have the same repair."""
        policy: Any = make_policy(["root"])
        expected = repair(make_key("root"), make_zone())
        for _ in range(encoded):
            policy = json.dumps(policy)
        assert repair(make_key(policy=policy), make_zone()) == expected

    def test_a_single_statement_becomes_the_first_of_a_list(
        self, make_policy: Any, make_key: Any, make_zone: Any
    ) -> None:
        """As it was, with the others behind it; one that needs nothing stays single."""
        (root,), (merged,) = make_policy(["root"])["Statement"], make_policy(["merged"])["Statement"]
        repaired = repair(
            make_key(policy={"Version": "2012-10-17", "Id": "x", "Statement": root}), make_zone()
        )
        assert repaired.policy["Statement"][0] == root
        assert (len(repaired.policy["Statement"]), repaired.policy["Id"]) == (3, "x")
        single = {"Version": "2012-10-17", "Statement": merged}
        assert repair(make_key(policy=single), make_zone()).policy == single

    @pytest.mark.parametrize("policy", ["{", "", "[]", {"Statement": []}, '{"Statement": 1, "Statement": 2}'])
    def test_a_malformed_policy_is_left_alone(self, policy: Any, make_key: Any, make_zone: Any) -> None:
        """There is nothing to build on: both requirements are unresolved, with the place."""
        repaired = repair(make_key().with_policy(policy), make_zone())
        assert (repaired.policy, repaired.added, repaired.changes) == (None, (), ())
        assert {each.requirement for each in repaired.unresolved} == ACCESS
        assert all("repair needs the policy as it is" in each.message for each in repaired.unresolved)

    @pytest.mark.parametrize("at", ["Sid", "Condition"])
    @pytest.mark.parametrize("decoded", [False, True])
    @pytest.mark.parametrize(
        "written",
        [
            '"a\\ud800"',
            '"\\udfff\\ud83d"',
            "1e999",
            "-1e999",
            "1" * 5000,
            "[" * 500 + "]" * 500,
            '{"a":' * 500 + "1" + "}" * 500,
        ],
        ids=["half a character", "two halves", "1e999", "-1e999", "5,000 digits", "500 lists", "500 objects"],
    )
    def test_what_no_policy_can_hold_is_malformed(
        self, written: str, at: str, make_key: Any, make_zone: Any, *, decoded: bool
    ) -> None:
        """`assess` and `repair` agree, of the text and of the object that Python makes of it."""
        policy = with_literal(at, written, decoded=decoded)
        self.test_a_malformed_policy_is_left_alone(policy, make_key, make_zone)
        findings = assess(make_key().with_policy(policy), make_zone()).findings
        assert {each.reason for each in findings} == {"MALFORMED_POLICY"}

    @pytest.mark.parametrize("hide", [lambda text: text, lambda text: text.replace("\\\\", "\\u005c")])
    @pytest.mark.parametrize(
        ("written", "compliance"), [("\\ud83d", "malformed"), ("\\ud83d\\ude00", "read")]
    )
    def test_half_a_character_in_text_in_text(
        self, written: str, compliance: str, hide: Any, make_key: Any, make_zone: Any
    ) -> None:
        """However the escape is written in the outer text."""
        inner = with_literal("Sid", f'"{written}"', decoded=False)
        repaired = repair(make_key().with_policy(hide(json.dumps(inner))), make_zone())
        assert (repaired.policy is None) == (compliance == "malformed")

    @pytest.mark.parametrize("decoded", [False, True])
    @pytest.mark.parametrize(
        ("at", "written"),
        [
            ("Sid", '"a\\ud83d\\ude00"'),
            ("Sid", '"a\\\\ud800"'),
            ("Condition", "1e308"),
            ("Condition", "1" * 4000),
            ("Condition", '"1e999"'),
        ],
        ids=["a whole character", "a backslash", "1e308", "4,000 digits", "1e999 as text"],
    )
    def test_what_a_policy_can_hold_is_repaired(
        self, at: str, written: str, make_key: Any, make_zone: Any, *, decoded: bool
    ) -> None:
        """The twins."""
        repaired = repair(make_key().with_policy(with_literal(at, written, decoded=decoded)), make_zone())
        assert (len(repaired.changes), repaired.unresolved) == (2, ())
        assert json.dumps(repaired.policy, ensure_ascii=False, allow_nan=False).encode()

    def test_a_policy_that_was_not_read(self, make_key: Any, make_zone: Any) -> None:
        """The reason is handed on."""
        repaired = repair(make_key().with_policy(None, "kms:GetKeyPolicy was refused"), make_zone())
        assert (repaired.policy, repaired.added, repaired.changes) == (None, (), ())
        assert all("kms:GetKeyPolicy was refused" in each.message for each in repaired.unresolved)

    def test_a_key_that_is_not_judged_is_left_alone(
        self, make_policy: Any, make_key: Any, make_zone: Any
    ) -> None:
        """An AWS managed key's policy cannot be edited."""
        repaired = repair(make_key("root", KeyManager="AWS"), make_zone())
        assert (repaired.policy, repaired.changes, repaired.unresolved) == (make_policy(["root"]), (), ())

    def test_a_policy_without_a_version_keeps_none(
        self, make_policy: Any, make_key: Any, make_zone: Any
    ) -> None:
        """Nothing but statements is added."""
        statements = make_policy(["root"])["Statement"]
        repaired = repair(make_key(policy={"Statement": statements}), make_zone())
        assert set(repaired.policy) == {"Statement"}
        key = make_key(policy=dict(repaired.policy))
        assert assess(key, make_zone()).compliance == "COMPLIANT"


class TestProperties:
    """What no policy can mend."""

    @pytest.mark.parametrize(
        ("metadata", "requirement", "words"),
        [
            ({"KeySpec": "RSA_2048"}, "SYMMETRIC", "use another key"),
            ({"MultiRegion": True}, "SINGLE_REGION", "use another key"),
            ({"Arn": "arn:aws:kms:us-east-1:444455556666:key/x"}, "MANAGEMENT_ACCOUNT", "use another"),
            ({"Arn": "arn:aws:kms:eu-west-1:111122223333:key/x"}, "HOME_REGION", "use another key"),
            ({"KeyState": "Disabled"}, "ENABLED", "enable the key"),
        ],
    )
    def test_it_is_unresolved_with_what_to_do(
        self, metadata: dict[str, Any], requirement: str, words: str, make_key: Any, make_zone: Any
    ) -> None:
        """The policy is repaired all the same."""
        repaired = repair(make_key("root", **metadata), make_zone())
        (left,) = repaired.unresolved
        assert (left.requirement, left.exemption, left.statement) == (requirement, None, None)
        assert words in left.message
        assert len(repaired.changes) == 2


class TestDeny:
    """A Deny in the way is named, with the narrowest exemption, which is not applied."""

    def test_the_exemption_spares_only_the_services_that_need_it(self, make_key: Any, make_zone: Any) -> None:
        """By name, before all AWS services."""
        deny = {"of": "perimeter", "Action": "kms:GenerateDataKeyPair"}
        (left,) = repair(make_key("merged", deny), make_zone()).unresolved
        services = {"aws:PrincipalServiceName": ["cloudtrail.amazonaws.com"]}
        assert left.exemption == {"StringNotEqualsIfExists": services}
        assert '"DenyOutsideOrg" denies kms:GenerateDataKeyPair to cloudtrail.amazonaws.com' in left.message

    def test_what_the_deny_spares_already_stays_spared(self, make_key: Any, make_zone: Any) -> None:
        """The exemption holds the operator's whole entry, so that it can stand in the old one's place."""
        condition = {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": "sns.amazonaws.com"}}
        repaired = repair(make_key("merged", {"of": "perimeter", "Condition": condition}), make_zone())
        expected = ["sns.amazonaws.com", "cloudtrail.amazonaws.com", "config.amazonaws.com"]
        for left in repaired.unresolved:
            assert left.exemption == {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": expected}}

    @pytest.mark.parametrize(
        ("condition", "offered"),
        [
            ({"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}, True),
            ({"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}}, False),
        ],
    )
    def test_the_exemption_of_all_services_is_named_where_it_would_do(
        self, condition: dict[str, Any], make_key: Any, make_zone: Any, *, offered: bool
    ) -> None:
        """The one that AWS documents, which is wider; not for a Deny that is aimed at AWS services."""
        for left in repair(
            make_key("merged", {"of": "perimeter", "Condition": condition}), make_zone()
        ).unresolved:
            assert ('BoolIfExists aws:PrincipalIsAWSService "false"' in left.message) is offered

    @pytest.mark.parametrize(("effect", "passes"), [("Deny", False), ("Allow", True)])
    def test_a_policy_too_complex_to_prove_says_so(
        self, effect: str, make_key: Any, make_zone: Any, *, passes: bool
    ) -> None:
        """A hostile Deny leaves it unproved; a hostile Allow is no obstacle beside the documented ones."""
        patterns = [f"*{letter}{'?' * 18}" for letter in "abcdefgh"]
        hostile = {
            "of": "merged",
            "Effect": effect,
            "Condition": {"StringLike": {"kms:ViaService": patterns}, "Null": {"kms:ViaService": "true"}},
        }
        key = make_key("root", hostile)
        repaired = repair(key, make_zone())
        assert len(repaired.changes) == 2
        assert ["too complex" in left.message for left in repaired.unresolved] == [True, True] * (not passes)
        compliant = assess(key.with_policy(repaired.policy), make_zone()).compliance == "COMPLIANT"
        assert compliant is passes

    def test_people_stay_denied(self, make_policy: Any, make_key: Any, make_zone: Any) -> None:
        """The exemption changes nothing for who has no service's name: its key is absent there."""
        repaired = repair(make_key("merged", "perimeter"), make_zone())
        deny = Policy.parse(with_exemptions(repaired)).statements[1]
        exempting = [each for each in deny.conditions if each.lookup_key == "aws:principalservicename"]
        assert [each.holds(None) for each in exempting] == [True]
        assert (
            len(deny.conditions) == len(Policy.parse(make_policy(["perimeter"])).statements[0].conditions) + 1
        )

    def test_a_parameter_that_would_settle_it_is_named(self, make_key: Any, make_zone: Any) -> None:
        """Before the Deny is touched, somebody should say which organization it is."""
        deny = {"of": "perimeter", "Condition": {"StringNotEquals": {"aws:SourceOrgID": "o-exampleorgid"}}}
        for left in repair(make_key("merged", deny), make_zone()).unresolved:
            assert "rule parameter OrganizationId would settle aws:SourceOrgID" in left.message
        assert repair(make_key("merged", deny), make_zone(OrganizationId="o-exampleorgid")).unresolved == ()

    def test_any_mapping_is_a_document(self, make_policy: Any, make_key: Any, make_zone: Any) -> None:
        """A policy is a mapping of mappings, of whatever kind; what comes back is a JSON document."""
        first, *others = make_policy(["root", "perimeter"])["Statement"]
        hidden = MappingProxyType({**first, "Principal": MappingProxyType(first["Principal"])})
        policy = MappingProxyType({"Version": "2012-10-17", "Statement": (hidden, UserDict(others[0]))})
        plain = {"Version": "2012-10-17", "Statement": [first, *others]}
        repaired, usual = (repair(make_key(policy=each), make_zone()) for each in (policy, plain))
        assert repaired == usual
        assert json.loads(json.dumps(repaired.policy)) == repaired.policy

    def test_of_very_many_denies_the_first_are_told(self, make_key: Any, make_zone: Any) -> None:
        """Sixteen for each service, and that there are more; of sixteen all."""
        for count, more in ((16, 0), (17, 2)):
            left = repair(make_key("merged", *["perimeter"] * count), make_zone()).unresolved
            assert len(left) == 2 * 16 + more
            assert ["others are in the way" in each.message for each in left].count(True) == more

    def test_an_undecidable_deny_only_may_deny(self, make_key: Any, make_zone: Any) -> None:
        """No more is said than is known."""
        deny = {"of": "perimeter", "Condition": {"StringMatches": {"aws:SourceAccount": "*"}}}
        messages = [left.message for left in repair(make_key("merged", deny), make_zone()).unresolved]
        assert all('"DenyOutsideOrg" may deny kms:Decrypt' in message for message in messages)
