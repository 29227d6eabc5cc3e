"""A single account's deployment: healthy, then broken in one place at a time, each on its own line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.deployment.target import Where
from lzkey.doctor import EXPECTATIONS, Status, examine
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone

from .conftest import FUNCTION, KEYS_ONLY, NAME, RULE, key_policy, make_key, not_ok

if TYPE_CHECKING:
    from .conftest import Management

_OF_KEYS = {"trail", "key-last-use", "beside-the-key"}
_OBSERVED = {*_OF_KEYS, "delivery-channel", "baselines"}
_ZONE = {
    "landing-zone",
    "landing-zone-keys",
    "landing-zone-results",
    "former-keys",
    "key-policies",
    *_OBSERVED,
}
ORGANIZATION_LINES = {
    "execution-role",
    "trusted-access",
    "organization-rule",
    "accounts",
    "aggregator",
    "evaluations",
}


class TestHealthy:
    """Everything is as it must be."""

    def test_all_ok(self, account: Management) -> None:
        """Each line that applies is OK, none has a fix, and the exit code is 0."""
        seen = account.examine()
        checks = {found.expectation.name: found.check for found in seen.findings}
        assert {name for name, check in checks.items() if check.status is not Status.OK} == ORGANIZATION_LINES
        assert not any(check.fix for check in checks.values())
        assert (seen.status, seen.exit_code) == (Status.OK, 0)

    def test_nothing_is_said_about_organizations(self, account: Management) -> None:
        """Those lines do not apply to a single account."""
        lines = account.lines()
        assert all(lines[name].status is Status.NOT_APPLICABLE for name in ORGANIZATION_LINES)

    def test_nothing_was_called_but_questions(self, account: Management) -> None:
        """The account is read and never changed; and what is asked is asked once."""
        account.examine()
        operations = [call.operation for call in account.sandbox.calls]
        reads = ("Describe", "Get", "List", "Lookup", "Select", "BatchGet")
        assert operations
        assert all(operation.startswith(reads) for operation in operations)
        assert len(operations) < 2 * len(EXPECTATIONS)

    def test_says_what_is(self, account: Management) -> None:
        """Versions, times and names are part of the lines."""
        lines = account.lines()
        assert lines["landing-zone"].detail == "version 4.0, ACTIVE and IN_SYNC"
        assert lines["landing-zone-keys"].detail == account.key
        assert "is COMPLIANT, judged " in lines["landing-zone-results"].detail
        assert lines["recorder"].detail == "default is on and records AWS::KMS::Key continuously"
        assert lines["last-evaluation"].detail.startswith("succeeded ")
        assert (
            lines["permission"].detail == "AWS Config may invoke the function for account 111122223333 only"
        )


Breakage = Callable[["Management"], AbstractContextManager[object]]


@contextmanager
def another_key(account: Management) -> Iterator[str]:
    """The ARN of a key that admits the landing zone's deliveries, and is of no use to it afterwards."""
    key = make_key(account.sandbox)
    yield key
    document = json.loads(key_policy(key))
    closed = json.dumps({**document, "Statement": document["Statement"][:1]})
    account.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=closed)
    account.sandbox.settle()


@contextmanager
def no_landing_zone(account: Management) -> Iterator[None]:
    """Control Tower is not set up."""
    account.sandbox.landing_zone, before = None, account.sandbox.landing_zone
    yield
    account.sandbox.landing_zone = before


@contextmanager
def landing_zone_with(account: Management, *keys: str) -> Iterator[None]:
    """The landing zone uses other keys."""
    before = account.sandbox.landing_zone
    blocks = {
        name: {"configurations": {"kmsKeyArn": key}}
        for name, key in zip(("centralizedLogging", "config"), keys, strict=False)
    }
    account.sandbox.landing_zone = LandingZone("4.0", blocks)
    yield
    account.sandbox.landing_zone = before


def deleted_key(account: Management) -> AbstractContextManager[None]:
    """The landing zone names a key that is not there."""
    return landing_zone_with(
        account, f"{account.key.rpartition('/')[0]}/1234abcd-12ab-34cd-56ef-1234567890ab"
    )


