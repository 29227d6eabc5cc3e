"""What was not answered, why, and what to do about it: one sentence, whichever command asked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, TypeAlias

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidConfigError,
    InvalidRegionError,
    LoginError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from lzkey.aws.actions import operation_of
from lzkey.errors import LiveError, UnknownCallerError

#: What a question may end in.
Failure: TypeAlias = ClientError | BotoCoreError

#: No list of AWS has them all: the CommonErrors page of each service's API reference, S3's and STS's own.
#: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_NOT_KNOWN: Final = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
_WRONG: Final = frozenset(
    {
        "IncompleteSignature",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
    }
)
_CLOCK: Final = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
#: What the message of a wrong signature says where the time is what is wrong with it.
_BY_TIME: Final = ("signature expired", "signature not yet current")
#: Nobody knows who asks, before anything is asked.
_NOT_HAD: Final = (
    CredentialRetrievalError,
    LoginError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
#: What is wrong with the settings of the AWS CLI: nothing could be asked, ever.
_MISCONFIGURED: Final = (ConfigParseError, InvalidConfigError, InvalidRegionError)
#: What to do about errors of Amazon S3 about a bucket or an object, by code.
#: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_OF_OBJECTS: Final = {
    "InvalidObjectState": "it is archived: restore it first (`aws s3api restore-object`)",
    "NoSuchBucket": "there is no bucket of that name",
    "NoSuchKey": "it is not there, or not any more",
    "PermanentRedirect": "the bucket is in another Region: give it with --region",
    "PreconditionFailed": "it was replaced while it was read: try again",
}
_S3: Final = frozenset({"GetObject", "ListObjectsV2"})
#: Amazon S3 names what the key that encrypts an object refuses in its message alone.
_DECRYPT: Final = "kms:Decrypt"
_SIGN_IN: Final = "sign in (`aws sso login`), or choose others with AWS_PROFILE or --profile"

#: A service's message at most: a line of it.
_MOST: Final = 300


class NotUnderstoodError(BotoCoreError):
    """What came is no answer of AWS."""

    fmt = "{told}"


def not_understood(what: str, error: Exception) -> NotUnderstoodError:
    """Of an answer that lacks what AWS's have, somewhere in it."""
    why = f"{type(error).__name__}: {line(str(error))}"
    return NotUnderstoodError(told=f"the answer to {what} was not understood ({why})")


class SilentError(BotoCoreError):
    """AWS was not asked (any more), because it has not answered before."""

    fmt = "{told}"


class CredentialsError(UnknownCallerError):
    """AWS does not know who asks, or not any more: no question can be answered."""

    def __init__(self, error: Failure | OSError | ValueError, action: str = "") -> None:
        self.said = _about_credentials(error, action)
        self.certain = _is_refused_at_once(error)
        """As of an UnansweredError."""
        super().__init__(self.said)


class UnansweredError(LiveError):
    """AWS refused a question, or could not be reached: what depends on the answer is unknown."""

    def __init__(self, action: str, error: Failure, told: str) -> None:
        super().__init__(told)
        self.action, self.code, self.refused = action, code_of(error), is_refusal(error)
        self.answered = isinstance(error, ClientError)
        """Whether AWS answered, with an error; else nobody knows what became of a change."""
        self.certain = _is_refused_at_once(error)
        """Whether AWS refused it when it was asked first: then nothing was changed."""
        self.said = line(str(error))
        """In botocore's words."""
        self.message = message_of(error)
        """AWS's own text, which may hold anything; a line at most."""

    @classmethod
    def of_answer(cls, action: str, error: Exception) -> UnansweredError:
        """Of an answer that lacks what AWS's have, somewhere in it."""
        wrong = not_understood(action, error)
        return cls(action, wrong, str(wrong))


#: Whatever was the matter, there is no answer.
NOT_ANSWERED: Final = (UnansweredError, CredentialsError)


def code_of(error: Failure) -> str:
    """AWS's code of an error, or botocore's name for it."""
    if isinstance(error, ClientError):
        return str(error.response["Error"].get("Code", "no code"))
    return type(error).__name__


