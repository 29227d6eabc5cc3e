"""The Lambda function behind the rule: its settings, its code, its runtime, and who may invoke it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from landing_zone_key.policy import Policy, PolicyError, Request, decide
from lzkey.aws.function_policy import account_statement, faults, organization_statement
from lzkey.deployment.build import RUNTIME, package_files
from lzkey.deployment.package import content_digest
from lzkey.deployment.readback import HANDLER
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.doctor.check import not_applicable, ok, problem, unknown, warning
from lzkey.doctor.runtimes import DEPRECATED_ON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Facts, Subject

FUNCTION_ACTIONS: Final = ("lambda:GetFunctionConfiguration",)
CODE_ACTIONS: Final = ("lambda:GetFunctionConfiguration", "lambda:GetFunction")
PERMISSION_ACTIONS: Final = (
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
    "config:DescribeConfigRules",
    "config:DescribeOrganizationConfigRules",
)

_NO_FUNCTION: Final = "there is no function"

#: How long before a runtime's deprecation somebody should know.
_NOTICE: Final = timedelta(days=180)

#: More than any zip of ours; what is larger is something else, and is not fetched.
_LARGEST: Final = 1_000_000

#: What rdk reads and Lambda does not; the rule's own check compares what it says with AWS Config.
_NOT_CODE: Final = frozenset({"parameters.json"})

_OTHER_ACCOUNT: Final = "000000000000"
_FOREIGN_ORGANIZATION: Final = "o-0000000000"


def function(subject: Subject) -> Check:
    """Check that the function is there, ready, and set as the parameters file says."""
    found = subject.function()
    if found is None:
        return problem(f"there is no function {FUNCTION_NAME} in {subject.region}", subject.redeploy)
    wrong = tuple(_setting_faults(subject, found))
    if wrong:
        return problem("; ".join(wrong), subject.redeploy)
    return ok(f"{FUNCTION_NAME}, {found.get('Timeout')} seconds, {found.get('MemorySize')} MB")


def code(subject: Subject) -> Check:
    """Check that the function's files are those that `lzkey build` makes here, whatever zipped them."""
    found = subject.function()
    if found is None:
        return not_applicable(_NO_FUNCTION)
    ours = _code_of(package_files(subject.parameters, root=subject.root))
    if found.get("CodeSize", 0) > _LARGEST:
        return problem(f"it runs {found['CodeSize']} bytes of something else", subject.redeploy)
    answer = subject.reader.ask("lambda:GetFunction", FunctionName=FUNCTION_NAME)
    try:
        theirs = _code_of(_unzipped(_fetched(answer["Code"].get("Location", ""))))
    except (HTTPClientError, OSError, zipfile.BadZipFile) as error:
        return unknown(f"it cannot be fetched: {error}", "look from where Amazon S3 can be reached")
    if content_digest(theirs) != content_digest(ours):
        differing = [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
        shown = ", ".join(differing[:3]) + (", …" if differing[3:] else "")
        return problem(
            f"{len(differing)} files are not what this checkout builds: {shown}",
            f"{subject.redeploy}, or look from the checkout that it was deployed from",
        )
    return ok(f"all {len(ours)} files are what this checkout builds ({content_digest(ours)[:12]})")


def runtime(subject: Subject) -> Check:
    """Check that AWS still supports the function's runtime."""
    found = subject.function()
    if found is None:
        return not_applicable(_NO_FUNCTION)
    name, today = str(found.get("Runtime")), subject.now.date()
    end = DEPRECATED_ON.get(name)
    if end is None:
        return unknown(
            f"{name} is not one that this version of lzkey knows", f"{subject.redeploy}, with {RUNTIME}"
        )
    if end <= today:
        return problem(f"{name} is deprecated since {end}", f"{subject.redeploy}, with {RUNTIME}")
    if end - _NOTICE <= today:
        return warning(f"{name} will be deprecated on {end}", f"upgrade lzkey, then {subject.redeploy}")
    return ok(f"{name}, supported until {end}")


def permission(subject: Subject) -> Check:
    """Check that AWS Config may invoke the function for our accounts, and for nobody else's.

    The policy is decided as the rule decides a key's. AWS Config says for which account it calls, and a
    request of a service carries that account's organization.
    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceorgid
    """
    found = subject.function()
    if found is None:
        return not_applicable(_NO_FUNCTION)
    answer = subject.reader.ask(
        "lambda:GetPolicy", absent={"ResourceNotFoundException"}, FunctionName=FUNCTION_NAME
    )
    if answer is None:
        return problem("nobody may invoke the function, AWS Config neither", subject.redeploy)
    try:
        policy = Policy.parse(answer["Policy"])
    except PolicyError as error:
        return unknown(f"the function's policy cannot be read: {error}", subject.redeploy)
    arn = found["FunctionArn"]
    organization = subject.parameters.rule.get("OrganizationId") if subject.is_organization() else None
    wanted = (
        organization_statement(arn, organization) if organization else account_statement(arn, subject.account)
    )
    fault = _permission_fault(subject, policy, arn, organization)
    fault = fault or faults(_statements(answer["Policy"]), wanted)
    if fault:
        return problem(fault, subject.redeploy)
    whom = f"organization {organization}" if organization else f"account {subject.account}"
    return ok(f"AWS Config may invoke the function for {whom} only")


def _permission_fault(subject: Subject, policy: Policy, arn: str, organization: str | None) -> str:
    """Return for whom AWS Config may not invoke the function and should, or the other way round."""
    if not decide(policy, _invocation(subject, arn, subject.account, organization)).allowed:
        return "AWS Config may not invoke the function for this account"
    if organization and not decide(policy, _invocation(subject, arn, _OTHER_ACCOUNT, organization)).allowed:
        return f"AWS Config may not invoke it for other accounts of organization {organization}"
    foreign = decide(policy, _invocation(subject, arn, _OTHER_ACCOUNT, _FOREIGN_ORGANIZATION))
    if foreign.allowed:
        sid = foreign.statement.sid if foreign.statement else None
        return f"the AWS Config of any account may invoke it, by the statement {sid or 'without Sid'}"
    return ""


def _statements(policy: str) -> list[Facts]:
    found = json.loads(policy)["Statement"]
    return list(found) if isinstance(found, list) else [found]


def _setting_faults(subject: Subject, found: Facts) -> Iterator[str]:
    state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
    if state != "Active":
        yield f"its state is {state}: {found.get('StateReason', 'no reason given')}"
    if update != "Successful":
        yield f"its last update is {update}: {found.get('LastUpdateStatusReason', 'no reason given')}"
    wanted = subject.parameters.deployment
    expected = {"Handler": HANDLER, "Role": wanted.lambda_role_arn}
    for name, value in expected.items():
        if value is not None and found.get(name) != value:
            yield f"{name} is {found.get(name)}, not {value}"
    if found.get("Timeout", 0) < wanted.timeout_seconds:  # deploy/organization-rule.yaml gives more
        yield f"Timeout is {found.get('Timeout')}, less than {wanted.timeout_seconds}"


def _code_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name not in _NOT_CODE}


