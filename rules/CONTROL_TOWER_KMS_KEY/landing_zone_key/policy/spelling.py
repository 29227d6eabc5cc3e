"""What is meant by a word that is misspelt: for people, and never for a decision."""

from collections.abc import Iterable
from typing import Final

#: What stands between the parts that two words share is compared no further than this.
_LONGEST: Final = 8


def edits(one: str, other: str) -> int:
    """How many letters are put in, left out or exchanged; about as many where whole parts differ."""
    begin = 0
    for character, another in zip(one, other, strict=False):
        if character != another:
            break
        begin += 1
    one, other = one[begin:], other[begin:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if not (one and other) or max(len(one), len(other)) > _LONGEST:
        return max(len(one), len(other))
    return _distance(one, other)


def _distance(one: str, other: str) -> int:
    """The edit distance of two words.

    https://en.wikipedia.org/wiki/Levenshtein_distance
    """
    above = list(range(len(other) + 1))
    for row, character in enumerate(one, 1):
        line = [row]
        for column, another in enumerate(other):
            exchanged = above[column] + (character != another)
            line.append(min(above[column + 1] + 1, line[column] + 1, exchanged))
        above = line
    return above[-1]


def nearest(word: str, words: Iterable[str], *, most: int) -> str:
    """The one of the words, whatever their case, that is nearest; empty where none is within `most` edits.

    Of a short word no more than a third may be wrong.
    """
    written, most = word.lower(), min(most, len(word) // 3)
    length = len(written)
    near = [each for each in words if -most <= len(each) - length <= most]
    distance, found = min(((edits(written, each.lower()), each) for each in near), default=(most + 1, ""))
    return found if distance <= most else ""
