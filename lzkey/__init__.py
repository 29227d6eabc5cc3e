"""The command line around the rule; the decisions are all made in `landing_zone_key`."""
