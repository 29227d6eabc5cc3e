"""What is known of each condition key: the rows of the request families, one by one."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from landing_zone_key import assess
from landing_zone_key.requests import COMMON, EARLIEST_MOMENT, ELSEWHERE, OF_OPERATIONS, families

ROWS = json.loads(Path(__file__).with_name("condition_keys.json").read_text())
SERVICES = {"config": "CONFIG_ACCESS", "cloudtrail": "CLOUDTRAIL_ACCESS"}


def rows(kind: str) -> Any:
    """Parametrize by the rows of one kind, named by key and service."""
    names = [f"{row['key']} {row.get('service', '')}".strip() for row in ROWS[kind]]
    return pytest.mark.parametrize("row", ROWS[kind], ids=names)


@pytest.fixture
def granted(row: dict[str, Any], make_key: Any, make_zone: Any) -> Callable[..., set[bool]]:
    """Whether a merged Allow with a condition grants the row's services what they need."""

    def answer(operator: str, value: str, **key: Any) -> set[bool]:
        statement = {"of": "merged", "Condition": {operator: {row["key"]: value}}}
        assessment = assess(make_key(statement, **key), make_zone(**row.get("parameters", {})))
        failed = {finding.requirement for finding in assessment.findings}
        services = [row["service"]] if "service" in row else list(SERVICES)
        return {SERVICES[service] not in failed for service in services}

    return answer


@rows("known")
def test_a_known_value_is_proved(row: dict[str, Any], granted: Callable[..., set[bool]]) -> None:
    """A condition that the value meets grants."""
    assert granted(row["operator"], row["right"]) == {True}


@rows("known")
def test_another_value_is_refused(row: dict[str, Any], granted: Callable[..., set[bool]]) -> None:
    """The same condition with another value does not."""
    assert granted(row["operator"], row["wrong"]) == {False}


@rows("absent")
def test_an_absent_key_is_absent_in_every_request(
    row: dict[str, Any], granted: Callable[..., set[bool]]
) -> None:
    """Null is true, and a positive condition on the key never holds."""
    assert row["key"]
    assert granted("Null", "true") == {True}
    assert granted("Null", "false") == {False}
    assert granted("StringLike", "*") == {False}
    assert granted("StringNotLike", "*") == {True}


@rows("unknown")
def test_an_unknown_key_proves_nothing(row: dict[str, Any], granted: Callable[..., set[bool]]) -> None:
    """It may be there or not: neither Null nor its opposite grants."""
    assert row["key"]
    assert granted("Null", "true") == {False}
    assert granted("Null", "false") == {False}
    assert granted("ForAnyValue:StringLike", "*") == {False}


class TestFactsOfTheKey:
    """Attributes that are not known make their condition keys unknown."""

    ATTRIBUTES: Mapping[str, str] = {"Origin": "kms:KeyOrigin", "KeySpec": "kms:KeySpec"}

    @pytest.mark.parametrize("attribute", ATTRIBUTES)
    def test_an_attribute_that_is_not_known_proves_nothing(
        self, attribute: str, make_key: Any, make_zone: Any
    ) -> None:
        """The same condition is proved with the attribute and refused without it."""
        value = {"Origin": "AWS_KMS", "KeySpec": "SYMMETRIC_DEFAULT"}[attribute]
        statement = {"of": "merged", "Condition": {"StringEquals": {self.ATTRIBUTES[attribute]: value}}}
        refused = [
            {"CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"}
            & {found.requirement.value for found in assess(key, make_zone()).findings}
            for key in (make_key(statement), make_key(statement, **{attribute: None}))
        ]
        assert refused == [set(), {"CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"}]


class TestTable:
    """The table itself."""

    PAGES = ("IAM: ", "KMS: ", "PERMISSIONS: ")
    KEYS = (
        *(key for key, _, _ in COMMON),
        *(key for keys in ELSEWHERE.values() for key in keys),
        *OF_OPERATIONS,
    )

    def test_every_row_has_a_source(self) -> None:
        """Each row cites one of AWS's pages, and no key stands twice."""
        assert all(
            source.startswith(self.PAGES) for source in [*(source for _, _, source in COMMON), *ELSEWHERE]
        )
        assert len({key.lower() for key in self.KEYS}) == len(self.KEYS)

    def test_every_row_has_a_test(self) -> None:
        """No row of the table is without a row of the tests."""
        tested = {row["key"].lower() for kind in ROWS.values() for row in kind}
        for key in map(str.lower, self.KEYS):
            prefix = key.removesuffix("*")
            assert any(name == key or (prefix != key and name.startswith(prefix)) for name in tested)

    def test_no_operation_of_a_family_has_a_key_that_is_absent(self, make_key: Any, make_zone: Any) -> None:
        """A key of an operation is unknown to a family that asks for that operation, and absent else."""
        config, cloudtrail = families(make_key(), make_zone())
        assert "kms:datakeypairspec" in config.elsewhere
        assert "kms:datakeypairspec" not in cloudtrail.elsewhere

    def test_both_families_are_to_this_key(self, make_key: Any, make_zone: Any) -> None:
        """Config first, then CloudTrail, from the earliest moment on."""
        config, cloudtrail = families(make_key(), make_zone())
        assert (config.service, cloudtrail.service) == ("config.amazonaws.com", "cloudtrail.amazonaws.com")
        assert config.resource == cloudtrail.resource == str(make_key().arn)
        assert config.earliest == EARLIEST_MOMENT
