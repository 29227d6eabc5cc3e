"""Terraform's plans and states: those of terraform/main.tf, and small changes of them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from lzkey.sources.terraform import KIND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Reader

FILES = Path(__file__).with_name("terraform")
PLAN = json.loads((FILES / "plan.json").read_text())
STATE = json.loads((FILES / "state.json").read_text())
UPDATE = json.loads((FILES / "update.json").read_text())
ACCESS = ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]


def parts(document: Any, address: str) -> Iterator[dict[str, Any]]:
    """Every object of a document that is about an address."""
    if isinstance(document, dict):
        if document.get("address") == address:
            yield document
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from parts(each, address)


def changed(document: Any, address: str, **attributes: Any) -> Any:
    """A copy in which attributes of a resource are others, and known."""
    made = copy.deepcopy(document)
    for part in parts(made, address):
        for values in (part.get("values"), part.get("change", {}).get("after")):
            if isinstance(values, dict):
                values.update(attributes)
        for name in attributes:
            part.get("change", {}).get("after_unknown", {}).pop(name, None)
    return made


def without(document: Any, address: str) -> Any:
    """A copy without a resource."""
    if isinstance(document, dict):
        return {name: without(each, address) for name, each in document.items()}
    if isinstance(document, list):
        kept = [each for each in document if not (isinstance(each, dict) and each.get("address") == address)]
        return [without(each, address) for each in kept]
    return document


class TestPlan:
    """The plan that creates everything."""

    # At worst; and at best, where that is another answer.
    EXPECTED: ClassVar = {
        "aws_kms_external_key.imported": (["ENABLED", *ACCESS], None),
        "aws_kms_key.default": (["ENABLED", *ACCESS], None),
        'aws_kms_key.each["a"]': ([], None),
        'aws_kms_key.each["b"]': ([], None),
        "aws_kms_key.encoded": (ACCESS, "COMPLIANT"),
        "aws_kms_key.known": ([], None),
        "aws_kms_key.logs": ([], None),
        "aws_kms_key.primary": (["SINGLE_REGION", "HOME_REGION", *ACCESS], None),
        "aws_kms_replica_key.replica": (["SINGLE_REGION", *ACCESS], None),
        "module.trail.aws_kms_key.this[0]": (["SYMMETRIC", *ACCESS], None),
    }

    def test_every_key_is_found_and_judged(self, reader: Reader) -> None:
        """With the policy of its own, of a resource for policies, or of KMS's default."""
        result = reader.text(PLAN)
        assert not result.unread
        assert {found.name for found in result.keys} == set(self.EXPECTED)
        for found in result.keys:
            failed, best = self.EXPECTED[found.name]
            assert reader.failed(found) == failed, found.name
            assert (reader.answers(found)[1] if found.hopeful else None) == best, found.name
            assert (found.place.kind, found.arn_known) == (KIND, False)

    def test_a_document_that_is_read_later_is_known_now(self, reader: Reader) -> None:
        """aws_iam_policy_document: where it refers to the key's ARN, that is an assumption."""
        (found,) = (each for each in reader.text(PLAN).keys if each.name == "aws_kms_key.logs")
        assert any("refers to aws_kms_key.logs.arn" in each for each in found.assumptions)
        assert found.unresolved == ()

    def test_what_is_encoded_with_the_arn_in_it_is_not(self, reader: Reader) -> None:
        """The twin: of text, Terraform shows nothing. The sentence says what would help."""
        (found,) = (each for each in reader.text(PLAN).keys if each.name == "aws_kms_key.encoded")
        (sentence,) = found.unresolved
        assert sentence.startswith("aws_kms_key_policy.encoded.policy: ")
        assert 'write "*"' in sentence

    def test_the_account_is_that_of_the_caller(self, reader: Reader) -> None:
        """As data.aws_caller_identity tells; without it, the landing zone's is assumed."""
        for account, assumed in (("444455556666", False), (None, True)):
            address = "data.aws_caller_identity.current"
            plan = changed(PLAN, address, account_id=account)
            (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.known")
            assert found.key.arn.account == (account or "111122223333")
            assert any("made in account 111122223333" in each for each in found.assumptions) is assumed

    def test_another_provider_s_account_is_another(self, reader: Reader) -> None:
        """What one provider's caller is tells nothing of a key that another one makes."""
        plan = changed(PLAN, "data.aws_caller_identity.current", account_id="444455556666")
        accounts = {each.name: each.key.arn.account for each in reader.text(plan).keys}
        assert accounts["aws_kms_key.known"] == "444455556666"
        assert accounts["aws_kms_key.primary"] == "111122223333"

    def test_the_region_is_the_provider_s(self, reader: Reader) -> None:
        """Also where a variable gives it."""
        plan = copy.deepcopy(PLAN)
        plan["variables"]["region"]["value"] = "eu-central-1"
        regions = {each.name: each.key.arn.region for each in reader.text(plan).keys}
        assert regions["aws_kms_key.known"] == "eu-central-1"
        assert regions["aws_kms_key.primary"] == "eu-west-1"

    def test_a_region_that_is_worked_out_is_not_known(self, reader: Reader) -> None:
        """The twin: of several variables, nobody can tell which one it is."""
        plan = copy.deepcopy(PLAN)
        plan["variables"]["region"]["value"] = "eu-central-1"
        provider = plan["configuration"]["provider_config"]["aws"]["expressions"]
        provider["region"] = {"references": ["var.region", "var.other"]}
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.known")
        assert found.key.arn.region == "us-east-1"
        assert any("Region us-east-1: the plan does not tell" in each for each in found.assumptions)

    def test_a_resource_s_own_region_wins(self, reader: Reader) -> None:
        """As version 6 of the provider has it."""
        plan = changed(PLAN, "aws_kms_key.known", region="ap-south-1")
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.known")
        assert found.key.arn.region == "ap-south-1"

    @pytest.mark.parametrize(
        ("attributes", "failed"),
        [
            ({"is_enabled": False}, ["ENABLED"]),
            ({"customer_master_key_spec": "RSA_2048", "key_usage": "SIGN_VERIFY"}, ["SYMMETRIC"]),
            ({"multi_region": True}, ["SINGLE_REGION"]),
            ({"policy": "{}"}, ACCESS),
            ({"custom_key_store_id": "cks-1234567890abcdef0"}, []),
        ],
    )
    def test_an_attribute_decides_its_requirement(
        self, reader: Reader, attributes: Any, failed: list[str]
    ) -> None:
        """Of a key that is fine without it."""
        plan = changed(PLAN, "aws_kms_key.known", **attributes)
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.known")
        assert reader.failed(found) == failed

    @pytest.mark.parametrize("name", ["is_enabled", "key_usage", "multi_region", "policy"])
    def test_what_is_configured_and_not_known_is_open(self, reader: Reader, name: str) -> None:
        """Where nobody has configured it, it is the provider's default."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan, "aws_kms_key.known"):
            part.get("change", {}).get("after_unknown", {})[name] = True
            part.setdefault("expressions", {})[name] = {"references": ["var.x"]}
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.known")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert found.unresolved[0].startswith(f"aws_kms_key.known.{name}: ")

    @pytest.mark.parametrize("member", [{"errored": True}, {"deferred_changes": [{"reason": "unknown"}]}])
    def test_a_plan_that_is_not_whole_is_said_so(self, reader: Reader, member: Any) -> None:
        """What is missing in it may be a key."""
        assert not reader.text({**PLAN, **dict.fromkeys(member)}).unread
        result = reader.text({**PLAN, **member})
        assert len(result.keys) == len(self.EXPECTED)
        assert "does not hold all resources" in result.unread[0].message


class TestDocumentOfThePlan:
    """aws_iam_policy_document before it is read."""

    ADDRESS = "data.aws_iam_policy_document.logs"

    def answers(self, reader: Reader, **changes: Any) -> tuple[str, str]:
        """The answers for the key, where the document's second statement differs."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan, self.ADDRESS):
            change = part.get("change")
            if change:
                for name, value in changes.items():
                    holder = change["after_unknown"] if value is True else change["after"]
                    holder["statement"][1][name] = value
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        return reader.answers(found)

    @pytest.mark.parametrize(
        ("changes", "answers"),
        [
            ({}, ("COMPLIANT", "COMPLIANT")),
            ({"effect": "Deny"}, ("NON_COMPLIANT", "NON_COMPLIANT")),
            ({"actions": ["kms:Decrypt"]}, ("NON_COMPLIANT", "NON_COMPLIANT")),
            ({"actions": True}, ("NON_COMPLIANT", "COMPLIANT")),
            ({"principals": True}, ("NON_COMPLIANT", "COMPLIANT")),
            ({"principals": [{"type": "*", "identifiers": ["*"]}]}, ("COMPLIANT", "COMPLIANT")),
            ({"principals": [{"type": "AWS", "identifiers": ["*"]}]}, ("NON_COMPLIANT", "NON_COMPLIANT")),
            ({"effect": True}, ("NON_COMPLIANT", "COMPLIANT")),
            ({"condition": True}, ("NON_COMPLIANT", "COMPLIANT")),
            (
                {
                    "condition": [
                        {"test": "StringLike", "variable": "aws:SourceAccount", "values": ["1*"]},
                        {"test": "StringLike", "variable": "aws:SourceAccount", "values": ["*"]},
                    ]
                },
                ("COMPLIANT", "COMPLIANT"),
            ),
            ({"resources": ["arn:aws:kms:*"]}, ("COMPLIANT", "COMPLIANT")),
            ({"resources": [None, "x"]}, ("COMPLIANT", "COMPLIANT")),
            ({"sid": ""}, ("COMPLIANT", "COMPLIANT")),
        ],
    )
    def test_a_part_of_a_statement_decides(
        self, reader: Reader, changes: Any, answers: tuple[str, str]
    ) -> None:
        """Known or not."""
        assert self.answers(reader, **changes) == answers

    @pytest.mark.parametrize("name", ["source_policy_documents", "override_policy_documents"])
    def test_what_is_merged_is_open(self, reader: Reader, name: str) -> None:
        """Other documents may add and replace statements."""
        plan = changed(PLAN, self.ADDRESS, **{name: ["{}"]})
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")

    def test_another_key_s_arn_is_another_key(self, reader: Reader) -> None:
        """The twin of a self-reference."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], self.ADDRESS):
            refers = {"references": ["aws_kms_key.encoded.arn", "aws_kms_key.encoded"]}
            part["expressions"]["statement"][1]["resources"] = refers
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.failed(found) == ["CONFIG_ACCESS"]

    def test_blocks_that_nobody_can_tell_apart_refer_to_nothing(self, reader: Reader) -> None:
        """Dynamic blocks are in no configuration, so that what is there may be about another block."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], self.ADDRESS):
            part["expressions"]["statement"].pop(0)
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")

    def test_a_version_that_is_not_known_opens_everything(self, reader: Reader) -> None:
        """Without one it is the provider's default."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan, self.ADDRESS):
            part.get("change", {}).get("after_unknown", {})["version"] = True
            part.get("expressions", {})["version"] = {"references": ["var.x"]}
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")

    def test_an_arn_with_something_else_is_open(self, reader: Reader) -> None:
        """What is made of more than the key's ARN may be anything."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], self.ADDRESS):
            part["expressions"]["statement"][1]["resources"]["references"].append("var.region")
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")


class TestUpdate:
    """A further plan: one key is deleted, one is new, one has another policy."""

    def test_what_is_deleted_is_left_out(self, reader: Reader) -> None:
        """And what is created is there."""
        names = {found.name for found in reader.text(UPDATE).keys}
        assert "aws_kms_key.default" not in names
        assert "aws_kms_key.later" in names

    def test_the_policy_is_the_one_that_will_be(self, reader: Reader) -> None:
        """Not the one that is, which is fine."""
        found = {each.name: reader.failed(each) for each in reader.text(UPDATE).keys}
        assert found["aws_kms_key.known"] == found['aws_kms_key.each["a"]'] == ["CLOUDTRAIL_ACCESS"]
        assert found["aws_kms_key.logs"] == []

    def test_keys_that_are_there_have_their_arns(self, reader: Reader) -> None:
        """The new one has a stand-in."""
        known = {found.name: found.arn_known for found in reader.text(UPDATE).keys}
        assert known["aws_kms_key.logs"] is True
        assert known["aws_kms_key.later"] is False

    @pytest.mark.parametrize(
        ("actions", "leaves_alone", "answers"),
        [
            (["delete"], False, ("NON_COMPLIANT", "COMPLIANT")),
            (["create", "delete"], False, ("NON_COMPLIANT", "COMPLIANT")),
            (["delete", "create"], False, ("COMPLIANT", "COMPLIANT")),
            (["delete"], True, ("COMPLIANT", "COMPLIANT")),
        ],
    )
    def test_a_policy_that_is_destroyed_leaves_kms_s_default(
        self, reader: Reader, actions: list[str], answers: tuple[str, str], *, leaves_alone: bool
    ) -> None:
        """The key still shows the one that it has; the provider puts another."""
        address, bypass = "aws_kms_key_policy.logs", "bypass_policy_lockout_safety_check"
        (change,) = (part for part in parts(UPDATE, address) if "change" in part)
        before = {**change["change"]["before"], bypass: leaves_alone}
        plan = changed(without(UPDATE, address), "aws_kms_key.logs", policy=before["policy"])
        plan["resource_changes"].append({**change, "change": {"actions": actions, "before": before}})
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.answers(found) == answers

    @pytest.mark.parametrize(("enabled", "answer"), [(True, "COMPLIANT"), (False, "NON_COMPLIANT")])
    def test_the_state_is_the_one_that_will_be(self, reader: Reader, answer: str, *, enabled: bool) -> None:
        """The provider plans `enabled`, and shows `key_state` as it is."""
        everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        plan = changed(
            UPDATE,
            "aws_kms_external_key.imported",
            enabled=enabled,
            key_state="Disabled" if enabled else "Enabled",
            policy=json.dumps({"Statement": everything}),
        )
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_external_key.imported")
        assert reader.answers(found)[0] == answer

    def test_a_state_that_may_change_is_open(self, reader: Reader) -> None:
        """The twin: `enabled` is known when the plan is applied."""
        plan = changed(UPDATE, "aws_kms_external_key.imported", key_state="Enabled")
        for part in parts(plan, "aws_kms_external_key.imported"):
            part.get("change", {}).get("after_unknown", {})["enabled"] = True
            part.setdefault("expressions", {})["enabled"] = {"references": ["var.x"]}
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_external_key.imported")
        assert found.key.key_state is None

    def test_what_is_left_of_a_replaced_object_tells_nothing(self, reader: Reader) -> None:
        """It has the address of the new one, of which something is unknown."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan, "aws_kms_key.known"):
            part.get("change", {}).get("after_unknown", {})["is_enabled"] = True
            part.setdefault("expressions", {})["is_enabled"] = {"references": ["var.x"]}
            part.get("values", {}).pop("is_enabled", None)
        left = {
            "address": "aws_kms_key.known",
            "mode": "managed",
            "type": "aws_kms_key",
            "deposed": "0123abcd",
        }
        plan["resource_changes"].append({**left, "change": {"actions": ["delete"], "after_unknown": {}}})
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.known")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")


class TestState:
    """What is there after the plan was applied."""

    def test_everything_is_known(self, reader: Reader) -> None:
        """ARNs, policies and states."""
        result = reader.text(STATE)
        assert len(result.keys) == 10
        assert all(found.arn_known and found.hopeful is None for found in result.keys)

    @pytest.mark.parametrize(
        ("name", "failed"),
        [
            ("aws_kms_key.logs", []),
            ("aws_kms_key.encoded", ACCESS),
            ("aws_kms_key.default", ["ENABLED", *ACCESS]),
        ],
    )
    def test_keys_are_judged(self, reader: Reader, name: str, failed: list[str]) -> None:
        """As live ones."""
        found = {each.name: reader.failed(each) for each in reader.text(STATE).keys}
        assert found[name] == failed

    def test_whether_imported_material_enables_the_key_is_open(self, reader: Reader) -> None:
        """The provider's page and its code differ; who writes `enabled` knows."""
        everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        known = {"key_material_base64": "AAAA", "policy": json.dumps({"Statement": everything})}
        for given, worst in (({}, "NON_COMPLIANT"), ({"enabled": True}, "COMPLIANT")):
            plan = changed(PLAN, "aws_kms_external_key.imported", **known, **given)
            (found,) = (
                each for each in reader.text(plan).keys if each.name == "aws_kms_external_key.imported"
            )
            assert reader.answers(found) == (worst, "COMPLIANT")

    def test_the_state_of_a_key_with_imported_material_counts(self, reader: Reader) -> None:
        """Whatever it was made with."""
        for state, failed in (("Enabled", ACCESS), ("PendingImport", ["ENABLED", *ACCESS])):
            document = changed(STATE, "aws_kms_external_key.imported", key_state=state)
            found = {each.name: reader.failed(each) for each in reader.text(document).keys}
            assert found["aws_kms_external_key.imported"] == failed

    def test_a_key_without_policy_in_the_state_is_open(self, reader: Reader) -> None:
        """KMS has one."""
        document = changed(STATE, "aws_kms_key.known", policy=None)
        (found,) = (each for each in reader.text(document).keys if each.name == "aws_kms_key.known")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")

    def test_an_empty_state_holds_no_key(self, reader: Reader) -> None:
        """It is one line."""
        assert len(reader.text({"format_version": "1.0"}).passed) == 1


class TestPolicyResources:
    """aws_kms_key_policy finds its key."""

    def test_a_key_of_another_state_is_judged_by_its_arn(self, reader: Reader) -> None:
        """The policy is known, everything else is open."""
        everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        for statement, best in (
            (everything, "COMPLIANT"),
            ({**everything, "Effect": "Deny"}, "NON_COMPLIANT"),
        ):
            arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
            policy = json.dumps({"Statement": statement})
            state = changed(STATE, "aws_kms_key_policy.encoded", key_id=arn, policy=policy)
            keys = reader.text(without(state, "aws_kms_key.encoded")).keys
            (found,) = (each for each in keys if each.name == "aws_kms_key_policy.encoded")
            assert str(found.key.arn) == arn
            assert reader.answers(found) == ("NON_COMPLIANT", best)

    @pytest.mark.parametrize("document", [PLAN, STATE], ids=["plan", "state"])
    def test_without_an_arn_nobody_can_tell_the_key(self, reader: Reader, document: Any) -> None:
        """An id tells no account and no Region; an unknown one tells nothing."""
        result = reader.text(without(document, "aws_kms_key.logs"))
        (unread,) = result.unread
        assert unread.message.startswith("aws_kms_key_policy.logs: its key_id is ")

    def test_a_reference_to_a_module_s_output_leads_to_its_key(self, reader: Reader) -> None:
        """Where the module has just one."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], "aws_kms_key_policy.encoded"):
            part["expressions"]["key_id"] = {"references": ["module.trail.key_id", "module.trail"]}
        found = {
            each.name: each
            for each in reader.text(without(plan, "module.trail.aws_kms_key_policy.this")).keys
        }
        assert found["module.trail.aws_kms_key.this[0]"].key.policy is None
        assert found["aws_kms_key.encoded"].key.policy is not None

    def test_a_policy_that_may_be_anyone_s_opens_every_other_key(self, reader: Reader) -> None:
        """A key whose policy may be replaced is not proved; one that has its own resource is."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], "aws_kms_key_policy.encoded"):
            part["expressions"]["key_id"] = {"references": ["var.key_id"]}
        result = reader.text(plan)
        found = {each.name: reader.answers(each) for each in result.keys}
        assert found["aws_kms_key.known"] == ("NON_COMPLIANT", "COMPLIANT")
        assert found["aws_kms_key.logs"] == ("COMPLIANT", "COMPLIANT")
        assert len(result.unread) == 1

    @pytest.mark.parametrize("attribute", ["key_id", "policy"])
    def test_a_choice_belongs_to_nobody(self, reader: Reader, attribute: str) -> None:
        """A reference to something else beside the right one: a condition, or text that is put in."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], "aws_kms_key_policy.logs"):
            part["expressions"][attribute]["references"] += ["aws_kms_key.default.arn", "aws_kms_key.default"]
        found = {each.name: reader.answers(each) for each in reader.text(plan).keys}
        assert found["aws_kms_key.logs"] == ("NON_COMPLIANT", "COMPLIANT")

    def test_a_key_that_sets_its_own_policy_too_is_a_choice(self, reader: Reader) -> None:
        """Each plan puts the one that the other has not."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], "aws_kms_key.logs"):
            part.setdefault("expressions", {})["policy"] = {"constant_value": "{}"}
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")

    def test_what_only_an_index_pairs_is_said_so(self, reader: Reader) -> None:
        """A reference to all keys of a name may pick another one; to a single key it may not."""
        found = {each.name: each.assumptions for each in reader.text(PLAN).keys}
        paired = 'aws_kms_key_policy.each["a"] is for aws_kms_key.each["a"]: they have the same index'
        assert paired in found['aws_kms_key.each["a"]']
        assert not any("same index" in each for each in found["aws_kms_key.logs"])

    def test_two_policies_of_one_key_are_a_choice(self, reader: Reader) -> None:
        """Which one is put last, nobody can tell."""
        plan = copy.deepcopy(PLAN)
        for part in parts(plan["configuration"], "aws_kms_key_policy.encoded"):
            part["expressions"]["key_id"] = {"references": ["aws_kms_key.logs.key_id", "aws_kms_key.logs"]}
        (found,) = (each for each in reader.text(plan).keys if each.name == "aws_kms_key.logs")
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert "nobody can tell which" in found.unresolved[-1]


class TestMalformed:
    """Documents that Terraform would not print: no exception."""

    @pytest.mark.parametrize(
        "members",
        [
            {"resource_changes": 5},
            {"resource_changes": [5, {}, {"address": []}, {"address": "x", "change": 5}]},
            {"configuration": []},
            {"configuration": {"root_module": {"resources": {}, "module_calls": []}}},
            {"prior_state": "x"},
            {"variables": 1},
            {"planned_values": {"root_module": {"resources": 1, "child_modules": 2}}},
            {
                "planned_values": {
                    "root_module": {"resources": [1, {"address": 2}, {"address": "x", "values": 1}]}
                }
            },
        ],
    )
    def test_sections_may_be_anything(self, reader: Reader, members: Any) -> None:
        """And are then empty; no key is fine because of it that was not."""
        before = {found.name: reader.answers(found) for found in reader.text(PLAN).keys}
        for found in reader.text({**PLAN, **members}).keys:
            assert reader.answers(found)[0] == "NON_COMPLIANT" or before[found.name][0] == "COMPLIANT"

    @pytest.mark.parametrize("arn", ["", "arn:aws:kms", 5, "arn:aws:s3:::x"])
    def test_an_arn_may_be_none(self, reader: Reader, arn: Any) -> None:
        """Then the key cannot be told, and the others go on."""
        result = reader.text(changed(STATE, "aws_kms_key.known", arn=arn))
        assert len(result.keys) + len(result.unread) == 10


def of_cloud_control(**after: Any) -> dict[str, Any]:
    """A plan of one key of the provider whose attributes are CloudFormation's properties."""
    address = "awscc_kms_key.logs"
    everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    values = {"key_policy": json.dumps({"Version": "2012-10-17", "Statement": [everything]}), **after}
    resource = {"address": address, "mode": "managed", "type": "awscc_kms_key", "name": "logs"}
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {"enabled": True}}
    provider = {"awscc": {"expressions": {"region": {"constant_value": "us-east-1"}}}}
    configured = {**resource, "expressions": {}, "provider_config_key": "awscc"}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**resource, "values": values}]}},
        "resource_changes": [{**resource, "change": change}],
        "configuration": {"root_module": {"resources": [configured]}, "provider_config": provider},
    }


