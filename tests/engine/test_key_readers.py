"""A KMS key from every form in which AWS hands it out."""

import json
from typing import Any

import pytest

from landing_zone_key import KeyDataError, KmsKey, assess
from landing_zone_key.key import KeyArn

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
METADATA = {"Arn": ARN, "KeyManager": "CUSTOMER", "KeyState": "Enabled", "Enabled": True}
WHOLE = ("notification", "history", "advanced_query", "older")


class TestForms:
    """Notification, history, advanced query and older items say the same."""

    @pytest.mark.parametrize("name", WHOLE)
    def test_every_form_is_read_whole(self, read: Any, name: str) -> None:
        """All attributes are known, whatever the names and the encoding."""
        key = read(name)
        assert str(key.arn) == ARN
        assert (key.key_manager, key.key_state, key.origin) == ("CUSTOMER", "Enabled", "AWS_KMS")
        assert (key.key_spec, key.key_usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        assert (key.multi_region, key.deleted, key.lacks_attributes) == (False, False, False)

    @pytest.mark.parametrize("name", WHOLE)
    def test_every_form_gets_the_same_answer(self, read: Any, name: str, make_zone: Any) -> None:
        """The policy is read as text and as text inside text."""
        assert assess(read(name), make_zone()).compliance == "COMPLIANT"

    def test_a_policy_may_be_an_object(self, item: Any, read: Any, make_zone: Any) -> None:
        """AWS Config encodes it once, and rdklib decodes it."""
        policy = json.loads(item("notification")["supplementaryConfiguration"]["Policy"])
        key = read("notification", supplementaryConfiguration={"Policy": policy})
        assert assess(key, make_zone()).compliance == "COMPLIANT"

    def test_the_sample_of_rdk_is_an_aws_managed_key(self, read: Any, make_zone: Any) -> None:
        """Its ids are no real ones, and are read all the same."""
        key = read("sample_of_rdk")
        assert str(key.arn) == "arn:aws:kms:us-east-1:111122223333:key/test"
        assert assess(key, make_zone()).compliance == "NOT_APPLICABLE"

    @pytest.mark.parametrize(
        "status", ["ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"]
    )
    def test_a_deleted_item_has_no_configuration(self, read: Any, status: str) -> None:
        """Its ARN is enough."""
        key = read("deleted", configurationItemStatus=status)
        assert (key.deleted, str(key.arn), key.key_state) == (True, ARN, None)

    def test_an_item_that_is_there_is_not_deleted(self, read: Any) -> None:
        """The twin: the same item with another status."""
        assert read("deleted", configurationItemStatus="OK").deleted is False

    def test_pending_deletion_has_its_date(self, read: Any) -> None:
        """From milliseconds since 1970."""
        key = read("pending_deletion")
        assert (key.key_state, key.deletion_date) == ("PendingDeletion", "2026-12-01")

    def test_a_missing_policy_has_its_reason(self, read: Any) -> None:
        """None, and why."""
        key = read("without_policy")
        assert key.policy is None
        assert key.policy_missing == "the key policy is not in the configuration item"


class TestNames:
    """Which key it is."""

    @pytest.mark.parametrize("missing", ["ARN", "configuration"])
    def test_the_arn_stands_in_several_places(self, read: Any, missing: str) -> None:
        """Each of them is enough."""
        assert str(read("notification", **{missing: None}).arn) == ARN

    @pytest.mark.parametrize(
        ("region", "partition"),
        [
            ("us-east-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("eusc-de-east-1", "aws-eusc"),
        ],
    )
    @pytest.mark.parametrize("account", ["awsAccountId", "accountId"])
    def test_without_any_arn_it_is_put_together(
        self, item: Any, region: str, partition: str, account: str
    ) -> None:
        """From Region, account and resource id; the Region tells the partition."""
        changed = {**item("deleted"), "ARN": None, "awsRegion": region}
        changed[account] = changed.pop("awsAccountId")
        key = KmsKey.from_configuration_item(changed)
        assert str(key.arn) == f"arn:{partition}:kms:{region}:111122223333:key/{KEY_ID}"

    @pytest.mark.parametrize("broken", [{}, {"ARN": "arn:aws:kms"}, {"awsRegion": "us-east-1"}, "text", None])
    def test_an_item_that_names_no_key_is_an_error(self, broken: Any) -> None:
        """One of our own, never a KeyError or a ValueError."""
        with pytest.raises(KeyDataError):
            KmsKey.from_configuration_item(broken)

    def test_items_of_other_types_are_read(self, read: Any) -> None:
        """They are not applicable, which is not ours to say here."""
        assert read("notification", resourceType="AWS::S3::Bucket").resource_type == "AWS::S3::Bucket"
        assert read("notification", resourceType=None).resource_type == "AWS::KMS::Key"

    @pytest.mark.parametrize(
        "text",
        ["", KEY_ID, "alias/x", ARN.replace("key", "alias"), ARN.replace("kms", "s3"), f"{ARN}\n", ARN[:-40]],
    )
    def test_only_a_key_arn_is_one(self, text: str) -> None:
        """Everything else is refused, shown short."""
        with pytest.raises(KeyDataError, match="is not the ARN of a KMS key"):
            KeyArn.parse(text)

    def test_an_arn_survives_reading(self) -> None:
        """The parts make the text again."""
        assert str(KeyArn.parse(ARN)) == ARN


class TestDescribeKey:
    """DescribeKey's answer, with the policy added."""

    def test_the_whole_answer_and_its_metadata_are_the_same(self) -> None:
        """With or without `KeyMetadata` around it."""
        whole = {"KeyMetadata": METADATA, "ResponseMetadata": {}}
        assert KmsKey.from_describe_key(whole) == KmsKey.from_describe_key(METADATA)

    def test_the_policy_comes_by_itself(self) -> None:
        """Before that, the reason stands in its place."""
        key = KmsKey.from_describe_key(METADATA)
        assert (key.policy, key.policy_missing) == (None, "the key policy was not read")
        assert key.with_policy("{}").policy == "{}"
        assert key.with_policy(None, "refused").policy_missing == "refused"

    def test_an_older_name_of_the_key_spec_is_read(self) -> None:
        """CustomerMasterKeySpec, where there is no KeySpec."""
        old = {**METADATA, "CustomerMasterKeySpec": "RSA_2048"}
        assert KmsKey.from_describe_key(old).key_spec == "RSA_2048"
        assert KmsKey.from_describe_key({**old, "KeySpec": "HMAC_256"}).key_spec == "HMAC_256"

    @pytest.mark.parametrize("broken", [{}, {"KeyMetadata": None}, {"Arn": "x"}, {"Arn": None}])
    def test_an_answer_without_an_arn_is_an_error(self, broken: Any) -> None:
        """One of our own."""
        with pytest.raises(KeyDataError):
            KmsKey.from_describe_key(broken)

    def test_what_an_item_lacks_is_completed(self, item: Any, read: Any) -> None:
        """What it has stays; the policy is not touched."""
        lacking = KmsKey.from_configuration_item(item("without_policy", configuration=None))
        described = KmsKey.from_describe_key({**METADATA, "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"})
        assert lacking.lacks_attributes
        completed = lacking.completed_by(described)
        assert not completed.lacks_attributes
        assert (completed.key_spec, completed.policy) == ("RSA_2048", None)
        assert read("notification").completed_by(described) == read("notification")

    def test_an_arn_alone_is_a_key(self) -> None:
        """Nothing else is known of it, but that an id may tell a multi-Region key."""
        key = KmsKey.from_arn(KeyArn.parse(ARN))
        assert key.lacks_attributes
        assert key.policy_missing == "nothing but the key's ARN is known"
