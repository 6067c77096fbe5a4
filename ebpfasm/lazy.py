"""How packages give out public names that are imported when they are first used (PEP 562)."""

from __future__ import annotations

from sys import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["resolve"]


def resolve(package: str, homes: dict[str, str], name: str) -> Any:
    """The value of a public name, which the package has from now on: for its ``__getattr__``.

    Args:
        homes: for each name the module that defines it; where that is ``package.name``, the module itself is meant.

    Raises:
        AttributeError: there is no such name.
    """
    home = homes.get(name)
    if home is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    __import__(home)
    value = modules[home] if home == f"{package}.{name}" else getattr(modules[home], name)
    setattr(modules[package], name, value)
    return value
