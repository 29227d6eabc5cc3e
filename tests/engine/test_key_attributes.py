"""What an attribute of a key is read as: tags, multi-Region, state, dates."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from landing_zone_key import KmsKey, assess

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"


class TestTags:
    """Conditions on tags are decided where the tags are known."""

    @pytest.fixture
    def answer(self, read: Any, make_policy: Any, make_zone: Any) -> Callable[..., str]:
        """The compliance under a merged Allow with a condition, for a key with tags."""

        def compliance(condition: dict[str, Any], tags: Any) -> str:
            policy = json.dumps(make_policy([{"of": "merged", "Condition": condition}]))
            key = read("notification", supplementaryConfiguration={"Policy": policy}, tags=tags)
            return assess(key, make_zone()).compliance.value

        return compliance

    @pytest.mark.parametrize(
        ("tags", "compliance"),
        [({"Team": "logs"}, "COMPLIANT"), ({"Team": "x"}, "NON_COMPLIANT"), (None, "NON_COMPLIANT")],
    )
    def test_a_tag_is_known_by_name_without_case(
        self, answer: Callable[..., str], tags: Any, compliance: str
    ) -> None:
        """Right value, wrong value, not known."""
        assert answer({"StringEquals": {"aws:ResourceTag/team": "logs"}}, tags) == compliance

    @pytest.mark.parametrize(
        ("tags", "compliance"), [({"Team": "logs"}, "COMPLIANT"), (None, "NON_COMPLIANT")]
    )
    def test_a_tag_that_is_not_there_is_absent(
        self, answer: Callable[..., str], tags: Any, compliance: str
    ) -> None:
        """Where the tags are known, there are no others."""
        assert answer({"Null": {"aws:ResourceTag/environment": "true"}}, tags) == compliance

    def test_no_tags_are_known_by_their_list_alone(self, read: Any) -> None:
        """An item has an empty `tags` also where AWS Config could not read them."""
        assert read("notification", tags={}, supplementaryConfiguration={"Tags": []}).tags == {}
        assert read("notification", tags={}, supplementaryConfiguration={}).tags is None

    def test_names_that_differ_in_case_settle_nothing(self, answer: Callable[..., str]) -> None:
        """Condition keys have no case, tags have: nobody can tell which one counts."""
        tags = {"team": "x", "Team": "logs"}
        for value in tags.values():
            assert answer({"StringEquals": {"aws:ResourceTag/team": value}}, tags) == "NON_COMPLIANT"

    def test_tags_are_read_from_either_place(self, read: Any) -> None:
        """From `tags`, or from the list in the supplementary configuration; not given is not known."""
        assert read("advanced_query").tags == {"team": "platform"}
        assert read("notification", tags={"team": "logs"}).tags == {"team": "logs"}
        assert read("notification").tags == {}
        assert read("history").tags == {}
        assert read("sample_of_rdk", tags=None).tags is None

    @pytest.mark.parametrize(
        "listed", ["[", '[{"tagKey": 1, "tagValue": "x"}]', [{"tagKey": "team"}], ["team"]]
    )
    def test_tags_that_cannot_be_read_are_not_known(self, read: Any, listed: Any) -> None:
        """Half a list proves nothing about the rest."""
        assert read("notification", supplementaryConfiguration={"Tags": listed}).tags is None


class TestMultiRegion:
    """Told by the attribute, or by the key id where there is none."""

    MULTI = "mrk-1234abcd12ab34cd56ef1234567890ab"

    @pytest.mark.parametrize(
        ("attribute", "key_id", "answer"),
        [
            (True, KEY_ID, True),
            (False, KEY_ID, False),
            ("true", KEY_ID, True),
            ("false", KEY_ID, False),
            (None, KEY_ID, False),
            (None, MULTI, True),
            (False, MULTI, True),
        ],
    )
    def test_multi_region(self, item: Any, read: Any, attribute: Any, key_id: str, *, answer: bool) -> None:
        """Where the two disagree, it is one."""
        configuration = {**item("notification")["configuration"], "multiRegion": attribute, "arn": None}
        arn = f"arn:aws:kms:us-east-1:111122223333:key/{key_id}"
        key = read("notification", ARN=arn, configuration=configuration)
        assert key.multi_region is answer


class TestState:
    """From keyState, and from `enabled` where they are not of one mind."""

    @pytest.mark.parametrize(
        ("state", "enabled", "answer"),
        [
            ("Enabled", True, "Enabled"),
            ("Enabled", None, "Enabled"),
            ("Enabled", False, "Disabled"),
            (None, True, "Enabled"),
            (None, False, "Disabled"),
            ("PendingImport", False, "PendingImport"),
            (None, None, None),
        ],
    )
    def test_state(
        self, item: Any, read: Any, state: str | None, *, enabled: bool | None, answer: str | None
    ) -> None:
        """Doubt is Disabled; nothing is not known."""
        configuration = {**item("notification")["configuration"], "keyState": state, "enabled": enabled}
        assert read("notification", configuration=configuration).key_state == answer

    @pytest.mark.parametrize(
        ("value", "date"),
        [
            (1796083200000, "2026-12-01"),
            (1796083200.5, "2026-12-01"),
            ("2026-12-01T00:00:00.000Z", "2026-12-01"),
            (datetime(2026, 12, 1, tzinfo=UTC), "2026-12-01"),
            (datetime.fromisoformat("2026-11-30T23:00:00-02:00"), "2026-12-01"),
            ("soon", None),
            (1e300, None),
            (True, None),
            (None, None),
        ],
    )
    def test_a_date_is_read_from_every_form(self, value: Any, date: str | None) -> None:
        """Always a day in UTC, or not known."""
        assert KmsKey.from_describe_key({"Arn": ARN, "DeletionDate": value}).deletion_date == date


class TestExpiry:
    """When imported key material is gone."""

    @pytest.mark.parametrize(
        ("attributes", "date"),
        [
            ({"validTo": "2027-01-02T03:04:05Z", "expirationModel": "KEY_MATERIAL_EXPIRES"}, "2027-01-02"),
            ({"validTo": 1798858800000, "expirationModel": "KEY_MATERIAL_EXPIRES"}, "2027-01-02"),
            ({"validTo": "2027-01-02T03:04:05Z"}, "2027-01-02"),
            ({"validTo": "2027-01-02T03:04:05Z", "expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}, None),
            *(({"expirationModel": "KEY_MATERIAL_EXPIRES"}, None), ({"validTo": "soon"}, None), ({}, None)),
        ],
    )
    def test_is_read_from_an_item(self, attributes: dict[str, Any], date: str | None, read: Any) -> None:
        """With the date alone; what does not expire has none."""
        configuration = {"keyId": KEY_ID, "arn": ARN, **attributes}
        assert read("notification", configuration=configuration).material_expires == date

    def test_is_read_from_describe_key(self) -> None:
        """As boto3 gives it; an item without it is completed by it."""
        described = KmsKey.from_describe_key({"Arn": ARN, "ValidTo": datetime(2027, 1, 2, tzinfo=UTC)})
        assert described.material_expires == "2027-01-02"
        assert KmsKey.from_arn(described.arn).completed_by(described).material_expires == "2027-01-02"