def foreign_key(account: Management) -> AbstractContextManager[None]:
    """The landing zone names a key of another account."""
    return landing_zone_with(account, account.key.replace("111122223333", "444455556666"))


def key_elsewhere(account: Management) -> AbstractContextManager[None]:
    """The landing zone names a key of another Region."""
    return landing_zone_with(account, account.key.replace("us-east-1", "eu-west-1"))


def key_alias(account: Management) -> AbstractContextManager[None]:
    """The landing zone names an alias."""
    return landing_zone_with(account, "arn:aws:kms:us-east-1:111122223333:alias/logs")


@contextmanager
def another_key_listed(account: Management) -> Iterator[None]:
    """KeyScope names another key, in the file and in the rule."""
    rule, scope = account.rule(), "1234abcd-12ab-34cd-56ef-1234567890ab"
    given = json.loads(rule["InputParameters"])
    with account.other_parameters(KeyScope=scope):
        account.put_rule(rule, InputParameters=json.dumps({**given, "KeyScope": scope}))
        yield
    account.put_rule(rule)


@contextmanager
def stopped_recorder(account: Management) -> Iterator[None]:
    """The recorder is off."""
    config, name = account.client("config"), {"ConfigurationRecorderName": "default"}
    config.stop_configuration_recorder(**name)
    yield
    config.start_configuration_recorder(**name)


@contextmanager
def recorder_with(account: Management, **changes: Any) -> Iterator[None]:
    """The recorder has other settings."""
    config = account.client("config")
    role = account.client("iam").get_role(RoleName="AWSServiceRoleForConfig")["Role"]["Arn"]
    before = {
        "name": "default",
        "roleARN": role,
        "recordingGroup": KEYS_ONLY,
        "recordingMode": {"recordingFrequency": "CONTINUOUS"},
    }
    config.put_configuration_recorder(ConfigurationRecorder={**before, **changes})
    yield
    config.put_configuration_recorder(ConfigurationRecorder=before)


