"""Settings of a network namespace under /proc/sys/net: whether it forwards, which sources it believes.

``setting`` are the parts of the path below /proc/sys/net, ``("ipv4", "ip_forward")``; the name of an interface, which
may have a dot in it, is a part of its own. /proc/sys/net shows the settings of the namespace of the thread that opens
it.
"""

from __future__ import annotations

import errno

from ebpfasm.errors import KernelError, PermissionDenied
from ebpfasm.kernel.netns import run_in
from ebpfasm.kernel.refusal import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.kernel.netns import NetNSLike

__all__ = ["read", "write"]

ROOT = "/proc/sys/net"


def read(setting: tuple[str, ...], netns: NetNSLike = None) -> int:
    """Return the number that a setting is.

    Raises:
        KernelError: ENOENT, there is no such setting: IPv6 is off, or there is no such interface.
    """

    def read_it() -> str:
        with open("/".join((ROOT, *setting)), encoding="ascii") as file:
            return file.read()

    try:
        return int(run_in(netns, read_it))
    except KernelError:
        raise
    except OSError as error:
        raise _refused(f"reading {_name(setting)}", error) from error


def write(setting: tuple[str, ...], value: int, netns: NetNSLike = None) -> None:
    """Set a setting to a number.

    Raises:
        KernelError: ENOENT, there is no such setting; EINVAL, it does not take the number.
        PermissionDenied: CAP_NET_ADMIN is missing, or /proc/sys may only be read here, as in many containers.
    """

    def write_it() -> None:
        with open("/".join((ROOT, *setting)), "w", encoding="ascii") as file:
            file.write(f"{value}\n")

    try:
        run_in(netns, write_it)
    except KernelError:
        raise
    except OSError as error:
        raise _refused(f"setting {_name(setting)} to {value}", error) from error


def _name(setting: tuple[str, ...]) -> str:
    return ".".join(("net", *setting))


def _refused(doing: str, error: OSError) -> KernelError:
    number = error.errno or errno.EIO
    kind = PermissionDenied if number in {errno.EPERM, errno.EACCES, errno.EROFS} else KernelError
    return kind(number, f"{doing}: {reason(number)}", command="open")
