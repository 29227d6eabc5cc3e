"""SECURITY.md's table of who may do what: its rows, one for each action."""

import re
from typing import NamedTuple

from .arrows import ROOT

HEADER = "| who | may | on | why |"
PAGE = ROOT / "SECURITY.md"


class Permission(NamedTuple):
    """Somebody may do something, on something."""

    who: str
    """A template, rdk, or a command; empty for whoever deploys, whom words describe."""
    action: str
    resource: str
    """An ARN without `arn:PARTITION:`, or `*`; empty where words say what it is."""


def cells() -> list[list[str]]:
    """The cells of every row."""
    _, _, rest = PAGE.read_text().partition(HEADER)
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def codes(cell: str) -> list[str]:
    """What stands in a cell as code."""
    return re.findall(r"`([^`]+)`", cell)


def is_deployers(row: list[str]) -> bool:
    """Whether a row is of whoever deploys; these come last, and the first of them names the commands."""
    return row[0].startswith(("`lzkey deploy`", "the same", "the two"))


def permissions() -> list[Permission]:
    """All that the table says, but for whoever deploys."""
    return [
        Permission(who.removeprefix("lzkey "), action, codes(row[2])[0])
        for row in cells()
        if not is_deployers(row)
        for who in codes(row[0])
        if who != "lambdaRoleArn"
        for action in codes(row[1])
    ]


def deployers_actions() -> list[str]:
    """What whoever deploys may do; of a service with a wildcard, everything."""
    return [action for row in cells() if is_deployers(row) for action in codes(row[1])]
