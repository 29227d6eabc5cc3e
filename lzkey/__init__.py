"""The command line around the rule; the decisions are all made in `landing_zone_key`."""

from typing import Any, Final, TypeAlias

RULE_NAME: Final = "CONTROL_TOWER_KMS_KEY"

#: Any JSON value, as the json module reads and writes it; or an answer of AWS, as boto3 does.
Json: TypeAlias = Any

#: What a library without types makes, such as moto's own objects, or boto3's clients.
Untyped: TypeAlias = Any
