"""A key policy, and what `aws kms describe-key` and `get-key-policy` print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.sources.documents import DESCRIBE_KEY, GET_KEY_POLICY, KEY_POLICY

if TYPE_CHECKING:
    from .conftest import Reader

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ff"


class TestKeyPolicy:
    """Nothing but the policy."""

    def test_a_policy_is_judged_for_the_key_that_is_named(self, reader: Reader, documents: Any) -> None:
        """`--key-arn`."""
        found = reader.text(documents["key_policy"], key_arn=ARN).key
        assert (found.name, str(found.key.arn), found.arn_known) == (ARN, ARN, True)
        assert found.place.kind is KEY_POLICY
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    def test_for_another_key_its_resources_are_other_keys(self, reader: Reader, documents: Any) -> None:
        """The twin: the same text, and another key."""
        found = reader.text(documents["key_policy"], key_arn=OTHER).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]

    def test_without_a_name_the_policy_tells_its_key(self, reader: Reader, documents: Any) -> None:
        """A key policy is about its own key alone, so that an ARN in Resource is that key's."""
        found = reader.text(documents["key_policy"]).key
        assert str(found.key.arn) == ARN
        assert not found.arn_known
        assert any(ARN in assumption for assumption in found.assumptions)
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    def test_two_arns_tell_nothing(self, reader: Reader, documents: Any) -> None:
        """The twin: then a stand-in counts, and each ARN may be its own."""
        policy = json.loads(json.dumps(documents["key_policy"]))
        policy["Statement"][1]["Resource"] = OTHER
        found = reader.text(policy).key
        assert str(found.key.arn) not in (ARN, OTHER)
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert "give --key-arn" in found.unresolved[0]

    def test_of_two_arns_a_denied_one_may_be_this_key(self, reader: Reader) -> None:
        """The twin: an Allow for every key, and a Deny for one of them."""
        allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        others = [{**allow, "Effect": "Deny", "Resource": ARN}, {**allow, "Resource": OTHER}]
        assert reader.answers(reader.text({"Statement": [allow, *others]}).key) == (
            "NON_COMPLIANT",
            "COMPLIANT",
        )
        assert reader.answers(reader.text({"Statement": [allow, others[1]]}).key) == (
            "COMPLIANT",
            "COMPLIANT",
        )

    def test_an_asterisk_is_this_key(self, reader: Reader, documents: Any) -> None:
        """As in a policy of KMS itself."""
        text = json.dumps(documents["key_policy"]).replace(ARN, "*")
        found = reader.text(text).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        assert (found.key.arn.account, found.key.arn.region) == ("111122223333", "us-east-1")

    def test_what_the_policy_does_not_tell_is_an_assumption(self, reader: Reader, documents: Any) -> None:
        """A key as KMS makes one."""
        found = reader.text(documents["key_policy"], key_arn=ARN).key
        assert found.hopeful is None
        assert any("enabled, symmetric, single-Region" in assumption for assumption in found.assumptions)

    def test_each_statement_has_its_line(self, reader: Reader, documents: Any) -> None:
        """Of the bracket that opens it."""
        text = json.dumps(documents["key_policy"], indent=2)
        found = reader.text(text, key_arn=ARN).key
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "    {"]
        assert list(found.statement_lines) == lines

    def test_a_single_statement_has_one_line(self, reader: Reader, documents: Any) -> None:
        """Where it is no list."""
        policy = {"Statement": documents["key_policy"]["Statement"][0]}
        assert reader.text(policy, key_arn=ARN).key.statement_lines == (2,)

    def test_a_policy_inside_of_a_string_is_read(self, reader: Reader, documents: Any) -> None:
        """What `--query Policy --output json` prints."""
        found = reader.text(json.dumps(json.dumps(documents["key_policy"])), key_arn=ARN).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        assert found.statement_lines == ()

    @pytest.mark.parametrize("named", [True, False])
    def test_text_inside_of_text_is_one_too_many(
        self, reader: Reader, documents: Any, *, named: bool
    ) -> None:
        """The twin: KMS would not take it, and nothing is said of a policy that nobody has."""
        text = json.dumps(json.dumps(json.dumps(documents["key_policy"])))
        message = reader.text(text, named=named, key_arn=ARN).message
        assert "it is encoded twice; leave out one jsonencode" in message

    def test_a_malformed_policy_is_the_rule_s_to_tell(self, reader: Reader) -> None:
        """It is recognised; what is wrong with it is a finding."""
        found = reader.text({"Statement": [{"Effect": "allow"}]}, key_arn=ARN).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]

    def test_no_key_s_arn_is_said_so(self, reader: Reader, documents: Any) -> None:
        """An alias is none."""
        alias = "arn:aws:kms:us-east-1:111122223333:alias/x"
        message = reader.text(documents["key_policy"], key_arn=alias).message
        assert "is not the ARN of a KMS key" in message