def message_of(error: Failure) -> str:
    """AWS's own text, or botocore's."""
    told = error.response["Error"].get("Message", "") if isinstance(error, ClientError) else str(error)
    return line(str(told))


def line(text: str) -> str:
    """The text in one line that can be read."""
    words = " ".join(text.split())
    return words if len(words) <= _MOST else f"{words[:_MOST]}..."


def is_refusal(error: Failure) -> bool:
    """Whether AWS says that whoever asks may not; that has a fix of its own."""
    code = code_of(error)
    return "denied" in code.lower() or code.startswith("Unauthorized")


def _is_refused_at_once(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return False
    told = error.response.get("ResponseMetadata", {})
    mine = HTTPStatus.BAD_REQUEST <= told.get("HTTPStatusCode", 0) < HTTPStatus.INTERNAL_SERVER_ERROR
    return mine and not told.get("RetryAttempts")


def is_unreachable(error: Failure) -> bool:
    """Whether nothing came back: silence, no connection, or one that broke."""
    return isinstance(error, HTTPClientError | NoConnectionError | SilentError)


def is_about_credentials(error: Failure, action: str, *, elsewhere: bool) -> bool:
    """Whether AWS does not accept who asks, or when; or whoever that is cannot be found out.

    `elsewhere`: it has in other Regions alone. One that an account has not enabled knows nobody.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
    """
    if not isinstance(error, ClientError):
        return isinstance(error, (*_NOT_HAD, *_MISCONFIGURED))
    code = code_of(error)
    is_of_another = error.operation_name != operation_of(action)  # to get the credentials
    return is_of_another or code in _EXPIRED | _WRONG | _CLOCK or (code in _NOT_KNOWN and not elsewhere)


def why_unreachable(error: Failure, region: str) -> str:
    """That AWS cannot be reached, and what to look at."""
    did = "does not answer" if isinstance(error, ReadTimeoutError | SilentError) else "cannot be reached"
    return f"AWS {did} in {region} (the Region, the network, a proxy): {line(str(error))}"


def hint(error: Failure) -> str:
    """What an error's code alone does not tell; empty where there is nothing to add."""
    if code_of(error) in _NOT_KNOWN:
        return (
            ", although the credentials are accepted in another Region: is this one enabled for the account?"
        )
    if isinstance(error, ClientError) and error.operation_name in _S3:
        return _hint_of_object(error)
    return ""


def _hint_of_object(error: ClientError) -> str:
    code = code_of(error)
    if code.startswith("KMS.") or (is_refusal(error) and _DECRYPT in message_of(error)):
        return f": the KMS key that encrypts it must allow {_DECRYPT}, be enabled, and not be deleted"
    return f": {_OF_OBJECTS[code]}" if code in _OF_OBJECTS else ""


def _about_credentials(error: Failure | OSError | ValueError, action: str) -> str:
    if not isinstance(error, ClientError):
        return _not_had(error)
    code, text, asked = code_of(error), message_of(error).lower(), error.operation_name
    if action and asked != operation_of(action):
        return f"the AWS credentials cannot be had ({asked}: {code}: {message_of(error)}): {_SIGN_IN}"
    if code in _CLOCK or (code in _WRONG and any(words in text for words in _BY_TIME)):
        return (
            f"the clock of this machine is not AWS's, which does not accept the time of a request ({code}): "
            "set the clock right"
        )
    did = "have expired" if code in _EXPIRED else "are not accepted by AWS"
    return f"the AWS credentials {did} ({code}): {_SIGN_IN}"


def _not_had(error: BotoCoreError | OSError | ValueError) -> str:
    """Of who asks nothing is known: AWS was not asked for it, or not reached with it."""
    if isinstance(error, NoCredentialsError):
        return f"there are no AWS credentials: {_SIGN_IN}"
    told = line(str(error))
    if isinstance(error, _MISCONFIGURED):
        other = "choose another profile with AWS_PROFILE or --profile"
        return f"the AWS configuration cannot be used ({told}): mend it, or {other}"
    return f"the AWS credentials cannot be had ({type(error).__name__}: {told}): {_SIGN_IN}"
