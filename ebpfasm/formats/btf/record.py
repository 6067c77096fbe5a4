"""Immutable values with named fields: what types of BTF are made of.

They are tuples, as those of ``collections.namedtuple`` are, but equal only to values of their own class. A struct of
the kernel has hundreds of members, and a frozen dataclass takes several times as long to make.
"""

from __future__ import annotations

from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, dataclass_transform
else:

    def dataclass_transform(**_):
        """Stand in for what only type checkers need."""
        return lambda cls: cls


__all__ = ["Record"]


@dataclass_transform(frozen_default=True)
class _Fields(type):
    """Makes the annotated names of a class its fields, in their order; those with a value may be left out."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _Fields:
        fields = tuple(namespace.get("__annotations__", ()))
        if fields:
            defaults = tuple(namespace[field] for field in fields if field in namespace)
            arguments = ", ".join(fields)
            namespace["__new__"] = eval(
                f"lambda cls, {arguments}: make(cls, ({arguments},))", {"make": tuple.__new__, "__name__": __name__}
            )
            namespace["__new__"].__defaults__ = defaults
            namespace.update({field: property(itemgetter(at)) for at, field in enumerate(fields)})
            namespace["__match_args__"] = fields
        namespace.setdefault("__slots__", ())
        return super().__new__(mcs, name, bases, namespace)


if TYPE_CHECKING:

    class Record(metaclass=_Fields):
        """A value with the annotated fields of its class."""

        __match_args__ = ()

        def replace(self, **changed: object) -> Any:
            """Return a copy in which some fields have other values."""

else:

    class Record(tuple, metaclass=_Fields):
        """A value with the annotated fields of its class."""

        __match_args__ = ()

        def replace(self, **changed):
            """Return a copy in which some fields have other values."""
            return type(self)(**{**dict(zip(self.__match_args__, self, strict=True)), **changed})

        def __eq__(self, other):
            return type(self) is type(other) and tuple.__eq__(self, other)

        def __ne__(self, other):
            return not self == other

        def __hash__(self):
            return hash((type(self).__name__, tuple.__hash__(self)))

        def __repr__(self):
            fields = ", ".join(f"{name}={value!r}" for name, value in zip(self.__match_args__, self, strict=True))
            return f"{type(self).__name__}({fields})"

        def __getnewargs__(self):
            return tuple(self)
