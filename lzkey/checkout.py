"""Where the project's sources are: building and deploying need the rule itself, not only this package."""

from __future__ import annotations

from pathlib import Path

from lzkey.errors import BuildError
from lzkey.parameters import RULE_NAME


def checkout() -> Path:
    """Return the checkout that holds this package, or else the current directory when it is one.

    Raises BuildError where neither is a checkout of the project.
    """
    for root in (Path(__file__).resolve().parents[1], Path.cwd()):
        if (root / "rules" / RULE_NAME / f"{RULE_NAME}.py").is_file():
            return root
    raise BuildError(f"there is no rules/{RULE_NAME} here; run this in a checkout of the project")