class TestCloudControl:
    """awscc_kms_key and awscc_kms_replica_key."""

    @pytest.mark.parametrize(
        ("attributes", "failed"),
        [
            ({}, []),
            (
                {"enabled": False},
                [],
            ),  # the twin of the next: where the plan leaves it open, it is the default
            ({"key_spec": "RSA_2048", "key_usage": "SIGN_VERIFY"}, ["SYMMETRIC"]),
            ({"multi_region": True}, ["SINGLE_REGION"]),
            ({"key_policy": "{}"}, ACCESS),
            ({"key_policy": None}, ACCESS),
        ],
    )
    def test_an_attribute_decides_its_requirement(
        self, reader: Reader, attributes: Any, failed: list[str]
    ) -> None:
        """By the names of CloudFormation's properties, in lower case."""
        found = reader.text(of_cloud_control(**attributes)).key
        assert (reader.failed(found), found.hopeful) == (failed, None)
        assert (found.name, found.key.arn.region) == ("awscc_kms_key.logs", "us-east-1")

    def test_a_disabled_key_is_disabled(self, reader: Reader) -> None:
        """Where the plan knows it."""
        plan = of_cloud_control(enabled=False)
        plan["resource_changes"][0]["change"]["after_unknown"] = {}
        assert reader.failed(reader.text(plan).key) == ["ENABLED"]

    def test_a_policy_may_be_an_object(self, reader: Reader) -> None:
        """Then it is the same as its text."""
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*"}]}
        assert reader.failed(reader.text(of_cloud_control(key_policy=policy)).key) == ACCESS

    def test_a_key_without_policy_has_kms_s_default(self, reader: Reader) -> None:
        """Whose place the provider's plan does not fill in."""
        text = '{"Statement": [{"Principal": {"AWS": "arn:<partition>:iam::<account-id>:root"}}]}'
        found = reader.text(of_cloud_control(key_policy=text)).key
        assert "arn:aws:iam::111122223333:root" in json.dumps(found.key.policy)

    def test_a_policy_that_is_not_known_is_open(self, reader: Reader) -> None:
        """By its own name."""
        plan = of_cloud_control()
        plan["resource_changes"][0]["change"]["after_unknown"] = {"key_policy": True}
        plan["configuration"]["root_module"]["resources"][0]["expressions"] = {"key_policy": {}}
        found = reader.text(plan).key
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert found.unresolved[0].startswith("awscc_kms_key.logs.key_policy: ")

    def test_imported_material_is_open(self, reader: Reader) -> None:
        """A key without its material is not enabled; the twin's is made by KMS."""
        found = reader.text(of_cloud_control(origin="EXTERNAL")).key
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert "before its key material is imported" in found.unresolved[0]
        assert reader.text(of_cloud_control(origin="AWS_KMS")).key.hopeful is None

    def test_a_replica_is_a_multi_region_key(self, reader: Reader) -> None:
        """Whatever its primary key is."""
        plan = json.loads(json.dumps(of_cloud_control()).replace("awscc_kms_key", "awscc_kms_replica_key"))
        found = reader.text(plan).key
        assert (found.name, reader.failed(found)) == ("awscc_kms_replica_key.logs", ["SINGLE_REGION"])

    def test_a_state_has_the_arn(self, reader: Reader) -> None:
        """And what became of the key."""
        arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        plan = of_cloud_control(arn=arn, enabled=True, origin="EXTERNAL")
        found = reader.text({"format_version": "1.0", "values": plan["planned_values"]}).key
        assert (str(found.key.arn), found.arn_known, reader.failed(found)) == (arn, True, [])


