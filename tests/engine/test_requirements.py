"""The seven requirements: each holds, and fails with its reason and with what would be right."""

from typing import Any

import pytest

from landing_zone_key import Requirement, assess
from landing_zone_key.requirements import REQUIREMENTS

ALL = list(Requirement)
MULTI = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"

FAILING = [
    ({"KeyState": "Disabled"}, "ENABLED", "NOT_ENABLED", "Disabled", "enable the key"),
    ({"KeyState": "PendingDeletion"}, "ENABLED", "NOT_ENABLED", "PendingDeletion", "cancel the deletion"),
    (
        {"KeyState": "PendingDeletion", "DeletionDate": "2026-12-01"},
        "ENABLED",
        "NOT_ENABLED",
        "PendingDeletion until 2026-12-01",
        "cancel the deletion",
    ),
    ({"KeyState": "PendingImport"}, "ENABLED", "NOT_ENABLED", "PendingImport", "import its key material"),
    ({"KeyState": "PendingReplicaDeletion"}, "ENABLED", "NOT_ENABLED", "PendingReplicaDeletion", "cancel"),
    ({"KeyState": "Unavailable"}, "ENABLED", "NOT_ENABLED", "Unavailable", "connect its custom key store"),
    ({"KeyState": "Creating"}, "ENABLED", "NOT_ENABLED", "Creating", "must be Enabled"),
    ({"KeyState": "Updating"}, "ENABLED", "NOT_ENABLED", "Updating", "must be Enabled"),
    ({"KeyState": None}, "ENABLED", "UNKNOWN", "key state unknown", "could not be read"),
    (
        {"KeySpec": "RSA_2048"},
        "SYMMETRIC",
        "NOT_SYMMETRIC",
        "RSA_2048 for ENCRYPT_DECRYPT",
        "SYMMETRIC_DEFAULT",
    ),
    (
        {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
        "SYMMETRIC",
        "NOT_SYMMETRIC",
        "HMAC_256 for GENERATE_VERIFY_MAC",
        "SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT",
    ),
    ({"KeySpec": None}, "SYMMETRIC", "UNKNOWN", "key spec or key usage unknown", "could not be read"),
    ({"KeyUsage": None}, "SYMMETRIC", "UNKNOWN", "key spec or key usage unknown", "could not be read"),
    ({"MultiRegion": True}, "SINGLE_REGION", "MULTI_REGION", "multi-Region key", "use another key"),
    ({"MultiRegion": None, "Arn": MULTI}, "SINGLE_REGION", "MULTI_REGION", "multi-Region key", "use another"),
    (
        {"Arn": f"arn:aws:kms:us-east-1:444455556666:key/{KEY_ID}"},
        "MANAGEMENT_ACCOUNT",
        "OTHER_ACCOUNT",
        "in account 444455556666, not 111122223333",
        "must be in the management account, 111122223333",
    ),
    (
        {"Arn": f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}"},
        "HOME_REGION",
        "OTHER_REGION",
        "in eu-west-1, not us-east-1",
        "must be in the home Region us-east-1",
    ),
]
POLICIES = [
    (None, "UNKNOWN", "GetKeyPolicy was refused"),
    ("", "MALFORMED_POLICY", "not JSON: line 1"),
    ("{", "MALFORMED_POLICY", "not JSON: line 1"),
    ("{}", "MALFORMED_POLICY", "Statement is null"),
    ({"Version": "2012-10-18", "Statement": []}, "MALFORMED_POLICY", "right would be 2012-10-17"),
    ('{"Statement": [], "Statement": []}', "MALFORMED_POLICY", "stands twice"),
]


class TestAttributes:
    """What is asked of the key itself."""

    @pytest.mark.parametrize(("metadata", "requirement", "reason", "summary", "right"), FAILING)
    def test_it_fails_alone_with_its_reason(  # noqa: PLR0913, PLR0917 - a table's columns
        self,
        metadata: dict[str, Any],
        requirement: str,
        reason: str,
        summary: str,
        right: str,
        make_key: Any,
        make_zone: Any,
    ) -> None:
        """One finding, with few words for the annotation and a sentence that names what would be right."""
        (finding,) = assess(make_key("merged", **metadata), make_zone()).findings
        assert (finding.requirement, finding.reason, finding.summary) == (requirement, reason, summary)
        assert right in finding.message
        assert (finding.statement, finding.request) == (None, None)

    @pytest.mark.parametrize(
        "metadata",
        [
            {},
            {"Origin": "AWS_CLOUDHSM"},
            {"Origin": "EXTERNAL"},
            {"Origin": "EXTERNAL_KEY_STORE"},
            {"Origin": None},
            {"MultiRegion": None},
            {"KeyManager": None},
        ],
    )
    def test_it_holds(self, metadata: dict[str, Any], make_key: Any, make_zone: Any) -> None:
        """The twin of all: a key as it should be, of any origin. Where the key is managed plays no part."""
        assert assess(make_key(**metadata), make_zone()).findings == ()


class TestPolicy:
    """A policy that cannot be read fails both requirements that need it, and says why."""

    @pytest.mark.parametrize(("policy", "reason", "words"), POLICIES)
    def test_it_fails_with_the_reason(
        self, policy: Any, reason: str, words: str, make_key: Any, make_zone: Any
    ) -> None:
        """Missing or malformed: never an exception."""
        key = make_key().with_policy(policy, "kms:GetKeyPolicy was refused")
        findings = assess(key, make_zone()).findings
        assert [each.requirement for each in findings] == [
            Requirement.CONFIG_ACCESS,
            Requirement.CLOUDTRAIL_ACCESS,
        ]
        assert {each.reason for each in findings} == {reason}
        assert all(words in each.message for each in findings)

    def test_a_refusal_names_sid_or_place(self, make_key: Any, make_zone: Any) -> None:
        """The statement's Sid, its index where it has none, nothing where no statement is to blame."""
        denied = [
            assess(make_key("merged", {**deny}), make_zone()).findings[0].statement
            for deny in ({"of": "perimeter"}, {"of": "perimeter", "Sid": None})
        ]
        assert denied == ["DenyOutsideOrg", 1]
        assert assess(make_key("root"), make_zone()).findings[0].statement is None

    @pytest.mark.parametrize(
        ("resources", "words"),
        [
            (["x"], "its Resource x"),
            (["x", "y", "z"], "its Resource x and 2 more"),
            (["x" * 161], f"its Resource {'x' * 160}"),
        ],
    )
    def test_a_resource_is_named_short(
        self, resources: list[str], words: str, make_key: Any, make_zone: Any
    ) -> None:
        """The first of them, cut where it is long, and how many more there are."""
        finding = assess(make_key({"of": "merged", "Resource": resources}), make_zone()).findings[0]
        assert finding.message.endswith(words)

    def test_what_a_statement_leaves_out_is_named(self, make_key: Any, make_zone: Any) -> None:
        """NotResource is another element than Resource."""
        statement = {"of": "merged", "Resource": None, "NotResource": "*"}
        finding = assess(make_key(statement), make_zone()).findings[0]
        assert finding.message.endswith("its NotResource *")

    @pytest.mark.parametrize("place", [0, 1])
    def test_an_explicit_deny_wins_whatever_the_order(
        self, place: int, make_key: Any, make_zone: Any
    ) -> None:
        """Before the Allow, or behind it."""
        statements = ["merged"]
        statements.insert(place, "perimeter")
        reasons = {each.reason for each in assess(make_key(*statements), make_zone()).findings}
        assert reasons == {"EXPLICIT_DENY"}

    def test_a_hostile_policy_is_never_proved(self, make_key: Any, make_zone: Any) -> None:
        """Past the bound the answer is TOO_COMPLEX."""
        pattern = "*a" + "?" * 18
        hostile = {
            "of": "merged",
            "Condition": {
                "StringLike": {"kms:ViaService": [pattern, "*"]},
                "StringNotLike": {"kms:CallerAccount": "*b" + "?" * 18},
            },
        }
        reasons = {each.reason for each in assess(make_key(hostile), make_zone()).findings}
        assert reasons <= {"TOO_COMPLEX", "NO_ALLOW"}
        assert reasons


class TestAll:
    """One pass shows everything that is wrong."""

    def test_every_requirement_is_evaluated(self, make_key: Any, make_zone: Any) -> None:
        """A key that is wrong in every way has seven findings, in the order of the table."""
        key = make_key(
            "root",
            Arn="arn:aws:kms:eu-west-1:444455556666:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            KeyState="Disabled",
            KeySpec="RSA_2048",
        )
        assert [each.requirement for each in assess(key, make_zone()).findings] == ALL

    def test_the_table_is_whole(self) -> None:
        """Every requirement has its function, in the order of the enumeration."""
        assert list(REQUIREMENTS) == ALL


def test_what_holds_is_a_value_too(make_key: Any, make_zone: Any) -> None:
    """Every requirement is answered, either way; of a service's requests with the number that was decided."""
    assessment = assess(make_key("config", KeyState="Disabled"), make_zone())
    failed = [finding.requirement for finding in assessment.findings]
    held = {answer.requirement: answer for answer in assessment.holds}
    assert sorted([*failed, *held]) == sorted(ALL)
    assert failed == ["ENABLED", "CLOUDTRAIL_ACCESS"]
    assert held["HOME_REGION"].detail == "the key is in the home Region, us-east-1"
    assert held["CONFIG_ACCESS"].proof is not None
    assert held["CONFIG_ACCESS"].proof.cases >= 1
    assert held["SYMMETRIC"].proof is None
