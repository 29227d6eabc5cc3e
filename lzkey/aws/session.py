"""An AWS session as the AWS CLI would make it: whose credentials, and which Region."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.session import Session
from botocore.utils import parse_timestamp

from lzkey.aws.calls import tell_calls
from lzkey.errors import SettingsError

if TYPE_CHECKING:
    from lzkey import Json

#: Of clients that nobody has made for a question of his own.
_PATIENT: Final = Config(connect_timeout=10, read_timeout=10, retries={"total_max_attempts": 2})


def session(profile: str | None, region: str | None, home: str | None = None) -> boto3.Session:
    """A session as the AWS CLI would make it; where that has no Region, for the home Region.

    Raises SettingsError where there is no such profile, or no Region.
    """
    own = profile_region(profile)
    found = region or os.environ.get("AWS_REGION") or own or home
    if not found:
        raise SettingsError("no AWS Region is known: give --region, AWS_REGION, or one in the profile")
    return session_in(profile, found)


def profile_region(profile: str | None) -> str | None:
    """The Region of a profile, or of the environment; SettingsError where the settings cannot be used."""
    try:
        return boto3.Session(profile_name=profile).region_name
    except ProfileNotFound as error:
        raise SettingsError(f"{error}; `aws configure list-profiles` shows those there are") from error
    except BotoCoreError as error:
        raise SettingsError(
            f"the AWS configuration cannot be used: {' '.join(str(error).split())}"
        ) from error


def session_in(profile: str | None, region: str) -> boto3.Session:
    """A session in a Region; what gets its credentials, such as a role, waits no longer than others."""
    core = Session(profile=profile)
    core.set_default_client_config(_PATIENT)
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=time_told)
    tell_calls(core.get_component("event_emitter"))
    return boto3.Session(botocore_session=core, region_name=region)


def time_told(value: Json) -> datetime:
    """A time of an answer, in UTC where it is told in seconds since 1970.

    botocore tells it in the time of the machine, which takes it ten times as long.
    """
    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OSError, OverflowError, ValueError):  # botocore knows what to do, or what to say
            pass
    return parse_timestamp(value)