class TestChangesAlone:
    """Plans of which only `resource_changes` is left, or which name a key in nothing else."""

    @pytest.mark.parametrize("removed", ["planned_values", "root_module"])
    def test_every_key_is_found_as_in_the_whole_plan(self, reader: Reader, removed: str) -> None:
        """With the same answers, and at a place of its own."""
        plan = copy.deepcopy(PLAN)
        holder = plan if removed == "planned_values" else plan["planned_values"]
        del holder[removed]
        result = reader.text(plan)
        assert not result.unread
        assert {each.name for each in result.keys} == set(TestPlan.EXPECTED)
        for found in result.keys:
            assert reader.failed(found) == TestPlan.EXPECTED[found.name][0], found.name
            assert found.place.line
            assert not found.arn_known

    @pytest.mark.parametrize(
        ("actions", "count"),
        [
            (["create"], 1),
            (["no-op"], 1),
            (["update"], 1),
            (["delete", "create"], 1),
            (["create", "delete"], 1),
            (["delete"], 0),
            (["forget"], 0),
        ],
    )
    def test_what_is_deleted_is_no_key(self, reader: Reader, actions: list[str], count: int) -> None:
        """All others are."""
        plan = of_cloud_control()
        del plan["planned_values"]
        plan["resource_changes"][0]["change"]["actions"] = actions
        result = reader.text(plan)
        assert (len(result.keys), len(result.passed), result.unread) == (count, 1 - count, [])

    def test_a_key_that_is_told_of_twice_is_one(self, reader: Reader) -> None:
        """What is left of a replaced one is none."""
        plan = of_cloud_control()
        change = plan["resource_changes"][0]
        plan["resource_changes"] += [change, {**change, "deposed": "abcd1234"}]
        assert len(reader.text(plan).keys) == 1
        del plan["planned_values"]
        assert len(reader.text(plan).keys) == 1


