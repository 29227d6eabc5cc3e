"""Where somebody works, and the project's own files that they work with: in a checkout, or installed."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Final

import landing_zone_key
from landing_zone_key.records import dataclass
from lzkey import RULE_NAME
from lzkey.errors import ParametersError

#: The name of a parameters file; anything else is a path.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SCHEMA: Final = "schema.json"
EXAMPLE: Final = "example"


@dataclass(frozen=True, slots=True)
class Shipped:
    """What the project ships beside its packages."""

    rule: Path
    """The folder of the Lambda's own modules."""
    engine: Path
    """The package `landing_zone_key`."""
    parameters: Path
    """The folder of the example and of the schema."""
    templates: Path
    """The folder of the CloudFormation templates."""

    @classmethod
    def in_checkout(cls, root: Path) -> Shipped:
        """Of a checkout of the project."""
        rule = root / "rules" / RULE_NAME
        return cls(rule, rule / "landing_zone_key", root / "parameters", root / "deploy")


@dataclass(frozen=True, slots=True)
class Workplace:
    """A folder in which somebody works: `parameters/` and `build/` are in it."""

    folder: Path
    shipped: Shipped

    @classmethod
    def in_checkout(cls, root: Path) -> Workplace:
        """A checkout of the project, which works with its own files."""
        return cls(root, Shipped.in_checkout(root))

    @property
    def build(self) -> Path:
        """The folder of what is built."""
        return self.folder / "build"

    @property
    def parameters(self) -> Path:
        """The folder of the parameters files."""
        return self.folder / "parameters"

    def file(self, named: str) -> Path:
        """Where the parameters file NAME or FILE belongs, whether it is there or not."""
        if _is_name(named):
            return self.parameters / f"{named}.json"
        return self.folder / named

    def shown(self, path: Path) -> str:
        """A path as it is typed in the folder."""
        return os.path.relpath(path, self.folder)

    def find(self, named: str) -> Path:
        """The parameters file that is called so, or has this path; the project's own come after one's own.

        Raises ParametersError where there is none, and names those that there are.
        """
        file = self.file(named)
        theirs = [self.shipped.parameters / file.name] if file.parent == self.parameters else []
        try:
            for path in (file, self.folder / named, *theirs):
                if path.is_file() and path.name != SCHEMA:
                    return path
        except OSError as error:
            raise ParametersError(f"{named} cannot be looked for: {error.strerror}") from error
        there = ", ".join(self.names()) or "none"
        hint = f". `lzkey init {named}` writes one" if _is_name(named) else ""
        raise ParametersError(f"there is no parameters file {file}; there is: {there}{hint}")

    def names(self) -> list[str]:
        """The names of the parameters files that there are."""
        files = [*self.parameters.glob("*.json"), *self.shipped.parameters.glob("*.json")]
        return sorted({path.stem for path in files if path.name != SCHEMA and _is_name(path.stem)})


def _is_name(named: str) -> bool:
    return NAME.fullmatch(named) is not None and not named.endswith(".json")


@cache
def shipped() -> Shipped:
    """What came with this package: beside its modules in an installed wheel, else as the checkout has it."""
    data = Path(__file__).with_name("shipped")
    if data.is_dir():
        engine = Path(landing_zone_key.__file__).parent
        return Shipped(data / "rule", engine, data / "parameters", data / "deploy")
    return Shipped.in_checkout(Path(__file__).parents[1])


def here() -> Workplace:
    """The current directory; raise ParametersError where it is gone."""
    try:
        return Workplace(Path.cwd(), shipped())
    except OSError as error:
        raise ParametersError(f"there is no current directory any more: {error.strerror}") from error
