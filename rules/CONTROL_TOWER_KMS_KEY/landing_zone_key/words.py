"""Enumerations of words: texts, of which `dir` and `help` show the words and not every method of a text."""

from enum import EnumType, StrEnum


class _Listed(EnumType):
    def __dir__(cls) -> list[str]:
        return ["__class__", "__doc__", "__module__", *cls.__members__]


class Word(StrEnum, metaclass=_Listed):
    """One of a few texts."""
