"""Facts about AWS: each declares what it takes, and asks for nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import lzkey.aws
from lzkey.aws.account import Asker, Manner, UnansweredError
from lzkey.aws.fact import Fact, actions_of

ACCOUNT, REGION = "111122223333", "us-east-1"
ARN = f"arn:aws:controltower:{REGION}:{ACCOUNT}:landingzone/1A2B3C4D5E6F7G8H"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ORGANIZATION = {"Id": "o-exampleorgid", "MasterAccountId": ACCOUNT, "FeatureSet": "ALL"}
RECORDER = {
    "name": "default",
    "recordingGroup": {"allSupported": True},
    "recordingMode": {"recordingFrequency": "DAILY"},
}
MANIFEST = {
    "governedRegions": ["us-east-1", 1],
    "centralizedLogging": {"configurations": {"kmsKeyArn": KEY}},
}

#: Fact -> its arguments, and what AWS answers in the order in which it is asked.
ASKED: dict[str, tuple[tuple[Any, ...], list[tuple[str, dict[str, Any]]]]] = {
    "landing_zone_arn": ((), [("list_landing_zones", {"landingZones": [{"arn": ARN}]})]),
    "landing_zone_detail": (
        (ARN,),
        [("get_landing_zone", {"landingZone": {"version": "4.0", "manifest": MANIFEST, "status": "ACTIVE"}})],
    ),
    "organization": ((), [("describe_organization", {"Organization": ORGANIZATION})]),
    "members": (
        (),
        [
            (
                "list_accounts",
                {"Accounts": [{"Id": ACCOUNT, "Name": "home", "State": "ACTIVE"}], "NextToken": "x"},
            ),
            ("list_accounts", {"Accounts": [{"Id": "444455556666", "Status": "SUSPENDED"}]}),
        ],
    ),
    "trusted_services": (
        (),
        [
            (
                "list_aws_service_access_for_organization",
                {"EnabledServicePrincipals": [{"ServicePrincipal": "config.amazonaws.com"}]},
            )
        ],
    ),
    "described": ((), [("describe_configuration_recorders", {"ConfigurationRecorders": [RECORDER]})]),
    "own_recorder": (
        (),
        [
            ("describe_configuration_recorders", {"ConfigurationRecorders": [RECORDER]}),
            (
                "describe_configuration_recorder_status",
                {"ConfigurationRecordersStatus": [{"name": "default", "recording": True}]},
            ),
        ],
    ),
}


def facts() -> dict[str, Fact[..., Any]]:
    """Every fact of every module of lzkey.aws, by its name."""
    modules = [
        importlib.import_module(f"lzkey.aws.{each.name}") for each in pkgutil.iter_modules(lzkey.aws.__path__)
    ]
    return {
        name: value for module in modules for name, value in vars(module).items() if isinstance(value, Fact)
    }


class Answering(boto3.Session):
    """A session with one client, which answers what a test says, in that order."""

    def __init__(self, service: str, answers: list[tuple[str, Any]]) -> None:
        super().__init__("a", "b", region_name=REGION)
        self.only: Any = super().client(service)  # type: ignore[call-overload]
        self.stubber = Stubber(self.only)
        for operation, answer in answers:
            if isinstance(answer, str):
                self.stubber.add_client_error(operation, answer)
            else:
                self.stubber.add_response(operation, answer)
        self.stubber.activate()

    def client(self, service_name: str, *_where: Any, **_settings: Any) -> Any:
        """The one."""
        assert service_name == self.only.meta.service_model.service_name
        return self.only


def asking(name: str, answers: list[tuple[str, Any]] | None = None) -> tuple[Asker, Any]:
    """An asker, and what the fact answers."""
    fact = facts()[name]
    service = next(iter(fact.actions)).partition(":")[0]
    given, usual = ASKED[name]
    asker = Asker(Answering(service, usual if answers is None else answers), ACCOUNT, REGION, Manner())
    return asker, fact(asker, *given)


class TestActions:
    """What a fact declares."""

    def test_every_fact_is_asked_here(self) -> None:
        """A fact that no test asks would declare what it likes."""
        assert set(facts()) == set(ASKED)

    @pytest.mark.parametrize("name", ASKED)
    def test_is_what_it_asks(self, name: str) -> None:
        """No action more, and none less."""
        asker, _ = asking(name)
        assert set(asker.log.calls) == facts()[name].actions

    def test_of_several_is_the_union(self) -> None:
        """As `--print-iam-policy` takes it."""
        found = facts()
        assert actions_of(found["organization"], found["described"]) == {
            "organizations:DescribeOrganization",
            "config:DescribeConfigurationRecorders",
        }


class TestAnswers:
    """What the facts say."""

    def test_a_landing_zone(self) -> None:
        """Keys and governed Regions are the manifest's; what is no text is no Region."""
        _, zone = asking("landing_zone_detail")
        assert (zone.keys, zone.governed_regions, zone.drift) == ((KEY,), ("us-east-1",), None)

    def test_a_landing_zone_that_is_not_found(self) -> None:
        """The twin: an answer, and not an error."""
        _, zone = asking("landing_zone_detail", [("get_landing_zone", "ResourceNotFoundException")])
        assert zone is None

    def test_members_of_all_pages(self) -> None:
        """`State`, and before 2026 `Status`."""
        _, found = asking("members")
        assert [(each.account, each.is_active) for each in found] == [
            (ACCOUNT, True),
            ("444455556666", False),
        ]

    def test_no_organization(self) -> None:
        """An account of none is no error; a refusal is."""
        _, found = asking("organization", [("describe_organization", "AWSOrganizationsNotInUseException")])
        assert found is None
        with pytest.raises(UnansweredError, match="refused organizations:DescribeOrganization"):
            asking("organization", [("describe_organization", "AccessDeniedException")])

    def test_no_recorder_has_no_status(self) -> None:
        """So that nobody is asked for it."""
        others = {**RECORDER, "servicePrincipal": "my-service.amazonaws.com", "recordingScope": "INTERNAL"}
        asker, found = asking(
            "own_recorder", [("describe_configuration_recorders", {"ConfigurationRecorders": [others]})]
        )
        assert found is None
        assert asker.log.calls.total() == 1

    def test_a_recorder(self) -> None:
        """How often it records keys, too."""
        _, found = asking("own_recorder")
        assert (found.on, found.keys, found.frequency, found.fault) == (True, True, "DAILY", None)


class TestQuoting:
    """An error with AWS's own text, and one without."""

    @pytest.mark.parametrize(
        ("quoting", "said"),
        [
            (True, f"account {ACCOUNT} refused kms:DescribeKey (AccessDeniedException: <b>no</b>)"),
            (
                False,
                (
                    "kms:DescribeKey was refused (AccessDeniedException) for key x "
                    f"in account {ACCOUNT}, Region {REGION}"
                ),
            ),
        ],
    )
    def test_is_the_manner_of_the_command(self, quoting: bool, said: str) -> None:  # noqa: FBT001
        """Where an error stands in a file that others read, nothing of the service's stands in it."""
        session = Answering("kms", [])
        session.stubber.add_client_error("describe_key", "AccessDeniedException", "<b>no</b>")
        asker = Asker(session, ACCOUNT, REGION, Manner(quoting=quoting))
        with pytest.raises(UnansweredError) as caught:
            asker.ask("kms:DescribeKey", about="key x", KeyId="x")
        assert str(caught.value) == said
