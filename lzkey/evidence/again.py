"""The verdicts of a pack, proved again by the engine from the facts in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lzkey.check.formats.json import key as verdict_members
from lzkey.check.verdict import judge
from lzkey.errors import PackError
from lzkey.evidence.differences import Again, Kind, differing, quoted
from lzkey.evidence.facts import as_facts, found_key, key_members
from lzkey.evidence.pack import FACTS, KEYS, VERDICTS
from lzkey.evidence.readings import DESCRIBED, POLICY, TAGS, KeyReadings, found_in
from lzkey.figures import counted
from lzkey.sources.subject import Kind as Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from landing_zone_key import KmsKey
    from lzkey import Json
    from lzkey.evidence.differences import Opened
    from lzkey.sources.subject import FoundKey

_FOLDER: Final = re.compile(rf"{KEYS}/[a-z0-9-]{{1,40}}/[A-Za-z0-9.-]{{1,100}}", re.ASCII)

#: What is said otherwise of a key by who read its facts than by the answers themselves.
_SAID_OTHERWISE: Final = ("attributes_missing", "policy_missing", "deleted")

#: In place of the key itself, which is compared before the rest.
_KEY_ASIDE: Final[dict[str, Any]] = {"key": None}


def prove_again(opened: Opened) -> None:
    """Prove every verdict again, and compare it with what the pack says."""
    entries = listed(opened, VERDICTS, "keys")
    folders = set()
    for entry in entries:
        folder = entry.get("folder")
        if not isinstance(folder, str) or not _FOLDER.fullmatch(folder) or folder in folders:
            opened.contradict(VERDICTS, f"it names no folder of a key of its own: {quoted(folder)}")
            continue
        folders.add(folder)
        try:
            _prove(opened, folder, entry)
        except PackError as error:
            opened.contradict(folder, str(error))
            opened.doubts.append(f"the verdict of {quoted(entry.get('arn'))} cannot be proved again: {error}")
    if opened.unanswered:
        keys = counted(opened.unanswered, "key")
        opened.remarks.append(
            f"no answer of AWS is beside the facts of {keys}: they are what the checked files say, which are "
            "not in the pack"
        )
    for path in opened.checked.under(KEYS):
        if path.rpartition("/")[0] not in folders:
            opened.contradict(path, f"{VERDICTS} names no key that it belongs to")


def listed(opened: Opened, path: str, member: str) -> list[dict[str, Any]]:
    """The objects of a list in a file of the pack; what is none differs."""
    try:
        document = opened.checked.json(path)
    except PackError as error:
        opened.contradict(path, str(error))
        return []
    found = document.get(member) if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        opened.contradict(path, f"its {member} must be a list of objects")
        return []
    return found


def _prove(opened: Opened, folder: str, entry: Mapping[str, Json]) -> None:
    path = f"{folder}/{FACTS}"
    found = found_key(opened.checked.json(path), path)
    if str(found.key.arn) != entry.get("arn"):
        opened.contradict(VERDICTS, f"it calls {found.key.arn} {quoted(entry.get('arn'))}")
    _compare_readings(opened, folder, found)
    if opened.zone is None:
        opened.doubts.append(f"{found.key.arn} cannot be proved again: the pack tells of no landing zone")
        return
    verdict = verdict_members(judge(found, opened.zone, at=opened.at))
    opened.again.append(Again(found, entry, verdict))
    told = entry.get("verdict")
    names = differing(told, verdict)
    if names:
        opened.differ(Kind.VERDICT, VERDICTS, f"{found.key.arn}: {_otherwise(told, verdict, names)}")


def _otherwise(told: Json, verdict: Mapping[str, Json], names: str) -> str:
    """That this engine says otherwise, and what."""
    said = told.get("compliance") if isinstance(told, dict) else told
    if said != verdict["compliance"]:
        proved = f"this engine says {verdict['compliance']} ({quoted(verdict['annotation'])})"
        return f"the pack says {quoted(said)}; {proved}"
    return f"{said} as the pack says, but this engine says otherwise of its {names}"


def _compare_readings(opened: Opened, folder: str, found: FoundKey) -> None:
    """The facts against the answers of AWS that they were read from; those of a file have none."""
    names = {path.rpartition("/")[2] for path in opened.checked.under(folder)}
    for name in sorted(names - {FACTS, DESCRIBED, POLICY, TAGS}):
        opened.contradict(f"{folder}/{name}", "no pack has such a file")
    readings = KeyReadings(
        *(
            opened.checked.json(f"{folder}/{name}") if name in names else None
            for name in (DESCRIBED, POLICY, TAGS)
        )
    )
    is_of_report = opened.kind == "report"
    if readings == KeyReadings() and not is_of_report and found.place.kind != Source.LIVE:
        opened.unanswered += 1
        return
    answered = readings.key(found.key.arn)
    if different := differing(_told(answered), _told(found.key)):
        said = f"its {different} is not what the answers of KMS beside it say"
        opened.contradict(f"{folder}/{FACTS}", said)
    elif is_of_report and opened.zone is not None:
        _compare_rest(opened, f"{folder}/{FACTS}", found, found_in(answered, opened.zone))


def _told(key: KmsKey) -> dict[str, Json]:
    """What is said of a key, but for what each reader says in words of its own."""
    return {name: value for name, value in key_members(key).items() if name not in _SAID_OTHERWISE}


def _compare_rest(opened: Opened, path: str, found: FoundKey, again: FoundKey) -> None:
    """What a report's facts say beside the key, which all follows from it; by another engine otherwise."""
    if different := differing(as_facts(found) | _KEY_ASIDE, as_facts(again) | _KEY_ASIDE):
        opened.does_not_follow(path, f"its {different} is not what follows from the answers of KMS beside it")
