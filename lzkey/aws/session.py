"""An AWS session as the AWS CLI would make it: whose credentials, and which Region."""

from __future__ import annotations

import os

import boto3
from botocore.exceptions import ProfileNotFound

from lzkey.errors import SettingsError


def session(profile: str | None, region: str | None, home: str | None = None) -> boto3.Session:
    """A session as the AWS CLI would make it; where that has no Region, for the home Region.

    Raises SettingsError where there is no such profile, or no Region.
    """
    try:
        own = boto3.Session(profile_name=profile).region_name
    except ProfileNotFound as error:
        raise SettingsError(f"{error}; `aws configure list-profiles` shows those there are") from error
    found = region or os.environ.get("AWS_REGION") or own or home
    if not found:
        raise SettingsError("no AWS Region is known: give --region, AWS_REGION, or one in the profile")
    return boto3.Session(profile_name=profile, region_name=found)
