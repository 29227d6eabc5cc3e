"""Which engine it is: its version, and the digest of its source files, which anybody can recompute.

In the folder `landing_zone_key`: `find * -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum`.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import landing_zone_key
from landing_zone_key.records import dataclass


@dataclass(frozen=True, slots=True)
class Engine:
    """What gave the verdicts."""

    version: str
    """Of lzkey, which the engine is a part of."""
    sha256: str

    def __str__(self) -> str:
        """For people, with as much of the digest as tells two apart."""
        return f"lzkey {self.version} (engine {self.sha256[:12]})"


@cache
def this_engine() -> Engine:
    """The engine that would judge now."""
    folder = Path(landing_zone_key.__file__).parent
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
    lines = (f"{sha256(files[name].read_bytes()).hexdigest()}  {name}\n" for name in sorted(files))
    return Engine(version("lzkey"), sha256("".join(lines).encode()).hexdigest())
