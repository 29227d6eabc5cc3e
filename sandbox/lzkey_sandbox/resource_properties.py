"""A template's properties as moto resolves them, and as CloudFormation means them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def without_no_value(value: Any) -> Any:  # noqa: ANN401 - a template's properties are of any shape
    """Leave out what is `AWS::NoValue`: moto leaves it out of objects, but puts None into lists.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """
    if isinstance(value, Mapping):
        return {name: without_no_value(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_no_value(member) for member in value if member is not None]
    return value
