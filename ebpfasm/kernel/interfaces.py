"""Network interfaces by name and by index, in any network namespace; without rtnetlink, so that it costs little."""

from __future__ import annotations

import errno

from ebpfasm.errors import KernelError
from ebpfasm.kernel.netns import NetNS, run_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.kernel.netns import NetNSLike

__all__ = ["ifindex", "ifname", "interfaces"]

MOST_LISTED = 20  # a node has thousands


def interfaces(netns: NetNSLike = None) -> dict[str, int]:
    """Return the interfaces of a namespace: their indexes by their names."""
    import socket

    try:
        return {name: index for index, name in run_in(netns, socket.if_nameindex)}
    except KernelError:
        raise
    except OSError as error:  # too many open files, for one
        number = error.errno or errno.EIO
        raise KernelError(number, f"listing the interfaces failed: {error.strerror}", command="RTM_GETLINK") from error


def ifindex(name: str, netns: NetNSLike = None) -> int:
    """Return the index of the interface ``name``; an index means nothing in another namespace.

    Raises :class:`~ebpfasm.errors.KernelError` (ENODEV), with the names there are, when there is none.
    """
    import socket

    with NetNS(netns) as place:
        try:
            return run_in(place, socket.if_nametoindex, name)  # the kernel looks for this one, however many there are
        except KernelError:
            raise
        except (OSError, ValueError):  # no such name, or something that can be none; or no socket
            there = interfaces(place)
            if name not in there:
                raise KernelError(
                    errno.ENODEV, f"there is no interface {name!r} in {place}; there is {listed(there)}"
                ) from None
            return there[name]


def ifname(index: int, netns: NetNSLike = None) -> str:
    """Return the name of the interface with that index.

    Raises :class:`~ebpfasm.errors.KernelError` (ENODEV), with the interfaces there are, when there is none.
    """
    with NetNS(netns) as place:
        there = interfaces(place)
        for name, its_index in there.items():
            if its_index == index:
                return name
        raise KernelError(
            errno.ENODEV, f"there is no interface with index {index} in {place}; there is {listed(there)}"
        )


def listed(there: dict[str, int]) -> str:
    """Return interfaces as words for a message."""
    if not there:
        return "none at all"
    shown = [f"{name!r} ({index})" for name, index in list(there.items())[:MOST_LISTED]]
    more = len(there) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