class TestGetKeyPolicy:
    """GetKeyPolicy's answer."""

    def test_its_policy_is_judged(self, reader: Reader, documents: Any) -> None:
        """As a bare policy is."""
        found = reader.text(documents["get_key_policy"], key_arn=ARN).key
        assert found.place.kind is GET_KEY_POLICY
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    def test_an_empty_policy_is_malformed(self, reader: Reader) -> None:
        """The twin."""
        found = reader.text({"Policy": "", "PolicyName": "default"}, key_arn=ARN).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]

    def test_text_inside_of_text_is_one_too_many(self, reader: Reader, documents: Any) -> None:
        """Its policy is text already; beside a description, it is open."""
        policy = {"PolicyName": "default", "Policy": json.dumps(documents["get_key_policy"]["Policy"])}
        assert "it is encoded twice" in reader.text(policy, key_arn=ARN).message
        found = reader.text({**documents["describe_key"], **policy}).key
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert "it is encoded twice" in found.unresolved[0]

    def test_an_object_in_the_place_of_text_is_read(self, reader: Reader, documents: Any) -> None:
        """As people have it who look at it; its statements have lines."""
        answer = {"PolicyName": "default", "Policy": documents["key_policy"]}
        found = reader.text(answer, key_arn=ARN).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        assert len(found.statement_lines) == len(documents["key_policy"]["Statement"])


class TestDescribeKey:
    """DescribeKey's answer."""

    def test_without_a_policy_nothing_is_determined(self, reader: Reader, documents: Any) -> None:
        """Refused at worst, allowed at best, and the reader learns what is missing."""
        found = reader.text(documents["describe_key"]).key
        assert found.place.kind is DESCRIBE_KEY
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert "get-key-policy" in "".join(found.unresolved)

    def test_with_the_policy_beside_it_all_is_known(self, reader: Reader, documents: Any) -> None:
        """The twin: both answers in one object."""
        both = {**documents["describe_key"], **documents["get_key_policy"]}
        assert reader.answers(reader.text(both).key) == ("COMPLIANT", "COMPLIANT")

    def test_a_disabled_key_fails_whatever_its_policy(self, reader: Reader, documents: Any) -> None:
        """At best, too."""
        metadata = {**documents["describe_key"]["KeyMetadata"], "KeyState": "Disabled", "Enabled": False}
        found = reader.text({"KeyMetadata": metadata}).key
        assert reader.answers(found) == ("NON_COMPLIANT", "NON_COMPLIANT")

    def test_best_is_within_what_protection_allows(self, protected: Reader, documents: Any) -> None:
        """With RequireConfusedDeputyProtection the best policy is one that refuses foreign requests."""
        found = protected.text(documents["describe_key"]).key
        assert protected.answers(found) == ("NON_COMPLIANT", "COMPLIANT")

    def test_an_aws_managed_key_needs_no_policy(self, reader: Reader, documents: Any) -> None:
        """The rule does not apply to it."""
        metadata = {**documents["describe_key"]["KeyMetadata"], "KeyManager": "AWS"}
        found = reader.text({"KeyMetadata": metadata}).key
        assert reader.answers(found) == ("NOT_APPLICABLE", "NOT_APPLICABLE")

    def test_a_list_of_answers_is_read(self, reader: Reader, documents: Any) -> None:
        """As `jq -s` makes one."""
        result = reader.text([documents["describe_key"]] * 2)
        assert [found.place.pointer for found in result.keys] == ["/0", "/1"]

    def test_no_arn_is_no_key(self, reader: Reader) -> None:
        """Told as unread."""
        assert "is not the ARN of a KMS key" in reader.text({"KeyMetadata": {"KeyId": "x"}}).message


class TestOtherPolicies:
    """Policies in a folder that are none of keys."""

    @pytest.mark.parametrize(
        ("statement", "is_for_keys"),
        [
            ({"Principal": "*", "Action": "kms:Decrypt"}, True),
            ({"Action": "kms:Decrypt"}, False),
            ({"Principal": {"Service": "config.amazonaws.com"}, "Action": ["KMS:*"]}, True),
            ({"Principal": {"Service": "kms.amazonaws.com"}, "Action": ["s3:GetObject"]}, False),
            ({"NotPrincipal": {"AWS": "111122223333"}, "NotAction": "kms:Decrypt"}, True),
            ({"Principal": "*", "Sid": "kms", "Action": "*"}, True),
            ("kms", False),
        ],
    )
    def test_a_key_policy_has_principals_and_kms_actions(
        self, reader: Reader, statement: Any, *, is_for_keys: bool
    ) -> None:
        """An identity's policy has no principals, a bucket's policy no kms action."""
        result = reader.text({"Statement": [statement]}, named=False)
        assert (len(result.keys), len(result.passed)) == ((1, 0) if is_for_keys else (0, 1))

    def test_named_by_itself_it_is_a_key_policy(self, reader: Reader) -> None:
        """Who names a file means it."""
        found = reader.text(
            {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}
        ).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]