class TestStateFile:
    """Terraform's own file of a state."""

    BODY: ClassVar = {"template_body": '{"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}'}
    KEY: ClassVar = {"type": "aws_kms_key", "name": "logs", "instances": [{"attributes": BODY}]}
    FILE: ClassVar = {"version": 4, "terraform_version": "1.9.5", "serial": 3, "resources": [KEY]}

    @pytest.mark.parametrize("named", [True, False])
    @pytest.mark.parametrize("kind", ["aws_kms_key", "awscc_kms_key", "aws_cloudformation_stack_set"])
    def test_the_command_is_named(self, reader: Reader, kind: str, *, named: bool) -> None:
        """Also for a file in a folder."""
        document = {**self.FILE, "resources": [{**self.KEY, "type": kind}]}
        message = reader.text(document, "terraform.tfstate", named=named).message
        assert message.endswith(
            "is Terraform's own state file: give the output of `terraform show -json FILE`"
        )

    def test_a_state_without_keys_is_passed_over_in_a_folder(self, reader: Reader) -> None:
        """The twin: a bucket, which names a key; who asks for that file is told."""
        attributes = [{"attributes": {"kms_key_id": "x", "template_body": "{}"}}]
        others = [
            {"type": kind, "instances": attributes} for kind in ("aws_s3_bucket", "aws_cloudformation_stack")
        ]
        document = {**self.FILE, "resources": [*others, 1]}
        assert reader.text(document, named=False).unread == []
        assert "terraform show -json" in reader.text(document).message


class TestEncodedTwice:
    """A policy that is the text of the text of a policy; KMS decodes it once."""

    @pytest.mark.parametrize("address", ["aws_kms_key.known", "aws_kms_key_policy.astray"])
    def test_is_said_so(self, reader: Reader, address: str) -> None:
        """And never compliant; encoded once, it is."""
        everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        once = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        for policy, failed in ((once, []), (json.dumps(once), ACCESS)):
            plan = changed(PLAN, "aws_kms_key.known", policy=policy)
            if address == "aws_kms_key_policy.astray":
                key_id = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                plan = of_cloud_control()
                (entry,) = plan["planned_values"]["root_module"]["resources"]
                entry |= {"address": address, "type": "aws_kms_key_policy"}
                entry["values"] = {"policy": policy, "key_id": key_id}
                plan["resource_changes"] = []
            (found,) = (each for each in reader.text(plan).keys if each.name == address)
            assert [each for each in reader.failed(found) if each in ACCESS] == failed
            assert ("leave out one jsonencode" in str(found.key.policy_missing)) is bool(failed)
