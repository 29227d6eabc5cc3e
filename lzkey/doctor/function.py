"""The Lambda function behind the rule: its settings, its code, its runtime, and who may invoke it."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from landing_zone_key.policy import Policy, PolicyError, Request, decide
from lzkey.aws.fact import takes
from lzkey.aws.function import account_statement, code_location, faults, organization_statement, statements_of
from lzkey.aws.function import function as configuration
from lzkey.aws.function import policy as resource_policy
from lzkey.deployment.build import HANDLER, RUNTIME, package_files
from lzkey.deployment.package import content_digest
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.doctor.subject import RULES, not_applicable, ok, problem, unknown, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.aws.function import Function
    from lzkey.doctor.subject import Check, Subject

#: Lambda's Python runtimes and the days on which AWS deprecates them: after that day a runtime gets no
#: security patches; later functions can no longer be created, then no longer be updated with it.
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, November 2026
DEPRECATED_ON: Final[Mapping[str, date]] = {
    "python3.7": date(2023, 12, 4),
    "python3.8": date(2024, 10, 14),
    "python3.9": date(2025, 12, 15),
    "python3.10": date(2026, 10, 31),
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
}

_NO_FUNCTION: Final = "there is no function"

#: How long before a runtime's deprecation somebody should know.
_NOTICE: Final = timedelta(days=180)

#: More than any zip of ours; what is larger is something else, and is not fetched.
_LARGEST: Final = 1_000_000

#: What rdk reads and Lambda does not; the rule's own check compares what it says with AWS Config.
_NOT_CODE: Final = frozenset({"parameters.json"})

_OTHER_ACCOUNT: Final = "000000000000"
_FOREIGN_ORGANIZATION: Final = "o-0000000000"


@takes(facts=(configuration,))
def function(subject: Subject) -> Check:
    """Check that the function is there, ready, and set as the parameters file says."""
    found = subject.function()
    if found is None:
        return problem(f"there is no function {FUNCTION_NAME} in {subject.region}", subject.redeploy)
    wrong = tuple(_setting_faults(subject, found))
    if wrong:
        return problem("; ".join(wrong), subject.redeploy)
    return ok(f"{FUNCTION_NAME}, {found.timeout} seconds, {found.memory} MB")


@takes(facts=(configuration, code_location))
def code(subject: Subject) -> Check:
    """Check that the function's files are those that `lzkey build` makes here, whatever zipped them."""
    found = subject.function()
    if found is None:
        return not_applicable(_NO_FUNCTION)
    ours = _code_of(package_files(subject.parameters, subject.shipped))
    if found.code_size > _LARGEST:
        return problem(f"it runs {found.code_size} bytes of something else", subject.redeploy)
    location = code_location(subject.asker, FUNCTION_NAME)
    try:
        theirs = _code_of(_unzipped(_fetched(location)))
    except (HTTPClientError, OSError, zipfile.BadZipFile) as error:
        return unknown(f"it cannot be fetched: {error}", "look from where Amazon S3 can be reached")
    if content_digest(theirs) != content_digest(ours):
        differing = [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
        shown = ", ".join(differing[:3]) + (", …" if differing[3:] else "")
        return problem(
            f"{len(differing)} files are not what this version of lzkey builds: {shown}",
            f"{subject.redeploy}, or look with the version that it was deployed with",
        )
    return ok(f"all {len(ours)} files are what this version of lzkey builds ({content_digest(ours)[:12]})")


@takes(facts=(configuration,))
def runtime(subject: Subject) -> Check:
    """Check that AWS still supports the function's runtime."""
    found = subject.function()
    if found is None:
        return not_applicable(_NO_FUNCTION)
    name, today = str(found.runtime), subject.now.date()
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


@takes(facts=(*RULES, configuration, resource_policy))
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
    text = resource_policy(subject.asker, FUNCTION_NAME)
    if text is None:
        return problem("nobody may invoke the function, AWS Config neither", subject.redeploy)
    try:
        policy = Policy.parse(text)
    except PolicyError as error:
        return unknown(f"the function's policy cannot be read: {error}", subject.redeploy)
    arn = found.arn
    organization = subject.parameters.rule.get("OrganizationId") if subject.is_organization() else None
    wanted = (
        organization_statement(arn, organization) if organization else account_statement(arn, subject.account)
    )
    fault = _permission_fault(subject, policy, arn, organization)
    fault = fault or faults(statements_of(text), wanted)
    if fault:
        return problem(fault, subject.redeploy)
    whom = f"organization {organization}" if organization else f"account {subject.account}"
    return ok(f"AWS Config may invoke the function for {whom} only")


def _permission_fault(subject: Subject, policy: Policy, arn: str, organization: str | None) -> str:
    """For whom AWS Config may not invoke the function and should, or the other way round."""
    if not decide(policy, _invocation(subject, arn, subject.account, organization)).allowed:
        return "AWS Config may not invoke the function for this account"
    if organization and not decide(policy, _invocation(subject, arn, _OTHER_ACCOUNT, organization)).allowed:
        return f"AWS Config may not invoke it for other accounts of organization {organization}"
    foreign = decide(policy, _invocation(subject, arn, _OTHER_ACCOUNT, _FOREIGN_ORGANIZATION))
    if foreign.allowed:
        sid = foreign.statement.sid if foreign.statement else None
        return f"the AWS Config of any account may invoke it, by the statement {sid or 'without Sid'}"
    return ""


def _setting_faults(subject: Subject, found: Function) -> Iterator[str]:
    if found.state != "Active":
        yield f"its state is {found.state}: {found.state_reason}"
    if found.update != "Successful":
        yield f"its last update is {found.update}: {found.update_reason}"
    wanted = subject.parameters.deployment
    if found.handler != HANDLER:
        yield f"Handler is {found.handler}, not {HANDLER}"
    if wanted.lambda_role_arn is not None and found.role != wanted.lambda_role_arn:
        yield f"Role is {found.role}, not {wanted.lambda_role_arn}"
    yield from (f"{addition}, and ours has none" for addition in found.additions)
    if found.timeout < wanted.timeout_seconds:  # deploy/organization-rule.yaml gives more
        yield f"Timeout is {found.timeout}, less than {wanted.timeout_seconds}"


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
    if response.status_code != HTTPStatus.OK:
        raise OSError(f"HTTP status {response.status_code}")
    return bytes(response.content)


def _unzipped(content: bytes) -> dict[str, bytes]:
    """Name and content of every file; a zip that unpacks to more than it may is none of ours."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > 10 * _LARGEST:
            raise zipfile.BadZipFile("it unpacks to more than any zip of ours")
        return {entry.filename: archive.read(entry) for entry in entries}


def _invocation(subject: Subject, arn: str, account: str, organization: str | None) -> Request:
    """AWS Config's request to invoke the function for an account."""
    source = f"arn:{subject.partition}:config:{subject.region}:{account}:config-rule/config-rule-000000"
    context = {"aws:SourceAccount": account, "aws:SourceArn": source}
    if organization:
        context["aws:SourceOrgID"] = organization
    return Request(
        service="config.amazonaws.com", action="lambda:InvokeFunction", resource=arn, context=context
    )
