"""Frozen, slotted dataclasses that cost little to define.

For each such class the standard library compiles six methods. With the forty classes of this package that is
more than half of what importing it takes, and Lambda pays it with every cold start. Here only `__init__` is
compiled, when the first instance is made; the other methods are shared, and read the fields from the class.
Type checkers see the standard library's decorator; its `replace` and `fields` take these classes.
"""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

_Class = TypeVar("_Class", bound=type)
_METHODS = (
    *("__init__", "__eq__", "__hash__", "__repr__", "__setattr__", "__delattr__"),
    *("__getstate__", "__setstate__"),
)

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[_Class], _Class]:
        """Stand in for `dataclasses.dataclass`, of which it knows these two options."""
        return _record if frozen and slots else dataclasses.dataclass(frozen=frozen, slots=slots)


def _record(cls: Any) -> Any:  # noqa: ANN401 - one class in, the same with slots out
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    made._compared = attrgetter(*(field.name for field in dataclasses.fields(made) if field.compare))  # noqa: SLF001 - ours
    made.__signature__ = _SIGNATURE
    for name in _METHODS:
        if name not in vars(cls):
            setattr(made, name, vars(_Shared)[name])
    return made


class _Signature:
    """What `help` and editors show of a class: its fields, whatever stands for `__init__` just now."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        """Make it for the class that is asked about."""
        fields: Any = dataclasses.fields(owner)
        return inspect.Signature(
            [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY
                    if field.kw_only
                    else inspect.Parameter.POSITIONAL_OR_KEYWORD,
                    default=_default_of(field),
                    annotation=field.type,
                )
                for field in fields
                if field.init
            ]
        )


_SIGNATURE = _Signature()


def _default_of(field: Any) -> object:  # noqa: ANN401 - a field of any type
    """What help shows as the default; of a field whose default is made, what makes it."""
    if field.default is not MISSING:
        return field.default
    return inspect.Parameter.empty if field.default_factory is MISSING else field.default_factory()


class _Shared:
    """The methods of every such class; one that it has of its own stays."""

    _compared: Callable[[object], object]

    def __init__(self, *arguments: object, **named: object) -> None:
        """Give the class an `__init__` of its own, for this first instance and all later ones."""
        cls: Any = type(self)
        cls.__init__ = _initializer(cls)
        cls.__init__(self, *arguments, **named)

    def __eq__(self, other: object) -> bool:
        """Compare the fields, with an instance of the same class."""
        if type(other) is not type(self):
            return NotImplemented
        return bool(self._compared(self) == self._compared(other))

    def __hash__(self) -> int:
        """Hash what is compared."""
        return hash(self._compared(self))

    def __repr__(self) -> str:
        """Write the instance as the call that makes it."""
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]  # of a class that has them
        shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields if field.repr)
        return f"{type(self).__qualname__}({shown})"

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse."""
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        """Refuse."""
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self) -> list[object]:
        """Let an instance be copied, and handed to another process."""
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]  # of a class that has them
        return [getattr(self, field.name) for field in fields]

    def __setstate__(self, state: list[object]) -> None:
        """Fill an instance that was copied, past `__setattr__`."""
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]  # of a class that has them
        for field, value in zip(fields, state, strict=True):
            object.__setattr__(self, field.name, value)


def _initializer(cls: Any) -> Any:  # noqa: ANN401 - a class of any fields; its function
    """Compile `__init__`, which makes the instance one of a class that can be written to, until it is filled.

    To fill the slots past `__setattr__`, each by its own setter, takes twice as long.
    """
    taken = [field for field in dataclasses.fields(cls) if field.init]
    writable = {name: vars(object)[name] for name in ("__setattr__", "__delattr__")}
    known: dict[str, Any] = {
        "MISSING": MISSING,
        "become": vars(object)["__class__"].__set__,
        "Frozen": cls,
        "Writable": type(cls)(cls.__name__, (cls,), {"__slots__": (), **writable}),
    }
    body = ["become(self, Writable)"]
    for field in taken:
        name = value = field.name
        if field.default_factory is not MISSING:
            known[f"make_{name}"] = field.default_factory
            value = f"make_{name}() if {name} is MISSING else {name}"
        body.append(f"self.{name} = {value}")
    body.append("self.__class__ = Frozen")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    names = [field.name for field in taken if not field.kw_only]
    by_keyword = [field.name for field in taken if field.kw_only]
    parameters = ", ".join(["self", *names, *(["*", *by_keyword] if by_keyword else [])])
    # Nothing but names of fields gets into the text, and Python has read them as names already.
    exec(f"def __init__({parameters}):\n " + "\n ".join(body), known)  # noqa: S102 - of names alone
    made = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    # A field with a factory has the default MISSING, which asks for what the factory makes.
    optional = [field for field in taken if (field.default, field.default_factory) != (MISSING, MISSING)]
    made.__defaults__ = tuple(field.default for field in optional if not field.kw_only)
    made.__kwdefaults__ = {field.name: field.default for field in optional if field.kw_only}
    return made
