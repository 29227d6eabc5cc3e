"""The command line around the rule; the decisions are all made in `landing_zone_key`."""

from typing import Final

RULE_NAME: Final = "CONTROL_TOWER_KMS_KEY"