def _fetched(location: str) -> bytes:
    """Fetch the zip from the presigned address that GetFunction gives, by proxies and CAs of botocore."""
    if urlsplit(location).scheme != "https" and urlsplit(location).hostname != "localhost":
        raise OSError(f"{urlsplit(location).scheme or 'nothing'} is no address that Lambda gives")
    http = URLLib3Session(proxies=get_environ_proxies(location), timeout=30)
    try:
        response = http.send(AWSRequest("GET", location).prepare())
    finally:
        http.close()
    if response.status_code != 200:  # noqa: PLR2004 - HTTP's success
        raise OSError(f"HTTP status {response.status_code}")
    return bytes(response.content)


def _unzipped(content: bytes) -> dict[str, bytes]:
    """Return name and content of every file; a zip that unpacks to more than it may is none of ours."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > 10 * _LARGEST:
            raise zipfile.BadZipFile("it unpacks to more than any zip of ours")
        return {entry.filename: archive.read(entry) for entry in entries}


def _invocation(subject: Subject, arn: str, account: str, organization: str | None) -> Request:
    """Return AWS Config's request to invoke the function for an account."""
    source = f"arn:{subject.partition}:config:{subject.region}:{account}:config-rule/config-rule-000000"
    context = {"aws:SourceAccount": account, "aws:SourceArn": source}
    if organization:
        context["aws:SourceOrgID"] = organization
    return Request(
        service="config.amazonaws.com", action="lambda:InvokeFunction", resource=arn, context=context
    )
