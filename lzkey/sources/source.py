"""One document, and what its readers share: places, what is unknown of a key, an ARN for one without."""

from __future__ import annotations

import itertools
from dataclasses import field, replace
from fnmatch import fnmatchcase
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import Requirement
from landing_zone_key.key import KeyArn, partition_of
from landing_zone_key.mending import documented_statement
from landing_zone_key.records import dataclass
from lzkey.aws.key_name import key_name
from lzkey.sources.json_text import JsonStream, Path, element_lines, line_of
from lzkey.sources.subject import UNTOLD, FoundKey, Place, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from landing_zone_key import KmsKey, LandingZone
    from lzkey import Json
    from lzkey.sources.subject import Context, Environment, Kind, PassedOver

    Reader = Callable[["Source", Any, Context], Iterator[FoundKey | Unread | PassedOver]]

#: The name of an attribute, and what serves the landing zone best.
_BEST: Final = {
    "key_state": "Enabled",
    "key_spec": "SYMMETRIC_DEFAULT",
    "key_usage": "ENCRYPT_DECRYPT",
    "multi_region": False,
}
_CURRENT_VERSION: Final = "2012-10-17"

#: In the form of a key id, and that of no key.
_NO_ID: Final = "00000000-0000-0000-0000-"
_NO_MULTI_REGION_ID: Final = f"mrk-{'0' * 20}"

#: A document of more characters is not searched for lines: each statement costs one walk through it.
_LARGEST_WITH_LINES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One document: its name, its text, and how lines are found in it."""

    name: str
    text: str
    line: Callable[[Path], int | None] | None = None
    """Where it is no JSON text."""
    environment: Environment = UNTOLD
    """Where a template is deployed."""
    path: Path = ()
    """Where the document stands in a list, or among those that one file holds."""
    begins: int = 1
    """The line on which its text begins."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """The files that it names as templates of stacks, by their paths."""

    def line_of(self, path: Path) -> int | None:
        """The line of a value; None where nobody counts."""
        if self.line is not None:
            return self.line(path)
        if self.text.find("\n") in (-1, len(self.text) - 1):
            return self.begins
        return self._below(line_of(self.text, path)) if len(self.text) <= _LARGEST_WITH_LINES else None

    def _below(self, line: int | None) -> int | None:
        return None if line is None else self.begins - 1 + line

    def element_lines(self, names: Sequence[str]) -> Callable[[Path], int | None]:
        """What finds the lines of the elements of lists of these names, however many there are."""
        if self.line is not None:
            return self.line
        lines = element_lines(self.text, names)
        return lambda path: self._below(lines.get(path))

    def parts(self, document: list[Any]) -> Iterator[tuple[Source, Any]]:
        """The elements of the document, which is a list, each with what is its source."""
        if self.line is not None:
            line = self.line
            for index, value in enumerate(document):
                below = partial(_line_in_element, line, index)
                yield replace(self, line=below, path=(*self.path, index)), value
            return
        stream = JsonStream(str, self.text)
        for _ in stream.lists(()):
            for index, (_, text, begins) in enumerate(stream.elements()):
                part = replace(self, text=text, path=(*self.path, index), begins=self.begins - 1 + begins)
                yield part, document[index]

    def place(self, kind: Kind | None, path: Path = (), pointer: str | None = None) -> Place:
        """A place in it; its pointer is a JSON pointer (RFC 6901) where no other is given."""
        shown = json_pointer((*self.path, *path)) if pointer is None else pointer
        return Place(self.name, kind, shown, self.line_of(path))

    def statement_lines(self, path: Path, policy: object) -> tuple[int, ...]:
        """The line of each statement of the policy at a path; none where one is not known."""
        if not isinstance(policy, dict):
            return ()
        statements = policy.get("Statement")
        here = (*path, "Statement")
        paths = (
            [(*here, index) for index in range(len(statements))] if isinstance(statements, list) else [here]
        )
        return known_lines(map(self.line_of, paths))


@dataclass(frozen=True, slots=True)
class Format:
    """One form of documents that are objects: what tells it from others, and what reads the keys in it."""

    kind: Kind
    fits: Callable[[dict[str, Any], bool], bool]
    """Whether an object is one; with False for a file that was found in a folder, and may be anything."""
    keys: Reader
    lists: tuple[str, ...] = ()
    """The members that are lists of configuration items, which are read piece by piece, however long."""


def known_lines(lines: Iterator[int | None]) -> tuple[int, ...]:
    """The lines; none where one of them is not known."""
    counted = tuple(lines)
    return tuple(line for line in counted if line is not None) if None not in counted else ()


def _line_in_element(line: Callable[[Path], int | None], index: int, path: Path) -> int | None:
    return line((index, *path))


def json_pointer(path: Path) -> str:
    """Write a path as RFC 6901 does."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def dotted(path: Path) -> str:
    """Write a path as people do, `Resources.Key.Properties.KeyPolicy.Statement[1]`, down to a function."""
    steps = itertools.takewhile(lambda step: not _is_function(step), path)
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _is_function(step: str | int) -> bool:
    return step == "Ref" or str(step).startswith("Fn::")


