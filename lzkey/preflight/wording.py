"""What every format says in the same words: what is planned, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.preflight.model import SERVICES, Level, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.preflight.model import Configuration, Preflight

HEADINGS: Final = {
    Part.REQUIREMENTS: "Control Tower's pre-check",
    Part.BESIDE: "Beside the key",
    Part.CHANGE: "What the change brings",
}
LIMITS: Final = "What cannot be known by reading"
ASSUMED: Final = "Taken for granted"

_ANY: Final = "any"
_NOT_KNOWN: Final = "not known"


def title(preflight: Preflight) -> str:
    """Whose landing zone it is, and who told of it."""
    zone = preflight.before.zone
    told = "" if preflight.is_live else ", as files tell it"
    return f"Landing zone of account {zone.management_account_id} in {zone.home_region}{told}"


def planned(preflight: Preflight) -> Iterator[str]:
    """What is to become of it, a line for each setting."""
    before, after = preflight.before, preflight.after
    yield f"version: {_from_to(before.version, after.version)}"
    yield f"governed Regions: {_more(before.zone.governed_regions, after.zone.governed_regions)}"
    yield f"accounts: {_accounts(before, after)}"
    for use, service in SERVICES.items():
        yield f"key of {service}: {_from_to(_key(before, use), _key(after, use))}"


def verdict(preflight: Preflight) -> str:
    """What it comes to, and how many of each there are."""
    counted = ", ".join(
        f"{number:,} {level.words}" for level in reversed(Level) if (number := preflight.count(level))
    )
    return f"{_VERDICTS[preflight.level]}: {counted}"


_VERDICTS: Final = {
    Level.BLOCKER: "do not begin the change before the blockers are mended",
    Level.NOT_KNOWN: "no blocker is seen, but not everything is known",
    Level.WARNING: "no blocker; the warnings are for you to judge",
    Level.OK: "no blocker, as far as reading tells",
}


def _from_to(before: str | None, after: str | None) -> str:
    if before == after:
        return before or _NOT_KNOWN
    return f"{before or _NOT_KNOWN} -> {after or _NOT_KNOWN}"


def _more(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    added = [each for each in after if each not in before]
    return " + ".join(filter(None, (", ".join(before) or _ANY, ", ".join(added))))


def _accounts(before: Configuration, after: Configuration) -> str:
    known, more = len(before.zone.accounts), len(after.zone.accounts) - len(before.zone.accounts)
    return " + ".join((f"{known:,}", *([f"{more:,}"] if more else []))) if known else _ANY


def _key(configuration: Configuration, use: object) -> str | None:
    """The key of a service; None where nobody knows."""
    if configuration.keys is None:
        return None
    found = next((key for key, each in configuration.keys.uses if each is use), None)
    return found or ("none" if use in configuration.keys.delivers else "off")
