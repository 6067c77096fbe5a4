"""What this machine lets a test do, and what its kernel has, as the reason why not: "" means it may be done."""

from __future__ import annotations

import functools
import os
import re
import sys
from typing import NamedTuple

from ebpfasm.errors import NotSupported, PermissionDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FEATURES",
    "REASONS",
    "REQUIRE",
    "Feature",
    "older",
    "required",
    "why_no_kernel",
    "why_no_namespaces",
    "why_older",
]

BPF_MAP_TYPE_PROG_ARRAY = 3

REQUIRE = "EBPFASM_REQUIRE_KERNEL"
"""The environment variable with which a skip is a failure: on a machine that is known to have all it takes."""


def required() -> bool:
    """Whether what cannot run here is a failure: `REQUIRE` is set, and not to 0."""
    return os.environ.get(REQUIRE, "") not in {"", "0"}


@functools.cache
def why_no_kernel() -> str:
    """Return why bpf(2) cannot be used here; any other failure of it is a failure of ours, and raised."""
    if sys.platform != "linux":
        return f"bpf(2) is a system call of Linux, and this is {sys.platform}"
    from ebpfasm.kernel.maps import map_create

    try:
        os.close(map_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1))
    except (PermissionDenied, NotSupported) as error:
        return str(error)
    return ""


@functools.cache
def why_no_namespaces() -> str:
    """Return why network namespaces cannot be made here."""
    if sys.platform != "linux":
        return f"network namespaces are Linux's, and this is {sys.platform}"
    from ebpfasm.kernel import netns

    name = f"ebpfasm-probe-{os.getpid()}"
    try:
        netns.create(name)
    except (PermissionDenied, NotSupported) as error:
        return str(error)
    netns.delete(name)
    return ""


def why_older(version: str, what: str) -> str:
    """Return that the running kernel is older than ``version``, such as ``"6.13"``, which has ``what``."""
    if sys.platform != "linux":
        return f"{what} takes Linux {version}, and this is {sys.platform}"
    release = os.uname().release
    return f"{what} takes Linux {version}, and this is {release}" if older(release, version) else ""


def older(release: str, version: str) -> bool:
    """Whether a kernel's release, such as ``"6.12.117+deb12-amd64"``, is older than ``version``, such as ``"6.13"``."""
    return _numbers(release) < _numbers(version)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", text)[:2])


REASONS = {"needs_kernel": why_no_kernel, "needs_netns": why_no_namespaces}
"""For each marker, what finds out why its tests cannot run."""


class Feature(NamedTuple):
    """Something that a kernel may be without, whatever privileges a test has."""

    privilege: str
    """The marker of `REASONS` that stands for what finding out takes."""

    why_not: Callable[[], str]
    """Finds out why this kernel does not have it; raises `PermissionDenied` where that is not allowed."""


def _device(kind: str, option: str) -> Feature:
    """Return the feature of a kind of network device; ``option`` is the one of the kernel's configuration."""

    @functools.cache
    def why_not() -> str:
        from ebpfasm.kernel import netlink, netns

        name = f"ebpfasm-probe-{os.getpid()}"
        netns.create(name)
        try:
            members: dict[str, int] = {}
            if kind == "ipvlan":  # on top of another device
                members["link"], _ = netlink.create_veth("master", "wire", netns=name, peer_netns=name)
            elif kind == "vxlan":
                members["vxlan_id"] = 1

            netlink.ask(
                name, "RTM_NEWLINK", f"creating a device of the kind {kind}",
                lambda route: route.link("add", ifname="probe", kind=kind, **members),
                needs=option,
            )  # fmt: skip
        except NotSupported:
            return f"this kernel has no devices of the kind {kind} ({option})"
        finally:
            netns.delete(name)
        return ""

    return Feature("needs_netns", why_not)


@functools.cache
def _why_no_tcx() -> str:
    from ebpfasm.kernel.links import has_tcx

    return "" if has_tcx() else "this kernel has no tcx (Linux 6.6, CONFIG_NET_XGRESS)"


FEATURES = {
    "needs_dummy": _device("dummy", "CONFIG_DUMMY"),
    "needs_ipvlan": _device("ipvlan", "CONFIG_IPVLAN"),
    "needs_netkit": _device("netkit", "CONFIG_NETKIT, Linux 6.7"),
    "needs_tcx": Feature("needs_kernel", _why_no_tcx),
    "needs_vxlan": _device("vxlan", "CONFIG_VXLAN"),
}
"""For each marker, what its tests need of the kernel besides: where it truly lacks that, they skip in any case."""
