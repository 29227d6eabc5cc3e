"""What is said of a question that was not answered, and what the command ends with."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidConfigError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    UnauthorizedSSOTokenError,
)

from lzkey.aws.account import Asker, Manner
from lzkey.aws.unanswered import CredentialsError, UnansweredError
from lzkey.errors import ExitCode

ACCOUNT, REGION = "111122223333", "us-east-1"
SIGN_IN = "sign in (`aws sso login`), or choose others with AWS_PROFILE or --profile"
NOT_HAD = "the AWS credentials cannot be had"
KMS = "https://kms.us-east-1.amazonaws.com/"


def answered(code: str, message: str = "no") -> ClientError:
    """An error that AWS answers with."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeKey")


class Failing:
    """A session whose every call ends so."""

    endpoint_url = "https://kms.us-east-1.amazonaws.com"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def client(self, *_where: Any, **_settings: Any) -> Any:
        """A client of that kind."""
        return self

    @property
    def meta(self) -> Any:
        """As much of a client as is looked at."""
        return self

    events = meta

    def register(self, *_: Any, **__: Any) -> None:
        """Nothing is told."""

    register_first = register

    def describe_key(self, **_: Any) -> None:
        """Fail."""
        raise self._error


def raised(error: Exception, *, known: tuple[str, ...] = (), **more: Any) -> Exception:
    """What a question that ends so raises."""
    session: Any = Failing(error)
    asker = Asker(session, ACCOUNT, REGION, Manner(), **more)
    asker.log.known.update(known)
    with pytest.raises((UnansweredError, CredentialsError)) as caught:
        asker.ask("kms:DescribeKey", KeyId="x")
    return caught.value


class TestCredentials:
    """Whatever is asked when: the same sentence, and 2."""

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (NoCredentialsError(), "there are no AWS credentials"),
            (answered("ExpiredToken"), "the AWS credentials have expired (ExpiredToken)"),
            (answered("ExpiredTokenException"), "the AWS credentials have expired (ExpiredTokenException)"),
            (
                answered("InvalidClientTokenId"),
                "the AWS credentials are not accepted by AWS (InvalidClientTokenId)",
            ),
            (
                answered("SignatureDoesNotMatch", "The request signature we calculated does not match"),
                "the AWS credentials are not accepted by AWS (SignatureDoesNotMatch)",
            ),
            (
                UnauthorizedSSOTokenError(),
                f"{NOT_HAD} (UnauthorizedSSOTokenError: {UnauthorizedSSOTokenError.fmt})",
            ),
            (
                PartialCredentialsError(provider="env", cred_var="KEY"),
                f"{NOT_HAD} (PartialCredentialsError: Partial credentials found in env, missing: KEY)",
            ),
            (
                CredentialRetrievalError(provider="me", error_msg="no\nway"),
                f"{NOT_HAD} (CredentialRetrievalError: Error when retrieving credentials from me: no way)",
            ),
        ],
    )
    def test_each(self, error: ClientError | BotoCoreError, said: str) -> None:
        """In one line, which says what to do."""
        found = raised(error)
        assert isinstance(found, CredentialsError)
        assert str(found) == f"{said}: {SIGN_IN}"
        assert found.exit_code is ExitCode.MISTAKEN

    @pytest.mark.parametrize(
        "error",
        [
            answered("RequestTimeTooSkewed"),
            answered("RequestExpired"),
            answered("SignatureDoesNotMatch", "Signature expired: 20261129T080000Z is now earlier than"),
            answered("InvalidSignatureException", "Signature not yet current: 20261129T090000Z"),
        ],
    )
    def test_a_clock_that_is_wrong(self, error: ClientError) -> None:
        """Is no matter of signing in."""
        found = raised(error)
        assert isinstance(found, CredentialsError)
        assert "the clock of this machine is not AWS's" in str(found)
        assert "set the clock right" in str(found)
        assert "sign in" not in str(found)

    def test_a_region_that_is_not_enabled(self) -> None:
        """Knows nobody, although others do; one that has known somebody does not any more."""
        found = raised(answered("UnrecognizedClientException"), known=("eu-west-1",))
        assert isinstance(found, UnansweredError)
        assert str(found).endswith("is this one enabled for the account?")
        for known in ((REGION,), (REGION, "eu-west-1")):
            error = raised(answered("UnrecognizedClientException"), known=known)
            assert isinstance(error, CredentialsError)

    def test_a_role_that_may_not_be_assumed(self) -> None:
        """Nothing else was asked, and it is named."""
        error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
        found = raised(error)
        assert isinstance(found, CredentialsError)
        assert str(found) == f"{NOT_HAD} (AssumeRole: AccessDenied: no): {SIGN_IN}"

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (FileNotFoundError(2, "No such file", "token"), NOT_HAD),
            (ValueError("Expecting value"), NOT_HAD),
            (InvalidConfigError(error_msg="no source_profile"), "the AWS configuration cannot be used"),
            (ConfigParseError(path="config"), "the AWS configuration cannot be used"),
        ],
    )
    def test_what_gets_them(self, error: Any, said: str) -> None:
        """A file, a program, or settings that are wrong: a mistake, and no traceback."""
        found = raised(error)
        assert isinstance(found, CredentialsError)
        assert str(found).startswith(said)
        assert "--profile" in str(found)

    def test_expired_ones_are_no_matter_of_the_region(self) -> None:
        """The twin."""
        assert isinstance(raised(answered("ExpiredToken"), known=("eu-west-1",)), CredentialsError)

    def test_those_of_a_role(self) -> None:
        """Are not the caller's: what is not known is that account's."""
        found = raised(answered("ExpiredToken"), credentials={"aws_session_token": "x"})
        assert isinstance(found, UnansweredError)

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "NotFoundException"])
    def test_other_answers(self, code: str) -> None:
        """Are of that question alone."""
        found = raised(answered(code))
        assert isinstance(found, UnansweredError)
        assert (found.code, found.answered, found.exit_code) == (code, True, ExitCode.FAILED)


class TestUnreachable:
    """Nothing came back: no signing in helps."""

    @pytest.mark.parametrize(
        "error",
        [
            EndpointConnectionError(endpoint_url=KMS),
            ConnectTimeoutError(endpoint_url=KMS),
            ProxyConnectionError(proxy_url="http://proxy:8080"),
        ],
    )
    @pytest.mark.parametrize("quoting", [True, False])
    def test_each(self, error: BotoCoreError, quoting: bool) -> None:  # noqa: FBT001
        """With what to look at."""
        session: Any = Failing(error)
        asker = Asker(session, ACCOUNT, REGION, Manner(quoting=quoting))
        with pytest.raises(UnansweredError) as caught:
            asker.ask("kms:DescribeKey", KeyId="x")
        said = f"kms:DescribeKey was not answered in account {ACCOUNT}: AWS cannot be reached in {REGION}"
        assert str(caught.value).startswith(f"{said} (the Region, the network, a proxy): ")
        assert "sign in" not in str(caught.value)
        assert (caught.value.answered, caught.value.exit_code) == (False, ExitCode.FAILED)


class TestMessage:
    """AWS's own text, which may be anything."""

    def test_is_a_line(self) -> None:
        """However long a page it is."""
        found = raised(answered("AccessDeniedException", "<p>\n" * 1000))
        assert isinstance(found, UnansweredError)
        assert str(found).count("<p>") == found.message.count("<p>") < 100
        assert "\n" not in str(found) + found.said