def documented_policy(key: KmsKey, zone: LandingZone) -> dict[str, Any]:
    """Control Tower's own two statements: the best that an unknown policy can be."""
    wanted = (Requirement.CONFIG_ACCESS, Requirement.CLOUDTRAIL_ACCESS)
    statements = [documented_statement(requirement, key, zone) for requirement in wanted]
    return {"Version": _CURRENT_VERSION, "Statement": statements}


def default_policy(key: KmsKey) -> dict[str, Any]:
    """The policy that KMS gives to a key made without one.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    root = f"arn:{key.arn.partition}:iam::{key.arn.account}:root"
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": _CURRENT_VERSION, "Id": "key-default-1", "Statement": [statement]}


def best_case(key: KmsKey, zone: LandingZone) -> KmsKey | None:
    """The key with everything unknown in the landing zone's favour; None where nothing is unknown."""
    changes: dict[str, Any] = {name: best for name, best in _BEST.items() if getattr(key, name) is None}
    if key.policy is None:
        changes |= {"policy": documented_policy(key, zone), "policy_missing": None}
    return replace(key, **changes) if changes and not key.deleted and key.key_manager != "AWS" else None


def what_is_missing(key: KmsKey) -> tuple[str, ...]:
    """Say what is not known of a key that its source should have told."""
    missing = [name.replace("_", " ") for name in _BEST if getattr(key, name) is None]
    sentences = []
    if missing:
        why = f" ({key.attributes_missing})" if key.attributes_missing else ""
        sentences.append(f"the {', '.join(missing)} of the key: not in the source{why}")
    if key.policy is None:
        sentences.append(f"the key policy: {key.policy_missing or 'not in the source'}")
    return tuple(sentences)


def may_be_named(text: str, arn: KeyArn) -> bool:
    """Tell whether who names a key may mean the one that a stand-in is for: it may be there already."""
    place, named, key_id = text.partition(":key/")
    own_place, _, own_id = str(arn).partition(":key/")
    another = bool(named) and not key_id.startswith((_NO_ID, _NO_MULTI_REGION_ID))
    return another and fnmatchcase(own_place, place) and not fnmatchcase(own_id, key_id)


def stand_in_arn(
    name: str,
    context: Context,
    *,
    region: str | None = None,
    account: str | None = None,
    multi_region: bool = False,
) -> KeyArn:
    """An ARN for what is called `name`, always the same: by default in the landing zone's place.

    The id is in the form of a key id, and that of no key.
    """
    region, account = region or context.zone.home_region, account or context.zone.management_account_id
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:12]
    key_id = f"{_NO_MULTI_REGION_ID}{digest}" if multi_region else f"{_NO_ID}{digest}"
    return KeyArn(partition_of(region), region, account, key_id)


def known_key(key: KmsKey, place: Place, context: Context, *, name: str | None = None) -> FoundKey:
    """A key of which everything is known but for what its source leaves out."""
    best = best_case(key, context.zone)
    return FoundKey(
        name=name or str(key.arn),
        key=key,
        place=place,
        hopeful=best,
        unresolved=what_is_missing(key) if best else (),
        label=key_name(tags=key.tags) if key.tags else "",
    )


def unread(source: Source, message: str, kind: Kind | None = None, path: Path = ()) -> Unread:
    """That a part of a document cannot be read."""
    return Unread(source.place(kind, path), message)


def listed(value: object) -> list[Any]:
    """A list; empty for what is none."""
    return value if isinstance(value, list) else []


def members(value: object, *names: str) -> Json:
    """The value that the names lead to; None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
