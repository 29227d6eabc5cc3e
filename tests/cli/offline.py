"""How pip installs a checkout where no index is reached: beside the libraries of these tests' environment."""

from __future__ import annotations

import sysconfig
from typing import Final

#: What it needs, and what builds it, is there already.
OFFLINE: Final = {
    "PIP_FIND_LINKS": "",
    "PIP_NO_BUILD_ISOLATION": "0",  # as pip has it, 0 is: no isolation
    "PIP_NO_INDEX": "1",
    "PYTHONPATH": sysconfig.get_paths()["purelib"],
}
