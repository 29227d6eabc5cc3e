"""The address at which GetFunction says that a function's code is; moto's leads nowhere.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html (Code.Location)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lzkey_sandbox import motostate

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

_PREFIX: Final = "/lzkey-sandbox/function-code/"


def give_address(response: Response, host: str, account: str, region: str) -> None:
    """Let an answer of GetFunction name an address on this endpoint."""
    members = json.loads(response.get_data())
    name = members["Configuration"]["FunctionName"]
    members["Code"]["Location"] = f"http://{host}{_PREFIX}{account}/{region}/{name}"
    response.set_data(json.dumps(members))


def code_at(path: str) -> bytes | None:
    """Return the zip that a path of such an address stands for; None for any other path."""
    if not path.startswith(_PREFIX):
        return None
    account, region, name = path.removeprefix(_PREFIX).split("/")
    return motostate.function(account, region, name).code