def buckets_only(account: Management) -> AbstractContextManager[None]:
    """The recorder does not record keys."""
    group = {"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]}
    return recorder_with(account, recordingGroup=group)


def daily(account: Management) -> AbstractContextManager[None]:
    """The recorder looks once a day."""
    return recorder_with(account, recordingMode={"recordingFrequency": "DAILY"})


def keys_daily(account: Management) -> AbstractContextManager[None]:
    """The recorder is continuous, but not for keys."""
    override = {"resourceTypes": ["AWS::KMS::Key"], "recordingFrequency": "DAILY"}
    mode = {"recordingFrequency": "CONTINUOUS", "recordingModeOverrides": [override]}
    return recorder_with(account, recordingMode=mode)


def all_but_keys(account: Management) -> AbstractContextManager[None]:
    """The recorder records everything else."""
    strategy = {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}
    excluded = {"resourceTypes": ["AWS::KMS::Key"]}
    group = {
        "allSupported": False,
        "resourceTypes": [],
        "exclusionByResourceTypes": excluded,
        "recordingStrategy": strategy,
    }
    return recorder_with(account, recordingGroup=group)


def missing_config_role(account: Management) -> AbstractContextManager[None]:
    """The recorder's role does not exist."""
    return recorder_with(account, roleARN="arn:aws:iam::111122223333:role/nobody")


@contextmanager
def no_recorder(account: Management) -> Iterator[None]:
    """There is no recorder, as Control Tower leaves the management account."""
    config = account.client("config")
    (before,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    config.delete_configuration_recorder(ConfigurationRecorderName="default")
    yield
    kept = {name: before[name] for name in ("name", "roleARN")}
    config.put_configuration_recorder(ConfigurationRecorder={**kept, "recordingGroup": KEYS_ONLY})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


@contextmanager
def deleted_rule(account: Management) -> Iterator[None]:
    """Somebody deleted the rule."""
    before = account.rule()
    account.client("config").delete_config_rule(ConfigRuleName=RULE)
    yield
    account.put_rule(before)


@contextmanager
def rule_with(account: Management, **changes: Any) -> Iterator[None]:
    """The rule has other settings."""
    before = account.rule()
    account.put_rule(before, **changes)
    yield
    account.put_rule(before)


def other_rule_parameters(account: Management) -> AbstractContextManager[None]:
    """The rule was told another standard than the file says."""
    given = json.loads(account.rule()["InputParameters"])
    changed = json.dumps({**given, "PermissionStandard": "functional"})
    return rule_with(account, InputParameters=changed)


def no_schedule(account: Management) -> AbstractContextManager[None]:
    """The rule lost its schedule."""
    source = account.rule()["Source"]
    details = [detail for detail in source["SourceDetails"] if "Scheduled" not in detail["MessageType"]]
    return rule_with(account, Source={**source, "SourceDetails": details})


def other_file(account: Management) -> AbstractContextManager[None]:
    """The file was changed after the deployment."""
    return account.other_parameters(RequireConfusedDeputyProtection="true")


@contextmanager
def failing_evaluation(account: Management) -> Iterator[None]:
    """AWS Config does not take the results of the last run."""
    account.sandbox.fail_next("config", "PutEvaluations", "InvalidResultTokenException")
    account.sandbox.run_scheduled(RULE)
    account.sandbox.settle()
    yield
    account.sandbox.run_scheduled(RULE)
    account.sandbox.settle()


@contextmanager
def function_with(account: Management, **changes: Any) -> Iterator[None]:
    """The function has other settings."""
    client = account.client("lambda")
    before = client.get_function_configuration(FunctionName=FUNCTION)
    updated = client.get_waiter("function_updated_v2")
    client.update_function_configuration(FunctionName=FUNCTION, **changes)
    updated.wait(FunctionName=FUNCTION)
    yield
    client.update_function_configuration(FunctionName=FUNCTION, **{name: before[name] for name in changes})
    updated.wait(FunctionName=FUNCTION)


def deprecated_runtime(account: Management) -> AbstractContextManager[None]:
    """The function runs on a Python that AWS no longer supports."""
    return function_with(account, Runtime="python3.9")


def unheard_of_runtime(account: Management) -> AbstractContextManager[None]:
    """The function runs on a Python that came after this version of lzkey."""
    return function_with(account, Runtime="python3.99")


def other_handler(account: Management) -> AbstractContextManager[None]:
    """The function begins elsewhere."""
    return function_with(account, Handler="other.lambda_handler")


@contextmanager
def other_code(account: Management) -> Iterator[None]:
    """One file of the checkout is newer than the deployment."""
    path = account.root / f"rules/{RULE}/key_reader.py"
    before = path.read_text()
    path.write_text(f"{before}\n# newer\n")
    yield
    path.write_text(before)


@contextmanager
def permission(account: Management, *sources: dict[str, str]) -> Iterator[None]:
    """AWS Config has other permissions to invoke the function."""
    client = account.client("lambda")
    policy = json.loads(client.get_policy(FunctionName=FUNCTION)["Policy"])
    for statement in policy["Statement"]:
        client.remove_permission(FunctionName=FUNCTION, StatementId=statement["Sid"])
    config = {
        "FunctionName": FUNCTION,
        "Action": "lambda:InvokeFunction",
        "Principal": "config.amazonaws.com",
    }
    for number, source in enumerate(sources):
        client.add_permission(StatementId=f"Test{number}", **config, **source)
    yield
    for number, _ in enumerate(sources):
        client.remove_permission(FunctionName=FUNCTION, StatementId=f"Test{number}")
    client.add_permission(StatementId="ConfigOfThisAccount", **config, SourceAccount="111122223333")


def open_permission(account: Management) -> AbstractContextManager[None]:
    """What rdk's own template leaves: anybody's AWS Config."""
    return permission(account, {})


def open_beside_narrow(account: Management) -> AbstractContextManager[None]:
    """Ours was added, and the open one stayed."""
    return permission(account, {"SourceAccount": "111122223333"}, {})


def foreign_beside_narrow(account: Management) -> AbstractContextManager[None]:
    """Ours is there, and one for another account."""
    return permission(account, {"SourceAccount": "111122223333"}, {"SourceAccount": "999999999999"})


def foreign_permission(account: Management) -> AbstractContextManager[None]:
    """Another account's AWS Config alone."""
    return permission(account, {"SourceAccount": "444455556666"})


def no_permission(account: Management) -> AbstractContextManager[None]:
    """Nobody's."""
    return permission(account)


@contextmanager
def role_policy(account: Management, *statements: dict[str, Any], without: str = "") -> Iterator[None]:
    """The function's role has another inline policy: more statements, or one action less."""
    iam = account.client("iam")
    role = account.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Role"]
    where = {"RoleName": role.rpartition("/")[2]}
    (where["PolicyName"],) = iam.list_role_policies(**where)["PolicyNames"]
    document = iam.get_role_policy(**where)["PolicyDocument"]
    text = json.dumps(document)
    changed = json.loads(text.replace(without, "none:Nothing") if without else text)
    changed["Statement"] += statements
    iam.put_role_policy(**where, PolicyDocument=json.dumps(changed))
    yield
    iam.put_role_policy(**where, PolicyDocument=text)


def no_report(account: Management) -> AbstractContextManager[None]:
    """The role may not report results."""
    return role_policy(account, without="config:PutEvaluations")


def denied_read(account: Management) -> AbstractContextManager[None]:
    """The role is allowed to read policies, and denied."""
    return role_policy(account, {"Effect": "Deny", "Action": "kms:Get*", "Resource": "*"})


def wide_actions(account: Management) -> AbstractContextManager[None]:
    """The role may do more."""
    return role_policy(account, {"Effect": "Allow", "Action": ["iam:*", "kms:Put*"], "Resource": "*"})


def assumes_all(account: Management) -> AbstractContextManager[None]:
    """What the role has that rdk makes."""
    return role_policy(account, {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})


@contextmanager
def read_only_access(account: Management) -> Iterator[None]:
    """A managed policy is attached to the role, as rdk attaches ReadOnlyAccess."""
    iam = account.client("iam")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    role = account.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Role"]
    arn = iam.create_policy(PolicyName="Everything", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=arn)
    yield
    iam.detach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


def another_organization(account: Management) -> AbstractContextManager[None]:
    """OrganizationId is somebody else's, in the file and in the rule."""
    return both(account, OrganizationId="o-somebodyelse")


@contextmanager
def both(account: Management, **changes: str) -> Iterator[None]:
    """The file and the rule say the same, and it is wrong."""
    rule = account.rule()
    given = json.loads(rule["InputParameters"])
    with account.other_parameters(**changes):
        account.put_rule(rule, InputParameters=json.dumps({**given, **changes}))
        yield
    account.put_rule(rule)


#: What is not known of a key that cannot be read.
_UNREAD = dict.fromkeys(_OF_KEYS, "unknown")

BREAKAGES: list[tuple[Breakage, dict[str, str], str]] = [
    (no_landing_zone, {"landing-zone": "problem"}, "knows no landing zone in account 111122223333"),
    (
        deleted_key,
        {"landing-zone-results": "problem", "key-policies": "unknown", **_UNREAD},
        "no result for arn:aws:kms:us-east-1:111122223333:key/",
    ),
    (
        foreign_key,
        {"landing-zone-keys": "problem", **_UNREAD},
        "is in account 444455556666, the rule in 111122223333",
    ),
    (key_elsewhere, {"landing-zone-keys": "problem", **_UNREAD}, "is in eu-west-1, the rule in us-east-1"),
    (key_alias, {"landing-zone-keys": "unknown", **_UNREAD}, ":alias/logs, which may be any key"),
    (another_key_listed, {"landing-zone-keys": "problem"}, "is not listed in KeyScope"),
    (another_organization, {"organization-id": "problem"}, "OrganizationId is o-somebodyelse, but this is"),
    (stopped_recorder, {"recorder": "problem"}, "default is stopped"),
    (buckets_only, {"recorder": "problem"}, "default does not record AWS::KMS::Key"),
    (all_but_keys, {"recorder": "problem"}, "default does not record AWS::KMS::Key"),
    (daily, {"recorder": "warning"}, "daily: a change is judged up to 24 hours late"),
    (keys_daily, {"recorder": "warning"}, "daily: a change is judged up to 24 hours late"),
    (no_recorder, {"recorder": "problem"}, "there is none in us-east-1"),
    (missing_config_role, {"recorder-role": "problem"}, "role/nobody does not exist"),
    (deleted_rule, {"rule": "problem"}, "has no rule CONTROL_TOWER_KMS_KEY in us-east-1"),
    (other_rule_parameters, {"rule": "problem"}, "PermissionStandard is 'functional', not 'documented'"),
    (other_file, {"rule": "problem"}, "RequireConfusedDeputyProtection is 'false', not 'true'"),
    (no_schedule, {"rule": "problem"}, "its triggers are"),
    (failing_evaluation, {"last-evaluation": "problem"}, "it failed less than a minute ago ("),
    (other_handler, {"function": "problem"}, "Handler is other.lambda_handler, not"),
    (other_code, {"code": "problem"}, "1 files are not what this version of lzkey builds: key_reader.py"),
    (deprecated_runtime, {"runtime": "problem"}, "python3.9 is deprecated since 2025-12-15"),
    (unheard_of_runtime, {"runtime": "unknown"}, "python3.99 is not one that"),
    (no_report, {"role": "problem"}, "may not config:PutEvaluations"),
    (denied_read, {"role": "problem"}, "may not kms:GetKeyPolicy"),
    (wide_actions, {"role": "warning"}, "more than is needed: iam:*, kms:Put*"),
    (assumes_all, {"role": "warning"}, "more than is needed: sts:AssumeRole on *"),
    (read_only_access, {"role": "warning"}, "more than is needed: Everything"),
    (
        open_permission,
        {"permission": "problem"},
        "any account may invoke it, by the statement Test0",
    ),
    (open_beside_narrow, {"permission": "problem"}, "any account may invoke it"),
    (foreign_beside_narrow, {"permission": "problem"}, "the statements Test1 for AWS Config"),
    (foreign_permission, {"permission": "problem"}, "may not invoke the function for this account"),
    (no_permission, {"permission": "problem"}, "nobody may invoke the function"),
]


class TestBroken:
    """Each breakage shows on its own line, says what is wrong, has a fix, and is gone with its cause.

    What is left of one would show in the next, or when the module ends.
    """

    @pytest.mark.parametrize(
        ("breakage", "expected", "said"), BREAKAGES, ids=[b[0].__name__ for b in BREAKAGES]
    )
    def test_on_its_own_line(
        self, account: Management, breakage: Breakage, expected: dict[str, str], said: str
    ) -> None:
        """And on no other."""
        with breakage(account):
            seen = account.examine()
        checks = {found.expectation.name: found.check for found in seen.findings}
        assert not_ok(checks) == expected
        line = next(iter(expected))
        assert said in checks[line].detail
        assert checks[line].fix
        assert seen.exit_code == {"problem": 3, "unknown": 4, "warning": 0}[expected[line]]


class TestTime:
    """What is right today may not be tomorrow."""

    def test_a_schedule_that_does_not_come_round(self, account: Management) -> None:
        """Two periods without success are too many; one is not."""
        now = datetime.now(UTC)
        assert account.lines(now + timedelta(hours=47))["last-evaluation"].status is Status.OK
        late = account.lines(now + timedelta(hours=49))["last-evaluation"]
        assert late.status is Status.PROBLEM
        assert "2 days ago, later than its schedule allows" in late.detail

    @pytest.mark.parametrize(
        ("day", "status"), [("2028-12-31", "ok"), ("2029-01-02", "warning"), ("2029-06-30", "problem")]
    )
    def test_a_runtime_ends(self, account: Management, day: str, status: str) -> None:
        """Somebody is told half a year before."""
        now = datetime.fromisoformat(day).replace(tzinfo=UTC)
        assert account.lines(now)["runtime"].status.value == status


class TestScheduleOnly:
    """A rule that runs on a schedule alone reads the keys itself."""

    def test_needs_no_recorder(self, account: Management) -> None:
        """With a change trigger its absence is a problem, which is the twin."""
        with no_recorder(account):
            assert account.lines()["recorder"].status is Status.PROBLEM
            with account.other_parameters(triggers=["periodic"]):
                lines = account.lines()
        names = ("recorder", "recorder-role", "key-policies")
        assert {lines[name].status for name in names} == {Status.NOT_APPLICABLE}


class TestPolicies:
    """Whether AWS Config could read the policies of what it recorded."""

    def test_a_key_that_came_without(self, account: Management) -> None:
        """A problem with the landing zone's key, which is named; with any other a warning."""
        recorder = account.sandbox._recorder  # noqa: SLF001 - no API takes a policy out of a recorded item
        where, history = ("111122223333", "us-east-1"), recorder._history  # noqa: SLF001 - as above
        key_id = account.key.rpartition("/")[2]
        kept = history[where][key_id][:]
        history[where][key_id].append(replace(kept[-1], supplementary={}))
        line = account.lines()["key-policies"]
        with landing_zone_with(account):
            of_no_concern = account.lines()["key-policies"]
        history[where][key_id][:] = kept
        assert line.status is Status.PROBLEM
        assert key_id in line.detail
        assert of_no_concern.status is Status.WARNING
        assert key_id in of_no_concern.detail


class TestRefused:
    """A call that AWS refuses is a line that is unknown, with the action and the account."""

    @pytest.mark.parametrize(
        ("action", "lines"),
        [
            ("controltower:ListLandingZones", _ZONE),
            ("controltower:GetLandingZone", _ZONE),
            ("config:GetComplianceDetailsByResource", {"landing-zone-results"}),
            ("kms:ListKeys", {"former-keys"}),
            ("cloudtrail:DescribeTrails", {"trail"}),
            ("cloudtrail:GetTrailStatus", {"trail"}),
            ("config:DescribeDeliveryChannels", {"delivery-channel"}),
            ("config:DescribeDeliveryChannelStatus", {"delivery-channel"}),
            ("controltower:ListEnabledBaselines", {"baselines"}),
            ("kms:GetKeyLastUsage", {"key-last-use"}),
            ("config:DescribeConfigurationRecorderStatus", {"recorder"}),
            ("config:BatchGetResourceConfig", {"key-policies"}),
            ("config:ListDiscoveredResources", {"key-policies"}),
            ("config:DescribeConfigRuleEvaluationStatus", {"last-evaluation"}),
            ("organizations:DescribeOrganization", {"organization-id"}),
            ("lambda:GetFunction", {"code"}),
            ("lambda:GetPolicy", {"permission"}),
            ("lambda:GetFunctionConfiguration", {"function", "code", "runtime", "role", "permission"}),
            ("iam:ListRolePolicies", {"role"}),
            ("iam:GetRolePolicy", {"role"}),
        ],
    )
    def test_is_unknown(self, account: Management, action: str, lines: set[str]) -> None:
        """The others are as they are; the exit code is 4."""
        service, _, operation = action.partition(":")
        account.sandbox.fail_next(service, operation, "AccessDeniedException")
        seen = account.examine()
        unknown = {
            found.expectation.name: found.check
            for found in seen.findings
            if found.check.status is Status.UNKNOWN
        }
        assert set(unknown) == lines
        assert all(f"account 111122223333 refused {action}" in check.detail for check in unknown.values())
        assert all(f"allow {action}" in check.fix for check in unknown.values())
        assert seen.exit_code == 4

    def test_a_problem_weighs_more(self, account: Management) -> None:
        """Exit code 3, when something is wrong and something cannot be seen."""
        account.sandbox.fail_next("lambda", "GetPolicy", "AccessDeniedException")
        with stopped_recorder(account):
            assert account.examine().exit_code == 3


class TestNewKey:
    """The landing zone gets another key."""

    def test_is_judged_and_then_ok(self, account: Management) -> None:
        """A new key is recorded, judged, and shown."""
        with another_key(account) as key, landing_zone_with(account, account.key, key):
            account.sandbox.settle()
            lines = account.lines()
        assert key in lines["landing-zone-keys"].detail
        assert key.rpartition("/")[2] in lines["landing-zone-results"].detail


class TestFormerKeys:
    """The landing zone has got another key, and older logs need the one before."""

    def test_none(self, account: Management) -> None:
        """There are none, which is as it should be."""
        line = account.lines()["former-keys"]
        assert (line.status, line.detail) == (Status.OK, "there are none")

    def test_enabled(self, account: Management) -> None:
        """It is named, and nothing is to be done."""
        with another_key(account) as key:
            line = account.lines()["former-keys"]
        assert (line.status, line.detail, line.fix) == (Status.OK, f"still Enabled: {key}", "")

    def test_disabled(self, account: Management) -> None:
        """A warning, with the command; results can be trusted all the same, so the exit code stays 0."""
        with another_key(account) as key:
            account.client("kms").disable_key(KeyId=key)
            seen = account.examine()
        (line,) = (found.check for found in seen.findings if found.expectation.name == "former-keys")
        assert (line.status, seen.exit_code) == (Status.WARNING, 0)
        assert line.detail == f"{key} is Disabled: log objects that are encrypted with it cannot be read"
        assert line.fix == f"run aws kms enable-key --key-id {key}"

    def test_waiting_for_deletion(self, account: Management) -> None:
        """A warning with the date of it."""
        with another_key(account) as key:
            kms = account.client("kms")
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
            date = kms.describe_key(KeyId=key)["KeyMetadata"]["DeletionDate"].date()
            line = account.lines()["former-keys"]
            kms.cancel_key_deletion(KeyId=key)
        assert line.status is Status.WARNING
        assert f"{key} is PendingDeletion until {date}: " in line.detail
        assert line.fix.startswith(f"run aws kms cancel-key-deletion --key-id {key} and then ")

    @pytest.mark.parametrize("action", ["DescribeKey", "GetKeyPolicy"])
    def test_unread(self, account: Management, action: str) -> None:
        """What may not be read may be one: unknown, and where it stands to be allowed."""
        with another_key(account):
            account.sandbox.fail_next("kms", action, "AccessDeniedException")
            line = account.line("former-keys")
        assert line.status is Status.UNKNOWN
        assert f"account 111122223333 refused kms:{action}" in line.detail
        assert f"kms:{action}" in line.fix

    def test_a_landing_zone_without_keys(self, account: Management) -> None:
        """Has no former keys, and none is asked for."""
        with landing_zone_with(account):
            line = account.lines()["former-keys"]
        assert line.status is Status.NOT_APPLICABLE
        assert "ListKeys" not in {call.operation for call in account.sandbox.calls}


class TestHomeRegion:
    """HomeRegion is checked against the landing zone's own."""

    def test_another(self, account: Management) -> None:
        """The landing zone's ARN has its home Region in it."""
        with account.other_parameters(HomeRegion="eu-west-1"):
            seen = examine(
                NAME,
                at=Workplace.in_checkout(account.root),
                where=Where(region="us-east-1", other_region=True),
            )
        checks = {found.expectation.name: found.check for found in seen.findings}
        assert checks["landing-zone"].status is Status.PROBLEM
        assert checks["landing-zone"].detail == "its home Region is us-east-1, HomeRegion says eu-west-1"
        assert checks["landing-zone-keys"].status is Status.NOT_APPLICABLE


class TestGone:
    """The whole function is gone."""

    def test_is_one_problem(self, account: Management) -> None:
        """What the function would have is not asked for."""
        account.sandbox.fail_next("lambda", "GetFunctionConfiguration", "ResourceNotFoundException")
        assert account.wrong() == {"function": "problem"}
